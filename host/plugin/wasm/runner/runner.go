// Package runner keeps plugins out of the program: each runs in a child process, which is the program itself behind a
// hidden verb. There it is compiled as well. Whatever a module does to the sandbox that it runs in, or to the compiler,
// the show does not stand still for it, and a child that dies takes nothing along.
//
// Promises:
//   - A guest here is a plugin.Guest like any other. When its process ends, another one begins at its last image, plays
//     what it heard since with the answers unheard, and gets the event at hand once more. The show hears each reaction
//     once. A process that ends twice over the same events costs these events, like a trap; one that ends again and again
//     makes the guest plugin.ErrDead.
//   - A call ends in bounded time, whatever the child does: it is killed when it is late. Nothing that a child says is
//     believed: lengths are checked, and bytes are copied before they are read.
//   - A child has nothing of the program's environment, no files but its lines to the program, and while it compiles,
//     the folder of its own compiled code; no network, no other processes; bounded memory and processor time for
//     compiling. It ends with the program, however that ends.
//   - Compiled code is kept for each module by itself, and was written before any code of the module ran.
//
// # Transport
//
// Calls go through memory that both sides map, and a word on which the other side waits: for some microseconds by
// looking at it, then with futex(2). Events are written there once, as guests hear them, and stay as the journal. Measured
// with BenchmarkTransport beside a pipe and a socket pair, see docs/rationale.md.
package runner

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// Defaults of Config.
const (
	defaultLoadTime   = 60 * time.Second // a Go guest compiles in a second on a machine that does nothing else
	defaultCompileCPU = 30 * time.Second
	defaultCompileMiB = 1536
	defaultBatchTime  = 2 * time.Second
	defaultHeartbeat  = 2 * time.Second
	defaultLoadFuel   = 15_000_000_000
	defaultModule     = 16 << 20
)

// Config of a Runtime; the zero value works for modules.
type Config struct {
	Command     []string // starts a child; this program with Verb when empty
	Interpreter []byte   // module that plays declarative plugins; nil when there is none
	Engine      []byte   // module that plays scripts; nil when there is none
	CacheDir    string   // where compiled modules are kept between runs; empty for nowhere
	LoadFuel    int64    // for starting, configuring, saving and restoring; 0 for the default
	ModuleBytes int      // greatest module; 0 for the default

	LoadTime   time.Duration // for each of: compiling; starting; taking over state; 0 for the default
	CompileCPU time.Duration // processor time for compiling; 0 for the default
	CompileMiB int           // memory for compiling; 0 for the default
	BatchTime  time.Duration // for a batch, on top of twenty times what its fuel should take; 0 for the default
	Heartbeat  time.Duration // how often a child that has nothing to do is asked whether it lives; 0 for the default
	// Spare keeps a second process for each plugin, compiled and waiting, once it has been up for a heartbeat: a guest
	// whose process ended is back within a few milliseconds, however long its module takes to compile.
	Spare bool

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

func (c Config) withDefaults() Config {
	c.LoadFuel, c.ModuleBytes = cmp.Or(c.LoadFuel, defaultLoadFuel), cmp.Or(c.ModuleBytes, defaultModule)
	c.LoadTime, c.CompileCPU = cmp.Or(c.LoadTime, defaultLoadTime), cmp.Or(c.CompileCPU, defaultCompileCPU)
	c.CompileMiB = cmp.Or(c.CompileMiB, defaultCompileMiB)
	c.BatchTime, c.Heartbeat = cmp.Or(c.BatchTime, defaultBatchTime), cmp.Or(c.Heartbeat, defaultHeartbeat)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Runtime makes guests, each in a process of its own.
type Runtime struct {
	cfg     Config
	spawner *spawner
	metrics *metrics
}

// New makes a runtime. Close it after its guests.
func New(cfg Config) (*Runtime, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program, to run plugins in it: %w", err)
		}
		if strings.HasSuffix(os.Args[0], ".test") { // it would run its tests, which would start it again
			return nil, errors.New("a test that runs plugins in processes gives Command, and calls Main from its TestMain")
		}
		cfg.Command = []string{self, Verb}
	}
	if cfg.CacheDir != "" {
		if err := prune(cfg.CacheDir); err != nil {
			return nil, fmt.Errorf("clean the cache of compiled plugins in %s: %w", cfg.CacheDir, err)
		}
	}
	return &Runtime{cfg: cfg, spawner: newSpawner(), metrics: newMetrics(cfg.Metrics)}, nil
}

// Close frees what guests shared.
func (r *Runtime) Close(context.Context) error {
	r.spawner.close()
	return nil
}

// Load reads a plugin, and compiles, starts and configures it in a process of its own.
func (r *Runtime) Load(ctx context.Context, s plugin.Spec) (plugin.Guest, error) {
	start := time.Now()
	p, err := wasm.Read(wasm.Config{Interpreter: r.cfg.Interpreter, Engine: r.cfg.Engine, ModuleBytes: r.cfg.ModuleBytes}, s)
	if err != nil {
		return nil, err
	}
	g, err := r.newGuest(p, nil)
	if err != nil {
		return nil, err
	}
	if err := g.start(ctx); err != nil {
		_ = g.Close(ctx) // it is killed whatever happens
		return nil, err
	}
	r.metrics.load.Observe(time.Since(start).Seconds())
	return g, nil
}

// describe writes what a child gets to read about its plugin: where its compiled code is, and whether another child has
// validated the module.
func (r *Runtime) describe(p *wasm.Program, dir string, known bool) (*os.File, error) {
	m := *p.Manifest
	m.Config = nil // the guest gets it as bytes
	sheet := paper{Manifest: m, SHA256: p.SHA256, Code: len(p.Code), Config: len(p.Config), CacheDir: dir, LoadFuel: r.cfg.LoadFuel, ModuleBytes: r.cfg.ModuleBytes,
		CPUSeconds: uint64(max(1, r.cfg.CompileCPU/time.Second)), CompileMiB: r.cfg.CompileMiB, Known: known, Store: p.Store}
	head, err := sheet.write()
	if err != nil {
		return nil, err
	}
	return newPaper("plugin", head, p.Code, p.Config)
}

// folder is where the compiled form of a module is kept, and of no other: a module that got the better of the compiler
// could spoil nobody's but its own.
func (r *Runtime) folder(p *wasm.Program) (string, error) {
	if r.cfg.CacheDir == "" {
		return "", nil
	}
	sum := sha256.Sum256(p.Code)
	dir := filepath.Join(r.cfg.CacheDir, hex.EncodeToString(sum[:]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("folder for compiled code: %w", err)
	}
	now := time.Now()
	return dir, os.Chtimes(dir, now, now) // prune goes by it
}

// Probe tries how a child is kept on this machine.
func Probe(ctx context.Context, cfg Config) (Walls, error) {
	r, err := New(cfg)
	if err != nil {
		return Walls{}, err
	}
	defer func() { _ = r.Close(ctx) }()
	g, err := r.newGuest(&wasm.Program{Manifest: &plugin.Manifest{ID: "probe", Limits: plugin.Limits{Fuel: 1, MemoryMiB: 1, Commands: 1}}, Code: []byte{0}}, nil)
	if err != nil {
		return Walls{}, err
	}
	defer func() { _ = g.Close(ctx) }()
	p, err := g.cradle.spawn(nil)
	if err != nil {
		return Walls{}, err
	}
	defer p.end()
	err = p.greet(ctx, r.cfg.LoadTime)
	if isModule(err) { // which a zero byte is not
		err = nil
	}
	return p.walls, err
}
