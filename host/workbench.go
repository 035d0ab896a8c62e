package host

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// buildScript is what a folder with a plugin that wants a compiler has, to be built by.
const buildScript = "build.sh"

// Workbench is where a plugin is tried while it is being written. It keeps what is slow to make.
type Workbench struct {
	dataDir string
	runtime *wasm.Runtime
	plugins *catalogue
}

// OpenWorkbench makes a workbench on the data directory of a show, which may run.
func OpenWorkbench(ctx context.Context, dataDir string) (*Workbench, error) {
	cfg, err := Config{DataDir: dataDir}.withDefaults()
	if err != nil {
		return nil, err
	}
	rt, err := openRuntime(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	return &Workbench{dataDir: dataDir, runtime: rt, plugins: catalogueOf(cfg.Assets, dataDir)}, nil
}

// Close ends it.
func (w *Workbench) Close(ctx context.Context) error {
	return w.runtime.Close(context.WithoutCancel(ctx))
}

// Build runs the script that builds the plugin in a folder, if it wants a compiler and has one.
func (w *Workbench) Build(ctx context.Context, dir string, out io.Writer) (built bool, err error) {
	m, err := plugin.LoadManifest(folder(dir))
	if err != nil {
		return false, failf(ErrBadInput, "%s: %w", dir, err)
	}
	if m.Runtime.Wasm == nil {
		return false, nil
	}
	info, err := os.Stat(filepath.Join(dir, buildScript))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	c := exec.CommandContext(ctx, "./"+buildScript)
	if err == nil && info.Mode()&0o111 == 0 { // as a new one is, whose README calls it by sh
		c = exec.CommandContext(ctx, "sh", buildScript)
	}
	c.Dir, c.Stdout, c.Stderr = dir, out, out
	if err := c.Run(); err != nil {
		return true, failf(ErrBadInput, "%s: %w", filepath.Join(dir, buildScript), err)
	}
	return true, nil
}

// Trial is what a plugin makes of what the show heard last.
type Trial struct {
	Plugin, Version, Slot string
	Events                int    // that it was played
	Reactions             string // in the form of a golden file
}

// Try plays the last events of the ledger to the plugin in a folder.
func (w *Workbench) Try(ctx context.Context, dir string, last int) (Trial, error) {
	l := loader{runtime: w.runtime, plugins: w.plugins}
	p, err := l.loadFolder(ctx, dir)
	if err != nil {
		return Trial{}, err
	}
	defer p.guest.Close(context.WithoutCancel(ctx))
	t := Trial{Plugin: p.manifest.ID, Version: p.manifest.Version, Slot: string(p.manifest.Kind)}
	events, err := w.last(ctx, last)
	if err != nil {
		return t, err
	}
	t.Events = len(events)
	if t.Reactions, err = replay.Perform(ctx, p.guest, p.manifest, events); err != nil {
		return t, ofKind(ErrBadInput, err)
	}
	return t, nil
}

// last are the last events of the ledger.
func (w *Workbench) last(ctx context.Context, n int) ([]Event, error) {
	ledger, err := OpenLedger(ctx, w.dataDir)
	if err != nil {
		return nil, err
	}
	defer ledger.Close()
	newest, err := ledger.Last(ctx)
	if err != nil {
		return nil, err
	}
	return ledger.Read(ctx, newest-min(newest, uint64(n)), n)
}
