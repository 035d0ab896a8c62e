package plugin

import (
	"testing"

	"github.com/sothebais/sothebais/host/event"
)

func TestMemoryAllocatesNothing(t *testing.T) {
	var m memory
	batch := make([]event.Event, 8)
	seq := uint64(0)
	if n := testing.AllocsPerRun(1000, func() {
		for i := range batch {
			seq += 3
			batch[i].Seq = seq
		}
		m.add(batch)
		handled := event.Event{Seq: seq + 1}
		if got := m.cause(seq-6, handled); got.Seq != seq-6 {
			t.Fatalf("cause %d, want %d", got.Seq, seq-6)
		}
		if got := m.cause(seq-1, handled); got.Seq != handled.Seq {
			t.Fatalf("cause %d, want the event that was handled", got.Seq)
		}
	}); n > 0 {
		t.Errorf("%g allocations a batch", n)
	}
}

func TestMemoryReachesBack(t *testing.T) {
	var m memory
	for n := range uint64(3 * remembered) {
		m.add([]event.Event{{Seq: n + 1}})
		handled := event.Event{Seq: n + 2}
		for _, back := range []uint64{0, 1, remembered - 1, remembered} {
			if back > n {
				continue
			}
			want := n + 1 - back
			if back == remembered {
				want = handled.Seq
			}
			if got := m.cause(n+1-back, handled); got.Seq != want {
				t.Fatalf("after %d events, %d back: cause %d, want %d", n+1, back, got.Seq, want)
			}
		}
	}
}
