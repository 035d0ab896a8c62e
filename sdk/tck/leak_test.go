package tck

import (
	"context"
	"os"
	"strconv"
	"testing"

	"github.com/sothebais/sothebais/host/event"
)

// TestFlatMemory plays millions of events to the plugins whose languages collect garbage, and whose collectors get no
// turn but when they are called: EVENTS=5000000, and fewer without it.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a long show")
	}
	const slack = 8 << 20 // the heap of Go comes to rest late; what leaks passes that long before the end
	total := 100_000
	if s := os.Getenv("EVENTS"); s != "" {
		var err error
		if total, err = strconv.Atoi(s); err != nil {
			t.Fatal("EVENTS:", err)
		}
	}
	x := exampleNamed(t, "pricebug")
	for language, code := range guests(t, x.name) {
		if language == "C" || language == "Rust" {
			continue // nothing collects there
		}
		t.Run(language, func(t *testing.T) {
			g := x.onStage(t, interpreting(t, code), code).guest
			peak := uint64(0)
			batch := x.events()
			for played, settled := 0, uint64(0); played < total; {
				if _, err := g.HandleBatch(context.Background(), batch); err != nil {
					t.Fatalf("after %d events: %v", played, err)
				}
				played += len(batch)
				renumber(batch)
				if peak = max(peak, g.Stats().Memory); played < total/10 {
					settled = peak
				} else if peak > settled+slack {
					t.Fatalf("after %d events it has %d bytes of memory, and had %d after %d", played, peak, settled, total/10)
				}
			}
			t.Logf("%d events, at most %d KiB of memory", total, peak>>10)
		})
	}
}

// renumber makes the events follow those before them, as on a show that goes on.
func renumber(events []event.Event) {
	for i := range events {
		events[i].Seq += uint64(len(events)) * 3
	}
}
