package intake

import (
	"sync"
	"time"
)

// verdict is what becomes of one more post of an author.
type verdict uint8

const (
	pass verdict = iota
	tell         // the first one too many in a window: the author is told
	drop         // the ones after it
)

// limits counts posts by author in windows of the platform's clock.
type limits struct {
	most   int
	window time.Duration

	mu      sync.Mutex
	authors map[string]*count
	newest  time.Time
}

type count struct {
	begin time.Time
	posts int
}

// crowded is how many authors are remembered before those whose window is over are forgotten.
const crowded = 8192

func newLimits(most int, window time.Duration) *limits {
	return &limits{most: most, window: window, authors: map[string]*count{}}
}

func (l *limits) take(author string, at time.Time) verdict {
	if at.IsZero() {
		at = time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.After(l.newest) {
		l.newest = at
	}
	c := l.authors[author]
	if c == nil {
		l.sweep()
		c = &count{begin: at}
		l.authors[author] = c
	}
	if at.Sub(c.begin) >= l.window { // what comes late, out of order, counts in the present window
		*c = count{begin: at}
	}
	c.posts++
	switch {
	case c.posts <= l.most:
		return pass
	case c.posts == l.most+1:
		return tell
	}
	return drop
}

// sweep bounds the memory that strangers can make us use.
func (l *limits) sweep() {
	if len(l.authors) < crowded {
		return
	}
	for author, c := range l.authors {
		if l.newest.Sub(c.begin) >= l.window {
			delete(l.authors, author)
		}
	}
}
