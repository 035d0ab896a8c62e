package plugin

import (
	"slices"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
)

// keptAside is how many events are remembered to be in quarantine; the ledger has them all.
const keptAside = 128

// Quarantined is an event that is kept from a plugin which failed on it.
type Quarantined struct {
	Slot            Kind
	Seq             uint64
	At              time.Time // when it was put aside
	Kind            event.Kind
	Cause           string // the event in words
	Plugin, Version string
	Reason          string
}

// quarantine is what is aside, the oldest first.
type quarantine struct {
	mu    sync.Mutex
	items []Quarantined
}

// put adds an event, and reports whether it was not there.
func (q *quarantine) put(it Quarantined) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if slices.ContainsFunc(q.items, func(o Quarantined) bool { return o.Slot == it.Slot && o.Seq == it.Seq && o.Plugin == it.Plugin }) {
		return false
	}
	if len(q.items) == keptAside {
		q.items = slices.Delete(q.items, 0, 1)
	}
	q.items = append(q.items, it)
	return true
}

// find is an event that is aside in a slot.
func (q *quarantine) find(slot Kind, seq uint64) (Quarantined, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range q.items {
		if it.Slot == slot && it.Seq == seq {
			return it, true
		}
	}
	return Quarantined{}, false
}

// drop takes an event out.
func (q *quarantine) drop(slot Kind, seq uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = slices.DeleteFunc(q.items, func(o Quarantined) bool { return o.Slot == slot && o.Seq == seq })
}

// list is what is aside in a slot, the newest first.
func (q *quarantine) list(slot Kind) []Quarantined {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []Quarantined
	for _, it := range slices.Backward(q.items) {
		if it.Slot == slot {
			out = append(out, it)
		}
	}
	return out
}

// toldAgain has the events of an earlier run in words; one that cannot be read has none of its own.
func (h *Host) toldAgain(items []Quarantined) []Quarantined {
	out := slices.Clone(items)
	for i := range out {
		out[i].Cause = "an event of an earlier run"
		if h.cfg.Find == nil {
			continue
		}
		if e, err := h.cfg.Find(h.life, out[i].Seq); err == nil {
			out[i].Kind, out[i].Cause = e.Kind(), summary(e)
		}
	}
	return out
}
