package plugin

import "time"

// bucket is a token bucket in the time of events, so that a replay fills it as the show did. It starts full. How much it
// holds and how fast it fills is told at each use, because a person may change a grant at any time.
type bucket struct {
	left float64
	at   time.Time
}

// take uses n of what refills at so many in a span, and reports whether there was enough.
func (b *bucket) take(at time.Time, n, most float64, span time.Duration) bool {
	b.fill(at, most, span)
	if b.left < n {
		return false
	}
	b.left -= n
	return true
}

// settle corrects what was taken in advance; it may leave the bucket in debt.
func (b *bucket) settle(n float64) { b.left += n }

func (b *bucket) fill(at time.Time, most float64, span time.Duration) {
	at = at.Truncate(time.Millisecond) // as a recording has it
	switch {
	case b.at.IsZero():
		b.left = most
	case at.After(b.at):
		b.left += most * float64(at.Sub(b.at)) / float64(span)
	}
	b.left = min(b.left, most)
	if at.After(b.at) {
		b.at = at
	}
}
