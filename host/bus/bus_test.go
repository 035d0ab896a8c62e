package bus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/bus/bustest"
	"github.com/sothebais/sothebais/host/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemoryLedger(t *testing.T) {
	bustest.TestLedger(t, func(*testing.T) bus.Ledger { return &bustest.Memory{} }, nil)
}

func note(n int) event.Draft { return event.Draft{Data: bustest.Noted{N: n}} }

func noteFrom(origin string) event.Draft {
	return event.Draft{Origin: origin, Data: bustest.Noted{}}
}

// start runs a bus until the test ends.
func start(t *testing.T, l bus.Ledger, cfg bus.Config) *bus.Bus {
	t.Helper()
	b, err := bus.New(t.Context(), l, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := b.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	})
	t.Cleanup(func() { cancel(); wg.Wait() })
	return b
}

func record(t *testing.T, b *bus.Bus, drafts ...event.Draft) []event.Event {
	t.Helper()
	events, err := b.Record(t.Context(), drafts...)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// slow is a ledger whose appends wait for a sign, so that Records gather behind one.
type slow struct {
	bustest.Memory
	gate    chan struct{}
	appends atomic.Int64
}

func (s *slow) Append(ctx context.Context, batch []event.Draft) ([]event.Event, error) {
	<-s.gate
	s.appends.Add(1)
	return s.Memory.Append(ctx, batch)
}

func TestConcurrentRecordsShareATransaction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slow{gate: make(chan struct{})}
		b := start(t, l, bus.Config{})
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() { record(t, b, note(i), note(i)) })
			synctest.Wait() // the first one is being written, the others gather
		}
		close(l.gate)
		wg.Wait()
		if n := l.appends.Load(); n != 2 {
			t.Errorf("50 batches took %d transactions; want 2: the first, and all that came meanwhile", n)
		}
		if b.Last() != 100 {
			t.Errorf("the last event is %d; want 100", b.Last())
		}
	})
}

func TestDuplicateFailsItsOwnBatchOnly(t *testing.T) {
	for _, dups := range []int{1, 3, 20} { // 20 is more than are taken out one by one
		synctest.Test(t, func(t *testing.T) {
			l := &slow{gate: make(chan struct{}, 1)}
			b := start(t, l, bus.Config{})
			for i := range dups {
				l.gate <- struct{}{}
				record(t, b, noteFrom(fmt.Sprint("x:", i)))
			}
			var wg sync.WaitGroup
			var refused, recorded atomic.Int64
			for i := range 40 {
				wg.Go(func() {
					d := noteFrom(fmt.Sprint("x:", i))
					_, err := b.Record(t.Context(), note(1), d, note(2))
					var dup *event.DuplicateOriginError
					switch {
					case err == nil:
						recorded.Add(1)
					case errors.As(err, &dup) && dup.Origin == d.Origin:
						refused.Add(1)
					default:
						t.Errorf("batch %d: %v", i, err)
					}
				})
				synctest.Wait()
			}
			close(l.gate)
			wg.Wait()
			if int(refused.Load()) != dups || int(recorded.Load()) != 40-dups {
				t.Errorf("%d refused, %d recorded; want %d and %d", refused.Load(), recorded.Load(), dups, 40-dups)
			}
			if want := uint64(dups + 3*(40-dups)); b.Last() != want {
				t.Errorf("the last event is %d; want %d", b.Last(), want)
			}
		})
	}
}

func TestSameOriginTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slow{gate: make(chan struct{})}
		b := start(t, l, bus.Config{})
		var ok atomic.Int64
		var wg sync.WaitGroup
		wg.Go(func() { record(t, b, note(0)) }) // is being written while the others gather
		synctest.Wait()
		for range 10 {
			wg.Go(func() {
				if _, err := b.Record(t.Context(), noteFrom("x:1")); err == nil {
					ok.Add(1)
				} else if !errors.Is(err, event.ErrDuplicateOrigin) {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		close(l.gate)
		wg.Wait()
		if ok.Load() != 1 || b.Last() != 2 {
			t.Errorf("%d of 10 were recorded, the last event is %d; want one", ok.Load(), b.Last())
		}
	})
}

func TestRecordChecksItsDrafts(t *testing.T) {
	b := start(t, &bustest.Memory{}, bus.Config{})
	if _, err := b.Record(t.Context()); !errors.Is(err, bus.ErrEmpty) {
		t.Errorf("an empty batch: %v", err)
	}
	if _, err := b.Record(t.Context(), event.Draft{}); err == nil || !strings.Contains(err.Error(), "draft 1 of 1") {
		t.Errorf("a draft without data: %v", err)
	}
	if _, err := b.Record(t.Context(), note(1), event.Draft{Back: 2, Data: bustest.Noted{}}); err == nil || !strings.Contains(err.Error(), "draft 2 of 2") {
		t.Errorf("a cause before the batch: %v", err)
	}
	for _, d := range []event.Draft{{Cause: 1, Data: bustest.Noted{}}, {Root: 1, Data: bustest.Noted{}}, {Cause: 1 << 63, Data: bustest.Noted{}}} {
		if _, err := b.Record(t.Context(), note(1), d); err == nil || !strings.Contains(err.Error(), "draft 2 of 2") {
			t.Errorf("a cause after the last event: %v", err)
		}
	}
	if b.Last() != 0 {
		t.Errorf("the last event is %d; want none", b.Last())
	}
}

// A batch with a cause that nobody knows fails alone, whoever would have shared its transaction.
func TestUnknownCauseFailsItsOwnBatchOnly(t *testing.T) {
	l := &bustest.Memory{}
	b, err := bus.New(t.Context(), l, bus.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	errs := make([]error, 2)
	for i, d := range []event.Draft{note(1), {Cause: 7, Data: bustest.Noted{}}} {
		wg.Go(func() { _, errs[i] = b.Record(ctx, d) })
	}
	time.Sleep(10 * time.Millisecond) // both wait before the writer is there
	done := make(chan struct{})
	go func() { defer close(done); _ = b.Run(ctx) }()
	wg.Wait()
	cancel()
	<-done
	if errs[0] != nil || errs[1] == nil {
		t.Errorf("the good batch: %v; the other: %v", errs[0], errs[1])
	}
}

func TestRecordDatesWhatHasNoDate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &bustest.Memory{}, bus.Config{})
		if e := record(t, b, note(1))[0]; !e.At.Equal(time.Now()) || e.At.Location() != time.UTC {
			t.Errorf("dated %s; want the present, in UTC", e.At)
		}
	})
}

func TestSubscribersSeeOneOrder(t *testing.T) {
	const facts = 500
	b := start(t, &bustest.Memory{}, bus.Config{Ring: 8, MaxBatch: 16}) // nearly everybody is late nearly always
	ctx := t.Context()
	var wg sync.WaitGroup
	for i := range 5 {
		wg.Go(func() {
			s := b.Subscribe(0)
			defer s.Close()
			for want := uint64(1); want <= facts; want++ {
				e, err := s.Next(ctx)
				if err != nil || e.Seq != want {
					t.Errorf("subscriber %d: event %d, %v; want %d", i, e.Seq, err, want)
					return
				}
			}
		})
	}
	for range 10 {
		wg.Go(func() {
			for i := range facts / 10 {
				record(t, b, note(i))
			}
		})
	}
	wg.Wait()
}

// A reader just in front of the ring, at its edge, and just inside of it.
func TestEdgeOfTheRing(t *testing.T) {
	const size = 8
	b := start(t, &bustest.Memory{}, bus.Config{Ring: size})
	for i := range 20 {
		record(t, b, note(i))
	}
	for after := uint64(20 - size - 2); after <= 20-size+2; after++ {
		s := b.Subscribe(after)
		for want := after + 1; want <= 20; want++ {
			if e, err := s.Next(t.Context()); err != nil || e.Seq != want || e.Data != (bustest.Noted{N: int(want - 1)}) {
				t.Errorf("after %d: %+v, %v; want event %d", after, e, err, want)
			}
		}
		s.Close()
	}
}

func TestSubscribeFrom(t *testing.T) {
	l := &bustest.Memory{}
	b := start(t, l, bus.Config{})
	for i := range 10 {
		record(t, b, note(i))
	}
	for _, after := range []uint64{0, 4, 9} {
		s := b.Subscribe(after)
		got, err := s.NextBatch(t.Context(), nil)
		if err != nil || len(got) != int(10-after) || got[0].Seq != after+1 {
			t.Errorf("after %d: %d events, %v", after, len(got), err)
		}
		s.Close()
	}
	s := b.Subscribe(b.Last())
	defer s.Close()
	record(t, b, note(11))
	if e, err := s.Next(t.Context()); err != nil || e.Seq != 11 {
		t.Errorf("from now on: event %d, %v; want 11", e.Seq, err)
	}
}

func TestSubscribeToKinds(t *testing.T) {
	b := start(t, &bustest.Memory{}, bus.Config{Ring: 4})
	s := b.Subscribe(0, "test.other")
	defer s.Close()
	for i := range 1000 {
		record(t, b, note(i))
	}
	record(t, b, event.Draft{Data: event.Unknown{Name: "test.other"}})
	if e, err := s.Next(t.Context()); err != nil || e.Seq != 1001 {
		t.Errorf("event %d, %v; want 1001", e.Seq, err)
	}
}

func TestNextBatchFillsTheBuffer(t *testing.T) {
	b := start(t, &bustest.Memory{}, bus.Config{})
	for i := range 10 {
		record(t, b, note(i))
	}
	s := b.Subscribe(0)
	defer s.Close()
	buf := make([]event.Event, 0, 4)
	for _, want := range []int{4, 4, 2} {
		got, err := s.NextBatch(t.Context(), buf)
		if err != nil || len(got) != want {
			t.Errorf("%d events, %v; want %d", len(got), err, want)
		}
	}
}

// A reader that sits still costs the writer nothing, and still finds everything later.
func TestSlowReaderDoesNotHoldTheWriter(t *testing.T) {
	b := start(t, &bustest.Memory{}, bus.Config{Ring: 16})
	s := b.Subscribe(0)
	defer s.Close()
	if record(t, b, note(0)); b.Last() != 1 {
		t.Fatal(b.Last())
	}
	if _, err := s.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		record(t, b, note(i))
	}
	for want := uint64(2); want <= 2001; want++ {
		if e, err := s.Next(t.Context()); err != nil || e.Seq != want {
			t.Fatalf("event %d, %v; want %d", e.Seq, err, want)
		}
	}
}

func TestCloseEndsNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, &bustest.Memory{}, bus.Config{})
		s := b.Subscribe(0)
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Next(t.Context()); !errors.Is(err, bus.ErrClosed) {
				t.Errorf("a closed subscription: %v", err)
			}
		})
		synctest.Wait()
		s.Close()
		s.Close()
		wg.Wait()
	})
}

func TestEndOfRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slow{gate: make(chan struct{})}
		b, err := bus.New(t.Context(), l, bus.Config{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		s := b.Subscribe(0)
		var wg sync.WaitGroup
		wg.Go(func() { _ = b.Run(ctx) })
		wg.Go(func() {
			if _, err := b.Record(t.Context(), note(1)); err != nil {
				t.Errorf("the transaction in hand: %v", err)
			}
		})
		synctest.Wait()
		for range 3 {
			wg.Go(func() {
				if _, err := b.Record(t.Context(), note(2)); err != nil && !errors.Is(err, bus.ErrClosed) {
					t.Errorf("what waits at the end: %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		close(l.gate)
		wg.Wait()
		if _, err := b.Record(t.Context(), note(3)); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("Record after the end: %v", err)
		}
		for n := uint64(1); n <= b.Last(); n++ { // what was published is still there to be heard
			if e, err := s.Next(t.Context()); err != nil || e.Seq != n {
				t.Errorf("event %d, %v; want %d", e.Seq, err, n)
			}
		}
		if _, err := s.Next(t.Context()); !errors.Is(err, bus.ErrClosed) {
			t.Errorf("Next after the end: %v", err)
		}
		if err := b.Run(t.Context()); err == nil {
			t.Error("Run ran twice")
		}
	})
}

func TestRecordHeedsItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &slow{gate: make(chan struct{})}
		b := start(t, l, bus.Config{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.Record(ctx, note(1)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Record: %v; want the deadline", err)
		}
		close(l.gate)
		synctest.Wait()
		if b.Last() != 1 {
			t.Errorf("the last event is %d; the batch was being written", b.Last())
		}
	})
}

// An answer that got lost: the facts are in the ledger, the bus does not know. It must find them before it goes on.
func TestLostAnswer(t *testing.T) {
	disk := errors.New("the disk does not answer")
	for _, wrote := range []bool{false, true} {
		l := &bustest.Memory{}
		b := start(t, l, bus.Config{})
		s := b.Subscribe(0)
		record(t, b, note(0))
		l.FailWith(func([]event.Draft) (bool, error) { return wrote, disk })
		if _, err := b.Record(t.Context(), note(1), note(1)); !errors.Is(err, disk) {
			t.Errorf("Record: %v; want the ledger's error", err)
		}
		l.FailWith(nil)
		next := record(t, b, note(2))[0]
		want := uint64(2)
		if wrote {
			want = 4
		}
		if next.Seq != want {
			t.Errorf("wrote %v: the next event is %d; want %d", wrote, next.Seq, want)
		}
		for n := uint64(1); n <= want; n++ {
			if e, err := s.Next(t.Context()); err != nil || e.Seq != n {
				t.Fatalf("wrote %v: heard %d, %v; want %d", wrote, e.Seq, err, n)
			}
		}
		s.Close()
	}
}

func TestMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	b := start(t, &bustest.Memory{}, bus.Config{Metrics: reg})
	record(t, b, note(1), note(2))
	found, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if f.GetName() == "sothebais_bus_recorded_events_total" && f.GetMetric()[0].GetCounter().GetValue() == 2 {
			return
		}
	}
	t.Errorf("no sothebais_bus_recorded_events_total of 2 in %v", found)
}

func BenchmarkRecord(b *testing.B) {
	l := &bustest.Memory{}
	x, err := bus.New(b.Context(), l, bus.Config{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = x.Run(ctx) })
	defer wg.Wait()
	defer cancel()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := x.Record(ctx, note(1)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
