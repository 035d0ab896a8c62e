package engine

import (
	"fmt"
	"strings"
	"testing"
)

// tickAt is a second of a show in which nobody speaks and no lot is open.
func tickAt(second int64) Event { return at(second, Event{Kind: ClockTicked, Seconds: -1}) }

// on gives the events to e at their seconds, numbered on from a number, and what it did as script tells it.
func on(e *Engine, from uint64, events ...Event) string {
	var b strings.Builder
	for i := range events {
		ev := events[i]
		ev.Seq, ev.At = from+uint64(i), ev.At*1000+1_000_000
		for _, c := range e.Handle(&ev) {
			fmt.Fprintf(&b, "%d %s\n", (ev.At-1_000_000)/1000, describe(c))
		}
	}
	return b.String()
}

// TestFirstMoodLasts: what it begins with fades as any mood does, not before anybody saw it.
func TestFirstMoodLasts(t *testing.T) {
	p, err := Parse("f", []byte(strings.Replace(small, "moods:", "start: excited\nmoods:", 1)+"- {id: a, on: lot.paused, gesture: nod}\n"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, on(New(p), 1, tickAt(0), tickAt(4), tickAt(5)), "0 mood excited", "0 express excited", "5 mood calm", "5 express neutral")
}

// TestMoodFadesAcrossASwap: a successor shows the mood anew, and lets it end when its predecessor would have.
func TestMoodFadesAcrossASwap(t *testing.T) {
	const triggers = "- {id: a, on: lot.paused, mood: excited}\n"
	a, b := engineOf(t, triggers), engineOf(t, triggers)
	on(a, 1, at(0, Event{Kind: LotPaused}))
	if err := b.Restore(a.Save()); err != nil {
		t.Fatal(err)
	}
	expect(t, on(b, 2, tickAt(4), tickAt(5)), "4 mood excited", "4 express excited", "5 mood calm", "5 express neutral")
}

// TestClockSetBackForgetsNoLine: what was said before the clock was set back an hour is not unsayable for an hour.
func TestClockSetBackForgetsNoLine(t *testing.T) {
	e := engineOf(t, "- {id: a, on: lot.paused, say: \"a line that people would know again\"}\n")
	paused := Event{Kind: LotPaused}
	expect(t, script(e, at(7200, paused), at(3600, paused), at(3700, paused)),
		"7200 say calm A line that people would know again", "3600 say calm A line that people would know again")
}

// TestPartsAreSayableAfterClockSetBack is the same for parts of lines.
func TestPartsAreSayableAfterClockSetBack(t *testing.T) {
	p, err := Parse("f", []byte(strings.Replace(small, "triggers:", "pools: {part: [these words are long enough to be known]}\ntriggers:", 1)+
		"- {id: a, on: lot.paused, say: \"one: <part>\"}\n- {id: b, on: lot.resumed, say: [\"two: <part>\"]}\n- {id: c, on: lot.resumed, say: other}\n"))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, script(New(p), at(7200, Event{Kind: LotPaused}), at(3600, Event{Kind: LotResumed})),
		"7200 say calm One: these words are long enough to be known", "3600 say calm Two: these words are long enough to be known")
}

// TestNewcomersAreKnownAfterClockSetBack: a memory full of people of a later hour has room for those of now.
func TestNewcomersAreKnownAfterClockSetBack(t *testing.T) {
	e := engineOf(t, "- {id: a, on: post.received, when: met == 1, gesture: nod}\n")
	for i := range int64(maxRegulars) {
		on(e, 1, at(7200+i, Event{Kind: PostReceived, Handle: fmt.Sprint("u", i)}))
	}
	got := on(e, 1000, at(60, Event{Kind: PostReceived, Handle: "ann"}), at(61, Event{Kind: PostReceived, Handle: "bob"}), at(70, Event{Kind: PostReceived, Handle: "ann"}))
	if got != "70 gesture nod\n" {
		t.Errorf("got %q, want ann to be known again", got)
	}
}

// TestFollowUpAfterClockSetBack: what was to come in some seconds does not come in an hour.
func TestFollowUpAfterClockSetBack(t *testing.T) {
	e := engineOf(t, "- {id: a, on: lot.paused, then: {after: 4s, gesture: nod}}\n")
	expect(t, script(e, at(3600, Event{Kind: LotPaused}), tickAt(0), tickAt(3), tickAt(4), tickAt(8)), "4 gesture nod")
}

// TestLateBidIsSpokenOfAsItWas: facts about a person are what they did before the bid, and who led is who led before it,
// also when there was no time to speak of it at once.
func TestLateBidIsSpokenOfAsItWas(t *testing.T) {
	for when, want := range map[string]bool{
		"bids_by == 0": true, "bids_by == 1": false, "handle == leader": false, "leader == rival": true, "reserve_just_met": true, "comeback": false,
	} {
		e := engineOf(t, "- {id: b, on: bid.accepted, when: "+when+", say: [\"{{handle}} bids\", \"{{handle}} bids as well\"]}\n")
		ann, bob := bidOf(0, "ann"), bidOf(3, "bob")
		bob.Rival, bob.ReserveMet = "ann", true
		got := script(e, ann, at(1, Event{Kind: SpeechStarted, Millis: 7000}), bob, at(8, Event{Kind: SpeechEnded}))
		if strings.Contains(got, "8 say calm bob") != want {
			t.Errorf("when: %s spoke of the late bid: %v, want %v\n%s", when, !want, want, got)
		}
	}
}

// TestLateComeback: being back is as true some seconds later, also when another personality has taken over meanwhile.
func TestLateComeback(t *testing.T) {
	const triggers = "- {id: b, on: bid.accepted, when: comeback and bids_by == 1, say: \"{{handle}} is back\"}\n"
	e := engineOf(t, triggers)
	on(e, 1, bidOf(0, "ann"), bidOf(1, "bob"), at(1, Event{Kind: SpeechStarted, Millis: 7000}), bidOf(3, "ann"))
	next := engineOf(t, triggers)
	if err := next.Restore(e.Save()); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*Engine{"the same": e, "a successor": next} {
		if got := on(e, 5, at(8, Event{Kind: SpeechEnded})); !strings.Contains(got, "8 say calm ann is back") {
			t.Errorf("%s said %q", name, got)
		}
	}
}

// TestFollowUpSeesTheEvent: also what its people had done before it.
func TestFollowUpSeesTheEvent(t *testing.T) {
	e := engineOf(t, "- {id: b, on: bid.accepted, then: [{after: 2s, when: bids_by == 0, gesture: nod}, {after: 2s, when: bids_by > 0, gesture: shake}]}\n")
	expect(t, script(e, bidOf(0, "ann"), at(2, Event{Kind: ClockTicked, Lot: "l"})), "2 gesture nod")
}

// TestAnotherLotEndsWhatAPostBegan: a post belongs to the lot that it came on.
func TestAnotherLotEndsWhatAPostBegan(t *testing.T) {
	const triggers = "- {id: p, on: post.received, then: {after: 4s, gesture: nod}}\n"
	open := Event{Kind: LotOpened, Lot: "m"}
	post := at(1, Event{Kind: PostReceived, Handle: "ann"})
	expect(t, script(engineOf(t, triggers), Event{Kind: LotOpened, Lot: "l"}, post, at(2, open), at(5, Event{Kind: ClockTicked, Lot: "m"})))
	expect(t, script(engineOf(t, triggers), post, at(2, open), at(5, Event{Kind: ClockTicked, Lot: "m"})), "5 gesture nod")
}

// TestFollowUpOfAnotherVersion: a trigger that listens to something else by now has nothing to do with what is pending.
func TestFollowUpOfAnotherVersion(t *testing.T) {
	a := engineOf(t, "- {id: x, on: lot.paused, then: {after: 4s, gesture: nod}}\n")
	on(a, 1, at(0, Event{Kind: LotPaused}))
	b := engineOf(t, "- {id: x, on: lot.closing, then: {after: 4s, say: \"{{seconds}} seconds\"}}\n")
	if err := b.Restore(a.Save()); err != nil {
		t.Fatal(err)
	}
	if got := on(b, 2, tickAt(4)); strings.Contains(got, "say") {
		t.Errorf("said of a pause: %s", got)
	}
	c := engineOf(t, "- {id: x, on: silence, then: {after: 4s, gesture: nod}}\n")
	quiet := tickAt(9)
	quiet.SilentMS = 9000
	if got := on(c, 1, quiet, tickAt(13)); !strings.Contains(got, "13 gesture nod") {
		t.Errorf("a silence has no follow-up: %s", got)
	}
}

// TestLongPostInAFollowUp: a state that holds it can be taken over.
func TestLongPostInAFollowUp(t *testing.T) {
	const triggers = "- {id: p, on: post.received, then: {after: 4s, when: 'length == 25000', gesture: nod}}\n"
	a, b := engineOf(t, triggers), engineOf(t, triggers)
	on(a, 1, at(0, Event{Kind: PostReceived, Handle: "ann", Text: strings.Repeat("長", 25_000)}))
	if err := b.Restore(a.Save()); err != nil {
		t.Fatal(err)
	}
	if got := on(b, 2, tickAt(4)); !strings.Contains(got, "nod") {
		t.Errorf("got %q", got)
	}
}

// TestReplyWithoutAnEmptySlot: a line that has nothing to say is not chosen, of answers neither.
func TestReplyWithoutAnEmptySlot(t *testing.T) {
	for seq := range uint64(20) {
		e := engineOf(t, "- {id: q, on: post.received, reply: [\"{{leader}} leads\", \"{{price}} it is\", \"nobody yet\"]}\n")
		if got := on(e, seq, at(0, Event{Kind: PostReceived, Handle: "ann", PostID: "p"})); !strings.Contains(got, "reply p Nobody yet") {
			t.Fatalf("event %d: %s", seq, got)
		}
	}
}

// TestWhatIsNotKnownIsNotSaid: an amount that could not be read falls short of nothing, and a first bid raises nothing.
func TestWhatIsNotKnownIsNotSaid(t *testing.T) {
	e := engineOf(t, `
- {id: r, on: bid.refused, say: "{{short}} more"}
- {id: none, on: bid.refused, say: no amount}
- {id: a, on: bid.accepted, say: "up {{raise}}"}
- {id: first, on: bid.accepted, say: the first}
`)
	expect(t, script(e, Event{Kind: BidRefused, Handle: "ann", Minimum: gwei(500), Reason: "bad_format"}, at(60, Event{Kind: BidAccepted, Lot: "l", Handle: "ann", Amount: gwei(500)})),
		"0 say calm No amount", "60 say calm The first")
}

// TestAfterTheHammer: no lot is open and no second is left; a session says itself how many were sold.
func TestAfterTheHammer(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: session.closed, when: not open and seconds_left == -1 and sold == 5, say: "{{sold}} sold"}
`)
	expect(t, script(e, Event{Kind: LotOpened, Lot: "l"}, at(1, Event{Kind: ClockTicked, Lot: "l", Seconds: 9}), at(10, Event{Kind: LotSold, Lot: "l", Handle: "ann"}), at(11, Event{Kind: SessionClosed, Sold: 5})),
		"11 say calm 5 sold")
}

// TestOnePersonInWhateverCase: X knows one account by a handle, however it is written.
func TestOnePersonInWhateverCase(t *testing.T) {
	e := engineOf(t, `
- {id: known, on: post.received, when: 'met == 1 and handle == "ANN" and handle in ("bob", "aNN")', gesture: nod}
- {id: back, on: bid.accepted, when: comeback, gesture: wave}
`)
	bid := func(at int64, who string) Event {
		return Event{Kind: BidAccepted, Lot: "l", Handle: who, Amount: gwei(1000), At: at}
	}
	expect(t, script(e, Event{Kind: PostReceived, Handle: "Ann"}, at(5, Event{Kind: PostReceived, Handle: "ann"}), bid(10, "Ann"), bid(11, "ann"), bid(12, "Ann")), "5 gesture nod")
}

// TestKnownByOlderVersions: those who were remembered by their handle as it was written are not strangers now.
func TestKnownByOlderVersions(t *testing.T) {
	e := engineOf(t, "- {id: known, on: post.received, when: wins_by == 2, gesture: nod}\n")
	w := writer{b: []byte{keptVersion}}
	w.ints(1)
	w.regular(uint32(hash(hashSeed, "VitalikB")), regular{wins: 2, seen: 1})
	if err := e.Recall(w.b); err != nil {
		t.Fatal(err)
	}
	got := on(e, 1, at(0, Event{Kind: PostReceived, Handle: "VitalikB"}), at(5, Event{Kind: PostReceived, Handle: "vitalikb"}))
	if strings.Count(got, "nod") != 2 || len(e.s.people.known) != 1 {
		t.Errorf("got %q and knows %d people", got, len(e.s.people.known))
	}
}

// TestHandlesOfEveryKind: what X does not allow in one, what deceives or offends is not said, whatever it is.
func TestHandlesOfEveryKind(t *testing.T) {
	for handle, want := range map[string]string{
		"ann": "ann", "ANN_B": "ANN B", "_a__b_": "a b", "123": "123", "": "", "___": "our guest", "שלום": "our guest", "ann🚀": "our guest", "a\u0301nn": "our guest", "\u202eann": "our guest",
		"аnn": "our guest", "ann\u200b": "our guest", "{{handle}}": "our guest", "<wow>": "our guest", "@ann": "our guest", "ann bob": "our guest", strings.Repeat("a", 21): "our guest", "f_u_c_k": "our guest", "5h1t": "our guest",
	} {
		if got := (&state{stranger: "our guest"}).called(handle); got != want {
			t.Errorf("%q is called %q, want %q", handle, got, want)
		}
	}
}

// TestEnergyStaysWithinItsBounds: however much is given or taken, and what was too much does not wait to be used up.
func TestEnergyStaysWithinItsBounds(t *testing.T) {
	e := engineOf(t, "- {id: up, on: lot.opened, energy: 100}\n- {id: down, on: lot.paused, energy: -100}\n- {id: same, on: lot.resumed, when: energy == 0, gesture: nod}\n")
	opened, paused := Event{Kind: LotOpened, Lot: "l"}, Event{Kind: LotPaused}
	var told []int64
	for i, ev := range []Event{opened, opened, opened, paused, paused, paused, {Kind: LotResumed}, opened} {
		ev.Seq, ev.At = uint64(i+1), 1_000_000
		for _, c := range e.Handle(&ev) {
			if c.Verb == Mood {
				told = append(told, c.Value)
			}
			if ev.Kind == LotResumed && c.Verb != Gesture {
				t.Errorf("it tells %+v", c)
			}
		}
	}
	if want := "[20 100 100 100 20 0 0 20]"; fmt.Sprint(told) != want {
		t.Errorf("the stage is told %v, want %s", told, want)
	}
}

// TestStateOfTheSecondVersion: what waits in it knows of its people what is known of them now.
func TestStateOfTheSecondVersion(t *testing.T) {
	const triggers = "- {id: a, on: bid.accepted, then: {after: 4s, when: bids_by == 1, gesture: nod}}\n"
	a, b := engineOf(t, triggers), engineOf(t, triggers)
	on(a, 1, bidOf(0, "ann"))
	var none writer
	none.past(&past{})
	var held writer
	held.past(&a.s.pending[0].ev.past)
	state := a.Save()
	state = state[:len(state)-len(none.b)-len(held.b)] // that of the held bid, and that of the follow-up before it
	state[0] = 2
	if err := b.Restore(state); err != nil {
		t.Fatal(err)
	}
	if got := on(b, 2, at(4, Event{Kind: ClockTicked, Lot: "l"})); !strings.Contains(got, "nod") {
		t.Errorf("got %q", got)
	}
}

// TestTriggerNamedLikeAFollowUp keeps its rest across a swap.
func TestTriggerNamedLikeAFollowUp(t *testing.T) {
	const triggers = "- {id: a/1, on: lot.resumed, cooldown: 100s, gesture: wave}\n- {id: a, on: lot.paused, then: {after: 2s, gesture: nod}}\n"
	a, b := engineOf(t, triggers), engineOf(t, triggers)
	on(a, 1, at(0, Event{Kind: LotPaused}), tickAt(5), at(10, Event{Kind: LotResumed}), at(90, Event{Kind: LotPaused}), tickAt(92))
	if err := b.Restore(a.Save()); err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]*Engine{"the same": a, "a successor": b} {
		if got := on(e, 6, at(112, Event{Kind: LotResumed})); !strings.Contains(got, "wave") {
			t.Errorf("%s: %q, want a wave after 102 s", name, got)
		}
	}
}
