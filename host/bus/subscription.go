package bus

import (
	"context"
	"fmt"
	"sync"

	"github.com/sothebais/sothebais/host/event"
)

// Subscription is one reader's place in the timeline. Its methods are for one goroutine, save Close.
type Subscription struct {
	bus    *Bus
	kinds  map[event.Kind]bool // nil for all
	cursor uint64              // Seq of the last event that was looked at
	ready  []event.Event       // read ahead, for Next
	buf    []event.Event
	once   sync.Once
	closed chan struct{}
}

// page is how many events a late reader takes from the ledger at once, and how many one Next reads ahead.
const page = 256

// Subscribe begins after the event with the given Seq (0 for all, Last() for what comes now), with the given kinds, or
// all when none is named.
func (b *Bus) Subscribe(after uint64, kinds ...event.Kind) *Subscription {
	s := &Subscription{bus: b, cursor: after, closed: make(chan struct{})}
	if len(kinds) > 0 {
		s.kinds = make(map[event.Kind]bool, len(kinds))
		for _, k := range kinds {
			s.kinds[k] = true
		}
	}
	b.metrics.subscribed(1)
	return s
}

// Close ends the subscription; a Next that waits returns ErrClosed.
func (s *Subscription) Close() {
	s.once.Do(func() {
		close(s.closed)
		s.bus.metrics.subscribed(-1)
	})
}

// Next waits for the next event.
func (s *Subscription) Next(ctx context.Context) (event.Event, error) {
	if len(s.ready) == 0 {
		if s.buf == nil {
			s.buf = make([]event.Event, 0, page)
		}
		got, err := s.NextBatch(ctx, s.buf)
		if err != nil {
			return event.Event{}, err
		}
		s.ready = got
	}
	e := s.ready[0]
	s.ready = s.ready[1:]
	return e, nil
}

// NextBatch waits until there is at least one event and returns as many as are there and fit into buf's capacity,
// in buf's memory (256 in fresh memory when buf has none).
func (s *Subscription) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	if cap(buf) == 0 {
		buf = make([]event.Event, 0, page)
	}
	buf = buf[:0]
	if len(s.ready) > 0 {
		n := min(len(s.ready), cap(buf))
		buf = append(buf, s.ready[:n]...)
		s.ready = s.ready[n:]
		return buf, nil
	}
	for {
		if err := s.ended(ctx); err != nil {
			return nil, err
		}
		got, wake, late := s.fromRing(buf)
		switch {
		case late:
			var err error
			if got, err = s.fromLedger(ctx, buf); err != nil {
				return nil, err
			}
		case len(got) == 0 && wake != nil:
			if err := s.wait(ctx, wake); err != nil {
				return nil, err
			}
		}
		if len(got) > 0 {
			return got, nil
		}
	}
}

func (s *Subscription) ended(ctx context.Context) error {
	select {
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	default:
		return nil
	}
}

// wait returns when something was published, or with the reason why nothing will be.
func (s *Subscription) wait(ctx context.Context, wake <-chan struct{}) error {
	select {
	case <-wake:
		return nil
	case <-s.closed:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	case <-s.bus.done:
		if s.cursor < s.bus.Last() { // the last transaction was published while we were about to wait
			return nil
		}
		return ErrClosed
	}
}

// fromRing copies what is in memory. Without anything new it returns the channel that the next publication closes.
func (s *Subscription) fromRing(buf []event.Event) (got []event.Event, wake <-chan struct{}, late bool) {
	b := s.bus
	b.mu.RLock()
	if s.cursor < b.ring.last {
		defer b.mu.RUnlock()
		if !b.ring.has(s.cursor) {
			return nil, nil, true
		}
		for s.cursor < b.ring.last && len(buf) < cap(buf) {
			s.cursor++
			if e := b.ring.at(s.cursor); s.wants(e) {
				buf = append(buf, e)
			}
		}
		return buf, nil, false
	}
	b.mu.RUnlock()
	return buf, b.waker(s.cursor), false
}

// waker returns the channel that the next publication closes, or nil when there has been one since.
func (b *Bus) waker(cursor uint64) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cursor < b.ring.last {
		return nil
	}
	if b.wake == nil {
		b.wake = make(chan struct{})
	}
	return b.wake
}

func (s *Subscription) wants(e event.Event) bool { return s.kinds == nil || s.kinds[e.Kind()] }

// fromLedger reads one page for a reader who fell behind. It takes no more than was published.
func (s *Subscription) fromLedger(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	last := s.bus.Last()
	events, err := s.bus.ledger.Read(ctx, s.cursor, min(page, cap(buf)))
	if err != nil {
		return nil, fmt.Errorf("read the ledger after event %d: %w", s.cursor, err)
	}
	if len(events) == 0 {
		return nil, fmt.Errorf("read the ledger after event %d: it ends there, but event %d was published", s.cursor, last)
	}
	s.bus.metrics.lateRead(len(events))
	for _, e := range events {
		if e.Seq > last {
			break
		}
		if e.Seq != s.cursor+1 {
			return nil, fmt.Errorf("read the ledger after event %d: event %d follows; the ledger has a gap", s.cursor, e.Seq)
		}
		s.cursor = e.Seq
		if s.wants(e) {
			buf = append(buf, e)
		}
	}
	return buf, nil
}
