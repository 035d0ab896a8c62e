package intake

import (
	"slices"
	"sync"
	"time"
)

// verdict is what becomes of a post of an author.
type verdict uint8

const (
	pass verdict = iota
	tell         // the first one too many in a window: the author is told
	drop         // the ones after it
)

// limits counts posts by author in windows of the platform's clock. Which window a post is in depends on its time alone,
// and it counts there once, however often and in whatever order posts come: what is delivered again, as after a restart,
// takes no room from what is new.
type limits struct {
	most   int
	window int64 // ms

	mu         sync.Mutex
	young, old map[span][]string // roots in the order in which they came, up to the one that is told
}

// span is one window of one author.
type span struct {
	author string
	window int64
}

// crowded is how many windows make a generation; two are remembered, so that strangers cannot use up our memory.
const crowded = 4096

func newLimits(most int, window time.Duration) *limits {
	return &limits{most: most, window: max(1, window.Milliseconds()), young: map[span][]string{}}
}

func (l *limits) take(author, root string, at time.Time) verdict {
	if at.IsZero() {
		at = time.Now()
	}
	k := span{author, at.UnixMilli() / l.window}
	l.mu.Lock()
	defer l.mu.Unlock()
	roots := l.find(k)
	place := slices.Index(roots, root)
	if place < 0 {
		place = len(roots)
		if place <= l.most {
			l.young[k] = append(roots, root)
		}
	}
	switch {
	case place < l.most:
		return pass
	case place == l.most:
		return tell
	}
	return drop
}

// find returns what was counted in a window, and keeps the window among the young ones.
func (l *limits) find(k span) []string {
	roots, ok := l.young[k]
	if ok {
		return roots
	}
	if len(l.young) >= crowded {
		l.young, l.old = map[span][]string{}, l.young
	}
	roots = l.old[k]
	delete(l.old, k)
	l.young[k] = roots
	return roots
}
