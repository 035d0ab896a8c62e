//go:build soak

package host

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
	"github.com/sothebais/sothebais/host/show"
)

// TestSoakNights lets an audience and two operators do what comes to their minds, side by side, while processes of plugins
// die; every plugin does the same again in a replay. SOAK_NIGHTS says how many nights, and SOAK_SEED what the first one
// draws by.
func TestSoakNights(t *testing.T) {
	nights, seed := 20, uint64(time.Now().UnixNano())
	for name, to := range map[string]any{"SOAK_NIGHTS": &nights, "SOAK_SEED": &seed} {
		if v := os.Getenv(name); v != "" {
			if _, err := fmt.Sscan(v, to); err != nil {
				t.Fatalf("%s=%s: %v", name, v, err)
			}
		}
	}
	for range nights {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { anyNight(t, seed) })
		seed++
	}
}

func anyNight(t *testing.T, seed uint64) {
	data := t.TempDir()
	parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	plain(t, data, "usurper")
	for part := range uint64(2) { // of the night, with a restart between them
		s := live(t, data)
		ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
		var all sync.WaitGroup
		all.Go(func() { audience(ctx, s, rand.New(rand.NewPCG(seed, part))) })
		for who := range uint64(2) {
			all.Go(func() { operates(ctx, t, s, rand.New(rand.NewPCG(seed, 2+2*part+who))) })
		}
		all.Go(func() { kills(ctx, rand.New(rand.NewPCG(seed, 6+part))) })
		all.Wait()
		stop()
		s.stop()
	}
	replaysToTheBit(t, data)
}

// audience says what plugins answer, keep, fail on.
func audience(ctx context.Context, s *liveShow, r *rand.Rand) {
	for ctx.Err() == nil {
		for range 1 + r.IntN(4)*r.IntN(4) {
			switch what := pick(r, "hello", "hello", "hello", "trap", "fail a 1", "keep a 2", "keep b ", "keep b 3", "recall a", "recall b", "post"); what {
			case "post":
				_, _ = s.x.Write("2", "@sothebais hello", "")
			default:
				_, _ = s.bus.Record(ctx, event.Draft{At: time.Now().UTC(), Data: show.OperatorActed{Who: "test", What: what}})
			}
		}
		wait(ctx, r, 100*time.Millisecond)
	}
}

// operates does what can be done to a slot. What cannot be at the moment is told, and is no harm.
func operates(ctx context.Context, t *testing.T, s *liveShow, r *rand.Rand) {
	for ctx.Err() == nil {
		wait(ctx, r, 150*time.Millisecond)
		var err error
		var what string
		plugin := pick(r, "parrot", "usurper", "overlay")
		switch what = pick(r, "swap", "shadow", "drop", "promote", "quiet", "call off", "back", "grant", "revoke", "retry"); what {
		case "swap":
			_, err = s.Remote.Swap(ctx, plugin)
		case "shadow":
			_, err = s.Remote.Shadow(ctx, plugin)
		case "drop":
			_, err = s.Remote.DropShadow(ctx, slotOverlay)
		case "promote":
			_, err = s.Remote.Promote(ctx, slotOverlay, PromoteWhen{When: "now"})
		case "quiet":
			_, err = s.Remote.Promote(ctx, slotOverlay, PromoteWhen{When: "quiet", DeadlineSeconds: 1})
		case "call off":
			_, err = s.Remote.CallOff(ctx, slotOverlay)
		case "back":
			_, err = s.Remote.RollBack(ctx, slotOverlay)
		case "grant":
			_, err = s.Remote.Grant(ctx, "parrot", pick(r, "reply", "store"), GrantLimits{})
		case "revoke":
			_, err = s.Remote.Revoke(ctx, "parrot", pick(r, "reply", "store"))
		case "retry":
			list, _ := s.Remote.Quarantine(ctx, slotOverlay)
			if len(list) > 0 {
				_, err = s.Remote.Retry(ctx, slotOverlay, list[r.IntN(len(list))].Seq)
			}
		}
		mayBe := func(why string) bool { return strings.Contains(err.Error(), why) } // retried by the other one, or killed
		if err != nil && ctx.Err() == nil && !errors.Is(err, ErrNotNow) && !mayBe("quarantine") && !mayBe("signal: killed") {
			t.Errorf("%s %s: %v", what, plugin, err)
		}
	}
}

// kills ends processes of plugins.
func kills(ctx context.Context, r *rand.Rand) {
	for ctx.Err() == nil {
		wait(ctx, r, time.Second)
		tasks, _ := filepath.Glob("/proc/self/task/*/children")
		var children []string
		for _, task := range tasks {
			b, _ := os.ReadFile(task)
			children = append(children, strings.Fields(string(b))...)
		}
		children = slices.DeleteFunc(children, func(pid string) bool {
			b, _ := os.ReadFile("/proc/" + pid + "/cmdline")
			return !strings.Contains(string(b), runner.Verb)
		})
		if len(children) > 0 {
			pid, _ := strconv.Atoi(children[r.IntN(len(children))])
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// wait lets some time pass.
func wait(ctx context.Context, r *rand.Rand, most time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(r.Int64N(int64(most)))):
	}
}
