package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

const withState = "state: {id: x, version: 1}\n"

// of describes a plugin in a version.
func of(id, version, extra string) fs.FS {
	return fstest.MapFS{"plugin.yaml": {Data: []byte(strings.Replace(manifestText(id, extra), "1.0.0", version, 1))}}
}

func names(l *timeline, from uint64) []string {
	all, _ := l.after(from)
	var out []string
	for _, e := range all {
		if k := string(e.Kind()); strings.HasPrefix(k, "plugin.") {
			out = append(out, strings.TrimPrefix(k, "plugin."))
		}
	}
	return out
}

// TestTooManyTraps: the fourth trap in a minute brings the last good one back, with what it needs to know, at once.
func TestTooManyTraps(t *testing.T) {
	s := newStage()
	var changed []string
	s.configure(func(c *plugin.Config) {
		c.Changed = func(_ context.Context, k plugin.Kind, files fs.FS) {
			m, err := plugin.LoadManifest(files)
			changed = append(changed, fmt.Sprint(k, " ", m.Version, err))
		}
	})
	var last uint64
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		s.l.say("one")
		synctest.Wait()
		must[plugin.SwapResult](t)(s.h.Swap(ctx, of("a", "2.0.0", withState), "ana", 0))
		synctest.Wait()
		for _, what := range []string{"two", "trap", "three", "trap", "trap", "four", "trap", "five"} {
			last = s.l.Last()
			s.l.say(what)
			synctest.Wait()
		}
		slot, err := s.h.Slot(plugin.Overlay)
		if err != nil || slot.OnAir.Version != "1.0.0" || len(slot.History) != 3 || !slot.History[1].Reverted || slot.History[1].Why != "4 traps in 1m0s, the last: unreachable" || slot.Quarantined != 4 {
			t.Errorf("slot %+v, %v", slot, err)
		}
	})
	back := s.rt.made[len(s.rt.made)-1]
	if got := strings.Join(back.heard, " "); got != "one two three four five" {
		t.Errorf("the one that came back knows %q", got)
	}
	if s.offered[len(s.offered)-1] != fmt.Sprintf("%d a a heard five", last+1) {
		t.Errorf("offered %q", s.offered)
	}
	r := facts[show.PluginRolledBack](s.l)
	if len(r) != 1 || r[0].FromVersion != "2.0.0" || r[0].ToVersion != "1.0.0" || r[0].State != "from before the traps" || r[0].Event == 0 {
		t.Errorf("rolled back %+v", r)
	}
	// The event, the trap, the quarantine, the roll-back, what was loaded and the swap are one chain.
	all, _ := s.l.after(r[0].Event)
	for i, want := range []event.Kind{show.KindPluginTrapped, show.KindPluginQuarantined, show.KindPluginRolledBack, show.KindPluginLoaded, show.KindPluginSwapped} {
		if e := all[i]; e.Kind() != want || e.Cause != r[0].Event+uint64(i) {
			t.Errorf("%d is %s by %d, want %s by %d", e.Seq, e.Kind(), e.Cause, want, r[0].Event+uint64(i))
		}
	}
	if !slices.Equal(changed, []string{"overlay 2.0.0<nil>", "overlay 1.0.0<nil>"}) {
		t.Errorf("changed %q", changed)
	}
	for i, f := range s.rt.made {
		if f.close != 1 {
			t.Errorf("guest %d of %d was closed %d times", i, len(s.rt.made), f.close)
		}
	}
}

// TestComesBackTo: who comes back is in the ledger with the event behind which it knows all that came: the one before the
// first trap, or where the slot began, or as far back as the slot remembers.
func TestComesBackTo(t *testing.T) {
	for before, between := range map[int]int{0: 0, 3: 5, 4: 700} {
		s, want := newStage(), uint64(1)
		s.l.say("long ago")
		s.play(t, func(ctx context.Context) {
			must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
			must[plugin.SwapResult](t)(s.h.Swap(ctx, of("a", "2.0.0", withState), "ana", 0))
			for range before {
				s.l.say("before")
			}
			synctest.Wait()
			if before > 0 {
				want = s.l.Last()
			}
			s.l.say("trap")
			for range between {
				s.l.say("between")
			}
			for range 3 {
				synctest.Wait()
				s.l.say("trap")
			}
		})
		if all, _ := s.l.after(0); between > 512 {
			told := slices.DeleteFunc(slices.Clone(all), func(e event.Event) bool { d, _ := e.Data.(show.OperatorActed); return d.What != "between" })
			want = told[len(told)-512].Seq - 1
		}
		loaded := facts[show.PluginLoaded](s.l)
		if l := loaded[len(loaded)-1]; len(loaded) != 3 || l.Version != "1.0.0" || l.After != want || l.Rehearsed <= l.After || l.Stood > 0 != (between > 512) || l.Stood >= l.After {
			t.Errorf("%d before, %d between: loaded %+v, want it behind %d", before, between, l, want)
		}
		again := 0
		for _, what := range s.rt.made[len(s.rt.made)-1].heard {
			if what == "between" {
				again++
			}
		}
		if again != min(between, 512) {
			t.Errorf("%d before, %d between: it heard %d again", before, between, again)
		}
	}
}

// TestTrapsThatAreFarBetween bring nobody back.
func TestTrapsThatAreFarBetween(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		must[plugin.SwapResult](t)(s.h.Swap(ctx, of("a", "2.0.0", ""), "ana", 0))
		for range 12 {
			s.l.say("trap")
			time.Sleep(21 * time.Second)
		}
		if p := s.h.Plugins(); p[0].Version != "2.0.0" || p[0].Traps != 12 || s.h.TrapsInADay("a") != 12 {
			t.Errorf("plugins %+v", p)
		}
		time.Sleep(24 * time.Hour)
		if n := s.h.TrapsInADay("a"); n != 0 {
			t.Errorf("%d traps in a day, a day later", n)
		}
	})
}

// TestNothingToGoBackTo: the plugin is started again, each time later, with the show going on without it.
func TestNothingToGoBackTo(t *testing.T) {
	s := newStage()
	var starts []time.Duration
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		s.l.say("one")
		began := time.Now()
		for range 6 {
			for range 4 {
				s.l.say("trap")
				synctest.Wait()
			}
			if len(s.h.Plugins()) != 0 {
				t.Fatal("it is still on air")
			}
			s.l.say("unheard")
			for len(s.h.Plugins()) == 0 {
				time.Sleep(100 * time.Millisecond)
			}
			starts = append(starts, time.Since(began).Round(time.Second))
			began = time.Now()
		}
	})
	if want := []time.Duration{1, 2, 4, 8, 16, 32}; len(starts) != len(want) || starts[5] != 32*time.Second || starts[0] != time.Second {
		t.Errorf("started again after %v", starts)
	}
	if got := s.rt.made[1].heard; !slices.Equal(got, []string{"one", "unheard"}) {
		t.Errorf("the first time it begins with %q, want its state and what came by since", got)
	}
	if got := s.rt.made[2].heard; len(got) != 0 {
		t.Errorf("the second time it begins with %q, want nothing: the state may be what is wrong", got)
	}
	if st := facts[show.PluginStopped](s.l); len(st) != 6 || st[5].RetryMS != 32_000 || st[5].Attempts != 6 {
		t.Errorf("stopped %+v", st)
	}
}

func TestRollBackByHand(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		if _, err := s.h.RollBack(ctx, plugin.Overlay, "ana", 0); !errors.Is(err, plugin.ErrNothing) {
			t.Errorf("error %v, want ErrNothing", err)
		}
		s.l.say("one")
		synctest.Wait()
		must[plugin.SwapResult](t)(s.h.Swap(ctx, of("b", "1.0.0", withState), "ana", 0))
		s.l.say("two")
		synctest.Wait()
		act := s.l.Last()
		res := must[plugin.SwapResult](t)(s.h.RollBack(ctx, plugin.Overlay, "ana", act))
		if res.To.ID != "a" || res.From.ID != "b" || res.StateBytes != len("one,two") {
			t.Errorf("rolled back %+v", res)
		}
		if r := facts[show.PluginRolledBack](s.l); len(r) != 1 || r[0].Why != "rolled back by ana" || r[0].State != "handed over" {
			t.Errorf("facts %+v", r)
		}
		if got := names(s.l, act); !slices.Equal(got, []string{"rolled_back", "loaded", "swapped"}) {
			t.Errorf("facts %q", got)
		}
		s.l.say("poison")
		must[plugin.SwapResult](t)(s.h.Swap(ctx, of("c", "1.0.0", ""), "ana", 0)) // takes no state
		must[plugin.SwapResult](t)(s.h.RollBack(ctx, plugin.Overlay, "ana", 0))
		synctest.Wait()
		if p := s.h.Plugins(); p[0].ID != "a" {
			t.Errorf("on air is %+v", p)
		}
	})
}

func TestQuarantineAndRetry(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) {
		c.Find = func(_ context.Context, seq uint64) (event.Event, error) {
			all, _ := s.l.after(seq - 1)
			return all[0], nil
		}
	})
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		s.l.say("trap")
		synctest.Wait()
		aside, err := s.h.Quarantine(plugin.Overlay)
		if err != nil || len(aside) != 1 || aside[0].Reason != "unreachable" || aside[0].Cause != " trap" {
			t.Fatalf("aside %+v, %v", aside, err)
		}
		seq := aside[0].Seq
		if _, err := s.h.Retry(ctx, plugin.Overlay, seq+99, 0); !errors.Is(err, plugin.ErrUnknown) {
			t.Errorf("error %v, want ErrUnknown", err)
		}
		if r := must[plugin.RetryResult](t)(s.h.Retry(ctx, plugin.Overlay, seq, 0)); r.Err != "unreachable" {
			t.Errorf("retried %+v", r)
		}
		if aside, _ := s.h.Quarantine(plugin.Overlay); len(aside) != 1 {
			t.Errorf("aside %+v", aside)
		}
		s.rt.made[0].mended = true
		if r := must[plugin.RetryResult](t)(s.h.Retry(ctx, plugin.Overlay, seq, 0)); r.Err != "" || r.Commands != 1 {
			t.Errorf("retried %+v", r)
		}
		if aside, _ := s.h.Quarantine(plugin.Overlay); len(aside) != 0 {
			t.Errorf("aside %+v", aside)
		}
		if want := fmt.Sprintf("%d a a heard trap", seq); s.offered[0] != want {
			t.Errorf("offered %q, want %q", s.offered, want)
		}
		s.rt.made[0].mended = false
		s.l.say("trap")
		synctest.Wait()
		other := strings.Replace(manifestText("b", ""), "operator.acted", "post.received", 1)
		must[plugin.SwapResult](t)(s.h.Swap(ctx, fstest.MapFS{"plugin.yaml": {Data: []byte(other)}}, "ana", 0))
		synctest.Wait()
		aside, _ = s.h.Quarantine(plugin.Overlay)
		if _, err := s.h.Retry(ctx, plugin.Overlay, aside[0].Seq, 0); !errors.Is(err, plugin.ErrNothing) || len(s.rt.made[1].heard) != 0 {
			t.Errorf("error %v, want ErrNothing from one that does not hear such events", err)
		}
	})
}

// TestRetriedByTwo: an event that two people try again at once is heard again once.
func TestRetriedByTwo(t *testing.T) {
	s := newStage()
	var meanwhile func()
	s.configure(func(c *plugin.Config) {
		c.Find = func(_ context.Context, seq uint64) (event.Event, error) {
			if f := meanwhile; f != nil {
				meanwhile = nil
				f()
			}
			all, _ := s.l.after(seq - 1)
			return all[0], nil
		}
	})
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		s.l.say("trap")
		synctest.Wait()
		s.rt.made[0].mended = true
		aside, _ := s.h.Quarantine(plugin.Overlay)
		meanwhile = func() { must[plugin.RetryResult](t)(s.h.Retry(ctx, plugin.Overlay, aside[0].Seq, 0)) }
		if _, err := s.h.Retry(ctx, plugin.Overlay, aside[0].Seq, 0); !errors.Is(err, plugin.ErrUnknown) {
			t.Errorf("error %v, want ErrUnknown", err)
		}
	})
	if len(s.offered) != 1 {
		t.Errorf("offered %q", s.offered)
	}
}

// TestGivesWayToARetry: who comes in place of one that failed once too often on an old event hears what is still to come,
// and that is what the ledger says of it.
func TestGivesWayToARetry(t *testing.T) {
	for name, extra := range map[string]string{"anew": "", "with its state": withState, "nobody": ""} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			s.configure(func(c *plugin.Config) {
				c.Find = func(_ context.Context, seq uint64) (event.Event, error) {
					all, _ := s.l.after(seq - 1)
					return all[0], nil
				}
			})
			var last uint64
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", extra)))
				if name != "nobody" {
					must[plugin.SwapResult](t)(s.h.Swap(ctx, of("a", "2.0.0", extra), "ana", 0))
				}
				s.l.say("trap")
				synctest.Wait()
				aside, _ := s.h.Quarantine(plugin.Overlay)
				s.l.say("one")
				last = s.l.Last()
				synctest.Wait()
				for range 3 {
					must[plugin.RetryResult](t)(s.h.Retry(ctx, plugin.Overlay, aside[0].Seq, 0))
				}
			})
			went := "rolled_back"
			if name == "nobody" {
				went = "stopped"
			}
			all := names(s.l, 0)
			if before := all[:slices.Index(all, went)]; strings.Count(strings.Join(before, " "), "retried") != 3 {
				t.Errorf("facts %q, want all three of what was tried again before %s", all, went)
			}
			if st := facts[show.PluginStopped](s.l); name == "nobody" && (len(st) != 1 || st[0].Event != last) {
				t.Errorf("stopped %+v, want it behind %d", st, last)
			}
			l := facts[show.PluginLoaded](s.l)
			if got := l[len(l)-1]; name != "nobody" && (got.Version != "1.0.0" || max(got.After, got.Rehearsed) < last) {
				t.Errorf("loaded %+v, want it to begin behind %d", got, last)
			}
		})
	}
}

// TestGivesWayInTheMiddle: what the one that went had not heard of a batch is for whoever came in its place.
func TestGivesWayInTheMiddle(t *testing.T) {
	for name, batch := range map[string][]string{"of a batch": {"too-much", "post", "post"}, "event by event": {"trap", "too-much", "one", "two"}} {
		t.Run(name, func(t *testing.T) {
			s := newStage()
			s.configure(func(c *plugin.Config) { c.Supervision.Floods = 1 })
			s.play(t, func(ctx context.Context) {
				both := strings.Replace(manifestText("a", ""), "operator.acted", "operator.acted, post.received", 1)
				must[plugin.Info](t)(s.h.Load(ctx, "", fstest.MapFS{"plugin.yaml": {Data: []byte(both)}}))
				must[plugin.SwapResult](t)(s.h.Swap(ctx, of("b", "1.0.0", ""), "ana", 0))
				s.l.say("too-much")
				synctest.Wait()
				var drafts []event.Draft
				for _, what := range batch {
					if drafts = append(drafts, event.Draft{Data: show.OperatorActed{What: what}}); what == "post" {
						drafts[len(drafts)-1].Data = post.Received{}
					}
				}
				_, _ = s.l.Record(ctx, drafts...)
			})
			last := s.rt.made[len(s.rt.made)-1]
			if got := len(last.heard) + len(last.answers); last.name != "a" || got != 2 {
				t.Errorf("%s heard %d events, want a and 2; offered %q", last.name, got, s.offered)
			}
			if r := facts[show.PluginRolledBack](s.l); len(r) != 1 {
				t.Errorf("rolled back %+v", r)
			}
		})
	}
}

// TestRatesOutliveARestart: a plugin that fails until it is started again has no more of a power than one that does not.
func TestRatesOutliveARestart(t *testing.T) {
	s := newStage()
	s.rt.acts = map[string][]plugin.Reaction{"answer": {reply("ok")}}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: to answer, per_minute: 2}")))
		for range 2 {
			s.hears("answer")
			for range 4 {
				s.hears("trap")
			}
			time.Sleep(10 * time.Second)
			s.hears("answer")
		}
	})
	if n := len(facts[show.PluginStopped](s.l)); n != 2 || len(s.offered) != 2 {
		t.Errorf("stopped %d times, offered %q", n, s.offered)
	}
}

// TestCatchesUpWithAFailure: of what came while a successor got ready it loses only what it fails on.
func TestCatchesUpWithAFailure(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		s.rt.slow = 2 * time.Second
		time.AfterFunc(time.Second, func() {
			for _, what := range []string{"one", "trap", "two"} {
				s.l.sayNow(what)
			}
		})
		must[plugin.SwapResult](t)(s.h.Swap(ctx, of("a", "2.0.0", withState), "ana", 0))
	})
	if heard := s.rt.made[1].heard; !slices.Equal(heard, []string{"", "one", "two"}) {
		t.Errorf("it knows %q", heard)
	}
}
