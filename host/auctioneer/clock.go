package auctioneer

import "time"

// clock runs from one instant at the pace of the monotonic clock: it never goes back, and setting the wall clock does
// not move it.
type clock struct {
	start time.Time // without a monotonic reading
	since time.Time // with one
}

// newClock begins at the wall clock, or at the newest fact when that is later.
func newClock(newest time.Time) clock {
	now := time.Now()
	start := now.UTC().Round(0)
	if newest.After(start) {
		start = newest
	}
	return clock{start: start, since: now}
}

func (c clock) now() time.Time { return c.start.Add(time.Since(c.since)) }
