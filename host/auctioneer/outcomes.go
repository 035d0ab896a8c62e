package auctioneer

// outcomes remembers what became of the newest posts, so that a post that is handed in twice is answered without the
// ledger. The ledger stays the judge of the older ones.
type outcomes struct {
	byOrigin map[string]Outcome
	order    []string // a ring of the origins, oldest at next
	next     int
}

func newOutcomes(size int) *outcomes {
	return &outcomes{byOrigin: make(map[string]Outcome, size), order: make([]string, size)}
}

func (o *outcomes) get(origin string) (Outcome, bool) {
	out, ok := o.byOrigin[origin]
	return out, ok
}

func (o *outcomes) put(origin string, out Outcome) {
	if _, ok := o.byOrigin[origin]; ok {
		return
	}
	delete(o.byOrigin, o.order[o.next])
	o.order[o.next] = origin
	o.next = (o.next + 1) % len(o.order)
	o.byOrigin[origin] = out
}
