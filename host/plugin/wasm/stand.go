package wasm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/sothebais/sothebais/host/plugin"
)

// standing lets somebody copy the spare of a guest while the guest goes on.
type standing struct {
	mu    sync.Mutex // held while the spare is copied, or becomes something else
	moves int        // how often it became something else
	pins  atomic.Int32
}

// move begins a change of the spare; what it returns ends it.
func (s *standing) move() (end func()) {
	s.mu.Lock()
	s.moves++
	return s.mu.Unlock
}

// Stand is plugin.Stander's. Where the guest stands is what its spare becomes by playing the journal, so nothing is
// copied here: the spare stays as it is until spawn has copied it.
func (g *guest) Stand() (func(context.Context) (plugin.Guest, error), error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	g.stand.pins.Add(1)
	moves := g.stand.moves // only the guest itself moves it
	store := g.box.store.clone()
	j := g.journal
	j.records, j.batches = j.records[:len(j.records):len(j.records)], slices.Clone(j.batches)
	return func(context.Context) (plugin.Guest, error) {
		defer g.stand.pins.Add(-1)
		t, err := g.twin(moves)
		if err != nil {
			return nil, err
		}
		t.box.store, t.journal, t.box.mute = store, j, true
		t.box.store.back(0)
		if err := t.replay(); err != nil {
			return nil, errors.Join(fmt.Errorf("play to a copy: %w", err), t.Close(t.ctx))
		}
		t.box.mute, t.stale = false, true
		return t, nil
	}, nil
}

// twin is a copy of the spare, if that is still what it was.
func (g *guest) twin(moves int) (*guest, error) {
	g.stand.mu.Lock()
	defer g.stand.mu.Unlock()
	if g.stand.moves != moves || g.module == nil {
		return nil, fmt.Errorf("copy the instance: %w", plugin.ErrChanged)
	}
	g.runtime.use(g.module.sum)
	t := g.runtime.newGuest(g.module, g.manifest)
	t.sum = g.sum
	inst, err := t.copyOf(g.spare)
	if err != nil {
		return nil, errors.Join(err, t.Close(t.ctx))
	}
	t.inst, t.box.fuel = inst, inst.fuel
	return t, nil
}

var _ plugin.Stander = (*guest)(nil)
