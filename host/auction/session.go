package auction

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/money"
)

// Session is the plan of a day: what comes to the block, in which order. Its zero value plans nothing.
type Session struct {
	ID       string        // first part of the lots' names; "s1" when empty
	Campaign string        // the series that it belongs to
	Name     string        // as the audience reads it
	Lots     []Terms       // Lot names each one within the session; "lot-<number>" when empty
	Opening  time.Duration // from the opening of the session to its first lot
	Gap      time.Duration // from a hammer to the next lot, and from one round to the next
	Loop     bool          // begin again after the last lot, forever, as <ID>1, <ID>2, …; s1, s2, … when ID is empty
}

// MaxAmount is the largest bid that is believed: a million ETH.
var MaxAmount = money.MustETH("1000000")

// ErrTerms says that a lot's terms cannot be sold under.
var ErrTerms = errors.New("the terms of a lot do not fit together")

// Validate says what is wrong with a plan, and which lot it is about.
func (s Session) Validate() error {
	if s.Gap < 0 || s.Opening < 0 {
		return fmt.Errorf("session %q: opening %s and gap %s must not be negative", s.ID, s.Opening, s.Gap)
	}
	seen := map[LotID]bool{}
	for i, t := range s.round(1).Lots {
		if seen[t.Lot] {
			return fmt.Errorf("session %q: lot %d: %w: its name %q is taken by an earlier lot; names must differ", s.ID, i+1, ErrTerms, t.Lot)
		}
		seen[t.Lot] = true
		if err := t.validate(); err != nil {
			return fmt.Errorf("session %q: lot %d (%s): %w", s.ID, i+1, t.Lot, err)
		}
	}
	return nil
}

func (t Terms) validate() error {
	switch {
	case t.Duration <= 0:
		return fmt.Errorf("%w: duration is %s; want a positive time such as 5m", ErrTerms, t.Duration)
	case t.SoftWindow < 0 || t.SoftExtend < 0 || t.SoftCap < 0:
		return fmt.Errorf("%w: soft close must not be negative", ErrTerms)
	case t.SoftCap > 0 && (t.SoftWindow == 0 || t.SoftExtend == 0):
		return fmt.Errorf("%w: soft close may happen %d times, but its window is %s and its extension %s; set both, or the cap to 0", ErrTerms, t.SoftCap, t.SoftWindow, t.SoftExtend)
	case t.Start.Cmp(MaxAmount) > 0 || t.Reserve.Cmp(MaxAmount) > 0 || t.Increment.Fixed.Cmp(MaxAmount) > 0:
		return fmt.Errorf("%w: start, reserve and increment must be %s ETH at most", ErrTerms, MaxAmount.ETH())
	case t.Increment.BasisPoints > 10_000:
		return fmt.Errorf("%w: an increment of %d basis points is more than the price itself; 500 is 5 %%", ErrTerms, t.Increment.BasisPoints)
	}
	return nil
}

// round is the n-th run of a plan: its own id, and lots with names that no other run has.
func (s Session) round(n int) Session {
	s.ID = s.id(n)
	s.Lots = slices.Clone(s.Lots)
	for i := range s.Lots {
		t := &s.Lots[i]
		if t.Number == 0 {
			t.Number = i + 1
		}
		if t.Lot == "" {
			t.Lot = LotID("lot-" + strconv.Itoa(t.Number))
		}
		t.Lot = LotID(s.ID) + "-" + t.Lot
	}
	return s
}

// id is the name of the n-th run: the plan's own, numbered when it loops.
func (s Session) id(n int) string {
	switch {
	case s.Loop:
		return cmp.Or(s.ID, "s") + strconv.Itoa(n)
	default:
		return cmp.Or(s.ID, "s1")
	}
}

// number is which run of the plan has that id, 0 when none has.
func (s Session) number(id string) int {
	if !s.Loop {
		if id == s.id(1) {
			return 1
		}
		return 0
	}
	n, err := strconv.Atoi(strings.TrimPrefix(id, cmp.Or(s.ID, "s")))
	if err != nil || n < 1 || s.id(n) != id {
		return 0
	}
	return n
}

func (s Session) names() []LotID {
	out := make([]LotID, len(s.Lots))
	for i, t := range s.Lots {
		out[i] = t.Lot
	}
	return out
}

// Minimum is the least that the next bid on the lot must offer.
func (l Lot) Minimum() money.Wei {
	if l.Bids == 0 {
		return larger(l.Terms.Start, oneWei)
	}
	step := larger(l.Terms.Increment.Fixed, l.Price.MulDiv(l.Terms.Increment.BasisPoints, 10_000))
	return l.Price.Add(larger(step, oneWei))
}

var oneWei = money.MustETH("0.000000000000000001")

func larger(a, b money.Wei) money.Wei {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
