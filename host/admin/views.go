package admin

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// Block is the sale at one moment.
type Block struct {
	Session  string // id of the session; empty when none is open
	Campaign string
	Name     string // of the session
	Lot      *Lot   // on the block; nil between lots
	Last     *Lot   // the one before, if any
	Next     []auction.Terms
	Opens    time.Time // when the next lot opens; zero when unknown
}

// States of a lot.
const (
	LotWaiting = "waiting"
	LotOpen    = "open"
	LotPaused  = "paused"
	LotSold    = "sold"
	LotUnsold  = "unsold"
)

// Lot is one lot at one moment.
type Lot struct {
	Terms      auction.Terms
	State      string // one of the Lot… constants
	Price      money.Wei
	Minimum    money.Wei // the least that the next bid must offer
	Leader     string    // handle of the highest bidder, the winner once sold
	Bids       int       // accepted
	ReserveMet bool
	Opened     time.Time
	Closes     time.Time     // while open
	Left       time.Duration // while paused
	Extensions int
}

// Bid is a bid on a lot, taken or refused.
type Bid struct {
	Seq      uint64
	At       time.Time
	Handle   string
	Amount   money.Wei
	Accepted bool
	Reason   auction.Reason // when refused
	Hint     string         // when refused
	PostID   string
}

// Amount is a sum of money for readers: exact in wei, readable in ETH.
type Amount struct {
	Wei string `json:"wei" doc:"decimal number of wei" example:"1500000000000000000"`
	ETH string `json:"eth" doc:"the same in ETH" example:"1.5"`
}

func amount(w money.Wei) Amount { return Amount{Wei: w.String(), ETH: w.ETH()} }

// LotView is a lot as JSON.
type LotView struct {
	ID          string     `json:"id"`
	Number      int        `json:"number" doc:"place in the session, from 1"`
	Title       string     `json:"title"`
	Artist      string     `json:"artist"`
	Description string     `json:"description,omitempty"`
	Image       string     `json:"image,omitempty" doc:"address of the artwork"`
	State       string     `json:"state" enum:"waiting,open,paused,sold,unsold"`
	Start       Amount     `json:"start"`
	Reserve     *Amount    `json:"reserve,omitempty" doc:"for the owner's eyes"`
	Price       Amount     `json:"price"`
	Minimum     Amount     `json:"minimum" doc:"the least that the next bid must offer"`
	Step        string     `json:"step" doc:"least step between bids, in words" example:"5 %, at least 0.1 ETH"`
	Leader      string     `json:"leader,omitempty" doc:"handle of the highest bidder"`
	Bids        int        `json:"bids" doc:"accepted bids"`
	ReserveMet  bool       `json:"reserve_met"`
	Opened      *time.Time `json:"opened,omitempty"`
	Closes      *time.Time `json:"closes,omitempty" doc:"when the hammer falls, while open"`
	LeftMS      int64      `json:"left_ms" doc:"time left, also while paused"`
	Extensions  int        `json:"extensions" doc:"how often the soft close moved the end"`
	SoftCap     int        `json:"soft_cap" doc:"how often it may"`
}

// BidView is a bid as JSON.
type BidView struct {
	Seq      uint64    `json:"seq"`
	At       time.Time `json:"at"`
	Handle   string    `json:"handle"`
	Amount   Amount    `json:"amount"`
	Accepted bool      `json:"accepted"`
	Reason   string    `json:"reason,omitempty" doc:"why it was refused"`
	Hint     string    `json:"hint,omitempty" doc:"how the bidder can mend it"`
	PostID   string    `json:"post_id,omitempty"`
}

// EventView is a fact as JSON, in the feed and in the lists.
type EventView struct {
	Seq    uint64          `json:"seq" doc:"place in the ledger"`
	Topic  string          `json:"topic" example:"bid.accepted"`
	TS     time.Time       `json:"ts"`
	Cause  uint64          `json:"cause,omitempty"`
	Root   uint64          `json:"root,omitempty"`
	Origin string          `json:"origin,omitempty"`
	Data   json.RawMessage `json:"data"`
}

func viewEvent(e event.Event) (EventView, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return EventView{}, fmt.Errorf("encode event %d (%s): %w", e.Seq, e.Kind(), err)
	}
	return EventView{Seq: e.Seq, Topic: string(e.Kind()), TS: e.At, Cause: e.Cause, Root: e.Root, Origin: e.Origin, Data: data}, nil
}

func viewTerms(t auction.Terms) LotView {
	reserve := amount(t.Reserve)
	v := LotView{ID: string(t.Lot), Number: t.Number, Title: t.Title, Artist: t.Artist, Description: t.Description, State: LotWaiting,
		Start: amount(t.Start), Reserve: &reserve, Price: amount(money.Wei{}), Minimum: amount(t.Start), Step: step(t.Increment), SoftCap: t.SoftCap}
	if t.Image != "" {
		v.Image = artPath + t.Image
	}
	return v
}

func viewLot(l Lot, now time.Time) LotView {
	v := viewTerms(l.Terms)
	v.State, v.Price, v.Minimum, v.Leader = l.State, amount(l.Price), amount(l.Minimum), l.Leader
	v.Bids, v.ReserveMet, v.Extensions = l.Bids, l.ReserveMet, l.Extensions
	v.Opened = optional(l.Opened)
	switch l.State {
	case LotOpen:
		v.Closes = optional(l.Closes)
		v.LeftMS = max(0, l.Closes.Sub(now).Milliseconds())
	case LotPaused:
		v.LeftMS = l.Left.Milliseconds()
	}
	return v
}

func viewBids(bids []Bid) []BidView {
	out := make([]BidView, len(bids))
	for i, b := range bids {
		out[i] = BidView{Seq: b.Seq, At: b.At, Handle: b.Handle, Amount: amount(b.Amount), Accepted: b.Accepted,
			Reason: string(b.Reason), Hint: b.Hint, PostID: b.PostID}
	}
	return out
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// step says the least step between bids in words.
func step(i auction.Increment) string {
	percent := fmt.Sprintf("%g %%", float64(i.BasisPoints)/100)
	switch {
	case i.BasisPoints == 0:
		return i.Fixed.ETH() + " ETH"
	case i.Fixed.IsZero():
		return percent
	}
	return percent + ", at least " + i.Fixed.ETH() + " ETH"
}

// Show is the programme at one moment.
type Show struct {
	OnAir     bool      `json:"on_air"`
	Since     time.Time `json:"since" doc:"on air since"`
	Scene     string    `json:"scene" doc:"on program"`
	Character string    `json:"character" doc:"on stage"`
	Saying    string    `json:"saying" doc:"line being spoken, empty when silent"`
	Mood      string    `json:"mood"`
	Width     int       `json:"width"`
	Height    int       `json:"height"`
	FPS       int       `json:"fps"`
	Frames    uint64    `json:"frames"`
	Late      uint64    `json:"frames_late"`
	Repeated  uint64    `json:"frames_repeated"`
	Viewers   int       `json:"viewers" doc:"players that are sent the stream; previews are counted apart"`
	Links     []Link    `json:"links" nullable:"false" doc:"what the show is connected to"`
}

// Link is something outside that the show depends on or feeds.
type Link struct {
	Name   string    `json:"name" doc:"as in output.up and output.down" example:"encoder"`
	Up     bool      `json:"up"`
	Detail string    `json:"detail,omitempty" doc:"what it is, or why it is down"`
	Since  time.Time `json:"since"`
}

// Stage says what can be asked of the stage.
type Stage struct {
	Scenes   []Named  `json:"scenes" nullable:"false"`
	Moods    []string `json:"moods" nullable:"false"`
	Gestures []string `json:"gestures" nullable:"false"`
}

// Named is something with an id and a name for people.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Swap is what a swap did.
type Swap struct {
	Slot        string  `json:"slot"`
	From        string  `json:"from"`
	FromVersion string  `json:"from_version"`
	To          string  `json:"to"`
	ToVersion   string  `json:"to_version"`
	PauseMicros float64 `json:"pause_us" doc:"how long the slot was empty"`
	StateBytes  int     `json:"state_bytes" doc:"memory handed over; 0: the new one starts fresh"`
}
