package runner

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestLetsGo: a thread that waits for an answer comes back to the runtime, which has left timers to it, once in a nap. How
// late a ticker comes beside it is BenchmarkHostileStall's.
func TestLetsGo(t *testing.T) {
	g, err := newGround(1)
	if err != nil {
		t.Fatal(err)
	}
	defer g.free()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slept := func() int64 {
		var u unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
			t.Fatal(err)
		}
		return u.Nvcsw
	}
	const naps = 50
	before, start := slept(), time.Now()
	if err := g.ring.do(1, call{}, naps*longestNap); !errors.Is(err, errLate) {
		t.Fatalf("a call that nobody answers: %v", err)
	}
	took := time.Since(start)
	// Where the cores have other work a nap lasts longer than it should.
	if n := slept() - before; n < naps/5 || took < naps*longestNap {
		t.Errorf("in %v it slept %d times, want %d in %v", took, n, naps, naps*longestNap)
	}
}

// TestNoThreadWaits: while a child lives, no thread of the program sleeps until it ends.
func TestNoThreadWaits(t *testing.T) {
	load(t, newRuntime(t, Config{}), read(t, "echo.wasm"))
	b := make([]byte, 1<<20)
	if all := string(b[:runtime.Stack(b, true)]); strings.Contains(all, "os.(*Process).Wait(") || !strings.Contains(all, ").spawn.func") {
		t.Errorf("of all goroutines none should be in Wait, and that one elsewhere:\n%s", all)
	}
}
