package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// Shelf keeps the images of a guest where they outlive the process that runs it. It is a core's, and as such called by
// one goroutine at a time.
type Shelf interface {
	// Room gives an empty slice over the memory into which the next image goes. It has the capacity for as much as
	// the guest's limits allow.
	Room() []byte
	// Keep says that the image in the last Room is whole: so many bytes of it, and what else belongs to it.
	Keep(memory int, head []byte)
}

// Core is a guest which hears and answers in the bytes of the contract, for a host in another process. A Codec there
// makes the bytes. Like a guest it is used by one goroutine at a time.
type Core struct {
	g        *guest
	commands []abi.Command
}

// Compile makes a core of a program. None of its code has run yet: call Start or Resume.
func (r *Runtime) Compile(ctx context.Context, p *Program, shelf Shelf) (*Core, error) {
	g, err := r.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	g.shelf = shelf
	return &Core{g: g}, nil
}

// Start begins anew.
func (c *Core) Start(config []byte) error { return c.g.start(config) }

// Resume begins where an image stands, which another core of the same program kept.
func (c *Core) Resume(memory, head []byte) error {
	g := c.g
	inst, err := instantiate(g.ctx, g.runtime.engine, g.module)
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrModule, err)
	}
	g.inst = inst
	g.image.memory = memory
	if g.saved, err = g.image.readHead(head, len(inst.globals)); err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrDead, err)
	}
	if err := g.reset(); err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrDead, err)
	}
	return nil
}

// Handle gives a batch to the guest. The commands that it answers were checked; they are valid until the next call. The
// batch is kept until the next image, and must not change so long.
func (c *Core) Handle(batch []byte) (out []byte, err error) {
	if c.g.dead {
		return nil, plugin.ErrDead
	}
	n := abi.BatchCount(batch)
	err = c.g.handle(batch, func(b []byte) error {
		out = b
		c.commands, _, _, err = abi.ReadCommands(b, n, n*c.g.manifest.Limits.Commands, c.commands, noText)
		if err != nil {
			return &plugin.TrapError{Reason: err.Error(), Err: err}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func noText([]byte) string { return "" }

// Again plays a batch which went well in another core of the program; what is printed and answered was heard then.
func (c *Core) Again(batch []byte) error {
	c.g.box.mute = true
	defer func() { c.g.box.mute = false }()
	return c.g.handle(batch, func([]byte) error { return nil })
}

// Checkpoint keeps an image now.
func (c *Core) Checkpoint() { c.g.checkpoint() }

// Save gives the state for a successor.
func (c *Core) Save(ctx context.Context) ([]byte, error) { return c.g.Save(ctx) }

// Restore takes the state of a predecessor.
func (c *Core) Restore(ctx context.Context, state []byte) error { return c.g.Restore(ctx, state) }

// Stats are memory and fuel; what the guest asked for is counted by whoever decodes it.
func (c *Core) Stats() plugin.Stats { return c.g.Stats() }

// appendHead writes what belongs to an image besides its memory: the fuel that was saved by then as well, because
// what the guest does with the next batch may depend on it.
func (img *image) appendHead(b []byte, saved int64) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(saved))
	b = binary.LittleEndian.AppendUint32(b, img.in)
	b = binary.LittleEndian.AppendUint32(b, img.room)
	for _, g := range img.globals {
		b = binary.LittleEndian.AppendUint64(b, g)
	}
	return b
}

// errHead says that an image belongs to another module.
var errHead = errors.New("image does not fit the module")

const headBytes = 16

func (img *image) readHead(b []byte, globals int) (saved int64, err error) {
	if len(b) != headBytes+8*globals {
		return 0, fmt.Errorf("%w: head of %d bytes for %d globals", errHead, len(b), globals)
	}
	saved = int64(binary.LittleEndian.Uint64(b))
	img.in, img.room = binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	img.globals = img.globals[:0]
	for b = b[headBytes:]; len(b) > 0; b = b[8:] {
		img.globals = append(img.globals, binary.LittleEndian.Uint64(b))
	}
	return saved, nil
}
