package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

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
}

// Options of Play.
type Options struct {
	// Resync, if set, is asked before each event for the state of the show's plugin, which the other one then takes over:
	// a small difference does not make everything after it different.
	Resync func(ctx context.Context, e abi.Recorded) ([]byte, error)
}

// Play plays a take to a guest and gives each event that the take's plugin or the guest had something to say to, in
// order; and how many events the guest heard.
func (r *Recording) Play(ctx context.Context, t Take, g plugin.Guest, m *plugin.Manifest, o Options) (moments []Moment, events int, err error) {
	p := &player{guest: g, take: t, was: r.answersOf(t), may: map[string]bool{}, hears: map[event.Kind]bool{}, at: map[uint64]int{}}
	for _, c := range m.Capabilities {
		p.may[c.Name] = true
	}
	for _, k := range m.Subscribes {
		p.hears[k] = true
	}
	err = r.Each(func(rec abi.Recorded) error {
		kind := rec.EventKind()
		to, private := r.Private[rec.Seq()]
		if !t.Hears(rec.Seq(), kind) || private && to != (Address{t.Slot, t.Plugin}) {
			return nil
		}
		if len(p.was[rec.Seq()]) > 0 {
			p.moment(rec)
		}
		if !p.hears[kind] && !private {
			return nil
		}
		if o.Resync != nil {
			if err := p.flush(ctx); err != nil {
				return err
			}
			state, err := o.Resync(ctx, rec)
			if err != nil {
				return fmt.Errorf("before event %d: state of the show's plugin: %w", rec.Seq(), err)
			}
			if err := g.Restore(ctx, state); err != nil {
				return fmt.Errorf("before event %d: %w", rec.Seq(), err)
			}
		}
		return p.add(ctx, rec)
	})
	if err == nil {
		err = p.flush(ctx)
	}
	return p.moments, p.events, err
}

// answersOf are the cues that a take's plugin asked for, by the event that caused them.
func (r *Recording) answersOf(t Take) map[uint64][]cue.Cue {
	out := map[uint64][]cue.Cue{}
	for _, a := range r.Answers {
		if a.Cue.From == t.Plugin && a.To > t.After && (t.Until == 0 || a.To <= t.Until) {
			out[a.To] = append(out[a.To], a.Cue)
		}
	}
	return out
}

// player holds what Play knows between events.
type player struct {
	guest   plugin.Guest
	take    Take
	was     map[uint64][]cue.Cue
	may     map[string]bool
	hears   map[event.Kind]bool
	moments []Moment
	at      map[uint64]int // place in moments, by number of the event
	records []abi.Recorded // backing of batch
	batch   []event.Event
	events  int            // that the guest was given
	heard   []abi.Recorded // the last ones, for what is about an earlier event
}

// aboutReach is how far back a plugin's word about an earlier event is believed, as on air.
const aboutReach = 512

func (p *player) moment(rec abi.Recorded) *Moment {
	seq := rec.Seq()
	i, ok := p.at[seq]
	if !ok {
		i = len(p.moments)
		p.at[seq] = i
		p.moments = append(p.moments, Moment{Event: rec, Was: p.was[seq]})
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
	p.moment(rec).Trap = err.Error()
	return nil
}

func (p *player) hear(ctx context.Context, events []event.Event) error {
	reactions, err := p.guest.HandleBatch(ctx, events)
	if err != nil {
		return err
	}
	for _, e := range events {
		p.heard = append(p.heard, *e.Data.(*abi.Recorded))
	}
	if n := len(p.heard); n > 4*aboutReach {
		p.heard = append(p.heard[:0], p.heard[n-aboutReach:]...)
	}
	for i := range reactions {
		p.react(&reactions[i])
	}
	return nil
}

// react notes one reaction with the event that it is about.
func (p *player) react(r *plugin.Reaction) {
	rec, ok := p.find(r.Event)
	if !ok {
		return
	}
	if about, ok := p.find(r.About); ok && r.About != 0 && r.About < r.Event {
		rec = about
	}
	m := p.moment(rec)
	if !p.may[r.Power] {
		if !slices.Contains(m.Powers, r.Power) {
			m.Powers = append(m.Powers, r.Power)
		}
		return
	}
	if r.Cue.Verb != "" {
		m.Now = append(m.Now, plugin.Tidy(r.Cue, p.take.Plugin))
	}
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
