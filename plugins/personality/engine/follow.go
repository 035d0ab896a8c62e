package engine

import (
	"cmp"
	"slices"
	"strings"
)

// Bounds of what may come after a trigger.
const (
	maxFollowUps   = 4
	maxFollowAfter = 120_000 // ms
	maxPending     = 16
	maxKeptText    = 16 << 10 // bytes of a post; all that wait must fit into the state
)

// pending is a follow-up that waits for its time, with the event that its trigger fired on.
type pending struct {
	due int64
	id  uint64 // hash of the follow-up's id
	ev  Event
}

// plan notes the follow-ups of a trigger that fired. One that fires again begins anew: nobody wants to hear the end of
// an old story in the middle of the new one.
func (s *state) plan(t *trigger, ev *Event) {
	if len(t.then) == 0 {
		return
	}
	later := *ev
	later.Lot = cmp.Or(ev.Lot, s.lot.id) // what belongs to no lot ends with the one on the block as well
	later.Text = cut(ev.Text, maxKeptText)
	for _, f := range t.then {
		id := f.seed
		s.pending = slices.DeleteFunc(s.pending, func(p pending) bool { return p.id == id })
		if len(s.pending) < maxPending {
			s.pending = append(s.pending, pending{ev.At + f.after, id, later})
		}
	}
}

// followUp plays what is due, and reports whether any of it was spoken. What finds no time to be spoken waits for a
// while; what belongs to a lot that is not on the block any more is forgotten.
func (e *Engine) followUp(now *Event) (spoke bool) {
	if len(e.s.pending) == 0 {
		return false
	}
	waiting := e.s.pending
	e.s.pending = nil
	for i := range waiting {
		p := &waiting[i]
		f := e.p.follow[p.id]
		switch {
		case f == nil || !f.hears(p.ev.Kind) || e.s.movedOn(&p.ev):
			continue
		default:
			p.due = min(p.due, now.At+f.after) // a clock that was set back
		}
		switch {
		case now.At-p.due > heldFor:
		case now.At < p.due || len(f.say) > 0 && !e.mayTalk(f.priority, now):
			e.s.pending = append(e.s.pending, *p)
		default:
			spoke = e.playLater(f, p.ev, now.At) || spoke
		}
	}
	return spoke
}

// hears says whether a trigger listens to events of a kind.
func (t *trigger) hears(kind string) bool {
	return t.on == kind || t.on == Silence && kind == ClockTicked
}

// cut is the beginning of a text, as far as whole characters fit into so many bytes.
func cut(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "")
}

// movedOn says that another lot is on the block than the one an event was about.
func (s *state) movedOn(ev *Event) bool { return ev.Lot != "" && s.lot.id != "" && ev.Lot != s.lot.id }

// playLater plays a follow-up in the scope of the event that its trigger fired on, at the time that it is now.
func (e *Engine) playLater(f *trigger, ev Event, now int64) bool {
	ev.At = now
	e.scope = scope{e: &ev, s: e.s}
	became := speechless
	for how := novel; how <= reworded && became == speechless; how++ {
		became = e.play(f, &ev, how)
	}
	return became == talked
}

// pending writes a follow-up with all that its lines and conditions can see of its event.
func (w *writer) pending(p *pending) {
	w.ints(p.due)
	w.fixed(p.id)
	e := &p.ev
	for _, s := range e.texts() {
		w.text(*s)
	}
	w.fixed(e.Seq)
	for _, n := range e.numbers() {
		w.ints(*n)
	}
	for _, m := range e.sums() {
		w.money(*m)
	}
	for _, f := range e.flags() {
		w.flag(*f)
	}
	w.past(&e.past)
}

func (r *unwriter) pending(version byte) (p pending) {
	r.ints(&p.due)
	p.id = r.fixed()
	e := &p.ev
	for _, s := range e.texts() {
		*s = r.text()
	}
	e.Seq = r.fixed()
	for _, n := range e.numbers() {
		*n = r.varint()
	}
	for _, m := range e.sums() {
		*m = r.money()
	}
	for _, f := range e.flags() {
		*f = r.varint() == 1
	}
	if version > 2 {
		e.past = r.past()
	}
	r.bad = r.bad || !slices.Contains(kinds, e.Kind)
	return p
}

// The fields of an event, in the order in which they are saved; a test holds them against the type.

func (e *Event) texts() []*string {
	return []*string{&e.Kind, &e.Handle, &e.Rival, &e.PostID, &e.Text, &e.Intent, &e.Reason, &e.Lot, &e.Title, &e.Artist, &e.Name}
}

func (e *Event) numbers() []*int64 {
	return []*int64{&e.At, &e.Number, &e.Count, &e.Seconds, &e.SilentMS, &e.Busy, &e.Millis, &e.Sold, &e.Unsold}
}

func (e *Event) sums() []*Money {
	return []*Money{&e.Amount, &e.Minimum, &e.Previous, &e.Start, &e.Reserve, &e.Total}
}

func (e *Event) flags() []*bool { return []*bool{&e.ReserveMet, &e.Last, &e.Cut} }
