package auction

import (
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// State is what the facts so far amount to. It is a value: a copy is a State of its own.
type State struct {
	plan  Session // what may come; not a matter of facts
	round Session // the run of the plan that is on, with the names that its lots have in the ledger

	past    []string // ids of the sessions so far, the open one included
	session string   // id of the open session, "" between sessions
	lots    []LotID  // of the open session
	next    int      // index in lots of the one to open next
	nextAt  time.Time
	closing struct {
		sold, unsold int
		total        money.Wei
	}

	lot     Lot
	onBlock bool
	last    LotID // the lot that was hammered last in the open session
}

// Lot is the lot on the block.
type Lot struct {
	Terms      Terms
	Opened     time.Time
	Closes     time.Time     // when the hammer falls, unless a bid moves it
	Paused     bool          // the clock stands
	Left       time.Duration // while it is paused
	Price      money.Wei     // the leading bid, nothing when there is none
	Leader     string        // account
	Handle     string
	PostID     string // of the leading bid
	Bids       int    // accepted
	Extensions int

	second bidder // whom the leader outbid
	mark   int    // the last of the closing marks that went by, 0 before the first
}

type bidder struct {
	account, handle string
	amount          money.Wei
}

// marks are the seconds before the end at which a lot is said to be closing, from the farthest.
var marks = [...]int{60, 30, 10}

// NewState is a house with a plan, before the first fact.
func NewState(plan Session) State { return State{plan: plan} }

// Lot is what is on the block, if anything is.
func (s State) Lot() (Lot, bool) { return s.lot, s.onBlock }

// ReserveMet reports whether the leading bid would buy the lot.
func (l Lot) ReserveMet() bool { return l.Bids > 0 && l.Price.Cmp(l.Terms.Reserve) >= 0 }

// Session is the id and the plan of the open session; its id is "" when none is open.
func (s State) Session() (id string, plan Session) { return s.session, s.round }

// Tally is what the open session has brought so far.
func (s State) Tally() (sold, unsold int, total money.Wei) {
	return s.closing.sold, s.closing.unsold, s.closing.total
}

// Upcoming lists the lots of the open session that have yet to come to the block.
func (s State) Upcoming() []Terms {
	var out []Terms
	for _, id := range s.lots[min(s.next, len(s.lots)):] {
		if t, ok := s.terms(id); ok {
			out = append(out, t)
		}
	}
	return out
}

// NextAt is when the next lot or session opens, if nothing is on the block and something is planned.
func (s State) NextAt() (time.Time, bool) {
	if s.onBlock || s.session == "" && !s.mayOpen() {
		return time.Time{}, false
	}
	return s.nextAt, true
}

// terms finds a lot of the open session in the plan. A plan that was changed since may not know it any more.
func (s State) terms(id LotID) (Terms, bool) {
	for _, t := range s.round.Lots {
		if t.Lot == id {
			return t, true
		}
	}
	return Terms{}, false
}

// Apply takes in a fact that happened at an instant. Facts of other parts change nothing.
func (s State) Apply(at time.Time, fact event.Data) State {
	switch d := fact.(type) {
	case SessionOpened:
		s.openSession(at, d)
	case SessionClosed:
		s.session, s.lots, s.next, s.last, s.nextAt = "", nil, 0, "", at.Add(s.plan.Gap)
	case LotOpened:
		s.openLot(at, d)
	case LotExtended:
		s.lot.Extensions = d.Count
		s.lot.moveEnd(at, d.Closes)
	case LotClosing:
		s.lot.mark = d.Seconds
	case LotPaused:
		s.lot.Paused, s.lot.Left = true, d.Left
	case LotResumed:
		s.lot.Paused, s.lot.Left = false, 0
		s.lot.moveEnd(at, d.Closes)
	case BidAccepted:
		s.lot.lead(d)
	case LotSold:
		s.closing.sold++
		s.closing.total = s.closing.total.Add(d.Amount)
		s.clear(at, d.Lot)
	case LotUnsold:
		s.closing.unsold++
		s.clear(at, d.Lot)
	}
	return s
}

func (s *State) openSession(at time.Time, d SessionOpened) {
	s.past = append(slices.Clip(s.past), d.Session)
	s.session, s.lots, s.next, s.last = d.Session, d.Lots, 0, ""
	s.nextAt = at.Add(s.plan.Opening)
	s.closing.sold, s.closing.unsold, s.closing.total = 0, 0, money.Wei{}
	s.round = s.roundOf(d.Session)
}

// roundOf is the run of the plan with that id, or an empty one when the plan is another.
func (s *State) roundOf(id string) Session {
	if n := s.plan.number(id); n > 0 {
		return s.plan.round(n)
	}
	return Session{ID: id}
}

func (s *State) openLot(at time.Time, d LotOpened) {
	s.lot = Lot{Terms: d.Terms, Opened: at}
	s.lot.moveEnd(at, d.Closes)
	s.onBlock = true
	if i := slices.Index(s.lots, d.Terms.Lot); i >= 0 {
		s.next = i + 1
	}
}

func (s *State) clear(at time.Time, lot LotID) {
	s.lot, s.onBlock, s.last = Lot{}, false, lot
	s.nextAt = at.Add(s.plan.Gap)
}

// moveEnd sets the end, and the marks: those that are nearer to the end than the present one will be called (again),
// the others have gone by.
func (l *Lot) moveEnd(at, closes time.Time) {
	l.Closes, l.mark = closes, 0
	for _, m := range marks {
		if closes.Sub(at) <= time.Duration(m)*time.Second {
			l.mark = m
		}
	}
}

func (l *Lot) lead(d BidAccepted) {
	l.second = bidder{account: l.Leader, handle: l.Handle, amount: l.Price}
	l.Price, l.Leader, l.Handle, l.PostID = d.Amount, d.Bidder, d.Handle, d.PostID
	l.Bids = d.Count
	l.Closes = d.Closes // an extension follows as a fact of its own, which sets the marks
}
