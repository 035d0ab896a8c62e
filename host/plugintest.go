package host

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// PluginTests are the transcripts in the folder tests of a plugin, *.jsonl, each beside a *.golden with what the plugin
// asks for.
type PluginTests struct {
	Dir    string // of the plugin
	Only   string // a part of the names to run; all when empty
	Update bool   // write the golden files
	Assets fs.FS  // the embedded tree when nil
}

// PluginTest is how one transcript went.
type PluginTest struct {
	Name    string `json:"name"`
	Events  int    `json:"events"`
	OK      bool   `json:"ok"`
	Updated bool   `json:"updated,omitempty"`
	Diff    string `json:"diff,omitempty"` // from what is wanted to what came
}

// Run plays each transcript to a fresh guest.
func (p PluginTests) Run(ctx context.Context) ([]PluginTest, error) {
	cfg, err := Config{Assets: p.Assets}.withDefaults()
	if err != nil {
		return nil, err
	}
	if err := OfPlugin(p.Dir); err != nil {
		return nil, err
	}
	files, err := transcripts(p.Dir)
	if err != nil || len(files) == 0 {
		return nil, failf(ErrBadInput, "%s holds no transcript; put one there, such as tests/bids.jsonl with a line for each event", filepath.Join(p.Dir, "tests"))
	}
	all := files
	files = slices.DeleteFunc(slices.Clone(all), func(file string) bool { return !strings.Contains(transcriptName(file), p.Only) })
	if len(files) == 0 {
		var names []string
		for _, file := range all {
			names = append(names, transcriptName(file))
		}
		return nil, failf(ErrBadInput, "no transcript in %s has %q in its name; there are: %s", filepath.Join(p.Dir, "tests"), p.Only, strings.Join(names, ", "))
	}
	rt, err := openRuntime(ctx, cfg, nil)
	if err != nil {
		return nil, err
	}
	defer rt.Close(context.WithoutCancel(ctx))
	l := loader{runtime: rt, plugins: catalogueOf(cfg.Assets, cfg.DataDir)}
	var out []PluginTest
	for _, file := range files {
		t, err := p.run(ctx, &l, file)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// OfPlugin fails when a folder is that of no plugin; the plugin may be broken.
func OfPlugin(dir string) error {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return failf(ErrBadInput, "%s is a file; name the folder of a plugin", dir)
	}
	if _, err := plugin.LoadManifest(folder(dir)); errors.Is(err, fs.ErrNotExist) {
		return failf(ErrBadInput, "%s: %w", dir, err)
	}
	return nil
}

// TryPlugin loads a plugin as a show does, and lets go of it; the error is what a show would say.
func TryPlugin(ctx context.Context, name string, files fs.FS) error {
	w, err := OpenWorkbench(ctx, "")
	if err != nil {
		return err
	}
	defer w.Close(ctx)
	l := loader{runtime: w.runtime, plugins: w.plugins}
	p, err := l.loadFiles(ctx, name, files)
	if err != nil {
		return err
	}
	return p.guest.Close(context.WithoutCancel(ctx))
}

// transcripts are the files in the folder tests of a plugin; the folder's own name is no pattern.
func transcripts(dir string) ([]string, error) {
	files, err := fs.Glob(os.DirFS(filepath.Clean(dir)), "tests/*.jsonl")
	for i, name := range files {
		files[i] = filepath.Join(dir, name)
	}
	return files, err
}

func transcriptName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".jsonl") }

func (p PluginTests) run(ctx context.Context, l *loader, file string) (PluginTest, error) {
	t := PluginTest{Name: transcriptName(file)}
	f, err := os.Open(file)
	if err != nil {
		return t, ofKind(ErrBadInput, err)
	}
	events, err := replay.ReadTranscript(f, file, Facts().DecodeStrict)
	if err = errors.Join(err, f.Close()); err != nil {
		return t, ofKind(ErrBadInput, err)
	}
	t.Events = len(events)
	got, err := perform(ctx, l, p.Dir, events)
	if err != nil {
		return t, err
	}
	golden := strings.TrimSuffix(file, ".jsonl") + ".golden"
	want, err := os.ReadFile(golden)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return t, ofKind(ErrBadInput, err)
	}
	if t.OK = err == nil && bytes.Equal(want, []byte(got)); t.OK {
		return t, nil
	}
	if p.Update {
		t.OK, t.Updated = true, true
		return t, os.WriteFile(golden, []byte(got), 0o644)
	}
	t.Diff = string(diff.Diff(golden, want, "what came", []byte(got)))
	return t, nil
}

// perform plays events to a fresh guest of the plugin in dir. A state that cannot be handed over shows in what came: on the
// show that would be noticed when it is lost.
func perform(ctx context.Context, l *loader, dir string, events []Event) (string, error) {
	p, err := l.loadFolder(ctx, dir)
	if err != nil {
		return "", err
	}
	defer p.guest.Close(context.WithoutCancel(ctx))
	got, err := replay.Perform(ctx, p.guest, p.manifest, events)
	if errors.Is(err, plugin.ErrDead) {
		err = ofKind(ErrBadInput, err)
	}
	if err != nil || p.manifest.State == nil {
		return got, err
	}
	state, err := p.guest.Save(ctx)
	if err == nil {
		err = inherits(ctx, l, dir, state)
	}
	if err != nil {
		why, _, _ := strings.Cut(err.Error(), "\n")
		got += "state\n    fails: " + why + "\n"
	}
	return got, ctx.Err()
}

// inherits is what keeps another guest of the plugin in dir from taking a state over.
func inherits(ctx context.Context, l *loader, dir string, state []byte) error {
	heir, err := l.loadFolder(ctx, dir)
	if err != nil {
		return err
	}
	defer heir.guest.Close(context.WithoutCancel(ctx))
	return heir.guest.Restore(ctx, state)
}
