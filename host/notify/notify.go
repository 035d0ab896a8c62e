// Package notify tells people on X what became of their bids, within a budget.
//
// Promises:
//
//   - everybody whose bid was taken, refused, outbid or won is told once; what plugins ask to be replied or posted goes
//     the same way;
//   - once means at most once for each post and purpose, also across restarts: what the ledger has as sent or failed
//     is not sent again. A crash between X's answer and the ledger is caught by X, which refuses a text twice;
//   - no more is sent than the budget allows; the most useful goes first, and what waited for too long is dropped;
//   - of several letters that wait for one person, only the one that still matters is sent;
//   - each letter ends as a fact, reply.sent or reply.failed, caused by the fact that it is about, unless a crash left it
//     and it was no longer worth sending when the program came back;
//   - a slow or dead X holds up nobody else;
//   - plugins answer those who wrote to the show, and nobody else on X.
package notify

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/event"
)

// Source gives events in order.
type Source interface {
	Next(ctx context.Context) (event.Event, error)
	Close()
}

// poster writes on X. An error with the method RetryAt means that nothing was written: try again after that time.
type poster interface {
	Reply(ctx context.Context, postID, text string) (id string, err error)
	Post(ctx context.Context, text string) (id string, err error)
}

type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

// Config is what a Notifier needs: the first four fields; the rest has defaults.
type Config struct {
	Subscribe func(after uint64, kinds ...event.Kind) Source
	Last      func() uint64 // number of the newest event
	X         poster
	Facts     recorder

	Budget   Budget
	Patience time.Duration // how long a letter about a bid is worth sending; 0 is 2 minutes
	Lookback uint64        // events before the newest that are looked through for letters that a crash left; 0 is 20,000
	Waiting  int           // letters that may wait; 0 is 500

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// Notifier writes the letters.
type Notifier struct {
	cfg   Config
	log   *slog.Logger
	meter meter
	wrote authors // the reader's own

	mu    sync.Mutex
	queue queue
	wake  chan struct{} // a letter was put into the queue
	hold  time.Time     // X takes nothing before
	purse *purse
	done  memory // answered, or on the way
}

// New makes a notifier.
func New(cfg Config) *Notifier {
	cfg.Budget = cfg.Budget.withDefaults()
	cfg.Patience = cmp.Or(cfg.Patience, 2*time.Minute)
	cfg.Lookback = cmp.Or(cfg.Lookback, 20_000)
	cfg.Waiting = cmp.Or(cfg.Waiting, 500)
	cfg.Logger = cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler))
	return &Notifier{cfg: cfg, log: cfg.Logger, meter: newMeter(cfg.Metrics), wake: make(chan struct{}, 1)}
}

// Run reads facts and writes letters until the context ends, or until the ledger fails.
func (n *Notifier) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	n.purse = newPurse(n.cfg.Budget, time.Time{}) // full at first; what was sent before a restart is taken out of it
	var wg sync.WaitGroup
	for _, part := range []func(context.Context) error{n.read, n.write} {
		wg.Go(func() { stop(part(ctx)) })
	}
	wg.Wait()
	return context.Cause(ctx)
}

// read turns facts into letters: first those that a crash may have left unanswered, then each as it comes.
func (n *Notifier) read(ctx context.Context) error {
	last := n.cfg.Last()
	left, err := n.unanswered(ctx, last)
	if err != nil {
		return err
	}
	source := n.cfg.Subscribe(last, kinds...)
	defer source.Close()
	for _, l := range left {
		if err := n.post(ctx, l); err != nil {
			return err
		}
	}
	for {
		e, err := source.Next(ctx)
		if err != nil {
			return fmt.Errorf("read what to tell people: %w", err)
		}
		n.wrote.note(e)
		for _, l := range letters(e) {
			if err := n.post(ctx, l); err != nil {
				return err
			}
		}
	}
}

// unanswered reads the newest events up to last and returns the letters that are still worth sending.
func (n *Notifier) unanswered(ctx context.Context, last uint64) ([]letter, error) {
	if last == 0 {
		return nil, nil
	}
	source := n.cfg.Subscribe(last - min(last, n.cfg.Lookback))
	defer source.Close()
	past := newHistory()
	for {
		e, err := source.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("read what people were told: %w", err)
		}
		n.wrote.note(e)
		past.add(e)
		if e.Seq >= last {
			break
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for k := range past.ended {
		n.done.add(k)
	}
	for _, at := range past.sent {
		n.purse.take(at)
	}
	return past.open(time.Now(), n.cfg.Patience), nil
}

// post puts a letter into the queue, unless it was sent before. Letters that it makes needless, and the least
// useful one when the queue is full, are dropped.
func (n *Notifier) post(ctx context.Context, l letter) error {
	if l.handle == "" {
		l.handle = n.wrote.of(l.to)
	}
	stranger := l.about == asked && l.to != "" && l.handle == ""
	n.mu.Lock()
	var dropped []drop
	switch fresh := n.done.add(l.key()); {
	case fresh && stranger:
		dropped = []drop{{l, reasonStranger}}
	case fresh:
		dropped = n.queue.put(l, n.cfg.Waiting)
	}
	n.meter.waiting.Set(float64(len(n.queue.letters)))
	n.mu.Unlock()
	select {
	case n.wake <- struct{}{}:
	default:
	}
	return n.drop(ctx, dropped)
}
