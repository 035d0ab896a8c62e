// Package bustest holds the suite that every ledger passes, and a ledger in memory for tests that need no disk.
package bustest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/sothebais/sothebais/host/event"
)

// Memory is a ledger that keeps its promises for as long as the process lives. Its zero value is empty.
type Memory struct {
	mu      sync.Mutex
	events  []event.Event
	origins map[string]bool
	fail    func(batch []event.Draft) (wrote bool, err error)
}

// FailWith makes f decide the fate of each batch: an error is returned to the caller, after the batch was written when
// wrote is true. It stands for a disk whose answer got lost. nil ends it.
func (m *Memory) FailWith(f func(batch []event.Draft) (wrote bool, err error)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = f
}

// Append adds a batch.
func (m *Memory) Append(ctx context.Context, batch []event.Draft) ([]event.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var lost error
	if m.fail != nil {
		wrote, err := m.fail(batch)
		if err != nil && !wrote {
			return nil, err
		}
		lost = err
	}
	events, err := m.place(batch)
	if err != nil {
		return nil, err
	}
	m.events = append(m.events, events...)
	for _, e := range events {
		if e.Origin != "" {
			m.origins[e.Origin] = true
		}
	}
	if lost != nil {
		return nil, lost
	}
	return events, nil
}

func (m *Memory) place(batch []event.Draft) ([]event.Event, error) {
	if m.origins == nil {
		m.origins = map[string]bool{}
	}
	fresh := map[string]bool{}
	out := make([]event.Event, 0, len(batch))
	for i, d := range batch {
		if d.Origin != "" && (m.origins[d.Origin] || fresh[d.Origin]) {
			return nil, &event.DuplicateOriginError{Origin: d.Origin}
		}
		fresh[d.Origin] = true
		e := event.Event{Seq: uint64(len(m.events)+i) + 1, Cause: d.Cause, Root: d.Root, Origin: d.Origin, At: d.At.UTC(), Data: d.Data}
		if d.Back > 0 {
			e.Cause = out[i-d.Back].Seq
		}
		if err := m.root(&e, out); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

func (m *Memory) root(e *event.Event, batch []event.Event) error {
	switch {
	case e.Root != 0:
	case e.Cause == 0:
		e.Root = e.Seq
	case e.Cause <= uint64(len(m.events)):
		e.Root = m.events[e.Cause-1].Root
	case e.Cause < e.Seq:
		e.Root = batch[e.Cause-uint64(len(m.events))-1].Root
	default:
		return fmt.Errorf("append %s: its cause, event %d, is not in the ledger", e.Kind(), e.Cause)
	}
	return nil
}

// Read returns up to limit events with Seq > after.
func (m *Memory) Read(ctx context.Context, after uint64, limit int) ([]event.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if after >= uint64(len(m.events)) {
		return nil, nil
	}
	rest := m.events[after:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

// Last is the Seq of the newest event.
func (m *Memory) Last(context.Context) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return uint64(len(m.events)), nil
}
