package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/telemetry"
)

const (
	// A guest is dead when its process ended so often within a while.
	maxDeaths   = 8
	deathWindow = 30 * time.Second
	// From the second death on, the next process waits, twice as long each time.
	firstPause = 5 * time.Millisecond
	maxPause   = 500 * time.Millisecond
	// fuelPerNano is how fast fuel burns, about.
	fuelPerNano = 10
	// slack is how much longer than it should a batch may take.
	slack = 20
)

// guest is a plugin whose instance is in another process.
type guest struct {
	runtime *Runtime
	program *wasm.Program
	log     *slog.Logger
	cradle  *cradle

	alive atomic.Pointer[process] // proc, for whoever may not wait

	mu      sync.Mutex // guards all below, against the watch
	proc    *process   // nil between two
	spare   *process   // has compiled the plugin, and waits
	folder  string     // of its compiled code; empty when there is none, or another guest wrote the paper
	keep    int32      // place of the image that counts, -1 for none
	journal journal
	stale   bool     // image and journal do not lead to where it stands: an image has to be made before anything else
	stand   standing // for those who copy image and journal meanwhile
	codec   wasm.Codec
	out     []byte // copy of the last answer
	stats   plugin.Stats
	passed  plugin.Passed // limits, by children that ended
	shut    uint64        // and how often their store was closed to them
	asked   bool          // since the last heartbeat
	deaths  int
	since   time.Time // of the first of them
	dead    error

	stop  context.CancelFunc
	watch sync.WaitGroup
}

// newGuest makes a guest without a process, described by a paper that it does not own; without one it writes its own.
func (r *Runtime) newGuest(p *wasm.Program, known *os.File) (*guest, error) {
	on, err := newGround(p.Manifest.Limits.MemoryMiB)
	if err != nil {
		return nil, err
	}
	return r.newGuestOn(on, p, known)
}

// newGuestOn is newGuest on a ground that is the guest's from here on.
func (r *Runtime) newGuestOn(on *ground, p *wasm.Program, known *os.File) (*guest, error) {
	g := &guest{runtime: r, program: p, keep: -1, stats: plugin.Stats{SHA256: p.SHA256}, stop: func() {},
		log:     r.cfg.Logger.With(telemetry.KeyPlugin, p.Manifest.ID),
		cradle:  &cradle{ground: on, command: r.cfg.Command, spawner: r.spawner, children: r.metrics.children},
		journal: journal{room: on.ring.requests()}}
	var err error
	if known != nil {
		g.cradle.paper, err = reopen(known)
	} else if g.folder, err = r.folder(p); err == nil {
		g.cradle.paper, err = r.describe(p, g.folder, validated(g.folder))
	}
	if err != nil {
		return nil, errors.Join(err, g.free())
	}
	return g, nil
}

// start compiles and starts the plugin in its first process.
func (g *guest) start(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	proc, err := g.cradle.spawn(nil)
	if err != nil {
		return err
	}
	if err := proc.greet(ctx, g.runtime.cfg.LoadTime); err != nil {
		proc.end()
		return g.notCompiled(err)
	}
	g.hold(proc)
	if err := proc.answer(g.cradle.ring); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, proc.kill)()
	_, _, err = g.call(opStart, 0, 0, g.runtime.cfg.LoadTime)
	if isLost(err) {
		why := g.bury(err)
		return errors.Join(ctx.Err(), fmt.Errorf("%w: it does not start: %s", plugin.ErrModule, why))
	}
	if err != nil {
		return err
	}
	g.kept()
	if err := g.becomeKnown(); err != nil {
		return err
	}
	g.startWatch()
	return ctx.Err()
}

// becomeKnown writes the paper for successors, which need not validate the module once more, nor get the store but from
// an image.
func (g *guest) becomeKnown() error {
	if err := mark(g.folder); err != nil {
		return err
	}
	p := *g.program
	p.Store.Content = nil
	known, err := g.runtime.describe(&p, g.folder, true)
	if err != nil {
		return err
	}
	err = g.cradle.paper.Close()
	g.cradle.paper = known
	p.Code, p.Config = nil, nil // the paper has them
	g.program = &p
	return err
}

// startWatch begins to look after the guest.
func (g *guest) startWatch() {
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	g.watch.Go(func() { g.look(ctx) })
}

// hold makes a child, or none, the one that is asked.
func (g *guest) hold(p *process) {
	g.proc = p
	g.alive.Store(p)
}

// notCompiled says what became of a child that never said hello; err is what it said, or how it ended.
func (g *guest) notCompiled(err error) error {
	var said *childError
	if errors.As(err, &said) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: it cannot be compiled: %w", plugin.ErrModule, err)
}

// HandleBatch is plugin.Guest's.
func (g *guest) HandleBatch(_ context.Context, events []event.Event) ([]plugin.Reaction, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.settle(); err != nil {
		return nil, err
	}
	size, n, err := g.write(func() (int, int, error) { return g.journal.batch(&g.codec, events) })
	if err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, nil
	}
	a, out, err := g.ask(opHandle, g.journal.tail, size, g.batchTime(n))
	if err != nil {
		if !isLost(err) {
			g.trapped()
		}
		return nil, err
	}
	var commands []byte
	if a.Size > 0 {
		commands = out[:a.Size]
	}
	reactions, unknown, dropped, err := g.codec.Decode(commands, g.program.Manifest.Limits.Commands)
	if err != nil {
		return nil, g.malformed(err)
	}
	if a.Writes > 0 {
		if reactions, err = g.codec.DecodeWrites(reactions, out[a.Size:]); err != nil {
			g.trapped()
			return nil, g.gaveUp(fmt.Errorf("%w: %w", errLie, err))
		}
	}
	g.stats.Unknown += uint64(unknown)
	g.stats.Dropped += uint64(dropped)
	g.stats.Passed[plugin.LimitCommands] = g.stats.Dropped // which is counted here
	g.journal.add(size, n, a.Fuel)
	return reactions, nil
}

// malformed gives the error of a batch whose answer cannot be read. An honest child has found that out by itself meanwhile,
// has put the guest back, and says so when it is asked.
func (g *guest) malformed(why error) error {
	g.trapped()
	_, _, err := g.call(opPing, 0, 0, g.runtime.cfg.BatchTime)
	switch {
	case err == nil:
		return g.gaveUp(fmt.Errorf("%w: %w", errLie, why))
	case isLost(err):
		return g.gaveUp(err)
	}
	return err
}

// settle makes image and journal ready for the next call.
func (g *guest) settle() error {
	if g.dead != nil { // there may be no journal any more to write to
		return g.dead
	}
	if g.stale || g.journal.long(g.stats.Memory) && !g.stand.pinned() {
		return g.checkpoint()
	}
	return nil
}

// trapped notes that a batch failed, for successors: what fuel was saved up was lost by it.
func (g *guest) trapped() {
	size, err := g.journal.trapped()
	if err != nil {
		g.stale = true
		return
	}
	g.journal.add(size, 0, 0)
}

// batchTime is how long n events may take.
func (g *guest) batchTime(n int) time.Duration {
	fuel := g.program.Manifest.Limits.Fuel * int64(n+2)
	return g.runtime.cfg.BatchTime + slack*time.Duration(fuel/fuelPerNano)
}

// write puts an entry behind the journal; when there is no room for it, an image takes the place of the journal.
func (g *guest) write(entry func() (int, int, error)) (size, n int, err error) {
	if size, n, err = entry(); !errors.Is(err, errRoom) {
		return size, n, err
	}
	if err := g.checkpoint(); err != nil {
		return 0, 0, err
	}
	if size, n, err = entry(); errors.Is(err, errRoom) {
		err = &plugin.TrapError{Reason: fmt.Sprintf("its events take more than %d bytes", requestRoom), Err: err}
	}
	return size, n, err
}

// Save is plugin.Guest's.
func (g *guest) Save(context.Context) ([]byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.settle(); err != nil {
		return nil, err
	}
	_, out, err := g.ask(opSave, 0, 0, g.runtime.cfg.LoadTime)
	if err != nil {
		return nil, err
	}
	g.stale = true // what save changed stands in no journal
	return append([]byte(nil), out...), nil
}

// Restore is plugin.Guest's.
func (g *guest) Restore(_ context.Context, state []byte) error {
	return g.takeOver(opRestore, 0, state)
}

// Migrate is plugin.Guest's.
func (g *guest) Migrate(_ context.Context, version int, state []byte) error {
	return g.takeOver(opMigrate, version, state)
}

// takeOver makes the state the first entry of the journal, so that a successor takes it over too.
func (g *guest) takeOver(op uint32, version int, state []byte) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.dead != nil {
		return g.dead
	}
	if g.stale || g.journal.tail > 0 {
		if err := g.checkpoint(); err != nil {
			return err
		}
	}
	size, err := g.journal.state(op, version, state)
	if err != nil {
		return fmt.Errorf("%w: %d bytes are more than a plugin's process takes", plugin.ErrState, len(state))
	}
	if _, _, err = g.ask(op, 0, size, g.runtime.cfg.LoadTime); err != nil {
		return err
	}
	g.journal.add(size, 0, 0)
	return nil
}

// checkpoint lets an image take the place of the journal.
func (g *guest) checkpoint() error {
	if _, _, err := g.ask(opCheckpoint, 0, 0, g.runtime.cfg.LoadTime); err != nil {
		return err
	}
	g.kept()
	return nil
}

// kept takes in that there is a new image.
func (g *guest) kept() {
	defer g.stand.move()()
	g.keep, g.stale = other(g.keep), false
	g.journal.clear()
}

// Stats is plugin.Guest's.
func (g *guest) Stats() plugin.Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stats
}

// Close is plugin.Guest's.
func (g *guest) Close(context.Context) error {
	g.stop()
	g.watch.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = plugin.ErrDead
	for _, p := range []*process{g.proc, g.spare} {
		if p != nil {
			p.end()
		}
	}
	g.hold(nil)
	g.spare = nil
	defer g.stand.move()()
	return g.free()
}

// free gives the shared memory back.
func (g *guest) free() error {
	c := g.cradle
	err := c.ground.free()
	if c.paper != nil {
		err = errors.Join(err, c.paper.Close())
	}
	*c = cradle{}
	return err
}
