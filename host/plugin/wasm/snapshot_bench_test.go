package wasm

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
)

// spans are how long each of many runs took. The median and the best are told, because the mean is the noise of the
// machine.
type spans []time.Duration

func (s *spans) since(start time.Time) { *s = append(*s, time.Since(start)) }

func (s spans) report(b *testing.B, what string) {
	slices.Sort(s)
	b.ReportMetric(float64(s[len(s)/2].Nanoseconds()), what+"-p50-ns")
	b.ReportMetric(float64(s[0].Nanoseconds()), what+"-best-ns")
}

// grown is a fixture with so much memory more.
func grown(tb testing.TB, r *Runtime, kib int) *guest {
	tb.Helper()
	g := load(tb, r, "fixture.wasm", manifest(nil)).(*guest)
	g.inst.mem.Grow(uint32(kib) << 10 / pageBytes)
	g.stale = true
	return g
}

// BenchmarkRollBack is the way back after a trap: from where the instance stands after some events, and what the next
// call has to do before it.
func BenchmarkRollBack(b *testing.B) {
	r := newRuntime(b, Config{})
	for _, kib := range []int{0, 1 << 10, 4 << 10} {
		for _, heard := range []int{1, 20} {
			b.Run(fmt.Sprintf("%dKiB/after%d", kib, heard), func(b *testing.B) {
				g := grown(b, r, kib)
				var back, settle spans
				for seq := uint64(1); b.Loop(); {
					start := time.Now()
					if err := g.settle(); err != nil {
						b.Fatal(err)
					}
					settle.since(start)
					for range heard {
						if _, err := g.HandleBatch(b.Context(), []event.Event{tick(seq)}); err != nil {
							b.Fatal(err)
						}
						seq++
					}
					start = time.Now()
					if err := g.rollBack(0); err != nil {
						b.Fatal(err)
					}
					back.since(start)
				}
				back.report(b, "rollback")
				settle.report(b, "settle")
			})
		}
	}
}

// BenchmarkTrap is an event that traps, the way back included.
func BenchmarkTrap(b *testing.B) {
	g := load(b, newRuntime(b, Config{}), "fixture.wasm", manifest(nil))
	var all spans
	for seq := uint64(1); b.Loop(); seq++ {
		start := time.Now()
		if _, err := g.HandleBatch(b.Context(), []event.Event{ask(seq, "trap")}); err == nil {
			b.Fatal("no trap")
		}
		all.since(start)
	}
	all.report(b, "trap")
}

// BenchmarkClone makes a guest from one that stands.
func BenchmarkClone(b *testing.B) {
	r := newRuntime(b, Config{})
	for _, kib := range []int{0, 1 << 10, 4 << 10} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			g := grown(b, r, kib)
			var all spans
			for b.Loop() {
				start := time.Now()
				c, err := g.Clone(b.Context())
				all.since(start)
				if err != nil {
					b.Fatal(err)
				}
				if err := c.Close(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
			all.report(b, "clone")
		})
	}
}

// BenchmarkEvent is one event after the other, the copies for a roll-back included.
func BenchmarkEvent(b *testing.B) {
	r := newRuntime(b, Config{})
	for _, kib := range []int{0, 1 << 10, 4 << 10} {
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			g := grown(b, r, kib)
			batch := []event.Event{tick(1)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.HandleBatch(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(g.Stats().Fuel), "fuel")
			b.ReportMetric(float64(g.Stats().Memory), "memory")
		})
	}
}
