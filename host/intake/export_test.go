package intake

// Authors is how many authors the desk remembers.
func (d *Desk) Authors() int {
	d.limits.mu.Lock()
	defer d.limits.mu.Unlock()
	return len(d.limits.authors)
}
