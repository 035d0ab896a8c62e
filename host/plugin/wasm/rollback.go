package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// How a guest gets back to where it stood before a batch that failed: each guest has a second instance, the spare,
// which stands where the first stood a while ago, and a journal of what happened since. The spare catches up on the
// journal and takes over; the other becomes a copy of it before the next call.
//
// The spare is brought up to date by copying memory and globals. Mapping the memory copy-on-write instead was measured
// and is slower for anything but a guest that touches next to nothing: a page fault costs as much as copying 16 to 400
// KiB, and each page that an event writes to would fault anew after every copy.

// Bounds of a journal. It is dropped, and the spare made a copy, when playing it would take sixteen times as long as
// making the copy: each event pays its share of the copies, and only one that fails waits for the journal to be played.
// Nobody shall wait for longer than replayMost, though, unless a copy takes half of that by itself.
const (
	replayFloor = 5_000      // nanoseconds
	replayMost  = 10_000_000 // nanoseconds
	eventNanos  = 20         // of writing one event into the guest
	callNanos   = 100        // of one call into it
	fuelANano   = 10
	copiesAByte = 2 // nanoseconds of sixteen copies
	maxJournal  = 1 << 20
	maxReplayed = 4096
)

// journal is what happened to a guest since its spare was a copy of it.
type journal struct {
	taken   handed // what it took over from a predecessor, before anything else
	records []byte // the events that it heard
	batches []batch
	events  int
	work    int64 // fuel
}

// handed is the state of a predecessor.
type handed struct {
	is      bool
	migrate bool
	version int
	bytes   []byte
}

// batch is a stretch of the records.
type batch struct {
	events, bytes int
	seq           uint64 // of the first event
	now           int64
	exact         bool // the guest asked for time or chance, which depend on where the batch begins
}

// add notes a batch that was handled for so much fuel; exact says that where it begins means something, and room is what
// the guest's buffer takes. Since it means nothing else how events are batched, short batches become one.
func (j *journal) add(encoded []byte, fuel int64, exact bool, room uint32) {
	records := encoded[abi.BatchHeader:]
	n := abi.BatchCount(encoded)
	seq, now := abi.BatchStart(encoded)
	j.records = append(j.records, records...)
	j.events += n
	j.work += fuel
	b := batch{n, len(records), seq, now, exact}
	if n := len(j.batches); n > 0 && !b.exact {
		last := &j.batches[n-1]
		if !last.exact && last.events+b.events <= abi.MaxBatchEvents && abi.BatchHeader+last.bytes+b.bytes <= int(room) {
			last.events += b.events
			last.bytes += b.bytes
			return
		}
	}
	j.batches = append(j.batches, b)
}

// long reports whether it is time for a new copy of a guest with so much memory.
func (j *journal) long(memory uint32) bool {
	nanos := j.work/fuelANano + eventNanos*int64(j.events) + callNanos*int64(len(j.batches))
	copies := copiesAByte * int64(memory)
	return nanos > max(replayFloor, min(copies, replayMost), copies/8) || j.events >= maxReplayed || len(j.records) >= maxJournal
}

func (j *journal) empty() bool { return !j.taken.is && len(j.batches) == 0 }

func (j *journal) reset() {
	j.taken, j.records, j.batches, j.events, j.work = handed{}, j.records[:0], j.batches[:0], 0, 0
}

// settle makes the guest ready for the next call.
func (g *guest) settle() error {
	if g.dead {
		return plugin.ErrDead
	}
	if !g.stale {
		return nil
	}
	return g.checkpoint()
}

// checkpoint makes the spare a copy of the instance, and a new spare where the old one cannot become that. A guest
// that has none cannot go on: its next failure could not be undone.
func (g *guest) checkpoint() error {
	defer g.stand.move()()
	var err error
	if g.spare.canBe(g.inst) {
		err = g.spare.become(g.inst)
	} else {
		err = g.spare.close()
		if g.spare = nil; err == nil {
			g.spare, err = g.copyOf(g.inst)
		}
	}
	if err != nil {
		return g.die(fmt.Errorf("copy the instance: %w", err))
	}
	g.stale = false
	g.box.store.mark()
	g.journal.reset()
	return nil
}

// copyOf makes another instance that stands where i stands.
func (g *guest) copyOf(i *instance) (*instance, error) {
	g.memories.copy, g.memories.room = true, uint64(i.mem.Size())
	defer func() { g.memories.copy, g.memories.room = false, 0 }()
	c, err := instantiate(g.ctx, g.runtime.engine, g.module)
	if err != nil {
		return nil, err
	}
	if err := c.become(i); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (g *guest) die(err error) error {
	g.dead = true
	return fmt.Errorf("%w: %w", plugin.ErrDead, err)
}

// rollBack puts the guest back to where it stood after the last call that went well. written is how much the store
// had to tell by then.
func (g *guest) rollBack(written int) error {
	moved := g.stand.move()
	g.inst, g.spare, g.stale = g.spare, g.inst, true
	moved()
	g.box.fuel, g.box.mute = g.inst.fuel, true
	g.box.store.back(written)
	stats := g.stats
	err := g.replay()
	g.box.mute, g.stats = false, stats
	g.box.store.untell(written)
	if err != nil {
		return g.die(fmt.Errorf("roll back: %w", err))
	}
	return nil
}

// replay does once more what went well once. What the guest asks for was heard the first time.
func (g *guest) replay() error {
	if g.journal.taken.is {
		if err := g.restore(g.journal.taken); err != nil {
			return err
		}
	}
	records := g.journal.records
	g.box.allow(math.MaxInt)
	for _, b := range g.journal.batches {
		g.buf = append(abi.BeginBatch(g.buf), records[:b.bytes]...)
		abi.EndBatch(g.buf, b.events)
		if _, err := g.hear(g.buf, b.seq, b.now, g.fuel(b.events+savedFuel)); err != nil {
			return err
		}
		records = records[b.bytes:]
	}
	return nil
}

// Restore is plugin.Guest's.
func (g *guest) Restore(_ context.Context, state []byte) error {
	return g.takeOver(handed{is: true, bytes: state})
}

// Migrate is plugin.Guest's.
func (g *guest) Migrate(_ context.Context, version int, state []byte) error {
	return g.takeOver(handed{is: true, migrate: true, version: version, bytes: state})
}

// takeOver makes no copy of the guest, because that would take longer than all the rest of a swap; a roll-back
// restores once more.
func (g *guest) takeOver(h handed) error {
	if !g.journal.empty() {
		g.stale = true
	}
	if err := g.settle(); err != nil {
		return err
	}
	written := len(g.box.store.written)
	if err := g.restore(h); err != nil {
		return errors.Join(err, g.rollBack(written))
	}
	h.bytes = bytes.Clone(h.bytes) // in a process of its own they are shared memory, and written over by what comes next
	g.journal.taken = h
	return nil
}

func (g *guest) restore(h handed) error {
	switch {
	case !h.migrate:
		return g.give("restore", plugin.ErrState, g.inst.restore, h.bytes)
	case g.inst.migrate == nil:
		return fmt.Errorf("%w: it has no export migrate to take a state of version %d", plugin.ErrState, h.version)
	}
	return g.give("migrate", plugin.ErrState, g.inst.migrate, h.bytes, uint64(uint32(h.version)))
}

// Clone is plugin.Guest's. The clone gets its spare before its first call.
func (g *guest) Clone(context.Context) (plugin.Guest, error) {
	if g.dead {
		return nil, plugin.ErrDead
	}
	g.runtime.use(g.module.sum)
	c := g.runtime.newGuest(g.module, g.manifest)
	c.sum, c.stats, c.saved, c.stale = g.sum, g.stats, g.saved, true
	c.box.store, c.box.places = g.box.store.clone(), g.box.places
	inst, err := c.copyOf(g.inst)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("clone: %w", err), c.Close(c.ctx))
	}
	c.inst, c.box.fuel = inst, inst.fuel
	return c, nil
}
