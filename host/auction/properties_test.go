package auction_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// TestProperties runs houses of all kinds through days of all kinds and holds the facts to what the rules promise.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plan := drawPlan(t)
		if err := plan.Validate(); err != nil {
			t.Fatal(err)
		}
		h := newHouse(plan)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			h.step(t)
		}
		for _, check := range []func(*rapid.T, *house){checkBids, checkHammers, checkExtensions, checkOrder, checkReplay} {
			check(t, h)
		}
	})
}

func gwei(t *rapid.T, most uint64, name string) money.Wei {
	return money.FromGwei(rapid.Uint64Range(0, most).Draw(t, name))
}

func drawPlan(t *rapid.T) auction.Session {
	p := auction.Session{
		ID: "day", Loop: rapid.Bool().Draw(t, "loop"),
		Gap:     time.Duration(rapid.IntRange(0, 20).Draw(t, "gap")) * time.Second,
		Opening: time.Duration(rapid.IntRange(0, 5).Draw(t, "opening")) * time.Second,
	}
	for range rapid.IntRange(1, 3).Draw(t, "lots") {
		l := auction.Terms{
			Start: gwei(t, 5, "start"), Reserve: gwei(t, 30, "reserve"),
			Increment: auction.Increment{Fixed: gwei(t, 3, "fixed"), BasisPoints: rapid.Uint64Range(0, 2000).Draw(t, "share")},
			Duration:  time.Duration(rapid.IntRange(1, 120).Draw(t, "duration")) * time.Second,
			SoftCap:   rapid.IntRange(0, 4).Draw(t, "cap"),
		}
		if l.SoftCap > 0 {
			l.SoftWindow = time.Duration(rapid.IntRange(1, 40).Draw(t, "window")) * time.Second
			l.SoftExtend = time.Duration(rapid.IntRange(1, 40).Draw(t, "extend")) * time.Second
		}
		p.Lots = append(p.Lots, l)
	}
	return p
}

// house is a state with the facts that led to it, and what was asked on the way.
type house struct {
	plan     auction.Session
	state    auction.State
	now      time.Time
	facts    []fact
	operator map[auction.LotID]time.Duration // what was added to a lot by others than bidders
	closes   map[auction.LotID]time.Time     // the first end of each lot
}

func newHouse(plan auction.Session) *house {
	return &house{plan: plan, state: auction.NewState(plan), now: epoch,
		operator: map[auction.LotID]time.Duration{}, closes: map[auction.LotID]time.Time{}}
}

func (h *house) step(t *rapid.T) {
	h.now = h.now.Add(time.Duration(rapid.IntRange(0, 30_000).Draw(t, "wait")) * time.Millisecond)
	h.do(t, auction.Tick{}) // the clock always has the first word
	lot, open := h.state.Lot()
	switch c := h.command(t); c.(type) {
	case auction.Extend, auction.Resume, auction.Recover:
		h.do(t, c)
		if after, still := h.state.Lot(); open && still {
			h.operator[lot.Terms.Lot] += after.Closes.Sub(lot.Closes)
		}
	default:
		h.do(t, c)
	}
	h.do(t, auction.Tick{})
}

func (h *house) command(t *rapid.T) auction.Command {
	kind := rapid.IntRange(0, 20).Draw(t, "command")
	switch kind {
	case 0:
		return auction.Pause{}
	case 1, 2:
		return auction.Resume{}
	case 3:
		return auction.Extend{By: time.Duration(rapid.IntRange(-1, 40).Draw(t, "by")) * time.Second}
	case 4:
		return auction.Hammer{}
	case 5:
		return auction.Withdraw{}
	case 6:
		return auction.Recover{Grace: 30 * time.Second}
	}
	who := rapid.SampledFrom([]string{"ann", "bob", "cid", ""}).Draw(t, "who")
	amount := gwei(t, 60, "amount")
	if lot, open := h.state.Lot(); open && kind > 12 { // around what is asked for
		amount = lot.Minimum().Add(gwei(t, 2, "over")).Sub(gwei(t, 1, "under"))
	}
	return auction.Bid{Bidder: who, Handle: who, Amount: amount, PostID: "1"}
}

func (h *house) do(t *rapid.T, c auction.Command) {
	before := h.state
	facts, err := h.state.Decide(h.now, c)
	if !reflect.DeepEqual(before, h.state) {
		t.Fatalf("deciding %T changed the state", c)
	}
	if err != nil && len(facts) > 0 {
		t.Fatalf("deciding %T gave an error and facts: %v, %v", c, err, facts)
	}
	for _, d := range facts {
		if o, ok := d.(auction.LotOpened); ok {
			h.closes[o.Terms.Lot] = o.Closes
		}
		h.facts = append(h.facts, fact{h.now, d})
		h.state = h.state.Apply(h.now, d)
	}
	if due, ok := h.state.Due(); ok && !due.After(h.now) {
		if _, tick := c.(auction.Tick); tick {
			t.Fatalf("after a tick at %s something is due at %s", h.now, due)
		}
	}
}

// checkBids: the price of a lot only rises, by the increment at least; nobody outbids himself; the end of a lot, and its
// pauses, hold; the minimum that was told is the one that is asked.
func checkBids(t *rapid.T, h *house) {
	var price, asked money.Wei
	var leader string
	count, paused := 0, false
	for _, f := range h.facts {
		switch d := f.data.(type) {
		case auction.LotOpened:
			price, asked, leader, count, paused = money.Wei{}, d.Terms.Start, "", 0, false
		case auction.LotPaused:
			paused = true
		case auction.LotResumed:
			paused = false
		case auction.BidAccepted:
			count++
			switch {
			case d.Bidder == "" || d.Bidder == leader:
				t.Fatalf("%q outbid %q", d.Bidder, leader)
			case d.Amount.Cmp(price) <= 0 || d.Amount.Cmp(asked) < 0:
				t.Fatalf("%s was taken over %s, where %s was asked", d.Amount, price, asked)
			case d.Minimum.Cmp(d.Amount) <= 0:
				t.Fatalf("after %s the next bid may be %s", d.Amount, d.Minimum)
			case d.Previous != price || d.PreviousBidder != leader || d.Count != count:
				t.Fatalf("%+v says it follows bid %d of %s by %q; it was %d, %s, %q", d, d.Count-1, d.Previous, d.PreviousBidder, count-1, price, leader)
			case paused || !f.at.Before(d.Closes):
				t.Fatalf("taken at %s, paused %v, closing %s", f.at, paused, d.Closes)
			}
			price, asked, leader = d.Amount, d.Minimum, d.Bidder
		}
	}
}

// checkHammers: a lot is opened once and closed once; it goes to the highest accepted bid, above the reserve, and only then.
func checkHammers(t *rapid.T, h *house) {
	var lot auction.Terms
	var best auction.BidAccepted
	seen := map[auction.LotID]bool{}
	open := false
	for _, f := range h.facts {
		switch d := f.data.(type) {
		case auction.LotOpened:
			if open || seen[d.Terms.Lot] {
				t.Fatalf("%s was opened again, or while another was open", d.Terms.Lot)
			}
			lot, best, open, seen[d.Terms.Lot] = d.Terms, auction.BidAccepted{}, true, true
		case auction.BidAccepted:
			best = d
		case auction.LotSold:
			if !open || d.Lot != lot.Lot || d.Winner != best.Bidder || d.Amount != best.Amount || d.Amount.Cmp(lot.Reserve) < 0 || d.Bids != best.Count {
				t.Fatalf("%+v; the best bid on %s was %+v, the reserve %s", d, lot.Lot, best, lot.Reserve)
			}
			open = false
		case auction.LotUnsold:
			if !open || d.Lot != lot.Lot || d.Reason == auction.UnsoldNoBids && best.Count > 0 ||
				d.Reason == auction.UnsoldReserve && (best.Count == 0 || best.Amount.Cmp(lot.Reserve) >= 0) {
				t.Fatalf("%+v; the best bid on %s was %+v, the reserve %s", d, lot.Lot, best, lot.Reserve)
			}
			open = false
		}
	}
}

// checkExtensions: bidders move the end forward only, and by no more in total than the cap allows.
func checkExtensions(t *rapid.T, h *house) {
	var lot auction.Terms
	var end time.Time
	for _, f := range h.facts {
		switch d := f.data.(type) {
		case auction.LotOpened:
			lot, end = d.Terms, d.Closes
		case auction.LotExtended:
			if !d.Closes.After(end) || d.Count > lot.SoftCap {
				t.Fatalf("%+v after an end at %s, with a cap of %d", d, end, lot.SoftCap)
			}
			end = d.Closes
			most := h.closes[lot.Lot].Add(h.operator[lot.Lot] + time.Duration(d.Count)*lot.SoftExtend)
			if end.After(most) {
				t.Fatalf("%s was extended to %s; %d soft closes allow %s", lot.Lot, end, d.Count, most)
			}
		case auction.LotResumed:
			end = d.Closes
		}
	}
}

// checkOrder: sessions and lots nest.
func checkOrder(t *rapid.T, h *house) {
	session, lot := "", auction.LotID("")
	for _, f := range h.facts {
		var ok bool
		switch d := f.data.(type) {
		case auction.SessionOpened:
			ok, session = session == "", d.Session
		case auction.SessionClosed:
			ok, session = session == d.Session && lot == "", ""
		case auction.LotOpened:
			ok, lot = session == d.Session && lot == "", d.Terms.Lot
		case auction.LotSold:
			ok, lot = lot == d.Lot, ""
		case auction.LotUnsold:
			ok, lot = lot == d.Lot, ""
		case auction.BidAccepted:
			ok = lot == d.Lot
		case auction.LotClosing:
			ok = lot == d.Lot
		default:
			ok = true
		}
		if !ok {
			t.Fatalf("out of order: %s", describe(f))
		}
	}
}

// checkReplay: the facts alone, read back from their JSON, are the live state.
func checkReplay(t *rapid.T, h *house) {
	reg := event.NewRegistry(auction.Facts()...)
	s := auction.NewState(h.plan)
	for i, f := range h.facts {
		b, err := event.Event{Seq: uint64(i + 1), At: f.at, Data: f.data}.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		e, err := reg.UnmarshalEvent(b)
		if err != nil {
			t.Fatal(err)
		}
		s = s.Apply(e.At, e.Data)
	}
	if !reflect.DeepEqual(s, h.state) {
		t.Fatalf("live   %+v\nreplay %+v", h.state, s)
	}
}
