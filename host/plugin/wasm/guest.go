package wasm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

const (
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
	limits   plugin.Limits
	sum      string          // SHA-256 of what makes it this plugin: its module, or its body
	ctx      context.Context // under which its code runs: it carries sandbox and memories, and is never cancelled
	memories memories
	box      sandbox
	inst     *instance
	spare    *instance // stands where inst stood a while ago
	stale    bool      // spare is of no use: it has to become a copy of inst before anything else happens
	journal  journal   // what happened since
	stand    standing  // for those who copy the spare meanwhile
	saved    int64     // fuel that earlier batches left

	codec Codec
	buf   []byte
	stats plugin.Stats
	dead  bool
}

// start brings a new instance up to the point where it can hear events.
func (g *guest) start(config []byte) error {
	if need, most := uint64(g.module.meta.Memory)*pageBytes, uint64(g.manifest.Limits.MemoryMiB)<<20; need > most {
		return fmt.Errorf("%w: it starts with more memory than limits.memory_mib allows: %w", plugin.ErrModule, &plugin.LimitError{Limit: plugin.LimitMemory, Got: int64(need), Most: int64(most)})
	}
	if got, most := int64(g.module.meta.Tables), int64(g.limits.Tables); got > most {
		return fmt.Errorf("%w: %w", plugin.ErrModule, &plugin.LimitError{Limit: plugin.LimitTables, Got: got, Most: most})
	}
	inst, err := instantiate(g.ctx, g.runtime.engine, g.module)
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrModule, err)
	}
	g.inst, g.box.fuel = inst, inst.fuel
	g.box.at(0, startTime)
	g.box.allow(math.MaxInt) // what starting may cost is bounded by fuel alone
	features, err := inst.initialize(g.module.meta.Data, g.runtime.cfg.LoadFuel)
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
	g.stale = true
	return g.settle()
}

// give hands bytes to configure, restore or migrate, which answer with an error text. The clock stands at the same
// moment each time, so that a roll-back which restores once more comes to the same state.
func (g *guest) give(what string, refused error, f api.Function, b []byte, before ...uint64) error {
	g.box.at(0, startTime)
	g.box.allow(math.MaxInt)
	fuel := g.runtime.cfg.LoadFuel
	if err := g.inst.put(b, fuel); err != nil {
		return fmt.Errorf("%w: %w", refused, err)
	}
	packed, err := g.inst.call(f, fuel, append(before, uint64(g.inst.in), uint64(len(b)))...)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", refused, what, err)
	}
	n := min(uint32(packed), abi.MaxStringBytes) // what is longer says enough by then
	text, err := g.inst.take("error text", packed&^math.MaxUint32|uint64(n), n)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", refused, what, err)
	}
	if len(text) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", refused, g.box.place(strings.ToValidUTF8(string(text), "?")))
}

// HandleBatch is plugin.Guest's.
func (g *guest) HandleBatch(_ context.Context, events []event.Event) (reactions []plugin.Reaction, err error) {
	var n int
	if g.buf, n = g.codec.Encode(g.buf, events); n == 0 {
		return nil, g.settle()
	}
	err = g.handle(g.buf, func(out []byte) error {
		var unknown, dropped int
		reactions, unknown, dropped, err = g.codec.Decode(out, g.limits.Commands)
		if err != nil {
			return err
		}
		g.stats.Unknown += uint64(unknown)
		g.stats.Dropped += uint64(dropped)
		g.stats.Passed[plugin.LimitCommands] += uint64(dropped)
		reactions = g.box.store.writes(reactions, g.codec.last())
		return nil
	})
	if err != nil {
		return nil, err
	}
	return reactions, nil
}

// handle gives a batch to the instance and what it answers, nil for nothing, to take. It has no part in the batch after
// an error, its own or that of take.
func (g *guest) handle(batch []byte, take func(out []byte) error) error {
	if err := g.settle(); err != nil {
		return err
	}
	n := abi.BatchCount(batch)
	fuel := g.fuel(n) + g.saved
	written := len(g.box.store.written)
	g.box.allow(g.limits.HostCalls * n)
	out, err := g.run(batch, fuel)
	if err == nil {
		g.stats.Fuel = g.inst.burnt(fuel)
		err = take(out)
	}
	if err != nil {
		g.saved = 0
		g.passed(err)
		return errors.Join(err, g.rollBack(written))
	}
	g.saved = min(fuel-g.stats.Fuel, g.fuel(savedFuel))
	g.journal.add(batch, g.stats.Fuel, g.box.asked, g.inst.room)
	g.stale = g.stand.pins.Load() == 0 && g.journal.long(g.inst.mem.Size()) // the copy is made when it is needed, not while somebody waits for the reactions
	return nil
}

// fuel is what n events may burn.
func (g *guest) fuel(n int) int64 { return g.limits.Fuel * int64(n) }

// passed counts the limit that an error is about.
func (g *guest) passed(err error) {
	var limit *plugin.LimitError
	if errors.As(err, &limit) {
		g.stats.Passed[limit.Limit]++
	}
}

// run gives a batch to the instance and the bytes that it answers, which are valid until the next call.
func (g *guest) run(batch []byte, fuel int64) ([]byte, error) {
	seq, now := abi.BatchStart(batch)
	packed, err := g.hear(batch, seq, now, fuel)
	if err != nil || packed == 0 {
		return nil, err
	}
	return g.inst.takeWithin(plugin.LimitOutput, "commands", packed, g.limits.OutputBytes)
}

// hear gives a batch, encoded, to the instance; seq and now are those of its first event.
func (g *guest) hear(batch []byte, seq uint64, now, fuel int64) (packed uint64, err error) {
	g.box.at(seq, now)
	if err := g.inst.put(batch, fuel); err != nil {
		return 0, err
	}
	return g.inst.call(g.inst.handle, fuel, uint64(g.inst.in), uint64(len(batch)))
}

// Save is plugin.Guest's.
func (g *guest) Save(context.Context) ([]byte, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	written := len(g.box.store.written)
	g.box.at(0, startTime)
	g.box.allow(math.MaxInt)
	state, err := g.save()
	if err != nil {
		g.passed(err)
		return nil, errors.Join(fmt.Errorf("save: %w", err), g.rollBack(written))
	}
	g.stale = true // what save changed stands in no journal
	return state, nil
}

func (g *guest) save() ([]byte, error) {
	packed, err := g.inst.call(g.inst.save, g.runtime.cfg.LoadFuel)
	if err != nil {
		return nil, err
	}
	state, err := g.inst.takeWithin(plugin.LimitState, "state", packed, g.limits.StateBytes)
	return slices.Clone(state), err
}

// Stats is plugin.Guest's.
func (g *guest) Stats() plugin.Stats {
	g.stats.SHA256, g.stats.Memory, g.stats.Store = g.sum, uint64(g.inst.mem.Size()), g.box.store.size
	return g.stats
}

// Close is plugin.Guest's.
func (g *guest) Close(ctx context.Context) error {
	g.dead = true
	if g.module == nil {
		return nil
	}
	defer g.stand.move()()
	err := errors.Join(g.inst.close(), g.spare.close(), g.runtime.release(ctx, g.module))
	g.module = nil
	return err
}
