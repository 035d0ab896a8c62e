package guest

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestPlayReadsBackWhatWasAsked(t *testing.T) {
	p := Plugin{Handle: func(e Event, out *Commands) {
		if b, ok := e.AsBidAccepted(); ok {
			out.Say("@"+b.Handle()+" "+b.Amount(), "happy", PriorityBid)
			out.Show("reserve", b.ReserveMet())
			out.SayAbout(1, "tick", "", PriorityIdle)
		}
	}}
	bid := BidAcceptedFields{Handle: "ann", Amount: "1.5", AmountGwei: 1_500_000_000, ReserveMet: true, Count: 3}
	var got []string
	for _, c := range Play(p, ClockTickedFields{}.Event(1, 10), bid.Event(2, 20)) {
		got = append(got, c.String())
	}
	want := []string{`1 say text="@ann 1.5" mood="happy" priority=50`, `1 show layer="reserve" visible=1`, `1 say text="tick" mood="" priority=10 about=1`}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOlderRecordsReadAsZero(t *testing.T) {
	e := BidAcceptedFields{Lot: "l", PostID: "p", Count: 3}.Event(7, 8)
	e.rec[6] = 1 // a host that knows only the lot
	b, _ := e.AsBidAccepted()
	if b.Lot() != "l" || b.PostID() != "" || b.Count() != 0 || b.ReserveMet() {
		t.Errorf("lot %q, post %q, count %d", b.Lot(), b.PostID(), b.Count())
	}
	if b.Seq() != 7 || b.At() != 8 {
		t.Errorf("seq %d, at %d", b.Seq(), b.At())
	}
}

func TestHalfACharacterIsReplaced(t *testing.T) {
	p := Plugin{Handle: func(_ Event, out *Commands) { out.Post("fox: " + "🦊"[:2] + "!") }}
	if got := Play(p, ClockTickedFields{}.Event(1, 1))[0].Text["text"]; got != "fox: \ufffd!" {
		t.Errorf("asked for %q", got)
	}
}

func TestLongTextIsCutBetweenCharacters(t *testing.T) {
	p := Plugin{Handle: func(_ Event, out *Commands) { out.Post(strings.Repeat("鳥", 5000)) }}
	got := Play(p, ClockTickedFields{}.Event(1, 1))[0].Text["text"]
	if len(got) > MaxStringBytes || len(got) < MaxStringBytes-3 || strings.Trim(got, "鳥") != "" {
		t.Errorf("%d bytes, ends in %q", len(got), got[len(got)-4:])
	}
}

// TestStringsMayBeKept: however many follow, and whatever becomes of the event.
func TestStringsMayBeKept(t *testing.T) {
	var kept []string
	for i := range 2000 {
		e := PostReceivedFields{Handle: strings.Repeat(string(rune('a'+i%26)), i%300), Text: strconv.Itoa(i)}.Event(uint64(i), 0)
		v, _ := e.AsPostReceived()
		kept = append(kept, v.Handle(), v.Text())
		clear(e.rec)
	}
	for i := range 2000 {
		if kept[2*i] != strings.Repeat(string(rune('a'+i%26)), i%300) || kept[2*i+1] != strconv.Itoa(i) {
			t.Fatalf("event %d left %q and %q", i, kept[2*i], kept[2*i+1])
		}
	}
}

func TestRandomNumbersAreThoseOfTheContract(t *testing.T) {
	e := ClockTickedFields{}.Event(57, 1)
	if r := e.Random(); r.N(0) != 0 || r.N(-3) != 0 || r.N(1000) != 360 { // nothing is drawn for nothing
		t.Error("other numbers than in sdk/tck/testdata/transcript.golden")
	}
}
