package engine

import (
	"fmt"
	"maps"
	"slices"
)

// keptVersion heads what is kept of regulars between shows.
const keptVersion = 1

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
	w.ints(int64(len(e.s.regulars)))
	for _, k := range slices.Sorted(maps.Keys(e.s.regulars)) {
		w.regular(k, e.s.regulars[k])
	}
	return w.b
}

// Recall takes over what Regulars gave in an earlier show. On an error the engine is as it was.
func (e *Engine) Recall(b []byte) error {
	r := &unwriter{b: b}
	if r.byte() != keptVersion {
		return fmt.Errorf("version %d of what is known of regulars: %w", r.first(b), ErrState)
	}
	known := map[uint32]regular{}
	for range r.count(maxRegulars) {
		k, v := r.regular(saveVersion)
		known[k] = v
	}
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%d bytes about regulars: %w", len(b), ErrState)
	}
	e.s.regulars = known
	return nil
}
