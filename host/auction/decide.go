package auction

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// Command is what may be asked of the house.
type Command interface{ command() }

// The commands. Tick is the clock: it asks for everything that has come due.
type (
	Tick struct{}
	// Bid is an offer for the lot on the block.
	Bid struct {
		Bidder string // account; empty when nobody stands behind the handle
		Handle string
		Amount money.Wei
		PostID string
		Age    time.Duration // how long ago it was written; 0 when that is not known
	}
	// Refuse turns down what could not be read as a bid; lot and minimum are filled in.
	Refuse   struct{ Refused BidRefused }
	Pause    struct{}
	Resume   struct{}
	Extend   struct{ By time.Duration }
	Hammer   struct{}
	Withdraw struct{}
	// Recover is asked once after an outage: the lot on the block has Grace left at least.
	Recover struct{ Grace time.Duration }
)

func (Tick) command()     {}
func (Bid) command()      {}
func (Refuse) command()   {}
func (Pause) command()    {}
func (Resume) command()   {}
func (Extend) command()   {}
func (Hammer) command()   {}
func (Withdraw) command() {}
func (Recover) command()  {}

// Why an operator's command cannot be done now.
var (
	ErrNothingOpen = errors.New("nothing is on the block; wait for the next lot")
	ErrPaused      = errors.New("the lot is paused; resume it first")
	ErrNotPaused   = errors.New("the lot is not paused")
	ErrExtension   = errors.New("an extension must be a positive time of a day at most")
)

// Why a lot is unsold.
const (
	UnsoldNoBids    = "no_bids"
	UnsoldReserve   = "reserve_not_met"
	UnsoldWithdrawn = "withdrawn"
)

// Decide says which facts follow from a command at an instant. A bid that does not count is a fact as well
// (BidRefused); an error means that an operator's command cannot be done, and why.
func (s State) Decide(now time.Time, c Command) ([]event.Data, error) {
	switch c := c.(type) {
	case Tick:
		return s.tick(now), nil
	case Bid:
		return s.bid(now, c), nil
	case Refuse:
		return []event.Data{s.refuse(c.Refused)}, nil
	case Recover:
		return s.recover(now, c.Grace), nil
	}
	if !s.onBlock {
		return nil, ErrNothingOpen
	}
	return s.operate(now, c)
}

func (s State) operate(now time.Time, c Command) ([]event.Data, error) {
	l := s.lot
	switch c := c.(type) {
	case Pause:
		if l.Paused {
			return nil, ErrPaused
		}
		return []event.Data{LotPaused{Lot: l.Terms.Lot, Left: max(0, l.Closes.Sub(now))}}, nil
	case Resume:
		if !l.Paused {
			return nil, ErrNotPaused
		}
		return []event.Data{LotResumed{Lot: l.Terms.Lot, Closes: now.Add(l.Left)}}, nil
	case Extend:
		return l.extend(c.By)
	case Hammer:
		return []event.Data{l.hammer()}, nil
	case Withdraw:
		return []event.Data{l.unsold(UnsoldWithdrawn)}, nil
	}
	return nil, fmt.Errorf("auction: unknown command %T", c)
}

func (l Lot) extend(by time.Duration) ([]event.Data, error) {
	switch {
	case l.Paused:
		return nil, ErrPaused
	case by <= 0 || by > 24*time.Hour:
		return nil, ErrExtension
	}
	return []event.Data{LotExtended{Lot: l.Terms.Lot, Closes: l.Closes.Add(by), Count: l.Extensions, Last: l.capReached(l.Extensions)}}, nil
}

func (l Lot) capReached(count int) bool { return count >= l.Terms.SoftCap }

// recover gives the lot on the block a fair rest of time after an outage.
func (s State) recover(now time.Time, grace time.Duration) []event.Data {
	l := s.lot
	grace = min(grace, l.Terms.Duration)
	if !s.onBlock || l.Paused || l.Closes.Sub(now) >= grace {
		return nil
	}
	return []event.Data{LotExtended{Lot: l.Terms.Lot, Closes: now.Add(grace), Count: l.Extensions, Last: l.capReached(l.Extensions)}}
}

// tick returns everything that has come due, in order.
func (s State) tick(now time.Time) []event.Data {
	var facts []event.Data
	for {
		d := s.due(now)
		if d == nil {
			return facts
		}
		facts = append(facts, d)
		s = s.Apply(now, d)
	}
}

// due is the next fact that time alone brings about.
func (s State) due(now time.Time) event.Data {
	if s.onBlock {
		return s.lot.due(now)
	}
	if s.session == "" {
		if s.mayOpen() && !now.Before(s.nextAt) {
			return s.nextSession()
		}
		return nil
	}
	next := s.Upcoming()
	if len(next) == 0 {
		return SessionClosed{Session: s.session, Sold: s.closing.sold, Unsold: s.closing.unsold, Total: s.closing.total}
	}
	if now.Before(s.nextAt) {
		return nil
	}
	return LotOpened{Session: s.session, Terms: next[0], Closes: now.Add(next[0].Duration)}
}

func (s State) mayOpen() bool {
	return len(s.plan.Lots) > 0 && (s.plan.Loop || !slices.Contains(s.past, s.plan.id(1)))
}

// nextSession is the run of the plan after the last one whose name was used, by whichever plan.
func (s State) nextSession() event.Data {
	last := 0
	for _, id := range s.past {
		last = max(last, s.plan.number(id))
	}
	r := s.plan.round(last + 1)
	return SessionOpened{Session: r.ID, Campaign: r.Campaign, Name: r.Name, Lots: r.names()}
}

func (l Lot) due(now time.Time) event.Data {
	if l.Paused {
		return nil
	}
	left := l.Closes.Sub(now)
	if left <= 0 {
		return l.hammer()
	}
	mark := 0 // the nearest one that went by
	for _, m := range marks {
		if left <= time.Duration(m)*time.Second {
			mark = m
		}
	}
	if mark == 0 || l.mark != 0 && mark >= l.mark {
		return nil
	}
	return LotClosing{Lot: l.Terms.Lot, Seconds: mark}
}

// Due is the next instant at which a Tick has something to tell, if there is one.
func (s State) Due() (time.Time, bool) {
	if !s.onBlock {
		if s.session != "" && len(s.Upcoming()) == 0 {
			return time.Time{}, true // the session closes at once
		}
		return s.NextAt()
	}
	if s.lot.Paused {
		return time.Time{}, false
	}
	at := s.lot.Closes
	for _, m := range marks {
		if s.lot.mark == 0 || m < s.lot.mark {
			return at.Add(-time.Duration(m) * time.Second), true
		}
	}
	return at, true
}

func (l Lot) hammer() event.Data {
	switch {
	case l.Bids == 0:
		return l.unsold(UnsoldNoBids)
	case !l.ReserveMet():
		return l.unsold(UnsoldReserve)
	}
	return LotSold{
		Lot: l.Terms.Lot, Title: l.Terms.Title, Winner: l.Leader, Handle: l.Handle, Amount: l.Price, Bids: l.Bids,
		RunnerUp: l.second.account, RunnerHandle: l.second.handle, RunnerAmount: l.second.amount, WinningPostID: l.PostID,
	}
}

func (l Lot) unsold(reason string) event.Data {
	return LotUnsold{Lot: l.Terms.Lot, Title: l.Terms.Title, Reason: reason, Highest: l.Price, Bids: l.Bids}
}
