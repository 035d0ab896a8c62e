package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// Moment is an event with what followed from it.
type Moment struct {
	Event  abi.Recorded
	Was    []cue.Cue // what the show's plugin asked for, by the ledger
	Now    []cue.Cue // what this one asks for
	Powers []string  // that this one would use without having them declared
	Trap   string    // why this one failed on the event
	Failed bool      // the show's plugin did
	Open   bool      // the show ended before all that was asked for then had an answer
}

// Options of Play.
type Options struct {
	// Resync, if set, is asked before each event for the state of the show's plugin, which the other one then takes over:
	// a small difference does not make everything after it different.
	Resync func(ctx context.Context, e abi.Recorded) ([]byte, error)
	// Version is that of the state that Resync gives; 0 for the guest's own.
	Version int
	// Passes, if set, is told each event that was for the show's plugin, behind Resync for that event.
	Passes func(e abi.Recorded)
	// AsOnAir holds the guest to the powers that the take's plugin had, and when; otherwise it has what it asks for.
	AsOnAir bool
	// At, if set, is told which event it is at.
	At func(seq uint64)
}

// Play plays a take to a guest and gives each event that the take's plugin or the guest had something to say to, in
// order; and how many events the guest heard.
func (r *Recording) Play(ctx context.Context, t Take, g plugin.Guest, m *plugin.Manifest, o Options) (moments []Moment, events int, err error) {
	its, either := r.answersOf(t)
	p := &player{guest: g, take: t, was: its, kept: map[uint64]abi.Recorded{}, failed: map[uint64]bool{}, gate: plugin.NewGate(m), hears: map[event.Kind]bool{}, at: map[uint64]int{}, open: r.endOf(t).Add(-longestWait)}
	if o.AsOnAir {
		p.gate.Hold(t.Powers)
		p.changes = t.Changes
	}
	for _, k := range m.Subscribes {
		p.hears[k] = true
	}
	for _, again := range t.Retried {
		p.kept[again.Event] = nil
	}
	for _, seq := range t.Failed {
		p.failed[seq] = true
	}
	p.options, p.manifest, p.private = o, m, func(seq uint64) (toIt, toOthers bool) {
		to, is := r.Private[seq]
		toIt = to == Address{t.Slot, t.Plugin}
		return is && toIt, is && !toIt
	}
	err = r.Each(func(rec abi.Recorded) error {
		if o.At != nil {
			o.At(rec.Seq())
		}
		if _, again := p.kept[rec.Seq()]; again {
			p.kept[rec.Seq()] = rec
		}
		if rec.Seq() <= t.After {
			p.remember(rec)
			if len(p.was[rec.Seq()]) > 0 {
				p.moment(rec)
			}
			return nil
		}
		if err := p.retry(ctx, rec.Seq()); err != nil {
			return err
		}
		if _, toOthers := p.private(rec.Seq()); toOthers || !t.Hears(rec.Seq(), rec.EventKind()) {
			return nil
		}
		return p.play(ctx, rec, p.add)
	})
	if err == nil {
		err = p.retry(ctx, math.MaxUint64)
	}
	if err == nil {
		err = p.flush(ctx)
	}
	for i := range p.moments {
		m := &p.moments[i]
		m.Was = claimed(m.Was, m.Now, either[m.Event.Seq()])
	}
	slices.SortStableFunc(p.moments, func(a, b Moment) int { return cmp.Compare(a.Event.Seq(), b.Event.Seq()) }) // some are about an earlier event
	return p.moments, p.events, err
}

// play gives an event to the guest, when it is one that it hears.
func (p *player) play(ctx context.Context, rec abi.Recorded, give func(context.Context, abi.Recorded) error) error {
	if p.options.Passes != nil {
		defer p.options.Passes(rec)
	}
	if len(p.was[rec.Seq()]) > 0 {
		p.moment(rec)
	}
	if toIt, _ := p.private(rec.Seq()); !toIt && !p.hears[rec.EventKind()] {
		return nil
	}
	if p.options.Resync != nil {
		if err := p.resync(ctx, rec); err != nil {
			return fmt.Errorf("before event %d: %w", rec.Seq(), err)
		}
	}
	return give(ctx, rec)
}

// resync gives the guest the state of the show's plugin.
func (p *player) resync(ctx context.Context, rec abi.Recorded) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	state, err := p.options.Resync(ctx, rec)
	if err != nil {
		return fmt.Errorf("state of the show's plugin: %w", err)
	}
	if v := p.options.Version; v != 0 && v != p.manifest.State.Version {
		return p.guest.Migrate(ctx, v, state)
	}
	return p.guest.Restore(ctx, state)
}

// retry plays what a person tried again before an event came by.
func (p *player) retry(ctx context.Context, before uint64) error {
	for len(p.take.Retried) > 0 && p.take.Retried[0].After < before {
		p.retried, p.take.Retried = p.take.Retried[0], p.take.Retried[1:]
		if rec := p.kept[p.retried.Event]; rec != nil { // it may be from before the recording
			if err := p.play(ctx, rec, p.addAgain); err != nil {
				return err
			}
		}
	}
	return nil
}

// addAgain plays the event that is tried again, alone.
func (p *player) addAgain(ctx context.Context, rec abi.Recorded) error {
	if err := p.flush(ctx); err != nil {
		return err
	}
	p.events++
	reactions, err := p.guest.HandleBatch(ctx, []event.Event{{Seq: rec.Seq(), At: rec.Time(), Data: &rec}})
	if err != nil {
		return p.trapped(rec, err)
	}
	for i := range reactions {
		p.react(&reactions[i], rec, p.retried.At, true)
	}
	return nil
}

// answersOf are the cues that a take's plugin asked for, by the event that caused them. One that names an event from before
// its time is told from its predecessor's by when it was raised. Of a swap to the same plugin that does not tell: a line of
// the first may have waited, and the second may speak of what the first heard; either holds those.
func (r *Recording) answersOf(t Take) (its, either map[uint64][]cue.Cue) {
	its, either = map[uint64][]cue.Cue{}, map[uint64][]cue.Cue{}
	for _, a := range r.Answers {
		if a.Cue.From != t.Plugin || t.Until != 0 && a.To > t.Until {
			continue
		}
		own, later := a.To > t.begins() && a.At >= t.Began, t.Until != 0 && r.later(t, a)
		about := !own && t.Seated > 0 && a.At > t.Seated && !later
		switch {
		case own && later, about && r.earlier(t, a) && !t.retried(a.To):
			either[a.To] = append(either[a.To], a.Cue)
		case own, about:
			its[a.To] = append(its[a.To], a.Cue)
		}
	}
	return its, either
}

// earlier says that the event of an answer was heard by an earlier take of the same plugin in the slot.
func (r *Recording) earlier(t Take, a Answer) bool {
	for _, o := range r.Takes {
		if o.Slot == t.Slot && o.Plugin == t.Plugin && o.Seated < t.Seated && a.To > o.begins() && a.To <= o.Until {
			return true
		}
	}
	return false
}

// claimed is what was asked for, with what may have been when it is asked for now.
func claimed(was, now, either []cue.Cue) []cue.Cue {
	count := func(cues []cue.Cue, c cue.Cue) (n int) {
		for _, o := range cues {
			if o == c {
				n++
			}
		}
		return n
	}
	for _, c := range either {
		if count(now, c) > count(was, c) {
			was = append(slices.Clip(was), c)
		}
	}
	return was
}

// later says that an answer is that of a later take of the same plugin in the slot, about an event of this one.
func (r *Recording) later(t Take, a Answer) bool {
	for _, o := range r.Takes {
		if o.Slot == t.Slot && o.Plugin == t.Plugin && o.Seated > t.Seated && a.At > o.Seated {
			return true
		}
	}
	return false
}

// player holds what Play knows between events.
type player struct {
	guest    plugin.Guest
	manifest *plugin.Manifest
	options  Options
	private  func(seq uint64) (toIt, toOthers bool) // whether an event was for one plugin alone
	take     Take                                   // without those of Retried that were played
	retried  Retried                                // the one that is being played
	kept     map[uint64]abi.Recorded                // events that are tried again; nil before they came by
	failed   map[uint64]bool                        // events that the show's plugin failed on
	was      map[uint64][]cue.Cue
	gate     *plugin.Gate
	changes  []Change // that are still to come
	asked    Allowed  // the last use that was asked about
	hears    map[event.Kind]bool
	moments  []Moment
	at       map[uint64]int // place in moments, by number of the event
	records  []abi.Recorded // backing of batch
	batch    []event.Event
	open     time.Time      // from when on something may have had no answer
	events   int            // that the guest was given
	heard    []abi.Recorded // the last ones, for what is about an earlier event
}

// aboutReach is how far back a plugin's word about an earlier event is believed, as on air.
const aboutReach = 512

// longestWait is how long the director keeps a plugin's line before it drops it, and a little more.
const longestWait = 10 * time.Second

// endOf is when the show ended for a take, as far as the recording goes.
func (r *Recording) endOf(t Take) time.Time { return time.UnixMilli(cmp.Or(t.End, r.End)) }

func (p *player) moment(rec abi.Recorded) *Moment {
	seq := rec.Seq()
	i, ok := p.at[seq]
	if !ok {
		i = len(p.moments)
		p.at[seq] = i
		p.moments = append(p.moments, Moment{Event: rec, Was: p.was[seq], Failed: p.failed[seq], Open: rec.Time().After(p.open)})
	}
	return &p.moments[i]
}

// add puts an event into the batch, and plays the batch when it is full.
func (p *player) add(ctx context.Context, rec abi.Recorded) error {
	if cap(p.records) == 0 {
		p.records = make([]abi.Recorded, 0, abi.MaxBatchEvents)
	}
	p.events++
	p.records = append(p.records, rec)
	p.batch = append(p.batch, event.Event{Seq: rec.Seq(), At: rec.Time(), Data: &p.records[len(p.records)-1]})
	if len(p.batch) < abi.MaxBatchEvents {
		return nil
	}
	return p.flush(ctx)
}

// flush plays the batch; one that fails is played event by event, as on air.
func (p *player) flush(ctx context.Context) error {
	if len(p.batch) == 0 {
		return nil
	}
	err := p.hear(ctx, p.batch)
	if err != nil && len(p.batch) > 1 {
		for i := range p.batch {
			if err = p.hear(ctx, p.batch[i:i+1]); err != nil && p.trapped(p.records[i], err) != nil {
				break
			}
			err = nil
		}
	} else if err != nil {
		err = p.trapped(p.records[0], err)
	}
	p.records, p.batch = nil, p.batch[:0] // guests may keep what they heard
	return err
}

func (p *player) trapped(rec abi.Recorded, err error) error {
	if errors.Is(err, plugin.ErrDead) {
		return fmt.Errorf("event %d: %w", rec.Seq(), err)
	}
	if rec.Seq() > p.take.Rehearsed || p.kept[rec.Seq()] != nil { // what it fails on while it catches up is lost to it, on air too
		p.moment(rec).Trap = err.Error()
	}
	return nil
}

func (p *player) hear(ctx context.Context, events []event.Event) error {
	reactions, err := p.guest.HandleBatch(ctx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		p.remember(*e.Data.(*abi.Recorded))
	}
	for i := range reactions {
		if rec, ok := p.find(reactions[i].Event); ok && rec.Seq() > p.take.Rehearsed {
			p.react(&reactions[i], rec, rec.Seq(), false)
		}
	}
	return nil
}

// remember keeps what may be spoken about: the slot does so across a swap, too.
func (p *player) remember(rec abi.Recorded) {
	p.heard = append(p.heard, rec)
	if n := len(p.heard); n > 4*aboutReach {
		p.heard = append(p.heard[:0], p.heard[n-aboutReach:]...)
	}
}

// react notes one reaction to rec with the event that it is about. The powers are those that it had at now.
func (p *player) react(r *plugin.Reaction, rec abi.Recorded, now uint64, again bool) {
	for len(p.changes) > 0 && p.changes[0].holds(now, again) {
		c := p.changes[0]
		p.gate.Change(c.Power, c.Granted, c.Ask, c.Limits)
		p.changes = p.changes[1:]
	}
	allowed := p.gate.Allows(r, rec.Time())
	if allowed && p.gate.Consults(r.Power) && !p.consented(r.Event) {
		return // as on air
	}
	if !allowed && p.gate.Asks(r.Power) {
		return // as on air
	}
	if about, ok := p.find(r.About); ok && r.About != 0 && r.About < r.Event {
		rec = about
	}
	switch {
	case !allowed:
		if m := p.moment(rec); !slices.Contains(m.Powers, r.Power) {
			m.Powers = append(m.Powers, r.Power)
		}
	case r.Cue.Verb != "":
		m := p.moment(rec)
		m.Now = append(m.Now, plugin.Tidy(r.Cue, p.take.Plugin))
	}
}

// consented reports whether a person allowed the next use of an event that was asked about.
func (p *player) consented(seq uint64) bool {
	if p.asked.Event != seq {
		p.asked = Allowed{Event: seq}
	}
	p.asked.Nth++
	return slices.Contains(p.take.Allowed, p.asked)
}

func (p *player) find(seq uint64) (abi.Recorded, bool) {
	n := len(p.heard)
	low := max(0, n-aboutReach-abi.MaxBatchEvents)
	i := low + sort.Search(n-low, func(i int) bool { return p.heard[low+i].Seq() >= seq })
	if i < n && p.heard[i].Seq() == seq {
		return p.heard[i], true
	}
	return nil, false
}
