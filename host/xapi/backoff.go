package xapi

import (
	"context"
	"errors"
	"time"
)

// backoff is X's rule for coming back after a lost stream. The fault decides: the network (also a stream that
// fell silent or that X ended) retries at once and then 250 ms later each time; an HTTP error waits 5 s and
// doubles; a 429 waits a minute and doubles, or until the reset that X named. Another kind of fault starts anew.
type backoff struct {
	kind fault
	last time.Duration
}

type fault int

const (
	faultNone fault = iota
	faultNetwork
	faultHTTP
	faultRate
)

const (
	networkStep, networkMax = 250 * time.Millisecond, 16 * time.Second
	httpFirst, httpMax      = 5 * time.Second, 320 * time.Second
	rateFirst, rateMax      = time.Minute, 16 * time.Minute // a window is 15 minutes
)

// next is how long to wait after err.
func (b *backoff) next(err error, now time.Time) time.Duration {
	var rate *RateError
	var api *APIError
	switch {
	case errors.As(err, &rate):
		wait := b.step(faultRate, rateFirst, func(d time.Duration) time.Duration { return min(2*d, rateMax) })
		if rate.Known {
			return max(rate.Until.Sub(now), time.Second)
		}
		return wait
	case errors.As(err, &api):
		return b.step(faultHTTP, httpFirst, func(d time.Duration) time.Duration { return min(2*d, httpMax) })
	}
	return b.step(faultNetwork, 0, func(d time.Duration) time.Duration { return min(d+networkStep, networkMax) })
}

func (b *backoff) step(k fault, first time.Duration, grow func(time.Duration) time.Duration) time.Duration {
	if b.kind != k {
		b.kind, b.last = k, first
	} else {
		b.last = grow(b.last)
	}
	return b.last
}

// good forgets the faults.
func (b *backoff) good() { *b = backoff{} }

// sleep waits unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
