package plugin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/telemetry"
)

// fill puts a plugin into the empty slot.
func (s *slot) fill(p *occupant) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	switch {
	case s.closed:
		return fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	case s.guest != nil:
		return fmt.Errorf("%w: slot %s holds %s already; swap it", ErrSlot, s.kind, s.guest.manifest.ID)
	}
	s.guest = p
	s.refresh()
	return nil
}

// swap exchanges the guest.
func (s *slot) swap(ctx context.Context, next *occupant) (SwapResult, error) {
	res, old, err := s.exchange(ctx, next)
	if err != nil || old == nil {
		return res, err
	}
	if err := old.guest.Close(ctx); err != nil {
		s.log.Warn("cannot close a plugin that was replaced", telemetry.KeyPlugin, old.manifest.ID, telemetry.KeyErr, err)
	}
	return res, nil
}

// exchange does what has to happen while the slot waits: save, restore, switch.
func (s *slot) exchange(ctx context.Context, next *occupant) (SwapResult, *occupant, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.closed {
		return SwapResult{}, nil, fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	}
	start := time.Now()
	old := s.guest
	n, err := s.handOver(ctx, old, next)
	if err != nil {
		return SwapResult{}, nil, err
	}
	s.guest = next
	res := SwapResult{To: next.info(), StateBytes: n, Pause: time.Since(start)}
	if old != nil {
		res.From = old.info()
	}
	s.latency.reset()
	s.refresh()
	return res, old, nil
}

// handOver gives the state of old to next when they agree on its form. That old cannot save must not keep it on air.
func (s *slot) handOver(ctx context.Context, old, next *occupant) (int, error) {
	if old == nil || !old.manifest.State.CanHandTo(next.manifest.State) {
		return 0, nil
	}
	state, err := old.guest.Save(ctx)
	if err != nil {
		s.log.Warn("plugin cannot save its state; its successor begins anew", telemetry.KeyPlugin, old.manifest.ID, telemetry.KeyErr, err)
		return 0, nil
	}
	if err := next.guest.Restore(ctx, state); err != nil {
		return 0, fmt.Errorf("hand over the state of %s (%d bytes): %w", old.manifest.ID, len(state), err)
	}
	return len(state), nil
}

// close ends the slot for good.
func (s *slot) close() {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.closed = true
	if s.guest == nil {
		return
	}
	if err := s.guest.guest.Close(context.Background()); err != nil {
		s.log.Warn("cannot close a plugin", telemetry.KeyPlugin, s.guest.manifest.ID, telemetry.KeyErr, err)
	}
	s.guest = nil
}

// refresh updates what pages see. The caller holds the turn.
func (s *slot) refresh() {
	var info Info
	if s.guest != nil {
		info = s.guest.info()
		s.host.metrics.limits(s.kind, &s.guest.passed, s.guest.guest.Stats().Passed)
		s.host.metrics.memory.WithLabelValues(string(s.kind)).Set(float64(info.Memory))
	}
	s.view.Lock()
	defer s.view.Unlock()
	s.current, s.filled = info, s.guest != nil
	if s.filled {
		s.once.Do(func() { close(s.opened) })
	}
}

// describe gives what pages see, and false for an empty slot.
func (s *slot) describe() (Info, bool) {
	s.view.Lock()
	info, ok := s.current, s.filled
	s.view.Unlock()
	info.P50Micros, info.P99Micros = s.latency.quantiles()
	return info, ok
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
