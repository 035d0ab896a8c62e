package engine

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
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

// who is the key of a person: handles are not kept. X knows one account by a handle, in whatever case it is written.
func who(handle string) uint32 { return uint32(hash(hashSeed, strings.ToLower(handle))) }

// find gives the key of somebody and what is known of them, nothing of a stranger. Older versions kept people by their
// handle as it was written.
func (p *people) find(handle string) (key uint32, r regular) {
	key = who(handle)
	if old := uint32(hash(hashSeed, handle)); old != key {
		if was, kept := p.known[old]; kept {
			p.drop(old, was)
			if _, both := p.known[key]; !both {
				p.put(key, was)
			}
		}
	}
	return key, p.known[key]
}

// setBack makes it the present in which those were seen last who, by a clock that was set back, were seen later.
func (p *people) setBack(now int64) {
	known := p.known
	*p = newPeople()
	for who, r := range known {
		r.seen = min(r.seen, now-1)
		p.put(who, r)
	}
}

// latest is when somebody was seen last.
func (p *people) latest() int64 {
	if len(p.order) == 0 {
		return 0
	}
	return p.order[len(p.order)-1].at
}

func (p *people) drop(who uint32, r regular) {
	at, _ := slices.BinarySearchFunc(p.order, sighting{r.seen, who}, sighting.compare)
	p.order = slices.Delete(p.order, at, at+1)
	delete(p.known, who)
}

// put notes what is known of somebody, and forgets somebody else when they are too many. A crowd brings new ones all
// the time, so nothing here may look at each of them.
func (p *people) put(who uint32, r regular) {
	if old, ok := p.known[who]; ok {
		p.drop(who, old)
	}
	seen := sighting{r.seen, who}
	at, _ := slices.BinarySearchFunc(p.order, seen, sighting.compare)
	p.order = slices.Insert(p.order, at, seen)
	p.known[who] = r
	if len(p.order) > maxRegulars {
		first := p.order[0]
		p.drop(first.who, p.known[first.who])
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
