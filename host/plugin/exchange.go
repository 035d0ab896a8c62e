package plugin

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Stander is a guest that can say at once where it stands, so that its state can be had while it goes on.
type Stander interface {
	// Stand gives a way to make a guest that stands where this one stands now. It may be used once, from any goroutine,
	// while this one goes on; until Close of this one.
	Stand() (spawn func(ctx context.Context) (Guest, error), err error)
}

// ErrChanged says that somebody else changed a slot meanwhile.
var ErrChanged = errors.New("the slot was changed meanwhile")

// backlog takes what a slot hears while a successor gets ready.
type backlog struct {
	mu     sync.Mutex
	events []event.Event
}

func (b *backlog) add(events []event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, events...)
}

func (b *backlog) take() []event.Event {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.events
	b.events = nil
	return events
}

// fill puts a plugin into the empty slot.
func (s *slot) fill(ctx context.Context, p *occupant) error {
	s.ops.Lock()
	defer s.ops.Unlock()
	s.turn.Lock()
	defer s.release(ctx)
	switch {
	case s.closed:
		return fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	case s.guest != nil:
		return fmt.Errorf("%w: slot %s holds %s already; swap it", ErrTaken, s.kind, s.guest.manifest.ID)
	}
	s.open()
	s.begins(p, s.passed)
	if s.host.cfg.Since != nil && s.began < s.passed { // a shadow was faster; what is on the block came by already
		s.catchUp(ctx, p, s.began)
	}
	s.seat(p, "start", "", 0)
	s.note(0, p.loadedFact())
	return nil
}

// stand is where a plugin stood, with a way to its state.
type stand struct {
	form   *StateSpec // nil when its state is nothing to next
	spawn  func(context.Context) (Guest, error)
	state  []byte // when there is no such way
	timers map[uint64]time.Time

	behind  bool // next was made with something else in its store than content
	content map[string][]byte
}

// order is who wants an exchange, why, because of which fact, and what is told of it first.
type order struct {
	by, why string
	cause   uint64
	first   func(SwapResult) event.Data // nil for nothing
}

// exchange puts next in the place of whoever is there. What takes time is done beside the show: the state of the old one
// comes from a copy of it, and next hears what happened since, until there is nothing left to hear. Only then does the
// slot wait, for as long as it takes to change a pointer. The caller has ops; after an error the old one has not noticed.
func (s *slot) exchange(ctx context.Context, next *occupant, o order) (SwapResult, error) {
	var waited time.Duration
	for try := 0; ; try++ {
		old, from, took, err := s.look(ctx, next)
		if err != nil {
			return SwapResult{}, err
		}
		waited += took
		n, err := s.ready(ctx, next, old, from)
		if err == nil {
			return s.cut(ctx, old, next, waited, SwapResult{StateBytes: n}, o)
		}
		s.turn.Lock()
		s.backlog = nil
		s.turn.Unlock()
		if !errors.Is(err, ErrChanged) || try == lookAgain {
			return SwapResult{}, err
		}
	}
}

// lookAgain is how often the old one is looked at once more because it failed on an event just then.
const lookAgain = 3

// look notes where the old one stands, and begins to keep what it hears from there on.
func (s *slot) look(ctx context.Context, next *occupant) (old *occupant, from *stand, took time.Duration, err error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.closed {
		return nil, nil, 0, fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	}
	start := time.Now()
	old = s.guest
	s.begins(next, s.passed)
	if from = s.standOf(ctx, old, next); from.form != nil {
		s.backlog = &backlog{}
	}
	return old, from, time.Since(start), nil
}

// standOf is where the old one stands. That it cannot save must not keep it on air. The caller has the turn.
func (s *slot) standOf(ctx context.Context, old, next *occupant) *stand {
	st := &stand{}
	if old == nil {
		return st
	}
	st.content, st.behind = next.behind(old)
	if !old.manifest.State.CanHandTo(next.manifest.State) {
		return st
	}
	var err error
	if g, ok := old.guest.(Stander); ok {
		st.spawn, err = g.Stand()
	} else {
		st.state, err = old.guest.Save(ctx)
	}
	if err != nil {
		s.cannotSave(old, err)
		return st
	}
	st.form, st.timers = old.manifest.State, old.timers.pending()
	return st
}

func (s *slot) cannotSave(old *occupant, err error) {
	s.log.Warn("plugin cannot save its state; its successor begins anew", telemetry.KeyPlugin, old.manifest.ID, telemetry.KeyErr, err)
}

// stateOf is the state at a stand.
func (st *stand) stateOf(ctx context.Context) ([]byte, error) {
	if st.spawn == nil {
		return st.state, nil
	}
	twin, err := st.spawn(ctx)
	if err != nil {
		return nil, err
	}
	state, err := twin.Save(ctx)
	return state, errors.Join(err, twin.Close(ctx))
}

// inherit gives next what old has, beside the show: what is in its store, its state and its timers.
func (s *slot) inherit(ctx context.Context, next, old *occupant, from *stand) (bytes int, err error) {
	var state []byte
	if from.form != nil {
		state, err = from.stateOf(ctx)
	}
	if errors.Is(err, ErrChanged) {
		return 0, err
	}
	if from.behind {
		if err := next.restock(ctx, s.host, from.content); err != nil {
			return 0, err
		}
	}
	if err != nil {
		s.cannotSave(old, err)
		return 0, nil
	}
	if from.form == nil {
		return 0, nil
	}
	if err := next.take(ctx, from.form, state); err != nil {
		return 0, fmt.Errorf("hand over the state of %s (%d bytes): %w", old.manifest.ID, len(state), err)
	}
	next.timers.adopt(from.timers)
	return len(state), nil
}

// ready lets next inherit and catch up.
func (s *slot) ready(ctx context.Context, next, old *occupant, from *stand) (int, error) {
	n, err := s.inherit(ctx, next, old, from)
	if err != nil || next.state == "" {
		return n, err
	}
	for range catchUps {
		events := s.backlog.take()
		if len(events) == 0 {
			break
		}
		if err := next.rehearse(ctx, events); err != nil {
			return 0, fmt.Errorf("catch up with %s: %w", old.manifest.ID, err)
		}
	}
	return n, nil
}

// catchUps bounds how often a successor looks for what came while it caught up. One that is slower than the show is let
// in all the same, and has the rest to hear while the slot waits.
const catchUps = 64

// cut changes who is on air.
func (s *slot) cut(ctx context.Context, old, next *occupant, waited time.Duration, res SwapResult, o order) (SwapResult, error) {
	s.turn.Lock()
	defer s.release(ctx)
	start := time.Now()
	kept := s.backlog
	s.backlog = nil
	switch {
	case s.closed:
		return SwapResult{}, fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	case s.guest != old:
		return SwapResult{}, fmt.Errorf("slot %s: %w; look at it and try again", s.kind, ErrChanged)
	}
	if kept != nil && next.state != "" {
		if err := next.rehearse(ctx, kept.take()); err != nil {
			return SwapResult{}, fmt.Errorf("catch up with %s: %w", old.manifest.ID, err)
		}
	}
	s.open()
	if next.state == "" {
		if content, is := next.behind(old); is { // that was just now
			if err := next.restock(ctx, s.host, content); err != nil {
				return SwapResult{}, err
			}
		}
		s.begins(next, s.passed)
	} else {
		next.rehearsed = s.passed
		next.follow(old)
	}
	s.guest = next
	res.Pause = waited + time.Since(start)
	if res.To = next.info(); old != nil {
		res.From = old.info()
		s.retire(old)
	}
	s.seat(next, o.by, o.why, 0)
	s.changed(next)
	told := []event.Data{next.loadedFact(), swappedFact(s.kind, res, o.by)}
	if o.first != nil {
		told = append([]event.Data{o.first(res)}, told...)
	}
	s.note(o.cause, told...)
	return res, nil
}

// close ends the slot for good.
func (s *slot) close() {
	s.turn.Lock()
	s.closed = true
	on, warm, sh := s.guest, s.past.takeWarm(), s.shadow
	s.guest, s.shadow = nil, nil
	s.refresh()
	s.release(context.Background())
	if sh != nil {
		sh.stop()
	}
	for _, p := range []*occupant{on, warm} {
		if p != nil {
			s.dismiss(p)
		}
	}
}
