package plugin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// asked is a stage with a plugin about whose uses of reply and http a person is asked each time.
func asked(t *testing.T, f func(ctx context.Context, s *stage, fetched *[]string)) *stage {
	t.Helper()
	s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{}}
	var fetched []string
	s.configure(func(c *plugin.Config) {
		c.Grants = book
		c.Post = func(_ context.Context, id string) (post.Post, bool, error) {
			return post.Post{ID: "2", Root: "2", Handle: "maria", Text: "1.5?"}, id == "2", nil
		}
		c.Ask = func(context.Context, plugin.Question) (plugin.Reply, error) { return plugin.Reply{}, nil }
		c.Fetch = func(_ context.Context, q plugin.Request) (plugin.Answer, error) {
			fetched = append(fetched, q.URL)
			return plugin.Answer{Status: 200, Body: "sunny"}, nil
		}
	})
	s.rt.acts = map[string][]plugin.Reaction{
		"answer":  {reply("One of one.")},
		"weather": {called("http", &abi.Fetch{Token: 7, Method: "GET", URL: "https://api.example.com/weather"})},
		"flood":   slices.Repeat([]plugin.Reaction{reply("again")}, 9),
	}
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: to answer}", "{name: http, why: to know, hosts: [api.example.com]}", "{name: llm, why: to think}")))
		for _, power := range []string{"reply", "http", "llm"} {
			if err := s.h.Grant(ctx, "a", power, plugin.Grant{Ask: true, By: "ana"}, 0); err != nil {
				t.Fatal(err)
			}
		}
		f(ctx, s, &fetched)
	})
	return s
}

func (s *stage) hears(what string) {
	s.l.sayNow(what)
	synctest.Wait()
}

func (s *stage) decide(t *testing.T, allow bool) {
	t.Helper()
	waiting := s.h.Consents()
	if len(waiting) == 0 {
		t.Fatal("nothing waits for a person")
	}
	must[plugin.Consent](t)(s.h.Decide(waiting[0].Seq, allow, "ana", 0))
	synctest.Wait()
}

// TestConsentEachTime: a use waits for a person; allowed it is as if granted, refused it is denied, and both are facts.
func TestConsentEachTime(t *testing.T) {
	s := asked(t, func(ctx context.Context, s *stage, fetched *[]string) {
		s.hears("answer")
		w := s.h.Consents()
		if len(w) != 1 || plugin.Whole(w[0].Content) != "One of one." || w[0].Why != "to answer" || w[0].Plugin != "a" || w[0].Power != "reply" || w[0].Deadline.Sub(w[0].Asked) != time.Minute || len(s.offered) != 0 {
			t.Fatalf("waiting %+v, offered %v", w, s.offered)
		}
		s.decide(t, true)
		if len(s.offered) != 1 || !strings.HasSuffix(s.offered[0], " a One of one.") {
			t.Errorf("offered %+v", s.offered)
		}
		s.hears("answer")
		s.decide(t, false)
		s.hears("weather")
		s.decide(t, true)
		if !slices.Equal(*fetched, []string{"https://api.example.com/weather"}) {
			t.Errorf("fetched %v", *fetched)
		}
		s.hears("weather")
		time.Sleep(time.Minute + time.Second)
		if w := s.h.Consents(); len(w) != 0 {
			t.Errorf("still waiting: %+v", w)
		}
		if p := s.h.Plugins()[0].Powers; p[0].Used != 1 || p[0].Denied != 1 || p[1].Used != 1 || p[1].Denied != 1 || !p[0].Grant.Ask {
			t.Errorf("powers %+v", p)
		}
	})
	var said []string
	for _, d := range facts[show.PowerDecided](s.l) {
		said = append(said, fmt.Sprintf("%s %v %s %s", d.Power, d.Allowed, d.Who, d.Reason))
	}
	want := []string{"reply true ana ", "reply false ana ana said no", "http true ana ", "http false  nobody allowed it within 1m0s"}
	if !slices.Equal(said, want) {
		t.Errorf("decided %q, want %q", said, want)
	}
	denied := facts[show.PowerDenied](s.l)
	if len(denied) != 2 || denied[0].Reason != "ana said no" || denied[1].Token != 7 {
		t.Errorf("denied %+v", denied)
	}
	if n := len(s.rt.made[0].answers); n != 3 { // two denials and what was fetched
		t.Errorf("the plugin heard %d answers", n)
	}
}

// TestConsentShowsAllThatIsSent: what a person says yes to is what leaves the house, to the last word, part by part.
func TestConsentShowsAllThatIsSent(t *testing.T) {
	long := strings.Repeat("x", 8191) + "!"
	for _, c := range []struct {
		power string
		call  abi.Call
		want  []plugin.Part
	}{
		{"http", &abi.Fetch{URL: "https://api.example.com/", Headers: "X-Note: who bids", Body: long},
			[]plugin.Part{{"request", "GET https://api.example.com/"}, {"headers", "X-Note: who bids"}, {"body", long}}},
		{"http", &abi.Fetch{Method: "POST", URL: "https://api.example.com/"}, []plugin.Part{{"request", "POST https://api.example.com/"}}},
		{"llm", &abi.Ask{Instructions: long, Prompt: "Who?", Schema: `{"type":"object"}`, MaxTokens: 5000},
			[]plugin.Part{{"instructions", long}, {"question", "Who?"}, {"form of the answer", `{"type":"object"}`}, {"length of the answer", "at most 4096 tokens"}}},
		{"llm", &abi.Ask{Prompt: "Who?"}, []plugin.Part{{"question", "Who?"}, {"length of the answer", "at most 512 tokens"}}},
	} {
		s := asked(t, func(_ context.Context, s *stage, _ *[]string) {
			s.rt.acts["tell"] = []plugin.Reaction{called(c.power, c.call)}
			s.hears("tell")
			if w := s.h.Consents(); len(w) != 1 || !slices.Equal(w[0].Content, c.want) || w[0].Answers != nil {
				t.Errorf("waiting %+v, want %+v", w, c.want)
			}
		})
		if f := facts[show.PowerAsked](s.l); len(f) != 1 || f[0].Content != plugin.Whole(c.want) || f[0].To != "" {
			t.Errorf("the ledger has %+v", f)
		}
	}
}

// TestConsentShowsWhichPostIsAnswered: a plugin may name any post, whatever event it handles.
func TestConsentShowsWhichPostIsAnswered(t *testing.T) {
	read := post.Post{ID: "2", Root: "2", Handle: "maria", Text: "1.5?"}
	for id, want := range map[string]post.Post{"2": read, "3": {ID: "3"}} {
		s := asked(t, func(_ context.Context, s *stage, _ *[]string) {
			s.rt.acts["tell"] = []plugin.Reaction{{Power: "reply", Cue: cue.Cue{Verb: cue.Reply, Name: id, Text: "Yes."}}}
			s.hears("tell")
			if w := s.h.Consents(); len(w) != 1 || w[0].Answers == nil || *w[0].Answers != want {
				t.Errorf("%s: waiting %+v, want %+v", id, w, want)
			}
		})
		if f := facts[show.PowerAsked](s.l); len(f) != 1 || f[0].To != id {
			t.Errorf("the ledger has %+v", f)
		}
	}
}

// TestConsentOfOneThatWasReplaced: what waited for a plugin is not done when that one left the air, whoever says yes; a
// version of it that came in its place hears so, and nobody else.
func TestConsentOfOneThatWasReplaced(t *testing.T) {
	for _, c := range []struct {
		next  string
		yes   bool
		heard int
	}{{"a", true, 1}, {"a", false, 1}, {"b", false, 0}} {
		s := asked(t, func(ctx context.Context, s *stage, _ *[]string) {
			s.hears("weather")
			seq := s.h.Consents()[0].Seq
			must[plugin.SwapResult](t)(s.h.Swap(ctx, asking(c.next, "overlay", "{name: http, why: to know, hosts: [api.example.com]}"), "ana", 0))
			if c.yes {
				must[plugin.Consent](t)(s.h.Decide(seq, true, "ana", 0))
			}
			time.Sleep(time.Minute + time.Second)
		})
		if d := facts[show.PowerDecided](s.l); len(d) != 1 || d[0].Allowed || d[0].Reason != "a left the air meanwhile" {
			t.Errorf("%+v: decided %+v", c, d)
		}
		if d := facts[show.PowerDenied](s.l); len(d) != c.heard || c.heard > 0 && (d[0].Token != 7 || d[0].Reason != "a left the air meanwhile") {
			t.Errorf("%+v: denied %+v", c, d)
		}
		if n := len(s.rt.made[1].answers); n != c.heard {
			t.Errorf("%+v: the successor heard %d answers", c, n)
		}
	}
}

// TestConsentWithinTheGrantForGood: a grant for good that is too small for what waits does not allow it.
func TestConsentWithinTheGrantForGood(t *testing.T) {
	s := asked(t, func(ctx context.Context, s *stage, _ *[]string) {
		s.hears("answer")
		if err := s.h.Grant(ctx, "a", "reply", plugin.Grant{By: "ana", Capability: plugin.Capability{Bytes: 5}}, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(s.offered) != 0 {
			t.Errorf("offered %+v", s.offered)
		}
	})
	if d := facts[show.PowerDecided](s.l); len(d) != 1 || d[0].Allowed || d[0].Reason != "11 bytes, reply has 5" {
		t.Errorf("decided %+v", d)
	}
}

// TestConsentIsBounded: what waits does not pile up, each is decided once, and what cannot wait is not asked about.
func TestConsentIsBounded(t *testing.T) {
	asked(t, func(ctx context.Context, s *stage, _ *[]string) {
		s.hears("flood")
		w := s.h.Consents()
		if d := facts[show.PowerDenied](s.l); len(w) != 8 || len(d) != 1 || !strings.Contains(d[0].Reason, "wait for a person already") {
			t.Errorf("%d wait, denied %+v", len(w), d)
		}
		s.decide(t, true)
		if _, err := s.h.Decide(w[0].Seq, true, "bob", 0); !errors.Is(err, plugin.ErrUnknown) {
			t.Errorf("decided twice: %v", err)
		}
		if err := s.h.Grant(ctx, "a", "say", plugin.Grant{Ask: true}, 0); !errors.Is(err, plugin.ErrPower) {
			t.Errorf("say: %v", err)
		}
	})
}

// TestConsentEndsWithTheGrant: a grant for good allows what waits, a revocation refuses it, and so does leaving the air.
func TestConsentEndsWithTheGrant(t *testing.T) {
	s := asked(t, func(ctx context.Context, s *stage, _ *[]string) {
		s.hears("answer")
		if err := s.h.Grant(ctx, "a", "reply", plugin.Grant{By: "ana"}, 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(s.offered) != 1 {
			t.Errorf("offered %+v", s.offered)
		}
		s.hears("weather")
		if err := s.h.Revoke(ctx, "a", "http", "bob", 0); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := s.h.Grant(ctx, "a", "http", plugin.Grant{Ask: true, By: "ana"}, 0); err != nil {
			t.Fatal(err)
		}
		s.hears("weather")
		seq := s.h.Consents()[0].Seq
		must[plugin.SwapResult](t)(s.h.Swap(ctx, asking("b", "overlay"), "ana", 0))
		if w := s.h.Consents(); len(w) != 0 {
			t.Errorf("waiting for who left: %+v", w)
		}
		must[plugin.Consent](t)(s.h.Decide(seq, true, "ana", 0))
	})
	var said []string
	for _, d := range facts[show.PowerDecided](s.l) {
		said = append(said, fmt.Sprintf("%s %v %s", d.Power, d.Allowed, d.Reason))
	}
	if want := []string{"reply true ", "http false bob took http away", "http false a left the air meanwhile"}; !slices.Equal(said, want) {
		t.Errorf("decided %q, want %q", said, want)
	}
}

// meddling is a ledger beside which a power is granted or taken while it is written down that a person is asked about it.
type meddling struct {
	*timeline
	meddle func(ctx context.Context) error
}

func (l *meddling) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if _, is := drafts[0].Data.(show.PowerAsked); is {
		if err := l.meddle(ctx); err != nil {
			return nil, err
		}
	}
	return l.timeline.Record(ctx, drafts...)
}

// TestConsentAfterTheGrant: what is decided for good before there was anything to say yes or no to decides that as well.
func TestConsentAfterTheGrant(t *testing.T) {
	for granted, want := range map[bool]show.PowerDecided{
		true:  {Slot: "overlay", Plugin: "a", Power: "reply", Event: 2, Nth: 1, Allowed: true, Who: "bob"},
		false: {Slot: "overlay", Plugin: "a", Power: "reply", Event: 2, Nth: 1, Who: "bob", Reason: "bob took reply away"},
	} {
		s, book := newStage(), &grants{book: map[string]map[string]plugin.Grant{"a": {"reply": {Granted: true, Ask: true}}}}
		s.configure(func(c *plugin.Config) {
			c.Grants = book
			c.Facts = &meddling{s.l, func(ctx context.Context) error {
				if granted {
					return s.h.Grant(ctx, "a", "reply", plugin.Grant{By: "bob"}, 0)
				}
				return s.h.Revoke(ctx, "a", "reply", "bob", 0)
			}}
		})
		s.rt.acts = map[string][]plugin.Reaction{"answer": {reply("One of one.")}}
		s.play(t, func(ctx context.Context) {
			must[plugin.Info](t)(s.h.Load(ctx, "", asking("a", "overlay", "{name: reply, why: to answer}")))
			s.hears("answer")
			if w := s.h.Consents(); len(w) != 0 {
				t.Errorf("waiting: %+v", w)
			}
		})
		if len(s.offered) != 0 != granted {
			t.Errorf("granted %v: offered %q", granted, s.offered)
		}
		d := facts[show.PowerDecided](s.l)
		if len(d) != 1 {
			t.Errorf("granted %v: decided %+v", granted, d)
			continue
		}
		if d[0].Asked = 0; d[0] != want {
			t.Errorf("decided %+v, want %+v", d[0], want)
		}
	}
}
