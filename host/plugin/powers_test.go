package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// grants is a book in memory.
type grants struct {
	mu   sync.Mutex
	book map[string]map[string]plugin.Grant
}

func (g *grants) Granted(_ context.Context, id string) (map[string]plugin.Grant, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.book[id]), nil
}

func (g *grants) Put(_ context.Context, id, power string, d plugin.Grant) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.book[id] == nil {
		g.book[id] = map[string]plugin.Grant{}
	}
	g.book[id][power] = d
	return nil
}

// shelves keeps stores in memory.
type shelves struct {
	mu   sync.Mutex
	kept map[string]map[string][]byte
}

func (s *shelves) PluginAll(_ context.Context, id string) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.kept[id]), nil
}

func (s *shelves) PluginPutAll(_ context.Context, id string, values map[string][]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[id] == nil {
		s.kept[id] = map[string][]byte{}
	}
	for k, v := range values {
		if s.kept[id][k] = v; v == nil {
			delete(s.kept[id], k)
		}
	}
	return nil
}

// slowShelves take long with the first thing that they keep.
type slowShelves struct {
	shelves
	calls atomic.Int64
	hold  chan struct{}
}

func (s *slowShelves) PluginPutAll(ctx context.Context, id string, values map[string][]byte) error {
	if s.calls.Add(1) == 1 {
		<-s.hold
	}
	return s.shelves.PluginPutAll(ctx, id, values)
}

// TestWritesAreKeptInOrder: what a plugin wrote last is what it finds again, though a person lets it hear an event while
// what it wrote before is on its way to disk.
func TestWritesAreKeptInOrder(t *testing.T) {
	s, disk := newStage(), &slowShelves{shelves: shelves{kept: map[string]map[string][]byte{}}}
	s.configure(func(c *plugin.Config) {
		c.Store, c.Aside = disk, []plugin.Quarantined{{Slot: plugin.Overlay, Seq: 1, Plugin: "a"}}
		c.Find = func(context.Context, uint64) (event.Event, error) {
			return event.Event{Seq: 1, Data: show.OperatorActed{What: "two"}}, nil
		}
	})
	s.rt.acts = map[string][]plugin.Reaction{}
	for what, v := range map[string]string{"one": "1", "two": "2"} {
		s.rt.acts[what] = []plugin.Reaction{called("store", &abi.StorePut{Key: "k", Value: []byte(v)})}
	}
	s.play(t, func(ctx context.Context) {
		disk.hold = make(chan struct{})
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: store, why: x}")))
		s.l.sayNow("one")
		synctest.Wait()
		go func() { must[plugin.RetryResult](t)(s.h.Retry(ctx, plugin.Overlay, 1, 0)) }()
		synctest.Wait()
		close(disk.hold)
		synctest.Wait()
		if got := string(disk.kept["a"]["k"]); got != "2" {
			t.Errorf("kept %q, want what was written last", got)
		}
	})
}

// sayNow says it at a time, which rates and timers go by.
func (l *timeline) sayNow(text string) {
	_, _ = l.Record(context.Background(), event.Draft{At: time.Now(), Data: show.OperatorActed{What: text}})
}

// asking describes a plugin that asks for powers, such as "{name: reply, why: x}".
func asking(id, kind string, powers ...string) fs.FS {
	text := strings.Replace(manifestText(id, ""), "{name: say, why: to be heard}", strings.Join(append(powers, "{name: say, why: to be heard}"), ", "), 1)
	return fstest.MapFS{"plugin.yaml": {Data: []byte(strings.Replace(text, "kind: overlay", "kind: "+kind, 1))}}
}

func reply(text string) plugin.Reaction {
	return plugin.Reaction{Power: "reply", Cue: cue.Cue{Verb: cue.Reply, Name: "1", Text: text}}
}

func called(power string, c abi.Call) plugin.Reaction { return plugin.Reaction{Power: power, Call: c} }

// TestGrantsDecide: what reaches beyond the stage needs a grant, and each has a rate and a size, from the moment at
// which somebody decides.
func TestGrantsDecide(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	s.configure(func(c *plugin.Config) { c.Grants = book })
	s.rt.acts = map[string][]plugin.Reaction{"short": {reply("ok")}, "long": {reply(strings.Repeat("x", 21))}}
	ask := func(what string, want int, reason string) {
		t.Helper()
		before, told := len(s.offered), len(facts[show.PowerDenied](s.l))
		s.l.sayNow(what)
		synctest.Wait()
		if got := len(s.offered) - before; got != want {
			t.Errorf("%s: %d were offered, want %d", what, got, want)
		}
		d := facts[show.PowerDenied](s.l)[told:]
		if reason == "" && len(d) != 0 || reason != "" && (len(d) != 1 || !strings.Contains(d[0].Reason, reason) || d[0].Power != "reply" || d[0].Plugin != "a") {
			t.Errorf("%s: denied %+v, want %q", what, d, reason)
		}
		time.Sleep(time.Second)
	}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: to answer, per_minute: 10}")))
		ask("short", 0, "reply is not granted to a; a person grants it in the control room, or with: sothebais plugin grant a reply")
		if err := s.h.Grant(ctx, "a", "reply", plugin.Grant{By: "ana", Capability: plugin.Capability{PerMinute: 2, Bytes: 20}}, 0); err != nil {
			t.Fatal(err)
		}
		ask("short", 1, "")
		ask("long", 0, "21 bytes, reply has 20")
		ask("short", 1, "")
		ask("short", 0, "more than 2 a minute")
		time.Sleep(time.Minute)
		ask("short", 1, "")
		if err := s.h.Revoke(ctx, "a", "reply", "ana", 0); err != nil {
			t.Fatal(err)
		}
		ask("short", 0, "is not granted")
		if w := s.h.Plugins()[0].Powers[0]; w.Used != 3 || w.Denied != 4 || w.Grant.Granted || w.Grant.By != "ana" {
			t.Errorf("power %+v", w)
		}
	})
	g, r := facts[show.PluginGranted](s.l), facts[show.PluginRevoked](s.l)
	if len(g) != 1 || g[0].Limit != "2 a minute, 20 bytes" || string(g[0].Limits) != `{"per_minute":2,"bytes":20}` || g[0].Who != "ana" || len(r) != 1 || r[0].Power != "reply" {
		t.Errorf("granted %+v, revoked %+v", g, r)
	}
	if d := facts[show.PowerDenied](s.l); len(s.rt.made[0].answers) != len(d) {
		t.Errorf("the plugin heard %d of %d denials", len(s.rt.made[0].answers), len(d))
	}
}

// deciding is a runtime on which a person decides something about a plugin that is being loaded.
type deciding struct {
	plugin.Runtime
	decide func(id string)
}

func (r *deciding) Load(ctx context.Context, spec plugin.Spec) (plugin.Guest, error) {
	r.decide(spec.Manifest.ID)
	return r.Runtime.Load(ctx, spec)
}

// TestDecisionsWhileAPluginIsLoaded hold for it, on air and in shadow.
func TestDecisionsWhileAPluginIsLoaded(t *testing.T) {
	for _, way := range []string{"load", "swap", "shadow"} {
		s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{"b": {"reply": {Granted: true, By: "ana"}}}}
		s.configure(func(c *plugin.Config) {
			c.Grants, c.Runtime = book, &deciding{s.rt, func(id string) {
				if id != "b" {
					return
				}
				if err := s.h.Revoke(t.Context(), id, "reply", "bob", 0); err != nil {
					t.Error(err)
				}
			}}
		})
		s.play(t, func(ctx context.Context) {
			b := asking("b", "overlay", "{name: reply, why: to answer}")
			switch way {
			case "load":
				must[plugin.Info](t)(s.h.Load(ctx, "", b))
			case "swap":
				must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay")))
				must[plugin.SwapResult](t)(s.h.Swap(ctx, b, "ana", 0))
			case "shadow":
				must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay")))
				if r := must[plugin.SlotInfo](t)(s.h.Shadow(ctx, b, "ana", 0)); r.Shadow.Shadow.Powers[0].Grant.Granted {
					t.Errorf("shadow: %+v", r.Shadow.Shadow.Powers[0])
				}
				return
			}
			if w := s.h.Plugins()[0].Powers[0]; w.Grant.Granted || w.Grant.By != "bob" {
				t.Errorf("%s: %+v", way, w)
			}
			for _, l := range facts[show.PluginLoaded](s.l) {
				if l.Plugin == "b" && slices.ContainsFunc(l.Grants, func(g show.PluginGrant) bool { return g.Name == "reply" }) {
					t.Errorf("%s: the ledger has it with %+v", way, l.Grants)
				}
			}
		})
	}
}

// patient is a ledger that writes nothing for who hung up.
type patient struct{ *timeline }

func (l patient) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return l.timeline.Record(ctx, drafts...)
}

// TestWhoHangsUp while it is done does not keep it from being written down.
func TestWhoHangsUp(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	hangUp := func() {}
	s.configure(func(c *plugin.Config) {
		c.Facts, c.Grants = patient{s.l}, book
		c.Runtime = &deciding{s.rt, func(string) { hangUp() }}
	})
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: x}")))
		asked, stop := context.WithCancel(ctx)
		hangUp = stop
		must[plugin.SwapResult](t)(s.h.Swap(asked, asking("b", "overlay", "{name: reply, why: x}"), "ana", 0))
		if err := s.h.Revoke(asked, "b", "reply", "ana", 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if l, w, r := len(facts[show.PluginLoaded](s.l)), len(facts[show.PluginSwapped](s.l)), len(facts[show.PluginRevoked](s.l)); l != 2 || w != 1 || r != 1 {
			t.Errorf("%d were loaded, %d swapped, %d taken", l, w, r)
		}
	})
}

// TestEachLimitIsADenial: what is over a limit of a power does not happen, the plugin is told why, and it is no trap.
func TestEachLimitIsADenial(t *testing.T) {
	times := func(n int, r plugin.Reaction) []plugin.Reaction { return slices.Repeat([]plugin.Reaction{r}, n) }
	voiced := func(verb cue.Verb, text string) plugin.Reaction {
		return plugin.Reaction{Power: string(verb), Cue: cue.Cue{Verb: verb, Name: "1", Text: text}}
	}
	fetch := func(body int) plugin.Reaction {
		return called("http", &abi.Fetch{Token: 7, URL: "https://a.example/", Body: strings.Repeat("x", body)})
	}
	timer := func(token uint64) plugin.Reaction {
		return called("timer", &abi.Timer{Token: token, Millis: 60_000})
	}
	ask := func(tokens int64) plugin.Reaction {
		return called("llm", &abi.Ask{Token: 7, MaxTokens: tokens})
	}
	put := called("store", &abi.StorePut{Key: "k", Value: []byte("v")})
	http := "{name: http, why: x, hosts: [a.example], bytes: 100, per_minute: 2}"
	for _, c := range []struct {
		name, asks string
		grant      plugin.Capability // tighter than what is asked for
		do         []plugin.Reaction // for one event; all but the last are allowed
		reason     string
	}{
		{"say per minute, as granted", "{name: mood, why: x}", plugin.Capability{PerMinute: 1}, times(2, voiced(cue.Say, "hi")), "more than 1 a minute"},
		{"mood per minute", "{name: mood, why: x, per_minute: 2}", plugin.Capability{}, times(3, voiced(cue.Mood, "")), "more than 2 a minute"},
		{"reply per minute", "{name: reply, why: x, per_minute: 2}", plugin.Capability{}, times(3, reply("ok")), "more than 2 a minute"},
		{"reply per minute, as granted", "{name: reply, why: x}", plugin.Capability{PerMinute: 1}, times(2, reply("ok")), "more than 1 a minute"},
		{"reply bytes", "{name: reply, why: x, bytes: 10}", plugin.Capability{}, []plugin.Reaction{reply("0123456789"), reply("0123456789a")}, "11 bytes, reply has 10"},
		{"post bytes, as granted", "{name: post, why: x}", plugin.Capability{Bytes: 2}, []plugin.Reaction{voiced(cue.Post, "ab"), voiced(cue.Post, "abc")}, "3 bytes, post has 2"},
		{"http per minute", http, plugin.Capability{}, times(3, fetch(1)), "more than 2 a minute"},
		{"http bytes", http, plugin.Capability{}, []plugin.Reaction{fetch(100), fetch(101)}, "101 bytes, http has 100"},
		{"http at once", "{name: http, why: x, hosts: [a.example]}", plugin.Capability{}, times(5, fetch(1)), "too many requests are under way"},
		{"llm tokens", "{name: llm, why: x, tokens_per_hour: 1000}", plugin.Capability{}, []plugin.Reaction{ask(600), ask(600)}, "the budget of 1000 tokens an hour is spent"},
		{"llm tokens, as granted", "{name: llm, why: x}", plugin.Capability{TokensPerHour: 50}, []plugin.Reaction{ask(40), ask(11)}, "the budget of 50 tokens an hour is spent"},
		{"llm per minute", "{name: llm, why: x, per_minute: 1}", plugin.Capability{}, times(2, ask(1)), "more than 1 a minute"},
		{"timers at once", "{name: timer, why: x, pending: 2}", plugin.Capability{}, []plugin.Reaction{timer(1), timer(2), timer(1), timer(3)}, "too many timers run already"},
		{"timers per minute", "{name: timer, why: x, per_minute: 1}", plugin.Capability{}, times(2, timer(1)), "more than 1 a minute"},
		{"store per minute", "{name: store, why: x, per_minute: 1}", plugin.Capability{}, times(2, put), "more than 1 a minute"},
		{"a power that it never asked for", "{name: mood, why: x}", plugin.Capability{}, []plugin.Reaction{reply("ok")}, "a has no capability reply"},
	} {
		t.Run(c.name, func(t *testing.T) {
			last := c.do[len(c.do)-1]
			s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{"a": {}}}
			book.book["a"][last.Power] = plugin.Grant{Granted: true, Capability: c.grant}
			s.configure(func(cfg *plugin.Config) {
				cfg.Grants, cfg.Store = book, &shelves{kept: map[string]map[string][]byte{}}
				cfg.Fetch = func(ctx context.Context, _ plugin.Request) (plugin.Answer, error) {
					time.Sleep(time.Second)
					return plugin.Answer{}, ctx.Err()
				}
				cfg.Ask = func(_ context.Context, q plugin.Question) (plugin.Reply, error) {
					return plugin.Reply{Tokens: q.MaxTokens}, nil
				}
			})
			s.rt.acts = map[string][]plugin.Reaction{"do": c.do}
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", c.asks)))
				s.l.sayNow("do")
				time.Sleep(2 * time.Second)
				if i := s.h.Plugins()[0]; i.Denied != 1 || i.Traps != 0 || i.Commands != uint64(len(c.do)) {
					t.Errorf("plugin %+v", i)
				}
			})
			d := facts[show.PowerDenied](s.l)
			if len(d) != 1 || d[0].Power != last.Power || !strings.HasPrefix(d[0].Reason, c.reason) {
				t.Errorf("denied %+v; want %q", d, c.reason)
			}
			if heard := s.rt.made[0].answers; !slices.Contains(heard, event.Data(d[0])) {
				t.Errorf("it heard %+v", heard)
			}
		})
	}
}

// TestOverQuota: the guest refuses by itself what has no place in its store; the plugin and the ledger hear of it.
func TestOverQuota(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) { c.Store = &shelves{kept: map[string]map[string][]byte{}} })
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: store, why: x, bytes: 1000}")))
		for range 2 {
			s.l.sayNow("overfill")
			time.Sleep(time.Second)
		}
		if i := s.h.Plugins()[0]; i.Denied != 4 || i.Powers[0].Denied != 4 {
			t.Errorf("plugin %+v", i)
		}
	})
	d := facts[show.PowerDenied](s.l)
	if len(d) != 2 || d[0].Power != "store" || d[0].Reason != "over the quota of 1000 bytes (and 1 times before)" || d[1].Reason != d[0].Reason {
		t.Errorf("denied %+v", d)
	}
}

// TestShutStore: a guest whose store is closed to it finds that out by itself, within a call; the plugin and the ledger
// hear of it, with what to do about it.
func TestShutStore(t *testing.T) {
	const missing = "a has no capability store; its author lists {name: store, why: ...} under capabilities in plugin.yaml"
	const denied = "store is not granted to a; a person grants it in the control room, or with: sothebais plugin grant a store"
	revoked := map[string]plugin.Grant{"store": {By: "ana"}}
	for _, c := range []struct {
		name, asks string
		granted    map[string]plugin.Grant
		keeps      bool // whether the show keeps anything
		then       bool // whether it is granted while the plugin is on air
		what       []string
		times      uint64
		reasons    []string
	}{
		{"not asked for", "{name: mood, why: x}", nil, true, false, []string{"shut"}, 3, []string{missing + " (and 2 times before)"}},
		{"not granted", "{name: store, why: x}", revoked, true, false, []string{"shut"}, 3, []string{denied + " (and 2 times before)"}},
		{"within a second", "{name: store, why: x}", revoked, true, false, []string{"shut", "shut", "wait", "shut"}, 9, []string{denied + " (and 2 times before)", denied + " (and 5 times before)"}},
		{"on a trap", "{name: store, why: x}", revoked, true, false, []string{"shut-trap"}, 1, []string{denied}},
		{"granted later", "{name: store, why: x}", revoked, true, true, []string{"shut"}, 3, []string{"store was granted to a after it was loaded, and is open to it when it is loaded again: sothebais swap a (and 2 times before)"}},
		{"a show without", "{name: store, why: x}", nil, false, false, []string{"shut"}, 3, []string{"this show keeps nothing for plugins (and 2 times before)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{"a": c.granted}}
			s.configure(func(cfg *plugin.Config) {
				cfg.Grants = book
				if c.keeps {
					cfg.Store = &shelves{kept: map[string]map[string][]byte{}}
				}
			})
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", c.asks)))
				if c.then {
					if err := s.h.Grant(ctx, "a", "store", plugin.Grant{By: "ana"}, 0); err != nil {
						t.Fatal(err)
					}
				}
				for _, what := range c.what {
					if what == "wait" {
						time.Sleep(time.Second)
						continue
					}
					s.l.sayNow(what)
					synctest.Wait()
				}
				if i := s.h.Plugins()[0]; i.Denied != c.times {
					t.Errorf("denied %d times, want %d", i.Denied, c.times)
				}
			})
			var got []string
			for _, d := range facts[show.PowerDenied](s.l) {
				got = append(got, d.Reason)
				if heard := s.rt.made[0].answers; d.Power != "store" || !slices.Contains(heard, event.Data(d)) {
					t.Errorf("%+v: it heard %+v", d, heard)
				}
			}
			if !slices.Equal(got, c.reasons) {
				t.Errorf("denied %q, want %q", got, c.reasons)
			}
		})
	}
}

// TestShutStoreInBatch: what is played again, event by event, after a batch failed is denied once.
func TestShutStoreInBatch(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: mood, why: x}")))
		for range 2 {
			for _, what := range []string{"shut", "shut", "trap"} {
				s.l.say(what)
			}
			synctest.Wait()
		}
		if i := s.h.Plugins()[0]; i.Denied != 12 || i.Traps != 2 {
			t.Errorf("denied %d times, %d traps", i.Denied, i.Traps)
		}
	})
}

// BenchmarkOverQuota is one event on which a plugin floods its store.
func BenchmarkOverQuota(b *testing.B) {
	s := newStage()
	s.configure(func(c *plugin.Config) { c.Store = &shelves{kept: map[string]map[string][]byte{}} })
	s.build()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.h.Run(ctx) }()
	<-s.began
	if _, err := s.h.Load(ctx, "", asking("a", "overlay", "{name: store, why: x, bytes: 1000}")); err != nil {
		b.Fatal(err)
	}
	told := uint64(0)
	for b.Loop() {
		s.l.sayNow("overfill-much")
		for told++; s.h.Plugins()[0].Denied < 10_000*told; {
			time.Sleep(time.Microsecond)
		}
	}
	stop()
	if err := <-done; err != nil {
		b.Error(err)
	}
}

// TestDenialsAreToldOnceASecond for each power, with how many were not told.
func TestDenialsAreToldOnceASecond(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	s.configure(func(c *plugin.Config) { c.Grants = book })
	s.rt.acts = map[string][]plugin.Reaction{"both": {reply("a"), {Power: "post", Cue: cue.Cue{Verb: cue.Post, Text: "a"}}}}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: x}", "{name: post, why: x}")))
		for range 30 { // three seconds
			s.l.sayNow("both")
			synctest.Wait()
			time.Sleep(100 * time.Millisecond)
		}
	})
	got := map[string][]string{}
	for _, d := range facts[show.PowerDenied](s.l) {
		got[d.Power] = append(got[d.Power], d.Reason[strings.LastIndex(d.Reason, "reply")+1:])
	}
	for _, power := range []string{"reply", "post"} {
		if n := len(got[power]); n != 3 || strings.Contains(got[power][0], "times before") || !strings.HasSuffix(got[power][1], "(and 9 times before)") {
			t.Errorf("%s was told %d times: %q", power, n, got[power])
		}
	}
}

// timing describes a plugin with timers and a state.
func timing(id, version string) fs.FS {
	f := asking(id, "overlay", "{name: timer, why: to wait, pending: 3}").(fstest.MapFS)
	f["plugin.yaml"].Data = []byte(strings.Replace(string(f["plugin.yaml"].Data), "1.0.0", version, 1) + withState)
	return f
}

// TestTimers fire when they are due, once, for the plugin that set them, and go over with its state.
func TestTimers(t *testing.T) {
	s := newStage()
	set := func(token uint64, ms int64) plugin.Reaction {
		return called("timer", &abi.Timer{Token: token, Millis: ms})
	}
	s.rt.acts = map[string][]plugin.Reaction{"set": {set(1, 5000), set(2, 2000), set(3, 1000)}, "again": {set(3, 4000)}, "cancel": {set(2, 0)}, "third": {set(4, 1000)}}
	tell := func(what string) {
		s.l.sayNow(what)
		synctest.Wait()
	}
	fired := func() (out []uint64) {
		synctest.Wait()
		for _, f := range facts[show.TimerFired](s.l) {
			out = append(out, f.Token)
		}
		return out
	}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", timing("a", "1.0.0")))
		synctest.Wait()
		tell("set")
		tell("again")
		tell("cancel")
		tell("third") // the place of the cancelled one
		tell("set")   // sets three anew, of which one has no room
		time.Sleep(1100 * time.Millisecond)
		if got := fired(); !slices.Equal(got, []uint64{3, 4}) {
			t.Errorf("after 1.1 s: fired %v", got)
		}
		must[plugin.SwapResult](t)(s.h.Swap(ctx, timing("b", "1.0.0"), "ana", 0))
		time.Sleep(10 * time.Second)
		if got := fired(); !slices.Equal(got, []uint64{3, 4, 1}) {
			t.Errorf("in the end: fired %v", got)
		}
	})
	f := facts[show.TimerFired](s.l)
	if f[0].Plugin != "a" || f[2].Plugin != "b" || len(s.rt.made[1].answers) != 1 {
		t.Errorf("fired %+v; the successor heard %v", f, s.rt.made[1].answers)
	}
	if d := facts[show.PowerDenied](s.l); len(d) != 1 || d[0].Reason != "too many timers run already" || d[0].Token != 2 {
		t.Errorf("denied %+v", d)
	}
}

// slowBell is a ledger that takes its time to write down that a timer ran out.
type slowBell struct {
	*timeline
	takes time.Duration
}

func (l *slowBell) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if drafts[0].Data.EventKind() == show.KindTimerFired {
		time.Sleep(l.takes)
	}
	return l.timeline.Record(ctx, drafts...)
}

// TestATimerThatRunsOutMeanwhile fires once, whether its plugin is swapped or rolled back just then.
func TestATimerThatRunsOutMeanwhile(t *testing.T) {
	for _, c := range []struct {
		name  string
		takes time.Duration // to write it down
		back  bool
		next  int // of the guests that were made
	}{{"swap", 0, false, 1}, {"swap before it is written down", 3 * time.Second, false, 1}, {"roll-back", 0, true, 2}} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage()
			s.configure(func(cfg *plugin.Config) { cfg.Facts = &slowBell{s.l, c.takes} })
			s.rt.acts = map[string][]plugin.Reaction{"set": {called("timer", &abi.Timer{Token: 1, Millis: 1000})}}
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", timing("a", "1.0.0")))
				if c.back {
					must[plugin.SwapResult](t)(s.h.Swap(ctx, timing("a", "2.0.0"), "ana", 0))
					s.hears("trap")
				}
				s.hears("set")
				if c.back {
					time.Sleep(2 * time.Second)
					for range 3 {
						s.hears("trap")
					}
				} else {
					s.rt.slow = 2 * time.Second
					must[plugin.SwapResult](t)(s.h.Swap(ctx, timing("a", "2.0.0"), "ana", 0))
				}
				time.Sleep(10 * time.Second)
			})
			if f := facts[show.TimerFired](s.l); len(f) != 1 {
				t.Errorf("fired %+v", f)
			}
			if n := len(s.rt.made[c.next].answers); n != 1 {
				t.Errorf("the successor heard it %d times", n)
			}
			if r := facts[show.PluginRolledBack](s.l); c.back && len(r) != 1 {
				t.Errorf("rolled back %+v", r)
			}
		})
	}
}

// TestTimersWhileItCatchesUp are held to what the plugin may, as on air.
func TestTimersWhileItCatchesUp(t *testing.T) {
	set := func(token uint64) plugin.Reaction {
		return called("timer", &abi.Timer{Token: token, Millis: 5000})
	}
	for _, c := range []struct {
		name string
		next fs.FS
		want int
	}{{"room for three", timing("b", "1.0.0"), 3}, {"no timers", of("b", "1.0.0", withState), 0}} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage()
			s.rt.acts = map[string][]plugin.Reaction{"set": {set(1), set(2), set(3), set(4)}}
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", withState)))
				s.rt.slow = 2 * time.Second
				time.AfterFunc(time.Second, func() { s.l.sayNow("set") })
				must[plugin.SwapResult](t)(s.h.Swap(ctx, c.next, "ana", 0))
				time.Sleep(10 * time.Second)
			})
			if f := facts[show.TimerFired](s.l); len(f) != c.want {
				t.Errorf("fired %+v, want %d", f, c.want)
			}
		})
	}
}

// TestTimersOfOneThatWasStopped: they go over with its state, and not without.
func TestTimersOfOneThatWasStopped(t *testing.T) {
	s := newStage()
	s.rt.acts = map[string][]plugin.Reaction{"set": {called("timer", &abi.Timer{Token: 1, Millis: 20_000})}}
	traps := func() {
		for range 4 {
			s.hears("trap")
		}
		time.Sleep(3 * time.Second)
	}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", timing("a", "1.0.0")))
		s.hears("set")
		traps()
		time.Sleep(20 * time.Second)
		if f := facts[show.TimerFired](s.l); len(f) != 1 {
			t.Errorf("fired %+v", f)
		}
		s.hears("set")
		traps()
		time.Sleep(20 * time.Second)
		if f := facts[show.TimerFired](s.l); len(f) != 1 {
			t.Errorf("fired %+v without the state", f)
		}
	})
}

// TestAnswersReachWhoAsked and nobody else, though somebody of that id sits in another slot.
func TestAnswersReachWhoAsked(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) {
		c.Fetch = func(ctx context.Context, q plugin.Request) (plugin.Answer, error) {
			if time.Sleep(2 * time.Second); strings.HasSuffix(q.URL, "bad") {
				return plugin.Answer{}, errors.New("no such thing\nsecond line")
			}
			return plugin.Answer{Status: 200, Type: "text/plain", Body: fmt.Sprint(q.Hosts, q.Bytes)}, nil
		}
		c.Ask = func(_ context.Context, q plugin.Question) (plugin.Reply, error) {
			return plugin.Reply{Text: q.Prompt + "!", Tokens: 100}, nil
		}
	})
	ask := func(token uint64) plugin.Reaction {
		return called("llm", &abi.Ask{Token: token, Prompt: "so", MaxTokens: 600})
	}
	get := func(token uint64, what string) plugin.Reaction {
		return called("http", &abi.Fetch{Token: token, URL: "https://a.example/" + what})
	}
	s.rt.acts = map[string][]plugin.Reaction{"a fetch": {get(1, "good"), get(2, "bad")}, "a ask": {ask(3)}, "a spend": {ask(4)}, "a rush": {get(5, ""), get(6, ""), get(7, ""), get(8, ""), get(9, "")}}
	http, llm := "{name: http, why: x, hosts: [a.example], bytes: 100}", "{name: llm, why: x, tokens_per_hour: 650}"
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", http, llm)))
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "scene-rules", http)))
		s.rt.made[1].acts = nil
		for _, what := range []string{"a fetch", "a ask", "a spend", "a rush"} {
			s.l.sayNow(what)
			time.Sleep(3 * time.Second)
		}
	})
	if got := s.rt.made[1].answers; len(got) != 0 {
		t.Errorf("somebody else heard %+v", got)
	}
	f, m, d := facts[show.FetchAnswered](s.l), facts[show.ModelAnswered](s.l), facts[show.PowerDenied](s.l)
	slices.SortFunc(f, func(a, b show.FetchAnswered) int { return int(a.Token) - int(b.Token) })
	if len(f) != 6 || !f[0].OK || f[0].Body != "[a.example] 100" || f[0].Slot != "overlay" || f[1].OK || f[1].Reason != "no such thing" {
		t.Errorf("fetched %+v", f)
	}
	if len(m) != 1 || !m[0].OK || m[0].Token != 3 || m[0].Text != "so!" || m[0].Tokens != 100 {
		t.Errorf("answered %+v", m)
	}
	if len(d) != 2 || d[0].Token != 4 || d[0].Reason != "the budget of 650 tokens an hour is spent" || d[1].Token != 9 || d[1].Reason != "too many requests are under way" {
		t.Errorf("denied %+v", d)
	}
	if got := s.rt.made[0].answers; len(got) != len(f)+len(m)+len(d) {
		t.Errorf("who asked heard %d answers of %d", len(got), len(f)+len(m)+len(d))
	}
	for _, e := range s.l.events {
		if k := e.Kind(); (k == show.KindFetchAnswered || k == show.KindModelAnswered) && told(s.l.events[e.Cause-1]) == "" {
			t.Errorf("%d %s is by %d, which is no request", e.Seq, k, e.Cause)
		}
	}
}

// TestStoreOutlives the plugin that wrote to it, in the quota that holds, and is closed to one without the grant.
func TestStoreOutlives(t *testing.T) {
	s, book, kept := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}, &shelves{kept: map[string]map[string][]byte{}}
	s.configure(func(c *plugin.Config) { c.Grants, c.Store = book, kept })
	put := func(k string, v []byte) plugin.Reaction {
		return called("store", &abi.StorePut{Key: k, Value: v})
	}
	s.rt.acts = map[string][]plugin.Reaction{"put": {put("a", []byte("1")), put("b", []byte("2")), put("a", []byte("3"))}, "drop": {put("b", []byte{})}}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: store, why: x, bytes: 1000}")))
		synctest.Wait()
		s.l.sayNow("put")
		synctest.Wait()
		s.l.sayNow("drop")
		synctest.Wait()
		if got := kept.kept["a"]; len(got) != 1 || string(got["a"]) != "3" {
			t.Errorf("kept %q", got)
		}
		must[plugin.SwapResult](t)(s.h.Swap(ctx, asking("a", "overlay", "{name: store, why: x, bytes: 70000}"), "ana", 0)) // beyond the usual size a grant is needed
		if err := s.h.Grant(ctx, "a", "store", plugin.Grant{By: "ana", Capability: plugin.Capability{Bytes: 500}}, 0); err != nil {
			t.Fatal(err)
		}
		must[plugin.SwapResult](t)(s.h.Swap(ctx, asking("a", "overlay", "{name: store, why: x, bytes: 70000}"), "ana", 0))
		must[plugin.SwapResult](t)(s.h.Swap(ctx, asking("b", "overlay", "{name: store, why: x}"), "ana", 0))
	})
	for i, want := range []plugin.Store{{Granted: true, Quota: 1000}, {Granted: true, Quota: 64 << 10, Content: map[string][]byte{"a": []byte("3")}}, {Granted: true, Quota: 500, Content: map[string][]byte{"a": []byte("3")}}, {Granted: true, Quota: 64 << 10}} {
		got := s.rt.made[i].spec.Store
		if got.Granted != want.Granted || got.Quota != want.Quota || len(got.Content) != len(want.Content) || string(got.Content["a"]) != string(want.Content["a"]) {
			t.Errorf("guest %d has store %+v, want %+v", i, got, want)
		}
	}
}

// TestWhatIsStoredMeanwhile: whoever comes in place of a plugin knows what that one wrote to the store until then, though it
// was made before, or what was written is not on disk yet.
func TestWhatIsStoredMeanwhile(t *testing.T) {
	storing := func(version, extra string) fs.FS {
		f := asking("a", "overlay", "{name: store, why: x}").(fstest.MapFS)
		f["plugin.yaml"].Data = []byte(strings.Replace(string(f["plugin.yaml"].Data), "1.0.0", version, 1) + extra)
		return f
	}
	for _, c := range []struct {
		name, extra string
		traps       int
		end         []string // in one batch; nil is a swap
	}{{"swap", "", 0, nil}, {"swap with state", withState, 0, nil}, {"roll-back", "", 3, []string{"put", "trap"}}, {"dead", "", 0, []string{"put", "die"}}} {
		t.Run(c.name, func(t *testing.T) {
			s := newStage()
			s.configure(func(cfg *plugin.Config) { cfg.Store = &shelves{kept: map[string]map[string][]byte{}} })
			s.rt.acts = map[string][]plugin.Reaction{"put": {called("store", &abi.StorePut{Key: "k", Value: []byte("v")})}}
			s.play(t, func(ctx context.Context) {
				must[plugin.Info](t)(s.h.Load(ctx, "", storing("1.0.0", c.extra)))
				if c.end == nil {
					s.rt.load = 2 * time.Second
					time.AfterFunc(time.Second, func() { s.l.sayNow("put") })
					must[plugin.SwapResult](t)(s.h.Swap(ctx, storing("2.0.0", c.extra), "ana", 0))
				} else {
					must[plugin.SwapResult](t)(s.h.Swap(ctx, storing("2.0.0", c.extra), "ana", 0))
					for range c.traps {
						s.hears("trap")
					}
					var drafts []event.Draft
					for _, what := range c.end {
						drafts = append(drafts, event.Draft{At: time.Now(), Data: show.OperatorActed{What: what}})
					}
					_, _ = s.l.Record(ctx, drafts...)
				}
				time.Sleep(5 * time.Second)
				synctest.Wait()
				on := s.rt.made[len(s.rt.made)-1]
				for _, f := range s.rt.made {
					if f.close == 0 && f.spec.Manifest.Version == s.h.Plugins()[0].Version {
						on = f
					}
				}
				if got := on.spec.Store.Content["k"]; string(got) != "v" {
					t.Errorf("the one on air, %s, began with %q", on.spec.Manifest.Version, got)
				}
			})
		})
	}
}
