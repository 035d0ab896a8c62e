package auctioneer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/telemetry"
)

type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

type reader interface {
	Read(ctx context.Context, after uint64, limit int) ([]event.Event, error)
}

// Config tunes an Auctioneer; with its zero value nothing comes to the block.
type Config struct {
	Session  auction.Session
	Grace    time.Duration         // what a lot has left at least after an outage; 30 s when 0, none when negative
	ExtendBy time.Duration         // what an operator's Extend adds; 60 s when 0
	MaxBatch int                   // requests decided and recorded together at most; 512 when 0
	Logger   *slog.Logger          // none when nil
	Metrics  prometheus.Registerer // none when nil
}

// Bid is a bid as it was read from a post.
type Bid struct {
	Post   post.Post
	Bidder string // account id
	Handle string
	Amount money.Wei
}

// Outcome is what became of a post. When Duplicate is true it was handed in before; the rest is then known for recent
// posts only.
type Outcome struct {
	Accepted  *auction.BidAccepted
	Refused   *auction.BidRefused
	Event     event.Event // the bid.accepted or bid.refused
	Duplicate bool
}

var (
	// ErrClosed says that the auctioneer has stopped; nothing was decided.
	ErrClosed = errors.New("the auctioneer has stopped")
	// ErrUnknown says that recording failed; the bid may or may not be in the ledger. Handing the post in again is safe.
	ErrUnknown = errors.New("it is not known whether the bid was recorded")
	// ErrNoPost says that a bid came without the identity of its post.
	ErrNoPost = errors.New("a bid needs the id of its post")
)

// Auctioneer is safe for use by many goroutines. Requests wait until Run is there to serve them.
type Auctioneer struct {
	facts   recorder
	ledger  reader // nil until Replay
	cfg     Config
	log     *slog.Logger
	metrics *metrics

	in      chan *request
	done    chan struct{}
	running atomic.Bool
	shown   atomic.Pointer[Snapshot]

	// Owned by Run, and by Replay before it.
	state  auction.State
	seq    uint64    // newest event that the state knows of
	newest time.Time // its date
	recent *outcomes
	crowd  int // requests in the last batches, falling slowly
	clock  clock
}

// New returns an auctioneer that records to r. It fails only at Run, when the session's plan is not valid.
func New(r recorder, cfg Config) *Auctioneer {
	if cfg.Grace == 0 {
		cfg.Grace = 30 * time.Second
	}
	if cfg.ExtendBy <= 0 {
		cfg.ExtendBy = time.Minute
	}
	if cfg.MaxBatch <= 0 {
		cfg.MaxBatch = 512
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Auctioneer{
		facts: r, cfg: cfg, log: cfg.Logger, metrics: newMetrics(cfg.Metrics),
		in: make(chan *request, cfg.MaxBatch), done: make(chan struct{}),
		state: auction.NewState(cfg.Session), recent: newOutcomes(4096),
	}
	a.show()
	return a
}

// Replay rebuilds the state from the ledger. It is called before Run; Run goes back to the same ledger when a record's
// outcome is unknown.
func (a *Auctioneer) Replay(ctx context.Context, ledger reader) error {
	a.ledger = ledger
	if err := a.catchUp(ctx); err != nil {
		return err
	}
	a.show()
	return nil
}

// catchUp takes in what the ledger holds beyond the state.
func (a *Auctioneer) catchUp(ctx context.Context) error {
	const page = 2048
	for {
		events, err := a.ledger.Read(ctx, a.seq, page)
		if err != nil {
			return fmt.Errorf("replay the auction from event %d: %w", a.seq+1, err)
		}
		for _, e := range events {
			a.take(e)
		}
		if len(events) < page {
			return nil
		}
	}
}

func (a *Auctioneer) take(e event.Event) {
	a.state = a.state.Apply(e.At, e.Data)
	a.seq = e.Seq
	if e.At.After(a.newest) {
		a.newest = e.At
	}
}

// Place decides a bid and returns when the outcome is durable.
func (a *Auctioneer) Place(ctx context.Context, b Bid) (Outcome, error) {
	return a.submit(ctx, b.Post, auction.Bid{Bidder: b.Bidder, Handle: b.Handle, Amount: b.Amount, PostID: b.Post.ID, Age: age(b.Post)})
}

// Refuse records that a post looked like a bid but is none, and why.
func (a *Auctioneer) Refuse(ctx context.Context, p post.Post, r auction.BidRefused) (Outcome, error) {
	if r.PostID == "" {
		r.PostID = p.ID
	}
	if r.Handle == "" {
		r.Handle = p.Handle
	}
	return a.submit(ctx, p, auction.Refuse{Refused: r})
}

// PlaceBid is Place for those who need no outcome: it is in the ledger.
func (a *Auctioneer) PlaceBid(ctx context.Context, p post.Post, b auction.Bid) error {
	if b.PostID == "" {
		b.PostID = p.ID
	}
	b.Age = age(p)
	_, err := a.submit(ctx, p, b)
	return err
}

// age is how long ago a post was written, as far as that is known.
func age(p post.Post) time.Duration {
	if p.At.IsZero() {
		return 0
	}
	return max(0, time.Since(p.At))
}

// RefuseBid is Refuse for those who need no outcome.
func (a *Auctioneer) RefuseBid(ctx context.Context, p post.Post, r auction.BidRefused) error {
	_, err := a.Refuse(ctx, p, r)
	return err
}

func (a *Auctioneer) submit(ctx context.Context, p post.Post, c auction.Command) (Outcome, error) {
	if p.Root == "" {
		p.Root = p.ID
	}
	if p.Root == "" {
		return Outcome{}, ErrNoPost
	}
	return a.ask(ctx, &request{post: p, command: c, answer: make(chan answer, 1)})
}

// Pause stops the clock of the lot on the block and holds bids off.
func (a *Auctioneer) Pause(ctx context.Context, who string) error {
	return a.operate(ctx, who, "pause", auction.Pause{})
}

// Resume lets a paused lot go on with the time that it had left.
func (a *Auctioneer) Resume(ctx context.Context, who string) error {
	return a.operate(ctx, who, "resume", auction.Resume{})
}

// Extend gives the lot on the block Config.ExtendBy more time.
func (a *Auctioneer) Extend(ctx context.Context, who string) error {
	return a.ExtendFor(ctx, who, a.cfg.ExtendBy)
}

// ExtendFor gives the lot on the block more time.
func (a *Auctioneer) ExtendFor(ctx context.Context, who string, by time.Duration) error {
	return a.operate(ctx, who, "extend", auction.Extend{By: by})
}

// Hammer closes the lot on the block now, as if its time were over.
func (a *Auctioneer) Hammer(ctx context.Context, who string) error {
	return a.operate(ctx, who, "hammer", auction.Hammer{})
}

// Withdraw takes the lot from the block unsold, whatever was bid.
func (a *Auctioneer) Withdraw(ctx context.Context, who string) error {
	return a.operate(ctx, who, "withdraw", auction.Withdraw{})
}

func (a *Auctioneer) operate(ctx context.Context, who, verb string, c auction.Command) error {
	_, err := a.ask(ctx, &request{who: who, verb: verb, command: c, answer: make(chan answer, 1)})
	if err != nil {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

func (a *Auctioneer) ask(ctx context.Context, r *request) (Outcome, error) {
	select {
	case a.in <- r:
	case <-a.done:
		return Outcome{}, ErrClosed
	case <-ctx.Done():
		return Outcome{}, ctx.Err()
	}
	select {
	case got := <-r.answer:
		return got.outcome, got.err
	case <-ctx.Done():
		return Outcome{}, fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	case <-a.done:
	}
	select { // the loop may have answered and ended at once
	case got := <-r.answer:
		return got.outcome, got.err
	default:
		return Outcome{}, ErrClosed
	}
}

// Run holds the auction until ctx ends.
func (a *Auctioneer) Run(ctx context.Context) error {
	if !a.running.CompareAndSwap(false, true) {
		return errors.New("auctioneer: Run was called twice; one house has one auctioneer")
	}
	defer close(a.done)
	if err := a.cfg.Session.Validate(); err != nil {
		return fmt.Errorf("auctioneer: %w", err)
	}
	a.clock = newClock(a.newest)
	if err := a.begin(ctx); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		a.arm(timer)
		var batch []*request
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case r := <-a.in:
			batch = a.gather(r)
		}
		if err := a.settle(ctx, batch); err != nil {
			return err
		}
	}
}

// begin gives the lot that an outage caught its grace time.
func (a *Auctioneer) begin(ctx context.Context) error {
	if a.cfg.Grace < 0 {
		return nil
	}
	if lot, open := a.state.Lot(); open {
		a.log.Info("a lot is on the block from before", telemetry.KeyLot, lot.Terms.Lot, "closes", lot.Closes)
	}
	for {
		r := &request{command: auction.Recover{Grace: a.cfg.Grace}, first: true, answer: make(chan answer, 1)}
		if err := a.settle(ctx, []*request{r}); err != nil {
			return err
		}
		if got := <-r.answer; got.err == nil {
			return nil
		}
	}
}

// arm sets the timer to the next instant at which the clock has something to tell.
func (a *Auctioneer) arm(t *time.Timer) {
	due, ok := a.state.Due()
	if !ok {
		t.Stop()
		return
	}
	t.Reset(max(0, due.Sub(a.clock.now())))
}

// patience is how often the loop lets others run before it goes on without those who were just answered.
const patience = 64

// gather takes along everything that waits with the first request. Those who were answered last are about to ask again,
// so it gives as many of them the time to do so as were there then; otherwise the fastest of them would have every second
// transaction for himself.
func (a *Auctioneer) gather(first *request) []*request {
	batch := a.drain([]*request{first})
	for i := 0; i < patience && len(batch) < min(a.crowd, a.cfg.MaxBatch); i++ {
		runtime.Gosched()
		batch = a.drain(batch)
	}
	a.crowd = max(len(batch), a.crowd-1-a.crowd/8) // one small batch among large ones is no sign that they left
	return batch
}

func (a *Auctioneer) drain(batch []*request) []*request {
	for len(batch) < a.cfg.MaxBatch {
		select {
		case r := <-a.in:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}
