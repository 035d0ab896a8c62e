package speech

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// BenchmarkStall tells how long a goroutine that waits for the collector is held up while lines are made.
func BenchmarkStall(b *testing.B) {
	e := engine(b, Config{})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = e.flite.say(ctx, request{speaker: "slt", text: "the quick brown fox jumps over the lazy dog and then over the moon", stretch: 1, shift: 1})
		}
	}()
	var worst time.Duration
	for b.Loop() {
		start := time.Now()
		runtime.GC()
		worst = max(worst, time.Since(start))
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	<-done
	b.ReportMetric(float64(worst.Microseconds())/1000, "worst-ms")
}
