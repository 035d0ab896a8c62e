package wasm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
	// maxTexts bounds the texts that are kept for the next command that has the same.
	maxTexts     = 512
	maxKeptBytes = 64
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

	image   image         // where it stood a while ago
	state   handed        // what it took over since
	journal []event.Event // and what it has heard since
	batches []int         // in batches of these lengths
	work    int64         // and the fuel of that
	saved   int64         // fuel that earlier batches left

	buf       []byte
	heard     []event.Event // of the batch, those that guests hear
	commands  []abi.Command
	reactions []plugin.Reaction
	texts     map[string]string
	stats     plugin.Stats
	dead      bool
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
		return fmt.Errorf("%w: %s", refused, g.box.place(string(text)))
	}
	return nil
}

// HandleBatch is plugin.Guest's.
func (g *guest) HandleBatch(_ context.Context, events []event.Event) ([]plugin.Reaction, error) {
	if g.dead {
		return nil, plugin.ErrDead
	}
	g.reactions = g.reactions[:0]
	if !g.encode(events) {
		return nil, nil
	}
	fuel := g.fuel(len(g.heard)) + g.saved
	written := len(g.box.store.written)
	if err := g.run(fuel); err != nil {
		g.saved = 0
		return nil, errors.Join(err, g.rollBack(written))
	}
	g.reactions = g.box.store.writes(g.reactions, g.heard[len(g.heard)-1].Seq)
	g.stats.Fuel = g.inst.burnt(fuel)
	g.saved = min(fuel-g.stats.Fuel, g.fuel(savedFuel))
	g.remember()
	return g.reactions, nil
}

// fuel is what n events may burn.
func (g *guest) fuel(n int) int64 { return g.manifest.Limits.Fuel * int64(n) }

// encode writes the batch into the buffer, and false when there is nothing in it that guests hear.
func (g *guest) encode(events []event.Event) bool {
	g.buf, g.heard = abi.BeginBatch(g.buf), g.heard[:0]
	for _, e := range events {
		var ok bool
		if g.buf, ok = AppendEvent(g.buf, e); ok {
			g.heard = append(g.heard, e)
		}
	}
	abi.EndBatch(g.buf, len(g.heard))
	return len(g.heard) > 0
}

// run gives the encoded batch to the instance and reads what it asks for.
func (g *guest) run(fuel int64) error {
	g.box.at(g.heard[0].Seq, g.heard[0].At.UnixMilli())
	if err := g.inst.put(g.buf, fuel); err != nil {
		return err
	}
	packed, err := g.inst.call(g.inst.handle, fuel, uint64(g.inst.in), uint64(len(g.buf)))
	if err != nil || packed == 0 {
		return err
	}
	out, err := g.inst.take("commands", packed, abi.MaxCommandsBytes)
	if err != nil {
		return err
	}
	return g.react(out)
}

func (g *guest) react(out []byte) error {
	limit := g.manifest.Limits.Commands * len(g.heard)
	cmds, unknown, dropped, err := abi.ReadCommands(out, len(g.heard), limit, g.commands, g.text)
	g.commands = cmds
	if err != nil {
		return &plugin.TrapError{Reason: err.Error(), Err: err}
	}
	g.stats.Unknown += uint64(unknown)
	g.stats.Dropped += uint64(dropped)
	for i := range cmds {
		g.reactions = append(g.reactions, g.reaction(&cmds[i]))
	}
	if !slices.IsSortedFunc(g.reactions, byEvent) {
		slices.SortStableFunc(g.reactions, byEvent)
	}
	return nil
}

func byEvent(a, b plugin.Reaction) int { return cmp.Compare(a.Event, b.Event) }

func (g *guest) reaction(c *abi.Command) plugin.Reaction {
	r := plugin.Reaction{Event: g.heard[c.Event].Seq, About: c.About, Power: c.Power, Cue: c.Cue, Call: c.Call}
	if c.Cue.Verb == "" && c.Call == nil {
		r.Log, r.Level, r.Cue.Text = c.Cue.Text, slog.Level(min(max(c.Level, -4), 8)), ""
	}
	return r
}

// text makes a string of a guest's bytes; short ones that were seen before are not allocated again.
func (g *guest) text(b []byte) string {
	if len(b) > maxKeptBytes {
		return string(b)
	}
	if s, ok := g.texts[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(g.texts) < maxTexts {
		g.texts[s] = s
	}
	return s
}

// remember notes a batch that went well, or makes a copy of where the guest stands now.
func (g *guest) remember() {
	g.journal = append(g.journal, g.heard...)
	g.batches = append(g.batches, len(g.heard))
	g.work += g.stats.Fuel
	if len(g.journal) >= checkpointEvents || g.work >= g.fuel(checkpointWork) {
		g.checkpoint()
	}
}

func (g *guest) checkpoint() {
	g.inst.copyTo(&g.image)
	clear(g.journal)
	g.box.store.mark()
	g.state, g.journal, g.batches, g.work = handed{}, g.journal[:0], g.batches[:0], 0
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
	g.reactions = g.reactions[:0]
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
	journal := g.journal
	for _, n := range g.batches {
		g.encode(journal[:n])
		journal = journal[n:]
		if err := g.run(g.fuel(n + savedFuel)); err != nil {
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
	if g.state.is || len(g.journal) > 0 {
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
	c.box.places = g.box.places
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
