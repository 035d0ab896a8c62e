package plugin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Supervision says when a plugin is taken off the air by itself. The zero value has the defaults.
type Supervision struct {
	Traps   int           // more than so many in a window; 3
	Window  time.Duration // how long a window is; 60 s
	Fuel    int           // so many events in a row that ran out of fuel; 3
	Floods  int           // more than so many batches in a window that asked for more than they may; 30
	Silence time.Duration // a personality that says nothing for so long though its predecessor spoke; 0: never
	Restart time.Duration // first wait before one that nothing can stand in for is started again; 1 s, then twice that
	Longest time.Duration // and the longest; 1 min
}

func (c Supervision) withDefaults() Supervision {
	for _, v := range []struct {
		is    *int
		usual int
	}{{&c.Traps, 3}, {&c.Fuel, 3}, {&c.Floods, 30}} {
		if *v.is == 0 {
			*v.is = v.usual
		}
	}
	for _, v := range []struct {
		is    *time.Duration
		usual time.Duration
	}{{&c.Window, time.Minute}, {&c.Restart, time.Second}, {&c.Longest, time.Minute}} {
		if *v.is == 0 {
			*v.is = v.usual
		}
	}
	return c
}

// watch is what supervision knows of the plugin on air. It belongs to the turn.
type watch struct {
	since   time.Time
	traps   []time.Time // in the last window
	floods  []time.Time
	dropped uint64 // commands too many, as of the last batch
	fuel    int    // events in a row without fuel
	sane    saved  // its state before the first trap of the window

	spoke, before bool // whether it said anything, and whether the one before it did
	heard         int  // events since it came
}

// saved is a state and where it stands in the show.
type saved struct {
	form  *StateSpec
	state []byte
	seq   uint64 // last event that is in it
}

// begin starts to watch another plugin.
func (w *watch) begin(now time.Time) { *w = watch{since: now, before: w.spoke} }

// inWindow drops what is older than the window.
func inWindow(times []time.Time, now time.Time, window time.Duration) []time.Time {
	return slices.DeleteFunc(times, func(t time.Time) bool { return now.Sub(t) > window })
}

// trapped follows an event that the guest failed on: it is told and put aside, and a guest that fails too often gives way.
func (s *slot) trapped(ctx context.Context, e event.Event, err error) {
	p := s.guest
	s.skip(e.Seq)
	p.traps++
	p.lastTrap, p.lastSeq = firstLine(err), e.Seq
	now := time.Now()
	p.dossier.trapped(now)
	s.host.metrics.traps.WithLabelValues(string(s.kind)).Inc()
	s.stack(p, e, err)
	if s.shadow != nil {
		s.outcomes = append(s.outcomes, outcome{seq: e.Seq, made: made{Side: Side{Trap: p.lastTrap}}})
	}
	m := p.manifest
	facts := []event.Data{show.PluginTrapped{Slot: string(s.kind), Plugin: m.ID, Event: e.Seq, Reason: p.lastTrap, Traps: int(p.traps)}}
	if s.host.aside.put(Quarantined{Slot: s.kind, Seq: e.Seq, At: now.UTC(), Kind: e.Kind(), Cause: summary(e), Plugin: m.ID, Version: m.Version, Reason: p.lastTrap}) {
		facts = append(facts, show.PluginQuarantined{Slot: string(s.kind), Plugin: m.ID, Version: m.Version, Event: e.Seq, Reason: p.lastTrap})
	}
	why := s.tooMany(ctx, now, err)
	switch {
	case why != "":
		facts = append(facts, s.giveWay(ctx, why, e.Seq)...)
	case !errors.Is(err, ErrDead):
	case s.revive(ctx, s.passed):
		facts = append(facts, p.loadedFact())
	default:
		facts = append(facts, s.stop(now, cannotRestart, e.Seq)...)
	}
	s.note(e.Seq, facts...)
}

func (s *slot) stack(p *occupant, e event.Event, err error) {
	var trap *TrapError
	if errors.As(err, &trap) && trap.Detail != "" {
		s.log.Debug("stack of a trapped plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeySeq, e.Seq, "stack", trap.Detail)
	}
}

// tooMany counts a trap, and says why the guest has to go if that was one too many.
func (s *slot) tooMany(ctx context.Context, now time.Time, err error) string {
	w, limit := &s.watch, s.host.cfg.Supervision
	w.traps = inWindow(w.traps, now, limit.Window)
	if len(w.traps) == 0 {
		w.sane = s.save(ctx, s.guest)
	}
	w.traps = append(w.traps, now)
	if errors.Is(err, ErrFuel) {
		w.fuel++
	} else {
		w.fuel = 0
	}
	switch {
	case len(w.traps) > limit.Traps:
		return fmt.Sprintf("%d traps in %v, the last: %s", len(w.traps), limit.Window, firstLine(err))
	case w.fuel >= limit.Fuel:
		return fmt.Sprintf("out of fuel on %d events in a row", w.fuel)
	}
	return ""
}

// save is the state of a guest that stands before an event it failed on.
func (s *slot) save(ctx context.Context, p *occupant) saved {
	if p.manifest.State == nil {
		return saved{}
	}
	state, err := p.guest.Save(ctx)
	if err != nil {
		return saved{}
	}
	return saved{form: p.manifest.State, state: state, seq: max(s.recent.last(), s.began)}
}

// supervise looks at a guest after a batch that went well.
func (s *slot) supervise(ctx context.Context, p *occupant, last event.Event) {
	w, limit := &s.watch, s.host.cfg.Supervision
	w.fuel = 0
	w.heard++
	dropped := p.guest.Stats().Dropped
	flood := dropped > w.dropped
	w.dropped = dropped
	if !flood && limit.Silence == 0 {
		return
	}
	now := time.Now()
	why := ""
	if flood {
		w.floods = append(inWindow(w.floods, now, limit.Window), now)
	}
	switch {
	case flood && len(w.floods) > limit.Floods:
		why = fmt.Sprintf("more commands than it may on %d batches in %v", len(w.floods), limit.Window)
	case limit.Silence > 0 && s.kind == Personality && w.before && !w.spoke && w.heard >= 10 && now.Sub(w.since) > limit.Silence:
		why = fmt.Sprintf("silent for %v, though the one before it spoke", limit.Silence)
	default:
		return
	}
	s.note(last.Seq, s.giveWay(ctx, why, last.Seq)...)
}

const cannotRestart = "it is dead and cannot be started anew"

// revive starts a dead guest anew behind an event, without its state and its timers, and reports whether that went well.
func (s *slot) revive(ctx context.Context, after uint64) bool {
	p, dead := s.guest, s.guest.guest
	err := p.start(ctx, s.host, p)
	if closeErr := dead.Close(ctx); closeErr != nil {
		s.log.Warn("cannot close a dead plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, closeErr)
	}
	if err != nil {
		p.guest = dead // closing twice is safe
		reason := fmt.Sprintf("start it anew: %v", err)
		s.note(0, show.PluginRefused{Slot: string(s.kind), Plugin: p.manifest.ID, Reason: reason})
		return false
	}
	s.archive(p)
	p.timers.adopt(nil)
	s.begins(p, after)
	p.state, p.rehearsed = "", 0
	return true
}
