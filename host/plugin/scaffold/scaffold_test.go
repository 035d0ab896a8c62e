package scaffold

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

var update = flag.Bool("update", false, "write the golden files of the templates")

// sdks are the SDKs as they lie in the repository; the program has them embedded.
var sdks = os.DirFS(filepath.Join("..", "..", "..", "sdk"))

// transcript reads the session that comes with a new plugin.
func transcript(t *testing.T, folder string) []event.Event {
	t.Helper()
	f, err := os.Open(filepath.Join(folder, "tests", "bids.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	events, err := replay.ReadTranscript(f, f.Name(), event.NewRegistry(slices.Concat(auction.Facts(), show.Facts())...).DecodeStrict)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func runtime(t *testing.T) *wasm.Runtime {
	t.Helper()
	interpreter, err := os.ReadFile(filepath.Join("..", "..", "shipped", "dist", "interpreter.wasm"))
	if err != nil {
		t.Fatalf("%v; build it: make assets", err)
	}
	r, err := wasm.New(t.Context(), wasm.Config{Interpreter: interpreter})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(t.Context()) })
	return r
}

func scaffold(t *testing.T, id, lang string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), id)
	if _, err := Plugin(folder, Request{ID: id, Language: lang, Character: "dusty"}, sdks); err != nil {
		t.Fatal(err)
	}
	return folder
}

// play loads the plugin in a folder as the show would, also from its package, and compares what it asks for with the
// golden file that comes with it.
func play(t *testing.T, r *wasm.Runtime, folder, golden string) {
	t.Helper()
	p, _, err := bundle.Pack(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	for _, fsys := range []fs.FS{os.DirFS(folder), p.FS()} {
		m, err := plugin.LoadManifest(fsys)
		if err != nil {
			t.Fatal(err)
		}
		g, err := r.Load(t.Context(), plugin.Spec{Manifest: m, Files: fsys})
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close(t.Context())
		got, err := replay.Perform(t.Context(), g, m, transcript(t, folder))
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(filepath.Join("templates", golden, "tests", "bids.golden"), []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(filepath.Join(folder, "tests", "bids.golden"))
		if err != nil || got != string(want) {
			t.Errorf("it asks for\n%s\nand the golden file (%v) says\n%s", got, err, want)
		}
	}
}

func TestDeclarative(t *testing.T) {
	play(t, runtime(t), scaffold(t, "night-moth", "declarative"), "declarative")
}

func build(t *testing.T, folder string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a plugin")
	}
	cmd := exec.CommandContext(t.Context(), "sh", "build.sh")
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestGo(t *testing.T) {
	folder := scaffold(t, "night-moth", "go")
	build(t, folder)
	play(t, runtime(t), folder, "common")
}

func TestAssemblyScript(t *testing.T) {
	folder := scaffold(t, "plugin", "assemblyscript") // which the SDK has a class of as well
	// What `npm install` would fetch is here already, for the plugins that we ship.
	have, err := filepath.Abs(filepath.Join("..", "..", "..", "plugins", "scenerules", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	modules := filepath.Join(folder, "node_modules")
	if err := os.MkdirAll(filepath.Join(modules, "@sothebais"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{".bin": filepath.Join(have, ".bin"), "assemblyscript": filepath.Join(have, "assemblyscript"), "@sothebais/sdk": filepath.Join(folder, "sdk")} {
		if err := os.Symlink(to, filepath.Join(modules, name)); err != nil {
			t.Fatal(err)
		}
	}
	build(t, folder)
	play(t, runtime(t), folder, "common")
}

// TestRust: Cargo refuses a package whose name begins with a digit, and says so only when it is built.
func TestRust(t *testing.T) {
	folder := scaffold(t, "3-moths", "rust")
	b, err := os.ReadFile(filepath.Join(folder, "Cargo.toml"))
	if err != nil || !strings.Contains(string(b), "\nname = \"plugin-3-moths\"\n") {
		t.Errorf("error %v, in\n%s", err, b)
	}
	libs, err := exec.CommandContext(t.Context(), "rustc", "--print", "target-libdir", "--target", "wasm32-unknown-unknown").Output()
	if _, missing := os.Stat(strings.TrimSpace(string(libs))); err != nil || missing != nil {
		t.Skip("no Rust with the target wasm32-unknown-unknown")
	}
	t.Setenv("CARGO_TARGET_DIR", t.TempDir()) // as people set it who have many crates
	build(t, folder)
	play(t, runtime(t), folder, "common")
}

// TestTinyGo: a panic keeps its words, without which the show can only say unreachable.
func TestTinyGo(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(scaffold(t, "night-moth", "tinygo"), "build.sh"))
	if err != nil || !strings.Contains(string(b), "tinygo build ") || strings.Contains(string(b), "-panic=trap") {
		t.Errorf("error %v, build.sh is\n%s", err, b)
	}
}

// TestIDsThatMeanSomethingElse: to YAML, which reads null as nothing, and to Go, which has packages of some names itself.
func TestIDsThatMeanSomethingElse(t *testing.T) {
	r := runtime(t)
	for id, name := range map[string]string{"null": "Null", "true": "True", "1e3": "1e3", "0x10": "0x10", "010": "010", "2024-01-01": "2024 01 01", "go": "Go", "std": "Std"} {
		for _, l := range languages {
			folder := scaffold(t, id, l.name)
			m, err := plugin.LoadManifest(os.DirFS(folder))
			if err != nil || m.ID != id || m.Name != name || m.State == nil || l.name != "declarative" && m.State.ID != id {
				t.Errorf("%s in %s: %+v, error %v", id, l.name, m, err)
			}
			switch l.name {
			case "declarative":
				play(t, r, folder, "declarative")
			case "go":
				cmd := exec.CommandContext(t.Context(), "go", "list", ".")
				cmd.Dir, cmd.Env = folder, append(os.Environ(), "GOFLAGS=", "GOWORK=off")
				if out, err := cmd.CombinedOutput(); err != nil || string(out) != "example.com/"+id+"\n" {
					t.Errorf("%s: error %v, %s", id, err, out)
				}
			}
		}
	}
}

// Every language gives a folder with a manifest that the show reads, a session to try it on, a licence and words. One
// whose SDK is not there says so and writes nothing.
func TestEveryLanguage(t *testing.T) {
	for _, l := range languages {
		folder := filepath.Join(t.TempDir(), "new", "night-moth") // its parent is not there either
		files, err := Plugin(folder, Request{ID: "night-moth", Language: l.name, Character: "dusty"}, sdks)
		if _, missing := fs.Stat(sdks, path.Join(".", l.sdk)); missing != nil {
			if _, there := os.Stat(folder); !errors.Is(err, ErrScaffold) || there == nil {
				t.Errorf("%s, without its SDK: %v", l.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", l.name, err)
			continue
		}
		m, err := plugin.LoadManifest(os.DirFS(folder))
		if err != nil || m.ID != "night-moth" {
			t.Errorf("%s: %v", l.name, err)
		}
		for _, name := range []string{"LICENSE", "README.md", "tests/bids.jsonl", "tests/bids.golden"} {
			if !slices.Contains(files, name) {
				t.Errorf("%s: no %s among %q", l.name, name, files)
			}
		}
		if strings.Contains(strings.Join(files, " "), ".tmpl") || strings.Contains(strings.Join(files, " "), embedded) {
			t.Errorf("%s: a name was left as it is embedded: %q", l.name, files)
		}
	}
}

func TestRefused(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	good := Request{ID: "moth", Language: "go", Character: "dusty"}
	for _, c := range []struct {
		folder string
		change func(*Request)
		sdks   fs.FS
		want   string
	}{
		{"", func(r *Request) { r.Language = "cobol" }, sdks, "want one of declarative, js, ts, go"},
		{"", func(r *Request) { r.ID = "Moth" }, sdks, "such as night-moth"},
		{"", func(r *Request) { r.ID = "operator" }, sdks, "choose another"},
		{"", func(r *Request) { r.Character = "" }, sdks, "such as dusty"},
		{full, func(*Request) {}, sdks, "is there and holds files"},
		{filepath.Join(full, "mine"), func(*Request) {}, sdks, "not a directory"},
		{"", func(*Request) {}, fstest.MapFS{}, "brings no SDK for go along"},
	} {
		r := good
		c.change(&r)
		if c.folder == "" {
			c.folder = filepath.Join(t.TempDir(), "x")
		}
		if _, err := Plugin(c.folder, r, c.sdks); !errors.Is(err, ErrScaffold) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v in %s: error %v; want one with %q", r, c.folder, err, c.want)
		}
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(full), ".new-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
