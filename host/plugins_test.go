package host

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

const overlayManifest = `id: somebody
version: 1.0.0
kind: overlay
api: "1"
runtime: {wasm: plugin.wasm}
capabilities: [{name: text, why: shows who leads}]
subscribes: [bid.accepted]
`

// newCatalogue has one shipped plugin and a folder "mine" in the data directory, whose manifest calls it "somebody".
func newCatalogue(t *testing.T) *catalogue {
	t.Helper()
	own := t.TempDir()
	put(t, filepath.Join(own, "mine", "plugin.yaml"), overlayManifest)
	shipped := fstest.MapFS{"overlay/plugin.yaml": {Data: []byte(strings.Replace(overlayManifest, "somebody", "overlay", 1))}, "broken/README.md": {}}
	return &catalogue{shipped: shipped, own: own}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCatalogue(t *testing.T) {
	c := newCatalogue(t)
	if got := c.ids(); !slices.Equal(got, []string{"mine", "overlay"}) {
		t.Errorf("ids are %v", got)
	}
	for _, name := range []string{"mine", "overlay", filepath.Join(c.own, "mine")} {
		if v, err := manifestOf(c, name); err != nil || v.Kind != plugin.Overlay {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
	}
	for _, name := range []string{"", ".", "..", "broken", "nobody", "../mine", filepath.Join(c.own, "nobody")} {
		if _, err := c.find(name); err == nil || !strings.Contains(err.Error(), "mine, overlay") {
			t.Errorf("%q: error %v; want one that names what there is", name, err)
		}
	}
}

// What the control room lists can be swapped in by the id it is listed with, however its manifest calls it.
func TestListedPluginsCanBeFound(t *testing.T) {
	h := &Host{log: slog.New(slog.DiscardHandler), plugins: plugin.New(plugin.Config{}), catalogue: newCatalogue(t)}
	list, err := wardrobe{h}.Plugins(t.Context())
	if err != nil || len(list) != 2 {
		t.Fatalf("%d plugins, %v", len(list), err)
	}
	for _, p := range list {
		if _, err := h.catalogue.find(p.ID); err != nil {
			t.Errorf("%q is listed: %v", p.ID, err)
		}
	}
}

// After a restart plugins hear all that the scene and its texts are made of, the last minute of a lot included.
func TestWhatSetsTheSceneIsHeardAgain(t *testing.T) {
	for _, k := range []event.Kind{auction.KindLotOpened, auction.KindBidAccepted, auction.KindLotExtended, auction.KindLotClosing, auction.KindLotPaused, auction.KindLotResumed} {
		if plugin.Passing(k) {
			t.Errorf("%s is kept from a plugin that catches up", k)
		}
	}
}

// A folder that holds a broken plugin is told of once, not each time that a page asks what there is.
func TestBrokenPluginIsToldOnce(t *testing.T) {
	var log strings.Builder
	h := &Host{log: slog.New(slog.NewTextHandler(&log, nil)), plugins: plugin.New(plugin.Config{}), catalogue: newCatalogue(t)}
	put(t, filepath.Join(h.catalogue.own, "bent", "plugin.yaml"), "id: bent\n")
	for range 3 {
		if list, err := (wardrobe{h}).Plugins(t.Context()); err != nil || len(list) != 2 {
			t.Fatalf("%d plugins, %v", len(list), err)
		}
	}
	if n := strings.Count(log.String(), "plugin=bent"); n != 1 {
		t.Errorf("told %d times:\n%s", n, log.String())
	}
}

// A plugin from a stranger reads nothing but itself, and nothing that has no end.
func TestFolderHoldsItsPlugin(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "secret"), "token")
	put(t, filepath.Join(dir, "p", "plugin.yaml"), overlayManifest)
	for link, to := range map[string]string{"out": "../secret", "absolute": filepath.Join(dir, "secret"), "inside": "plugin.yaml", "up": ".."} {
		if err := os.Symlink(to, filepath.Join(dir, "p", link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "p", "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := folder(filepath.Join(dir, "p"))
	for _, name := range []string{"out", "absolute", "up/secret", "pipe", "../secret", "nothing"} {
		if b, err := plugin.ReadFile(p, name, 1<<20); err == nil {
			t.Errorf("%s gave %q", name, b)
		}
	}
	for _, name := range []string{"plugin.yaml", "inside"} {
		if b, err := plugin.ReadFile(p, name, 1<<20); err != nil || string(b) != overlayManifest {
			t.Errorf("%s: %q, %v", name, b, err)
		}
	}
	if _, err := fs.Stat(folder(filepath.Join(dir, "gone")), "plugin.yaml"); err == nil {
		t.Error("a folder that is not there holds a file")
	}
}

func manifestOf(c *catalogue, name string) (*plugin.Manifest, error) {
	files, err := c.find(name)
	if err != nil {
		return nil, err
	}
	return plugin.LoadManifest(files)
}

// TestWhatWasKeptIsFoundByWhatItRan: by the sum that plugin.loaded has, which of a script is that of the whole of it; after
// its folder changed, and by another catalogue on the same data directory.
func TestWhatWasKeptIsFoundByWhatItRan(t *testing.T) {
	script := strings.NewReplacer("somebody", "mine", "wasm: plugin.wasm", "js: plugin.ts").Replace(overlayManifest)
	for _, c := range []struct {
		name, manifest, main string
		files                map[string]string
	}{
		{"module", strings.Replace(overlayManifest, "somebody", "mine", 1), "plugin.wasm", map[string]string{"plugin.wasm": "first"}},
		{"body", strings.NewReplacer("somebody", "mine", "wasm: plugin.wasm", "declarative: p.yaml").Replace(overlayManifest), "p.yaml", map[string]string{"p.yaml": "first"}},
		{"script", script, "plugin.ts", map[string]string{"plugin.ts": "export default {}"}},
		{"script of several files", script, "plugin.ts", map[string]string{"plugin.ts": `import { a } from "./lib/a.js"; export default { on: { "bid.accepted": () => a } }`, "lib/a.ts": "export const a: number = 1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := t.TempDir()
			mine := filepath.Join(own, "mine")
			put(t, filepath.Join(mine, "plugin.yaml"), c.manifest)
			for name, text := range c.files {
				put(t, filepath.Join(mine, name), text)
			}
			taken, err := (&catalogue{shipped: fstest.MapFS{}, own: own}).take("mine")
			if err != nil {
				t.Fatal(err)
			}
			m, err := plugin.LoadManifest(taken)
			if err != nil {
				t.Fatal(err)
			}
			program, err := wasm.Read(wasm.Config{Interpreter: []byte("x"), Engine: []byte("x")}, plugin.Spec{Manifest: m, Files: taken})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.RemoveAll(mine); err != nil {
				t.Fatal(err)
			}
			later := &catalogue{shipped: fstest.MapFS{}, own: own}
			kept, ok := later.keptAs("mine", "1.0.0", program.SHA256)
			if !ok {
				t.Fatal("it is not found")
			}
			for name, text := range c.files {
				if b, err := fs.ReadFile(kept, name); err != nil || string(b) != text {
					t.Errorf("%s is %q, %v", name, b, err)
				}
			}
			if again, err := wasm.Read(wasm.Config{Interpreter: []byte("x"), Engine: []byte("x")}, plugin.Spec{Manifest: m, Files: kept}); err != nil || again.SHA256 != program.SHA256 {
				t.Errorf("as kept it is another program: %v", err)
			}
			for _, k := range [][3]string{{"other", "1.0.0", program.SHA256}, {"mine", "2.0.0", program.SHA256}, {"mine", "1.0.0", strings.Repeat("0", 64)}, {"../mine", "1.0.0", program.SHA256}, {"", "", ""}} {
				if _, ok := later.keptAs(k[0], k[1], k[2]); ok {
					t.Errorf("%q is found", k)
				}
			}
		})
	}
}

// TestPackagesAreKept: what was on air can be played again after its package is gone.
func TestPackagesAreKept(t *testing.T) {
	c, folder := withStore(t)
	file := author(t, folder, "moth", "1.0.0", true)
	taken, err := c.take(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	kept, ok := c.keptAs("moth", "1.0.0", sumOf([]byte("\x00asm")))
	if b, err := fs.ReadFile(taken, "plugin.wasm"); err != nil || !ok || !strings.HasPrefix(originOf(taken), "signed by ann") {
		t.Fatalf("kept %v, %q from %q, %v", ok, b, originOf(taken), err)
	}
	if b, err := fs.ReadFile(kept, "plugin.wasm"); err != nil || string(b) != "\x00asm" {
		t.Errorf("kept is %q, %v", b, err)
	}
}
