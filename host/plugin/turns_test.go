package plugin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

// TestASwapBeforeAnythingCame: who comes before the slot heard anything begins where its first plugin did, or, where there
// was none, where that would have; never with the first event of the ledger.
func TestASwapBeforeAnythingCame(t *testing.T) {
	for _, first := range []bool{true, false} {
		s, open := newStage(), make(chan struct{})
		s.configure(func(c *plugin.Config) {
			open = make(chan struct{}) // of this bubble
			subscribe := c.Subscribe
			c.Since = func() uint64 { return 2 }
			c.Subscribe = func(after uint64, kinds ...event.Kind) plugin.Source {
				<-open
				return subscribe(after, kinds...)
			}
		})
		s.play(t, func(ctx context.Context) {
			for _, title := range []string{"of another show", "sold", "on the block"} {
				_, _ = s.l.Record(ctx, event.Draft{Data: auction.LotOpened{Terms: auction.Terms{Title: title}}})
			}
			s.l.say("long ago")
			if first {
				must[plugin.Info](t)(s.h.Load(ctx, "", described("a", "")))
			}
			next := strings.Replace(manifestText("b", ""), "[operator", "[lot.opened, operator", 1)
			must[plugin.SwapResult](t)(s.h.Swap(ctx, fstest.MapFS{"plugin.yaml": {Data: []byte(next)}}, "operator", 0))
			for _, l := range facts[show.PluginLoaded](s.l) {
				if l.After != 2 || l.Caught != 4 {
					t.Errorf("with a first one %v: loaded %+v; want it to hear what is behind 2, and what passes behind 4", first, l)
				}
			}
			close(open)
			synctest.Wait()
			s.l.say("now")
		})
		b := s.rt.made[slices.IndexFunc(s.rt.made, func(f *fake) bool { return f.name == "b" })]
		if fmt.Sprint(titles(b.answers)) != "[on the block]" || !slices.Equal(b.heard, []string{"now"}) {
			t.Errorf("with a first one %v: heard %+v and %q", first, b.answers, b.heard)
		}
	}
}

// TestWhoOpensBehindAShadow: the plugin that opens the show learns what is on the block although a shadow was there before
// it was ready, and the slot was past that.
func TestWhoOpensBehindAShadow(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) { c.Since = func() uint64 { return 1 } })
	s.play(t, func(ctx context.Context) {
		for _, title := range []string{"of another show", "on the block"} {
			_, _ = s.l.Record(ctx, event.Draft{Data: auction.LotOpened{Terms: auction.Terms{Title: title}}})
		}
		must[plugin.SlotInfo](t)(s.h.Shadow(ctx, described("a", ""), "ana", 0))
		synctest.Wait()
		opens := strings.Replace(manifestText("b", ""), "[operator", "[lot.opened, operator", 1)
		must[plugin.Info](t)(s.h.Load(ctx, "", fstest.MapFS{"plugin.yaml": {Data: []byte(opens)}}))
		s.l.say("now")
	})
	if b := s.rt.made[1]; fmt.Sprint(titles(b.answers)) != "[on the block]" || !slices.Equal(b.heard, []string{"now"}) {
		t.Errorf("heard %+v and %q", b.answers, b.heard)
	}
	if l := facts[show.PluginLoaded](s.l); len(l) != 1 || l[0].After != 1 || l[0].Rehearsed < 2 {
		t.Errorf("loaded %+v, want it to know what is behind 1", l)
	}
}

// slowToLoad is a ledger that takes its time to write down that a plugin was loaded.
type slowToLoad struct{ *timeline }

func (l *slowToLoad) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if _, loaded := drafts[0].Data.(show.PluginLoaded); loaded {
		time.Sleep(time.Second)
	}
	return l.timeline.Record(ctx, drafts...)
}

// TestFactsInTheOrderOfTurns: that a plugin came is in the ledger before what became of it, though others write that down,
// and with a decision is how far the show was when it came true.
func TestFactsInTheOrderOfTurns(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	s.configure(func(c *plugin.Config) { c.Facts, c.Grants = &slowToLoad{s.l}, book })
	var last uint64
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
		go func() { _, _ = s.h.Swap(ctx, of("b", "1.0.0", ""), "ana", 0) }()
		synctest.Wait()
		s.l.say("trap")
		s.l.say("one")
		last = s.l.Last()
		synctest.Wait()
		go func() { _ = s.h.Revoke(ctx, "b", "say", "ana", 0) }()
		time.Sleep(2 * time.Second)
		s.l.say("two")
	})
	if got, want := names(s.l, 0), []string{"loaded", "loaded", "swapped", "trapped", "quarantined", "revoked", "power_denied"}; !slices.Equal(got, want) {
		t.Errorf("facts %q, want %q", got, want)
	}
	if r := facts[show.PluginRevoked](s.l); len(r) != 1 || r[0].After < last-1 || r[0].After > last {
		t.Errorf("revoked %+v, want it behind event %d", r, last)
	}
	if len(s.offered) != 1 || !strings.HasSuffix(s.offered[0], "one") {
		t.Errorf("offered %q", s.offered)
	}
}

func titles(facts []event.Data) (out []string) {
	for _, d := range facts {
		if lot, ok := d.(auction.LotOpened); ok {
			out = append(out, lot.Terms.Title)
		}
	}
	return out
}
