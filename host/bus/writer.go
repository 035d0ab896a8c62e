package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/telemetry"
)

type request struct {
	drafts []event.Draft
	answer chan answer // holds one, so that the writer never waits for a caller that left
}

type answer struct {
	events []event.Event
	err    error
}

// Run is the one writer of the ledger. It returns when ctx ends, after the transaction in hand is durable;
// whoever waits then gets ErrClosed, and subscribers get what was published, then ErrClosed.
func (b *Bus) Run(ctx context.Context) error {
	if !b.running.CompareAndSwap(false, true) {
		return errors.New("bus: Run was called twice; one bus has one writer")
	}
	defer b.end()
	w := writer{bus: b}
	for {
		group, err := w.gather(ctx)
		if err != nil {
			return err
		}
		w.commit(context.WithoutCancel(ctx), group)
	}
}

// end refuses what is still queued and wakes every reader.
func (b *Bus) end() {
	close(b.done)
	for {
		select {
		case r := <-b.in:
			r.answer <- answer{err: ErrClosed}
		default:
			b.publish(nil)
			return
		}
	}
}

type writer struct {
	bus    *Bus
	held   *request // taken from the queue, but not fit for the group that was gathered
	unsure bool     // the last append failed: the ledger may hold more than was published
}

// gather waits for a request and takes along all that wait with it.
func (w *writer) gather(ctx context.Context) ([]*request, error) {
	first := w.held
	w.held = nil
	if first == nil {
		select {
		case first = <-w.bus.in:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	group, size := []*request{first}, len(first.drafts)
	origins := map[string]bool{}
	note(origins, first)
	for size < w.bus.cfg.MaxBatch {
		select {
		case r := <-w.bus.in:
			// One origin twice in one transaction would fail it: the second begins the next one.
			if size+len(r.drafts) > w.bus.cfg.MaxBatch || !note(origins, r) {
				w.held = r
				return group, nil
			}
			group, size = append(group, r), size+len(r.drafts)
		default:
			return group, nil
		}
	}
	return group, nil
}

// note adds the origins of r, and reports whether none of them was there.
func note(origins map[string]bool, r *request) bool {
	for _, d := range r.drafts {
		if d.Origin != "" && origins[d.Origin] {
			return false
		}
	}
	for _, d := range r.drafts {
		if d.Origin != "" {
			origins[d.Origin] = true
		}
	}
	return true
}

// patience is how many duplicates are taken out of a group one by one before its requests are written one by one.
const patience = 8

// commit writes a group in one transaction. A request with an origin that was seen is answered and taken out.
func (w *writer) commit(ctx context.Context, group []*request) {
	for tries := 0; len(group) > 0; tries++ {
		err := w.try(ctx, group)
		var dup *event.DuplicateOriginError
		switch {
		case err == nil:
			return
		case !errors.As(err, &dup):
			fail(group, err)
			return
		case len(group) == 1:
			fail(group, err)
			return
		case tries == patience:
			for _, r := range group {
				w.commit(ctx, []*request{r})
			}
			return
		}
		group = without(group, dup)
	}
}

func fail(group []*request, err error) {
	for _, r := range group {
		r.answer <- answer{err: err}
	}
}

// without answers the requests that carry the duplicate, and returns the others.
func without(group []*request, dup *event.DuplicateOriginError) []*request {
	var rest []*request
	for _, r := range group {
		if carries(r, dup.Origin) {
			r.answer <- answer{err: dup}
		} else {
			rest = append(rest, r)
		}
	}
	if len(rest) == len(group) { // the ledger named an origin that nobody gave: do not go round forever
		fail(group, fmt.Errorf("record: the ledger refused a batch for a foreign origin: %w", dup))
		return nil
	}
	return rest
}

func carries(r *request, origin string) bool {
	for _, d := range r.drafts {
		if d.Origin == origin {
			return true
		}
	}
	return false
}

// try appends a group, publishes it and answers it.
func (w *writer) try(ctx context.Context, group []*request) error {
	if w.unsure {
		if err := w.reconcile(ctx); err != nil {
			return err
		}
	}
	batch := group[0].drafts
	if len(group) > 1 {
		batch = join(group)
	}
	begin := time.Now()
	events, err := w.bus.ledger.Append(ctx, batch)
	if err != nil {
		if !errors.Is(err, event.ErrDuplicateOrigin) {
			w.unsure = true
		}
		return fmt.Errorf("record: %w", err)
	}
	w.bus.metrics.appended(len(events), time.Since(begin))
	if err := w.accept(events, len(batch)); err != nil {
		w.unsure = true
		return err
	}
	for _, r := range group {
		n := len(r.drafts)
		r.answer <- answer{events: events[:n:n]}
		events = events[n:]
	}
	return nil
}

func join(group []*request) []event.Draft {
	var out []event.Draft
	for _, r := range group {
		out = append(out, r.drafts...)
	}
	return out
}

// accept checks the ledger's side of the contract, then lets everyone hear.
func (w *writer) accept(events []event.Event, want int) error {
	if len(events) != want {
		return fmt.Errorf("record: the ledger returned %d events for %d drafts", len(events), want)
	}
	if last := w.bus.Last(); events[0].Seq != last+1 {
		return fmt.Errorf("record: the ledger went from event %d to %d; is another program writing to it?", last, events[0].Seq)
	}
	w.bus.publish(events)
	return nil
}

// reconcile publishes what a failed append may have left in the ledger.
func (w *writer) reconcile(ctx context.Context) error {
	for {
		events, err := w.bus.ledger.Read(ctx, w.bus.Last(), w.bus.cfg.MaxBatch)
		if err != nil {
			return fmt.Errorf("record: look for what an earlier failure left in the ledger: %w", err)
		}
		if len(events) == 0 {
			w.unsure = false
			return nil
		}
		w.bus.log.Warn("a batch was recorded though its answer was lost", telemetry.KeySeq, events[0].Seq, "events", len(events))
		w.bus.publish(events)
	}
}

// publish adds events to the ring and wakes whoever waits.
func (b *Bus) publish(events []event.Event) {
	b.mu.Lock()
	for _, e := range events {
		b.ring.push(e)
	}
	wake := b.wake
	b.wake = nil
	b.mu.Unlock()
	if wake != nil {
		close(wake)
	}
}
