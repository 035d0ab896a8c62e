package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/sdk/tck"
)

// TestKilledAtAnyTime: a guest whose process is killed while it works, again and again, does what one does that lives:
// each reaction comes once, in order.
func TestKilledAtAnyTime(t *testing.T) {
	code, err := os.ReadFile("../../../../sdk/tck/testdata/assemblyscript/conformance.wasm")
	if err != nil {
		t.Fatal(err)
	}
	inside, err := wasm.New(t.Context(), wasm.Config{Interpreter: code})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close(context.Background())
	spec := plugin.Spec{Manifest: manifest(), Files: files(code), Store: plugin.Store{Granted: true}}
	lives, err := inside.Load(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer lives.Close(context.Background())
	pg, err := newRuntime(t, Config{CacheDir: t.TempDir(), Spare: true, Heartbeat: 10 * time.Millisecond}).Load(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	dies := pg.(*guest)
	defer dies.Close(context.Background())

	var batches atomic.Int64
	stop, stopped := make(chan struct{}), make(chan int)
	go func() {
		rng, kills := rand.New(rand.NewPCG(1, 2)), 0
		for next := int64(0); ; {
			select {
			case <-stop:
				stopped <- kills
				return
			case <-time.After(time.Duration(rng.IntN(3000)) * time.Microsecond):
			}
			if p := dies.alive.Load(); p != nil && batches.Load() >= next { // a batch that loses two processes is given up
				_ = p.cmd.Process.Signal(syscall.SIGKILL)
				kills++
				next = batches.Load() + 2
			}
		}
	}()
	rng := rand.New(rand.NewPCG(3, 4))
	seq := uint64(0)
	for start := time.Now(); time.Since(start) < 3*time.Second; {
		events := slices.Clone(tck.Transcript())
		for i := range events {
			seq++
			events[i].Seq = seq
		}
		for len(events) > 0 {
			n := min(len(events), 1+rng.IntN(8))
			want, wantErr := lives.HandleBatch(t.Context(), events[:n])
			dies.mu.Lock()
			dies.deaths = 0 // it is the test that ends them
			dies.mu.Unlock()
			got, err := dies.HandleBatch(t.Context(), events[:n])
			batches.Add(1)
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || fmt.Sprintf("%+v", plain(got)) != fmt.Sprintf("%+v", plain(want)) {
				t.Fatalf("events %d to %d: %+v, %v\nwant %+v, %v", events[0].Seq, events[n-1].Seq, got, err, want, wantErr)
			}
			events = events[n:]
		}
	}
	close(stop)
	t.Logf("%d events, %d kills", seq, <-stopped)
}

// plain are reactions with what they point to.
func plain(rs []plugin.Reaction) []string {
	var out []string
	for _, r := range rs {
		call := r.Call
		r.Call = nil
		out = append(out, fmt.Sprintf("%+v %+v", r, call))
	}
	return out
}

// TestShutStore: a process tells how often its guest found its store closed, whatever became of those before it.
func TestShutStore(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), read(t, "store.wasm"))
	for seq := uint64(1); seq <= 6; seq++ {
		if seq%3 == 0 {
			kill(g)
		}
		if _, err := g.HandleBatch(t.Context(), []event.Event{tick(seq)}); err != nil {
			t.Fatal(err)
		}
		if got := g.Stats().Shut; got != seq+1 { // it asks once when it starts
			t.Errorf("after %d events it found its store closed %d times", seq, got)
		}
	}
	c, err := g.Clone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.WithoutCancel(t.Context()))
	if _, err := c.HandleBatch(t.Context(), []event.Event{tick(7)}); err != nil || c.Stats().Shut != 8 {
		t.Errorf("a copy found it closed %d times, error %v", c.Stats().Shut, err)
	}
}

// TestStopped: a process that stands still is replaced, when it is asked and when it is not.
func TestStopped(t *testing.T) {
	r := newRuntime(t, Config{BatchTime: 300 * time.Millisecond, Heartbeat: 100 * time.Millisecond})
	m := manifest()
	m.Limits.Fuel = 1000_000
	pg, err := r.Load(t.Context(), plugin.Spec{Manifest: m, Files: files(read(t, "fixture.wasm"))})
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(context.Background())
	g := pg.(*guest)
	heard(t, g, 1)
	first := g.alive.Load()
	_ = first.cmd.Process.Signal(syscall.SIGSTOP)
	if got := heard(t, g, 2); got != 2 {
		t.Errorf("remembers %d events, want 2", got)
	}
	second := g.alive.Load()
	_ = second.cmd.Process.Signal(syscall.SIGSTOP)
	for start := time.Now(); g.alive.Load() == second || g.alive.Load() == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			t.Fatal("nobody noticed")
		}
	}
	if got := heard(t, g, 3); got != 3 {
		t.Errorf("remembers %d events, want 3", got)
	}
}

// TestGivesUp: a guest whose processes cannot be started any more is dead, and says why.
func TestGivesUp(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), read(t, "echo.wasm"))
	g.mu.Lock()
	g.cradle.command = []string{"/bin/false"}
	g.mu.Unlock()
	kill(g)
	_, err := g.HandleBatch(t.Context(), []event.Event{tick(1)})
	if !errors.Is(err, plugin.ErrDead) || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("error %v; want it dead, and why", err)
	}
}

// lies are answers of a child that was taken over.
var lies = map[string]func(r *ring, a *answer){
	"too much":        func(_ *ring, a *answer) { a.Size = 0xffffffff },
	"too much in all": func(_ *ring, a *answer) { a.Size, a.Lines = answerRoom, answerRoom },
	"no commands":     func(r *ring, a *answer) { a.Size = uint32(copy(r.answers(), "this is no buffer of commands")) },
	"no error":        func(r *ring, a *answer) { a.Failed, a.Size = 1, uint32(copy(r.answers(), "{")) },
	"no writes":       func(r *ring, a *answer) { a.Writes = uint32(copy(r.answers(), "\xff\xff\xff")) },
	"silence":         nil,
}

// lieMain is a child that lies about each batch.
func lieMain(how string) int {
	c := newChild()
	if _, err := c.unpack(); err != nil {
		return 2
	}
	_, _ = c.phone.Write([]byte("{}\n"))
	if err := c.begin(c.await()); err != nil {
		return 2
	}
	go c.listen()
	for last := uint32(0); ; {
		last = c.ring.next(last)
		a := answer{Fuel: 1}
		if c.ring.call().Op == opHandle {
			if lies[how] == nil {
				continue
			}
			lies[how](c.ring, &a)
		}
		*c.ring.answer() = a
		c.ring.done(last)
	}
}

// TestLies: a child that answers nonsense, or nothing, is killed for it, and the show goes on.
func TestLies(t *testing.T) {
	for how := range lies {
		t.Run(how, func(t *testing.T) {
			r := newRuntime(t, Config{Command: []string{os.Args[0], "lie-" + how}, BatchTime: 200 * time.Millisecond})
			m := manifest()
			m.Limits.Fuel = 1_000_000
			g, err := r.Load(t.Context(), plugin.Spec{Manifest: m, Files: files(read(t, "echo.wasm"))})
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close(context.Background())
			first := g.(*guest).alive.Load()
			_, err = g.HandleBatch(t.Context(), []event.Event{tick(1)})
			var trap *plugin.TrapError
			if !errors.As(err, &trap) || !strings.Contains(trap.Reason, "process was lost") || errors.Is(err, plugin.ErrDead) {
				t.Errorf("error %v; want a trap that tells of the process", err)
			}
			if !first.ended.Load() {
				t.Error("it was not killed")
			}
		})
	}
}

// TestClosed: who comes too late is told, whatever they want; the memory that both processes had is not there any more.
func TestClosed(t *testing.T) {
	g := load(t, newRuntime(t, Config{CacheDir: t.TempDir()}), read(t, "fixture.wasm"))
	spawn, err := g.Stand()
	if err := errors.Join(err, g.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	for what, use := range map[string]func() error{
		"hear": func() error {
			_, err := g.HandleBatch(t.Context(), []event.Event{tick(1)})
			return err
		},
		"save":    func() error { _, err := g.Save(t.Context()); return err },
		"restore": func() error { return g.Restore(t.Context(), make([]byte, 8)) },
		"migrate": func() error { return g.Migrate(t.Context(), 1, make([]byte, 8)) },
		"clone":   func() error { _, err := g.Clone(t.Context()); return err },
		"spawn":   func() error { _, err := spawn(t.Context()); return err },
		"close":   func() error { g.Stats(); return errors.Join(g.Close(t.Context()), plugin.ErrDead) },
	} {
		if err := use(); !errors.Is(err, plugin.ErrDead) && !errors.Is(err, plugin.ErrChanged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}
