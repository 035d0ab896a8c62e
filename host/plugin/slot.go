package plugin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
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
// are exchanged. Whoever changes who is in it holds ops first; the slot itself never waits for ops.
type slot struct {
	kind Kind
	host *Host
	log  *slog.Logger

	opened chan struct{} // closed when somebody is there to hear, the first time
	once   sync.Once     // closes it
	ops    sync.Mutex    // one swap, shadow, promotion or roll-back at a time
	turn   sync.Mutex
	pen    chan struct{} // who records facts has it

	// Of the turn.
	guest    *occupant // nil while the slot is empty
	shadow   *shadow   // nil when there is none
	backlog  *backlog  // takes what is heard while a successor gets ready; nil when none does
	closed   bool
	passed   uint64 // last event that came by
	began    uint64 // behind which event it began to hear,
	caught   uint64 // and up to where what is over is kept from whoever is there
	one      [1]event.Event
	batch    []event.Event // of the events that the guest hears
	outcomes []outcome     // what the guest made of them, for the shadow
	heard    memory        // what the guests of this slot heard last
	came     []event.Event // of what is coming by: what is not in recent yet
	recent   memory        // what came by last, heard or not, but for what a guest failed on
	offered  []cue.Cue
	watch    watch
	after    []func(ctx context.Context) // what is done when the turn is over
	facts    []facts                     // what is recorded then

	agenda agenda
	past   history
	shelf  shelf

	view    sync.Mutex // guards what pages read while a batch is handled
	current *occupant
	info    Info
}

func newSlot(k Kind, h *Host) *slot {
	s := &slot{kind: k, host: h, log: h.log.With("slot", string(k)), opened: make(chan struct{}), pen: make(chan struct{}, 1)}
	s.agenda.wake = make(chan struct{}, 1)
	s.shelf = shelf{puts: map[string]map[string][]byte{}, write: make(chan struct{}, 1)}
	return s
}

// run reads the timeline until ctx ends.
func (s *slot) run(ctx context.Context, after uint64) error {
	if s.host.cfg.Since != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-s.opened:
		}
	}
	after, caught := s.place(after)
	source := s.host.cfg.Subscribe(after, append(abi.EventKinds(), abi.AnswerKinds()...)...)
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
		if len(batch) > 0 && batch[0].Seq <= caught {
			batch = slices.DeleteFunc(batch, func(e event.Event) bool { return e.Seq <= caught && Passing(e.Kind()) })
		}
		if len(batch) > 0 {
			s.hear(ctx, batch)
		}
	}
}

// open settles where the slot begins to hear, the first time that somebody is to. The caller has the turn.
func (s *slot) open() {
	s.once.Do(func() {
		if since := s.host.cfg.Since; since != nil {
			s.began, s.caught = since(), s.host.cfg.Last()
			s.passed = s.began
		}
		close(s.opened)
	})
}

// place is where the slot begins to hear: where it was opened, or behind an event when nothing says where that is.
func (s *slot) place(after uint64) (uint64, uint64) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.host.cfg.Since == nil {
		s.began, s.passed = after, after
	}
	return s.began, s.caught
}

// begins notes that a plugin hears what is behind an event. The caller has the turn.
func (s *slot) begins(p *occupant, after uint64) {
	if p.after, p.caught, p.stood = after, 0, 0; after < s.caught {
		p.caught = s.caught
	}
}

// hear gives a batch to whoever is there.
func (s *slot) hear(ctx context.Context, events []event.Event) {
	s.turn.Lock()
	defer s.release(ctx)
	if s.backlog != nil {
		s.backlog.add(events)
	}
	s.came, s.outcomes = events, s.outcomes[:0]
	for rest := events; len(rest) > 0 && s.guest != nil; {
		rest = s.give(ctx, s.guest, rest)
	}
	s.passed = events[len(events)-1].Seq
	s.remember(s.passed)
	if s.shadow != nil {
		s.shadow.push(events, s.outcomes)
	}
	s.refresh()
}

// remember takes in what came by, up to an event.
func (s *slot) remember(seq uint64) {
	n := 0
	for n < len(s.came) && s.came[n].Seq <= seq {
		n++
	}
	s.recent.add(s.came[:n])
	s.came = s.came[n:]
}

// skip is remember for what came before an event that a guest failed on.
func (s *slot) skip(seq uint64) {
	s.remember(seq - 1)
	if len(s.came) > 0 && s.came[0].Seq == seq {
		s.came = s.came[1:]
	}
}

// release ends the turn and does what must not be done in it, such as writing to the ledger.
func (s *slot) release(ctx context.Context) {
	todo, tells := s.after, len(s.facts) > 0
	s.after = nil
	s.turn.Unlock()
	for _, f := range todo {
		f(ctx)
	}
	if tells {
		s.record(ctx)
	}
}

// record writes down what turns had to tell, in their order, whoever comes first: a plugin is in the ledger before what it
// failed on. What this turn told is in the ledger when it returns.
func (s *slot) record(ctx context.Context) {
	s.pen <- struct{}{}
	defer func() { <-s.pen }()
	s.turn.Lock()
	all := s.facts
	s.facts = nil
	s.turn.Unlock()
	for _, f := range all {
		s.host.record(ctx, f.cause, f.data...)
	}
}

// facts are noted together; each but the first is caused by the one before.
type facts struct {
	cause uint64
	data  []event.Data
}

// later does something when the turn is over.
func (s *slot) later(f func(ctx context.Context)) { s.after = append(s.after, f) }

// note records facts when the turn is over.
func (s *slot) note(cause uint64, data ...event.Data) {
	s.facts = append(s.facts, facts{cause, data})
}

// retire closes a guest when the turn is over.
func (s *slot) retire(p *occupant) { s.later(func(context.Context) { s.dismiss(p) }) }

func (s *slot) dismiss(p *occupant) {
	if err := p.guest.Close(context.Background()); err != nil {
		s.log.Warn("cannot close a plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, err)
	}
}

// give hands events to the guest, and returns those that are left for whoever came in its place. When it fails on the
// batch, it gets the events one by one, so that only the one that it cannot bear is lost to it.
func (s *slot) give(ctx context.Context, p *occupant, events []event.Event) []event.Event {
	s.batch = s.batch[:0]
	for _, e := range events {
		if p.wants(e) {
			s.batch = append(s.batch, e)
		}
	}
	if len(s.batch) == 0 {
		return nil
	}
	before, last := s.passed, s.batch[len(s.batch)-1].Seq
	err := s.handle(ctx, p, s.batch)
	if err == nil && s.guest == p {
		return nil
	}
	if err == nil {
		return events[slices.IndexFunc(events, func(e event.Event) bool { return e.Seq == last })+1:]
	}
	again := len(s.batch) > 1
	if again && errors.Is(err, ErrDead) {
		if !s.revive(ctx, before) {
			s.note(events[0].Seq, s.stop(time.Now(), cannotRestart, 0)...)
			return nil
		}
		s.note(events[0].Seq, p.loadedFact())
	}
	for i, e := range events {
		if !p.wants(e) {
			continue
		}
		s.one[0] = e
		if again {
			err = s.handle(ctx, p, s.one[:])
		}
		if err != nil {
			s.trapped(ctx, e, err)
		}
		if s.guest != p {
			return events[i+1:]
		}
	}
	return nil
}

// handle gives events to the guest and offers what it asks for.
func (s *slot) handle(ctx context.Context, p *occupant, events []event.Event) error {
	s.passed = events[len(events)-1].Seq
	start := time.Now()
	reactions, err := p.guest.HandleBatch(ctx, events)
	took := time.Since(start)
	p.latency.add(took / time.Duration(len(events)))
	s.host.metrics.call.WithLabelValues(string(s.kind)).Observe(took.Seconds())
	shut, full := p.refused()
	if err != nil {
		if len(events) == 1 { // others are played again
			s.refused(p, events[0], shut, full)
		}
		return err
	}
	p.events += uint64(len(events))
	p.lastSeq = events[len(events)-1].Seq
	s.host.metrics.events.WithLabelValues(string(s.kind)).Add(float64(len(events)))
	s.heard.add(events)
	s.remember(p.lastSeq)
	if s.shadow != nil {
		s.outcomes = appendOutcomes(s.outcomes, p, events, reactions, took)
	}
	s.deliver(ctx, p, events, reactions)
	s.refused(p, events[len(events)-1], shut, full)
	s.keep(p)
	s.supervise(ctx, p, events[len(events)-1])
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

// take checks one reaction to an event and carries it out, or keeps it when it may be offered.
func (s *slot) take(ctx context.Context, p *occupant, cause event.Event, r *Reaction) {
	p.commands++
	s.host.metrics.commands.WithLabelValues(string(s.kind), r.Power).Inc()
	if why := p.check(r, cause.At); why != "" {
		s.deny(p, cause, r, why)
		return
	}
	w := p.powers[r.Power]
	if w.grant.Load().Ask && Askable(r.Power) {
		s.consult(p, cause, r)
		return
	}
	w.used.Add(1)
	switch {
	case r.Call != nil:
		s.perform(p, cause, r)
	case r.Cue.Verb == "":
		s.print(ctx, p, cause, r)
	default:
		if r.Cue.Verb == cue.Say {
			s.watch.spoke = true
		}
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
		line := p.line(cause, r, false)
		s.log.Log(ctx, r.Level, line, telemetry.KeyPlugin, p.manifest.ID, telemetry.KeySeq, cause.Seq)
	}
}

// line keeps a line of the guest where people can ask for it.
func (p *occupant) line(cause event.Event, r *Reaction, shadow bool) string {
	text := strings.ToValidUTF8(r.Log[:min(len(r.Log), maxLogLine)], "")
	p.dossier.write(LogLine{At: time.Now().UTC(), Seq: cause.Seq, Level: r.Level, Shadow: shadow, Text: text})
	return text
}

// deny counts what the plugin may not do, and tells it now and then.
func (s *slot) deny(p *occupant, cause event.Event, r *Reaction, why string) {
	s.denyTimes(p, cause, r, why, 1)
}

// denyTimes is deny for what was denied so many times, at least once.
func (s *slot) denyTimes(p *occupant, cause event.Event, r *Reaction, why string, times uint64) {
	if reason, ok := s.count(p, r.Power, times).mayTell(cause.At, why, times); ok {
		s.tell(p, cause, r, reason)
	}
}

// count counts denials, and gives the power that they are of.
func (s *slot) count(p *occupant, name string, times uint64) *power {
	p.denied += times
	s.host.metrics.denied.WithLabelValues(string(s.kind)).Add(float64(times))
	w := p.denial(name)
	w.denied.Add(times)
	return w
}

// tell lets the plugin know that it was denied.
func (s *slot) tell(p *occupant, cause event.Event, r *Reaction, why string) {
	s.note(cause.Seq, show.PowerDenied{Slot: string(s.kind), Plugin: p.manifest.ID, Token: token(r.Call), Power: r.Power, Reason: why})
}

// refused tells what the store refused the guest by itself: all, because it is closed, and values that had no place in it.
func (s *slot) refused(p *occupant, e event.Event, shut, full uint64) {
	if shut > 0 {
		s.denyTimes(p, e, &Reaction{Power: PowerStore}, p.shutOut(s.host.cfg.Store != nil), shut)
	}
	if full > 0 {
		s.denyTimes(p, e, &Reaction{Power: PowerStore}, fmt.Sprintf("over the quota of %d bytes", p.store.Quota)+p.ungranted(PowerStore, func(c Capability) int { return c.Bytes }), full)
	}
}

// denial is where a refusal of a power is counted; the manifest may not know of the power.
func (p *occupant) denial(name string) *power {
	if w := p.powers[name]; w != nil {
		return w
	}
	w := p.strange[name]
	if w == nil {
		w = &power{}
		p.strange[name] = w
	}
	return w
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

// refresh updates what pages see. The caller has the turn.
func (s *slot) refresh() {
	var info Info
	if s.guest != nil {
		info = s.guest.info()
		s.host.metrics.limits(s.kind, &s.guest.passed, s.guest.guest.Stats().Passed)
		s.host.metrics.memory.WithLabelValues(string(s.kind)).Set(float64(info.Memory))
	}
	s.view.Lock()
	defer s.view.Unlock()
	s.current, s.info = s.guest, info
}

// describe gives what pages see, and false for an empty slot.
func (s *slot) describe() (Info, bool) {
	s.view.Lock()
	p, info := s.current, s.info
	s.view.Unlock()
	if p == nil {
		return Info{}, false
	}
	return p.filled(info), true
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
