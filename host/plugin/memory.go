package plugin

import (
	"sort"

	"github.com/sothebais/sothebais/host/event"
)

// remembered is how many events a slot knows again when a guest names one: minutes of a busy show, and far longer than
// a line may wait.
const remembered = 512

// memory holds the last events of a slot, in the order of the ledger. It outlives a swap, because a successor may say what
// its predecessor had in mind, and may have to hear what it heard. The zero value is empty; adding to it allocates nothing.
type memory struct {
	ring [remembered]event.Event
	n    int // events that were added
}

// add takes in events that are newer than all before.
func (m *memory) add(events []event.Event) {
	for _, e := range events {
		m.ring[m.n%remembered] = e
		m.n++
	}
}

// cause is the event that a guest says its command is about, or the one it handled when it names none that it can have
// heard by then. A guest that is wrong about it does no harm, so it is no error.
func (m *memory) cause(about uint64, handled event.Event) event.Event {
	if about == 0 || about >= handled.Seq {
		return handled
	}
	first := max(0, m.n-remembered)
	i := first + sort.Search(m.n-first, func(i int) bool { return m.ring[(first+i)%remembered].Seq >= about })
	if i == m.n || m.ring[i%remembered].Seq != about {
		return handled
	}
	return m.ring[i%remembered]
}

// last is the number of the newest event, 0 when there is none.
func (m *memory) last() uint64 {
	if m.n == 0 {
		return 0
	}
	return m.ring[(m.n-1)%remembered].Seq
}

// since are the events after a number, as far back as the memory goes, and the number after which they are all that came.
func (m *memory) since(seq uint64) (out []event.Event, from uint64) {
	first := max(0, m.n-remembered)
	if first > 0 {
		seq = max(seq, m.ring[first%remembered].Seq-1)
	}
	for i := first; i < m.n; i++ {
		if e := m.ring[i%remembered]; e.Seq > seq {
			out = append(out, e)
		}
	}
	return out, seq
}
