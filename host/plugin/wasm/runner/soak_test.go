//go:build soak

package runner

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// The soak plays events to a slot of the plugin host and swaps what is in it all the while. The guests are the
// conformance plugin in each language, which number the bids that they hear and hand the number on: a bid that was lost,
// heard twice or out of order shows. One event in soakInRunner goes through guests in processes of their own.
const (
	soakEvents   = 10_000_000
	soakSwaps    = 1000
	soakInRunner = 10
	soakMailbox  = 1024
	soakSlack    = 32 << 20 // bytes that the heap and the children may grow by
)

// TestSoakPlugins runs for SOAK_EVENTS events and SOAK_SWAPS swaps.
func TestSoakPlugins(t *testing.T) {
	events, swaps := fromEnv(t, "SOAK_EVENTS", soakEvents), fromEnv(t, "SOAK_SWAPS", soakSwaps)
	plugs := soakPlugs(t)
	engine, err := os.ReadFile("../../../shipped/dist/js-engine.wasm")
	if err != nil {
		t.Fatalf("%v: run make assets", err)
	}
	inside, err := wasm.New(context.Background(), wasm.Config{Engine: engine})
	if err != nil {
		t.Fatal(err)
	}
	defer inside.Close(context.Background())
	t.Run("inside", func(t *testing.T) { soak(t, inside, plugs, events-events/soakInRunner, swaps-swaps/soakInRunner) })
	t.Run("runner", func(t *testing.T) {
		soak(t, newRuntime(t, Config{CacheDir: t.TempDir(), Engine: engine}), plugs, events/soakInRunner, swaps/soakInRunner)
		for deadline := time.Now().Add(10 * time.Second); children(t) > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%d processes are left", children(t))
			}
		}
	})
}

func fromEnv(t *testing.T, name string, usual int) int {
	s := os.Getenv(name)
	if s == "" {
		return usual
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number of at least 1", name, s)
	}
	return n
}

// soakPlugs are the conformance plugin in each language.
func soakPlugs(t *testing.T) []fs.FS {
	kit := "../../../../sdk/tck/"
	golang := filepath.Join(t.TempDir(), "go.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", golang, "./examples/conformance")
	cmd.Dir, cmd.Env = "../../../../sdk/go", append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build a Go guest: %v\n%s", err, text)
	}
	var out []fs.FS
	for _, path := range []string{golang, kit + "testdata/assemblyscript/conformance.wasm", kit + "testdata/c/conformance.wasm",
		kit + "js/conformance.js", kit + "testdata/rust/conformance.wasm", kit + "testdata/tinygo/conformance.wasm"} {
		code, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		kind := strings.TrimPrefix(filepath.Ext(path), ".")
		out = append(out, fstest.MapFS{"plugin." + kind: {Data: code}, plugin.ManifestFile: {Data: fmt.Appendf(nil, `
id: conformance
version: 1.0.0
kind: overlay
api: "1"
runtime: {%[1]s: plugin.%[1]s}
capabilities:
  - {name: say, why: numbers the bids}
  - {name: text, why: what else it does of a bid}
  - {name: bar, why: what else it does of a bid}
  - {name: show, why: what else it does of a bid}
  - {name: gesture, why: what else it does of a bid}
subscribes: [bid.accepted, clock.ticked, operator.acted, post.received]
state: {id: conformance, version: 1}
`, kind)}})
	}
	return out
}

func soak(t *testing.T, rt plugin.Runtime, plugs []fs.FS, events, swaps int) {
	before := runtime.NumGoroutine()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var heard numbers
	mailboxes := make(chan soakSource, 3)
	h := plugin.New(plugin.Config{Runtime: rt, Facts: nobody{}, Last: func() uint64 { return 0 }, Offer: heard.offer,
		Subscribe: func(uint64, ...event.Kind) plugin.Source {
			s := make(soakSource, soakMailbox)
			mailboxes <- s
			return s
		}})
	if _, err := h.Load(ctx, "", plugs[0]); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	slots := []soakSource{<-mailboxes, <-mailboxes, <-mailboxes}
	settled := map[int]uint64{} // what was in use first, by plugin on air: they differ in size
	for sent, swapped := 0, 0; sent < events; {
		sent++
		e := event.Event{Seq: uint64(sent), At: time.Unix(int64(sent), 0), Data: soakBid} // a second each, by which the rate of say is kept
		for _, s := range slots {
			s <- e
		}
		if due := int(int64(sent) * int64(swaps) / int64(events)); swapped < due { // with the mailboxes as full as they are
			swapped++
			if _, err := h.Swap(ctx, plugs[swapped%len(plugs)], "soak", 0); err != nil {
				t.Fatalf("swap %d: %v", swapped, err)
			}
		}
		if n := max(1, events/10); sent%n == 0 {
			used, on := memory(t), swapped%len(plugs)
			t.Logf("%d events, %d swaps, %d KiB", sent, swapped, used>>10)
			if first, ok := settled[on]; !ok {
				settled[on] = used
			} else if used > first+soakSlack {
				t.Errorf("after %d events %d bytes are in use, at first it was %d", sent, used, first)
			}
		}
	}
	for deadline := time.Now().Add(time.Minute); heard.n.Load() < uint64(events) && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if wrong := heard.wrong.Load(); wrong != nil {
		t.Fatal("the first that is wrong: ", *wrong)
	}
	if n := heard.n.Load(); n != uint64(events) {
		t.Fatalf("%d events were heard of %d", n, events)
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), before)
		}
	}
}

var soakBid = auction.BidAccepted{Lot: "s1-lot-1", Handle: "ann", Amount: money.MustETH("1.25"), Count: 3}

// numbers takes what guests say: each number follows the one before.
type numbers struct {
	n     atomic.Uint64
	wrong atomic.Pointer[string]
}

func (c *numbers) offer(_ context.Context, e event.Event, cues []cue.Cue) {
	for _, q := range cues {
		if q.Verb != cue.Say {
			continue
		}
		n := c.n.Add(1)
		if want := fmt.Sprintf("@ann bids 1.25, number %d", n); q.Text != want || e.Seq != n {
			text := fmt.Sprintf("event %d: %q, want %q", e.Seq, q.Text, want)
			c.wrong.CompareAndSwap(nil, &text)
		}
	}
}

// soakSource hands events to a slot.
type soakSource chan event.Event

func (soakSource) Close() {}

func (s soakSource) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	select {
	case e := <-s:
		buf = append(buf[:0], e)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(buf) < cap(buf) {
		select {
		case e := <-s:
			buf = append(buf, e)
		default:
			return buf, nil
		}
	}
	return buf, nil
}

type nobody struct{}

func (nobody) Record(context.Context, ...event.Draft) ([]event.Event, error) { return nil, nil }

// memory is the heap of this process and what its children have in memory.
func memory(t *testing.T) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	used := m.HeapAlloc
	for _, pid := range childPIDs(t) {
		statm, err := os.ReadFile("/proc/" + pid + "/statm")
		if err != nil {
			continue // it has ended meanwhile
		}
		if f := strings.Fields(string(statm)); len(f) > 1 {
			pages, _ := strconv.ParseUint(f[1], 10, 64)
			used += pages * uint64(os.Getpagesize())
		}
	}
	return used
}

func children(t *testing.T) int { return len(childPIDs(t)) }

// childPIDs are the processes that this one started, whichever thread of it did.
func childPIDs(t *testing.T) []string {
	files, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		b, _ := os.ReadFile(f) // the thread may have ended
		out = append(out, strings.Fields(string(b))...)
	}
	return out
}
