package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// keptVersion heads what is kept of regulars between shows.
const keptVersion = 1

// regular is what it remembers of a person.
type regular struct {
	met, bids, misses, wins uint32
	sessions                uint32 // in which they were seen
	session                 uint64 // the last of them
	seen                    int64
}

// people are the regulars, and the order in which they were seen last.
type people struct {
	known map[uint32]regular
	order []sighting // the longest ago first
}

// sighting is when somebody was seen last.
type sighting struct {
	at  int64
	who uint32
}

// compare puts those of one moment in an order of their own, so that who is forgotten depends on nothing else.
func (s sighting) compare(o sighting) int {
	return cmp.Or(cmp.Compare(s.at, o.at), cmp.Compare(s.who, o.who))
}

// maxRegulars bounds the people of the state; the longest unseen leave first.
const maxRegulars = 256

func newPeople() people { return people{known: map[uint32]regular{}} }

// of is what is known of somebody, nothing of a stranger.
func (p *people) of(who uint32) regular { return p.known[who] }

// put notes what is known of somebody, and forgets somebody else when they are too many. A crowd brings new ones all
// the time, so nothing here may look at each of them.
func (p *people) put(who uint32, r regular) {
	if old, ok := p.known[who]; ok {
		at, _ := slices.BinarySearchFunc(p.order, sighting{old.seen, who}, sighting.compare)
		p.order = slices.Delete(p.order, at, at+1)
	}
	seen := sighting{r.seen, who}
	at, _ := slices.BinarySearchFunc(p.order, seen, sighting.compare)
	p.order = slices.Insert(p.order, at, seen)
	p.known[who] = r
	if len(p.order) > maxRegulars {
		delete(p.known, p.order[0].who)
		p.order = slices.Delete(p.order, 0, 1)
	}
}

func (w *writer) people(p *people) {
	w.ints(int64(len(p.known)))
	for _, who := range slices.Sorted(maps.Keys(p.known)) {
		w.regular(who, p.known[who])
	}
}

// daysAway is how long a person was not seen; 0 for somebody new.
func (r regular) daysAway(now int64) float64 {
	if r.seen == 0 || now < r.seen {
		return 0
	}
	return float64(now-r.seen) / (24 * 60 * 60 * 1000)
}

// Regulars is what this personality knows of people, to be kept between shows. It holds no handles.
func (e *Engine) Regulars() []byte {
	w := writer{b: []byte{keptVersion}}
	w.people(&e.s.people)
	return w.b
}

// Recall takes over what Regulars gave in an earlier show. On an error the engine is as it was.
func (e *Engine) Recall(b []byte) error {
	r := &unwriter{b: b}
	if r.byte() != keptVersion {
		return fmt.Errorf("version %d of what is known of regulars: %w", r.first(b), ErrState)
	}
	known := newPeople()
	for range r.count(maxRegulars) {
		known.put(r.regular(saveVersion))
	}
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%d bytes about regulars: %w", len(b), ErrState)
	}
	e.s.people = known
	return nil
}
