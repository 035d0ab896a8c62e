package plugin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

// TestShadow: it hears what the one on air hears and begins with its state; nothing of it reaches the stage, its traps
// disturb nobody, and each event is set beside what the one on air made of it.
func TestShadow(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		s.l.say("before")
		synctest.Wait()
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("a", "2.0.0", withState), "ana", 0))
		s.rt.made[1].quirk = true
		for _, what := range []string{"same", "line", "mood", "hush", "reply", "trap-2", "speak", "shut"} {
			s.l.say(what)
		}
		synctest.Wait()
		denied := show.PowerDenied{Slot: "overlay", Plugin: "a", Power: "store", Reason: "a has no capability store; its author lists {name: store, why: ...} under capabilities in plugin.yaml (and 2 times before)"}
		if heard := s.rt.made[1].answers; !slices.Contains(heard, event.Data(denied)) {
			t.Errorf("the shadow was told %+v", heard)
		}
		r := must[plugin.Report](t)(s.h.Report(plugin.Overlay))
		got := map[string]plugin.Verdict{}
		for _, row := range r.Rows {
			got[strings.TrimSpace(row.Cause)] = row.Verdict
		}
		want := map[string]plugin.Verdict{"same": plugin.Same, "line": plugin.Line, "mood": plugin.Mood, "hush": plugin.Silent, "reply": plugin.Same, "trap-2": plugin.Trapped, "speak": plugin.Spoke}
		for what, v := range want {
			if got[what] != v {
				t.Errorf("%s: %s, want %s", what, got[what], v)
			}
		}
		if r.Live.Version != "1.0.0" || r.Shadow.Version != "2.0.0" || r.Counts[plugin.Trapped] != 1 || r.Used["reply"] != 1 || r.Shadow.Traps != 1 || r.Missed != 0 {
			t.Errorf("report %+v", r)
		}
		if i := slices.IndexFunc(r.Rows, func(r plugin.Row) bool { return strings.HasSuffix(r.Cause, "reply") }); !slices.Equal(r.Rows[i].Shadow.Needs, []string{"reply"}) {
			t.Errorf("row %+v", r.Rows[i])
		}
	})
	if heard := s.rt.made[1].heard; !slices.Equal(heard, []string{"before", "same", "line", "mood", "hush", "reply", "speak", "shut"}) {
		t.Errorf("the shadow knows %q", heard)
	}
	if traps := facts[show.PluginTrapped](s.l); len(traps) != 0 {
		t.Errorf("a shadow's trap is in the ledger: %+v", traps)
	}
	for _, o := range s.offered {
		if strings.Contains(o, "quirk") {
			t.Errorf("of the shadow reached the stage: %q", o)
		}
	}
	if s.rt.made[1].close != 1 {
		t.Error("the shadow was not closed")
	}
}

// TestShadowOfAnEmptySlot: it hears the show though nobody is on air beside it, and can come on air.
func TestShadowOfAnEmptySlot(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) { c.Since = s.l.Last })
	s.play(t, func(ctx context.Context) {
		s.l.say("before")
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("a", "1.0.0", withState), "ana", 0))
		s.l.say("rehearsed")
		synctest.Wait()
		if heard := s.rt.made[0].heard; !slices.Equal(heard, []string{"rehearsed"}) {
			t.Errorf("the shadow knows %q", heard)
		}
		must[plugin.SwapResult](t)(s.h.Promote(ctx, plugin.Overlay, "ana", 0))
		s.l.say("on air")
	})
	if len(s.offered) != 1 || !strings.HasSuffix(s.offered[0], "on air") {
		t.Errorf("offered %q", s.offered)
	}
}

// TestTheShowEndsAsAShadowGetsReady: it is closed once, and not while it takes the state over.
func TestTheShowEndsAsAShadowGetsReady(t *testing.T) {
	s := newStage()
	var err error
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		s.rt.slow = 2 * time.Second
		go func() { _, err = s.h.Shadow(ctx, of("a", "2.0.0", withState), "ana", 0) }()
		time.Sleep(time.Second)
	})
	if !errors.Is(err, context.Canceled) || s.rt.made[1].close != 1 {
		t.Errorf("%v; closed %d times", err, s.rt.made[1].close)
	}
}

func TestPromotion(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
		if _, err := s.h.Promote(ctx, plugin.Overlay, "ana", 0); !errors.Is(err, plugin.ErrNothing) {
			t.Errorf("error %v, want ErrNothing", err)
		}
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("a", "2.0.0", withState), "ana", 0))
		s.l.say("one")
		synctest.Wait()
		act := s.l.Last()
		res := must[plugin.SwapResult](t)(s.h.Promote(ctx, plugin.Overlay, "ana", act))
		if res.To.Version != "2.0.0" || res.StateBytes != 3 {
			t.Errorf("promoted %+v", res)
		}
		if got := names(s.l, act); !slices.Equal(got, []string{"promoted", "loaded", "swapped", "unshadowed"}) {
			t.Errorf("facts %q", got)
		}
		if _, err := s.h.DropShadow(ctx, plugin.Overlay, "ana", 0); !errors.Is(err, plugin.ErrNothing) {
			t.Errorf("error %v, want ErrNothing", err)
		}
	})
}

// TestPromotionWaitsForAQuietMoment, but not for ever.
func TestPromotionWaitsForAQuietMoment(t *testing.T) {
	for _, c := range []struct {
		moment string
		quiet  time.Duration
		waited time.Duration
	}{{"quiet", 3 * time.Second, 3 * time.Second}, {"deadline", time.Hour, 10 * time.Second}} {
		t.Run(c.moment, func(t *testing.T) {
			s := newStage()
			var quietAt time.Time
			s.configure(func(cfg *plugin.Config) { cfg.Quiet = func() bool { return !time.Now().Before(quietAt) } })
			s.play(t, func(ctx context.Context) {
				quietAt = time.Now().Add(c.quiet)
				must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
				must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("a", "2.0.0", ""), "ana", 0))
				must[plugin.PromotionInfo](t)(s.h.PromoteWhenQuiet(plugin.Overlay, 10*time.Second, "ana", 0))
				time.Sleep(c.waited - time.Second)
				if slot, _ := s.h.Slot(plugin.Overlay); slot.Promotion == nil || slot.OnAir.Version != "1.0.0" {
					t.Errorf("slot %+v", slot)
				}
				time.Sleep(2 * time.Second)
				if slot, _ := s.h.Slot(plugin.Overlay); slot.Promotion != nil || slot.OnAir.Version != "2.0.0" {
					t.Errorf("slot %+v", slot)
				}
			})
			p := facts[show.PluginPromoted](s.l)
			if len(p) != 1 || p[0].Moment != c.moment || p[0].Waited < c.waited.Milliseconds() || p[0].Waited > c.waited.Milliseconds()+200 {
				t.Errorf("promoted %+v", p)
			}
		})
	}
}

// TestPromotionOfAnotherPlugin: what goes on air is what was looked at in shadow.
func TestPromotionOfAnotherPlugin(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, fstest.MapFS{"plugin.yaml": {Data: []byte(manifestText("b", ""))}}, "ana", 0))
		s.rt.sum = "another"
		if _, err := s.h.Promote(ctx, plugin.Overlay, "ana", 0); !errors.Is(err, plugin.ErrChanged) {
			t.Errorf("error %v, want ErrChanged", err)
		}
		if p := s.h.Plugins(); p[0].ID != "a" {
			t.Errorf("on air %+v", p)
		}
	})
}

// stalled is a ledger that writes down that something was swapped for the first time when it is let.
type stalled struct {
	*timeline
	once       sync.Once
	there, let chan struct{}
}

func (l *stalled) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if drafts[len(drafts)-1].Data.EventKind() == show.KindPluginSwapped {
		l.once.Do(func() {
			l.there <- struct{}{}
			<-l.let
		})
	}
	return l.timeline.Record(ctx, drafts...)
}

// TestPromotionOfAShadowThatIsGone: a promotion is of the shadow that it was asked for, not of one that took its place
// while the promotion waited for somebody else's swap. Where the promotion is faster than that one, it goes on air.
func TestPromotionOfAShadowThatIsGone(t *testing.T) {
	s := newStage()
	var quiet atomic.Bool
	l := &stalled{timeline: s.l, there: make(chan struct{}), let: make(chan struct{})}
	s.configure(func(c *plugin.Config) { c.Quiet, c.Facts = quiet.Load, l })
	s.build()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.h.Run(ctx) }()
	<-s.began
	must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
	must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("b", "1.0.0", ""), "ana", 0))
	must[plugin.PromotionInfo](t)(s.h.PromoteWhenQuiet(plugin.Overlay, time.Hour, "ana", 0))
	var others sync.WaitGroup
	others.Go(func() { must[plugin.SwapResult](t)(s.h.Swap(ctx, of("c", "1.0.0", ""), "bob", 0)) })
	<-l.there
	others.Go(func() { must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("d", "1.0.0", ""), "cyd", 0)) })
	time.Sleep(50 * time.Millisecond) // it waits for the swap
	quiet.Store(true)
	time.Sleep(300 * time.Millisecond) // so does the promotion
	l.let <- struct{}{}
	others.Wait()
	time.Sleep(50 * time.Millisecond)
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for _, p := range facts[show.PluginPromoted](s.l) {
		if p.Plugin != "b" {
			t.Errorf("promoted %+v, which nobody asked for", p)
		}
	}
}

// TestShadowComesBackToIt: what one of the two says of an event when its turn to speak has come is set beside what the
// other one said of that event at once.
func TestShadowComesBackToIt(t *testing.T) {
	s := newStage()
	s.rt.acts = map[string][]plugin.Reaction{"nothing": {}, "wait": {}}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		s.l.say("before")
		before := s.l.Last()
		synctest.Wait()
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, of("a", "2.0.0", ""), "ana", 0))
		s.rt.made[1].quirk = true // silent where the one on air speaks
		s.l.say("hush")
		hush := s.l.Last()
		s.l.say("nothing")
		nothing := s.l.Last()
		synctest.Wait()
		about := func(seq uint64, text string) plugin.Reaction {
			r := say(0, text, "")
			r.About = seq
			return r
		}
		s.rt.made[1].acts = map[string][]plugin.Reaction{"nothing": {}, "wait": {about(hush, "late"), about(nothing, "later"), about(before, "too late")}}
		s.rt.made[0].acts = map[string][]plugin.Reaction{"wait": {about(nothing, "on air")}}
		s.l.say("wait")
		wait := s.l.Last()
		synctest.Wait()
		r := must[plugin.Report](t)(s.h.Report(plugin.Overlay))
		type row struct {
			seq          uint64
			verdict      plugin.Verdict
			live, shadow string
		}
		var got []row
		for _, w := range r.Rows {
			got = append(got, row{w.Seq, w.Verdict, strings.Join(w.Live.Lines, "+"), strings.Join(w.Shadow.Lines, "+")})
		}
		want := []row{{wait, plugin.Spoke, "", "too late"}, {nothing, plugin.Line, "on air", "later"}, {hush, plugin.Line, "a heard hush", "late"}}
		if !slices.Equal(got, want) {
			t.Errorf("rows %v, want %v", got, want)
		}
		if c := r.Counts; c[plugin.Line] != 2 || c[plugin.Spoke] != 1 || c[plugin.Same] != 0 || c[plugin.Silent] != 0 {
			t.Errorf("counts %v", c)
		}
	})
}
