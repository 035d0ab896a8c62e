package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/event"
)

// Ledger is where facts become durable. bustest holds the suite that every implementation passes.
type Ledger interface {
	// Append writes a batch in one durable transaction, all or nothing, and gives the facts their places.
	// An origin that was seen before is an *event.DuplicateOriginError.
	Append(ctx context.Context, batch []event.Draft) ([]event.Event, error)
	// Read returns up to limit events with Seq > after, in order.
	Read(ctx context.Context, after uint64, limit int) ([]event.Event, error)
	// Last is the Seq of the newest event, 0 when there is none.
	Last(ctx context.Context) (uint64, error)
}

// Config tunes a Bus; its zero value works.
type Config struct {
	Ring     int                   // events kept in memory for live subscribers; 8192 when 0
	MaxBatch int                   // drafts in one transaction at most; 1024 when 0
	Logger   *slog.Logger          // none when nil
	Metrics  prometheus.Registerer // none when nil
}

var (
	// ErrClosed says that the bus, or the subscription, has ended; nothing was recorded.
	ErrClosed = errors.New("bus is closed")
	// ErrEmpty says that Record was called without a fact.
	ErrEmpty = errors.New("nothing to record")
)

// Bus is safe for use by many goroutines. Record waits until Run is there to serve it.
type Bus struct {
	ledger  Ledger
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	in      chan *request
	done    chan struct{} // closed when Run returns
	running atomic.Bool

	mu   sync.RWMutex
	ring ring
	wake chan struct{} // closed at the next publication; made by whoever waits
}

// New returns a bus on l that continues where the ledger ends.
func New(ctx context.Context, l Ledger, cfg Config) (*Bus, error) {
	if cfg.Ring <= 0 {
		cfg.Ring = 8192
	}
	if cfg.MaxBatch <= 0 {
		cfg.MaxBatch = 1024
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	last, err := l.Last(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the ledger for its last event: %w", err)
	}
	return &Bus{
		ledger: l, cfg: cfg, log: cfg.Logger, metrics: newMetrics(cfg.Metrics),
		in: make(chan *request, 256), done: make(chan struct{}), ring: newRing(cfg.Ring, last),
	}, nil
}

// Last is the Seq of the newest published event.
func (b *Bus) Last() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.ring.last
}

// Record makes drafts durable as one batch and returns them as events. A zero At becomes the present.
// When ctx ends early the batch may still be recorded.
func (b *Bus) Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error) {
	if err := check(drafts, b.Last()); err != nil {
		return nil, err
	}
	r := &request{drafts: stamp(drafts), answer: make(chan answer, 1)}
	select {
	case b.in <- r:
	case <-b.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, fmt.Errorf("record: %w", ctx.Err())
	}
	select {
	case a := <-r.answer:
		return a.events, a.err
	case <-ctx.Done():
		return nil, fmt.Errorf("record (it may be in the ledger): %w", ctx.Err())
	case <-b.done:
		return b.lastAnswer(r)
	}
}

// lastAnswer serves a Record that raced with the end of Run: the answer was given before done was closed, or never will be.
func (b *Bus) lastAnswer(r *request) ([]event.Event, error) {
	select {
	case a := <-r.answer:
		return a.events, a.err
	default:
		return nil, ErrClosed
	}
}

// check refuses what the ledger would refuse, before it shares a transaction with the batches of others and fails them.
func check(drafts []event.Draft, last uint64) error {
	if len(drafts) == 0 {
		return ErrEmpty
	}
	for i, d := range drafts {
		if d.Data == nil {
			return fmt.Errorf("record: draft %d of %d has no data", i+1, len(drafts))
		}
		if d.Back < 0 || d.Back > i {
			return fmt.Errorf("record: draft %d of %d (%s) names a cause %d places before it; want 0 to %d", i+1, len(drafts), d.Data.EventKind(), d.Back, i)
		}
		if newest := max(d.Cause, d.Root); newest > last {
			return fmt.Errorf("record: draft %d of %d (%s) follows from event %d, which is not in the ledger; it ends at %d", i+1, len(drafts), d.Data.EventKind(), newest, last)
		}
	}
	return nil
}

// stamp copies the batch, so that the caller may reuse its slice, and dates what has no date.
func stamp(drafts []event.Draft) []event.Draft {
	out := make([]event.Draft, len(drafts))
	copy(out, drafts)
	for i := range out {
		if out[i].At.IsZero() {
			out[i].At = time.Now()
		}
		out[i].At = out[i].At.UTC().Round(0)
	}
	return out
}
