package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// saveVersion heads the state. A reader takes over older ones as well, and refuses newer ones.
const saveVersion = 3

// ErrState says that bytes are not a state this engine can take over.
var ErrState = errors.New("not a state of the personality interpreter")

// Save writes the whole state in a compact form. Lines, pools and triggers are named by hashes of their text, so a new
// version of the file, or another personality, takes over what still applies.
func (e *Engine) Save() []byte {
	w := writer{b: []byte{saveVersion}}
	s := e.s
	w.text(s.mood)
	w.ints(s.moodAt, s.sold, s.busy, s.secondsLeft, s.astray, s.talkUntil, s.lastSay, s.waiting, s.nextFace, s.nextGesture)
	w.flag(s.filling)
	w.held(&s.held)
	w.ints(s.bidRow)
	w.fixed(s.session)
	w.lot(&s.lot)
	w.ints(int64(len(s.said)))
	for _, h := range slices.Sorted(maps.Keys(s.said)) {
		w.fixed(h)
		w.ints(s.said[h])
	}
	w.people(&s.people)
	w.triggers(e.p)
	w.fragments(e.p)
	w.ints(s.rest, s.lift, s.liftAt, int64(len(s.pending)))
	for i := range s.pending {
		w.pending(&s.pending[i])
	}
	w.past(&s.held.past)
	return w.b
}

// Restore takes over what Save wrote. On an error the engine is as it was.
func (e *Engine) Restore(b []byte) error {
	r := &unwriter{b: b}
	version := r.byte()
	if version < 1 || version > saveVersion {
		return fmt.Errorf("version %d: %w", r.first(b), ErrState)
	}
	s := newState(e.p)
	s.mood = r.text()
	r.ints(&s.moodAt, &s.sold, &s.busy, &s.secondsLeft, &s.astray, &s.talkUntil, &s.lastSay, &s.waiting, &s.nextFace, &s.nextGesture)
	s.filling = r.varint() == 1
	r.held(&s.held)
	s.bidRow = r.varint()
	s.session = r.fixed()
	r.lot(&s.lot)
	for range r.count(maxSaid) {
		h := r.fixed()
		r.int64(func(at int64) { s.said[h] = at })
	}
	for range r.count(maxRegulars) {
		s.people.put(r.regular(version))
	}
	fired, told := r.triggers(), r.fragments()
	if version > 1 {
		r.ints(&s.rest, &s.lift, &s.liftAt)
		for range r.count(maxPending) {
			s.pending = append(s.pending, r.pending(version))
		}
	}
	if version > 2 {
		s.held.past = r.past()
	} else {
		s.guessPast()
	}
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%d bytes: %w", len(b), ErrState)
	}
	if e.p.moods[s.mood] == nil { // another personality's mood
		s.mood, s.moodAt = e.p.start, 0
	}
	s.rest = e.p.moods[s.mood].energy
	e.s = s
	e.adopt(fired, told)
	return nil
}

// guessPast takes for what was before an event what is so now; older states say no more.
func (s *state) guessPast() {
	s.held.past = s.past(&s.held)
	for i := range s.pending {
		s.pending[i].ev.past = s.past(&s.pending[i].ev)
	}
}

// fired is what is saved of a trigger; a follow-up has no rest.
type fired struct {
	last, lastReply int64
	onceAt          uint64
}

func (e *Engine) adopt(triggers map[uint64]fired, told map[uint64]int64) {
	for _, t := range e.p.triggers {
		f := triggers[t.seed]
		t.last, t.lastReply, t.onceAt = f.last, f.lastReply, f.onceAt
	}
	for f := range e.p.eachFragment() {
		f.last = told[f.id]
	}
}

// eachFragment goes through all lines of pools and triggers.
func (p *Personality) eachFragment() func(func(*fragment) bool) {
	return func(yield func(*fragment) bool) {
		for _, pl := range p.pools {
			for _, f := range pl.fragments {
				if !f.each(yield) {
					return
				}
			}
		}
		for t := range p.eachTrigger() {
			for _, f := range append(slices.Clone(t.say), t.reply...) {
				if !f.each(yield) {
					return
				}
			}
		}
	}
}

// eachTrigger goes through all triggers and their follow-ups.
func (p *Personality) eachTrigger() func(func(*trigger) bool) {
	return func(yield func(*trigger) bool) {
		for _, t := range p.triggers {
			if !yield(t) {
				return
			}
			for _, f := range t.then {
				if !yield(f) {
					return
				}
			}
		}
	}
}

// writer appends numbers as varints, hashes as eight bytes, texts with their length.
type writer struct{ b []byte }

func (w *writer) ints(vs ...int64) {
	for _, v := range vs {
		w.b = binary.AppendVarint(w.b, v)
	}
}

func (w *writer) fixed(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }

func (w *writer) text(s string) {
	w.ints(int64(len(s)))
	w.b = append(w.b, s...)
}

func (w *writer) money(m Money) {
	w.fixed(m.Gwei)
	w.text(m.Text)
}

func (w *writer) lot(l *lot) {
	for _, s := range []string{l.id, l.title, l.artist, l.leader, l.beforeLast} {
		w.text(s)
	}
	w.ints(l.number, l.bids)
	w.money(l.price)
	w.money(l.minimum)
	w.flag(l.reserveMet)
}

func (w *writer) flag(v bool) {
	if v {
		w.ints(1)
	} else {
		w.ints(0)
	}
}

// held is a bid: what its triggers can see of it.
func (w *writer) held(e *Event) {
	for _, s := range []string{e.Kind, e.Lot, e.Handle, e.Rival, e.PostID} {
		w.text(s)
	}
	w.fixed(e.Seq)
	w.ints(e.At, e.Count)
	for _, m := range []Money{e.Amount, e.Minimum, e.Previous} {
		w.money(m)
	}
	w.flag(e.ReserveMet)
}

// past is kept since the third version; what waits in an older state knows nothing of it.
func (w *writer) past(p *past) {
	w.regular(0, p.person)
	w.ints(p.length)
	w.flag(p.comeback)
	w.flag(p.reserveJustMet)
}

func (w *writer) regular(k uint32, r regular) {
	w.ints(int64(k), int64(r.met), int64(r.bids), int64(r.misses), int64(r.wins), r.seen, int64(r.sessions))
	w.fixed(r.session)
}

func (w *writer) triggers(p *Personality) {
	n := 0
	for _, t := range p.triggers {
		if t.last != 0 || t.lastReply != 0 {
			n++
		}
	}
	w.ints(int64(n))
	for _, t := range p.triggers {
		if t.last != 0 || t.lastReply != 0 {
			w.fixed(t.seed)
			w.ints(t.last, t.lastReply)
			w.fixed(t.onceAt)
		}
	}
}

func (w *writer) fragments(p *Personality) {
	told := map[uint64]int64{}
	for f := range p.eachFragment() {
		if f.last != 0 {
			told[f.id] = max(told[f.id], f.last)
		}
	}
	w.ints(int64(len(told)))
	for _, id := range slices.Sorted(maps.Keys(told)) {
		w.fixed(id)
		w.ints(told[id])
	}
}

// maxSavedText is more than any text of an event has.
const maxSavedText = 1 << 20

// unwriter reads what writer wrote; after the first fault everything it gives is zero.
type unwriter struct {
	b   []byte
	bad bool
}

func (r *unwriter) first(b []byte) int {
	if len(b) == 0 {
		return -1
	}
	return int(b[0])
}

func (r *unwriter) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *unwriter) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *unwriter) fixed() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *unwriter) varint() int64 {
	v, n := binary.Varint(r.b)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *unwriter) ints(to ...*int64) {
	for _, p := range to {
		*p = r.varint()
	}
}

func (r *unwriter) int64(to func(int64)) {
	if v := r.varint(); !r.bad {
		to(v)
	}
}

// count reads a length that is at most limit.
func (r *unwriter) count(limit int64) int64 {
	n := r.varint()
	if n < 0 || n > limit {
		r.bad = true
		return 0
	}
	return n
}

func (r *unwriter) text() string { return string(r.take(int(r.count(maxSavedText)))) }

func (r *unwriter) money() Money { return Money{Gwei: r.fixed(), Text: r.text()} }

func (r *unwriter) lot(l *lot) {
	for _, s := range []*string{&l.id, &l.title, &l.artist, &l.leader, &l.beforeLast} {
		*s = r.text()
	}
	r.ints(&l.number, &l.bids)
	l.price, l.minimum = r.money(), r.money()
	l.reserveMet = r.varint() == 1
}

// regular reads a person; the first version knew nothing of sessions.
func (r *unwriter) regular(version byte) (uint32, regular) {
	var k, met, bids, misses, wins, seen, sessions int64
	r.ints(&k, &met, &bids, &misses, &wins, &seen)
	out := regular{met: uint32(met), bids: uint32(bids), misses: uint32(misses), wins: uint32(wins), seen: seen}
	if version > 1 {
		r.ints(&sessions)
		out.sessions, out.session = uint32(sessions), r.fixed()
	}
	return uint32(k), out
}

func (r *unwriter) past() (p past) {
	_, p.person = r.regular(saveVersion)
	r.ints(&p.length)
	p.comeback, p.reserveJustMet = r.varint() == 1, r.varint() == 1
	return p
}

func (r *unwriter) held(e *Event) {
	for _, s := range []*string{&e.Kind, &e.Lot, &e.Handle, &e.Rival, &e.PostID} {
		*s = r.text()
	}
	e.Seq = r.fixed()
	r.ints(&e.At, &e.Count)
	for _, m := range []*Money{&e.Amount, &e.Minimum, &e.Previous} {
		*m = r.money()
	}
	e.ReserveMet = r.varint() == 1
	if e.Kind != "" && e.Kind != BidAccepted {
		r.bad = true
	}
}

func (r *unwriter) triggers() map[uint64]fired {
	out := map[uint64]fired{}
	for range r.count(maxTriggers * (1 + maxFollowUps)) {
		id := r.fixed()
		var f fired
		r.ints(&f.last, &f.lastReply)
		f.onceAt = r.fixed()
		out[id] = f
	}
	return out
}

func (r *unwriter) fragments() map[uint64]int64 {
	out := map[uint64]int64{}
	for range r.count(maxFile) { // no file has as many parts of lines
		id := r.fixed()
		r.int64(func(at int64) { out[id] = at })
	}
	return out
}
