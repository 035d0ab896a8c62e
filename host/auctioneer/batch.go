package auctioneer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// request is one thing to decide: a post that bids, or an operator's act.
type request struct {
	post      post.Post
	who, verb string // of an operator's act
	command   auction.Command
	first     bool // decided before the clock is asked: the recovery must come before the hammer
	answer    chan answer

	from, to int   // its facts within the batch's drafts, while the batch is decided
	err      error // why an operator's act cannot be done
}

type answer struct {
	outcome Outcome
	err     error
}

func (r *request) isPost() bool { return r.verb == "" && !r.first }

func (r *request) origin() string { return "x:" + r.post.Root }

// settle decides a batch, records it and answers it. Without a request it serves the clock alone. Its error ends Run.
func (a *Auctioneer) settle(ctx context.Context, batch []*request) error {
	batch, twins := a.known(batch)
	begin := time.Now()
	for {
		d := a.decide(batch)
		events, err := a.record(ctx, d.drafts)
		var dup *event.DuplicateOriginError
		if errors.As(err, &dup) {
			if batch, err = a.dropDuplicate(batch, dup); err == nil {
				continue
			}
		}
		if err != nil {
			refuseAll(append(batch, twins...), err)
			return a.forget(ctx, err)
		}
		a.commit(d, events)
		a.answerAll(batch, events)
		a.answerTwins(twins)
		a.metrics.settled(len(batch), time.Since(begin))
		return nil
	}
}

// known answers the posts that were decided a short while ago, and sets those apart that are in the batch twice.
func (a *Auctioneer) known(batch []*request) (fresh, twins []*request) {
	seen := map[string]bool{}
	for _, r := range batch {
		if !r.isPost() {
			fresh = append(fresh, r)
			continue
		}
		origin := r.origin()
		if out, ok := a.recent.get(origin); ok {
			out.Duplicate = true
			r.answer <- answer{outcome: out}
			continue
		}
		if seen[origin] {
			twins = append(twins, r)
			continue
		}
		seen[origin] = true
		fresh = append(fresh, r)
	}
	return fresh, twins
}

// decision is a tentative future: facts, and the state that they lead to.
type decision struct {
	now    time.Time
	drafts []event.Draft
	state  auction.State
}

func (a *Auctioneer) decide(batch []*request) *decision {
	d := &decision{now: a.clock.now(), state: a.state}
	if len(batch) == 0 || !batch[0].first {
		d.tick()
	}
	for _, r := range batch {
		d.decide(r)
		d.tick() // a hammer may close the session at once
	}
	return d
}

// tick adds what has come due. Time has no cause, so each of these facts begins a chain.
func (d *decision) tick() { d.add(auction.Tick{}, func(int) int { return 0 }) }

// decide adds a request's facts: first where it came from, then what follows from it.
func (d *decision) decide(r *request) {
	r.from, r.err = len(d.drafts), nil
	switch {
	case r.isPost():
		d.push(event.Draft{Origin: r.origin(), Data: post.Received{Post: r.post, Intent: post.IntentBid}})
	case !r.first:
		d.push(event.Draft{Data: show.OperatorActed{Who: r.who, What: d.describe(r.verb)}})
	}
	// A bid follows from the post and the extension from the bid; an operator's facts follow from his act.
	back := func(i int) int { return i + 1 }
	if r.isPost() {
		back = func(int) int { return 1 }
	} else if r.first {
		back = func(int) int { return 0 }
	}
	if r.err = d.add(r.command, back); r.err != nil {
		d.drafts = d.drafts[:r.from] // an act that cannot be done leaves no trace
	}
	r.to = len(d.drafts)
}

func (d *decision) describe(verb string) string {
	if lot, open := d.state.Lot(); open {
		return verb + " " + string(lot.Terms.Lot)
	}
	return verb
}

func (d *decision) add(c auction.Command, back func(i int) int) error {
	facts, err := d.state.Decide(d.now, c)
	if err != nil {
		return err
	}
	for i, f := range facts {
		d.push(event.Draft{Back: back(i), Data: f})
		d.state = d.state.Apply(d.now, f)
	}
	return nil
}

func (d *decision) push(draft event.Draft) {
	draft.At = d.now
	d.drafts = append(d.drafts, draft)
}

func (a *Auctioneer) record(ctx context.Context, drafts []event.Draft) ([]event.Event, error) {
	if len(drafts) == 0 {
		return nil, nil
	}
	events, err := a.facts.Record(ctx, drafts...)
	if err == nil && len(events) != len(drafts) {
		return nil, fmt.Errorf("%d drafts came back as %d events", len(drafts), len(events))
	}
	return events, err
}

// dropDuplicate answers the post that the ledger has seen before, and returns the rest of the batch.
func (a *Auctioneer) dropDuplicate(batch []*request, dup *event.DuplicateOriginError) ([]*request, error) {
	for i, r := range batch {
		if r.isPost() && r.origin() == dup.Origin {
			out := Outcome{Duplicate: true}
			a.recent.put(dup.Origin, out)
			r.answer <- answer{outcome: out}
			return append(batch[:i:i], batch[i+1:]...), nil
		}
	}
	return batch, fmt.Errorf("a foreign origin was refused: %w", dup)
}

// commit makes the tentative state the real one.
func (a *Auctioneer) commit(d *decision, events []event.Event) {
	if len(events) == 0 {
		return
	}
	a.state = d.state
	a.seq = events[len(events)-1].Seq
	a.newest = d.now
	a.show()
}

func (a *Auctioneer) answerAll(batch []*request, events []event.Event) {
	for _, r := range batch {
		if r.err != nil || !r.isPost() {
			r.answer <- answer{err: r.err}
			continue
		}
		out := outcomeOf(events[r.from:r.to])
		a.metrics.decided(out)
		a.recent.put(r.origin(), out)
		r.answer <- answer{outcome: out}
	}
}

func (a *Auctioneer) answerTwins(twins []*request) {
	for _, r := range twins {
		out, _ := a.recent.get(r.origin())
		out.Duplicate = true
		r.answer <- answer{outcome: out}
	}
}

func outcomeOf(events []event.Event) Outcome {
	for _, e := range events {
		switch d := e.Data.(type) {
		case auction.BidAccepted:
			return Outcome{Accepted: &d, Event: e}
		case auction.BidRefused:
			return Outcome{Refused: &d, Event: e}
		}
	}
	return Outcome{}
}

func refuseAll(batch []*request, err error) {
	for _, r := range batch {
		r.answer <- answer{err: fmt.Errorf("%w: %w", ErrUnknown, err)}
	}
}

// forget drops what was tentative and learns from the ledger what has happened. It tries until it succeeds: to go on
// without knowing the leading bid would be worse than to stand still.
func (a *Auctioneer) forget(ctx context.Context, cause error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if a.ledger == nil {
		return fmt.Errorf("auctioneer: recording failed and there is no ledger to replay: %w", cause)
	}
	a.log.Error("recording failed; replaying the ledger", telemetry.KeyErr, cause)
	a.metrics.replays.Inc()
	wait := 50 * time.Millisecond
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		err := a.catchUp(ctx)
		if err == nil {
			a.show()
			return nil
		}
		a.log.Error("the ledger cannot be read", telemetry.KeyErr, err)
		wait = min(2*wait, 5*time.Second)
	}
}
