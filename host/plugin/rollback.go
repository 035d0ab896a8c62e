package plugin

import (
	"context"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Where the memory of a plugin that came back is from.
const (
	stateHanded = "handed over"
	stateBefore = "from before the traps"
	stateNone   = "none"
)

// giveWay puts the last good plugin in place of the one on air, and gives the facts of it. Where there is none, the slot
// is empty until the plugin is started again. The caller has the turn.
func (s *slot) giveWay(ctx context.Context, why string, seq uint64) []event.Data {
	start := time.Now()
	old := s.guest
	next := s.standIn(ctx, old)
	if next == nil {
		return s.stop(start, why, seq)
	}
	s.begins(next, s.passed) // what is left of the batch is for it
	from, n := s.recall(ctx, next)
	s.log.Warn("plugin is rolled back", telemetry.KeyPlugin, old.manifest.ID, "version", old.manifest.Version, "to", next.manifest.Version, "why", why)
	s.host.metrics.rollbacks.WithLabelValues(string(s.kind)).Inc()
	back := show.PluginRolledBack{Slot: string(s.kind), From: old.manifest.ID, FromVersion: old.manifest.Version, To: next.manifest.ID, ToVersion: next.manifest.Version,
		Why: why, Event: seq, State: from}
	s.retire(old)
	s.seat(next, "roll-back", why, seq)
	s.changed(next)
	res := SwapResult{From: old.info(), To: next.info(), StateBytes: n, Pause: time.Since(start)}
	return []event.Data{back, next.loadedFact(), swappedFact(s.kind, res, "roll-back")}
}

// seat makes a plugin the one on air. The caller has the turn.
func (s *slot) seat(next *occupant, by, why string, cause uint64) {
	s.guest = next
	next.heed()
	s.watch.begin(time.Now())
	if cold := s.past.begin(next, by, why, cause); cold != nil {
		s.retire(cold)
	}
	s.agenda.seated()
	s.archive(next)
	s.keep(next)
	s.refresh()
	s.nudge()
}

// changed tells who is on air from now on. The caller has the turn.
func (s *slot) changed(p *occupant) {
	if tell := s.host.cfg.Changed; tell != nil {
		s.later(func(ctx context.Context) { tell(ctx, s.kind, p.files) })
	}
}

func swappedFact(slot Kind, res SwapResult, why string) show.PluginSwapped {
	return show.PluginSwapped{Slot: string(slot), From: res.From.ID, FromVersion: res.From.Version, To: res.To.ID, ToVersion: res.To.Version,
		PauseMicros: res.Pause.Microseconds(), StateBytes: res.StateBytes, Why: why}
}

// standIn is the last good plugin, started: the one that was kept warm, or else a new one, which knows what before holds.
// nil when there is none.
func (s *slot) standIn(ctx context.Context, before *occupant) *occupant {
	good, ok := s.past.good()
	if !ok {
		return nil
	}
	if p := s.past.takeWarm(); p != nil {
		if p.powers[PowerStore] == nil {
			return p
		}
		s.retire(p) // what it knows of its store is old
	}
	p, err := s.host.load(ctx, good.manifest, good.files, before)
	if err != nil {
		s.log.Error("the last good plugin cannot be started", telemetry.KeyPlugin, good.Plugin, telemetry.KeyErr, err)
		return nil
	}
	return p
}

// recall gives a plugin that comes back the state that the failing one had before it failed, and what came by since.
// The caller has the turn.
func (s *slot) recall(ctx context.Context, next *occupant) (from string, bytes int) {
	sane := s.watch.sane
	if len(s.watch.traps) == 0 { // it goes for another reason, and its memory is as good as any
		sane = s.save(ctx, s.guest)
		from = stateHanded
	} else {
		from = stateBefore
	}
	if sane.form == nil || !sane.form.CanHandTo(next.manifest.State) {
		return stateNone, 0
	}
	if err := next.take(ctx, sane.form, sane.state); err != nil {
		s.log.Warn("the state of the failing plugin is not taken; the last good one begins anew", telemetry.KeyErr, err)
		return stateNone, 0
	}
	next.timers.adopt(s.guest.timers.pending())
	s.catchUp(ctx, next, sane.seq)
	next.follow(s.guest)
	return from, len(sane.state)
}

// catchUp lets a plugin that has the state of an earlier moment hear what came by since. The caller has the turn.
func (s *slot) catchUp(ctx context.Context, p *occupant, since uint64) {
	missed, from := s.recent.since(since)
	s.begins(p, from)
	if p.rehearsed = s.passed; from > since {
		p.stood = since
	}
	if err := p.rehearse(ctx, missed); err != nil {
		s.log.Warn("the plugin does not bear what came by since its state", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, err)
	}
}

// stop empties the slot until the plugin is started again, each time later than the time before. The caller has the turn.
func (s *slot) stop(now time.Time, why string, seq uint64) []event.Data {
	p := s.guest
	r := s.agenda.stopped(now, p, why, s.watch.sane, s.host.cfg.Supervision)
	s.retire(p)
	s.guest = nil
	s.past.stopped(why, seq)
	s.refresh()
	s.nudge()
	s.host.metrics.stops.WithLabelValues(string(s.kind)).Inc()
	s.log.Error("plugin is stopped; nothing can stand in for it", telemetry.KeyPlugin, p.manifest.ID, "why", why, "retry", r.at.Sub(now))
	return []event.Data{show.PluginStopped{Slot: string(s.kind), Plugin: p.manifest.ID, Version: p.manifest.Version, Why: why, Event: s.passed,
		Attempts: r.attempts, RetryMS: r.at.Sub(now).Milliseconds()}}
}

// restart starts a plugin again that was stopped.
func (s *slot) restart(ctx context.Context, r *restart) {
	s.ops.Lock()
	defer s.ops.Unlock()
	p, err := s.host.load(ctx, r.p.manifest, r.p.files, r.p)
	if err != nil {
		s.agenda.again(time.Now(), r, s.host.cfg.Supervision)
		s.host.refused(ctx, 0, string(s.kind), r.p.manifest.ID, fmt.Errorf("start it anew: %w", err))
		return
	}
	if r.attempts == 1 && r.sane.form != nil && r.sane.form.CanHandTo(p.manifest.State) {
		if err := p.take(ctx, r.sane.form, r.sane.state); err != nil {
			s.log.Warn("a plugin does not take its own state; it begins anew", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, err)
		} else {
			p.timers.adopt(r.p.timers.pending())
		}
	}
	s.turn.Lock()
	defer s.release(ctx)
	if s.guest != nil || s.closed || !s.agenda.waits(r) { // somebody else came meanwhile, and may be gone again
		s.retire(p)
		return
	}
	s.begins(p, s.passed)
	if p.state != "" {
		s.catchUp(ctx, p, r.sane.seq)
	}
	p.spent(r.p)
	s.seat(p, "restart", "", 0)
	s.agenda.restarted(time.Now(), r)
	s.note(0, p.loadedFact())
}
