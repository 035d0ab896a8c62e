package host

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// scribe records facts for parts that must not wait for the disk: the stage, the encoder, the outputs.
// What comes while a write is under way goes into the next one. Order is kept; what finds no room is counted and lost,
// which takes a disk that stands still for many seconds.
type scribe struct {
	in     chan note
	facts  recorder
	ledger reader
	log    *slog.Logger
	lost   prometheus.Counter
	roots  map[uint64]bool // chains whose first frame was told
}

// recorder makes facts durable.
type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

// reader reads the ledger.
type reader interface {
	Read(ctx context.Context, after uint64, limit int) ([]event.Event, error)
}

// note is a fact to record, or a cue that was shown, whose facts depend on what it was.
type note struct {
	draft event.Draft
	shown *compositor.Shown
}

func newScribe(facts recorder, ledger reader, log *slog.Logger, reg prometheus.Registerer) *scribe {
	s := &scribe{in: make(chan note, 4096), facts: facts, ledger: ledger, log: log, roots: map[uint64]bool{},
		lost: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "scribe", Name: "lost_total", Help: "Facts about the stage that found no room."})}
	reg.MustRegister(s.lost)
	return s
}

// note takes a fact and returns at once.
func (s *scribe) note(d event.Data, cause uint64, at time.Time) {
	s.put(note{draft: event.Draft{Data: d, Cause: cause, At: at}})
}

// shown takes that a cue is in a frame, and returns at once.
func (s *scribe) shown(sh compositor.Shown) { s.put(note{shown: &sh}) }

func (s *scribe) put(n note) {
	select {
	case s.in <- n:
	default:
		s.lost.Inc()
	}
}

// Run records until ctx ends.
func (s *scribe) Run(ctx context.Context) error {
	for {
		var batch []event.Draft
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n := <-s.in:
			batch = s.draft(ctx, batch, n)
		}
		for len(s.in) > 0 && len(batch) < 256 {
			batch = s.draft(ctx, batch, <-s.in)
		}
		if len(batch) == 0 {
			continue
		}
		if _, err := s.facts.Record(ctx, batch...); err != nil {
			return fmt.Errorf("record what the stage did: %w", err)
		}
	}
}

// draft adds the facts of a note to a batch.
func (s *scribe) draft(ctx context.Context, batch []event.Draft, n note) []event.Draft {
	if n.shown == nil {
		return append(batch, n.draft)
	}
	raised, err := s.find(ctx, n.shown.Seq)
	if err != nil {
		s.log.Warn("a cue was shown that the ledger does not know", telemetry.KeySeq, n.shown.Seq, telemetry.KeyErr, err)
		return batch
	}
	if c, ok := raised.Data.(cue.Raised); ok && c.Cue.Verb == cue.Scene {
		batch = append(batch, event.Draft{Data: show.SceneShown{Scene: c.Cue.Name}, Cause: raised.Seq, At: n.shown.At})
	}
	if d, ok := s.firstFrame(ctx, raised, n.shown); ok {
		batch = append(batch, d)
	}
	return batch
}

// firstFrame is the fact that something a person did is in a frame for the first time. Spoken lines do not count: they
// wait for their turn, and speech.started tells of them.
func (s *scribe) firstFrame(ctx context.Context, raised event.Event, sh *compositor.Shown) (event.Draft, bool) {
	if c, ok := raised.Data.(cue.Raised); !ok || c.Cue.Verb == cue.Say || s.roots[raised.Root] {
		return event.Draft{}, false
	}
	root, err := s.find(ctx, raised.Root)
	if err != nil {
		return event.Draft{}, false
	}
	switch root.Data.(type) {
	case post.Received, show.OperatorActed:
	default:
		return event.Draft{}, false
	}
	if len(s.roots) > 4096 {
		clear(s.roots) // at worst a chain is told twice
	}
	s.roots[raised.Root] = true
	millis := float64(sh.At.Sub(root.At).Microseconds()) / 1000
	return event.Draft{Data: show.CueShown{Frame: sh.Frame, Millis: millis}, Cause: raised.Seq, At: sh.At}, true
}

func (s *scribe) find(ctx context.Context, seq uint64) (event.Event, error) {
	if seq == 0 {
		return event.Event{}, fmt.Errorf("fact 0 is none")
	}
	found, err := s.ledger.Read(ctx, seq-1, 1)
	if err != nil {
		return event.Event{}, err
	}
	if len(found) == 0 || found[0].Seq != seq {
		return event.Event{}, fmt.Errorf("fact %d is not in the ledger", seq)
	}
	return found[0], nil
}
