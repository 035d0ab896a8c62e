package replay

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// decoded are the facts of these tests.
var decoded = event.NewRegistry(show.Facts()...).DecodeStrict

func TestTranscriptFillsInWhatIsLeftOut(t *testing.T) {
	events, err := ReadTranscript(strings.NewReader(`# ticks
{"type":"clock.ticked","data":{"seconds_left":9}}

{"type":"clock.ticked","after":"250ms","seq":7}
{"type":"clock.ticked","time":"2026-03-01T20:00:00Z"}
`), "t", decoded)
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i, want := range []struct {
		seq uint64
		at  time.Time
	}{{1, start}, {7, start.Add(250 * time.Millisecond)}, {8, time.Date(2026, 3, 1, 20, 0, 0, 0, time.UTC)}} {
		if events[i].Seq != want.seq || !events[i].At.Equal(want.at) {
			t.Errorf("event %d is number %d at %v, want %d at %v", i, events[i].Seq, events[i].At, want.seq, want.at)
		}
	}
}

// TestTranscriptTakesAnswersByEitherName: that of the ledger, and that of the SDKs.
func TestTranscriptTakesAnswersByEitherName(t *testing.T) {
	events, err := ReadTranscript(strings.NewReader(`{"type":"timer.fired","data":{"token":7}}
{"type":"plugin.timer_fired","data":{"token":7}}
{"type":"fetch.answered"}
{"type":"model.answered"}
{"type":"power.denied","data":{"power":"http"}}
`), "t", decoded)
	want := []event.Data{show.TimerFired{Token: 7}, show.TimerFired{Token: 7}, show.FetchAnswered{}, show.ModelAnswered{}, show.PowerDenied{Power: "http"}}
	if err != nil || len(events) != len(want) {
		t.Fatalf("%d events, %v", len(events), err)
	}
	for i := range want {
		if events[i].Data != want[i] {
			t.Errorf("event %d is %+v, want %+v", i, events[i].Data, want[i])
		}
	}
}

func TestTranscriptSaysWhatIsWrongWithIt(t *testing.T) {
	const good = `{"type":"clock.ticked"}` + "\n"
	for what, c := range map[string]struct{ text, want string }{
		"nothing":          {"# nothing\n", "t: it holds no event; write one a line"},
		"no JSON":          {good + "bid 1\n", `t:2: want {"type", "data"}`},
		"an unknown field": {good + `{"typ":"clock.ticked"}`, `t:2: want {"type", "data"} and, if you like, "after", "seq", "time": unknown field "typ"`},
		"a brace too much": {`{"type":"clock.ticked"}}`, "more than one object on the line"},
		"no type":          {`{"data":{}}`, "t:1: it has no type"},
		"an unknown kind":  {`{"type":"clock.tocked"}`, "clock.tocked"},
		"a step back":      {`{"type":"clock.ticked","seq":5}` + "\n" + `{"type":"clock.ticked","seq":5}`, "t:2: seq 5 comes after 5"},
		"a bad wait":       {`{"type":"clock.ticked","after":"soon"}`, `t:1: after is "soon"; want a time such as 250ms or 3s`},
		"a long line":      {good + strings.Repeat(" ", maxLine+1), "t:2: more than 1024 KiB before the line ends"},
		"a long transcript": {strings.Repeat(good+strings.Repeat("#"+strings.Repeat(" ", 1<<19)+"\n", 2), maxTranscript>>20),
			"t: it has more than 64 MiB"},
	} {
		t.Run(what, func(t *testing.T) {
			if _, err := ReadTranscript(strings.NewReader(c.text), "t", decoded); !errors.Is(err, ErrTranscript) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

// FuzzTranscript: whatever a file holds, the reader ends, and what it takes is in order.
func FuzzTranscript(f *testing.F) {
	f.Add([]byte(`{"type":"clock.ticked","after":"1s","data":{"seconds_left":9}}` + "\n#\n" + `{"type":"scene.shown","seq":9,"data":{"scene":"a"}}`))
	f.Add([]byte(`{"type":"clock.ticked","seq":18446744073709551615}` + "\n" + `{"type":"clock.ticked"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, err := ReadTranscript(bytes.NewReader(b), "t", decoded)
		if (err == nil) != (len(events) > 0) {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for i := range events[:max(0, len(events)-1)] {
			if events[i].Seq >= events[i+1].Seq {
				t.Fatalf("number %d comes before %d", events[i].Seq, events[i+1].Seq)
			}
		}
	})
}
