package auctioneer

import (
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
)

// Snapshot is the auction as pages show it. It is never changed after it was made.
type Snapshot struct {
	Seq         uint64          `json:"seq"` // newest event that it knows of
	Session     string          `json:"session"`
	SessionName string          `json:"session_name"`
	Campaign    string          `json:"campaign"`
	Lot         *Lot            `json:"lot"` // nil when nothing is on the block
	Next        []auction.Terms `json:"next"`
	NextAt      time.Time       `json:"next_at"` // when the next lot opens; zero while one is open or none will
	Sold        int             `json:"sold"`
	Unsold      int             `json:"unsold"`
	Total       money.Wei       `json:"total"`
}

// Lot is the lot on the block as pages show it.
type Lot struct {
	Terms      auction.Terms `json:"terms"`
	Opened     time.Time     `json:"opened"`
	Closes     time.Time     `json:"closes"`
	Paused     bool          `json:"paused"`
	Left       time.Duration `json:"left_ns"` // while it is paused
	Price      money.Wei     `json:"price"`   // nothing when there is no bid
	Minimum    money.Wei     `json:"minimum"` // the least that the next bid must offer
	Leader     string        `json:"leader"`
	Handle     string        `json:"handle"`
	Bids       int           `json:"bids"`
	Extensions int           `json:"extensions"`
	ReserveMet bool          `json:"reserve_met"`
}

// SecondsLeft is how long the lot has at an instant, rounded up.
func (l *Lot) SecondsLeft(now time.Time) int64 {
	left := l.Closes.Sub(now)
	if l.Paused {
		left = l.Left
	}
	return int64((max(0, left) + time.Second - 1) / time.Second)
}

// Snapshot is the newest picture of the auction; it takes no lock.
func (a *Auctioneer) Snapshot() Snapshot { return *a.shown.Load() }

// show makes the state visible.
func (a *Auctioneer) show() {
	id, plan := a.state.Session()
	s := &Snapshot{Seq: a.seq, Session: id, Next: a.state.Upcoming()}
	if id != "" {
		s.SessionName, s.Campaign = plan.Name, plan.Campaign
	}
	s.Sold, s.Unsold, s.Total = a.state.Tally()
	s.NextAt, _ = a.state.NextAt()
	if l, open := a.state.Lot(); open {
		s.Lot = &Lot{
			Terms: l.Terms, Opened: l.Opened, Closes: l.Closes, Paused: l.Paused, Left: l.Left, Price: l.Price, Minimum: l.Minimum(),
			Leader: l.Leader, Handle: l.Handle, Bids: l.Bids, Extensions: l.Extensions, ReserveMet: l.ReserveMet(),
		}
	}
	a.shown.Store(s)
}
