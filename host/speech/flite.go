package speech

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental/sysfs"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	fuel "github.com/sothebais/sothebais/host/plugin/wasm/meter"
)

//go:embed lexicon.txt
var lexicon []byte

// Limits of one run. 64 MiB is three times what the longest text took; a minute of sound at 16 kHz is 2 MB.
const (
	maxPages  = 64 << 20 >> 16
	maxSound  = 8 << 20
	maxReport = 256 << 10
	maxModule = 64 << 20
	maxFuel   = 60_000_000_000 // some ten seconds; the longest text took a tenth of that
)

// flite is the compiled module. It is a command: each line runs it once, in an instance of its own that
// sees a lexicon, one file to write to, and nothing else.
type flite struct {
	runtime wazero.Runtime
	cache   wazero.CompilationCache // nil without a folder
	module  wazero.CompiledModule
	memory  *memoryPool
}

// request is one line for the module.
type request struct {
	speaker, text  string
	stretch, shift float64 // of durations; of pitch
}

// sound is what the module made: its samples and where each phoneme ends, in seconds.
type sound struct {
	wave
	phones []phone
}

func newFlite(ctx context.Context, module []byte, cacheDir string) (*flite, error) {
	f := &flite{memory: new(memoryPool)}
	cfg := wazero.NewRuntimeConfig().WithMemoryLimitPages(maxPages)
	if cacheDir != "" {
		cache, err := wazero.NewCompilationCacheWithDir(cacheDir)
		if err != nil {
			return nil, fmt.Errorf("open the folder for the compiled voice %s: %w", cacheDir, err)
		}
		f.cache, cfg = cache, cfg.WithCompilationCache(cache)
	}
	f.runtime = wazero.NewRuntimeWithConfig(ctx, cfg)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, f.runtime); err != nil {
		return nil, errors.Join(fmt.Errorf("offer WASI to the voice: %w", err), f.close(ctx))
	}
	if err := f.compile(ctx, module); err != nil {
		return nil, errors.Join(fmt.Errorf("compile the voice: %w", err), f.close(ctx))
	}
	return f, nil
}

// compile makes the module pay for what it executes. That bounds a line, and, what matters more, lets Go's collector in
// every few tens of microseconds: a line takes a tenth of a second, and whoever waits for the collector, such as a
// frame, would wait as long.
func (f *flite) compile(ctx context.Context, module []byte) error {
	metered, err := fuel.Rewrite(module, fuel.Limits{Bytes: maxModule, Functions: 1 << 16, Body: 4 << 20, Locals: 1 << 16, Depth: 1 << 12, Table: 1 << 16, Fuel: maxFuel})
	if err != nil {
		return err
	}
	f.module, err = f.runtime.CompileModule(ctx, metered.Code)
	return err
}

// say runs the module on one line.
func (f *flite) say(ctx context.Context, r request) (sound, error) {
	files := newScratch(map[string][]byte{"lexicon": lexicon}, "out.wav", maxSound)
	report := &capped{max: maxReport}
	complaint := &capped{max: 4 << 10}
	cfg := wazero.NewModuleConfig().WithName("").WithStdout(report).WithStderr(complaint).
		WithFSConfig(wazero.NewFSConfig().(sysfs.FSConfig).WithSysFSMount(files, "/")).
		WithArgs("flite", "-add_lex", "/lexicon", "-voice", r.speaker,
			"--setf", "duration_stretch="+number(r.stretch), "--setf", "f0_shift="+number(r.shift),
			"-psdur", "-t", r.text, "-o", "/out.wav")
	m, err := f.runtime.InstantiateModule(f.memory.with(context.WithoutCancel(ctx)), f.module, cfg)
	if m != nil {
		defer m.Close(context.WithoutCancel(ctx))
	}
	if err := exitError(err, complaint); err != nil {
		return sound{}, err
	}
	w, err := readWave(files.written())
	if err != nil {
		return sound{}, fmt.Errorf("read the sound: %w", err)
	}
	phones, err := readPhones(report.Bytes())
	if err != nil {
		return sound{}, fmt.Errorf("read the phonemes: %w", err)
	}
	return sound{wave: w, phones: phones}, nil
}

// exitError is nil when the module ended well; a command ends by an exit code, so the error tells.
func exitError(err error, complaint *capped) error {
	var exit *sys.ExitError
	if err == nil || (errors.As(err, &exit) && exit.ExitCode() == 0) {
		return nil
	}
	return fmt.Errorf("run the voice: %w: %s", err, bytes.TrimSpace(complaint.Bytes()))
}

func (f *flite) close(ctx context.Context) error {
	err := f.runtime.Close(ctx)
	if f.cache != nil {
		err = errors.Join(err, f.cache.Close(ctx))
	}
	return err
}

func number(f float64) string { return strconv.FormatFloat(f, 'f', 4, 64) }

// capped keeps the first max bytes of what is written to it and takes the rest without a word.
type capped struct {
	bytes.Buffer
	max int
}

// Write never fails, so that a chatty module is not taken for a broken one.
func (c *capped) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), c.max-c.Len())])
	return len(p), nil
}
