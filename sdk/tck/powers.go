package tck

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// told are events that tell the conformance plugin what to do.
func told(what ...string) []event.Event {
	data := make([]event.Data, len(what))
	for i, w := range what {
		data[i] = show.OperatorActed{Who: "me", What: w}
	}
	return numbered(data)
}

// PowersTranscript asks for every power and answers in every way.
func PowersTranscript() []event.Event {
	return numbered([]event.Data{
		show.OperatorActed{What: "powers"},
		show.TimerFired{Token: 1},
		show.FetchAnswered{Token: 2, OK: true, Status: 200, Type: "text/plain", Body: "鳥"},
		show.FetchAnswered{Token: 1 << 63, Reason: "no route to host"},
		show.ModelAnswered{Token: 3, OK: true, Text: "hello back", Tokens: 12},
		show.ModelAnswered{Token: 4, Reason: "the model is away"},
		show.PowerDenied{Token: 5, Power: "http", Reason: "not granted"},
		show.PowerDenied{Power: "store", Reason: "over its quota"},
		show.OperatorActed{What: "recall old"},
		show.OperatorActed{What: "recall new"},
		show.OperatorActed{What: "keep new 鳥"},
		show.OperatorActed{What: "recall new"},
		show.OperatorActed{What: "keep new "},
		show.OperatorActed{What: "recall new"},
		show.OperatorActed{What: "keep long " + strings.Repeat("v", 1000)},
		show.OperatorActed{What: "recall long"},
		show.OperatorActed{What: "keep " + strings.Repeat("k", abi.MaxKeyBytes+1) + " v"},
		show.OperatorActed{What: "keep  v"},
		show.OperatorActed{What: "keep more " + strings.Repeat("v", 1000)},
		show.TimerFired{Token: 1<<53 + 1}, show.TimerFired{Token: math.MaxUint64}, // past what a number of JavaScript holds
		show.FetchAnswered{Token: 1, Status: -1, Body: "\ufeff\x00 \"\\"},
		show.ModelAnswered{Token: 2, Tokens: 1<<53 + 1, Text: strings.Repeat("鳥", 3000)},
		show.OperatorActed{What: "recall "},
	})
}

// kept is a store with a value in it and room for few more.
func kept() plugin.Store {
	return plugin.Store{Granted: true, Quota: 1500, Content: map[string][]byte{"old": []byte("from before")}}
}

// powers plays the transcript in batches of every length: the commands are the same, and so is what stands in the
// store at the end, though a longer batch tells of fewer writes.
func powers(t *testing.T, r plugin.Runtime, code []byte) {
	want := map[string]string{"old": "from before", "long": strings.Repeat("v", 1000)}
	for _, n := range []int{1, 3, len(PowersTranscript())} {
		g := loadWith(t, r, "", code, kept())
		commands, content := playStore(t, g, PowersTranscript(), n, map[string]string{"old": "from before"})
		compare(t, "powers", commands)
		if !maps.Equal(content, want) {
			t.Errorf("in batches of %d the store holds %q", n, content)
		}
	}
}

// playStore is play for what a plugin asks for; its writes go to content.
func playStore(t *testing.T, g plugin.Guest, events []event.Event, n int, content map[string]string) ([]string, map[string]string) {
	t.Helper()
	var out []string
	for batch := range slices.Chunk(events, n) {
		reactions, err := g.HandleBatch(context.Background(), batch)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reactions {
			put, ok := r.Call.(*abi.StorePut)
			switch {
			case !ok:
				out = append(out, line(r))
			case r.Power != abi.PowerStore || !slices.ContainsFunc(batch, func(e event.Event) bool { return e.Seq == r.Event }):
				t.Errorf("a write under power %q, event %d", r.Power, r.Event)
			case len(put.Value) == 0:
				delete(content, put.Key)
			default:
				content[put.Key] = string(put.Value)
			}
		}
	}
	return out, content
}

// stored: what a batch wrote is gone when the batch fails, and is there again for whoever is loaded with it.
func stored(t *testing.T, r plugin.Runtime, code []byte) {
	g := loadWith(t, r, "", code, plugin.Store{Granted: true})
	play(t, g, told("keep a 1"), 1)
	_, err := g.HandleBatch(context.Background(), told("keep a 2", "keep b 2", "fail c 2"))
	var trap *plugin.TrapError
	if !errors.As(err, &trap) || errors.Is(err, plugin.ErrDead) {
		t.Fatalf("error %v; want a trap", err)
	}
	if trap.Reason != "unreachable" && !strings.Contains(trap.Reason, "told to fail") { // people go by it
		t.Errorf("it failed for %q; want its words, or none", trap.Reason)
	}
	want := []string{`1 log level=0 "recall a: 1"`, `8 log level=0 "recall b: -1"`, `15 log level=0 "recall c: -1"`}
	if got := play(t, g, told("recall a", "recall b", "recall c"), 3); !slices.Equal(got, want) {
		t.Errorf("after the trap: %q, want %q", got, want)
	}
	heir := loadWith(t, r, "", code, plugin.Store{Granted: true, Content: map[string][]byte{"a": []byte("1")}})
	if got := play(t, heir, told("recall a"), 1); !slices.Equal(got, want[:1]) {
		t.Errorf("loaded anew: %q, want %q", got, want[:1])
	}
}

// found: a value may be longer than any room that a guest has at hand, and need not be text.
func found(t *testing.T, r plugin.Runtime, code []byte) {
	content := map[string][]byte{"large": bytes.Repeat([]byte("v"), 40_000), "raw": []byte("a\xffb")}
	g := loadWith(t, r, "", code, plugin.Store{Granted: true, Content: content})
	want := []string{`1 log level=0 "recall large: ` + strings.Repeat("v", 26) + "… (8192 bytes) …" + strings.Repeat("v", 20) + `"`}
	if got := play(t, g, told("recall large"), 1); !slices.Equal(got, want) {
		t.Errorf("a value of 40,000 bytes: %q, want %q", got, want)
	}
	if got := play(t, g, told("recall raw"), 1); len(got) != 1 || !strings.HasPrefix(got[0], `1 log level=0 "recall raw: a`) {
		t.Errorf("a value with a byte that is no UTF-8: %q, want a line of what is UTF-8", got)
	}
}

// closed: a plugin without the grant is told so, and goes on.
func closed(t *testing.T, r plugin.Runtime, code []byte) {
	g := loadWith(t, r, "", code, plugin.Store{Content: map[string][]byte{"a": []byte("1")}})
	want := []string{`1 log level=0 "recall a: -2"`, `8 log level=0 "keep a: -2"`}
	if got := play(t, g, told("recall a", "keep a 2"), 2); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func migrated(t *testing.T, g plugin.Guest) {
	ctx := context.Background()
	if err := g.Migrate(ctx, 3, []byte("abc")); !errors.Is(err, plugin.ErrState) || !strings.Contains(err.Error(), "state of version 3 and 3 bytes, want 1 and 4") {
		t.Errorf("error %v; want the guest's words", err)
	}
	if err := g.Migrate(ctx, 1, []byte{41, 0, 0, 0}); err != nil {
		t.Fatal(err)
	}
	bid := numbered([]event.Data{auction.BidAccepted{Handle: "ann", Amount: money.MustETH("1")}})
	if got := play(t, g, bid, 1); len(got) == 0 || !strings.Contains(got[0], "@ann bids 1, number 42") {
		t.Errorf("got %q, want the 42nd bid", got)
	}
}

// cloned: a clone stands where the original stood, and neither knows what the other hears from there on.
func cloned(t *testing.T, a plugin.Guest) {
	half := len(Transcript()) / 2
	got := play(t, a, Transcript()[:half], 3)
	b, err := a.Clone(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	compare(t, "transcript", append(slices.Clone(got), play(t, b, Transcript()[half:], 3)...))
	compare(t, "transcript", append(got, play(t, a, Transcript()[half:], 5)...))
}
