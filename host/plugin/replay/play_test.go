package replay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// parrot says what it heard. It fails where told to, in whatever batch that is.
type parrot struct {
	plugin.Guest
	fails map[uint64]error
	say   func(e abi.Recorded) []plugin.Reaction
	state string
	heard []string
}

func (p *parrot) HandleBatch(_ context.Context, events []event.Event) (out []plugin.Reaction, err error) {
	for _, e := range events {
		if err := p.fails[e.Seq]; err != nil {
			return nil, err
		}
	}
	for _, e := range events {
		p.heard = append(p.heard, fmt.Sprintf("%d %s %s", e.Seq, e.Kind(), p.state))
		out = append(out, p.say(*e.Data.(*abi.Recorded))...)
	}
	return out, nil
}

func (p *parrot) Restore(_ context.Context, state []byte) error { p.state = string(state); return nil }

func say(to uint64, text string) plugin.Reaction {
	return plugin.Reaction{Event: to, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: text}}
}

func manifest() *plugin.Manifest {
	return &plugin.Manifest{ID: "new", Capabilities: []plugin.Capability{{Name: "say"}}, Subscribes: []event.Kind{"clock.ticked", "scene.shown"}}
}

func play(t *testing.T, take string, p *parrot, o Options) []Moment {
	t.Helper()
	r := night()
	tk, err := r.Find(take)
	if err != nil {
		t.Fatal(err)
	}
	moments, _, err := r.Play(t.Context(), tk, p, manifest(), o)
	if err != nil {
		t.Fatal(err)
	}
	return moments
}

func TestGuestHearsWhatTheTakeHeard(t *testing.T) {
	p := &parrot{say: func(e abi.Recorded) []plugin.Reaction { return []plugin.Reaction{say(e.Seq(), "eight")} }}
	moments := play(t, "ann", p, Options{})
	want := []string{"2 scene.shown ", "5 clock.ticked ", "7 plugin.timer_fired "} // not the tick before it came, not another's timer
	if diff := cmp.Diff(want, p.heard); diff != "" {
		t.Error(diff)
	}
	got := map[uint64]Verdict{}
	for _, m := range moments {
		got[m.Event.Seq()] = Compare(m)
	}
	if diff := cmp.Diff(map[uint64]Verdict{2: Speaks, 5: Same, 7: Speaks}, got); diff != "" {
		t.Error(diff)
	}
}

func TestFailuresAreMoments(t *testing.T) {
	p := &parrot{fails: map[uint64]error{5: errors.New("unreachable")}, say: func(e abi.Recorded) []plugin.Reaction { return nil }}
	moments := play(t, "ann", p, Options{})
	if len(moments) != 1 || moments[0].Trap != "unreachable" || Compare(moments[0]) != Trapped || len(p.heard) != 2 {
		t.Errorf("moments %+v, heard %v", moments, p.heard)
	}
	dead := &parrot{fails: map[uint64]error{5: plugin.ErrDead}, say: p.say}
	r := night()
	take, _ := r.Find("ann")
	if _, _, err := r.Play(t.Context(), take, dead, manifest(), Options{}); !errors.Is(err, plugin.ErrDead) {
		t.Errorf("a dead guest ends it: %v", err)
	}
}

func TestPowersThatItDoesNotHave(t *testing.T) {
	p := &parrot{say: func(e abi.Recorded) []plugin.Reaction {
		return []plugin.Reaction{{Event: e.Seq(), Power: "post", Cue: cue.Cue{Verb: cue.Post, Text: "hello"}}}
	}}
	r := Summarise(play(t, "bob", p, Options{}))
	if r.Powers["post"] != 1 || r.Verdicts[Silent] != 1 || len(r.Groups) != 1 || r.Groups[0].Rows[0].Was != "“seven”" || r.Groups[0].Rows[0].Now != "— silent" {
		t.Errorf("got %+v", r)
	}
}

func TestWhatIsAboutAnEarlierEventBelongsToIt(t *testing.T) {
	p := &parrot{say: func(e abi.Recorded) []plugin.Reaction {
		if e.Seq() != 5 {
			return nil
		}
		r := say(5, "late")
		r.About = 2
		return []plugin.Reaction{r}
	}}
	moments := play(t, "ann", p, Options{})
	if len(moments) != 2 || moments[0].Event.Seq() != 2 || len(moments[0].Now) != 1 || len(moments[1].Now) != 0 {
		t.Errorf("moments %+v", moments)
	}
}

// TestSilenceAboutWhatWasBeforeItsTime is a difference: the take's plugin knew of it by the state that it took over.
func TestSilenceAboutWhatWasBeforeItsTime(t *testing.T) {
	m := NewMaker("test", encode)
	for i, f := range []struct {
		cause uint64
		data  event.Data
	}{
		{0, show.Started{}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann"}},
		{0, show.Ticked{SecondsLeft: 9}}, // 3
		{0, show.PluginLoaded{Slot: "personality", Plugin: "bob", After: 3, State: "ab"}},
		{0, show.Ticked{SecondsLeft: 8}}, // 5
		{3, cue.Raised{Cue: cue.Cue{From: "bob", Verb: cue.Say, Text: "of nine"}}},
		{0, show.Stopped{}},
	} {
		m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1_790_000_000_000 + 20_000*int64(i)), Cause: f.cause, Data: f.data})
	}
	r := m.Recording()
	for _, c := range []struct {
		text string
		want Verdict
	}{{"of nine", Same}, {"", Silent}} {
		p := &parrot{say: func(e abi.Recorded) []plugin.Reaction {
			if c.text == "" {
				return nil
			}
			late := say(e.Seq(), c.text)
			late.About = 3
			return []plugin.Reaction{late}
		}}
		moments, _, err := r.Play(t.Context(), r.Takes[1], p, manifest(), Options{})
		if err != nil || len(moments) != 1 || Compare(moments[0]) != c.want {
			t.Errorf("%q: %+v, %v; want one moment, %s", c.text, moments, err, c.want)
		}
	}
}

// TestPerformGivesNobodyTheAnswersOfOthers: they are in the ledger as well, and are heard by who asked alone.
func TestPerformGivesNobodyTheAnswersOfOthers(t *testing.T) {
	g := &hearing{}
	var events []event.Event
	for i, d := range []event.Data{show.Ticked{}, show.TimerFired{Slot: "overlay", Plugin: "new"}, show.TimerFired{Slot: "personality", Plugin: "ann"},
		show.PowerDenied{Slot: "personality", Plugin: "new"}, show.TimerFired{Slot: "personality", Plugin: "new"}, show.TimerFired{}} {
		events = append(events, event.Event{Seq: uint64(i + 1), Data: d})
	}
	m := manifest()
	m.Kind = plugin.Personality
	if _, err := Perform(t.Context(), g, m, events); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]uint64{1, 4, 5, 6}, g.heard); diff != "" {
		t.Error(diff)
	}
}

// hearing notes what it hears.
type hearing struct {
	plugin.Guest
	heard []uint64
}

func (h *hearing) Stats() plugin.Stats { return plugin.Stats{} }

func (h *hearing) HandleBatch(_ context.Context, events []event.Event) ([]plugin.Reaction, error) {
	for _, e := range events {
		h.heard = append(h.heard, e.Seq)
	}
	return nil, nil
}

func TestResync(t *testing.T) {
	p := &parrot{say: func(e abi.Recorded) []plugin.Reaction { return nil }}
	play(t, "ann", p, Options{Resync: func(_ context.Context, e abi.Recorded) ([]byte, error) {
		return fmt.Appendf(nil, "before %d", e.Seq()), nil
	}})
	want := []string{"2 scene.shown before 2", "5 clock.ticked before 5", "7 plugin.timer_fired before 7"}
	if diff := cmp.Diff(want, p.heard); diff != "" {
		t.Error(diff)
	}
}

func TestVerdicts(t *testing.T) {
	c := func(v cue.Verb, name, text string) cue.Cue { return cue.Cue{Verb: v, Name: name, Text: text} }
	hi, ho, glad, sad, wave := c(cue.Say, "", "hi"), c(cue.Say, "", "ho"), c(cue.Mood, "playful", ""), c(cue.Mood, "dejected", ""), c(cue.Gesture, "wave", "")
	for _, k := range []struct {
		was, now []cue.Cue
		trap     string
		want     Verdict
	}{
		{nil, nil, "", Same},
		{[]cue.Cue{glad, hi}, []cue.Cue{glad, hi}, "", Same},
		{[]cue.Cue{hi}, []cue.Cue{ho}, "", Line},
		{[]cue.Cue{glad, hi}, []cue.Cue{glad}, "", Silent},
		{[]cue.Cue{glad}, []cue.Cue{glad, hi}, "", Speaks},
		{[]cue.Cue{glad, hi}, []cue.Cue{sad, hi}, "", Mood},
		{[]cue.Cue{hi}, []cue.Cue{hi, wave}, "", Other},
		{[]cue.Cue{hi}, nil, "out of fuel", Trapped},
		// what is said, and the scene, come when it is their turn, and are in the ledger only then
		{[]cue.Cue{wave, glad, hi}, []cue.Cue{hi, wave, glad}, "", Same},
		{[]cue.Cue{ho, hi}, []cue.Cue{hi, ho}, "", Same},
		{[]cue.Cue{wave, c(cue.Scene, "lot", "")}, []cue.Cue{c(cue.Scene, "lot", ""), wave}, "", Same},
		{[]cue.Cue{glad, c(cue.Say, "playful", "hi")}, []cue.Cue{c(cue.Say, "playful", "hi"), glad}, "", Same},
		{[]cue.Cue{wave, c(cue.Gesture, "nod", "")}, []cue.Cue{c(cue.Gesture, "nod", ""), wave}, "", Other},
	} {
		if got := Compare(Moment{Was: k.was, Now: k.now, Trap: k.trap}); got != k.want {
			t.Errorf("%v to %v: %s, want %s", k.was, k.now, got, k.want)
		}
	}
}

// swapped is a show in which one plugin hands over to the next version of itself, which heard two events before its turn.
func swapped() *Recording {
	m := NewMaker("test", encode)
	at := time.UnixMilli(1_790_000_000_000).UTC()
	ann := func(text string) cue.Cue { return cue.Cue{From: "ann", Verb: cue.Say, Text: text} }
	for i, f := range []struct {
		cause uint64
		data  event.Data
	}{
		{0, show.Started{}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.0.0", Grants: []show.PluginGrant{{Name: "say"}}}},
		{0, show.Ticked{SecondsLeft: 9}}, // 3
		{3, cue.Raised{Cue: ann("3")}},
		{0, show.Ticked{SecondsLeft: 8}}, // 5
		{5, cue.Raised{Cue: ann("5")}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.1.0", After: 3, Rehearsed: 5, State: "ab", Grants: []show.PluginGrant{{Name: "say", Limit: []byte(`{"per_minute":2}`)}}}},
		{0, show.Ticked{SecondsLeft: 7}}, // 8
		{8, cue.Raised{Cue: ann("8")}},
		{3, cue.Dropped{Cue: ann("late"), Reason: "stale"}}, // what the new one says about an event of the old one
		{0, show.PluginRevoked{Plugin: "ann", Power: "say"}},
		{0, show.Ticked{SecondsLeft: 6}}, // 12: it may not speak
		{0, show.PluginGranted{Plugin: "ann", Power: "say", Limits: []byte(`{"per_minute":2}`)}},
		{0, show.Ticked{SecondsLeft: 5}}, // 14: nor more than twice a minute
		{0, show.PluginGranted{Plugin: "ann", Power: "say"}},
		{0, show.Ticked{SecondsLeft: 4}}, // 16: as often as it asks for
		{16, cue.Raised{Cue: ann("16")}},
		{0, show.Stopped{}},
	} {
		m.Add(event.Event{Seq: uint64(i + 1), At: at.Add(time.Duration(i) * time.Minute / 60), Cause: f.cause, Data: f.data})
	}
	return m.Recording()
}

func TestASuccessorIsHeldToWhatItWasOnAir(t *testing.T) {
	r := swapped()
	m := manifest()
	m.ID = "ann"
	for i, want := range [][]string{{"3", "5"}, {"late", "8", "16"}} {
		p := &parrot{say: func(e abi.Recorded) []plugin.Reaction {
			out := []plugin.Reaction{say(e.Seq(), fmt.Sprint(e.Seq()))}
			if e.Seq() == 8 {
				late := say(8, "late")
				late.About = 3
				out = append(out, late)
			}
			return out
		}}
		moments, _, err := r.Play(t.Context(), r.Takes[i], p, m, Options{AsOnAir: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range moments {
			if v := Compare(got); v != Same {
				t.Errorf("take %d, event %d: %s, was %v, now %v; want %v to be the same", i, got.Event.Seq(), v, got.Was, got.Now, want)
			}
		}
		if len(moments) != len(want) {
			t.Errorf("take %d: %d moments, want %d", i, len(moments), len(want))
		}
	}
}

// TestANightThatWentWrong: ann fails on two events and gives way to bob, who hears the others again, from a state before
// them; then somebody tries one of the two again.
func TestANightThatWentWrong(t *testing.T) {
	m := NewMaker("test", encode)
	text := func(s string) cue.Raised { return cue.Raised{Cue: cue.Cue{From: "bob", Verb: cue.Say, Text: s}} }
	for i, f := range []struct {
		cause uint64
		data  event.Data
	}{
		{0, show.Started{Version: "test"}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", SHA256: "aa", After: 1}},
		{0, show.Ticked{SecondsLeft: 9}}, // 3
		{3, show.PluginTrapped{Slot: "personality", Plugin: "ann", Event: 3}},
		{0, show.Ticked{SecondsLeft: 8}}, // 5
		{0, show.Ticked{SecondsLeft: 7}}, // 6
		{6, show.PluginTrapped{Slot: "personality", Plugin: "ann", Event: 6}},
		{7, show.PluginRolledBack{Slot: "personality", From: "ann", To: "bob", Event: 6}},
		{8, show.PluginLoaded{Slot: "personality", Plugin: "bob", SHA256: "bb", After: 2, Rehearsed: 6, State: "cc"}},
		{0, show.Ticked{SecondsLeft: 6}}, // 10
		{10, text("10")},
		{3, text("3")},
		{0, show.PluginRetried{Slot: "personality", Plugin: "bob", Event: 3, After: 10}}, // 13
		{0, show.Ticked{SecondsLeft: 5}},                                                 // 14
		{14, text("14")},
	} {
		m.Add(event.Event{Seq: uint64(i + 1), Cause: f.cause, At: time.UnixMilli(int64(i) * 20_000), Data: f.data})
	}
	r := m.Recording()
	if ann := r.Takes[0]; !slices.Equal(ann.Failed, []uint64{3, 6}) || ann.Skips != nil {
		t.Errorf("ann's take is %+v", ann)
	}
	if bob := r.Takes[1]; !slices.Equal(bob.Skips, []uint64{3, 6}) || !slices.Equal(bob.Retried, []Retried{{At: 13, After: 10, Event: 3}}) {
		t.Errorf("bob's take is %+v", bob)
	}
	said := func(e abi.Recorded) []plugin.Reaction { return []plugin.Reaction{say(e.Seq(), fmt.Sprint(e.Seq()))} }
	for _, c := range []struct {
		name  string
		take  int
		fails []uint64
		heard []string
		want  map[Verdict]int
	}{
		{"ann once more", 0, []uint64{3, 6}, []string{"5 clock.ticked "}, map[Verdict]int{Same: 2, Speaks: 1}},
		{"ann, mended", 0, nil, []string{"3 clock.ticked ", "5 clock.ticked ", "6 clock.ticked "}, map[Verdict]int{Speaks: 3}},
		{"bob", 1, nil, []string{"5 clock.ticked ", "10 clock.ticked ", "3 clock.ticked ", "14 clock.ticked "}, map[Verdict]int{Same: 3}},
		{"bob, who fails on it now", 1, []uint64{3}, []string{"5 clock.ticked ", "10 clock.ticked ", "14 clock.ticked "}, map[Verdict]int{Same: 2, Trapped: 1}},
	} {
		p := &parrot{say: said, fails: map[uint64]error{}}
		for _, seq := range c.fails {
			p.fails[seq] = errors.New("unreachable")
		}
		moments, _, err := r.Play(t.Context(), r.Takes[c.take], p, manifest(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.heard, p.heard); diff != "" {
			t.Errorf("%s hears %s", c.name, diff)
		}
		if diff := cmp.Diff(c.want, Summarise(moments).Verdicts); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestWhatWaitedWhenTheShowEndedIsNoDifference(t *testing.T) {
	hi, wave := cue.Cue{Verb: cue.Say, Text: "hi"}, cue.Cue{Verb: cue.Gesture, Name: "wave"}
	for _, k := range []struct {
		was, now []cue.Cue
		want     Verdict
	}{
		{nil, []cue.Cue{hi}, Waiting},
		{[]cue.Cue{wave}, []cue.Cue{wave, hi}, Waiting},
		{[]cue.Cue{hi}, []cue.Cue{wave}, Silent},
		{[]cue.Cue{hi}, nil, Silent},
		{[]cue.Cue{hi}, []cue.Cue{hi}, Same},
	} {
		if got := Compare(Moment{Was: k.was, Now: k.now, Open: true}); got != k.want {
			t.Errorf("%v to %v: %s, want %s", k.was, k.now, got, k.want)
		}
	}
}

// TestALineThatWaitedBehindASwap: the director still had the last line of the first plugin when the show ended, and the
// second plugin was on air already.
func TestALineThatWaitedBehindASwap(t *testing.T) {
	for _, stopped := range []bool{true, false} {
		m := NewMaker("test", encode)
		for i, d := range []event.Data{
			show.Started{Version: "test"},
			show.PluginLoaded{Slot: "personality", Plugin: "ann", SHA256: "aa"},
			show.Ticked{SecondsLeft: 9}, // 3: answered, but never said
			show.PluginLoaded{Slot: "personality", Plugin: "bob", SHA256: "bb", After: 3},
			show.Ticked{SecondsLeft: 8},
			show.Stopped{},
		} {
			if _, last := d.(show.Stopped); !last || stopped {
				m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1_790_000_000_000 + int64(i)*1000), Data: d})
			}
		}
		ann := manifest()
		ann.ID = "ann"
		p := &parrot{say: func(e abi.Recorded) []plugin.Reaction { return []plugin.Reaction{say(e.Seq(), "nine")} }}
		moments, _, err := m.Recording().Play(t.Context(), m.Recording().Takes[0], p, ann, Options{})
		if err != nil || len(moments) != 1 || Compare(moments[0]) != Waiting {
			t.Errorf("stopped %v: %+v, %v; want one moment that waits", stopped, moments, err)
		}
	}
}

// TestWhatAPersonDecidedIsReplayed: of uses that were asked about only those that were allowed count, as on air.
func TestWhatAPersonDecidedIsReplayed(t *testing.T) {
	answer := func(n int) cue.Cue {
		return cue.Cue{From: "ann", Verb: cue.Reply, Text: fmt.Sprint("answer ", n)}
	}
	mk := NewMaker("test", encode)
	for i, f := range []struct {
		cause uint64
		data  event.Data
	}{
		{0, show.Started{}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.0.0", Grants: []show.PluginGrant{{Name: "reply", Ask: true}}}},
		{0, show.Ticked{SecondsLeft: 9}}, // 3: two answers, of which the second is allowed
		{0, show.PowerDecided{Slot: "personality", Plugin: "ann", Power: "reply", Event: 3, Nth: 2, Allowed: true, Who: "ana"}},
		{3, cue.Raised{Cue: answer(2)}},
		{0, show.PowerDecided{Slot: "personality", Plugin: "ann", Power: "reply", Event: 3, Nth: 1, Who: "ana", Reason: "ana said no"}},
		{0, show.PluginGranted{Plugin: "ann", Power: "reply"}},
		{0, show.Ticked{SecondsLeft: 8}}, // 8: nobody is asked any more
		{8, cue.Raised{Cue: answer(1)}},
		{8, cue.Raised{Cue: answer(2)}},
		{0, show.Stopped{}},
	} {
		mk.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(int64(i) * 1000).UTC(), Cause: f.cause, Data: f.data})
	}
	m := manifest()
	m.ID, m.Capabilities = "ann", []plugin.Capability{{Name: "reply", Why: "to answer"}}
	p := &parrot{say: func(e abi.Recorded) []plugin.Reaction {
		var out []plugin.Reaction
		for n := range 2 {
			out = append(out, plugin.Reaction{Event: e.Seq(), Power: "reply", Cue: answer(n + 1)})
		}
		return out
	}}
	r := mk.Recording()
	moments, _, err := r.Play(t.Context(), r.Takes[0], p, m, Options{AsOnAir: true})
	if err != nil || len(moments) != 2 {
		t.Fatalf("%d moments, %v", len(moments), err)
	}
	for _, got := range moments {
		if v := Compare(got); v != Same {
			t.Errorf("event %d: %s, was %v, now %v", got.Event.Seq(), v, got.Was, got.Now)
		}
	}
}

func TestALineThatWaitedBehindASwapToItself(t *testing.T) {
	m := NewMaker("test", encode)
	ann := func(text string) cue.Cue { return cue.Cue{From: "ann", Verb: cue.Say, Text: text} }
	for i, f := range []struct {
		cause uint64
		data  event.Data
	}{
		{0, show.Started{}},
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.0.0"}},
		{0, show.Ticked{SecondsLeft: 9}}, // 3
		{0, show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.1.0", After: 1, Rehearsed: 3}},
		{3, cue.Raised{Cue: ann("3")}},
		{0, show.Ticked{SecondsLeft: 8}}, // 6
		{6, cue.Raised{Cue: ann("6")}},
		{0, show.Stopped{}},
	} {
		m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1_790_000_000_000 + 20_000*int64(i)), Cause: f.cause, Data: f.data})
	}
	r := m.Recording()
	for i, take := range r.Takes {
		p := &parrot{say: func(e abi.Recorded) []plugin.Reaction { return []plugin.Reaction{say(e.Seq(), fmt.Sprint(e.Seq()))} }}
		moments, _, err := r.Play(t.Context(), take, p, manifest(), Options{})
		if err != nil || len(moments) != 1 || Compare(moments[0]) != Same {
			t.Errorf("take %d: %+v, %v", i, moments, err)
		}
	}
}
