package wasm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
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

	buf       []byte
	heard     []event.Event // of the batch, those that guests hear
	commands  []abi.Command
	reactions []plugin.Reaction
	texts     map[string]string
	stats     plugin.Stats
	dead      bool
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
func (g *guest) HandleBatch(_ context.Context, events []event.Event) ([]plugin.Reaction, error) {
	if err := g.settle(); err != nil {
		return nil, err
	}
	g.reactions = g.reactions[:0]
	if !g.encode(events) {
		return nil, nil
	}
	fuel := g.fuel(len(g.heard)) + g.saved
	written := len(g.box.store.written)
	g.box.allow(g.limits.HostCalls * len(g.heard))
	if err := g.run(fuel); err != nil {
		g.saved = 0
		g.passed(err)
		return nil, errors.Join(err, g.rollBack(written))
	}
	g.reactions = g.box.store.writes(g.reactions, g.heard[len(g.heard)-1].Seq)
	g.stats.Fuel = g.inst.burnt(fuel)
	g.saved = min(fuel-g.stats.Fuel, g.fuel(savedFuel))
	g.journal.add(g)
	g.stale = g.stand.pins.Load() == 0 && g.journal.long(g.inst.mem.Size()) // the copy is made when it is needed, not while somebody waits for the reactions
	return g.reactions, nil
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
	packed, err := g.hear(g.buf, g.heard[0].Seq, g.heard[0].At.UnixMilli(), fuel)
	if err != nil || packed == 0 {
		return err
	}
	out, err := g.inst.takeWithin(plugin.LimitOutput, "commands", packed, g.limits.OutputBytes)
	if err != nil {
		return err
	}
	return g.react(out)
}

// hear gives a batch, encoded, to the instance; seq and now are those of its first event.
func (g *guest) hear(batch []byte, seq uint64, now, fuel int64) (packed uint64, err error) {
	g.box.at(seq, now)
	if err := g.inst.put(batch, fuel); err != nil {
		return 0, err
	}
	return g.inst.call(g.inst.handle, fuel, uint64(g.inst.in), uint64(len(batch)))
}

func (g *guest) react(out []byte) error {
	limit := g.limits.Commands * len(g.heard)
	cmds, unknown, dropped, err := abi.ReadCommands(out, len(g.heard), limit, g.commands, g.text)
	g.commands = cmds
	if err != nil {
		return &plugin.TrapError{Reason: err.Error(), Err: err}
	}
	g.stats.Unknown += uint64(unknown)
	g.stats.Dropped += uint64(dropped)
	g.stats.Passed[plugin.LimitCommands] += uint64(dropped)
	sorted := true
	for i := range cmds {
		sorted = sorted && (i == 0 || cmds[i-1].Event <= cmds[i].Event)
		g.reactions = append(g.reactions, plugin.Reaction{})
		g.reaction(&g.reactions[i], &cmds[i])
	}
	if !sorted {
		slices.SortStableFunc(g.reactions, byEvent)
	}
	return nil
}

func byEvent(a, b plugin.Reaction) int { return cmp.Compare(a.Event, b.Event) }

// reaction fills in an empty reaction.
func (g *guest) reaction(r *plugin.Reaction, c *abi.Command) {
	r.Event, r.About, r.Power, r.Call = g.heard[c.Event].Seq, c.About, c.Power, c.Call
	if c.Cue.Verb == "" && c.Call == nil {
		r.Log, r.Level = c.Cue.Text, slog.Level(min(max(c.Level, -4), 8))
		return
	}
	r.Cue = c.Cue
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
