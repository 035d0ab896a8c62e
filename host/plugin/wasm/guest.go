package wasm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

const (
	// A copy of the memory is made when so many events, or so much work, would have to be played again.
	checkpointEvents = 256
	checkpointWork   = 20 // times the fuel of an event
	// What a batch leaves of its fuel is saved for later ones, so much at most: a guest in Go cleans its memory up in
	// one event of many.
	savedFuel = 2 // times the fuel of an event
	// startTime is the clock until the first event: some moment that is not 0, which Go's runtime takes for a fault.
	startTime = 1_577_836_800_000
)

// guest is one plugin in its instance.
type guest struct {
	runtime  *Runtime
	module   *module
	manifest *plugin.Manifest
	sum      string          // SHA-256 of what makes it this plugin: its module, or its body
	ctx      context.Context // under which its code runs: it carries sandbox and memory cap, and is never cancelled
	box      sandbox
	inst     *instance

	shelf   Shelf    // where images are kept; nil for the heap
	image   image    // where it stood a while ago
	state   handed   // what it took over since
	journal [][]byte // and the batches that it has heard since
	events  int      // in all of them
	work    int64    // and the fuel of that
	saved   int64    // fuel that earlier batches left

	codec Codec
	buf   []byte
	head  []byte // of the last image
	stats plugin.Stats
	dead  bool
}

// handed is the state of a predecessor.
type handed struct {
	is      bool
	migrate bool
	version int
	bytes   []byte
}

// start brings a new instance up to the point where it can hear events.
func (g *guest) start(config []byte) error {
	if need, most := uint64(g.module.meta.Memory)*pageBytes, uint64(g.manifest.Limits.MemoryMiB)<<20; need > most {
		return fmt.Errorf("%w: it starts with %d bytes of memory, limits.memory_mib allows %d", plugin.ErrModule, need, most)
	}
	inst, err := instantiate(g.ctx, g.runtime.engine, g.module)
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrModule, err)
	}
	g.inst, g.box.fuel = inst, inst.fuel
	g.box.at(0, startTime)
	features, err := inst.initialize(g.runtime.cfg.LoadFuel)
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrModule, err)
	}
	if missing := g.module.needs &^ features; missing != 0 {
		return fmt.Errorf("%w: it imports functions of %s, but did not say that it needs it when features were exchanged; with an SDK, name it under what the plugin needs",
			plugin.ErrModule, strings.Join(abi.FeatureNames(missing), ", "))
	}
	g.box.store.open = g.box.store.granted && features&abi.FeatureStore != 0
	if err := g.give("configure", plugin.ErrConfig, inst.configure, config); err != nil {
		return err
	}
	g.checkpoint()
	return nil
}

// give hands bytes to configure, restore or migrate, which answer with an error text. The clock stands at the same
// moment each time, so that a roll-back which restores once more comes to the same state.
func (g *guest) give(what string, refused error, f api.Function, b []byte, before ...uint64) error {
	g.box.at(0, startTime)
	fuel := g.runtime.cfg.LoadFuel
	if err := g.inst.put(b, fuel); err != nil {
		return fmt.Errorf("%w: %w", refused, err)
	}
	packed, err := g.inst.call(f, fuel, append(before, uint64(g.inst.in), uint64(len(b)))...)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", refused, what, err)
	}
	text, err := g.inst.take("error text", packed, abi.MaxStringBytes)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", refused, what, err)
	}
	if len(text) > 0 {
		return fmt.Errorf("%w: %s", refused, text)
	}
	return nil
}

// HandleBatch is plugin.Guest's.
func (g *guest) HandleBatch(_ context.Context, events []event.Event) (reactions []plugin.Reaction, err error) {
	if g.dead {
		return nil, plugin.ErrDead
	}
	var n int
	if g.buf, n = g.codec.Encode(g.buf, events); n == 0 {
		return nil, nil
	}
	err = g.handle(g.buf, func(out []byte) error {
		var unknown, dropped int
		reactions, unknown, dropped, err = g.codec.Decode(out, g.manifest.Limits.Commands)
		if err != nil {
			return err
		}
		g.stats.Unknown += uint64(unknown)
		g.stats.Dropped += uint64(dropped)
		reactions = g.box.store.writes(reactions, g.codec.last())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reactions, nil
}

// handle gives a batch to the instance and what it answers to take. It has no part in the batch after an error, its
// own or that of take.
func (g *guest) handle(batch []byte, take func(out []byte) error) error {
	fuel := g.fuel(abi.BatchCount(batch)) + g.saved
	written := len(g.box.store.written)
	out, err := g.run(batch, fuel)
	if err == nil {
		err = take(out)
	}
	if err != nil {
		g.saved = 0
		return errors.Join(err, g.rollBack(written))
	}
	g.stats.Fuel = g.inst.burnt(fuel)
	g.saved = min(fuel-g.stats.Fuel, g.fuel(savedFuel))
	g.remember(batch)
	return nil
}

// fuel is what n events may burn.
func (g *guest) fuel(n int) int64 { return g.manifest.Limits.Fuel * int64(n) }

// run gives a batch to the instance and the bytes that it answers, which are valid until the next call.
func (g *guest) run(batch []byte, fuel int64) ([]byte, error) {
	g.box.at(abi.BatchStart(batch))
	if err := g.inst.put(batch, fuel); err != nil {
		return nil, err
	}
	packed, err := g.inst.call(g.inst.handle, fuel, uint64(g.inst.in), uint64(len(batch)))
	if err != nil || packed == 0 {
		return nil, err
	}
	out, err := g.inst.take("commands", packed, abi.MaxCommandsBytes)
	if err == nil && len(out) == 0 { // which is not how nothing is answered
		err = &plugin.TrapError{Reason: abi.ErrCommands.Error() + ": a buffer of no bytes", Err: abi.ErrCommands}
	}
	return out, err
}

// remember notes a batch that went well, or makes a copy of where the guest stands now.
func (g *guest) remember(batch []byte) {
	g.events += abi.BatchCount(batch)
	g.work += g.stats.Fuel
	if g.events >= checkpointEvents || g.work >= g.fuel(checkpointWork) {
		g.checkpoint()
		return
	}
	g.note(batch)
}

// note adds a batch to the journal. With a shelf the batches stay where they are; else they are copied, into buffers
// that earlier ones left.
func (g *guest) note(batch []byte) {
	if g.shelf != nil {
		g.journal = append(g.journal, batch)
		return
	}
	n := len(g.journal)
	g.journal = slices.Grow(g.journal, 1)[:n+1]
	g.journal[n] = append(g.journal[n][:0], batch...)
}

func (g *guest) checkpoint() {
	if g.shelf != nil {
		g.image.memory = g.shelf.Room()
	}
	g.inst.copyTo(&g.image)
	if g.shelf != nil {
		g.head = g.appendHead(g.head[:0])
		g.shelf.Keep(len(g.image.memory), g.head)
	}
	g.box.store.mark()
	g.state, g.journal, g.events, g.work = handed{}, g.journal[:0], 0, 0
}

// rollBack puts the guest back to where it stood after the last call that went well. written is how much the store
// had to tell by then.
func (g *guest) rollBack(written int) error {
	g.box.mute = true
	stats := g.stats
	defer func() { g.box.mute, g.stats = false, stats }() // what is played again was counted the first time
	g.box.store.back(written)
	err := g.reset()
	if err == nil {
		err = g.replay()
	}
	g.box.store.written = g.box.store.written[:written]
	if err != nil {
		g.dead = true
		return fmt.Errorf("%w: roll back: %w", plugin.ErrDead, err)
	}
	g.checkpoint()
	return nil
}

// replay does once more what went well once.
func (g *guest) replay() error {
	if g.state.is {
		if err := g.restore(g.state); err != nil {
			return err
		}
	}
	for _, batch := range g.journal {
		if _, err := g.run(batch, g.fuel(abi.BatchCount(batch)+savedFuel)); err != nil {
			return err
		}
	}
	return nil
}

// reset makes the instance what the image is of; a new instance when the old one cannot be.
func (g *guest) reset() error {
	if !g.inst.fits(&g.image) {
		fresh, err := instantiate(g.ctx, g.runtime.engine, g.module)
		if err != nil {
			return err
		}
		err = g.inst.close()
		g.inst, g.box.fuel = fresh, fresh.fuel
		if err != nil {
			return err
		}
	}
	return g.inst.setTo(&g.image)
}

// Save is plugin.Guest's.
func (g *guest) Save(context.Context) ([]byte, error) {
	if g.dead {
		return nil, plugin.ErrDead
	}
	written := len(g.box.store.written)
	state, err := g.save()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("save: %w", err), g.rollBack(written))
	}
	return state, nil
}

func (g *guest) save() ([]byte, error) {
	packed, err := g.inst.call(g.inst.save, g.runtime.cfg.LoadFuel)
	if err != nil {
		return nil, err
	}
	state, err := g.inst.take("state", packed, maxStateBytes)
	return slices.Clone(state), err
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
	if g.dead {
		return plugin.ErrDead
	}
	if g.state.is || g.events > 0 {
		g.checkpoint()
	}
	written := len(g.box.store.written)
	if err := g.restore(h); err != nil {
		return errors.Join(err, g.rollBack(written))
	}
	h.bytes = slices.Clone(h.bytes)
	g.state = h
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

// Clone is plugin.Guest's.
func (g *guest) Clone(context.Context) (plugin.Guest, error) {
	if g.dead {
		return nil, plugin.ErrDead
	}
	g.checkpoint()
	g.runtime.use(g.module.sum)
	c := g.runtime.newGuest(g.module, g.manifest)
	c.sum, c.stats, c.saved, c.box.store = g.sum, g.stats, g.saved, g.box.store.clone()
	inst, err := instantiate(c.ctx, c.runtime.engine, c.module)
	if err != nil {
		return nil, errors.Join(err, c.Close(c.ctx))
	}
	c.inst, c.box.fuel = inst, inst.fuel
	if err := inst.setTo(&g.image); err != nil {
		return nil, errors.Join(err, c.Close(c.ctx))
	}
	c.checkpoint()
	return c, nil
}

// Stats is plugin.Guest's.
func (g *guest) Stats() plugin.Stats {
	g.stats.SHA256, g.stats.Memory = g.sum, uint64(g.inst.mem.Size())
	return g.stats
}

// Close is plugin.Guest's.
func (g *guest) Close(ctx context.Context) error {
	g.dead = true
	if g.module == nil {
		return nil
	}
	var err error
	if g.inst != nil {
		err = g.inst.close()
	}
	err = errors.Join(err, g.runtime.release(ctx, g.module))
	g.module = nil
	return err
}
