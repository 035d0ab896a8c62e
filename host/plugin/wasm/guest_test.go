package wasm

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newRuntime is closed with the test.
func newRuntime(tb testing.TB, cfg Config) *Runtime {
	tb.Helper()
	r, err := New(context.Background(), cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return r
}

// fixtureCode is the module of plugins/fixture.
//
//go:embed testdata/fixture.wasm
var fixtureCode []byte

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// files is a plugin of one module.
func files(code []byte) fs.FS { return fstest.MapFS{"p.wasm": {Data: code}} }

func manifest(config map[string]any) *plugin.Manifest {
	return &plugin.Manifest{ID: "fixture", Version: "1.0.0", Kind: plugin.Overlay, Config: config,
		Runtime: plugin.RuntimeSpec{Wasm: &plugin.FileSpec{File: "p.wasm"}},
		Limits:  plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: 32, Commands: plugin.DefaultCommands}}
}

// modest is for tests that fail so often that taking all memory each time would take minutes.
func modest() *plugin.Manifest {
	m := manifest(nil)
	m.Limits.MemoryMiB, m.Limits.Fuel = 4, 1_000_000
	return m
}

func load(tb testing.TB, r *Runtime, name string, m *plugin.Manifest) plugin.Guest {
	tb.Helper()
	g, err := r.Load(context.Background(), plugin.Spec{Manifest: m, Files: files(read(tb, name))})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return g
}

func tick(seq uint64) event.Event {
	return event.Event{Seq: seq, At: time.UnixMilli(int64(seq) * 1000), Data: show.Ticked{SecondsLeft: 9}}
}

func ask(seq uint64, what string) event.Event {
	return event.Event{Seq: seq, At: time.UnixMilli(int64(seq) * 1000), Data: show.OperatorActed{Who: "test", What: what}}
}

// heard asks the fixture how many events it remembers, this one included.
func heard(tb testing.TB, g plugin.Guest, seq uint64) string {
	tb.Helper()
	out, err := g.HandleBatch(context.Background(), []event.Event{tick(seq)})
	if err != nil || len(out) != 1 {
		tb.Fatalf("%d reactions, error %v", len(out), err)
	}
	return out[0].Cue.Text
}

// TestMisbehaviour: whatever a guest does with an event, the call ends soon, says why, and leaves the guest as it was.
func TestMisbehaviour(t *testing.T) {
	cases := []struct{ ask, want string }{
		{"loop", "out of fuel"},
		{"recurse", "out of fuel"},
		{"fork", "out of fuel"},
		{"fill", "out of fuel"},
		{"fill-much", "out of fuel"},
		{"chase", "out of fuel"},
		{"trap", "unreachable"},
		{"throw", "no lot called 🦊 (assembly/plugin.ts:43:31)"},
		{"throw-much", strings.Repeat("🦊", 200) + " (assembly/plugin.ts:44:36)"},
		{"assert", "it has heard something (assembly/plugin.ts:45:32)"},
		{"assert-mute", "gave up (assembly/plugin.ts:46:37)"},
		{"index", "Index out of range (~lib/array.ts:114:42)"},
		{"divide", "integer divide by zero"},
		{"out-of-bounds", "out of bounds memory access"},
		{"grow-trap", "unreachable"},
		{"lie-size", "malformed commands: command 0 of 2, byte 8: size is 2147483640"},
		{"lie-odd", "want a multiple of 8"},
		{"lie-fields", "too small for 255 fields"},
		{"lie-text", "is outside of its record"},
		{"lie-length", "bytes of text, at most 8192 are allowed"},
		{"lie-event", "caused by event 99 of a batch of 1"},
		{"lie-utf8", "text is not UTF-8"},
	}
	r := newRuntime(t, Config{})
	g := load(t, r, "fixture.wasm", manifest(nil))
	for i, c := range cases {
		t.Run(c.ask, func(t *testing.T) {
			seq := uint64(i+1) * 10
			start := time.Now()
			out, err := g.HandleBatch(context.Background(), []event.Event{ask(seq, c.ask)})
			took := time.Since(start)
			var trap *plugin.TrapError
			if !errors.As(err, &trap) || !strings.Contains(trap.Reason, c.want) || len(out) != 0 {
				t.Fatalf("%d reactions, error %v; want a trap with %q", len(out), err, c.want)
			}
			if errors.Is(err, plugin.ErrDead) {
				t.Fatal("the guest is dead")
			}
			if errors.Is(err, plugin.ErrFuel) != (c.want == "out of fuel") {
				t.Errorf("ErrFuel does not match %q", trap.Reason)
			}
			t.Logf("ended after %v", took)
			if got, want := heard(t, g, seq+1), i+1; got != itoa(want) {
				t.Errorf("remembers %s events, want %d: the one that trapped must be forgotten", got, want)
			}
		})
	}
	if m := g.Stats().Memory; m > 4<<20 {
		t.Errorf("memory is %d bytes after the roll-backs; what trapped events took must be given back", m)
	}
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestLimits(t *testing.T) {
	r := newRuntime(t, Config{})
	ctx := context.Background()

	t.Run("memory", func(t *testing.T) {
		m := manifest(nil)
		m.Limits.MemoryMiB = 3
		g := load(t, r, "fixture.wasm", m)
		if _, err := g.HandleBatch(ctx, []event.Event{ask(1, "grow")}); err != nil {
			t.Fatal(err)
		}
		if got := g.Stats().Memory; got > 3<<20 || got < 2<<20 {
			t.Errorf("grew to %d bytes, want just below 3 MiB", got)
		}
	})
	t.Run("commands", func(t *testing.T) {
		g := load(t, r, "fixture.wasm", manifest(nil))
		out, err := g.HandleBatch(ctx, []event.Event{ask(1, "flood")})
		if err != nil || len(out) != plugin.DefaultCommands {
			t.Fatalf("%d reactions, error %v; want %d", len(out), err, plugin.DefaultCommands)
		}
		if got := g.Stats().Dropped; got != 3001-plugin.DefaultCommands {
			t.Errorf("%d dropped, want %d", got, 3001-plugin.DefaultCommands)
		}
	})
	t.Run("output", func(t *testing.T) {
		m := manifest(nil)
		m.Limits.Fuel *= 5
		_, err := load(t, r, "fixture.wasm", m).HandleBatch(ctx, []event.Event{ask(1, "flood-text")})
		if err == nil || !strings.Contains(err.Error(), "at most 262144 are allowed") {
			t.Error(err)
		}
	})
	t.Run("half a character", func(t *testing.T) {
		out, err := load(t, r, "fixture.wasm", manifest(nil)).HandleBatch(ctx, []event.Event{ask(1, "half")})
		if err != nil || len(out) != 2 || out[0].Cue.Text != "fox: \ufffd!" {
			t.Errorf("%+v, error %v", out, err)
		}
	})
	t.Run("unknown commands", func(t *testing.T) {
		g := load(t, r, "fixture.wasm", manifest(nil))
		out, err := g.HandleBatch(ctx, []event.Event{ask(1, "unknown")})
		if err != nil || len(out) != 1 || g.Stats().Unknown != 1 {
			t.Errorf("%d reactions, %d unknown, error %v", len(out), g.Stats().Unknown, err)
		}
	})
	t.Run("too much memory from the start", func(t *testing.T) {
		m := manifest(nil)
		m.Limits.MemoryMiB = 0
		_, err := r.Load(ctx, plugin.Spec{Manifest: m, Files: files(read(t, "fixture.wasm"))})
		if !errors.Is(err, plugin.ErrModule) || !strings.Contains(err.Error(), "limits.memory_mib") {
			t.Error(err)
		}
	})
}

// TestRollBackCountsNothingTwice: what is played again on the way back was counted when it happened.
func TestRollBackCountsNothingTwice(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), "fixture.wasm", manifest(nil))
	ctx := context.Background()
	for i, what := range []string{"flood", "unknown"} {
		if _, err := g.HandleBatch(ctx, []event.Event{ask(uint64(i+1), what)}); err != nil {
			t.Fatal(err)
		}
	}
	before := g.Stats()
	if _, err := g.HandleBatch(ctx, []event.Event{ask(3, "trap")}); err == nil {
		t.Fatal("no trap")
	}
	if after := g.Stats(); after.Dropped != before.Dropped || after.Unknown != before.Unknown || before.Dropped == 0 || before.Unknown == 0 {
		t.Errorf("%d dropped and %d unknown after the roll-back, %d and %d before", after.Dropped, after.Unknown, before.Dropped, before.Unknown)
	}
}

// TestRestoreHasOneClock: a roll-back restores once more, under another event; a guest that asks for the time must
// come to the same state.
func TestRestoreHasOneClock(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), "fixture.wasm", manifest(nil)).(*guest)
	ctx := context.Background()
	heard(t, g, 9)
	state, err := g.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Restore(ctx, state); err != nil {
		t.Fatal(err)
	}
	if g.box.now != startTime {
		t.Errorf("restored at %d, want %d", g.box.now, startTime)
	}
}

// TestRollBackWithinBatches: roll-back finds the exact state also far from the last copy and across batches.
func TestRollBackWithinBatches(t *testing.T) {
	r := newRuntime(t, Config{})
	g := load(t, r, "fixture.wasm", modest())
	ctx := context.Background()
	good, seq := 0, uint64(0)
	for round := range 200 {
		batch := make([]event.Event, 0, 8)
		for range round%7 + 1 {
			seq++
			batch = append(batch, tick(seq))
		}
		if round%5 == 4 {
			seq++
			batch = append(batch, ask(seq, []string{"trap", "trap", "trap", "grow-trap"}[round/5%4]))
			if _, err := g.HandleBatch(ctx, batch); err == nil || errors.Is(err, plugin.ErrDead) {
				t.Fatal(err)
			}
			continue
		}
		out, err := g.HandleBatch(ctx, batch)
		if err != nil {
			t.Fatal(err)
		}
		good += len(batch)
		if got := out[len(out)-1].Cue.Text; got != itoa(good) {
			t.Fatalf("round %d: remembers %s events, want %d", round, got, good)
		}
	}
}

func TestStateGoesOver(t *testing.T) {
	r := newRuntime(t, Config{})
	ctx := context.Background()
	a, b := load(t, r, "fixture.wasm", manifest(nil)), load(t, r, "fixture.wasm", manifest(nil))
	for i := range 3 {
		heard(t, a, uint64(i+1))
	}
	state, err := a.Save(ctx)
	if err != nil || binary.LittleEndian.Uint64(state) != 3 {
		t.Fatalf("state %v, error %v", state, err)
	}
	if err := b.Restore(ctx, state); err != nil {
		t.Fatal(err)
	}
	if _, err := b.HandleBatch(ctx, []event.Event{ask(9, "trap")}); err == nil || errors.Is(err, plugin.ErrDead) {
		t.Fatal(err) // before it was ever copied with its new state
	}
	if got := heard(t, b, 4); got != "4" {
		t.Errorf("successor remembers %s events, want 4", got)
	}
	if err := b.Restore(ctx, state[:3]); !errors.Is(err, plugin.ErrState) || !strings.Contains(err.Error(), "state of 3 bytes, want 8") {
		t.Errorf("error %v; want the guest's words", err)
	}
	if got := heard(t, b, 5); got != "5" {
		t.Errorf("after a refused state it remembers %s events, want 5", got)
	}
}

func TestAllCommandsArrive(t *testing.T) {
	r := newRuntime(t, Config{})
	g := load(t, r, "fixture.wasm", manifest(nil))
	out, err := g.HandleBatch(context.Background(), []event.Event{tick(1), ask(2, "all")})
	if err != nil {
		t.Fatal(err)
	}
	var powers []string
	for _, c := range out[1 : len(out)-1] {
		if c.Event != 2 {
			t.Errorf("%s is caused by %d, want 2", c.Power, c.Event)
		}
		powers = append(powers, c.Power)
	}
	want := []string{"say", "express", "mood", "gesture", "scene", "text", "show", "bar", "reply", "post", "sound", "log"}
	if !slices.Equal(powers, want) {
		t.Errorf("got %v, want %v", powers, want)
	}
	if got, want := out[1].Cue, (cue.Cue{Verb: cue.Say, Text: "hello", Name: "happy", Priority: cue.Urgent}); got != want {
		t.Errorf("say is %+v, want %+v", got, want)
	}
	if l := out[12]; l.Log != "line" || l.Level != slog.LevelInfo || l.Cue.Verb != "" {
		t.Errorf("log is %+v", l)
	}
}

// TestKnownModulesAreNotValidated: it takes longer than the rest of loading one whose compiled code is at hand.
func TestKnownModulesAreNotValidated(t *testing.T) {
	noPlugin := read(t, "signature.wasm")
	for _, known := range []bool{false, true} {
		_, _, err := newRuntime(t, Config{Known: known}).compile(t.Context(), noPlugin)
		if refused := err != nil; refused == known {
			t.Errorf("known %v: error %v", known, err)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	r := newRuntime(t, Config{LoadFuel: 100_000_000})
	fixture := read(t, "fixture.wasm")
	with := func(config string) *plugin.Manifest { return manifest(map[string]any{"do": config}) }
	summed := manifest(nil)
	summed.Runtime.Wasm.SHA256 = strings.Repeat("0", 64)
	declarative := manifest(nil)
	declarative.Runtime = plugin.RuntimeSpec{Declarative: &plugin.FileSpec{File: "p.wasm"}}
	cases := []struct {
		name string
		m    *plugin.Manifest
		code []byte
		is   error
		want string
	}{
		{"nothing", manifest(nil), nil, plugin.ErrModule, "invalid magic number"},
		{"cut short", manifest(nil), fixture[:len(fixture)/2], plugin.ErrModule, "validate: "},
		{"very many globals", manifest(nil), withGlobals(t, maxGlobals+1), plugin.ErrModule, "65537 mutable globals, at most 65536 are allowed"},
		{"no plugin", manifest(nil), read(t, "empty.wasm"), plugin.ErrModule, "no export sothebais_abi_v1 func(i64) -> i64; is it built with the SDK"},
		{"wrong signature", manifest(nil), read(t, "signature.wasm"), plugin.ErrModule, "export handle_batch is func(i32) -> i64; want func(i32, i32) -> i64"},
		{"imports the host", manifest(nil), read(t, "import.wasm"), plugin.ErrModule, `import "env"."open": a plugin imports nothing but wasi_snapshot_preview1 and sothebais_v1;`},
		{"imports what a later host has", manifest(nil), read(t, "later.wasm"), plugin.ErrModule, `import "sothebais_v1"."store_list": this host has no such function; it has store_get and store_put there: run a newer host, or build the plugin with an older SDK`},
		{"imports what WASI has not", manifest(nil), read(t, "nowasi.wasm"), plugin.ErrModule, `import "wasi_snapshot_preview1"."thread_spawn": WASI preview 1 has no such function`},
		{"has no room for its configuration", with("echo"), read(t, "noroom.wasm"), plugin.ErrConfig, "alloc gave 0, no room for 16384 bytes"},
		{"data outside of its memory", manifest(nil), read(t, "outside.wasm"), plugin.ErrModule, "data segment 0, 2 bytes at 0xffff, is outside of its memory"},
		{"imports what it did not ask for", manifest(nil), read(t, "needs.wasm"), plugin.ErrModule, "it imports functions of store, but did not say that it needs it"},
		{"needs what there is not", manifest(nil), read(t, "feature.wasm"), plugin.ErrModule, "the guest needs bit 5, which this host does not have; it has store, powers"},
		{"another digest", summed, fixture, plugin.ErrModule, "its manifest says 0000"},
		{"no interpreter", declarative, fixture, plugin.ErrModule, "built without the interpreter"},
		{"refuses its configuration", with("refuse"), fixture, plugin.ErrConfig, `line 3: unknown trigger "bidd"`},
		{"spins at configuration", with("spin"), fixture, plugin.ErrConfig, "out of fuel"},
		{"traps at configuration", with("trap"), fixture, plugin.ErrConfig, "unreachable"},
		{"refuses it at length", manifest(nil), read(t, "wordy.wasm"), plugin.ErrConfig, "configuration: no? a" + strings.Repeat("é", 4093) + "?"},
		{"names the fuel counter", manifest(nil), read(t, "thief.wasm"), plugin.ErrModule, "invalid global index"},
		{"changes its table", manifest(nil), read(t, "table.wasm"), plugin.ErrModule, "plugins may not use it"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			g, err := r.Load(context.Background(), plugin.Spec{Manifest: c.m, Files: files(c.code)})
			if g != nil {
				t.Fatal("it was loaded")
			}
			if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q; want %q", err, c.want)
			}
		})
	}
}

// withGlobals is echo.wasm with so many mutable globals.
func withGlobals(t *testing.T, n int) []byte {
	t.Helper()
	one := []byte{0x7e, 1, 0x42, 0, 0x0b}
	before, after, ok := bytes.Cut(read(t, "echo.wasm"), append([]byte{6, 6, 1}, one...))
	if !ok {
		t.Fatal("echo.wasm has another section of globals")
	}
	count := binary.AppendUvarint(nil, uint64(n))
	section := binary.AppendUvarint([]byte{6}, uint64(len(count)+n*len(one)))
	return slices.Concat(before, section, count, bytes.Repeat(one, n), after)
}

// TestLies: a guest that points outside of its memory, or at too much of it.
func TestLies(t *testing.T) {
	r := newRuntime(t, Config{})
	for _, c := range []struct {
		name   string
		packed uint64
		want   string
	}{
		{"nothing", 0, ""},
		{"past the end", 65532<<32 | 8, "outside of its memory"},
		{"far away", 0xfffffff0<<32 | 64, "outside of its memory"},
		{"huge", 8<<32 | 0xffffffff, "at most 262144 are allowed"},
		{"too short for a header", 8<<32 | 4, "want at least a header"},
		{"a header that says less", 8<<32 | 16, "header says"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := fstest.MapFS{"p.wasm": {Data: binary.LittleEndian.AppendUint64(nil, c.packed)}}
			m := manifest(nil)
			m.Runtime = plugin.RuntimeSpec{Declarative: &plugin.FileSpec{File: "p.wasm"}}
			r.cfg.Interpreter = read(t, "echo.wasm")
			g, err := r.Load(context.Background(), plugin.Spec{Manifest: m, Files: body})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close(context.Background())
			_, err = g.HandleBatch(context.Background(), []event.Event{tick(1)})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}

// TestEventsThatGuestsDoNotHear are left out of a batch.
func TestEventsThatGuestsDoNotHear(t *testing.T) {
	r := newRuntime(t, Config{})
	g := load(t, r, "fixture.wasm", manifest(nil))
	hidden := event.Event{Seq: 1, Data: cue.Raised{}}
	if out, err := g.HandleBatch(context.Background(), []event.Event{hidden}); err != nil || len(out) != 0 {
		t.Errorf("%d reactions, error %v", len(out), err)
	}
	out, err := g.HandleBatch(context.Background(), []event.Event{hidden, tick(2), hidden, tick(4)})
	if err != nil || len(out) != 2 || out[0].Event != 2 || out[1].Event != 4 {
		t.Errorf("got %+v, error %v", out, err)
	}
}

// TestModulesAreShared: plugins of the same bytes compile once, and closing one leaves the others alone.
func TestModulesAreShared(t *testing.T) {
	r := newRuntime(t, Config{})
	ctx := context.Background()
	for range 20 {
		a, b := load(t, r, "fixture.wasm", manifest(nil)), load(t, r, "fixture.wasm", manifest(nil))
		if a.(*guest).module != b.(*guest).module {
			t.Fatal("compiled twice")
		}
		if err := a.Close(ctx); err != nil {
			t.Fatal(err)
		}
		heard(t, b, 1)
		if err := b.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.modules) != 1 || len(r.idle) != 1 {
		t.Errorf("%d modules, %d idle; want 1 and 1", len(r.modules), len(r.idle))
	}
}

// TestHandlingAllocatesNothing on the host, once buffers have grown and texts were seen.
func TestHandlingAllocatesNothing(t *testing.T) {
	r := newRuntime(t, Config{})
	g := load(t, r, "fixture.wasm", manifest(nil))
	ctx := context.Background()
	batch := []event.Event{tick(1)}
	b := g.(*guest)
	handle := func() {
		if _, err := g.HandleBatch(ctx, batch); err != nil {
			t.Fatal(err)
		}
	}
	for range 512 {
		handle()
	}
	for i := range maxTexts * 3 { // the numbers that the fixture will show
		b.codec.texts[itoa(i)] = itoa(i)
	}
	if n := testing.AllocsPerRun(300, handle); n != 0 {
		t.Errorf("%v allocations for an event, want none", n)
	}
}
