package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
)

// write sends one letter after the other.
func (n *Notifier) write(ctx context.Context) error {
	for {
		l, wait, dropped := n.next(time.Now())
		if err := n.drop(ctx, dropped); err != nil {
			return err
		}
		if wait == 0 {
			if err := n.send(ctx, l); err != nil {
				return err
			}
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-n.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// idle is how long the writer sleeps when there is nothing to do and nobody wakes it.
const idle = time.Minute

// next is the letter to send now; or how long to wait before asking again.
func (n *Notifier) next(now time.Time) (letter, time.Duration, []drop) {
	n.mu.Lock()
	defer n.mu.Unlock()
	away := now.Before(n.hold)
	reason := reasonBudget
	if away {
		reason = reasonAway
	}
	dropped := n.queue.expire(now, n.cfg.Patience, reason)
	defer func() { n.meter.waiting.Set(float64(len(n.queue.letters))) }()
	switch {
	case len(n.queue.letters) == 0:
		return letter{}, idle, dropped
	case away:
		return letter{}, min(n.hold.Sub(now), idle), dropped
	}
	if wait := n.purse.take(now); wait > 0 {
		return letter{}, min(wait, idle), dropped
	}
	return n.queue.pop(), 0, dropped
}

// send writes a letter on X and records how that went.
func (n *Notifier) send(ctx context.Context, l letter) error {
	var id string
	var err error
	if l.to == "" {
		id, err = n.cfg.X.Post(ctx, l.text)
	} else {
		id, err = n.cfg.X.Reply(ctx, l.to, l.text)
	}
	switch at, again := retryAt(err); {
	case err == nil:
		return n.sent(ctx, l, id)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case again:
		return n.drop(ctx, n.keep(l, at, err))
	}
	n.log.Warn("a letter was not sent", "about", l.about.String(), "to", l.to, "err", err)
	return n.failed(ctx, l, err.Error())
}

// retryAt reads from an error whether nothing was written, and when to try again.
func retryAt(err error) (time.Time, bool) {
	var r interface{ RetryAt() time.Time }
	if !errors.As(err, &r) {
		return time.Time{}, false
	}
	return r.RetryAt(), true
}

// keep puts a letter back and holds all of them until X takes letters again: a moment that X named, or else a
// pause that grows from a second to half a minute.
func (n *Notifier) keep(l letter, at time.Time, err error) []drop {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at.IsZero() {
		at = time.Now().Add(min(30*time.Second, time.Second<<min(l.retries, 5)))
	}
	l.retries++
	n.purse.giveBack()
	n.hold = at
	n.meter.held.Inc()
	n.log.Warn("X takes no letters", "until", at, "err", err)
	return n.queue.put(l, n.cfg.Waiting)
}

// drop records what will not be sent.
func (n *Notifier) drop(ctx context.Context, dropped []drop) error {
	for _, d := range dropped {
		if err := n.failed(ctx, d.letter, d.reason); err != nil {
			return err
		}
	}
	return nil
}

func (n *Notifier) sent(ctx context.Context, l letter, id string) error {
	n.meter.wrote(l)
	return n.record(ctx, l, post.ReplySent{To: l.to, Handle: l.handle, ID: id, Text: l.text})
}

func (n *Notifier) failed(ctx context.Context, l letter, reason string) error {
	n.meter.lost(reason)
	return n.record(ctx, l, post.ReplyFailed{To: l.to, Handle: l.handle, Text: l.text, Reason: reason})
}

// record writes the end of a letter into the ledger, also while the program is stopping.
func (n *Notifier) record(ctx context.Context, l letter, d event.Data) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if _, err := n.cfg.Facts.Record(ctx, event.Draft{Cause: l.cause, Root: l.root, At: time.Now().UTC(), Data: d}); err != nil {
		return fmt.Errorf("record that post %s was answered: %w", l.to, err)
	}
	return nil
}
