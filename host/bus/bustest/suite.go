package bustest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/event"
)

// Noted is the fact that the suite records.
type Noted struct {
	By int `json:"by"`
	N  int `json:"n"`
}

// EventKind is test.noted.
func (Noted) EventKind() event.Kind { return "test.noted" }

// Facts lists the facts of the suite, for the registry of the ledger under test.
func Facts() []event.Data { return []event.Data{Noted{}} }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func draft(n int) event.Draft { return event.Draft{At: noon, Data: Noted{N: n}} }

// TestLedger runs the suite. open returns an empty ledger; reopen, when not nil, closes it and opens it again, as a
// program that was started anew would.
func TestLedger(t *testing.T, open func(t *testing.T) bus.Ledger, reopen func(t *testing.T, l bus.Ledger) bus.Ledger) {
	cases := map[string]func(t *testing.T, l bus.Ledger){
		"empty":                    testEmpty,
		"places are gap-free":      testPlaces,
		"roots and causes":         testRoots,
		"duplicate writes nothing": testDuplicate,
		"unknown cause":            testUnknownCause,
		"pages":                    testPages,
		"cancelled before":         testCancelled,
		"under a bus":              testUnderBus,
	}
	for name, f := range cases {
		t.Run(name, func(t *testing.T) { f(t, open(t)) })
	}
	if reopen != nil {
		t.Run("reopen", func(t *testing.T) { testReopen(t, open(t), reopen) })
	}
}

func must(t *testing.T, l bus.Ledger, batch ...event.Draft) []event.Event {
	t.Helper()
	events, err := l.Append(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func read(t *testing.T, l bus.Ledger, after uint64, limit int) []event.Event {
	t.Helper()
	events, err := l.Read(t.Context(), after, limit)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func testEmpty(t *testing.T, l bus.Ledger) {
	if last, err := l.Last(t.Context()); err != nil || last != 0 {
		t.Errorf("Last of an empty ledger is %d, %v; want 0", last, err)
	}
	if got := read(t, l, 0, 10); len(got) != 0 {
		t.Errorf("an empty ledger holds %v", got)
	}
}

func testPlaces(t *testing.T, l bus.Ledger) {
	var wrote []event.Event
	for i := range 5 {
		wrote = append(wrote, must(t, l, draft(2*i), draft(2*i+1))...)
	}
	for i, e := range wrote {
		if e.Seq != uint64(i+1) || e.Data != (Noted{N: i}) || !e.At.Equal(noon) {
			t.Errorf("event %d is %+v", i+1, e)
		}
	}
	if diff := cmp.Diff(wrote, read(t, l, 0, 100)); diff != "" {
		t.Errorf("what is read is not what Append returned (-wrote +read):\n%s", diff)
	}
}

func testRoots(t *testing.T, l bus.Ledger) {
	a := must(t, l, draft(1), event.Draft{Back: 1, At: noon, Data: Noted{N: 2}}, event.Draft{Back: 1, At: noon, Data: Noted{N: 3}}, draft(4))
	b := must(t, l, event.Draft{Cause: a[2].Seq, At: noon, Data: Noted{N: 5}}, event.Draft{Root: 1, Cause: 4, At: noon, Data: Noted{N: 6}})
	type link struct{ Cause, Root uint64 }
	want := []link{{0, 1}, {1, 1}, {2, 1}, {0, 4}, {3, 1}, {4, 1}}
	for i, e := range append(a, b...) {
		if got := (link{e.Cause, e.Root}); got != want[i] {
			t.Errorf("event %d has cause and root %v; want %v", e.Seq, got, want[i])
		}
	}
}

func testDuplicate(t *testing.T, l bus.Ledger) {
	seen := event.Draft{Origin: "x:1", At: noon, Data: Noted{N: 1}}
	must(t, l, seen)
	for name, batch := range map[string][]event.Draft{
		"alone":         {seen},
		"after others":  {draft(2), seen},
		"twice at once": {{Origin: "x:2", At: noon, Data: Noted{}}, {Origin: "x:2", At: noon, Data: Noted{}}},
	} {
		_, err := l.Append(t.Context(), batch)
		var dup *event.DuplicateOriginError
		if !errors.As(err, &dup) || !errors.Is(err, event.ErrDuplicateOrigin) || dup.Origin != batch[len(batch)-1].Origin {
			t.Errorf("%s: %v; want a duplicate of %s", name, err, batch[len(batch)-1].Origin)
		}
	}
	if _, err := l.Append(t.Context(), []event.Draft{{Cause: 2, At: noon, Data: Noted{}}}); err == nil {
		t.Error("a fact of a refused batch was taken as a cause")
	}
	next := must(t, l, event.Draft{Origin: "x:2", At: noon, Data: Noted{N: 9}})
	if next[0].Seq != 2 {
		t.Errorf("after refused batches the next event is %d; want 2", next[0].Seq)
	}
	if got := read(t, l, 0, 10); len(got) != 2 {
		t.Errorf("the ledger holds %d events; want 2: %v", len(got), got)
	}
}

func testUnknownCause(t *testing.T, l bus.Ledger) {
	must(t, l, draft(1))
	if _, err := l.Append(t.Context(), []event.Draft{draft(2), {Cause: 77, At: noon, Data: Noted{}}}); err == nil {
		t.Error("a cause that is not in the ledger was taken")
	}
	if next := must(t, l, draft(3)); next[0].Seq != 2 {
		t.Errorf("after a refused batch the next event is %d; want 2", next[0].Seq)
	}
}

func testPages(t *testing.T, l bus.Ledger) {
	for i := range 25 {
		must(t, l, draft(i))
	}
	var after uint64
	for _, want := range []int{10, 10, 5, 0} {
		got := read(t, l, after, 10)
		if len(got) != want {
			t.Fatalf("the page after %d has %d events; want %d", after, len(got), want)
		}
		for _, e := range got {
			if e.Seq != after+1 {
				t.Fatalf("event %d follows %d", e.Seq, after)
			}
			after = e.Seq
		}
	}
	if got := read(t, l, 1000, 10); len(got) != 0 {
		t.Errorf("after the end there is %v", got)
	}
}

func testCancelled(t *testing.T, l bus.Ledger) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Append(ctx, []event.Draft{draft(1)}); !errors.Is(err, context.Canceled) {
		t.Errorf("Append under an ended context: %v", err)
	}
	if last, err := l.Last(t.Context()); err != nil || last != 0 {
		t.Errorf("Last is %d, %v; want 0", last, err)
	}
}

// testUnderBus lets many record through a bus while a late reader follows, and compares both with the ledger.
func testUnderBus(t *testing.T, l bus.Ledger) {
	const writers, each = 8, 40
	b, err := bus.New(t.Context(), l, bus.Config{Ring: 16})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running, recording sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	defer running.Wait()
	defer cancel()
	for by := range writers {
		recording.Go(func() {
			for n := range each {
				origin := fmt.Sprintf("%d/%d", by, n/2) // every second one is a duplicate
				_, err := b.Record(ctx, event.Draft{Origin: origin, At: noon, Data: Noted{By: by, N: n}})
				if want := n%2 == 1; errors.Is(err, event.ErrDuplicateOrigin) != want || (err != nil && !want) {
					t.Errorf("writer %d, note %d: %v", by, n, err)
				}
			}
		})
	}
	s := b.Subscribe(0)
	defer s.Close()
	heard := make([]event.Event, 0, writers*each/2)
	for len(heard) < cap(heard) {
		e, err := s.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, e)
	}
	recording.Wait()
	if diff := cmp.Diff(heard, read(t, l, 0, 1000)); diff != "" {
		t.Errorf("heard is not what the ledger holds (-heard +ledger):\n%s", diff)
	}
}

func testReopen(t *testing.T, l bus.Ledger, reopen func(*testing.T, bus.Ledger) bus.Ledger) {
	before := must(t, l, event.Draft{Origin: "x:1", At: noon, Data: Noted{N: 1}}, event.Draft{Back: 1, At: noon, Data: Noted{N: 2}})
	l = reopen(t, l)
	if diff := cmp.Diff(before, read(t, l, 0, 10)); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
	if _, err := l.Append(t.Context(), []event.Draft{{Origin: "x:1", At: noon, Data: Noted{}}}); !errors.Is(err, event.ErrDuplicateOrigin) {
		t.Errorf("an origin from before was taken: %v", err)
	}
	if next := must(t, l, event.Draft{Cause: 2, At: noon, Data: Noted{N: 3}}); next[0].Seq != 3 || next[0].Root != 1 {
		t.Errorf("the next event is %+v; want 3 with root 1", next[0])
	}
}
