package intake

// Windows is how many windows of authors the desk remembers.
func (d *Desk) Windows() int {
	d.limits.mu.Lock()
	defer d.limits.mu.Unlock()
	return len(d.limits.young) + len(d.limits.old)
}
