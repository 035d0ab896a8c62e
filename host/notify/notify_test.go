package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is the timeline in memory: what is recorded is read by whoever subscribed.
type ledger struct {
	mu     sync.Mutex
	events []event.Event
	grown  chan struct{}
}

func newLedger() *ledger { return &ledger{grown: make(chan struct{})} }

func (l *ledger) Record(_ context.Context, drafts ...event.Draft) ([]event.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range drafts {
		if d.At.IsZero() {
			d.At = time.Now()
		}
		l.events = append(l.events, event.Event{Seq: uint64(len(l.events) + 1), Cause: d.Cause, Root: d.Root, At: d.At, Data: d.Data})
	}
	close(l.grown)
	l.grown = make(chan struct{})
	return l.events[len(l.events)-len(drafts):], nil
}

func (l *ledger) add(d event.Data) {
	_, _ = l.Record(context.Background(), event.Draft{Data: d})
}

func (l *ledger) last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.events))
}

func (l *ledger) subscribe(after uint64, kinds ...event.Kind) Source {
	return &reader{l: l, at: after, kinds: kinds}
}

type reader struct {
	l     *ledger
	at    uint64
	kinds []event.Kind
}

func (r *reader) Close() {}

func (r *reader) Next(ctx context.Context) (event.Event, error) {
	for {
		r.l.mu.Lock()
		grown := r.l.grown
		for int(r.at) < len(r.l.events) {
			e := r.l.events[r.at]
			r.at++
			if len(r.kinds) == 0 || slices.Contains(r.kinds, e.Kind()) {
				r.l.mu.Unlock()
				return e, nil
			}
		}
		r.l.mu.Unlock()
		select {
		case <-grown:
		case <-ctx.Done():
			return event.Event{}, context.Cause(ctx)
		}
	}
}

// x takes what is written, or fails by a script.
type x struct {
	mu    sync.Mutex
	wrote []string
	fail  []error // for the next calls; nil lets one through
	slow  time.Duration
}

func (x *x) Reply(_ context.Context, to, text string) (string, error) {
	return x.Post(context.Background(), to+": "+text)
}

func (x *x) Post(_ context.Context, text string) (string, error) {
	time.Sleep(x.slow)
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.fail) > 0 {
		err := x.fail[0]
		x.fail = x.fail[1:]
		if err != nil {
			return "", err
		}
	}
	x.wrote = append(x.wrote, text)
	return fmt.Sprint(len(x.wrote)), nil
}

func (x *x) all() []string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Clone(x.wrote)
}

type limited struct{ until time.Time }

func (l limited) Error() string      { return "limited" }
func (l limited) RetryAt() time.Time { return l.until }

// run starts a notifier in a bubble; the returned function stops it and waits.
func run(t *testing.T, l *ledger, x *x, cfg Config) (stop func()) {
	t.Helper()
	cfg.Subscribe, cfg.Last, cfg.X, cfg.Facts = l.subscribe, l.last, x, l
	n := New(cfg)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}
}

func eth(s string) money.Wei { return money.MustETH(s) }

func bid(who, amount, minimum, post, prev, prevPost string) auction.BidAccepted {
	return auction.BidAccepted{Bidder: who, Handle: who, Amount: eth(amount), Minimum: eth(minimum), PostID: post,
		PreviousBidder: prev, PreviousHandle: prev, PreviousPostID: prevPost, ReserveMet: true}
}

// ends lists how letters ended: "<to> sent" or "<to> <reason>".
func (l *ledger) ends() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, e := range l.events {
		switch d := e.Data.(type) {
		case post.ReplySent:
			out = append(out, d.To+" sent")
		case post.ReplyFailed:
			out = append(out, d.To+" "+d.Reason)
		}
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

func TestEverybodyIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		stop := run(t, l, x, Config{})
		defer stop()
		steps := []struct {
			fact event.Data
			want []string
		}{
			{bid("ann", "1", "1.1", "11", "", ""), []string{"11: Your bid of 1 ETH leads. To beat it takes 1.1 ETH or more."}},
			{auction.BidRefused{Handle: "bob", Amount: eth("1"), Minimum: eth("1.1"), Reason: auction.ReasonTooLow, Hint: "The next bid must be at least 1.1 ETH.", PostID: "12"},
				[]string{`12: The next bid must be at least 1.1 ETH. Just reply "bid 1.1 ETH".`}},
			{bid("bob", "1.5", "1.65", "13", "ann", "11"), []string{"13: Your bid of 1.5 ETH leads. To beat it takes 1.65 ETH or more.",
				`11: You are outbid: bob offers 1.5 ETH. To lead again takes 1.65 ETH or more. Just reply "bid 1.65 ETH".`}},
			{auction.LotSold{Handle: "bob", Title: "Fern", Amount: eth("1.5"), WinningPostID: "13"},
				[]string{"13: Sold! “Fern” is yours for 1.5 ETH. Congratulations, and thank you for bidding."}},
			{cue.Raised{Cue: cue.Cue{From: "dusty", Verb: cue.Reply, Name: "12", Text: "Chin up."}}, []string{"12: Chin up."}},
			{cue.Raised{Cue: cue.Cue{From: "dusty", Verb: cue.Post, Text: "Lot two!"}}, []string{"Lot two!"}},
			{cue.Raised{Cue: cue.Cue{From: "dusty", Verb: cue.Say, Text: "Hm."}}, nil},
		}
		l.add(post.Received{Post: post.Post{ID: "12", Handle: "bob"}})
		var want []string
		for _, s := range steps {
			l.add(s.fact)
			synctest.Wait()
			want = append(want, s.want...)
			equal(t, string(s.fact.EventKind()), x.all(), want)
		}
		equal(t, "ends", l.ends(), []string{"11 sent", "12 sent", "13 sent", "11 sent", "13 sent", "12 sent", " sent"})
		var handles []string
		for _, e := range l.events {
			if d, ok := e.Data.(post.ReplySent); ok {
				handles = append(handles, d.Handle)
			}
		}
		equal(t, "handles", handles, []string{"ann", "bob", "bob", "ann", "bob", "bob", ""})
	})
}

func TestNothingIsSentTwiceAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		l.add(bid("old", "1", "1.1", "10", "", ""))
		time.Sleep(time.Hour)
		stop := run(t, l, x, Config{})
		l.add(bid("ann", "1", "1.1", "11", "", ""))
		synctest.Wait()
		stop()
		l.add(bid("bob", "2", "2.2", "12", "ann", "11")) // nobody is there to hear it
		stop = run(t, l, x, Config{})
		stop()
		stop = run(t, l, x, Config{})
		stop()
		equal(t, "written", x.all(), []string{
			"11: Your bid of 1 ETH leads. To beat it takes 1.1 ETH or more.",
			"12: Your bid of 2 ETH leads. To beat it takes 2.2 ETH or more.",
			`11: You are outbid: bob offers 2 ETH. To lead again takes 2.2 ETH or more. Just reply "bid 2.2 ETH".`,
		})
	})
}

func TestBudgetGoesToWhatMatters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		stop := run(t, l, x, Config{Budget: Budget{Posts: 10, Window: 100 * time.Second}}) // 3 at once, then 7 in 100 s
		defer stop()
		for i := range 3 {
			l.add(auction.BidRefused{Handle: fmt.Sprint("u", i), Reason: auction.ReasonFormat, PostID: fmt.Sprint(20 + i)})
		}
		synctest.Wait()
		l.add(post.Received{Post: post.Post{ID: "30", Handle: "dee"}})
		l.add(cue.Raised{Cue: cue.Cue{From: "dusty", Verb: cue.Reply, Name: "30", Text: "Hi."}})
		l.add(auction.BidRefused{Handle: "cid", Reason: auction.ReasonFormat, PostID: "31"})
		l.add(auction.LotSold{Handle: "bob", Title: "Fern", Amount: eth("1.5"), WinningPostID: "32"})
		for i := range 20 {
			l.add(auction.BidRefused{Handle: fmt.Sprint("v", i), Reason: auction.ReasonFormat, PostID: fmt.Sprint(40 + i)})
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if ends := l.ends(); len(ends) != 4 || ends[3] != "32 sent" {
			t.Errorf("after 15 s: %q", ends)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		ends := l.ends()
		if len(ends) != 3+23 {
			t.Errorf("%d letters ended, want all 26: %q", len(ends), ends)
		}
		if slices.Contains(ends, "30 sent") || !slices.Contains(ends, "30 budget") {
			t.Errorf("the chat went before the bids: %q", ends)
		}
	})
}

func TestOnlyTheLastWordIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{fail: []error{limited{time.Now().Add(10 * time.Second)}}}
		stop := run(t, l, x, Config{})
		defer stop()
		l.add(cue.Raised{Cue: cue.Cue{From: "dusty", Verb: cue.Post, Text: "Hello."}}) // runs into the limit
		synctest.Wait()
		l.add(auction.BidRefused{Handle: "ann", Reason: auction.ReasonFormat, PostID: "11"})
		l.add(auction.BidRefused{Handle: "ann", Reason: auction.ReasonUnit, PostID: "12"})
		l.add(bid("ann", "1", "1.1", "13", "", ""))
		l.add(bid("bob", "2", "2.2", "14", "ann", "13"))
		time.Sleep(11 * time.Second)
		synctest.Wait()
		equal(t, "ends", l.ends(), []string{"11 superseded", "12 superseded", "13 superseded", "14 sent", "13 sent", " sent"})
	})
}

// A letter that X did not take comes back behind what has happened since.
func TestALetterThatComesBackUndoesNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{slow: time.Second, fail: []error{limited{}}}
		stop := run(t, l, x, Config{})
		defer stop()
		l.add(bid("ann", "1", "1.1", "11", "", "")) // is on its way to X
		synctest.Wait()
		l.add(bid("bob", "2", "2.2", "12", "ann", "11")) // meanwhile ann is outbid
		time.Sleep(10 * time.Second)
		synctest.Wait()
		equal(t, "ends", l.ends(), []string{"11 superseded", "12 sent", "11 sent"})
		if got := x.all(); len(got) != 2 || !strings.HasPrefix(got[1], "11: You are outbid") {
			t.Errorf("written: %q", got)
		}
	})
}

// Winners are told for longer than others, also when the program was away in between.
func TestWinnersAreToldAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		l.add(bid("ann", "1", "1.1", "11", "", ""))
		l.add(auction.LotSold{Handle: "ann", Title: "Fern", Amount: eth("1"), WinningPostID: "11"})
		time.Sleep(10 * time.Minute) // nobody was there to hear it
		stop := run(t, l, x, Config{})
		defer stop()
		synctest.Wait()
		equal(t, "ends", l.ends(), []string{"11 sent"})
	})
}

// Restarts give nobody a fresh budget.
func TestBudgetHoldsAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		cfg := Config{Budget: Budget{Posts: 10, Window: 15 * time.Minute}}
		begin := time.Now()
		for i := range 20 {
			stop := run(t, l, x, cfg)
			l.add(auction.BidRefused{Handle: fmt.Sprint("u", i), Reason: auction.ReasonFormat, PostID: fmt.Sprint(20 + i)})
			time.Sleep(30 * time.Second)
			stop()
		}
		if n := len(x.all()); n < 5 || n > 10 {
			t.Errorf("%d posts in %v; the budget is 10 in 15 minutes", n, time.Since(begin))
		}
	})
}

// A plugin does not speak in the show's name to people who never wrote to it.
func TestPluginsAnswerNoStrangers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{}
		stop := run(t, l, x, Config{})
		defer stop()
		l.add(post.Received{Post: post.Post{ID: "12", Handle: "bob"}})
		for _, id := range []string{"666", "12", "666"} {
			l.add(cue.Raised{Cue: cue.Cue{From: "rogue", Verb: cue.Reply, Name: id, Text: "Buy this!"}})
		}
		synctest.Wait()
		equal(t, "ends", l.ends(), []string{"666 unknown_post", "12 sent"})
		equal(t, "written", x.all(), []string{"12: Buy this!"})
	})
}

func TestFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, x := newLedger(), &x{fail: []error{errors.New("boom"), limited{}, limited{}, nil}}
		stop := run(t, l, x, Config{})
		defer stop()
		l.add(bid("ann", "1", "1.1", "11", "", "")) // the outcome is unknown: not again
		synctest.Wait()
		equal(t, "after an unknown outcome", l.ends(), []string{"11 boom"})
		l.add(bid("bob", "2", "2.2", "12", "", "")) // not sent, and for sure: again and again
		synctest.Wait()
		equal(t, "while X is away", l.ends(), []string{"11 boom"})
		time.Sleep(5 * time.Second)
		synctest.Wait()
		equal(t, "when X is back", l.ends(), []string{"11 boom", "12 sent"})
		x.fail = []error{limited{time.Now().Add(time.Hour)}}
		l.add(bid("cid", "3", "3.3", "13", "", ""))
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		equal(t, "when X stays away", l.ends(), []string{"11 boom", "12 sent", "13 x_away"})
	})
}

type deaf struct{}

func (deaf) Record(context.Context, ...event.Draft) ([]event.Event, error) {
	return nil, errors.New("disk full")
}

func TestRunEndsWhenTheLedgerFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLedger()
		n := New(Config{Subscribe: l.subscribe, Last: l.last, X: &x{}, Facts: deaf{}})
		done := make(chan error, 1)
		go func() { done <- n.Run(t.Context()) }()
		synctest.Wait()
		l.add(bid("ann", "1", "1.1", "11", "", ""))
		if err := <-done; err == nil || err.Error() != "record that post 11 was answered: disk full" {
			t.Errorf("got %v", err)
		}
	})
}
