package xapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func (w *world) up(time.Duration) { w.mu.Lock(); defer w.mu.Unlock(); w.ups++ }

func (w *world) down(reason string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.downs = append(w.downs, reason)
}

func (w *world) expect(want ...string) {
	w.t.Helper()
	synctest.Wait()
	if got := w.unique(); !slices.Equal(got, want) && len(got)+len(want) > 0 {
		w.t.Errorf("heard %.500q, want %.500q", got, want)
	}
}

func TestPostsArrive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		w.say("@host before the show")
		stop := w.listen("")
		defer stop()
		time.Sleep(time.Second)
		w.say("@host bid 1 ETH")
		w.say("no mention")
		w.say("@hostile is somebody else")
		p := w.say("@host bid 2 ETH & no <less>")
		if _, err := w.x.Edit(ann.ID, p.ID, "@host bid 3 ETH"); err != nil {
			t.Fatal(err)
		}
		w.expect("@host bid 1 ETH", "@host bid 2 ETH & no <less>", "@host bid 3 ETH")
		if s := w.c.Status(); !s.Stream || s.Account != "host" || s.Received < 3 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestCatchUpAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, func(c *Config) { c.Overlap = time.Millisecond })
		first := w.say("@host first")
		time.Sleep(time.Minute)
		want := []string{first.Text} // once more, as it is on the edge
		for i := range 250 {         // three pages
			time.Sleep(time.Millisecond)
			want = append(want, fmt.Sprint("@host number ", i))
			w.say(want[i+1])
		}
		stop := w.listen(first.ID)
		defer stop()
		w.expect(want...)
	})
}

func TestNothingIsMissedWhile(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(w *world)
		within time.Duration
	}{
		{"X ends the stream", func(w *world) { w.x.Disconnect() }, time.Second},
		{"the stream falls silent", func(w *world) { w.x.Stall(30 * time.Second) }, 21 * time.Second},
		{"X answers with errors for a minute", func(w *world) { w.x.Disconnect(); w.x.Fail(503, time.Minute) }, 3 * time.Minute},
		{"X answers 429 for a minute", func(w *world) { w.x.Disconnect(); w.x.Fail(429, time.Minute) }, 3 * time.Minute},
		{"the network is away for ten minutes", func(w *world) {
			w.wire.cut.Store(true)
			w.x.Disconnect()
			time.AfterFunc(10*time.Minute, func() { w.wire.cut.Store(false) })
		}, 10*time.Minute + 17*time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, nil, nil)
				stop := w.listen("")
				defer stop()
				w.say("@host one")
				w.expect("@host one")
				c.breaks(w)
				time.Sleep(10 * time.Millisecond)
				w.say("@host two")
				time.Sleep(c.within)
				w.say("@host three")
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if got := w.unique(); len(got) < 2 || got[1] != "@host two" {
					t.Errorf("heard %q within %v", got, c.within)
				}
				time.Sleep(6 * time.Minute) // by now all is well again, whatever it was
				w.expect("@host one", "@host two", "@host three")
				if s := w.c.Status(); !s.Stream {
					t.Errorf("the stream is not back: %+v", s)
				}
				if w.ups != 2 || len(w.downs) != 1 {
					t.Errorf("%d ups and downs %q", w.ups, w.downs)
				}
			})
		})
	}
}

func TestMentionsStandInForTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]int{"GET /2/tweets/search/stream": 0}, nil) // the plan has no stream
		stop := w.listen("")
		defer stop()
		time.Sleep(10 * time.Second)
		for i := range 20 {
			w.say(fmt.Sprint("@host ", i))
			time.Sleep(6 * time.Second)
			synctest.Wait()
			if got := w.unique(); len(got) != i+1 {
				t.Fatalf("after post %d: %q", i, got)
			}
		}
		if n := w.wire.count("GET /2/tweets/search/stream"); n > 2 {
			t.Errorf("a limited stream was asked for %d times within its window", n)
		}
	})
}

func TestLimitsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]int{"GET /2/tweets/search/stream": 0, "GET /2/users/mentions": 10}, nil)
		stop := w.listen("")
		defer stop()
		time.Sleep(31 * time.Minute) // three windows at most
		if n := w.wire.count("GET /2/users/7/mentions"); n > 30 {
			t.Errorf("%d calls of which X takes 10 in a quarter of an hour", n)
		}
	})
}

func TestWhatIsNotTakenComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		stop := w.listen("")
		defer stop()
		time.Sleep(time.Minute)
		w.mu.Lock()
		w.fail = 3
		w.mu.Unlock()
		w.say("@host hard to take")
		time.Sleep(2 * time.Second)
		w.say("@host also")
		for range 20 { // the point from which mentions are read must not move past it
			time.Sleep(3 * time.Second)
			w.say(fmt.Sprint("@host at ", time.Now()))
		}
		synctest.Wait()
		got := w.unique()
		if !slices.Contains(got, "@host hard to take") || !slices.Contains(got, "@host also") || len(got) != 22 {
			t.Errorf("heard %q", got)
		}
	})
}

func TestOnePostThatIsNeverTakenHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]int{"GET /2/tweets/search/stream": 0}, nil) // by the mentions alone
		w.poison = "@host poison"
		stop := w.listen("")
		defer stop()
		time.Sleep(10 * time.Second)
		w.say(w.poison)
		time.Sleep(time.Second)
		w.say("@host fine")
		time.Sleep(6 * time.Second)
		w.expect("@host fine")
		time.Sleep(20 * time.Minute)
		offered := w.offered()
		time.Sleep(20 * time.Minute)
		if again := w.offered(); offered < 10 || again != offered {
			t.Errorf("offered %d times, and %d times after it should have been given up", offered, again)
		}
	})
}

// What came while the house was away for long is not given up at its first failure.
func TestAnOldPostIsOfferedAgainAsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		first := w.say("@host first")
		time.Sleep(time.Minute)
		w.say("@host while you were away")
		time.Sleep(time.Minute)
		w.say("@host later")
		time.Sleep(time.Hour)
		w.fail = 1000
		stop := w.listen(first.ID)
		defer stop()
		time.Sleep(time.Minute)
		w.mu.Lock()
		w.fail = 0
		w.mu.Unlock()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		if got := w.unique(); !slices.Contains(got, "@host while you were away") {
			t.Errorf("heard %q", got)
		}
	})
}

// A stream that X opens and ends at once is not asked for again and again without a pause.
func TestAStreamThatEndsAtOnceIsNoGoodStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		serve := w.wire.handler
		w.wire.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/search/stream") {
				serve.ServeHTTP(out, r)
				return
			}
			time.Sleep(time.Millisecond)
			_, _ = io.WriteString(out, `{"errors":[{"title":"ConnectionException","disconnect_type":"TooManyConnections"}]}`+"\r\n")
		})
		stop := w.listen("")
		defer stop()
		time.Sleep(time.Minute) // 250 ms more each time: some 22 times
		if n := w.wire.count("GET /2/tweets/search/stream"); n < 10 || n > 30 {
			t.Errorf("the stream was asked for %d times in a minute", n)
		}
	})
}

// An answer that stops in its middle ends with an error, so that what waits behind the call goes on.
func TestAnAnswerThatStopsIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		w.wire.handler = http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(out, `{"data":{"id":"1`)
			<-r.Context().Done()
		})
		begin := time.Now()
		_, err := w.c.Post(t.Context(), "Hello.")
		if took := time.Since(begin); err == nil || took > 2*time.Minute {
			t.Errorf("after %v: %v", took, err)
		}
		var again interface{ RetryAt() time.Time }
		if errors.As(err, &again) {
			t.Errorf("%v says that the post may be sent again, but it may stand", err)
		}
	})
}

func TestWhatWasTakenIsNotOfferedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		stop := w.listen("")
		defer stop()
		for i := range 40 {
			w.say(fmt.Sprint("@host ", i))
			time.Sleep(time.Second)
			if i%10 == 0 {
				w.x.Disconnect() // and looks at the mentions from half a minute ago
			}
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.heard) != 40 {
			t.Errorf("heard %d posts of 40: %q", len(w.heard), w.heard)
		}
	})
}

func TestHostHearsNotItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		stop := w.listen("")
		defer stop()
		if _, err := w.c.Post(t.Context(), "@host talks to itself"); err != nil {
			t.Fatal(err)
		}
		w.x.Disconnect() // also not by the mentions
		time.Sleep(time.Second)
		w.expect()
	})
}

func TestRulesOfOthersStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, nil, nil)
		for _, body := range []any{
			map[string]any{"add": []rule{{Value: "cats", Tag: "mine"}, {Value: "@oldname -is:retweet", Tag: ruleTag}}},
		} {
			if err := w.c.changeRules(t.Context(), body); err != nil {
				t.Fatal(err)
			}
		}
		stop := w.listen("")
		defer stop()
		w.x.Disconnect()
		time.Sleep(time.Second)
		var got []string
		for _, r := range w.x.State().Rules {
			got = append(got, r.Tag+": "+r.Value)
		}
		if want := []string{"mine: cats", "sothebais: @host -is:retweet"}; !slices.Equal(got, want) {
			t.Errorf("rules %q, want %q", got, want)
		}
	})
}

func TestReplies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, map[string]int{"POST /2/tweets": 4}, nil)
		p := w.say("@host bid 1 ETH")
		id, err := w.c.Reply(t.Context(), p.ID, "Taken.")
		if err != nil {
			t.Fatal(err)
		}
		last := w.x.Latest(1)[0]
		if last.ID != id || last.ReplyTo != p.ID || last.Text != "Taken." || !last.AI {
			t.Errorf("got %+v", last)
		}
		var api *APIError
		if _, err := w.c.Reply(t.Context(), p.ID, "Taken."); !errors.As(err, &api) || api.Code != 403 || !strings.Contains(err.Error(), "duplicate") {
			t.Errorf("the same again: %v", err)
		}
		if _, err := w.c.Reply(t.Context(), "999", "Hm."); !errors.As(err, &api) || api.Code != 400 {
			t.Errorf("to no post: %v", err)
		}
		if _, err := w.c.Reply(t.Context(), "x", "Hm."); err == nil || !strings.Contains(err.Error(), "not the id of a post") {
			t.Errorf("to no id: %v", err)
		}
		w.wire.cut.Store(true)
		if _, err := w.c.Post(t.Context(), "Hello?"); !errors.Is(err, ErrUnsent) {
			t.Errorf("without a network: %v", err)
		}
		w.wire.cut.Store(false)
		if _, err := w.c.Post(t.Context(), "Hello."); err != nil {
			t.Errorf("the fourth: %v", err)
		}
		before := w.wire.count("POST /2/tweets")
		var rate *RateError
		if _, err := w.c.Post(t.Context(), "One more."); !errors.As(err, &rate) || !rate.Known || time.Until(rate.RetryAt()) > 16*time.Minute {
			t.Errorf("past the limit: %v", err)
		}
		if w.wire.count("POST /2/tweets") != before {
			t.Error("a call was made that X had said it would refuse")
		}
		time.Sleep(16 * time.Minute)
		if _, err := w.c.Post(t.Context(), "Back."); err != nil {
			t.Errorf("in the next window: %v", err)
		}
	})
}

func TestCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name   string
			change func(*Config)
			want   string
		}{
			{"a wrong secret", func(c *Config) { c.User.TokenSecret = "?" }, "POST /2/tweets: X answered 401 Unauthorized: could not authenticate you: the signature is wrong (check the credentials of the app and of the account)"},
			{"an unknown user token", func(c *Config) { c.User = User{Bearer: "?"} }, "POST /2/tweets: X answered 401 Unauthorized: the bearer token is not known (check the credentials of the app and of the account)"},
			{"none", func(c *Config) { c.User = User{} }, "no credentials of the host's account: set TWITTER_API_KEY, TWITTER_API_SECRET, TWITTER_ACCESS_TOKEN and TWITTER_ACCESS_TOKEN_SECRET"},
		} {
			w := newWorld(t, nil, c.change)
			if _, err := w.c.Post(t.Context(), "Hi."); err == nil || err.Error() != c.want {
				t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.want)
			}
		}
	})
}
