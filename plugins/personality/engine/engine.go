package engine

import (
	"strings"
	"unicode/utf8"
)

// Pacing of the talk, in milliseconds. A line is asked for a little before the last one ends, for it takes a moment to voice.
const (
	breath     = 250  // between two lines
	bidAhead   = 1500 // a bid may be asked for this long before the current line ends
	chatAhead  = 300
	lostLine   = 1500 // a line that has not begun by then, in silence, was dropped
	faceEvery  = 1200
	gestureGap = 900
	attempts   = 12   // throws for a line that was not said lately
	heldFor    = 6000 // a bid that there was no time to speak of is worth a line for this long
	bidsInRow  = 3    // after so many bids, somebody else gets a word in
)

// Engine runs one personality.
type Engine struct {
	p     *Personality
	s     *state
	out   []Command
	scope scope
	told  telling
	seq   uint64     // of the event being handled
	mute  []*trigger // which are to be played on it, for want of something new to say
	late  int64      // when the event in scope came, if it is the one that was held; all but the words was done then
}

// New starts p in its first mood.
func New(p *Personality) *Engine {
	e := &Engine{p: p, s: newState(p)}
	e.told.memory, e.told.longest = p.memory, p.longest
	return e
}

// Handle hears one event and returns what the personality asks for; the slice is valid until the next call.
func (e *Engine) Handle(ev *Event) []Command {
	e.out, e.seq = e.out[:0], ev.Seq
	e.s.before(ev)
	ev.past = e.s.past(ev)
	e.settleMood(ev.At)
	spoke := e.catchUp(ev)
	spoke = e.followUp(ev) || spoke
	e.scope = scope{e: ev, s: e.s}
	spoke = e.fire(ev, ev.Kind) || spoke
	if ev.Kind == ClockTicked && !spoke && e.silentLong(ev) {
		e.fire(ev, Silence)
	}
	e.s.after(ev)
	return e.out
}

// catchUp speaks of the last bid when there was no time to when it came, and now there is. A newer bid is better news.
// It leads by now, and is spoken of as it came: somebody else did.
func (e *Engine) catchUp(now *Event) bool {
	switch last := &e.s.held; {
	case last.Kind == "" || !e.mayTalk(bidPriority, now) || e.s.bidRow >= bidsInRow:
		return false
	case now.Kind == BidAccepted || last.Lot != e.s.lot.id || now.At-last.At > heldFor:
		*last = Event{}
		return false
	}
	held := e.s.held
	e.late, e.s.held, held.At = held.At, Event{}, now.At
	e.scope = scope{e: &held, s: e.s}
	leader := e.s.lot.leader
	e.s.lot.leader = held.Rival
	spoke := e.fire(&held, BidAccepted)
	e.late, e.s.lot.leader = 0, leader
	return spoke
}

func (e *Engine) silentLong(ev *Event) bool {
	return ev.SilentMS >= e.p.silence && ev.At-e.s.lastSay >= lostLine
}

// settleMood shows the mood to a stage that has not seen it yet, and lets it fade.
func (e *Engine) settleMood(now int64) {
	if e.s.moodAt == 0 {
		e.s.moodAt = now // the mood that it begins with begins now
	}
	m := e.p.moods[e.s.mood]
	if m.decayTo != "" && now-e.s.moodAt >= m.decayAfter {
		e.setMood(m.decayTo, now, "decay")
	} else if !e.s.shown {
		e.comeInto(now, "start")
	}
	e.fade(now)
}

func (e *Engine) setMood(name string, now int64, why string) {
	changed := name != e.s.mood || !e.s.shown
	e.s.mood, e.s.moodAt = name, now
	if changed {
		e.comeInto(now, why)
	}
}

// comeInto shows the stage the mood that it is in, and the face that goes with it.
func (e *Engine) comeInto(now int64, why string) {
	m := e.p.moods[e.s.mood]
	e.s.rest, e.s.shown = m.energy, true
	e.showMood(now, why)
	e.out = append(e.out, Command{Verb: Express, Name: m.expression, Why: why})
}

// fire runs the triggers of a kind in their order and reports whether one of them spoke. Those that find nothing new to
// say let the others have their turn; when none of these fires, they are content with less that is new.
func (e *Engine) fire(ev *Event, kind string) (said bool) {
	e.mute = append(e.mute[:0], e.p.byKind[kind]...)
	for how := novel; how <= reworded; how++ {
		waiting := e.mute
		e.mute = e.mute[:0]
		for _, t := range waiting {
			switch became := e.play(t, ev, how); {
			case became == speechless:
				e.mute = append(e.mute, t)
			case became != rested:
				said = said || became == talked
				if !t.more {
					return said
				}
			}
		}
	}
	return said
}

// novelty is how new a line must be.
type novelty uint8

const (
	novel    novelty = iota // no part of it was said lately that people would know again
	composed                // its parts were not said lately in this order
	reworded                // it does not read as one that was said lately; what is in its slots may make the difference
)

// outcome is what became of a trigger on an event.
type outcome uint8

const (
	rested     outcome = iota // it is not for this event, or not for now
	speechless                // it has nothing to say that was not said lately, and did nothing
	acted                     // it fired without a word
	talked
)

// play does what a trigger asks for on the event in scope.
func (e *Engine) play(t *trigger, ev *Event, how novelty) outcome {
	d := dice(ev.Seq ^ t.seed)
	if !e.ready(t, ev, &d) {
		return rested
	}
	if len(t.say) > 0 && !e.mayTalk(t.priority, ev) {
		if ev.Kind == BidAccepted {
			e.s.held = *ev
		}
		e.react(t, ev, false)
		e.answer(t, &d, ev)
		return acted
	}
	text, ok := e.line(t.say, &d, ev.At, how)
	if len(t.say) > 0 && !ok {
		return speechless
	}
	t.last, t.onceAt = ev.At, e.s.occasion(t.once)
	e.liven(t, ev.At)
	e.react(t, ev, true)
	if ok {
		e.say(t, text, ev)
	}
	e.answer(t, &d, ev)
	e.s.plan(t, ev)
	if ok {
		return talked
	}
	return acted
}

// ready reports whether a trigger may fire on the event in scope.
func (e *Engine) ready(t *trigger, ev *Event, d *dice) bool {
	switch {
	case e.late != 0 && (len(t.say) == 0 || t.last == e.late):
		return false
	case t.last != 0 && within(t.cooldown, t.last, ev.At):
		return false
	case t.once != "" && t.last != 0 && t.onceAt == e.s.occasion(t.once):
		return false
	case t.when != nil && !t.when(&e.scope):
		return false
	default:
		return t.chance == 100 || int64(d.below(100)) < t.chance
	}
}

// within reports whether two moments are less than a span apart, whichever is the later: a clock may be set back.
func within(span, a, b int64) bool { return max(b-a, a-b) < span }

// mayTalk keeps the personality from talking faster than it can be heard. What is said about a lot is never held back,
// and a bid need not wait for the end of a story.
func (e *Engine) mayTalk(priority int64, ev *Event) bool {
	left := e.s.talkUntil - ev.At
	switch {
	case priority >= lotPriority:
		return e.s.waiting <= 2
	case e.s.waiting > 0:
		return false
	case priority >= bidPriority:
		return left <= bidAhead || e.s.filling
	case priority >= chatPriority:
		return left <= chatAhead
	default:
		return left <= 0
	}
}

// react shows the trigger on the face, at once; a busy face is left alone unless it matters. Moods come with words.
func (e *Engine) react(t *trigger, ev *Event, talks bool) {
	if t.mood != "" && talks {
		e.setMood(t.mood, ev.At, t.id)
	}
	grave := t.priority >= lotPriority
	if t.express != "" && (grave || ev.At >= e.s.nextFace) {
		e.s.nextFace = ev.At + faceEvery
		e.out = append(e.out, Command{Verb: Express, Name: t.express, Value: t.hold, Why: t.id})
	}
	if t.gesture != "" && (grave || ev.At >= e.s.nextGesture) {
		e.s.nextGesture = ev.At + gestureGap
		e.out = append(e.out, Command{Verb: Gesture, Name: t.gesture, Why: t.id})
	}
	if t.sound != "" && e.late == 0 {
		e.out = append(e.out, Command{Verb: Sound, Name: t.sound, Why: t.id})
	}
}

func (e *Engine) say(t *trigger, text string, ev *Event) {
	e.s.bidRow++
	if t.on != BidAccepted {
		e.s.bidRow = 0
	} else {
		e.s.held = Event{}
	}
	e.out = append(e.out, Command{Verb: Say, Name: e.s.mood, Text: text, Value: t.priority, Why: t.id, About: e.about(ev)})
	e.s.talk(ev.At, characters(text)*1000/e.p.rate+breath, t.priority)
}

// about names the event that a line is about, when it is one that was held and not the one being handled.
func (e *Engine) about(ev *Event) uint64 {
	if ev.Seq == e.seq {
		return 0
	}
	return ev.Seq
}

// answer replies to the post behind the event, whether or not there is time to speak.
func (e *Engine) answer(t *trigger, d *dice, ev *Event) {
	if e.late != 0 || len(t.reply) == 0 || ev.PostID == "" || t.lastReply != 0 && within(t.cooldown, t.lastReply, ev.At) {
		return
	}
	if text, ok := e.choose(t.reply, d, ev.At, e.compose); ok { // two people may well get the same answer
		t.lastReply = ev.At
		e.keep()
		e.out = append(e.out, Command{Verb: Reply, Name: ev.PostID, Text: text, Why: t.id, About: e.about(ev)})
	}
}

// line makes a line that was not said within the memory, if one can be found.
func (e *Engine) line(from []*fragment, d *dice, now int64, how novelty) (string, bool) {
	if len(from) == 0 {
		return "", false
	}
	return e.choose(from, d, now, func(f *fragment) (string, bool) { return e.try(f, how) })
}

// choose throws the dice for a line that can be made.
func (e *Engine) choose(from []*fragment, d *dice, now int64, made func(*fragment) (string, bool)) (string, bool) {
	e.aim(d, now)
	for range attempts {
		if text, ok := made(e.told.pick(from)); ok {
			return text, true
		}
	}
	first := d.below(len(from))
	for i := range from { // luck did not help: look at each
		if text, ok := made(from[(first+i)%len(from)]); ok {
			return text, true
		}
	}
	return "", false
}

// try makes one line of f and keeps it in memory when it is new.
func (e *Engine) try(f *fragment, how novelty) (string, bool) {
	text, ok := e.compose(f)
	if !ok || e.told.stale && how == novel {
		return "", false
	}
	made, reads := e.told.id, hash(hashSeed, text)
	if how == reworded {
		made = reads
	}
	if !e.s.remember(made, reads, e.told.now, e.p.memory) {
		return "", false
	}
	e.keep()
	return text, true
}

func (e *Engine) aim(d *dice, now int64) {
	e.told.scope, e.told.dice, e.told.now = &e.scope, d, now
}

// compose writes f out; false when a slot has nothing to say or the line is too long.
func (e *Engine) compose(f *fragment) (string, bool) {
	t := &e.told
	t.reset()
	t.picks = append(t.picks, f)
	t.tell(f)
	text := strings.TrimSpace(string(t.buf))
	return text, !t.empty && text != "" && characters(text) <= t.longest
}

// characters is how long a text is, in whatever script.
func characters(text string) int64 { return int64(utf8.RuneCountInString(text)) }

// keep notes that the parts of the line were used.
func (e *Engine) keep() {
	for _, p := range e.told.picks {
		p.last = e.told.now
	}
}
