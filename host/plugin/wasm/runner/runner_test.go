package runner

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

func TestMain(m *testing.M) {
	if IsChild(os.Args) {
		os.Exit(Main())
	}
	if len(os.Args) == 2 {
		how, what, _ := strings.Cut(os.Args[1], "-")
		switch how { // what other tests run of this one
		case "echo":
			os.Exit(echoMain(what))
		case "try":
			os.Exit(tryMain(what))
		case "lie":
			os.Exit(lieMain(what))
		case "parent":
			os.Exit(parentMain())
		}
	}
	goleak.VerifyTestMain(m)
}

// newRuntime is closed with the test.
func newRuntime(tb testing.TB, cfg Config) *Runtime {
	tb.Helper()
	if cfg.Command == nil {
		cfg.Command = []string{os.Args[0], Verb}
	}
	r, err := New(cfg)
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

func read(tb testing.TB, name string) []byte {
	tb.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func files(code []byte) fs.FS { return fstest.MapFS{"p.wasm": {Data: code}} }

func manifest() *plugin.Manifest {
	return &plugin.Manifest{ID: "fixture", Version: "1.0.0", Kind: plugin.Overlay, Runtime: plugin.RuntimeSpec{Wasm: &plugin.FileSpec{File: "p.wasm"}},
		Limits: plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: 32, Commands: plugin.DefaultCommands}}
}

func load(tb testing.TB, r *Runtime, code []byte) *guest {
	tb.Helper()
	g, err := r.Load(context.Background(), plugin.Spec{Manifest: manifest(), Files: files(code)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return g.(*guest)
}

func tick(seq uint64) event.Event {
	return event.Event{Seq: seq, At: time.UnixMilli(int64(seq) * 1000), Data: show.Ticked{SecondsLeft: 9}}
}

func ask(seq uint64, what string) event.Event {
	return event.Event{Seq: seq, At: time.UnixMilli(int64(seq) * 1000), Data: show.OperatorActed{Who: "test", What: what}}
}

// heard asks the fixture how many events it remembers, this one included.
func heard(tb testing.TB, g plugin.Guest, seq uint64) int {
	tb.Helper()
	out, err := g.HandleBatch(context.Background(), []event.Event{tick(seq)})
	if err != nil || len(out) != 1 {
		tb.Fatalf("%d reactions, error %v", len(out), err)
	}
	n, err := strconv.Atoi(out[0].Cue.Text)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// TestValidatedOnce: what one runtime found valid the next need not look at, and what is invalid stays so.
func TestValidatedOnce(t *testing.T) {
	dir := t.TempDir()
	for _, before := range []bool{false, true} {
		r := newRuntime(t, Config{CacheDir: dir})
		for name, want := range map[string]bool{"echo.wasm": before, "thief.wasm": false} {
			folder, err := r.folder(&wasm.Program{Code: read(t, name)})
			if got := validated(folder); err != nil || got != want {
				t.Errorf("%s was validated before: %v, error %v; want %v", name, got, err, want)
			}
		}
		load(t, r, read(t, "echo.wasm"))
		if _, err := r.Load(t.Context(), plugin.Spec{Manifest: manifest(), Files: files(read(t, "thief.wasm"))}); !errors.Is(err, plugin.ErrModule) {
			t.Errorf("error %v; want a refusal", err)
		}
	}
}

// TestKilled: whenever the process of a guest is killed, the guest is back as it was.
func TestKilled(t *testing.T) {
	for _, spare := range []bool{false, true} {
		t.Run("spare "+strconv.FormatBool(spare), func(t *testing.T) {
			r := newRuntime(t, Config{CacheDir: t.TempDir(), Spare: spare, Heartbeat: 20 * time.Millisecond})
			g := load(t, r, read(t, "fixture.wasm"))
			for i := range 2 * 300 { // more than there are between two images
				if i%97 == 96 {
					kill(g)
					g.mu.Lock()
					g.deaths = 0
					g.mu.Unlock()
				}
				if got := heard(t, g, uint64(i+1)); got != i+1 {
					t.Fatalf("remembers %d events, want %d", got, i+1)
				}
			}
		})
	}
}

func kill(g *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.proc != nil {
		_ = g.proc.cmd.Process.Signal(syscall.SIGKILL)
	}
}

// TestTrapAfterAnImage: a guest that failed is put back to the state that it took over, though the journal that had it was
// written over since.
func TestTrapAfterAnImage(t *testing.T) {
	r := newRuntime(t, Config{CacheDir: t.TempDir()})
	old := load(t, r, read(t, "fixture.wasm"))
	heard(t, old, 1)
	state, err := old.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	g := load(t, r, read(t, "fixture.wasm"))
	if err := g.Restore(t.Context(), state); err != nil {
		t.Fatal(err)
	}
	g.mu.Lock()
	err = g.checkpoint()
	g.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.HandleBatch(t.Context(), []event.Event{ask(2, "trap")}); err == nil {
		t.Fatal("no trap")
	}
	if n := heard(t, g, 3); n != 2 {
		t.Errorf("it remembers %d events, want 2", n)
	}
}

// TestTraps are those of a guest, not the end of its process.
func TestTraps(t *testing.T) {
	r := newRuntime(t, Config{})
	g := load(t, r, read(t, "fixture.wasm"))
	for i, c := range []struct {
		ask, want string
		is        error
	}{
		{"loop", "out of fuel", plugin.ErrFuel},
		{"trap", "unreachable", nil},
		{"assert", "it has heard something (assembly/plugin.ts:45:32)", nil},
		{"lie-size", "malformed commands: command 0 of 2, byte 8: size is 2147483640", nil},
		{"lie-utf8", "text is not UTF-8", nil},
	} {
		seq := uint64(i+1) * 10
		out, err := g.HandleBatch(context.Background(), []event.Event{ask(seq, c.ask)})
		var trap *plugin.TrapError
		if !errors.As(err, &trap) || !strings.Contains(trap.Reason, c.want) || len(out) != 0 || errors.Is(err, plugin.ErrDead) {
			t.Fatalf("%s: %d reactions, error %v; want a trap with %q", c.ask, len(out), err, c.want)
		}
		if c.is != nil && !errors.Is(err, c.is) {
			t.Errorf("%s: %v is not %v", c.ask, err, c.is)
		}
		if got := heard(t, g, seq+1); got != i+1 {
			t.Errorf("remembers %d events, want %d: the one that trapped must be forgotten", got, i+1)
		}
	}
	if g.deaths != 0 {
		t.Errorf("%d processes ended over traps", g.deaths)
	}
}
