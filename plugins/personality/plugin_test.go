package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	guest "github.com/sothebais/sothebais/sdk/go"
)

func shipped(t *testing.T, id string) guest.Plugin {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", id, "personality.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	p := plugin()
	if err := p.Configure(body); err != nil {
		t.Fatal(err)
	}
	return p
}

const start = 1_800_000_000_000

// evening is one event of every kind.
func evening() []guest.Event {
	return []guest.Event{
		guest.SessionOpenedFields{Name: "Opening night", Lots: 2}.Event(1, start),
		guest.LotOpenedFields{Lot: "l", Number: 1, Title: "Blue Hour", Artist: "Ilse Krone", Start: "0.5", StartGwei: 5e8}.Event(2, start+20_000),
		guest.PostReceivedFields{ID: "p1", Handle: "ann", Text: "how do I bid?", Intent: "question"}.Event(3, start+40_000),
		guest.BidAcceptedFields{Lot: "l", Handle: "ann", Amount: "0.5", AmountGwei: 5e8, Minimum: "0.55", MinimumGwei: 55e7, Count: 1, PostID: "p2"}.Event(4, start+60_000),
		guest.BidRefusedFields{Lot: "l", Handle: "bob", Amount: "0.5", AmountGwei: 5e8, Minimum: "0.55", MinimumGwei: 55e7, Reason: "too_low", PostID: "p3"}.Event(5, start+80_000),
		guest.LotPausedFields{Lot: "l"}.Event(6, start+100_000),
		guest.LotResumedFields{Lot: "l"}.Event(7, start+120_000),
		guest.LotExtendedFields{Lot: "l", Count: 1, Last: true}.Event(8, start+140_000),
		guest.LotClosingFields{Lot: "l", Seconds: 60}.Event(9, start+160_000),
		guest.ClockTickedFields{Lot: "l", SecondsLeft: 40, SilentMS: 4000}.Event(10, start+180_000),
		guest.SpeechStartedFields{Text: "x", Millis: 1000}.Event(11, start+180_200),
		guest.SpeechEndedFields{Text: "x"}.Event(12, start+181_200),
		guest.SceneShownFields{Scene: "sold"}.Event(13, start+182_000),
		guest.OperatorActedFields{Who: "owner", What: "hammer"}.Event(14, start+183_000),
		guest.LotSoldFields{Lot: "l", Title: "Blue Hour", Handle: "ann", Amount: "0.5", AmountGwei: 5e8, Bids: 1}.Event(15, start+200_000),
		guest.LotUnsoldFields{Lot: "m", Title: "Red Hour", Reason: "no_bids"}.Event(16, start+220_000),
		guest.SessionClosedFields{Sold: 1, Unsold: 1, Total: "0.5", TotalGwei: 5e8}.Event(17, start+240_000),
	}
}

func TestEvening(t *testing.T) {
	for _, id := range []string{"dusty-gavel", "mina-vox"} {
		events := evening()
		said := map[string]string{}
		for _, c := range guest.Play(shipped(t, id), events...) {
			if c.Verb == "say" || c.Verb == "reply" {
				said[events[c.Event].Kind().String()+" "+c.Verb] = c.Text["text"]
			}
		}
		for key, part := range map[string]string{
			"session.opened say": "Opening night", "lot.opened say": "Blue Hour", "post.received say": "", "post.received reply": "0.5", "bid.accepted say": "ann",
			"bid.refused say": "0.55 ETH", "lot.paused say": "", "lot.resumed say": "", "lot.extended say": "", "lot.closing say": "", "clock.ticked say": "",
			"lot.sold say": "ann", "lot.unsold say": "", "session.closed say": "",
		} {
			text, ok := said[key]
			if !ok || !strings.Contains(text, part) {
				t.Errorf("%s: on %s: %q, want something about %q", id, key, text, part)
			}
		}
	}
}

func TestHandOver(t *testing.T) {
	dusty, mina := shipped(t, "dusty-gavel"), shipped(t, "mina-vox")
	guest.Play(dusty, evening()[:10]...)
	if err := mina.Restore(dusty.Save()); err != nil {
		t.Fatal(err)
	}
	if err := mina.Restore([]byte("nonsense")); err == nil {
		t.Error("took over nonsense")
	}
}

func TestWithoutAPersonality(t *testing.T) {
	p := plugin()
	if err := p.Configure([]byte("id: x\nnaem: y\n")); err == nil || !strings.Contains(err.Error(), `personality.yaml:2:1: a personality has no "naem"; did you mean "name"?`) {
		t.Errorf("Configure: %v", err)
	}
	if cs := guest.Play(p, evening()...); len(cs) > 0 || p.Save() != nil {
		t.Error("spoke without a personality")
	}
	if err := p.Restore([]byte{1}); err == nil {
		t.Error("took over a state without a personality")
	}
}

const greeter = `id: g
name: G
moods: {calm: {}}
triggers:
  - {id: back, on: post.received, when: days_away >= 2 and wins_by == 1 and bids_by == 1, say: "{{handle}} is back"}
`

// TestRegularsOutliveAShow: a personality with the store knows people again, of the latest 256 that it saw until the last
// lot; what it cannot read makes strangers of them, and nothing else.
func TestRegularsOutliveAShow(t *testing.T) {
	guest.ResetStore()
	defer guest.ResetStore()
	load := func() guest.Plugin {
		p := plugin()
		if err := p.Configure([]byte(greeter)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	var night []guest.Event
	for i := range uint64(300) {
		night = append(night, guest.PostReceivedFields{Handle: fmt.Sprint("u", i)}.Event(i, start+int64(i)))
	}
	night = append(night, guest.BidAcceptedFields{Lot: "l", Handle: "ann", AmountGwei: 5e8, Amount: "0.5"}.Event(300, start+300))
	guest.Play(load(), night...)
	if kept, err := guest.StoreGet(regularsKey); err != nil || kept != nil {
		t.Fatalf("%d bytes were kept before the lot was over, error %v", len(kept), err)
	}
	guest.Play(load(), append(night, guest.LotSoldFields{Lot: "l", Handle: "Ann"}.Event(301, start+301))...)
	back := guest.PostReceivedFields{Handle: "ann"}.Event(1, start+3*86_400_000)
	if cs := guest.Play(load(), back); !strings.Contains(fmt.Sprint(cs), "ann is back") {
		t.Errorf("it does not know ann again: %v", cs)
	}
	if err := guest.StorePut(regularsKey, []byte("of another version")); err != nil {
		t.Fatal(err)
	}
	if cs := guest.Play(load(), back); len(cs) == 0 || strings.Contains(fmt.Sprint(cs), "ann is back") {
		t.Errorf("with a store that it cannot read: %v", cs)
	}
}
