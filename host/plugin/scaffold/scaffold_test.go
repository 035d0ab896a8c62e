package scaffold

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

var update = flag.Bool("update", false, "write the transcript of the templates")

// sdks are the SDKs as they lie in the repository; the program has them embedded.
var sdks = os.DirFS(filepath.Join("..", "..", "..", "sdk"))

// session is what the transcript of a new plugin tells: a lot opens, three bids come, the hammer falls.
func session() []event.Event {
	at := time.Date(2026, 1, 2, 20, 0, 0, 0, time.UTC)
	eth := money.MustETH
	terms := auction.Terms{Lot: "night-1-lot-1", Number: 1, Title: "Fox at Dusk", Artist: "Ilse Marten", Start: eth("0.5"), Duration: time.Minute}
	bid := func(n int, who, amount, next, before string) auction.BidAccepted {
		return auction.BidAccepted{Lot: terms.Lot, Bidder: "acc-" + who, Handle: who, Amount: eth(amount), Minimum: eth(next), Previous: eth(before), Count: n, ReserveMet: true, Closes: at.Add(time.Minute), PostID: fmt.Sprint(100 + n)}
	}
	tick := func(left, silent int64) show.Ticked {
		return show.Ticked{Lot: string(terms.Lot), SecondsLeft: left, SilentMS: silent}
	}
	var out []event.Event
	for i, e := range []struct {
		after time.Duration
		data  event.Data
	}{
		{0, auction.LotOpened{Session: "night-1", Terms: terms, Closes: at.Add(time.Minute)}},
		{6 * time.Second, bid(1, "ann", "0.5", "0.55", "0")},
		{14 * time.Second, bid(2, "bo", "0.6", "0.65", "0.5")},
		{22 * time.Second, tick(38, 6000)},
		{30 * time.Second, bid(3, "ann", "1", "1.1", "0.6")},
		{50 * time.Second, auction.LotClosing{Lot: terms.Lot, Seconds: 10}},
		{60 * time.Second, auction.LotSold{Lot: terms.Lot, Title: terms.Title, Winner: "acc-ann", Handle: "ann", Amount: eth("1"), Bids: 3, RunnerHandle: "bo", RunnerAmount: eth("0.6"), WinningPostID: "103"}},
	} {
		seq := uint64(i + 1)
		out = append(out, event.Event{Seq: seq, Root: seq, At: at.Add(e.after), Data: e.data})
	}
	return out
}

// The transcript is in the form of the ledger: what `sothebais events tail --json` prints.
func TestTranscript(t *testing.T) {
	var want bytes.Buffer
	for _, e := range session() {
		if err := json.NewEncoder(&want).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join("templates", "common", "tests", "bids.jsonl")
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not as the facts say (%v); run the test with -update", file, err)
	}
}

// transcript reads the events of a new plugin's folder.
func transcript(t *testing.T, folder string) []event.Event {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folder, "tests", "bids.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	reg := event.NewRegistry(slices.Concat(auction.Facts(), show.Facts())...)
	var out []event.Event
	for line := range bytes.Lines(b) {
		e, err := reg.UnmarshalEvent(line)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
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

// play loads the plugin in a folder as the show would, also from its package, and tells what it asks for.
func play(t *testing.T, r *wasm.Runtime, folder string) []string {
	t.Helper()
	p, _, err := bundle.Pack(os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	var first []string
	for _, fsys := range []fs.FS{os.DirFS(folder), p.FS()} {
		m, err := plugin.LoadManifest(fsys)
		if err != nil {
			t.Fatal(err)
		}
		g, err := r.Load(t.Context(), m, fsys)
		if err != nil {
			t.Fatal(err)
		}
		defer g.Close(t.Context())
		var lines []string
		for _, e := range transcript(t, folder) {
			if !slices.Contains(m.Subscribes, e.Kind()) {
				continue
			}
			reactions, err := g.HandleBatch(t.Context(), []event.Event{e})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range reactions {
				if !m.May(r.Power) {
					t.Errorf("it asks for %s and does not say so in plugin.yaml", r.Power)
				}
				lines = append(lines, fmt.Sprintf("%d %s %s %s", r.Event, r.Power, r.Cue.Name, r.Cue.Text))
			}
		}
		if first == nil {
			first = lines
		} else if !slices.Equal(lines, first) {
			t.Errorf("from the package it says %q, from the folder %q", lines, first)
		}
	}
	return first
}

// leads is what an overlay must ask for, whatever it is written in.
var leads = []string{
	"1 text headline Fox at Dusk",
	"2 text headline @ann leads with 0.5 ETH, bid 1",
	"3 text headline @bo leads with 0.6 ETH, bid 2",
	"5 text headline @ann leads with 1 ETH, bid 3",
}

func TestDeclarative(t *testing.T) {
	got := strings.Join(play(t, runtime(t), scaffold(t, "night-moth", "declarative")), "\n")
	for _, want := range []string{"1 say", "2 say", "ann", "5 mood excited", "seconds", "7 gesture gavel", "Sold! Fox at Dusk goes to ann for 1"} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing with %q in:\n%s", want, got)
		}
	}
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
	if got := play(t, runtime(t), folder); !slices.Equal(got, leads) {
		t.Errorf("got %q, want %q", got, leads)
	}
}

func TestAssemblyScript(t *testing.T) {
	folder := scaffold(t, "3-moths", "assemblyscript") // a class may not begin with a digit
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
	if got := play(t, runtime(t), folder); !slices.Equal(got, leads) {
		t.Errorf("got %q, want %q", got, leads)
	}
}

// Every language gives a folder with a manifest that the show reads, a session to try it on, a licence and words.
func TestEveryLanguage(t *testing.T) {
	for _, lang := range Languages() {
		folder := filepath.Join(t.TempDir(), "new", "night-moth") // its parent is not there either
		files, err := Plugin(folder, Request{ID: "night-moth", Language: lang, Character: "dusty"}, everySDK{sdks})
		if err != nil {
			t.Errorf("%s: %v", lang, err)
			continue
		}
		m, err := plugin.LoadManifest(os.DirFS(folder))
		if err != nil || m.ID != "night-moth" {
			t.Errorf("%s: %v", lang, err)
		}
		for _, name := range []string{"LICENSE", "README.md", "tests/bids.jsonl"} {
			if !slices.Contains(files, name) {
				t.Errorf("%s: no %s among %q", lang, name, files)
			}
		}
		if strings.Contains(strings.Join(files, " "), ".tmpl") || strings.Contains(strings.Join(files, " "), embedded) {
			t.Errorf("%s: a name was left as it is embedded: %q", lang, files)
		}
	}
}

// everySDK has an SDK for each language.
type everySDK struct{ fs.FS }

func (f everySDK) Open(name string) (fs.File, error) {
	if file, err := f.FS.Open(name); err == nil {
		return file, nil
	}
	return fstest.MapFS{"js/a.js.src": {}, "rust/a.rs.src": {}, "c/a.h.src": {}}.Open(name)
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
