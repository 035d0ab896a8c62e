package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"github.com/sothebais/sothebais/host/plugin"
)

// Where a guest stands is what a process becomes that begins at its image and plays its journal. Both lie in memory of
// the program, so somebody else can copy them while the guest goes on: entries of the journal are not touched once they
// are written, and an image is made beside the one that counts. Only making an image of the guest as it is now ends that.

// standing is what somebody has to heed who copies image and journal.
type standing struct {
	mu    sync.Mutex   // held while they are copied, or become others
	moves int          // how often they became others
	pins  atomic.Int32 // how many want to copy what there is now
}

// move begins a change of image and journal; what it returns ends it.
func (s *standing) move() (end func()) {
	s.mu.Lock()
	s.moves++
	s.pins.Store(0)
	return s.mu.Unlock
}

// pin asks for image and journal to stay, and says which they are.
func (s *standing) pin() (moves int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pins.Add(1)
	return s.moves
}

func (s *standing) pinned() bool { return s.pins.Load() > 0 }

// copy runs f if image and journal are still those of then, and unpins them.
func (s *standing) copy(moves int, f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.moves != moves {
		return plugin.ErrChanged
	}
	s.pins.Add(-1)
	return f()
}

// Stand is plugin.Stander's.
func (g *guest) Stand() (func(context.Context) (plugin.Guest, error), error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead != nil {
		return nil, g.dead
	}
	if g.stale {
		if err := g.checkpoint(); err != nil {
			return nil, err
		}
	}
	from := stand{of: g, moves: g.stand.pin(), keep: g.keep, journal: g.journal, stats: g.stats}
	return from.spawn, nil
}

// Clone is plugin.Guest's.
func (g *guest) Clone(ctx context.Context) (plugin.Guest, error) {
	spawn, err := g.Stand()
	if err != nil {
		return nil, err
	}
	return spawn(ctx)
}

// stand is where a guest stood.
type stand struct {
	of      *guest
	moves   int
	keep    int32
	journal journal
	stats   plugin.Stats
}

// spawn makes a guest that begins there, in a process of its own: the one that stands by for the other, if there is one.
func (s stand) spawn(ctx context.Context) (plugin.Guest, error) {
	c, err := s.of.blank()
	if err != nil {
		return nil, errors.Join(err, s.of.stand.copy(s.moves, func() error { return nil }))
	}
	c.mu.Lock()
	c.keep, c.stats, c.passed, c.shut = s.keep, s.stats, s.stats.Passed, s.stats.Shut
	err = s.of.stand.copy(s.moves, func() error {
		c.journal = s.journal.copyTo(c.journal.room)
		return copyPlace(c.cradle.shelfFile, s.of.cradle.shelfFile, int(s.keep), c.program.Manifest.Limits.MemoryMiB)
	})
	if err == nil {
		if err = c.succeed(); isLost(err) {
			c.bury(err)
			err = c.ensure()
		}
	}
	c.mu.Unlock()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("copy the guest: %w", err), c.Close(ctx))
	}
	c.startWatch()
	return c, nil
}

// blank makes another guest of the same plugin, without image. It takes the process that stands by.
func (g *guest) blank() (*guest, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cradle.paper == nil {
		return nil, fmt.Errorf("copy the guest: %w", os.ErrClosed)
	}
	p := g.spare
	if p == nil || p.ended.Load() {
		return g.runtime.newGuest(g.program, g.cradle.paper)
	}
	g.spare = nil
	on := p.own
	p.own, p.place = nil, placeOwn
	c, err := g.runtime.newGuestOn(on, g.program, g.cradle.paper)
	if err != nil {
		p.end()
		return nil, err
	}
	c.spare = p
	return c, nil
}

var _ plugin.Stander = (*guest)(nil)
