package compositor

import (
	"context"
	"sync"
)

// outbox carries reports from the frame loop to whoever is told, who may be slow: the loop never waits, none is lost.
type outbox struct {
	mu    sync.Mutex
	shown []Shown
	spoke []SpeechState
	wake  chan struct{}
}

func (o *outbox) put(shown []Shown, spoke []SpeechState) {
	if len(shown)+len(spoke) == 0 {
		return
	}
	o.mu.Lock()
	o.shown = append(o.shown, shown...)
	o.spoke = append(o.spoke, spoke...)
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) take() ([]Shown, []SpeechState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	a, b := o.shown, o.spoke
	o.shown, o.spoke = nil, nil
	return a, b
}

// report calls back until the context ends.
func (s *Stage) report(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.out.wake:
			s.deliver()
		}
	}
}

func (s *Stage) deliver() {
	shown, spoke := s.out.take()
	for _, sp := range spoke {
		if s.cfg.Spoke != nil {
			s.cfg.Spoke(sp)
		}
	}
	for _, sh := range shown {
		if s.cfg.Shown != nil {
			s.cfg.Shown(sh)
		}
	}
}
