package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/sothebais/sothebais/host/event"
)

// ringSize is how many encoded facts are kept for readers that are a little behind: two seconds of a very busy show.
const ringSize = 4096

// line is one fact, encoded once for all readers.
type line struct {
	seq   uint64
	topic string
	json  []byte
}

// hub keeps the newest facts encoded and tells readers that there are more. It never waits for a reader.
type hub struct {
	mu    sync.Mutex
	base  uint64 // newest fact that is not in the ring
	ring  []line // the facts from base+1 on, without gaps
	moved chan struct{}
}

func newHub(base uint64) *hub { return &hub{base: base, moved: make(chan struct{})} }

// add appends facts and wakes the readers.
func (h *hub) add(lines []line) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ring = append(h.ring, lines...)
	// Cut in large steps, so that appending stays cheap.
	if len(h.ring) > 2*ringSize {
		h.base = h.ring[len(h.ring)-ringSize-1].seq
		h.ring = append(make([]line, 0, 3*ringSize), h.ring[len(h.ring)-ringSize:]...)
	}
	close(h.moved)
	h.moved = make(chan struct{})
}

// after gives what the ring holds beyond a cursor. held is false when older facts are needed, which the ledger has.
func (h *hub) after(cursor uint64, limit int) (lines []line, held bool, moved <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if cursor < h.base {
		return nil, false, h.moved
	}
	i := min(cursor-h.base, uint64(len(h.ring)))
	rest := h.ring[i:]
	return rest[:min(len(rest), limit)], true, h.moved
}

// wait is closed when something was added.
func (h *hub) wait() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.moved
}

// Run keeps the feed moving until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	if s.cfg.Subscribe == nil || s.cfg.Bus == nil {
		<-ctx.Done()
		return nil
	}
	sub := s.cfg.Subscribe(s.hub.base)
	defer sub.Close()
	for {
		batch, err := sub.NextBatch(ctx, nil)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("follow the ledger: %w", err)
		}
		lines, err := encodeLines(batch)
		if err != nil {
			return err
		}
		s.hub.add(lines)
	}
}

func encodeLines(batch []event.Event) ([]line, error) {
	lines := make([]line, len(batch))
	for i, e := range batch {
		v, err := viewEvent(e)
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("encode event %d: %w", e.Seq, err)
		}
		lines[i] = line{seq: e.Seq, topic: v.Topic, json: b}
	}
	return lines, nil
}
