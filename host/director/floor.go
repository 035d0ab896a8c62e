package director

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
)

// rest is how long the loop sleeps when nothing is due.
const rest = time.Hour

// floor is the state of the loop: who speaks, who waits, what was let in when. Only Run's goroutine touches it.
type floor struct {
	d     *Director
	gates *gates
	queue queue

	voiced  chan *line
	voicing sync.WaitGroup
	busy    *line // with the voice now
	ready   *line // voiced, next to be said

	current *line
	started time.Time
	free    time.Time // when the next line may begin

	batch batch
}

// batch collects what one step of the loop decides, to be recorded as one and then carried out.
type batch struct {
	drafts  []event.Draft
	effects []effect
}

// effect is what to do once the draft at the same place is recorded.
type effect struct {
	raised bool
	cut    bool // whoever speaks is stopped first
	cue    cue.Cue
	clip   *character.Clip
	line   *line
}

func newFloor(d *Director, now time.Time) *floor {
	return &floor{d: d, gates: newGates(d.cfg, now), queue: queue{limit: d.cfg.Waiting}, voiced: make(chan *line, 1), free: now}
}

// step does all that is due at now and returns when something is due next.
func (f *floor) step(ctx context.Context, now time.Time) (time.Time, error) {
	in := f.d.takeInbox()
	f.endSpeech(in.ended, now)
	for _, source := range in.forget {
		f.forget(source, now)
	}
	for _, o := range in.offers {
		f.admit(o, now)
	}
	f.releaseScene(now)
	f.dropStale(now)
	f.speak(now)
	f.startVoice(ctx, now)
	if err := f.flush(ctx); err != nil {
		return now, err
	}
	f.d.metrics.waiting.Set(float64(f.queue.len()))
	return f.due(now), nil
}

// admit lets a cue in, keeps it waiting, or drops it.
func (f *floor) admit(o offer, now time.Time) {
	if o.void != "" {
		f.drop(o, o.void, now)
		return
	}
	if f.past(o) {
		f.drop(o, reasonStale, now)
		return
	}
	if reason := f.gates.refuse(o.cue, now); reason != "" {
		f.drop(o, reason, now)
		return
	}
	switch o.cue.Verb {
	case cue.Say:
		for _, out := range f.queue.add(newLine(o)) {
			f.drop(out.line.offer, out.reason, now)
		}
	case cue.Scene:
		if old, held := f.gates.holdScene(o); held {
			f.drop(old, reasonOvertaken, now)
		}
	default:
		f.raise(o, effect{cue: o.cue}, now)
	}
}

// past reports whether a cue is about something that is over: a plugin that catches up on what it missed may set the
// scene and fill its texts, but what it would have said, answered or played then is not for now.
func (f *floor) past(o offer) bool {
	if o.cause.At.IsZero() || o.at.Sub(o.cause.At) < f.d.cfg.Past {
		return false
	}
	switch o.cue.Verb {
	case cue.Say, cue.Reply, cue.Post, cue.Gesture, cue.Express, cue.Sound:
		return true
	default:
		return false
	}
}

func (f *floor) releaseScene(now time.Time) {
	o, ok := f.gates.dueScene(now)
	switch {
	case !ok:
	case o.cue.Name == f.gates.scene:
		f.drop(o, reasonShown, now)
	default:
		f.gates.shown(o.cue.Name, now)
		f.raise(o, effect{cue: o.cue}, now)
	}
}

// endSpeech notes that the current line is over: because the stage said so, or because it is long overdue.
func (f *floor) endSpeech(ended []uint64, now time.Time) {
	if f.current == nil {
		return
	}
	over := !now.Before(f.overdue())
	for _, seq := range ended {
		over = over || seq == f.current.seq
	}
	if over {
		f.over(now)
	}
}

func (f *floor) over(now time.Time) {
	f.current = nil
	f.free = now.Add(f.d.cfg.Gap)
	f.d.setQuiet(now)
}

// overdue is when a line whose end nobody reported is taken to be over.
func (f *floor) overdue() time.Time { return f.started.Add(f.current.length() + 2*time.Second) }

// forget silences a source: whoever takes its place has another voice.
func (f *floor) forget(source string, now time.Time) {
	if f.current != nil && f.current.cue.From == source {
		f.d.cfg.Stage.StopSpeaking()
		f.over(now)
	}
	for _, l := range f.queue.removeFrom(source) {
		f.drop(l.offer, reasonForgotten, now)
	}
	if f.ready != nil && f.ready.cue.From == source {
		f.drop(f.ready.offer, reasonForgotten, now)
		f.ready = nil
	}
	if f.busy != nil && f.busy.cue.From == source {
		f.busy.void = reasonForgotten
	}
}

func (f *floor) dropStale(now time.Time) {
	for _, l := range f.queue.removeStale(now) {
		f.drop(l.offer, reasonStale, now)
	}
	if f.ready != nil && f.ready.stale(now) {
		f.drop(f.ready.offer, reasonStale, now)
		f.ready = nil
	}
}

// speak begins the voiced line when the floor is free, or when it may take the floor.
func (f *floor) speak(now time.Time) {
	l := f.ready
	if l == nil {
		return
	}
	cut := f.current != nil && l.mayCut(f.current, f.remaining(now))
	if !cut && (f.current != nil || now.Before(f.free)) {
		return
	}
	if best := f.queue.best(); best != nil && best.class().rank > l.class().rank {
		f.ready = nil // something more important came while it was voiced: it keeps its sound and waits again
		f.queue.putBack(l)
		return
	}
	f.ready = nil
	for _, old := range f.queue.overtakenBy(l) {
		f.drop(old.offer, reasonOvertaken, now)
	}
	f.current, f.started = l, now
	f.d.speaking.Store(true)
	f.raise(l.offer, effect{cue: l.cue, clip: l.clip, line: l, cut: cut}, now)
}

func (f *floor) remaining(now time.Time) time.Duration {
	if f.current == nil {
		return 0
	}
	return f.current.length() - now.Sub(f.started)
}

// raise puts a cue among those that go on stage.
func (f *floor) raise(o offer, e effect, now time.Time) {
	e.raised = true
	f.batch.add(draft(o.cause, now, cue.Raised{Cue: o.cue}), e)
}

// drop puts a cue among those that do not.
func (f *floor) drop(o offer, reason string, now time.Time) {
	f.d.metrics.cue(o.cue.Verb, reason)
	f.batch.add(draft(o.cause, now, cue.Dropped{Cue: o.cue, Reason: reason}), effect{})
}

func (b *batch) add(d event.Draft, e effect) {
	b.drafts = append(b.drafts, d)
	b.effects = append(b.effects, e)
}

func draft(cause event.Event, now time.Time, data event.Data) event.Draft {
	return event.Draft{Cause: cause.Seq, Root: cause.Root, At: now.UTC(), Data: data}
}

// flush records what the step decided and then, only then, carries it out.
func (f *floor) flush(ctx context.Context) error {
	b := f.batch
	if len(b.drafts) == 0 {
		return nil
	}
	f.batch = batch{}
	events, err := f.d.cfg.Facts.Record(ctx, b.drafts...)
	if err != nil {
		return fmt.Errorf("record %d cues: %w", len(b.drafts), err)
	}
	for i, e := range b.effects {
		if e.raised {
			f.carryOut(e, events[i].Seq)
		}
	}
	return nil
}

func (f *floor) carryOut(e effect, seq uint64) {
	f.d.metrics.cue(e.cue.Verb, "raised")
	switch e.cue.Verb {
	case cue.Reply, cue.Post: // whoever answers people reads them from the ledger
	case cue.Say:
		f.carryOutLine(e, seq)
	default:
		f.d.cfg.Stage.Apply(e.cue, seq)
	}
}

func (f *floor) carryOutLine(e effect, seq uint64) {
	if e.cut {
		f.d.cfg.Stage.StopSpeaking()
	}
	if e.cue.Name != "" { // the mood that goes with the line; without a number, for it is not a cue of its own
		f.d.cfg.Stage.Apply(cue.Cue{From: e.cue.From, Verb: cue.Mood, Name: e.cue.Name, Value: e.cue.Value}, 0)
	}
	e.line.seq = seq
	f.d.metrics.spoken.Add(e.line.length().Seconds())
	f.d.cfg.Stage.Speak(e.clip, e.cue, seq)
}

// due is when the loop must look again without being asked.
func (f *floor) due(now time.Time) time.Time {
	at := now.Add(rest)
	sooner := func(t time.Time) {
		if t.Before(at) {
			at = t
		}
	}
	if f.current != nil {
		sooner(f.overdue())
		if f.queue.len() > 0 && f.busy == nil && f.ready == nil {
			sooner(f.started.Add(f.current.length() - f.d.cfg.Ahead))
		}
	} else if f.ready != nil {
		sooner(f.free)
	}
	if f.ready != nil {
		sooner(f.ready.staleAt())
	}
	if t, ok := f.queue.nextStale(); ok {
		sooner(t)
	}
	if t, ok := f.gates.nextScene(); ok {
		sooner(t)
	}
	return at
}
