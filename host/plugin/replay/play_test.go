package replay

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
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
	if len(moments) != 2 || len(moments[0].Now)+len(moments[1].Now) != 1 {
		t.Fatalf("moments %+v", moments)
	}
	for _, m := range moments {
		if len(m.Now) == 1 && m.Event.Seq() != 2 {
			t.Errorf("it belongs to event %d", m.Event.Seq())
		}
	}
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
	} {
		if got := Compare(Moment{Was: k.was, Now: k.now, Trap: k.trap}); got != k.want {
			t.Errorf("%v to %v: %s, want %s", k.was, k.now, got, k.want)
		}
	}
}
