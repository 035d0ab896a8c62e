package wasm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/plugin/wasm/meter"
)

// instance is a running module with its functions looked up once.
type instance struct {
	ctx     context.Context
	mod     api.Module
	mem     api.Memory
	fuel    api.MutableGlobal // what is left of the slice
	budget  api.MutableGlobal // and besides
	globals []api.MutableGlobal

	alloc, configure, handle, save, restore api.Function
	migrate                                 api.Function // nil when it has none

	given int64  // fuel for the call at hand
	in    uint32 // where its input buffer stands
	room  uint32 // and how much fits
	stack [3]uint64
}

func instantiate(ctx context.Context, engine wazero.Runtime, m *module) (*instance, error) {
	mod, err := engine.InstantiateModule(ctx, m.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, fmt.Errorf("instantiate: %w", err)
	}
	i := &instance{ctx: ctx, mod: mod, mem: mod.Memory()}
	i.fuel, _ = mod.ExportedGlobal(meter.FuelExport).(api.MutableGlobal)
	i.budget, _ = mod.ExportedGlobal(meter.BudgetExport).(api.MutableGlobal)
	for _, name := range m.meta.Globals {
		g, _ := mod.ExportedGlobal(name).(api.MutableGlobal)
		i.globals = append(i.globals, g)
	}
	i.alloc, i.configure = mod.ExportedFunction("alloc"), mod.ExportedFunction("configure")
	i.handle = mod.ExportedFunction("handle_batch")
	i.save, i.restore = mod.ExportedFunction("save"), mod.ExportedFunction("restore")
	i.migrate = mod.ExportedFunction("migrate")
	return i, nil
}

// initialize puts the data into memory, runs the start of the guest's language and exchanges feature bits.
func (i *instance) initialize(data []meter.Segment, fuel int64) (features uint64, err error) {
	for n, d := range data {
		if !i.mem.Write(d.Offset, d.Bytes) {
			return 0, fmt.Errorf("start: data segment %d, %d bytes at %#x, is outside of its memory", n, len(d.Bytes), d.Offset)
		}
	}
	for _, name := range []string{meter.StartExport, "_initialize"} {
		if start := i.mod.ExportedFunction(name); start != nil {
			if _, err := i.call(start, fuel); err != nil {
				return 0, fmt.Errorf("start: %w", err)
			}
		}
	}
	features, err = i.call(i.mod.ExportedFunction("sothebais_abi_v1"), fuel, abi.Features)
	if err != nil {
		return 0, fmt.Errorf("exchange features: %w", err)
	}
	if lacking := features &^ abi.Features; lacking != 0 {
		return 0, fmt.Errorf("the guest needs %s, which this host does not have; it has %s: run a newer host, or build the plugin with an older SDK",
			strings.Join(abi.FeatureNames(lacking), ", "), strings.Join(abi.FeatureNames(abi.Features), ", "))
	}
	return features, nil
}

// call runs a function under fuel and gives its result, or 0 when it has none.
func (i *instance) call(f api.Function, fuel int64, params ...uint64) (uint64, error) {
	copy(i.stack[:], params)
	i.given = fuel
	i.fuel.Set(uint64(min(fuel, meter.Slice)))
	i.budget.Set(uint64(max(fuel-meter.Slice, 0)))
	if err := f.CallWithStack(i.ctx, i.stack[:]); err != nil {
		return 0, i.trapped(err)
	}
	return i.stack[0], nil
}

// burnt is what the last call cost.
func (i *instance) burnt(fuel int64) int64 { return fuel - int64(i.fuel.Get()) - int64(i.budget.Get()) }

// trapped says in a word why a call failed.
func (i *instance) trapped(err error) error {
	first, detail, _ := strings.Cut(err.Error(), "\n")
	t := &plugin.TrapError{Reason: strings.TrimPrefix(first, "wasm error: "), Detail: detail, Err: err}
	box, _ := i.ctx.Value(sandboxKey{}).(*sandbox)
	var exit *sys.ExitError
	var inHost *plugin.TrapError
	switch {
	case int64(i.budget.Get()) < 0:
		limit := &plugin.LimitError{Limit: plugin.LimitFuel, Most: i.given}
		t.Reason, t.Err = limit.Error(), limit
	case errors.As(err, &inHost):
		t.Reason, t.Err = inHost.Reason, inHost.Err
	case t.Reason == "unreachable" && len(box.words) > 0: // it said why
		last, rest, _ := strings.Cut(box.place(strings.ToValidUTF8(string(box.words), "?")), "\n")
		t.Reason, t.Detail = last, strings.TrimPrefix(rest+"\n"+detail, "\n")
	case errors.As(err, &exit):
		t.Reason = fmt.Sprintf("exit with code %d", exit.ExitCode())
	}
	return t
}

// put writes b to the input buffer, which grows when it is too small.
func (i *instance) put(b []byte, fuel int64) error {
	n := uint32(len(b))
	if n > i.room {
		room := max(16<<10, i.room)
		for room < n {
			room *= 2
		}
		at, err := i.call(i.alloc, fuel, uint64(room))
		if err != nil {
			return fmt.Errorf("alloc: %w", err)
		}
		if uint32(at) == 0 {
			return &plugin.TrapError{Reason: fmt.Sprintf("alloc gave 0, no room for %d bytes", room)}
		}
		i.in, i.room = uint32(at), room
	}
	if !i.mem.Write(i.in, b) {
		return &plugin.TrapError{Reason: fmt.Sprintf("alloc gave %#x, %d bytes from there are outside of its memory", i.in, n)}
	}
	return nil
}

// takeWithin is take for what a plugin's own limit bounds.
func (i *instance) takeWithin(limit plugin.Limit, what string, packed uint64, most int) ([]byte, error) {
	if n := uint32(packed); int64(n) > int64(most) {
		err := &plugin.LimitError{Limit: limit, Got: int64(n), Most: int64(most)}
		return nil, &plugin.TrapError{Reason: err.Error(), Err: err}
	}
	return i.take(what, packed, uint32(most))
}

// take reads where a packed result points; the bytes are valid until the next call.
func (i *instance) take(what string, packed uint64, limit uint32) ([]byte, error) {
	at, n := uint32(packed>>32), uint32(packed)
	if n > limit {
		return nil, &plugin.TrapError{Reason: fmt.Sprintf("%s of %d bytes, at most %d are allowed", what, n, limit)}
	}
	b, ok := i.mem.Read(at, n)
	if !ok {
		return nil, &plugin.TrapError{Reason: fmt.Sprintf("%s at %#x, %d bytes long, is outside of its memory", what, at, n)}
	}
	return b, nil
}

// canBe reports whether become can succeed: memory cannot shrink, and a module that has exited is closed.
func (i *instance) canBe(o *instance) bool {
	return i != nil && !i.mod.IsClosed() && i.mem.Size() <= o.mem.Size()
}

// become makes the instance, at rest, a copy of another of the same module.
func (i *instance) become(o *instance) error {
	from, _ := o.mem.Read(0, o.mem.Size())
	if err := i.load(from); err != nil {
		return err
	}
	for n, g := range i.globals {
		g.Set(o.globals[n].Get())
	}
	i.in, i.room = o.in, o.room
	return nil
}

// load fills the memory, which may have to grow for it.
func (i *instance) load(from []byte) error {
	if missing := len(from) - int(i.mem.Size()); missing > 0 {
		if _, ok := i.mem.Grow(uint32(missing / pageBytes)); !ok {
			return fmt.Errorf("grow to %d bytes", len(from))
		}
	}
	if !i.mem.Write(0, from) {
		return fmt.Errorf("write %d bytes of memory", len(from))
	}
	return nil
}

// close frees the instance, if there is one.
func (i *instance) close() error {
	if i == nil {
		return nil
	}
	return i.mod.Close(i.ctx)
}
