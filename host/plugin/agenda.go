package plugin

import (
	"context"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// agenda is what a slot has to do at some time to come.
type agenda struct {
	wake chan struct{}

	mu        sync.Mutex
	promotion *promotion
	restart   *restart
	attempts  int       // of starting again, one after the other
	started   time.Time // when that last worked
}

// promotion waits for a quiet moment.
type promotion struct {
	who             string
	cause           uint64
	asked, deadline time.Time
	shadow          *shadow
}

// restart waits until a plugin that was stopped has had its time. It does not change.
type restart struct {
	p        *occupant
	why      string
	sane     saved
	attempts int
	at       time.Time
}

// quietPoll is how often a promotion looks whether the moment is quiet.
const quietPoll = 100 * time.Millisecond

// stopped plans to start a plugin again.
func (a *agenda) stopped(now time.Time, p *occupant, why string, sane saved, c Supervision) *restart {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.started) > c.Window {
		a.attempts = 0
	}
	a.attempts++
	a.restart = &restart{p: p, why: why, sane: sane, attempts: a.attempts, at: now.Add(pauseOf(a.attempts, c))}
	return a.restart
}

// again plans another attempt after one that did not even start.
func (a *agenda) again(now time.Time, r *restart, c Supervision) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.restart == r {
		next := *r
		a.attempts++
		next.attempts, next.at = a.attempts, now.Add(pauseOf(a.attempts, c))
		a.restart = &next
	}
}

// waits reports whether a restart is still what is planned.
func (a *agenda) waits(r *restart) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.restart == r
}

// pauseOf is the wait before an attempt: twice that of the one before.
func pauseOf(attempt int, c Supervision) time.Duration {
	return min(c.Restart<<min(attempt-1, 16), c.Longest)
}

// seated forgets what was planned for the one before.
func (a *agenda) seated() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.restart = nil
}

// restarted notes that an attempt worked; whether for long is to be seen.
func (a *agenda) restarted(now time.Time, r *restart) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started, a.attempts = now, r.attempts
}

// plans are what waits.
func (a *agenda) plans() (promotion *promotion, restart *restart) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.promotion, a.restart
}

// plan sets what is to be promoted, or nothing, and gives what was.
func (a *agenda) plan(p *promotion) *promotion {
	a.mu.Lock()
	defer a.mu.Unlock()
	was := a.promotion
	a.promotion = p
	return was
}

// nudge makes the slot look at its agenda.
func (s *slot) nudge() {
	select {
	case s.agenda.wake <- struct{}{}:
	default:
	}
}

// tend does what is due until ctx ends.
func (s *slot) tend(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		s.attend(ctx)
		if wait, ok := s.due(time.Now()); ok {
			if wait <= 0 {
				continue // without the timer: under synctest and -race, Go 1.26 crashes when goroutines meet timers that ran out already
			}
			timer.Reset(wait)
		}
		select {
		case <-ctx.Done():
		case <-s.agenda.wake:
		case <-timer.C:
		}
	}
}

// due is how long until something has to be done.
func (s *slot) due(now time.Time) (time.Duration, bool) {
	wait, ok := time.Duration(0), false
	at := func(t time.Time) {
		if d := t.Sub(now); !ok || d < wait {
			wait, ok = d, true
		}
	}
	p, r := s.agenda.plans()
	if p != nil {
		at(now.Add(quietPoll))
	}
	if r != nil {
		at(r.at)
	}
	if on := s.onAir(); on != nil {
		if t, waits := on.timers.next(); waits {
			at(t)
		}
	}
	return wait, ok
}

func (s *slot) onAir() *occupant {
	s.view.Lock()
	defer s.view.Unlock()
	return s.current
}

func (s *slot) attend(ctx context.Context) {
	now := time.Now()
	if on := s.onAir(); on != nil {
		s.ring(ctx, on, now)
	}
	promotion, restart := s.agenda.plans()
	if restart != nil && !restart.at.After(now) {
		s.restart(ctx, restart)
	}
	if promotion != nil {
		s.tryPromotion(ctx, promotion, now)
	}
	if t, cold := s.past.cold(); cold {
		s.warm(ctx, t)
	}
}

// ring records which timers ran out; the plugin hears of it as of any other fact.
func (s *slot) ring(ctx context.Context, p *occupant, now time.Time) {
	var facts []event.Draft
	for _, token := range p.timers.fired(now) {
		facts = append(facts, event.Draft{At: now.UTC(), Data: show.TimerFired{Slot: string(s.kind), Plugin: p.manifest.ID, Token: token}})
	}
	if len(facts) > 0 {
		s.host.write(ctx, facts)
	}
}

// warm starts the last good plugin, so that it can take over at once.
func (s *slot) warm(ctx context.Context, t Turn) {
	p, err := s.host.load(ctx, t.manifest, t.files, nil)
	if err != nil {
		s.log.Warn("the last good plugin cannot be kept warm", telemetry.KeyPlugin, t.Plugin, telemetry.KeyErr, err)
		return
	}
	if !s.past.heat(p) {
		s.dismiss(p)
	}
}
