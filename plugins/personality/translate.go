package main

import (
	"github.com/sothebais/sothebais/plugins/personality/engine"
	guest "github.com/sothebais/sothebais/sdk/go"
)

// translate puts an event of the show into the engine's words, in e; false for kinds it has no words for.
// It is long because it is a table: one case a kind, one line a field.
func translate(ev guest.Event, e *engine.Event) bool {
	*e = engine.Event{Kind: ev.Kind().String(), Seq: ev.Seq(), At: ev.At()}
	switch ev.Kind() {
	case guest.KindPostReceived:
		v, _ := ev.AsPostReceived()
		e.PostID, e.Handle, e.Text, e.Intent = v.ID(), v.Handle(), v.Text(), v.Intent()
	case guest.KindBidAccepted:
		v, _ := ev.AsBidAccepted()
		e.Lot, e.PostID, e.Handle, e.Rival = v.Lot(), v.PostID(), v.Handle(), v.PreviousHandle()
		e.Amount = engine.Money{Gwei: v.AmountGwei(), Text: v.Amount()}
		e.Minimum = engine.Money{Gwei: v.MinimumGwei(), Text: v.Minimum()}
		e.Previous = engine.Money{Gwei: v.PreviousGwei(), Text: v.Previous()}
		e.Count, e.ReserveMet = v.Count(), v.ReserveMet()
	case guest.KindBidRefused:
		v, _ := ev.AsBidRefused()
		e.Lot, e.PostID, e.Handle, e.Reason = v.Lot(), v.PostID(), v.Handle(), v.Reason()
		e.Amount = engine.Money{Gwei: v.AmountGwei(), Text: v.Amount()}
		e.Minimum = engine.Money{Gwei: v.MinimumGwei(), Text: v.Minimum()}
	case guest.KindLotOpened:
		v, _ := ev.AsLotOpened()
		e.Lot, e.Title, e.Artist, e.Number = v.Lot(), v.Title(), v.Artist(), v.Number()
		e.Start = engine.Money{Gwei: v.StartGwei(), Text: v.Start()}
		e.Reserve = engine.Money{Gwei: v.ReserveGwei(), Text: v.Reserve()}
	case guest.KindLotExtended:
		v, _ := ev.AsLotExtended()
		e.Lot, e.Count, e.Last = v.Lot(), v.Count(), v.Last()
	case guest.KindLotClosing:
		v, _ := ev.AsLotClosing()
		e.Lot, e.Seconds = v.Lot(), v.Seconds()
	case guest.KindLotSold:
		v, _ := ev.AsLotSold()
		e.Lot, e.PostID, e.Title, e.Handle, e.Rival = v.Lot(), v.PostID(), v.Title(), v.Handle(), v.RunnerHandle()
		e.Amount, e.Count = engine.Money{Gwei: v.AmountGwei(), Text: v.Amount()}, v.Bids()
	case guest.KindLotUnsold:
		v, _ := ev.AsLotUnsold()
		e.Lot, e.Title, e.Reason, e.Count = v.Lot(), v.Title(), v.Reason(), v.Bids()
		e.Amount = engine.Money{Gwei: v.HighestGwei(), Text: v.Highest()}
	case guest.KindSessionOpened:
		v, _ := ev.AsSessionOpened()
		e.Name, e.Count = v.Name(), v.Lots()
	case guest.KindSessionClosed:
		v, _ := ev.AsSessionClosed()
		e.Sold, e.Unsold, e.Total = v.Sold(), v.Unsold(), engine.Money{Gwei: v.TotalGwei(), Text: v.Total()}
	case guest.KindClockTicked:
		v, _ := ev.AsClockTicked()
		e.Lot, e.Seconds, e.SilentMS, e.Busy = v.Lot(), v.SecondsLeft(), v.SilentMS(), v.PostsAMinute()
	case guest.KindSpeechStarted:
		v, _ := ev.AsSpeechStarted()
		e.Millis = v.Millis()
	case guest.KindSpeechEnded:
		v, _ := ev.AsSpeechEnded()
		e.Cut = v.Cut()
	case guest.KindSceneShown:
		v, _ := ev.AsSceneShown()
		e.Name = v.Scene()
	case guest.KindOperatorActed:
		v, _ := ev.AsOperatorActed()
		e.Text = v.What()
	case guest.KindLotPaused, guest.KindLotResumed:
	default:
		return false
	}
	return true
}
