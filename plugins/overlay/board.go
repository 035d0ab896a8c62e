package main

import (
	"strconv"

	guest "github.com/sothebais/sothebais/sdk/go"
)

// tickerLines is how many of the last bids are shown.
const tickerLines = 4

func num(n int64) string { return strconv.FormatInt(n, 10) }

// board is what there is to read. All of it is saved.
type board struct {
	Lots     int64  // of the session
	Lot      string // id; empty while none is on the block
	Number   int64
	Title    string
	Artist   string
	Image    string // name of the artwork among the assets
	Price    string // exact, in ETH
	Bidder   string
	Reserve  string
	Headline string
	Next     string
	Ticker   []string // the newest first
	Left     int64    // seconds; -1 unknown
	Total    int64    // seconds the bar stands for
	Paused   bool
	Subtitle string
}

// hear takes in an event.
func (b *board) hear(e guest.Event) {
	switch e.Kind() {
	case guest.KindSessionOpened:
		v, _ := e.AsSessionOpened()
		*b = board{Lots: v.Lots(), Headline: v.Name(), Next: "Lot 1 of " + num(v.Lots()), Left: -1, Subtitle: b.Subtitle}
	case guest.KindSessionClosed:
		v, _ := e.AsSessionClosed()
		b.Headline = num(v.Sold()) + " sold, " + num(v.Unsold()) + " passed"
	case guest.KindLotOpened:
		v, _ := e.AsLotOpened()
		b.open(v)
	case guest.KindBidAccepted:
		v, _ := e.AsBidAccepted()
		b.bid(v)
	case guest.KindLotExtended:
		v, _ := e.AsLotExtended()
		b.extend(v)
	case guest.KindLotClosing:
		v, _ := e.AsLotClosing()
		b.Headline = num(v.Seconds()) + " seconds left"
	case guest.KindLotPaused:
		b.Paused, b.Headline = true, "Bidding is paused"
	case guest.KindLotResumed:
		b.Paused, b.Headline = false, "Bidding is open"
	case guest.KindLotSold:
		v, _ := e.AsLotSold()
		b.sold(v)
	case guest.KindLotUnsold:
		v, _ := e.AsLotUnsold()
		b.unsold(v)
	case guest.KindClockTicked:
		v, _ := e.AsClockTicked()
		b.tick(v)
	case guest.KindSpeechStarted:
		v, _ := e.AsSpeechStarted()
		b.Subtitle = v.Text()
	case guest.KindSpeechEnded:
		if v, _ := e.AsSpeechEnded(); v.Text() == b.Subtitle { // a newer line may have begun already
			b.Subtitle = ""
		}
	}
}

func (b *board) open(v guest.LotOpened) {
	*b = board{Lots: b.Lots, Lot: v.Lot(), Number: v.Number(), Title: v.Title(), Artist: v.Artist(), Image: v.Image(), Price: v.Start(), Bidder: "Opening price",
		Reserve: "No reserve", Headline: "Bidding is open", Subtitle: b.Subtitle, Left: v.DurationMS() / 1000, Total: v.DurationMS() / 1000}
	if v.ReserveGwei() > 0 {
		b.Reserve = "Reserve not met"
	}
	b.Next = b.following()
}

// following names the lot that comes next, as far as the session tells; after the last one the first.
func (b *board) following() string {
	if b.Lots == 0 {
		return ""
	}
	return "Lot " + num(b.Number%b.Lots+1) + " of " + num(b.Lots)
}

func (b *board) bid(v guest.BidAccepted) {
	b.Lot, b.Price, b.Bidder = v.Lot(), v.Amount(), at(v.Handle())
	b.Ticker = append([]string{at(v.Handle()) + "  " + ether(v.Amount())}, b.Ticker...)
	b.Ticker = b.Ticker[:min(len(b.Ticker), tickerLines)]
	switch {
	case v.ReserveMet() && b.Reserve == "Reserve not met":
		b.Reserve, b.Headline = "Reserve met", "Reserve met!"
	case v.Count() == 1:
		b.Headline = "First bid"
	default:
		b.Headline = num(v.Count()) + " bids"
	}
}

func (b *board) extend(v guest.LotExtended) {
	b.Headline = "Time extended"
	if v.Last() {
		b.Headline = "Last extension"
	}
}

func (b *board) sold(v guest.LotSold) {
	b.Lot, b.Title, b.Price, b.Bidder, b.Left, b.Paused = "", v.Title(), v.Amount(), at(v.Handle()), 0, false
	b.Headline = "Sold after " + num(v.Bids()) + " bids"
	if v.Bids() == 1 {
		b.Headline = "Sold on a single bid"
	}
}

func (b *board) unsold(v guest.LotUnsold) {
	b.Lot, b.Title, b.Left, b.Paused = "", v.Title(), 0, false
	b.Headline = map[string]string{"reserve_not_met": "Reserve not met", "withdrawn": "Withdrawn"}[v.Reason()]
	if b.Headline == "" {
		b.Headline = "No bids"
	}
	b.Price = v.Highest()
	if v.HighestGwei() == 0 {
		b.Price = ""
	}
}

func (b *board) tick(v guest.ClockTicked) {
	if b.Lot == "" && b.Title == "" { // the lot opened before this plugin was here
		b.Lot = v.Lot()
	}
	if b.Lot == "" || v.Lot() != b.Lot || v.SecondsLeft() < 0 {
		return
	}
	b.Left = v.SecondsLeft()
	b.Total = max(b.Total, b.Left)
}

// countdown is the time left as m:ss.
func (b *board) countdown() string {
	switch {
	case b.Paused:
		return "Hold"
	case b.Title == "" && b.Lot == "" || b.Left < 0:
		return ""
	default:
		seconds := num(b.Left % 60)
		if len(seconds) < 2 {
			seconds = "0" + seconds
		}
		return num(b.Left/60) + ":" + seconds
	}
}

// bar is the share of the time left, in thousandths.
func (b *board) bar() int64 {
	if b.Total <= 0 || b.Left <= 0 {
		return 0
	}
	return min(1000, b.Left*1000/b.Total)
}
