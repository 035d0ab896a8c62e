package engine

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const afterBids = `
  - id: bid
    on: bid.accepted
    say: ["{{handle}} bids.", "{{handle}} bids as well."]
    then:
      - {after: 4s, when: leader == handle, say: ["Still {{handle}}."], gesture: nod}
      - {after: 60s, say: ["Long ago, {{handle}}."]}
`

func TestFollowUps(t *testing.T) {
	spoken := Event{Kind: SpeechStarted, Millis: 500}
	for name, c := range map[string]struct {
		events []Event
		want   string
	}{
		"comes when it is due": {
			[]Event{bidOf(0, "ann"), at(3, spoken), at(4, Event{Kind: ClockTicked, Lot: "l"})},
			"0 say ann bids.\n4 gesture nod\n4 say Still ann. (about event 1)\n",
		},
		"its condition is asked when it is due": {
			[]Event{bidOf(0, "ann"), at(2, spoken), bidOf(3, "bob"), at(6, spoken), at(7, Event{Kind: ClockTicked, Lot: "l"})},
			"0 say ann bids.\n3 say bob bids as well.\n7 gesture nod\n7 say Still bob. (about event 3)\n", // ann's began anew with bob's bid
		},
		"it waits for its turn to speak, but not for ever": {
			[]Event{bidOf(0, "ann"), at(1, Event{Kind: SpeechStarted, Millis: 9500}), at(4, Event{Kind: ClockTicked, Lot: "l"}), at(11, Event{Kind: ClockTicked, Lot: "l"})},
			"0 say ann bids.\n",
		},
		"another lot ends it": {
			[]Event{bidOf(0, "ann"), at(2, spoken), at(3, Event{Kind: LotOpened, Lot: "m"}), at(5, Event{Kind: ClockTicked, Lot: "m"})},
			"0 say ann bids.\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := script(engineOf(t, afterBids), c.events...); deeds(got) != c.want {
				t.Errorf("got\n%swant\n%s", deeds(got), c.want)
			}
		})
	}
}

func at(second int64, e Event) Event { e.At = second; return e }

func bidOf(second int64, handle string) Event {
	return Event{Kind: BidAccepted, At: second, Lot: "l", Handle: handle, Amount: gwei(1000), PostID: "p-" + handle}
}

// deeds leaves of a script what was done and said.
func deeds(script string) string {
	var out strings.Builder
	for line := range strings.Lines(script) {
		if strings.Contains(line, "say") || strings.Contains(line, "gesture") {
			out.WriteString(strings.Replace(line, "say calm ", "say ", 1))
		}
	}
	return out.String()
}

func TestFollowUpSurvivesASwap(t *testing.T) {
	a, b := engineOf(t, afterBids), engineOf(t, afterBids)
	script(a, bidOf(0, "ann"), at(3, Event{Kind: SpeechStarted, Millis: 500}))
	if err := b.Restore(a.Save()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Save(), b.Save()) {
		t.Error("the successor's state is another one")
	}
	ev := Event{Kind: ClockTicked, Lot: "l", Seq: 9, At: 1_004_000}
	var said string
	for _, c := range b.Handle(&ev) {
		if c.Verb == Say {
			said = c.Text
			if c.About != 1 {
				t.Errorf("it is about event %d, want the bid", c.About)
			}
		}
	}
	if said != "Still ann." {
		t.Errorf("said %q", said)
	}
}

// TestEveryFieldOfAnEventIsSaved: a field that is forgotten would change what a follow-up sees after a swap.
func TestEveryFieldOfAnEventIsSaved(t *testing.T) {
	var e Event
	listed := len(e.texts()) + len(e.numbers()) + len(e.sums()) + len(e.flags()) + 2 // and Seq and past
	if have := reflect.TypeFor[Event]().NumField(); listed != have {
		t.Errorf("%d fields are saved, an event has %d", listed, have)
	}
}

func TestEnergyIsGivenAndFades(t *testing.T) {
	e := engineOf(t, `
  - {id: bid, on: bid.accepted, energy: 40}
  - {id: tick, on: clock.ticked, when: energy > 40, gesture: bounce}
  - {id: calmer, on: clock.ticked, when: energy > 20, gesture: nod}
`)
	got := script(e, bidOf(0, "ann"), at(1, Event{Kind: ClockTicked, Lot: "l"}), at(21, Event{Kind: ClockTicked, Lot: "l"}), at(31, Event{Kind: ClockTicked, Lot: "l"}))
	if want := "1 gesture bounce\n21 gesture nod\n"; deeds(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	ev := bidOf(0, "bob")
	ev.Seq, ev.At = 9, 1_040_000
	if out := e.Handle(&ev); len(out) != 1 || out[0].Verb != Mood || out[0].Name != "calm" || out[0].Value != 60 {
		t.Errorf("the stage is told %+v; want a calm mood of 60", out)
	}
}

// TestStageSeesEnergyFade: what it was told when the energy was given is not how the mood is played for ever.
func TestStageSeesEnergyFade(t *testing.T) {
	e := engineOf(t, `
  - {id: bid, on: bid.accepted, energy: 40}
`)
	var got []int64
	for s := range int64(40) {
		ev := Event{Kind: ClockTicked, Lot: "l", Seconds: -1, Seq: uint64(s + 1), At: 1_000_000 + s*1000}
		if s == 0 {
			ev = bidOf(0, "ann")
			ev.Seq, ev.At = 1, 1_000_000
		}
		for _, c := range e.Handle(&ev) {
			if c.Verb == Mood {
				got = append(got, c.Value)
			}
		}
	}
	if want := []int64{20, 60, 50, 40, 30, 20}; !slices.Equal(got, want) {
		t.Errorf("the stage is told %v, want %v", got, want)
	}
}

func TestRegularsAreKnownAgain(t *testing.T) {
	const greets = `
  - {id: back, on: post.received, when: days_away >= 2 and sessions_by >= 1, say: ["{{handle}} is back."]}
  - {id: new, on: post.received, when: met == 0, say: ["Hello, {{handle}}."]}
`
	first := engineOf(t, greets)
	script(first, Event{Kind: SessionOpened, Name: "one"}, at(5, Event{Kind: PostReceived, Handle: "ann"}))
	later := engineOf(t, greets)
	if err := later.Recall(first.Regulars()); err != nil {
		t.Fatal(err)
	}
	got := script(later, Event{Kind: SessionOpened, Name: "two", At: 3 * 86400}, at(3*86400+5, Event{Kind: PostReceived, Handle: "ann"}), at(3*86400+15, Event{Kind: PostReceived, Handle: "bob"}))
	if !strings.Contains(got, "ann is back.") || !strings.Contains(got, "Hello, bob.") {
		t.Errorf("got %s", got)
	}
	before := later.Regulars()
	for _, b := range [][]byte{nil, {9}, {1}, {1, 4, 1}, append(bytes.Clone(before), 0)} {
		if err := later.Recall(b); err == nil || !bytes.Equal(before, later.Regulars()) {
			t.Errorf("%v: error %v", b, err)
		}
	}
}

// TestOlderStateIsTakenOver: a show that was saved by the program of before goes on.
func TestOlderStateIsTakenOver(t *testing.T) {
	old, err := Parse("test.yaml", []byte(small+afterBids))
	if err != nil {
		t.Fatal(err)
	}
	e := New(old)
	if err := e.Restore(stateV1()); err != nil {
		t.Fatal(err)
	}
	if e.s.mood != "excited" || e.s.rest != 90 || e.s.people.known[7].bids != 3 {
		t.Errorf("state %+v", e.s)
	}
}

// stateV1 is a state as the first version wrote it: one regular, nothing said.
func stateV1() []byte {
	w := writer{b: []byte{1}}
	w.text("excited")
	w.ints(1000, 1, 2, 3, 0, 4, 5, 0, 6, 7)
	w.flag(false)
	w.held(&Event{})
	w.ints(0)
	w.fixed(0)
	w.lot(&lot{})
	w.ints(0, 1, 7, 2, 3, 0, 1, 99) // nothing said; one regular: met 2, bids 3, wins 1, seen 99
	w.ints(0, 0)                    // no trigger fired, no line told
	return w.b
}
