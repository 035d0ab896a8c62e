// Package wasm runs plugins as WebAssembly modules inside wazero.
//
// What a guest can do is bounded by construction. Its module is validated, then rewritten so that it pays for what it
// executes (package meter): a runaway ends after its fuel, wherever it runs, without a timer. Its memory, its module,
// its commands, its state and what it prints have limits. It imports nothing but a WASI that leads nowhere, with a
// clock and random numbers that its events determine; so a guest is a pure function of its state and its events.
//
// After a trap the guest is put back to where it stood before the batch: its memory and globals are copied now and
// then, and what it has heard since is played to the copy again, which by the above gives the same state.
//
// Handling an event allocates nothing on the host in the steady state, except for texts that were not seen before.
package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm/meter"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Defaults of Config.
const (
	defaultLoadFuel    = 15_000_000_000 // about two seconds: a language's runtime starts, a personality is read
	defaultModuleBytes = 16 << 20
	maxBodyBytes       = 1 << 20 // of a declarative plugin
	// maxGlobals bounds what a copy of a guest has besides memory and store; only those that change count.
	maxGlobals = 1 << 16
	// idleModules is how many compiled modules without an instance are kept, so that swapping back and forth does not
	// compile anew.
	idleModules = 4
	// features are those of WebAssembly 2.0 without vectors, which no guest language needs and the meter does not count.
	features = api.CoreFeaturesV2 &^ api.CoreFeatureSIMD
)

// Config of a Runtime; the zero value works for modules.
type Config struct {
	Interpreter []byte // module that plays declarative plugins; nil when there is none
	Engine      []byte // module that plays scripts; nil when there is none
	CacheDir    string // where compiled modules are kept between runs; empty for nowhere
	LoadFuel    int64  // for starting, configuring, saving and restoring; 0 for the default
	ModuleBytes int    // greatest module; 0 for the default
	Known       bool   // modules were validated before, byte for byte
	Logger      *slog.Logger
}

// Runtime compiles and instantiates guests.
type Runtime struct {
	cfg     Config
	engine  wazero.Runtime
	checker wazero.Runtime // validates modules as their author made them
	cache   wazero.CompilationCache

	pool pool // of memories

	mu      sync.Mutex
	modules map[string]*module // by the SHA-256 of the original
	idle    []*module          // without instances, the least recently used first
}

// module is a compiled module. Instances share it: two compiled copies of the same code under one engine would be
// closed together.
type module struct {
	sum  string
	uses int // guarded by Runtime.mu

	once     sync.Once
	err      error
	compiled wazero.CompiledModule
	meta     *meter.Module
	needs    uint64 // features whose functions it imports
}

// New makes a runtime. Close it after its guests.
func New(ctx context.Context, cfg Config) (*Runtime, error) {
	if cfg.LoadFuel == 0 {
		cfg.LoadFuel = defaultLoadFuel
	}
	if cfg.ModuleBytes == 0 {
		cfg.ModuleBytes = defaultModuleBytes
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Runtime{cfg: cfg, modules: map[string]*module{}}
	conf := wazero.NewRuntimeConfig().WithCoreFeatures(features)
	if cfg.CacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cfg.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("open the cache of compiled plugins in %s: %w", cfg.CacheDir, err)
		}
		r.cache = cache
		conf = conf.WithCompilationCache(cache)
	}
	r.engine = wazero.NewRuntimeWithConfig(ctx, conf)
	r.checker = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	if err := errors.Join(instantiateWASI(ctx, r.engine), instantiateHost(ctx, r.engine)); err != nil {
		return nil, errors.Join(fmt.Errorf("start the plugin runtime: %w", err), r.Close(ctx))
	}
	return r, nil
}

// Close frees all modules and what is left of guests.
func (r *Runtime) Close(ctx context.Context) error {
	err := errors.Join(r.engine.Close(ctx), r.checker.Close(ctx))
	if r.cache != nil {
		err = errors.Join(err, r.cache.Close(ctx))
	}
	return err
}

// Load reads, checks, compiles, starts and configures a plugin.
func (r *Runtime) Load(ctx context.Context, s plugin.Spec) (plugin.Guest, error) {
	p, err := Read(r.cfg, s)
	if err != nil {
		return nil, err
	}
	g, err := r.prepare(ctx, p)
	if err != nil {
		return nil, err
	}
	if err := g.start(p.Config); err != nil {
		return nil, errors.Join(err, g.Close(ctx))
	}
	return g, nil
}

// prepare compiles a program and makes a guest of it that was not started.
func (r *Runtime) prepare(ctx context.Context, p *Program) (*guest, error) {
	mod, err := r.acquire(ctx, p.Code)
	if err != nil {
		return nil, err
	}
	g := r.newGuest(mod, p.Manifest)
	g.sum, g.box.places = p.SHA256, p.Original
	g.box.store = newStore(p.Store)
	return g, nil
}

// newGuest takes over one use of the module.
func (r *Runtime) newGuest(mod *module, m *plugin.Manifest) *guest {
	g := &guest{runtime: r, module: mod, manifest: m, limits: m.Limits.WithDefaults()}
	g.box.log, g.box.most, g.box.stats = r.cfg.Logger.With(telemetry.KeyPlugin, m.ID), g.limits.LogLines, &g.stats
	g.memories = memories{pool: &r.pool, limit: uint64(m.Limits.MemoryMiB) << 20, count: &g.stats.Passed}
	g.ctx = experimental.WithMemoryAllocator(g.box.within(context.Background()), &g.memories)
	return g
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// acquire gives the compiled form of a module, which release gives back. While it compiles, other modules can be
// acquired and released.
func (r *Runtime) acquire(ctx context.Context, code []byte) (*module, error) {
	m := r.use(sumOf(code))
	m.once.Do(func() {
		if m.compiled, m.meta, m.err = r.compile(ctx, code); m.err != nil {
			m.err = fmt.Errorf("%w: %w", plugin.ErrModule, m.err)
			return
		}
		m.needs = needed(m.compiled)
	})
	if m.err != nil {
		r.forget(m)
		return nil, m.err
	}
	return m, nil
}

// use counts one more instance of a module, which may not be compiled yet.
func (r *Runtime) use(sum string) *module {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.modules[sum]
	if m == nil {
		m = &module{sum: sum}
		r.modules[sum] = m
	}
	m.uses++
	r.idle = slices.DeleteFunc(r.idle, func(other *module) bool { return other == m })
	return m
}

// forget drops a module that did not compile, so that it may be tried again.
func (r *Runtime) forget(m *module) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.modules[m.sum] == m {
		delete(r.modules, m.sum)
	}
}

// compile validates the module as it came, and nothing else is ever compiled: an invalid module must not become valid by
// the rewrite. What is too big is refused before anybody works on it.
func (r *Runtime) compile(ctx context.Context, code []byte) (wazero.CompiledModule, *meter.Module, error) {
	meta, refused := meter.Rewrite(code, meter.Limits{Bytes: r.cfg.ModuleBytes, Fuel: r.cfg.LoadFuel, Detach: true})
	if errors.Is(refused, meter.ErrTooBig) {
		return nil, nil, ofPlugin(refused)
	}
	if !r.cfg.Known {
		if err := r.validate(ctx, code); err != nil {
			return nil, nil, err
		}
	}
	if refused != nil {
		return nil, nil, refused
	}
	if n := len(meta.Globals); n > maxGlobals {
		return nil, nil, fmt.Errorf("%d mutable globals, at most %d are allowed", n, maxGlobals)
	}
	compiled, err := r.engine.CompileModule(experimental.WithCompilationWorkers(ctx, max(1, runtime.GOMAXPROCS(0)/2)), meta.Code)
	if err != nil {
		return nil, nil, fmt.Errorf("compile: %w", err)
	}
	meta.Code = nil // 3 MB of a Go guest
	return compiled, meta, nil
}

func (r *Runtime) validate(ctx context.Context, code []byte) error {
	c, err := r.checker.CompileModule(ctx, code)
	if err != nil {
		return fmt.Errorf("validate: %w", err)
	}
	err = errors.Join(checkImports(c.ImportedFunctions()), checkExports(c))
	return errors.Join(err, c.Close(ctx))
}

// bounds are the limits of a plugin that the meter keeps.
var bounds = map[meter.Bound]plugin.Limit{
	meter.Bytes: plugin.LimitModule, meter.Functions: plugin.LimitFunctions, meter.Body: plugin.LimitFunction, meter.Locals: plugin.LimitLocals,
	meter.Depth: plugin.LimitDepth, meter.Table: plugin.LimitTables, meter.Compile: plugin.LimitCompile,
}

// ofPlugin makes a bound of the meter the limit of the plugin that it is.
func ofPlugin(err error) error {
	var big *meter.TooBigError
	if !errors.As(err, &big) {
		return err
	}
	return fmt.Errorf("%w: %w", &plugin.LimitError{Limit: bounds[big.Bound], Got: big.Got, Most: big.Most}, err)
}

func (r *Runtime) release(ctx context.Context, m *module) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.uses--; m.uses > 0 {
		return nil
	}
	r.idle = append(r.idle, m)
	if len(r.idle) <= idleModules {
		return nil
	}
	oldest := r.idle[0]
	r.idle = r.idle[1:]
	delete(r.modules, oldest.sum)
	return oldest.compiled.Close(ctx)
}
