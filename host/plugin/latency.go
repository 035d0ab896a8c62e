package plugin

import (
	"slices"
	"sync"
	"time"
)

// latencies remembers how long the last calls took, each per event.
type latencies struct {
	mu   sync.Mutex
	ring [512]float64 // microseconds
	n    int          // calls seen
}

func (l *latencies) add(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.n%len(l.ring)] = float64(d) / float64(time.Microsecond)
	l.n++
}

// quantiles are the median, the 95th and the 99th percentile, 0 before the first call.
func (l *latencies) quantiles() (p50, p95, p99 float64) {
	l.mu.Lock()
	seen := slices.Clone(l.ring[:min(l.n, len(l.ring))])
	l.mu.Unlock()
	if len(seen) == 0 {
		return 0, 0, 0
	}
	slices.Sort(seen)
	return seen[len(seen)/2], seen[len(seen)*95/100], seen[len(seen)*99/100]
}
