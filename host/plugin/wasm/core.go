package wasm

import (
	"context"
	"errors"
	"fmt"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// Core is a guest which hears and answers in the bytes of the contract, for a host in another process. A Codec there
// makes the bytes. Like a guest it is used by one goroutine at a time.
type Core struct {
	g      *guest
	writes []byte
}

// Compile makes a core of a program. None of its code has run yet: call Start or Resume.
func (r *Runtime) Compile(ctx context.Context, p *Program) (*Core, error) {
	g, err := r.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	return &Core{g: g}, nil
}

// Start begins anew.
func (c *Core) Start(config []byte) error { return c.g.start(config) }

// Image copies the guest at rest: its memory into room, whose capacity is that of the guest's limits, and what else
// belongs to it behind head.
func (c *Core) Image(room, head []byte) (memory, rest []byte) {
	all, _ := c.g.inst.mem.Read(0, c.g.inst.mem.Size())
	return append(room[:0], all...), c.g.appendHead(head)
}

// Resume begins where an image stands, which another core of the same program made.
func (c *Core) Resume(memory, head []byte) error {
	g := c.g
	g.memories.copy, g.memories.room = true, uint64(len(memory))
	inst, err := instantiate(g.ctx, g.runtime.engine, g.module)
	g.memories.copy, g.memories.room = false, 0
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrModule, err)
	}
	g.inst, g.box.fuel, g.stale = inst, inst.fuel, true
	if err := errors.Join(inst.load(memory), g.readHead(head)); err != nil {
		return g.die(err)
	}
	return nil
}

// Handle gives a batch to the guest, and to answer the commands that it leaves, nil for none, and what it wrote to its
// store, both valid until answer returns. Only then all of the commands are looked at: whoever gets them has to read
// them anyway, and finds them malformed when this one does, which puts the guest back and gives an error.
func (c *Core) Handle(batch []byte, answer func(out, writes []byte)) error {
	n, s := abi.BatchCount(batch), &c.g.box.store
	return c.g.handle(batch, func(out []byte) error {
		var a abi.Answer
		if out != nil {
			var err error
			if a, err = abi.ReadAnswer(out, n, c.g.limits.Commands); err != nil {
				return malformed(err)
			}
		}
		c.writes = s.appendWrites(c.writes[:0])
		answer(out, c.writes)
		if err := check(a); err != nil {
			return malformed(err)
		}
		s.heard()
		return nil
	})
}

// check reads an answer to its end, and keeps nothing.
func check(a abi.Answer) (err error) {
	for ok := true; ok && err == nil; {
		var c abi.Command
		ok, err = a.Next(&c, func([]byte) string { return "" })
	}
	return err
}

// Again plays a batch which went well in another core of the program; what is printed, answered and written was heard
// then.
func (c *Core) Again(batch []byte) error {
	c.g.box.mute = true
	defer func() { c.g.box.mute = false }()
	return c.g.handle(batch, func([]byte) error {
		c.g.box.store.heard()
		return nil
	})
}

// Trapped notes that a batch trapped in another core of the program, which lost the fuel that it had saved by it.
func (c *Core) Trapped() { c.g.saved = 0 }

// Save gives the state for a successor.
func (c *Core) Save(ctx context.Context) ([]byte, error) { return c.g.Save(ctx) }

// Restore takes the state of a predecessor.
func (c *Core) Restore(ctx context.Context, state []byte) error { return c.g.Restore(ctx, state) }

// Migrate takes the state of a predecessor whose form has an older version.
func (c *Core) Migrate(ctx context.Context, version int, state []byte) error {
	return c.g.Migrate(ctx, version, state)
}

// Stats are memory, store, fuel and lines; what the guest asked for is counted by whoever decodes it.
func (c *Core) Stats() plugin.Stats {
	if c.g.inst == nil {
		return c.g.stats
	}
	return c.g.Stats()
}
