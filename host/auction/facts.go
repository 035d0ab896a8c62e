package auction

import (
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// Names of the facts.
const (
	KindSessionOpened event.Kind = "session.opened"
	KindSessionClosed event.Kind = "session.closed"
	KindLotOpened     event.Kind = "lot.opened"
	KindLotExtended   event.Kind = "lot.extended"
	KindLotClosing    event.Kind = "lot.closing"
	KindLotPaused     event.Kind = "lot.paused"
	KindLotResumed    event.Kind = "lot.resumed"
	KindLotSold       event.Kind = "lot.sold"
	KindLotUnsold     event.Kind = "lot.unsold"
	KindBidAccepted   event.Kind = "bid.accepted"
	KindBidRefused    event.Kind = "bid.refused"
)

// LotID names a lot within the whole ledger, such as "s1-lot-3".
type LotID string

// SessionOpened: a day's session of a campaign began.
type SessionOpened struct {
	Session  string  `json:"session"`
	Campaign string  `json:"campaign"`
	Name     string  `json:"name"`
	Lots     []LotID `json:"lots"` // in the order in which they come to the block
}

// EventKind is session.opened.
func (SessionOpened) EventKind() event.Kind { return KindSessionOpened }

// SessionClosed: the last lot of a session is settled in this ledger.
type SessionClosed struct {
	Session string    `json:"session"`
	Sold    int       `json:"sold"`
	Unsold  int       `json:"unsold"`
	Total   money.Wei `json:"total"`
}

// EventKind is session.closed.
func (SessionClosed) EventKind() event.Kind { return KindSessionClosed }

// LotOpened: a lot is on the block. It carries the whole of its terms, so that the ledger alone restores it.
type LotOpened struct {
	Session string    `json:"session"`
	Terms   Terms     `json:"terms"`
	Closes  time.Time `json:"closes"`
}

// EventKind is lot.opened.
func (LotOpened) EventKind() event.Kind { return KindLotOpened }

// LotExtended: an accepted bid near the end moved the end (soft close).
type LotExtended struct {
	Lot    LotID     `json:"lot"`
	Closes time.Time `json:"closes"`
	Count  int       `json:"count"` // extensions so far
	Last   bool      `json:"last"`  // the cap is reached; there will be no further one
}

// EventKind is lot.extended.
func (LotExtended) EventKind() event.Kind { return KindLotExtended }

// LotClosing: the end is near; raised at each of a few marks (60, 30, 10 seconds), and again when the end has moved away
// and comes near once more.
type LotClosing struct {
	Lot     LotID `json:"lot"`
	Seconds int   `json:"seconds"`
}

// EventKind is lot.closing.
func (LotClosing) EventKind() event.Kind { return KindLotClosing }

// LotPaused: bids are held off by an operator; the clock stands.
type LotPaused struct {
	Lot  LotID         `json:"lot"`
	Left time.Duration `json:"left_ns"`
}

// EventKind is lot.paused.
func (LotPaused) EventKind() event.Kind { return KindLotPaused }

// LotResumed: bids are taken again.
type LotResumed struct {
	Lot    LotID     `json:"lot"`
	Closes time.Time `json:"closes"`
}

// EventKind is lot.resumed.
func (LotResumed) EventKind() event.Kind { return KindLotResumed }

// LotSold: the hammer fell on the highest bid.
type LotSold struct {
	Lot           LotID     `json:"lot"`
	Title         string    `json:"title"`
	Winner        string    `json:"winner"` // account
	Handle        string    `json:"handle"`
	Amount        money.Wei `json:"amount"`
	Bids          int       `json:"bids"`
	RunnerUp      string    `json:"runner_up,omitempty"`
	RunnerHandle  string    `json:"runner_handle,omitempty"`
	RunnerAmount  money.Wei `json:"runner_amount"`
	WinningPostID string    `json:"post_id"`
}

// EventKind is lot.sold.
func (LotSold) EventKind() event.Kind { return KindLotSold }

// LotUnsold: the lot closed without a sale.
type LotUnsold struct {
	Lot     LotID     `json:"lot"`
	Title   string    `json:"title"`
	Reason  string    `json:"reason"` // no_bids, reserve_not_met, withdrawn
	Highest money.Wei `json:"highest"`
	Bids    int       `json:"bids"`
}

// EventKind is lot.unsold.
func (LotUnsold) EventKind() event.Kind { return KindLotUnsold }

// BidAccepted: a bid leads its lot.
type BidAccepted struct {
	Lot            LotID     `json:"lot"`
	Bidder         string    `json:"bidder"` // account
	Handle         string    `json:"handle"`
	Amount         money.Wei `json:"amount"`
	Minimum        money.Wei `json:"minimum"` // the least that the next bid must offer
	Previous       money.Wei `json:"previous"`
	PreviousBidder string    `json:"previous_bidder,omitempty"`
	PreviousHandle string    `json:"previous_handle,omitempty"`
	PreviousPostID string    `json:"previous_post_id,omitempty"`
	Count          int       `json:"count"` // accepted bids on the lot, this one included
	ReserveMet     bool      `json:"reserve_met"`
	Closes         time.Time `json:"closes"`
	PostID         string    `json:"post_id"`
}

// EventKind is bid.accepted.
func (BidAccepted) EventKind() event.Kind { return KindBidAccepted }

// BidRefused: a bid does not count, and why.
type BidRefused struct {
	Lot     LotID     `json:"lot,omitempty"`
	Bidder  string    `json:"bidder,omitempty"`
	Handle  string    `json:"handle"`
	Amount  money.Wei `json:"amount"`  // nothing when none could be read
	Minimum money.Wei `json:"minimum"` // what would have been enough, if known
	Reason  Reason    `json:"reason"`
	Hint    string    `json:"hint"` // a sentence for the bidder: how to mend it
	PostID  string    `json:"post_id"`
}

// EventKind is bid.refused.
func (BidRefused) EventKind() event.Kind { return KindBidRefused }

// Reason is why a bid was refused; the words are part of the public contract.
type Reason string

// Why a bid is refused.
const (
	ReasonTooLow       Reason = "too_low"        // below the minimum
	ReasonBelowStart   Reason = "below_start"    // below the start price
	ReasonOwnBid       Reason = "already_leads"  // the bidder leads already
	ReasonNoLot        Reason = "no_lot"         // nothing is on the block
	ReasonClosed       Reason = "closed"         // the hammer fell
	ReasonPaused       Reason = "paused"         // an operator holds bids off
	ReasonUnknown      Reason = "unknown_bidder" // no account behind the handle
	ReasonAmbiguous    Reason = "ambiguous"      // more than one reading
	ReasonUnsafe       Reason = "unsafe_text"    // characters that could deceive
	ReasonUnit         Reason = "unknown_unit"   // not ETH, gwei or wei
	ReasonPrecision    Reason = "too_fine"       // below one wei
	ReasonRange        Reason = "out_of_range"   // absurd
	ReasonEdited       Reason = "edited"         // a later version of a post that was taken already
	ReasonFormat       Reason = "bad_format"     // looks like a bid, cannot be read
	ReasonRateExceeded Reason = "too_many"       // one bidder, too many posts
)

// Terms is everything fixed about a lot before it opens.
type Terms struct {
	Lot         LotID         `json:"lot"`
	Number      int           `json:"number"` // place in the session, from 1
	Title       string        `json:"title"`
	Artist      string        `json:"artist"`
	Description string        `json:"description,omitempty"`
	Image       string        `json:"image"` // name of the artwork in the asset store
	Start       money.Wei     `json:"start"`
	Reserve     money.Wei     `json:"reserve"`
	Increment   Increment     `json:"increment"`
	Duration    time.Duration `json:"duration_ns"`
	SoftWindow  time.Duration `json:"soft_window_ns"` // an accepted bid this near to the end extends the lot
	SoftExtend  time.Duration `json:"soft_extend_ns"` // to this long from the bid
	SoftCap     int           `json:"soft_cap"`       // how many times at most
}

// Increment is the least step between bids: the greater of a fixed amount and a share of the price.
type Increment struct {
	Fixed       money.Wei `json:"fixed"`
	BasisPoints uint64    `json:"basis_points"` // of the leading bid; 500 is 5 %
}

// Facts lists a zero value of each fact of this package, for a Registry.
func Facts() []event.Data {
	return []event.Data{SessionOpened{}, SessionClosed{}, LotOpened{}, LotExtended{}, LotClosing{}, LotPaused{}, LotResumed{}, LotSold{}, LotUnsold{},
		BidAccepted{}, BidRefused{}}
}
