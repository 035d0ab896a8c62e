package plugin_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// version is what asking describes, in another version.
func version(v string, powers ...string) fs.FS {
	f := asking("a", "overlay", powers...).(fstest.MapFS)
	f["plugin.yaml"].Data = []byte(strings.Replace(string(f["plugin.yaml"].Data), "1.0.0", v, 1))
	return f
}

// capability is what a plugin asks for first.
func capability(t *testing.T, files fs.FS) (plugin.Capability, string) {
	t.Helper()
	m := must[*plugin.Manifest](t)(plugin.LoadManifest(files))
	return m.Capabilities[0], m.Version
}

// TestAGrantCoversWhatWasShown: a later version has what was granted to an earlier one and no more; what it asks for beyond
// that is told, until it is granted too. What asks for less, or in other words, needs nobody.
func TestAGrantCoversWhatWasShown(t *testing.T) {
	for _, c := range []struct {
		name, first string
		tighter     plugin.Capability // than the first asks for
		next        string
		limit       string // that holds for the next
		more        string
		whyThen     string
	}{
		{"the same", "{name: reply, why: x}", plugin.Capability{}, "{name: reply, why: x}", "60 a minute, 1120 bytes", "", ""},
		{"more often", "{name: reply, why: x, per_minute: 10}", plugin.Capability{}, "{name: reply, why: x, per_minute: 20}", "10 a minute, 1120 bytes", "20 a minute", ""},
		{"as often as usual", "{name: reply, why: x, per_minute: 10}", plugin.Capability{}, "{name: reply, why: x}", "10 a minute, 1120 bytes", "60 a minute", ""},
		{"less often", "{name: reply, why: x}", plugin.Capability{}, "{name: reply, why: x, per_minute: 20}", "20 a minute, 1120 bytes", "", ""},
		{"longer", "{name: post, why: x, bytes: 100}", plugin.Capability{}, "{name: post, why: x, bytes: 200}", "6 a minute, 100 bytes", "200 bytes", ""},
		{"granted less than was asked for", "{name: reply, why: x}", plugin.Capability{PerMinute: 7}, "{name: reply, why: x}", "7 a minute, 1120 bytes", "", ""},
		{"and more is asked for", "{name: reply, why: x}", plugin.Capability{PerMinute: 7}, "{name: reply, why: x, per_minute: 61}", "7 a minute, 1120 bytes", "61 a minute", ""},
		{"another host", "{name: http, why: x, hosts: [a.example]}", plugin.Capability{}, "{name: http, why: x, hosts: [b.example, a.example]}", "a.example, 12 a minute, 8192 bytes", "b.example", ""},
		{"another host alone", "{name: http, why: x, hosts: [a.example]}", plugin.Capability{}, "{name: http, why: x, hosts: [b.example]}", "12 a minute, 8192 bytes", "b.example", ""},
		{"a host that was not granted", "{name: http, why: x, hosts: [a.example, b.example]}", plugin.Capability{Hosts: []string{"b.example"}}, "{name: http, why: x, hosts: [a.example]}", "12 a minute, 8192 bytes", "", ""},
		{"fewer hosts", "{name: http, why: x, hosts: [a.example, b.example]}", plugin.Capability{}, "{name: http, why: x, hosts: [b.example]}", "b.example, 12 a minute, 8192 bytes", "", ""},
		{"more tokens", "{name: llm, why: x}", plugin.Capability{}, "{name: llm, why: x, tokens_per_hour: 30000, per_minute: 9}", "6 a minute, 20000 tokens an hour", "9 a minute, 30000 tokens an hour", ""},
		{"a larger store", "{name: store, why: x, bytes: 70000}", plugin.Capability{}, "{name: store, why: x, bytes: 80000}", "6000 a minute, 70000 bytes", "80000 bytes", ""},
		{"a store of the usual size", "{name: store, why: x, bytes: 70}", plugin.Capability{}, "{name: store, why: x, bytes: 7000, per_minute: 7000}", "7000 a minute, 7000 bytes", "", ""},
		{"on the stage", "{name: mood, why: x, per_minute: 7}", plugin.Capability{}, "{name: mood, why: y, per_minute: 9}", "9 a minute, 8192 bytes", "", ""},
		{"another reason", "{name: reply, why: to answer}", plugin.Capability{}, "{name: reply, why: to advertise}", "60 a minute, 1120 bytes", "", "to answer"},
		{"the same reason", "{name: reply, why: to answer}", plugin.Capability{}, `{name: reply, why: " to  answer"}`, "60 a minute, 1120 bytes", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
			s.configure(func(cfg *plugin.Config) { cfg.Grants = book })
			s.play(t, func(ctx context.Context) {
				shown, v := capability(t, version("1.0.0", c.first))
				grant := func(tighter plugin.Capability) {
					if err := s.h.Grant(ctx, "a", shown.Name, plugin.Grant{By: "ana", Capability: tighter, Shown: &shown, Version: v}, 0); err != nil {
						t.Fatal(err)
					}
				}
				grant(c.tighter)
				must[plugin.Info](t)(s.h.Load(ctx, "", version("1.0.0", c.first)))
				must[plugin.SwapResult](t)(s.h.Swap(ctx, version("2.0.0", c.next), "ana", 0))
				p := s.h.Plugins()[0].Powers[0]
				if got := p.Limits.Limit(); !p.Grant.Granted || got != c.limit || strings.Join(p.More, ", ") != c.more || p.WhyThen != c.whyThen {
					t.Errorf("it has %q, wants %q more, reason then %q", got, p.More, p.WhyThen)
				}
				if shown, v = capability(t, version("2.0.0", c.next)); c.more != "" { // the rest is granted as well
					grant(plugin.Capability{})
					if p := s.h.Plugins()[0].Powers[0]; len(p.More) > 0 || p.Grant.Version != "2.0.0" {
						t.Errorf("after the rest was granted: %+v", p)
					}
				}
			})
		})
	}
}

// TestWhatWasNotGrantedIsDenied with words that say so, and how to mend it; what was granted goes on.
func TestWhatWasNotGrantedIsDenied(t *testing.T) {
	get := func(host string) plugin.Reaction {
		return called("http", &abi.Fetch{Token: 7, URL: "https://" + host + "/x"})
	}
	first, next := "{name: http, why: x, hosts: [a.example], per_minute: 2}", "{name: http, why: x, hosts: [a.example, b.example], per_minute: 9}"
	for _, ask := range []bool{false, true} {
		s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
		var fetched []string
		s.configure(func(cfg *plugin.Config) {
			cfg.Grants = book
			cfg.Fetch = func(_ context.Context, q plugin.Request) (plugin.Answer, error) {
				fetched = append(fetched, q.URL+" of "+strings.Join(q.Hosts, ","))
				return plugin.Answer{Status: 200}, nil
			}
		})
		s.rt.acts = map[string][]plugin.Reaction{"a": {get("a.example")}, "b": {get("B.example")}, "c": {get("c.example")}}
		s.play(t, func(ctx context.Context) {
			shown, v := capability(t, version("1.0.0", first))
			if err := s.h.Grant(ctx, "a", "http", plugin.Grant{By: "ana", Ask: ask, Shown: &shown, Version: v}, 0); err != nil {
				t.Fatal(err)
			}
			must[plugin.Info](t)(s.h.Load(ctx, "", version("2.0.0", next)))
			s.hears("b")
			if w := s.h.Consents(); len(w) != 0 {
				t.Errorf("a person is asked for what is not granted: %+v", w)
			}
			time.Sleep(time.Minute)
			s.hears("a")
			if ask {
				s.decide(t, true)
			}
			s.hears("c") // what it does not even ask for is for the client to refuse
			if ask {
				s.decide(t, true)
			}
			s.hears("a")
		})
		d := facts[show.PowerDenied](s.l)
		want := []string{"a 2.0.0 asks for host b.example, which was not granted; granted are a.example: sothebais plugin grant a http",
			"more than 2 a minute; a 2.0.0 asks for b.example, 9 a minute, which was not granted yet: sothebais plugin grant a http"}
		if len(d) != 2 || d[0].Reason != want[0] || d[0].Token != 7 || d[1].Reason != want[1] {
			t.Errorf("asked each time %v: denied %+v, want %q", ask, d, want)
		}
		if want := []string{"https://a.example/x of a.example", "https://c.example/x of a.example"}; !slices.Equal(fetched, want) {
			t.Errorf("asked each time %v: fetched %q", ask, fetched)
		}
	}
}

// TestGrantsOfOlderLedgers do not say what they cover; they are for what the first that is loaded asks for, within the limits
// that they have.
func TestGrantsOfOlderLedgers(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{"a": {
		"reply": {Granted: true, By: "ana"}, "http": {Granted: true, By: "ana", Capability: plugin.Capability{Hosts: []string{"c.example"}}}, "post": {By: "ana"}, "llm": {Granted: true, By: "show file", Standing: true}}}}
	s.configure(func(cfg *plugin.Config) { cfg.Grants = book })
	powers := func() (limits, more []string) {
		for _, p := range s.h.Plugins()[0].Powers[:4] {
			limits = append(limits, p.Limits.Limit())
			more = append(more, strings.Join(p.More, ", "))
		}
		return limits, more
	}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", version("1.0.0", "{name: reply, why: x, per_minute: 5}", "{name: http, why: x, hosts: [a.example]}", "{name: post, why: x}", "{name: llm, why: x, per_minute: 1}")))
		must[plugin.SwapResult](t)(s.h.Swap(ctx, version("2.0.0", "{name: reply, why: x, per_minute: 50}", "{name: http, why: x, hosts: [a.example, c.example]}", "{name: post, why: x}", "{name: llm, why: x, per_minute: 2}"), "ana", 0))
		limits, more := powers()
		if want := []string{"5 a minute, 1120 bytes", "c.example, 12 a minute, 8192 bytes", "6 a minute, 1120 bytes", "2 a minute, 20000 tokens an hour"}; !slices.Equal(limits, want) {
			t.Errorf("limits %q, want %q", limits, want)
		}
		if want := []string{"50 a minute", "c.example", "", ""}; !slices.Equal(more, want) {
			t.Errorf("more %q, want %q", more, want)
		}
	})
	if g := book.book["a"]; g["reply"].By != "ana" || g["reply"].Version != "1.0.0" || g["reply"].Shown.PerMinute != 5 || g["post"].Granted || g["llm"].Shown != nil {
		t.Errorf("kept %+v", g)
	}
}

// TestALargerStoreIsAskedFor: until it is granted, the plugin has the store that everybody has, with what it held.
func TestALargerStoreIsAskedFor(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	s.configure(func(cfg *plugin.Config) {
		cfg.Grants, cfg.Store = book, &shelves{kept: map[string]map[string][]byte{"a": {"k": []byte("v")}}}
	})
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", version("1.0.0", "{name: store, why: x, bytes: 70000}")))
		if p := s.h.Plugins()[0].Powers[0]; !p.Grant.Granted || p.Limits.Bytes != 65536 || !slices.Equal(p.More, []string{"70000 bytes"}) {
			t.Errorf("power %+v", p)
		}
		s.hears("overfill")
	})
	if got := s.rt.made[0].spec.Store; got.Quota != 65536 || string(got.Content["k"]) != "v" {
		t.Errorf("store %+v", got)
	}
	if d := facts[show.PowerDenied](s.l); len(d) != 1 || !strings.HasPrefix(d[0].Reason, "over the quota of 65536 bytes; a 1.0.0 asks for 70000 bytes, which was not granted yet: sothebais plugin grant a store") {
		t.Errorf("denied %+v", d)
	}
}

// TestLimitsThatAPowerDoesNotHave are refused, not kept in silence.
func TestLimitsThatAPowerDoesNotHave(t *testing.T) {
	for _, c := range []struct {
		power string
		limit plugin.Capability
		want  string
	}{
		{"reply", plugin.Capability{TokensPerHour: 5}, "reply has no tokens_per_hour; leave it out"},
		{"llm", plugin.Capability{Bytes: 5}, "llm has no bytes; leave it out"},
		{"http", plugin.Capability{Pending: 5}, "http has no pending; leave it out"},
		{"post", plugin.Capability{Hosts: []string{"a.example"}}, "post has no hosts; leave them out"},
		{"timer", plugin.Capability{Pending: -1}, "pending of timer is -1; want 1 or more"},
		{"timer", plugin.Capability{Pending: 2}, ""},
	} {
		err := plugin.Grant{Capability: c.limit}.Fits(c.power)
		if c.want == "" && err != nil || c.want != "" && (!errors.Is(err, plugin.ErrPower) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s %+v: %v, want %q", c.power, c.limit, err, c.want)
		}
	}
}

// TestAGrantIsAFact with the version that was looked at, what it said, and all that it covers.
func TestAGrantIsAFact(t *testing.T) {
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	s.configure(func(cfg *plugin.Config) { cfg.Grants = book })
	s.play(t, func(ctx context.Context) {
		shown, v := capability(t, version("1.2.0", "{name: http, why: to know, hosts: [a.example, b.example]}"))
		if err := s.h.Grant(ctx, "a", "http", plugin.Grant{By: "ana", Shown: &shown, Version: v, Capability: plugin.Capability{Hosts: []string{"b.example"}}}, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	})
	g := facts[show.PluginGranted](s.l)
	if len(g) != 1 || g[0].Version != "1.2.0" || g[0].Why != "to know" || g[0].Limit != "b.example, 12 a minute, 8192 bytes" || string(g[0].Limits) != `{"per_minute":12,"bytes":8192,"hosts":["b.example"]}` {
		t.Errorf("granted %+v", g)
	}
}

// TestAnswersToOneThatLeft are facts and count, though nobody hears them; back on air, the plugin has what it did not spend.
func TestAnswersToOneThatLeft(t *testing.T) {
	s := newStage()
	s.configure(func(cfg *plugin.Config) {
		cfg.Ask = func(context.Context, plugin.Question) (plugin.Reply, error) {
			time.Sleep(2 * time.Second)
			return plugin.Reply{Text: "so", Tokens: 100}, nil
		}
	})
	s.rt.acts = map[string][]plugin.Reaction{"ask": {called("llm", &abi.Ask{Token: 3, MaxTokens: 600})}, "less": {called("llm", &abi.Ask{Token: 4, MaxTokens: 500})}}
	s.play(t, func(ctx context.Context) {
		a := version("1.0.0", "{name: llm, why: x, tokens_per_hour: 650}")
		must[plugin.Info](t)(s.h.Load(ctx, "", a))
		s.hears("ask")
		must[plugin.SwapResult](t)(s.h.Swap(ctx, asking("b", "overlay"), "ana", 0))
		time.Sleep(3 * time.Second)
		must[plugin.SwapResult](t)(s.h.Swap(ctx, a, "ana", 0))
		s.hears("less")
		time.Sleep(3 * time.Second)
	})
	if m := facts[show.ModelAnswered](s.l); len(m) != 2 || m[0].Token != 3 || m[0].Plugin != "a" || m[0].Tokens != 100 || m[1].Token != 4 {
		t.Errorf("answered %+v", m)
	}
	if d := facts[show.PowerDenied](s.l); len(d) != 0 {
		t.Errorf("denied %+v", d)
	}
	if n := len(s.rt.made[1].answers); n != 0 {
		t.Errorf("the one in between heard %d answers", n)
	}
}
