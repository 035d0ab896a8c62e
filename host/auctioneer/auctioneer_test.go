package auctioneer_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/bus/bustest"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// house is an auctioneer on a bus on a ledger that outlives both.
type house struct {
	t      *testing.T
	ledger *bustest.Memory
	cfg    auctioneer.Config
	*auctioneer.Auctioneer
	stop func()
	post atomic.Int64
}

func open(t *testing.T, cfg auctioneer.Config) *house {
	h := &house{t: t, ledger: &bustest.Memory{}, cfg: cfg, stop: func() {}}
	t.Cleanup(func() { h.stop() })
	h.start()
	return h
}

// start brings the house up on what the ledger holds; a running one is stopped first.
func (h *house) start() {
	h.t.Helper()
	h.stop()
	ctx, cancel := context.WithCancel(context.Background())
	b, err := bus.New(ctx, h.ledger, bus.Config{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.Auctioneer = auctioneer.New(b, h.cfg)
	if err := h.Replay(ctx, h.ledger); err != nil {
		h.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { _ = b.Run(ctx) })
	wg.Go(func() {
		if err := h.Run(ctx); !errors.Is(err, context.Canceled) {
			h.t.Errorf("Run ended with %v", err)
		}
	})
	h.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
}

// bid places a bid from a fresh post.
func (h *house) bid(who, eth string) auctioneer.Outcome {
	h.t.Helper()
	id := strconv.FormatInt(h.post.Add(1), 10)
	out, err := h.Place(h.t.Context(), bid(id, who, eth))
	if err != nil {
		h.t.Fatal(err)
	}
	return out
}

func bid(postID, who, eth string) auctioneer.Bid {
	return auctioneer.Bid{Post: post.Post{ID: postID, Root: postID, Handle: who}, Bidder: who, Handle: who, Amount: money.MustETH(eth)}
}

func (h *house) facts() []event.Event {
	h.t.Helper()
	events, err := h.ledger.Read(h.t.Context(), 0, 1<<30)
	if err != nil {
		h.t.Fatal(err)
	}
	return events
}

// told writes the kinds of the facts after seq, with the time since the start of the test.
func (h *house) told(after uint64, begin time.Time) string {
	var out []string
	for _, e := range h.facts()[after:] {
		out = append(out, fmt.Sprintf("%s@%s", e.Kind(), e.At.Sub(begin)))
	}
	return strings.Join(out, " ")
}

func (h *house) expectReason(out auctioneer.Outcome, want auction.Reason) {
	h.t.Helper()
	if out.Refused == nil || out.Refused.Reason != want {
		h.t.Errorf("outcome %+v; want a refusal: %s", out, want)
	}
}

func (h *house) expectAccepted(out auctioneer.Outcome) {
	h.t.Helper()
	if out.Accepted == nil || out.Event.Seq == 0 {
		h.t.Errorf("outcome %+v, refused %+v; want it accepted", out, out.Refused)
	}
}

func moonAndSun() auctioneer.Config {
	return auctioneer.Config{Session: auction.Session{Gap: 10 * time.Second, Lots: []auction.Terms{
		{Lot: "moon", Title: "Moon", Start: money.MustETH("1"), Reserve: money.MustETH("2"), Increment: auction.Increment{Fixed: money.MustETH("0.1")},
			Duration: 5 * time.Minute, SoftWindow: 30 * time.Second, SoftExtend: 30 * time.Second, SoftCap: 3},
		{Lot: "sun", Title: "Sun", Start: money.MustETH("1"), Duration: time.Minute},
	}}}
}

func TestAnAuction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		h := open(t, moonAndSun())
		synctest.Wait()
		if s := h.Snapshot(); s.Session != "s1" || s.Lot == nil || s.Lot.Terms.Lot != "s1-moon" || len(s.Next) != 1 || s.Lot.SecondsLeft(begin) != 300 {
			t.Fatalf("at the start: %+v", s)
		}
		h.expectReason(h.bid("ann", "0.5"), auction.ReasonBelowStart)
		h.expectAccepted(h.bid("ann", "1"))
		h.expectReason(h.bid("bob", "1"), auction.ReasonTooLow)
		h.expectReason(h.bid("ann", "2"), auction.ReasonOwnBid)
		h.expectReason(h.bid("", "2"), auction.ReasonUnknown)
		h.expectAccepted(h.bid("bob", "2"))
		if s := h.Snapshot(); s.Lot.Price != money.MustETH("2") || s.Lot.Handle != "bob" || !s.Lot.ReserveMet || s.Lot.Minimum != money.MustETH("2.1") {
			t.Errorf("after the bids: %+v", s.Lot)
		}
		seq := h.Snapshot().Seq
		time.Sleep(5*time.Minute + time.Second)
		if got := h.told(seq, begin); got != "lot.closing@4m0s lot.closing@4m30s lot.closing@4m50s lot.sold@5m0s" {
			t.Error(got)
		}
		h.expectReason(h.bid("ann", "9"), auction.ReasonClosed)
		if s := h.Snapshot(); s.Lot != nil || s.NextAt.Sub(begin) != 5*time.Minute+10*time.Second || s.Sold != 1 || s.Total != money.MustETH("2") {
			t.Errorf("between the lots: %+v", s)
		}
		time.Sleep(time.Hour)
		h.expectReason(h.bid("ann", "9"), auction.ReasonNoLot)
		if s := h.Snapshot(); s.Session != "" || s.Lot != nil || !s.NextAt.IsZero() {
			t.Errorf("after the session: %+v", s)
		}
	})
}

// Every fact of a bid is in one chain that begins with the post.
func TestChains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		time.Sleep(4*time.Minute + 45*time.Second)
		out := h.bid("ann", "1")
		if err := h.Pause(t.Context(), "olga"); err != nil {
			t.Fatal(err)
		}
		facts := h.facts()
		i := out.Event.Seq - 1
		received, accepted, extended, acted, paused := facts[i-1], facts[i], facts[i+1], facts[i+2], facts[i+3]
		if received.Kind() != post.KindReceived || received.Origin != "x:1" || received.Data.(post.Received).Intent != post.IntentBid {
			t.Errorf("before the bid: %+v", received)
		}
		if extended.Kind() != auction.KindLotExtended || extended.Cause != accepted.Seq || accepted.Cause != received.Seq || extended.Root != received.Seq {
			t.Errorf("chain: %+v %+v %+v", received, accepted, extended)
		}
		if acted.Data != (show.OperatorActed{Who: "olga", What: "pause s1-moon"}) || paused.Cause != acted.Seq {
			t.Errorf("operator: %+v %+v", acted, paused)
		}
		for _, e := range facts {
			if e.Kind() == auction.KindLotClosing && (e.Cause != 0 || e.Root != e.Seq) {
				t.Errorf("time has a cause: %+v", e)
			}
		}
	})
}

func TestAPostCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		first := h.bid("ann", "1")
		edited := bid("1b", "ann", "100")
		edited.Post.Root = "1"
		for _, again := range []auctioneer.Bid{bid("1", "ann", "1"), edited} {
			out, err := h.Place(t.Context(), again)
			if err != nil || !out.Duplicate || out.Accepted == nil || out.Event.Seq != first.Event.Seq {
				t.Errorf("again: %+v, %v", out, err)
			}
		}
		seq := h.Snapshot().Seq
		h.start() // nothing is remembered but the ledger
		out, err := h.Place(t.Context(), bid("1", "ann", "100"))
		if err != nil || !out.Duplicate {
			t.Errorf("after a restart: %+v, %v", out, err)
		}
		if out, err := h.Refuse(t.Context(), post.Post{ID: "1c", Root: "1"}, auction.BidRefused{Reason: auction.ReasonFormat}); err != nil || !out.Duplicate {
			t.Errorf("a later version that cannot be read: %+v, %v", out, err)
		}
		if h.Snapshot().Seq != seq || h.Snapshot().Lot.Price != money.MustETH("1") {
			t.Errorf("the ledger went on: %s", h.told(seq, time.Now()))
		}
	})
}

func TestTheSamePostManyTimesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		synctest.Wait()
		var wg sync.WaitGroup
		var fresh atomic.Int64
		for range 50 {
			wg.Go(func() {
				out, err := h.Place(t.Context(), bid("7", "ann", "1"))
				if err != nil || out.Accepted == nil {
					t.Errorf("%+v, %v", out, err)
				}
				if !out.Duplicate {
					fresh.Add(1)
				}
			})
		}
		wg.Wait()
		if fresh.Load() != 1 || h.Snapshot().Lot.Bids != 1 {
			t.Errorf("%d outcomes were not duplicates, %d bids stand; want one", fresh.Load(), h.Snapshot().Lot.Bids)
		}
	})
}

func TestEqualBidsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		synctest.Wait()
		var wg sync.WaitGroup
		var won atomic.Int64
		for i := range 100 {
			wg.Go(func() {
				if h.bid(fmt.Sprint("bidder", i), "1.5").Accepted != nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d of 100 equal bids were accepted; want one", won.Load())
		}
	})
}

func TestRefuse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		out, err := h.Refuse(t.Context(), post.Post{ID: "1", Handle: "ann"}, auction.BidRefused{Reason: auction.ReasonUnit, Hint: "in ETH, please"})
		if err != nil {
			t.Fatal(err)
		}
		r := out.Refused
		if r == nil || r.Lot != "s1-moon" || r.Minimum != money.MustETH("1") || r.PostID != "1" || r.Handle != "ann" || r.Hint != "in ETH, please" {
			t.Errorf("refused: %+v", r)
		}
		if _, err := h.Place(t.Context(), auctioneer.Bid{}); !errors.Is(err, auctioneer.ErrNoPost) {
			t.Errorf("a bid without a post: %v", err)
		}
	})
}

// A platform that was away delivers bids for a lot that is gone while the next one is on the block.
func TestALateBidCountsForItsOwnLotOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		time.Sleep(time.Minute)
		late := bid("late", "ann", "9")
		late.Post.At = time.Now()
		inTime := bid("in time", "bob", "1")
		inTime.Post.At = time.Now()
		time.Sleep(3 * time.Minute) // half an outage: the lot is the same
		out, err := h.Place(t.Context(), inTime)
		if err != nil {
			t.Fatal(err)
		}
		h.expectAccepted(out)
		time.Sleep(time.Minute + 20*time.Second)
		if s := h.Snapshot(); s.Lot == nil || s.Lot.Terms.Lot != "s1-sun" {
			t.Fatalf("on the block: %+v", s.Lot)
		}
		for i, place := range []func() error{
			func() error { _, err := h.Place(t.Context(), late); return err },
			func() error {
				p := late.Post
				p.ID, p.Root = "late too", "late too"
				return h.PlaceBid(t.Context(), p, auction.Bid{Bidder: "ann", Handle: "ann", Amount: late.Amount})
			},
		} {
			if err := place(); err != nil {
				t.Fatal(err)
			}
			facts := h.facts()
			if r, ok := facts[len(facts)-1].Data.(auction.BidRefused); !ok || r.Reason != auction.ReasonClosed {
				t.Errorf("late bid %d: %+v", i, facts[len(facts)-1])
			}
		}
		h.expectAccepted(h.bid("ann", "1"))
	})
}

// An act is an act, whoever's name is missing from it.
func TestActsWithoutAName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		synctest.Wait()
		for _, act := range []func(context.Context, string) error{h.Pause, h.Resume, h.Pause} {
			if err := act(t.Context(), ""); err != nil {
				t.Fatal(err)
			}
		}
		if !h.Snapshot().Lot.Paused {
			t.Error("the last act was passed over as a post that is known")
		}
		for _, e := range h.facts() {
			if e.Kind() == post.KindReceived {
				t.Errorf("an act was recorded as a post: %+v", e)
			}
		}
	})
}

func TestOperator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		ctx := t.Context()
		time.Sleep(time.Minute)
		if err := h.Resume(ctx, "olga"); !errors.Is(err, auction.ErrNotPaused) {
			t.Errorf("resume: %v", err)
		}
		if seq := h.Snapshot().Seq; len(h.facts()) != int(seq) || seq != 2 {
			t.Errorf("an act that cannot be done left %d facts", len(h.facts()))
		}
		for _, act := range []func(context.Context, string) error{h.Pause, h.Resume, h.Extend} {
			if err := act(ctx, "olga"); err != nil {
				t.Error(err)
			}
		}
		if s := h.Snapshot(); s.Lot.SecondsLeft(time.Now()) != 5*60 {
			t.Errorf("after a minute and an extension of one: %d s left", s.Lot.SecondsLeft(time.Now()))
		}
		if err := h.Withdraw(ctx, "olga"); err != nil {
			t.Error(err)
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		h.expectAccepted(h.bid("ann", "1"))
		if err := h.Hammer(ctx, "olga"); err != nil {
			t.Error(err)
		}
		if err := h.Hammer(ctx, "olga"); !errors.Is(err, auction.ErrNothingOpen) {
			t.Errorf("hammer: %v", err)
		}
		facts := h.facts()
		if last := facts[len(facts)-1]; last.Data != (auction.SessionClosed{Session: "s1", Sold: 1, Unsold: 1, Total: money.MustETH("1")}) {
			t.Errorf("at the end: %+v", last)
		}
	})
}

// Hours of auctions: every lot is opened and closed at its time, by the minute, forever.
func TestDaysOfAuctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := moonAndSun()
		cfg.Session.Loop = true
		h := open(t, cfg)
		for range 24 * 60 {
			time.Sleep(time.Minute)
			synctest.Wait()
			if s := h.Snapshot(); s.Lot != nil {
				h.bid("ann", s.Lot.Minimum.ETH())
			}
		}
		opened, closed, sessions := 0, 0, 0
		var last time.Time
		for _, e := range h.facts() {
			if e.At.Before(last) {
				t.Fatalf("event %d is dated before the one that precedes it", e.Seq)
			}
			last = e.At
			switch e.Data.(type) {
			case auction.LotOpened:
				opened++
			case auction.LotSold, auction.LotUnsold:
				closed++
			case auction.SessionClosed:
				sessions++
			}
		}
		// A round takes 6 min and two gaps; a soft close now and then makes it longer.
		if sessions < 200 || opened-closed > 1 || closed < 2*sessions {
			t.Errorf("in a day %d lots were opened, %d closed, %d sessions ended", opened, closed, sessions)
		}
	})
}

func TestRestartInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		h := open(t, moonAndSun())
		h.expectAccepted(h.bid("ann", "2"))
		time.Sleep(time.Minute)
		before := h.Snapshot()
		h.start()
		synctest.Wait()
		if after := h.Snapshot(); after.Lot.Closes != before.Lot.Closes || after.Lot.Price != before.Lot.Price || after.Seq != before.Seq {
			t.Errorf("after a restart with time left: %+v; before: %+v", after.Lot, before.Lot)
		}
		h.expectReason(h.bid("ann", "3"), auction.ReasonOwnBid)
		h.stop()
		time.Sleep(time.Hour)
		seq := uint64(len(h.facts()))
		h.start()
		synctest.Wait()
		if got := h.told(seq, begin); got != "lot.extended@1h1m0s" {
			t.Errorf("after an hour away: %s", got)
		}
		h.expectAccepted(h.bid("bob", "3"))
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := h.told(seq, begin); !strings.HasSuffix(got, "lot.sold@1h1m30s") {
			t.Errorf("after the grace time: %s", got)
		}
		h.start()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if s := h.Snapshot(); s.Lot == nil || s.Lot.Terms.Lot != "s1-sun" || s.Session != "s1" || s.Sold != 1 {
			t.Errorf("the next lot after a restart in the gap: %+v", s)
		}
	})
}

func TestRestartWhilePaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		time.Sleep(4*time.Minute + 50*time.Second)
		if err := h.Pause(t.Context(), "olga"); err != nil {
			t.Fatal(err)
		}
		h.stop()
		time.Sleep(24 * time.Hour)
		h.start()
		synctest.Wait()
		if s := h.Snapshot(); !s.Lot.Paused || s.Lot.SecondsLeft(time.Now()) != 10 {
			t.Errorf("a paused lot after a day: %+v", s.Lot)
		}
	})
}

// The clock of the machine was set back between two runs.
func TestClockThatWentBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		synctest.Wait()
		h.stop()
		future := time.Now().Add(time.Hour).UTC()
		last := h.facts()[1].Data.(auction.LotOpened)
		last.Terms.Lot, last.Closes = "s1-later", future.Add(5*time.Minute)
		if _, err := h.ledger.Append(t.Context(), []event.Draft{
			{At: future, Data: auction.LotUnsold{Lot: "s1-moon"}}, {At: future, Data: last},
		}); err != nil {
			t.Fatal(err)
		}
		h.start()
		out := h.bid("ann", "1")
		if out.Event.At.Before(future) {
			t.Errorf("a bid is dated %s, before the opening of its lot at %s", out.Event.At, future)
		}
		time.Sleep(6 * time.Minute)
		synctest.Wait()
		if s := h.Snapshot(); s.Lot != nil && s.Lot.Terms.Lot == "s1-later" {
			t.Errorf("the lot does not end: %+v", s.Lot)
		}
	})
}

// A record whose answer was lost: nobody is told what may be wrong, and the house goes on from what the ledger says.
func TestUnknownOutcome(t *testing.T) {
	disk := errors.New("the disk does not answer")
	for _, wrote := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := open(t, moonAndSun())
			h.expectAccepted(h.bid("ann", "1"))
			h.ledger.FailWith(func([]event.Draft) (bool, error) { return wrote, disk })
			_, err := h.Place(t.Context(), bid("lost", "bob", "2"))
			if !errors.Is(err, auctioneer.ErrUnknown) || !errors.Is(err, disk) {
				t.Fatalf("wrote %v: %v; want ErrUnknown with its cause", wrote, err)
			}
			h.ledger.FailWith(nil)
			time.Sleep(time.Second)
			synctest.Wait()
			want := "1"
			if wrote {
				want = "2"
			}
			if got := h.Snapshot().Lot.Price.ETH(); got != want {
				t.Errorf("wrote %v: the price is %s; want %s", wrote, got, want)
			}
			out, err := h.Place(t.Context(), bid("lost", "bob", "2"))
			if err != nil || out.Duplicate != wrote {
				t.Errorf("wrote %v: handed in again: %+v, %v", wrote, out, err)
			}
			if got := h.Snapshot().Lot; got.Price.ETH() != "2" || got.Bids != 2 {
				t.Errorf("wrote %v: the lot is %+v", wrote, got)
			}
		})
	}
}

func TestAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, moonAndSun())
		synctest.Wait()
		h.stop()
		if _, err := h.Place(t.Context(), bid("1", "ann", "1")); !errors.Is(err, auctioneer.ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestNoPlan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := open(t, auctioneer.Config{})
		h.expectReason(h.bid("ann", "1"), auction.ReasonNoLot)
		time.Sleep(time.Hour)
		if got := len(h.facts()); got != 2 {
			t.Errorf("%d facts; want the post and its refusal", got)
		}
	})
}

func TestBadPlan(t *testing.T) {
	a := auctioneer.New(nil, auctioneer.Config{Session: auction.Session{Lots: []auction.Terms{{Title: "Moon"}}}})
	if err := a.Run(t.Context()); !errors.Is(err, auction.ErrTerms) {
		t.Errorf("a lot without a duration: %v", err)
	}
}
