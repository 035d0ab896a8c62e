package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// slot hears the timeline for whoever is in it. Whoever holds turn is between two batches, so that is where guests
// are exchanged.
type slot struct {
	kind Kind
	host *Host
	log  *slog.Logger

	opened  chan struct{} // closed when the first guest is there
	once    sync.Once     // closes it
	turn    sync.Mutex
	guest   *occupant // nil while the slot is empty
	closed  bool
	batch   []event.Event // of the events that the guest hears
	heard   memory        // what the guests of this slot heard last
	offered []cue.Cue

	view    sync.Mutex // guards what pages read while a batch is handled
	current Info
	filled  bool
	latency latencies
}

// occupant is a guest with what is known of it.
type occupant struct {
	manifest *Manifest
	guest    Guest
	files    fs.FS // to start it anew
	loaded   time.Time
	hears    map[event.Kind]bool
	may      map[string]bool
	told     map[string]bool // capabilities whose lack was recorded

	events, commands, denied, traps, lastSeq uint64
	lastTrap                                 string
	passed                                   Passed // limits, of which the metrics know

	logSecond time.Time // in which logged lines were written
	logged    int
}

func newOccupant(m *Manifest, g Guest, files fs.FS) *occupant {
	p := &occupant{manifest: m, guest: g, files: files, loaded: time.Now().UTC(), hears: map[event.Kind]bool{}, may: map[string]bool{}, told: map[string]bool{}}
	for _, k := range m.Subscribes {
		p.hears[k] = true
	}
	for _, c := range m.Capabilities {
		p.may[c.Name] = true
	}
	return p
}

func (p *occupant) info() Info {
	m, st := p.manifest, p.guest.Stats()
	return Info{
		ID: m.ID, Version: m.Version, Name: m.Name, Description: m.Description, Kind: m.Kind, Character: m.Character, SHA256: st.SHA256,
		Capabilities: m.Capabilities, Subscribes: m.Subscribes, Loaded: p.loaded,
		Events: p.events, Commands: p.commands, Denied: p.denied, Unknown: st.Unknown, Dropped: st.Dropped, Traps: p.traps, LastTrap: p.lastTrap, LastSeq: p.lastSeq,
		Fuel: st.Fuel, FuelLimit: m.Limits.Fuel, Memory: st.Memory, MemoryLimit: uint64(m.Limits.MemoryMiB) << 20,
	}
}

// run reads the timeline until ctx ends.
func (s *slot) run(ctx context.Context, after uint64) error {
	if s.host.cfg.Since != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-s.opened:
			after = s.host.cfg.Since()
		}
	}
	source := s.host.cfg.Subscribe(after, abi.EventKinds()...)
	defer source.Close()
	buf := make([]event.Event, 0, abi.MaxBatchEvents)
	for {
		batch, err := source.NextBatch(ctx, buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("plugin slot %s: hear events: %w", s.kind, err)
		}
		s.hear(ctx, batch)
	}
}

// hear gives a batch to the guest. When the guest fails on it, it gets the events one by one, so that only the one
// that it cannot bear is lost to it.
func (s *slot) hear(ctx context.Context, events []event.Event) {
	s.turn.Lock()
	defer s.turn.Unlock()
	p := s.guest
	if p == nil {
		return
	}
	s.batch = s.batch[:0]
	for _, e := range events {
		if p.hears[e.Kind()] {
			s.batch = append(s.batch, e)
		}
	}
	if len(s.batch) == 0 {
		return
	}
	if err := s.handle(ctx, p, s.batch); err != nil {
		s.oneByOne(ctx, err)
	}
	s.refresh()
}

// oneByOne follows a batch that failed with err.
func (s *slot) oneByOne(ctx context.Context, err error) {
	if len(s.batch) > 1 && errors.Is(err, ErrDead) && !s.revive(ctx) {
		return
	}
	for i := range s.batch {
		if len(s.batch) > 1 {
			err = s.handle(ctx, s.guest, s.batch[i:i+1])
		}
		if err == nil {
			continue
		}
		s.trapped(ctx, s.batch[i], err)
		if errors.Is(err, ErrDead) && !s.revive(ctx) {
			return
		}
	}
}

// handle gives events to the guest and offers what it asks for.
func (s *slot) handle(ctx context.Context, p *occupant, events []event.Event) error {
	start := time.Now()
	reactions, err := p.guest.HandleBatch(ctx, events)
	took := time.Since(start)
	s.latency.add(took / time.Duration(len(events)))
	s.host.metrics.call.WithLabelValues(string(s.kind)).Observe(took.Seconds())
	if err != nil {
		return err
	}
	p.events += uint64(len(events))
	p.lastSeq = events[len(events)-1].Seq
	s.host.metrics.events.WithLabelValues(string(s.kind)).Add(float64(len(events)))
	s.heard.add(events)
	s.deliver(ctx, p, events, reactions)
	return nil
}

// deliver offers the reactions, event by event; both are in the order of events. What is about an earlier event is
// offered with that one as its cause.
func (s *slot) deliver(ctx context.Context, p *occupant, events []event.Event, reactions []Reaction) {
	for _, e := range events {
		cause := e
		for len(reactions) > 0 && reactions[0].Event == e.Seq {
			if of := s.heard.cause(reactions[0].About, e); of.Seq != cause.Seq {
				s.flush(ctx, cause)
				cause = of
			}
			s.take(ctx, p, e, &reactions[0])
			reactions = reactions[1:]
		}
		s.flush(ctx, cause)
	}
}

// flush offers what was taken.
func (s *slot) flush(ctx context.Context, cause event.Event) {
	if len(s.offered) > 0 {
		s.host.cfg.Offer(ctx, cause, append([]cue.Cue(nil), s.offered...))
		s.offered = s.offered[:0]
	}
}

// take checks one reaction to an event and keeps it when it may be offered.
func (s *slot) take(ctx context.Context, p *occupant, cause event.Event, r *Reaction) {
	p.commands++
	s.host.metrics.commands.WithLabelValues(string(s.kind), r.Power).Inc()
	switch {
	case !p.may[r.Power]:
		s.deny(ctx, p, cause, r.Power)
	case r.Call != nil: // nobody carries it out yet
	case r.Cue.Verb == "":
		s.print(ctx, p, cause, r)
	default:
		s.offered = append(s.offered, Tidy(r.Cue, p.manifest.ID))
	}
}

// Bounds of what a guest may write to the log of the program.
const (
	maxLogLine  = 1024 // bytes
	logsASecond = 20
)

// print writes a line of the guest to the log, unless it writes too many.
func (s *slot) print(ctx context.Context, p *occupant, cause event.Event, r *Reaction) {
	if now := time.Now().Truncate(time.Second); now != p.logSecond {
		if p.logged > logsASecond {
			s.log.Warn("plugin wrote too many lines", telemetry.KeyPlugin, p.manifest.ID, "dropped", p.logged-logsASecond)
		}
		p.logSecond, p.logged = now, 0
	}
	if p.logged++; p.logged <= logsASecond {
		line := strings.ToValidUTF8(r.Log[:min(len(r.Log), maxLogLine)], "")
		s.log.Log(ctx, r.Level, line, telemetry.KeyPlugin, p.manifest.ID, telemetry.KeySeq, cause.Seq)
	}
}

// deny counts a command without capability, and records the first of its kind.
func (s *slot) deny(ctx context.Context, p *occupant, cause event.Event, power string) {
	p.denied++
	s.host.metrics.denied.WithLabelValues(string(s.kind)).Inc()
	if p.told[power] {
		return
	}
	p.told[power] = true
	s.host.record(ctx, cause.Seq, show.PluginRefused{Slot: string(s.kind), Plugin: p.manifest.ID,
		Reason: fmt.Sprintf("asked for %s without the capability; list {name: %s, why: ...} under capabilities in %s", power, power, ManifestFile)})
}

// Tidy signs a cue and brings its numbers into their ranges.
func Tidy(c cue.Cue, from string) cue.Cue {
	c.From = from
	c.Millis = min(max(c.Millis, 0), 600_000)
	switch c.Verb {
	case cue.Bar:
		c.Value = min(max(c.Value, 0), 1000)
	case cue.Mood:
		c.Value = min(max(c.Value, 0), 100)
	case cue.Say:
		c.Priority = min(c.Priority, cue.Lot) // what is urgent only an operator says
	}
	return c
}

func (s *slot) trapped(ctx context.Context, e event.Event, err error) {
	p := s.guest
	p.traps++
	p.lastTrap, p.lastSeq = firstLine(err), e.Seq
	s.host.metrics.traps.WithLabelValues(string(s.kind)).Inc()
	var trap *TrapError
	if errors.As(err, &trap) && trap.Detail != "" {
		s.log.Debug("stack of a trapped plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeySeq, e.Seq, "stack", trap.Detail)
	}
	s.host.record(ctx, e.Seq, show.PluginTrapped{Slot: string(s.kind), Plugin: p.manifest.ID, Event: e.Seq, Reason: p.lastTrap, Traps: int(p.traps)})
}

// revive starts a dead guest anew, without its state, and empties the slot when that fails.
func (s *slot) revive(ctx context.Context) bool {
	p := s.guest
	g, err := s.host.cfg.Runtime.Load(ctx, Spec{Manifest: p.manifest, Files: p.files})
	if err != nil {
		s.guest = nil
		s.host.refused(ctx, 0, string(s.kind), p.manifest.ID, fmt.Errorf("start it anew: %w", err))
	}
	if closeErr := p.guest.Close(ctx); closeErr != nil {
		s.log.Warn("cannot close a dead plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, closeErr)
	}
	if err != nil {
		return false
	}
	p.guest, p.passed = g, Passed{}
	return true
}
