package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	guest "github.com/sothebais/sothebais/sdk/go"
)

var update = flag.Bool("update", false, "write the golden files anew")

const start = 1_800_000_000_000

// story is a lot from opening to hammer.
func story() []guest.Event {
	return []guest.Event{
		guest.SessionOpenedFields{Session: "s1", Name: "Opening night", Lots: 6}.Event(1, start),
		guest.ClockTickedFields{SecondsLeft: -1}.Event(2, start+1000),
		guest.LotOpenedFields{Lot: "s1-lot-1", Number: 1, Title: "Moonrise over Salt Flat No. 9", Artist: "Ada Quill", Image: "ember-dunes.png", StartGwei: 5e8, Start: "0.5", ReserveGwei: 12e8, Reserve: "1.2", DurationMS: 120_000}.Event(3, start+2000),
		guest.ClockTickedFields{Lot: "s1-lot-1", SecondsLeft: 119}.Event(4, start+3000),
		guest.SpeechStartedFields{Text: "Lot 1.", Millis: 900}.Event(5, start+3100),
		guest.BidAcceptedFields{Lot: "s1-lot-1", Handle: "ann", Amount: "0.5", Count: 1}.Event(6, start+3500),
		guest.SpeechEndedFields{Text: "Lot 1."}.Event(7, start+4000),
		guest.BidAcceptedFields{Lot: "s1-lot-1", Handle: "名前_🦊", Amount: "1.234567891", Count: 2, ReserveMet: true}.Event(8, start+5000),
		guest.BidAcceptedFields{Lot: "s1-lot-1", Handle: "a\u202eb", Amount: "1.5", Count: 3, ReserveMet: true}.Event(9, start+6000),
		guest.LotExtendedFields{Lot: "s1-lot-1", Count: 1}.Event(10, start+6000),
		guest.ClockTickedFields{Lot: "s1-lot-1", SecondsLeft: 130}.Event(11, start+7000),
		guest.LotPausedFields{Lot: "s1-lot-1", LeftMS: 129_000}.Event(12, start+8000),
		guest.LotResumedFields{Lot: "s1-lot-1"}.Event(13, start+9000),
		guest.ClockTickedFields{Lot: "s1-lot-1", SecondsLeft: 65}.Event(14, start+70_000),
		guest.LotClosingFields{Lot: "s1-lot-1", Seconds: 60}.Event(15, start+75_000),
		guest.LotSoldFields{Lot: "s1-lot-1", Title: "Moonrise over Salt Flat No. 9", Handle: "ann", Amount: "1.5", Bids: 3}.Event(16, start+135_000),
		guest.LotOpenedFields{Lot: "s1-lot-2", Number: 2, Title: "Blue Hour, Twice", Artist: "Ilse Krone", Image: "night-bus.png", StartGwei: 1e9, Start: "1", DurationMS: 60_000}.Event(17, start+150_000),
		guest.LotUnsoldFields{Lot: "s1-lot-2", Title: "Blue Hour, Twice", Reason: "no_bids", Highest: "0"}.Event(18, start+210_000),
		guest.SessionClosedFields{Sold: 1, Unsold: 1, Total: "1.5"}.Event(19, start+211_000),
	}
}

func TestStory(t *testing.T) {
	var b strings.Builder
	events := story()
	for _, c := range guest.Play(plugin(), events...) {
		fmt.Fprintf(&b, "%s: %s\n", events[c.Event].Kind(), strings.SplitN(c.String(), " ", 2)[1])
	}
	golden(t, "story.txt", b.String())
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; go test -update writes it anew. Got:\n%s", file, got)
	}
}

// A stage after a swap must read the same as one that saw it all.
func TestSuccessorShowsTheSame(t *testing.T) {
	events := story()
	for cut := range len(events) - 1 {
		whole, first, second := plugin(), plugin(), plugin()
		all := board1(guest.Play(whole, events[:cut+2]...))
		guest.Play(first, events[:cut+1]...)
		if err := second.Restore(first.Save()); err != nil {
			t.Fatal(err)
		}
		handed := board1(guest.Play(second, events[cut+1]))
		for slot, text := range all {
			if handed[slot] != text {
				t.Errorf("after %d events, slot %s reads %q, want %q", cut+1, slot, handed[slot], text)
			}
		}
	}
}

// board1 is what the slots read after the commands.
func board1(cs []guest.Command) map[string]string {
	m := map[string]string{}
	for _, c := range cs {
		if c.Verb == "bar" {
			m["bar"] = fmt.Sprint(c.Number["value"])
		} else {
			m[c.Text["slot"]] = c.Text["text"]
		}
	}
	return m
}

func TestNothingNewIsNotSaidAgain(t *testing.T) {
	p := plugin()
	tick := guest.ClockTickedFields{Lot: "l", SecondsLeft: 5}.Event(1, start)
	guest.Play(p, tick)
	if cs := guest.Play(p, tick); len(cs) > 0 {
		t.Errorf("asked again for %v", cs)
	}
}

func TestBrokenState(t *testing.T) {
	p := plugin()
	guest.Play(p, story()...)
	state := p.Save()
	for cut := range state {
		if err := plugin().Restore(state[:cut]); err == nil {
			t.Errorf("took over the first %d bytes of %d", cut, len(state))
		}
	}
	if err := plugin().Restore(append(state, 0)); err == nil {
		t.Error("took over more than a state")
	}
}

func FuzzRestore(f *testing.F) {
	p := plugin()
	guest.Play(p, story()...)
	f.Add(p.Save())
	f.Fuzz(func(t *testing.T, state []byte) {
		p := plugin()
		if p.Restore(state) == nil {
			guest.Play(p, story()...)
		}
	})
}
