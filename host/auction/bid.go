package auction

import (
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// bid decides an offer: accepted (and the end moved, near the end), or refused with a reason and a way to mend it.
func (s State) bid(now time.Time, b Bid) []event.Data {
	r := BidRefused{Bidder: b.Bidder, Handle: b.Handle, Amount: b.Amount, PostID: b.PostID}
	switch r.Reason = s.objection(now, b); {
	case r.Reason == "" && s.lot.tooYoung(now, b):
		r.Reason, r.Hint = ReasonClosed, "This bid was written before the lot on the block opened, so it does not count. To bid on this lot, bid again."
	case r.Reason == "":
		return s.lot.accept(now, b)
	}
	return []event.Data{s.refuse(r)}
}

// doubt is how far the times of posts may be off: platforms give them in whole seconds, and no two clocks agree.
const doubt = 5 * time.Second

// tooYoung is true of a lot that was not on the block yet when a bid was written.
func (l Lot) tooYoung(now time.Time, b Bid) bool { return b.Age > now.Sub(l.Opened)+doubt }

// objection is the first reason against a bid, in the order in which a bidder can do something about it.
func (s State) objection(now time.Time, b Bid) Reason {
	l := s.lot
	switch {
	case !s.onBlock && s.last != "":
		return ReasonClosed
	case !s.onBlock:
		return ReasonNoLot
	case b.Bidder == "":
		return ReasonUnknown
	case l.Paused:
		return ReasonPaused
	case !now.Before(l.Closes):
		return ReasonClosed
	case b.Bidder == l.Leader:
		return ReasonOwnBid
	case b.Amount.IsZero() || b.Amount.Cmp(MaxAmount) > 0:
		return ReasonRange
	case b.Amount.Cmp(l.Minimum()) >= 0:
		return ""
	case l.Bids == 0:
		return ReasonBelowStart
	}
	return ReasonTooLow
}

func (l Lot) accept(now time.Time, b Bid) []event.Data {
	a := BidAccepted{
		Lot: l.Terms.Lot, Bidder: b.Bidder, Handle: b.Handle, Amount: b.Amount, PostID: b.PostID,
		Previous: l.Price, PreviousBidder: l.Leader, PreviousHandle: l.Handle, PreviousPostID: l.PostID,
		Count: l.Bids + 1, Closes: l.Closes,
	}
	after := l
	after.lead(a)
	a.Minimum, a.ReserveMet = after.Minimum(), after.ReserveMet()
	x, moved := l.soften(now)
	if !moved {
		return []event.Data{a}
	}
	a.Closes = x.Closes
	return []event.Data{a, x}
}

// soften is the extension that an accepted bid brings about at an instant, if it does.
func (l Lot) soften(now time.Time) (LotExtended, bool) {
	t := l.Terms
	end := now.Add(t.SoftExtend)
	if l.capReached(l.Extensions) || l.Closes.Sub(now) > t.SoftWindow || !end.After(l.Closes) {
		return LotExtended{}, false
	}
	return LotExtended{Lot: t.Lot, Closes: end, Count: l.Extensions + 1, Last: l.capReached(l.Extensions + 1)}, true
}

// refuse completes a refusal with what the bidder needs to do better.
func (s State) refuse(r BidRefused) BidRefused {
	if s.onBlock {
		r.Lot, r.Minimum = s.lot.Terms.Lot, s.lot.Minimum()
	} else if r.Reason == ReasonClosed {
		r.Lot = s.last
	}
	if r.Hint == "" {
		r.Hint = s.hint(r.Reason, r.Minimum)
	}
	return r
}

func (s State) hint(reason Reason, minimum money.Wei) string {
	switch reason {
	case ReasonTooLow:
		return fmt.Sprintf("The next bid must be at least %s ETH.", minimum.ETH())
	case ReasonBelowStart:
		return fmt.Sprintf("Bidding starts at %s ETH.", minimum.ETH())
	case ReasonOwnBid:
		return fmt.Sprintf("You lead already, with %s ETH.", s.lot.Price.ETH())
	case ReasonNoLot:
		return "Nothing is on the block right now. Stay for the next lot."
	case ReasonClosed:
		return "The hammer has fallen on this lot. Stay for the next one."
	case ReasonPaused:
		return "The auction is paused. Your bid was not taken; bid again when it goes on."
	case ReasonUnknown:
		return "This account is not registered for bidding yet."
	case ReasonRange:
		return fmt.Sprintf("Bids go from %s to %s ETH.", minimum.ETH(), MaxAmount.ETH())
	}
	return `To bid, reply with the word and an amount, such as "bid 1.5 ETH".`
}
