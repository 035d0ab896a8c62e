package plugin

import (
	"testing"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// TestWordsForAnEvent: what is not known, as the seconds of no lot or a bid that cannot be read, is not told as a number.
func TestWordsForAnEvent(t *testing.T) {
	amount, err := money.ParseETH("0.2")
	if err != nil {
		t.Fatal(err)
	}
	for want, d := range map[string]event.Data{
		"12 s left, silent for 3 s":         show.Ticked{SecondsLeft: 12, SilentMS: 3_400},
		"no lot, silent for 3 s":            show.Ticked{SecondsLeft: -1, SilentMS: 3_400},
		"bid 0.2 ETH @ann refused: too low": auction.BidRefused{Handle: "ann", Amount: amount, Reason: "too_low"},
		"bid @ann refused: unknown unit":    auction.BidRefused{Handle: "ann", Reason: "unknown_unit"},
	} {
		if got := summary(event.Event{Data: d}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWhatIsTheSame: words that go elsewhere, and the same power used for something else, are not.
func TestWhatIsTheSame(t *testing.T) {
	p := &occupant{manifest: &Manifest{ID: "a"}}
	asks := func(verb cue.Verb, name, text string, value int64) Reaction {
		return Reaction{Power: string(verb), Cue: cue.Cue{Verb: verb, Name: name, Text: text, Value: value}}
	}
	calls := func(power string, c abi.Call) Reaction { return Reaction{Power: power, Call: c} }
	wave, hi := asks(cue.Gesture, "wave", "", 0), asks(cue.Say, "", "hi", 0)
	for _, c := range []struct {
		name         string
		live, shadow []Reaction
		want         Verdict
	}{
		{"the same", []Reaction{wave, hi}, []Reaction{hi, wave}, Same},
		{"a log and what it keeps", []Reaction{{Power: "log", Log: "a"}}, []Reaction{calls("store", &abi.StorePut{Key: "k"})}, Same},
		{"posted, not said", []Reaction{hi}, []Reaction{asks(cue.Post, "", "hi", 0)}, Otherwise},
		{"an answer to somebody else", []Reaction{asks(cue.Reply, "1", "hi", 0)}, []Reaction{asks(cue.Reply, "2", "hi", 0)}, Otherwise},
		{"another mood", []Reaction{asks(cue.Mood, "sly", "", 50)}, []Reaction{asks(cue.Mood, "glad", "", 50)}, Mood},
		{"more of it", []Reaction{asks(cue.Mood, "sly", "", 50)}, []Reaction{asks(cue.Mood, "sly", "", 90)}, Otherwise},
		{"another address", []Reaction{calls("http", &abi.Fetch{URL: "https://a.example/1"})}, []Reaction{calls("http", &abi.Fetch{URL: "https://a.example/2"})}, Otherwise},
		{"another question", []Reaction{calls("llm", &abi.Ask{Prompt: "who?"})}, []Reaction{calls("llm", &abi.Ask{Prompt: "who else?"})}, Otherwise},
		{"later", []Reaction{calls("timer", &abi.Timer{Token: 1, Millis: 5})}, []Reaction{calls("timer", &abi.Timer{Token: 1, Millis: 6})}, Otherwise},
	} {
		var live, shadow Side
		for i := range c.live {
			live.add(p, &c.live[i])
		}
		for i := range c.shadow {
			shadow.add(p, &c.shadow[i])
		}
		if got := compare(&live, &shadow); got != c.want {
			t.Errorf("%s: %s, want %s; %+v and %+v", c.name, got, c.want, live, shadow)
		}
	}
}
