package bus

import "github.com/sothebais/sothebais/host/event"

// ring holds the newest events; an event's place follows from its Seq.
type ring struct {
	slots []event.Event
	last  uint64 // Seq of the newest
	held  int    // how many of the newest are here
}

func newRing(size int, last uint64) ring { return ring{slots: make([]event.Event, size), last: last} }

func (r *ring) push(e event.Event) {
	r.slots[e.Seq%uint64(len(r.slots))] = e
	r.last = e.Seq
	r.held = min(r.held+1, len(r.slots))
}

// has reports whether everything after seq is here.
func (r *ring) has(seq uint64) bool { return seq+uint64(r.held) >= r.last }

func (r *ring) at(seq uint64) event.Event { return r.slots[seq%uint64(len(r.slots))] }
