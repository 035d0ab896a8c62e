// Package tck is the conformance kit of the plugin contract. The conformance plugin, which docs/plugin-abi.md describes,
// exists once for each SDK (../go/examples/conformance, as/); whatever it is written in, and whichever host runs it, the
// same events must give the same commands.
package tck

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

//go:embed testdata/*.golden
var golden embed.FS

// Manifest describes the conformance plugin, whose module is the file plugin.wasm.
func Manifest() *plugin.Manifest {
	return &plugin.Manifest{ID: "conformance", Version: "1.0.0", Kind: plugin.Overlay, Runtime: plugin.RuntimeSpec{Wasm: &plugin.FileSpec{File: "plugin.wasm"}},
		Limits: plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: plugin.DefaultMemoryMiB, Commands: plugin.DefaultCommands}}
}

// Run holds a conformance plugin, compiled from whichever language, and a host against the contract. It is configured as
// the body of a declarative plugin is, with any text, so the runtime has to play those in code: wasm.Config.Interpreter.
func Run(t *testing.T, r plugin.Runtime, code []byte) {
	RunFirst(t, r, code)
	t.Run("powers", func(t *testing.T) { powers(t, r, code) })
	t.Run("store", func(t *testing.T) { stored(t, r, code) })
	t.Run("values that others wrote", func(t *testing.T) { found(t, r, code) })
	t.Run("store that is closed", func(t *testing.T) { closed(t, r, code) })
	t.Run("state of an older version", func(t *testing.T) { migrated(t, load(t, r, "", code)) })
	t.Run("a clone goes its own way", func(t *testing.T) { cloned(t, load(t, r, "", code)) })
	t.Run("batches longer than any before", func(t *testing.T) { longer(t, load(t, r, "", code)) })
}

// RunFirst is what version 1 held when it was new, before features, store and powers: a plugin that was built then must
// pass it on every host since.
func RunFirst(t *testing.T, r plugin.Runtime, code []byte) {
	t.Run("transcript in one batch", func(t *testing.T) {
		g := load(t, r, "", code)
		compare(t, "transcript", play(t, g, Transcript(), len(Transcript())))
	})
	t.Run("transcript event by event", func(t *testing.T) {
		g := load(t, r, "", code)
		compare(t, "transcript", play(t, g, Transcript(), 1))
	})
	t.Run("state goes to another instance", func(t *testing.T) { handOver(t, load(t, r, "", code), load(t, r, "", code)) })
	t.Run("state that cannot be", func(t *testing.T) {
		err := load(t, r, "", code).Restore(context.Background(), []byte("abc"))
		if !errors.Is(err, plugin.ErrState) || !strings.Contains(err.Error(), "state of 3 bytes, want 8") {
			t.Errorf("error %v; want the guest's words", err)
		}
	})
	t.Run("memory stays flat", func(t *testing.T) { flat(t, load(t, r, "", code)) })
	t.Run("configuration", func(t *testing.T) {
		got := play(t, load(t, r, "good day", code), Transcript()[:1], 1)
		if len(got) != 1 || !strings.Contains(got[0], "good day @ann: ") {
			t.Errorf("got %q; want a greeting as configured", got)
		}
	})
	t.Run("configuration that is refused", func(t *testing.T) {
		_, err := r.Load(context.Background(), plugin.Spec{Manifest: configured(), Files: files("fail", code)})
		if !errors.Is(err, plugin.ErrConfig) || !strings.Contains(err.Error(), "told to fail") {
			t.Errorf("error %v; want the guest's words (and wasm.Config.Interpreter, with the plugin under test)", err)
		}
	})
}

// longer gives the guest batches that need more and more room, and at last one whose commands have none: it fails as a
// whole, for the host plays its events one by one then, while commands that are left out are lost for good.
func longer(t *testing.T, g plugin.Guest) {
	const most = 40
	posts := make([]event.Data, most)
	for i := range posts {
		posts[i] = post.Received{Post: post.Post{ID: strconv.Itoa(i), Handle: "bo", Text: strings.Repeat("v", abi.MaxStringBytes)}}
	}
	events := numbered(posts)
	for _, n := range []int{1, 3, 9, 27} {
		if got := play(t, g, events[:n], n); len(got) != n {
			t.Fatalf("%d commands for %d posts, want one for each", len(got), n)
		}
	}
	reactions, err := g.HandleBatch(context.Background(), events)
	if err == nil || errors.Is(err, plugin.ErrDead) {
		t.Fatalf("%d commands for %d posts, error %v; what does not fit into %d bytes must fail the batch", len(reactions), most, err, abi.MaxCommandsBytes)
	}
	if got := play(t, g, events, 1); len(got) != most {
		t.Errorf("%d commands for %d posts, one by one", len(got), most)
	}
}

// flat plays so many events that a guest whose collector never ran would have grown by far more than is allowed here.
func flat(t *testing.T, g plugin.Guest) {
	const slack = 4 << 20
	for range 200 {
		play(t, g, Transcript(), 25)
	}
	early := g.Stats().Memory
	for range 1000 {
		play(t, g, Transcript(), 25)
	}
	if late := g.Stats().Memory; late > early+slack {
		t.Errorf("memory went from %d to %d bytes", early, late)
	}
}

// HandOver checks that state goes from one guest to another, which may be of another language.
func HandOver(t *testing.T, r plugin.Runtime, from, to []byte) {
	handOver(t, load(t, r, "", from), load(t, r, "", to))
}

func handOver(t *testing.T, a, b plugin.Guest) {
	ctx := context.Background()
	half := len(Transcript()) / 2
	got := play(t, a, Transcript()[:half], 3)
	state, err := a.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Restore(ctx, state); err != nil {
		t.Fatal(err)
	}
	compare(t, "transcript", append(got, play(t, b, Transcript()[half:], 3)...))
}

// configured is a manifest whose plugin takes the file config as its configuration.
func configured() *plugin.Manifest {
	m := Manifest()
	m.Runtime = plugin.RuntimeSpec{Declarative: &plugin.FileSpec{File: "config"}}
	return m
}

func files(config string, code []byte) fs.FS {
	return fstest.MapFS{"plugin.wasm": {Data: code}, "config": {Data: []byte(config)}}
}

func load(t *testing.T, r plugin.Runtime, config string, code []byte) plugin.Guest {
	t.Helper()
	return loadWith(t, r, config, code, plugin.Store{})
}

func loadWith(t *testing.T, r plugin.Runtime, config string, code []byte, store plugin.Store) plugin.Guest {
	t.Helper()
	m := Manifest()
	if config != "" {
		m = configured()
	}
	g, err := r.Load(context.Background(), plugin.Spec{Manifest: m, Files: files(config, code), Store: store})
	if err != nil && config != "" {
		t.Fatalf("configured with %q: %v; does the runtime play declarative plugins in the plugin under test (wasm.Config.Interpreter)?", config, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// play gives events to the guest, so many at a time, and writes down what it asks for.
func play(t *testing.T, g plugin.Guest, events []event.Event, n int) []string {
	t.Helper()
	var out []string
	for len(events) > 0 {
		n = min(n, len(events))
		reactions, err := g.HandleBatch(context.Background(), events[:n])
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range reactions {
			out = append(out, line(r))
		}
		events = events[n:]
	}
	return out
}

func line(r plugin.Reaction) string {
	c := r.Cue
	switch call := r.Call.(type) {
	case *abi.Timer:
		return fmt.Sprintf("%d %s token=%d millis=%d", r.Event, r.Power, call.Token, call.Millis)
	case *abi.Fetch:
		return fmt.Sprintf("%d %s token=%d method=%q url=%q headers=%q body=%q", r.Event, r.Power, call.Token, call.Method, call.URL, call.Headers, call.Body)
	case *abi.Ask:
		return fmt.Sprintf("%d %s token=%d instructions=%q prompt=%q schema=%q max_tokens=%d", r.Event, r.Power, call.Token, call.Instructions, call.Prompt, call.Schema, call.MaxTokens)
	case *abi.StorePut:
		return fmt.Sprintf("%d %s key=%q value=%q", r.Event, r.Power, call.Key, call.Value)
	}
	if c.Verb == "" {
		return fmt.Sprintf("%d %s level=%d %q", r.Event, r.Power, r.Level, short(r.Log))
	}
	text := fmt.Sprintf("%d %s name=%q text=%q value=%d millis=%d priority=%d", r.Event, c.Verb, c.Name, short(c.Text), c.Value, c.Millis, c.Priority)
	if r.About != 0 {
		text += fmt.Sprintf(" about=%d", r.About)
	}
	return text
}

// short keeps the golden file readable: a long text is shown by its ends.
func short(s string) string {
	if len(s) <= 200 {
		return s
	}
	return fmt.Sprintf("%s… (%d bytes) …%s", strings.ToValidUTF8(s[:40], ""), len(s), strings.ToValidUTF8(s[len(s)-20:], ""))
}

func compare(t *testing.T, name string, got []string) {
	t.Helper()
	text, err := golden.ReadFile("testdata/" + name + ".golden")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for i := range max(len(got), len(want)) {
		g, w := at(got, i), at(want, i)
		if g != w {
			t.Fatalf("line %d of %s:\n got %s\nwant %s", i+1, name, g, w)
		}
	}
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(nothing)"
}

// Transcript are events of every kind, among them the odd ones: nothing in them, much in them, every script.
func Transcript() []event.Event {
	long := strings.Repeat("鳥の歌 ", 900) // longer than a string of the contract may be
	data := []event.Data{
		post.Received{Post: post.Post{ID: "17", Root: "17", AuthorID: "9", Handle: "ann", Name: "Ann", Text: "what is lot 3?"}, Intent: post.IntentQuestion},
		auction.BidAccepted{Lot: "s1-lot-1", Bidder: "acc-1", Handle: "ann", Amount: money.MustETH("1.5"), Minimum: money.MustETH("1.6"), Count: 1, PostID: "18"},
		auction.BidAccepted{Lot: "s1-lot-1", Handle: "日本語", Amount: money.MustETH("0.000000000000000001"), Count: -3, ReserveMet: true},
		auction.BidAccepted{},
		cue.Raised{}, // guests do not hear it
		post.Received{Post: post.Post{ID: "19", Handle: "émile", Text: "🎉🦊 \u202e\x00 tab\t\"quotes\" \\"}},
		post.Received{},
		post.Received{Post: post.Post{ID: "20", Handle: "bo", Text: long}},
		show.Ticked{Lot: "s1-lot-1", SecondsLeft: 59, SilentMS: 200, Posts: 12},
		show.Ticked{SecondsLeft: -1, SilentMS: 3001},
		auction.SessionOpened{Session: "s1", Campaign: "c", Name: "First", Lots: []auction.LotID{"a", "b"}}, auction.SessionClosed{Session: "s1", Sold: 1, Total: money.MustETH("3")},
		auction.LotOpened{Terms: auction.Terms{Lot: "s1-lot-1", Title: "Fox"}}, auction.LotExtended{Count: 1, Last: true}, auction.LotClosing{Seconds: 10}, auction.LotPaused{Left: time.Second},
		auction.LotResumed{}, auction.LotSold{Handle: "ann"}, auction.LotUnsold{Reason: "no_bids"}, auction.BidRefused{Reason: auction.ReasonTooLow},
		show.SpeechStarted{Text: "hello"}, show.SpeechEnded{Cut: true}, show.SceneShown{Scene: "lot"}, show.OperatorActed{Who: "me", What: "pause"},
		auction.BidAccepted{Handle: "cy", Amount: money.MustETH("100"), Count: 9},
		show.Ticked{SecondsLeft: 1<<53 + 1}, show.Ticked{SecondsLeft: -1<<53 - 1, SilentMS: -1}, show.Ticked{SecondsLeft: math.MinInt64, Lot: "\ufeff"},
	}
	return numbered(data)
}

// numbered makes events of facts, as far apart as on a show.
func numbered(data []event.Data) []event.Event {
	out := make([]event.Event, len(data))
	for i, d := range data {
		seq := uint64(i)*7 + 1
		out[i] = event.Event{Seq: seq, At: time.UnixMilli(1_700_000_000_000 + int64(seq)*250).UTC(), Data: d}
	}
	return out
}
