package wasm

import (
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// AppendEvent writes an event in the form that guests hear, and false for a kind that they do not.
//
// The cases are one table of facts; it is kept whole so that it can be read beside sdk/schema/v1.json.
func AppendEvent(b []byte, e *event.Event) ([]byte, bool) {
	seq, at := e.Seq, e.At.UnixMilli()
	switch d := e.Data.(type) {
	case *abi.Recorded:
		return append(b, *d...), true
	case post.Received:
		r := abi.PostReceived{ID: d.Post.ID, Root: d.Post.Root, AuthorID: d.Post.AuthorID, Handle: d.Post.Handle, Name: d.Post.Name, Text: d.Post.Text, Intent: string(d.Intent)}
		return r.Append(b, seq, at), true
	case auction.BidAccepted:
		r := abi.BidAccepted{Lot: string(d.Lot), Bidder: d.Bidder, Handle: d.Handle, AmountGwei: d.Amount.Gwei(), Amount: d.Amount.ETH(),
			MinimumGwei: d.Minimum.Gwei(), Minimum: d.Minimum.ETH(), PreviousGwei: d.Previous.Gwei(), Previous: d.Previous.ETH(), PreviousHandle: d.PreviousHandle,
			Count: int64(d.Count), ReserveMet: d.ReserveMet, Closes: millis(d.Closes), PostID: d.PostID}
		return r.Append(b, seq, at), true
	case auction.BidRefused:
		r := abi.BidRefused{Lot: string(d.Lot), Bidder: d.Bidder, Handle: d.Handle, AmountGwei: d.Amount.Gwei(), Amount: d.Amount.ETH(),
			MinimumGwei: d.Minimum.Gwei(), Minimum: d.Minimum.ETH(), Reason: string(d.Reason), Hint: d.Hint, PostID: d.PostID}
		return r.Append(b, seq, at), true
	case auction.LotOpened:
		t := d.Terms
		r := abi.LotOpened{Session: d.Session, Lot: string(t.Lot), Number: int64(t.Number), Title: t.Title, Artist: t.Artist, Description: t.Description, Image: t.Image,
			StartGwei: t.Start.Gwei(), Start: t.Start.ETH(), ReserveGwei: t.Reserve.Gwei(), Reserve: t.Reserve.ETH(), DurationMS: t.Duration.Milliseconds(), Closes: millis(d.Closes)}
		return r.Append(b, seq, at), true
	case auction.LotExtended:
		r := abi.LotExtended{Lot: string(d.Lot), Closes: millis(d.Closes), Count: int64(d.Count), Last: d.Last}
		return r.Append(b, seq, at), true
	case auction.LotClosing:
		r := abi.LotClosing{Lot: string(d.Lot), Seconds: int64(d.Seconds)}
		return r.Append(b, seq, at), true
	case auction.LotPaused:
		r := abi.LotPaused{Lot: string(d.Lot), LeftMS: d.Left.Milliseconds()}
		return r.Append(b, seq, at), true
	case auction.LotResumed:
		r := abi.LotResumed{Lot: string(d.Lot), Closes: millis(d.Closes)}
		return r.Append(b, seq, at), true
	case auction.LotSold:
		r := abi.LotSold{Lot: string(d.Lot), Title: d.Title, Winner: d.Winner, Handle: d.Handle, AmountGwei: d.Amount.Gwei(), Amount: d.Amount.ETH(), Bids: int64(d.Bids),
			RunnerHandle: d.RunnerHandle, RunnerAmountGwei: d.RunnerAmount.Gwei(), RunnerAmount: d.RunnerAmount.ETH(), PostID: d.WinningPostID}
		return r.Append(b, seq, at), true
	case auction.LotUnsold:
		r := abi.LotUnsold{Lot: string(d.Lot), Title: d.Title, Reason: d.Reason, HighestGwei: d.Highest.Gwei(), Highest: d.Highest.ETH(), Bids: int64(d.Bids)}
		return r.Append(b, seq, at), true
	case auction.SessionOpened:
		r := abi.SessionOpened{Session: d.Session, Campaign: d.Campaign, Name: d.Name, Lots: int64(len(d.Lots))}
		return r.Append(b, seq, at), true
	case auction.SessionClosed:
		r := abi.SessionClosed{Session: d.Session, Sold: int64(d.Sold), Unsold: int64(d.Unsold), TotalGwei: d.Total.Gwei(), Total: d.Total.ETH()}
		return r.Append(b, seq, at), true
	case show.Ticked:
		r := abi.ClockTicked{Lot: d.Lot, SecondsLeft: d.SecondsLeft, SilentMS: d.SilentMS, PostsAMinute: d.Posts}
		return r.Append(b, seq, at), true
	case show.SpeechStarted:
		r := abi.SpeechStarted{From: d.From, Text: d.Text, Millis: d.Millis, Frame: d.Frame}
		return r.Append(b, seq, at), true
	case show.SpeechEnded:
		r := abi.SpeechEnded{Text: d.Text, Cut: d.Cut}
		return r.Append(b, seq, at), true
	case show.SceneShown:
		r := abi.SceneShown{Scene: d.Scene}
		return r.Append(b, seq, at), true
	case show.OperatorActed:
		r := abi.OperatorActed{Who: d.Who, What: d.What}
		return r.Append(b, seq, at), true
	case show.TimerFired:
		r := abi.TimerFired{Token: d.Token}
		return r.Append(b, seq, at), true
	case show.FetchAnswered:
		r := abi.FetchAnswered{Token: d.Token, OK: d.OK, Status: int64(d.Status), Type: d.Type, Body: d.Body, Reason: d.Reason}
		return r.Append(b, seq, at), true
	case show.ModelAnswered:
		r := abi.ModelAnswered{Token: d.Token, OK: d.OK, Text: d.Text, Tokens: d.Tokens, Reason: d.Reason}
		return r.Append(b, seq, at), true
	case show.PowerDenied:
		r := abi.PowerDenied{Token: d.Token, Power: d.Power, Reason: d.Reason}
		return r.Append(b, seq, at), true
	}
	return b, false
}

// millis is a time in unix milliseconds, 0 for none.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
