package auction_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
)

func TestValidate(t *testing.T) {
	good := auction.Terms{Duration: time.Minute}
	with := func(f func(*auction.Terms)) auction.Session {
		bad := good
		f(&bad)
		return auction.Session{Lots: []auction.Terms{good, bad}}
	}
	cases := map[string]struct {
		plan auction.Session
		says string
	}{
		"nothing":       {auction.Session{}, ""},
		"one lot":       {auction.Session{Lots: []auction.Terms{good}}, ""},
		"no duration":   {with(func(l *auction.Terms) { l.Duration = 0 }), "such as 5m"},
		"soft, no time": {with(func(l *auction.Terms) { l.SoftCap = 3 }), "set both"},
		"negative soft": {with(func(l *auction.Terms) { l.SoftCap = -1 }), "must not be negative"},
		"absurd start":  {with(func(l *auction.Terms) { l.Start = auction.MaxAmount.Add(money.FromGwei(1)) }), "1000000 ETH at most"},
		"absurd share":  {with(func(l *auction.Terms) { l.Increment.BasisPoints = 10_001 }), "500 is 5 %"},
		"same name":     {with(func(l *auction.Terms) { l.Lot = "lot-1" }), "names must differ"},
		"negative gap":  {auction.Session{Gap: -1}, "must not be negative"},
	}
	for name, c := range cases {
		err := c.plan.Validate()
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v; want an error that says %q", name, err, c.says)
		case c.says != "" && len(c.plan.Lots) == 2 && (!errors.Is(err, auction.ErrTerms) || !strings.Contains(err.Error(), "lot 2")):
			t.Errorf("%s: %v; want ErrTerms about lot 2", name, err)
		}
	}
}

// opened returns the ids of the first sessions and lots that a house opens, told to hammer each lot at once.
func opened(t *testing.T, s auction.State, n int) (ids []string) {
	t.Helper()
	now := epoch
	for len(ids) < n {
		facts, err := s.Decide(now, auction.Tick{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range facts {
			s = s.Apply(now, d)
			switch d := d.(type) {
			case auction.SessionOpened:
				ids = append(ids, d.Session)
			case auction.LotOpened:
				ids = append(ids, string(d.Terms.Lot))
			}
		}
		due, ok := s.Due()
		if !ok {
			break
		}
		now = due
	}
	return ids
}

func TestNames(t *testing.T) {
	lots := []auction.Terms{{Duration: time.Minute}, {Lot: "sun", Duration: time.Minute}}
	cases := map[string]struct {
		plan auction.Session
		past []string
		want string
	}{
		"once":            {auction.Session{Lots: lots}, nil, "s1 s1-lot-1 s1-sun"},
		"named":           {auction.Session{ID: "gala", Lots: lots}, nil, "gala gala-lot-1 gala-sun"},
		"named, was held": {auction.Session{ID: "gala", Lots: lots}, []string{"gala"}, ""},
		"loop":            {auction.Session{Loop: true, Lots: lots}, nil, "s1 s1-lot-1 s1-sun s2 s2-lot-1 s2-sun s3 s3-lot-1"},
		"loop, goes on":   {auction.Session{Loop: true, Lots: lots[:1]}, []string{"s1", "s2"}, "s3 s3-lot-1 s4 s4-lot-1 s5 s5-lot-1 s6 s6-lot-1"},
		"loop after two of its names": {auction.Session{Loop: true, Gap: time.Second, Lots: lots[:1]}, []string{"s3", "s4"},
			"s5 s5-lot-1 s6 s6-lot-1 s7 s7-lot-1 s8 s8-lot-1"},
		"loop after another": {auction.Session{ID: "gala", Loop: true, Lots: lots[:1]}, []string{"s1", "s2"}, "gala1 gala1-lot-1 gala2 gala2-lot-1 gala3 gala3-lot-1 gala4 gala4-lot-1"},
	}
	for name, c := range cases {
		s := auction.NewState(c.plan)
		for _, id := range c.past {
			s = s.Apply(epoch, auction.SessionOpened{Session: id}).Apply(epoch, auction.SessionClosed{Session: id})
		}
		if got := strings.Join(opened(t, s, 7), " "); got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

// A plan that was changed while its session was open: the lot on the block ends under its own terms, lots that the plan
// does not know any more are passed over, and the session closes.
func TestChangedPlan(t *testing.T) {
	old := auction.Session{Lots: []auction.Terms{{Lot: "moon", Duration: time.Minute}, {Lot: "sun", Duration: time.Minute}, {Lot: "star", Duration: time.Minute}}}
	s := auction.NewState(old)
	var facts []fact
	tick := func(now time.Time) {
		got, err := s.Decide(now, auction.Tick{})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range got {
			facts = append(facts, fact{now, d})
			s = s.Apply(now, d)
		}
	}
	tick(epoch)
	changed := auction.Session{Lots: []auction.Terms{{Lot: "star", Duration: time.Hour}}}
	s = replay(changed, facts)
	if lot, ok := s.Lot(); !ok || lot.Terms.Lot != "s1-moon" {
		t.Fatalf("on the block: %v, %v", lot.Terms.Lot, ok)
	}
	seen := len(facts)
	tick(epoch.Add(time.Minute))
	tick(epoch.Add(3 * time.Hour))
	if got := list(facts[seen:]); got != "unsold no_bids highest 0; opened star until 1h1m; unsold no_bids highest 0; session closed 0 sold 2 unsold for 0" {
		t.Error(got)
	}
}

// Even when nobody has asked the clock yet, a bid at the end is too late, and one a moment before is not.
func TestTheEndHoldsWithoutAClock(t *testing.T) {
	terms := auction.Terms{Lot: "moon", Duration: time.Minute}
	s := auction.NewState(auction.Session{}).Apply(epoch, auction.LotOpened{Terms: terms, Closes: epoch.Add(time.Minute)})
	for at, want := range map[time.Duration]string{time.Minute - 1: "accepted", time.Minute: "closed", time.Minute + 1: "closed"} {
		facts, err := s.Decide(epoch.Add(at), auction.Bid{Bidder: "ann", Amount: money.MustETH("1")})
		if err != nil || len(facts) != 1 || !strings.HasPrefix(describe(fact{epoch, facts[0]}), want) {
			t.Errorf("after %s: %v, %v; want it %s", at, facts, err, want)
		}
	}
}

// A bid that comes late, as after an outage of the platform, was meant for the lot that was on the block then.
func TestABidForAnEarlierLotDoesNotCount(t *testing.T) {
	terms := auction.Terms{Lot: "moon", Duration: time.Hour}
	opened := epoch.Add(time.Hour)
	s := auction.NewState(auction.Session{}).Apply(opened, auction.LotOpened{Terms: terms, Closes: opened.Add(time.Hour)})
	for age, want := range map[time.Duration]string{
		0:                          "accepted",
		time.Minute:                "accepted", // as old as the lot
		time.Minute + time.Second:  "accepted", // no two clocks agree so well
		time.Minute + time.Minute:  "closed",
		time.Hour + 30*time.Minute: "closed",
	} {
		facts, err := s.Decide(opened.Add(time.Minute), auction.Bid{Bidder: "ann", Amount: money.MustETH("1"), Age: age})
		if err != nil || len(facts) != 1 || !strings.HasPrefix(describe(fact{epoch, facts[0]}), want) {
			t.Errorf("written %s ago: %v, %v; want it %s", age, facts, err, want)
		}
		if r, refused := facts[0].(auction.BidRefused); refused && !strings.Contains(r.Hint, "before the lot on the block opened") {
			t.Errorf("written %s ago: the hint is %q", age, r.Hint)
		}
	}
}
