package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// guide is what a designer reads; the test does what it says.
const guide = "../../../docs/first-character.md"

// TestDesignersWalk is the way of a host from an empty folder to a live show and back. It runs the commands of the guide,
// block by block and as they stand there, and what the guide says is printed has to be printed.
func TestDesignersWalk(t *testing.T) {
	w := newWalker(t)
	var said string
	for _, b := range blocksOf(t, guide) {
		switch b.kind {
		case "sh":
			said = w.run(b.text)
		case "sh background":
			w.show(b.text)
		case "text":
			for line := range strings.Lines(b.text) {
				if line = strings.TrimSpace(line); !strings.Contains(said, line) {
					t.Errorf("the guide says that it prints %q; it printed:\n%s", line, said)
				}
			}
		default:
			t.Fatalf("%s: a block of kind %q, which nobody runs", guide, b.kind)
		}
	}
	if w.demo == nil {
		t.Fatalf("%s begins no show", guide)
	}
	w.demo.stop()
	for _, of := range []string{"overlay", "scene-rules", "personality", "night-moth"} {
		if said := w.run("sothebais replay --data-dir show --against " + of); !strings.Contains(said, "heard on air") {
			t.Errorf("replay of %s: %s", of, said)
		}
	}
}

// block is a fenced part of a guide.
type block struct{ kind, text string }

func blocksOf(t *testing.T, file string) []block {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	for _, m := range regexp.MustCompile("(?ms)^```([^\n]*)\n(.*?)^```$").FindAllSubmatch(b, -1) {
		out = append(out, block{string(m[1]), string(m[2])})
	}
	return out
}

// walker is somebody at a terminal: one shell after the other, which take along folder and variables.
type walker struct {
	t    *testing.T
	dir  string
	env  []string
	vars string // exported so far
	demo *program
}

func newWalker(t *testing.T) *walker {
	t.Helper()
	programs, err := filepath.Abs(filepath.Dir(bin))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	home := filepath.Join(dir, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	env := append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0", "HOME="+home, "XDG_CACHE_HOME="+cache, "PATH="+programs+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return &walker{t: t, dir: dir, env: env}
}

// run does what a block says, and gives what it printed, on both ways out.
func (w *walker) run(text string) string {
	w.t.Helper()
	var out bytes.Buffer
	c := exec.CommandContext(w.t.Context(), "bash", "-euo", "pipefail", "-c", w.vars+text)
	c.Dir, c.Env, c.Stdout, c.Stderr = w.dir, w.env, &out, &out
	if err := c.Run(); err != nil {
		w.t.Fatalf("%v\n%s\n%s", err, text, out.Bytes())
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "export ") {
			w.vars += line
		}
	}
	return out.String()
}

// show begins the show of a block in a second terminal, and waits for its first bid.
func (w *walker) show(text string) {
	w.t.Helper()
	args, ok := strings.CutPrefix(strings.TrimSpace(text), "sothebais demo --data-dir show")
	if !ok || args != "" {
		w.t.Fatalf("the guide begins its show with %q; this test knows another way", text)
	}
	data := filepath.Join(w.dir, "show")
	w.demo = start(w.t, w.env, bin, "demo", "--data-dir", data, "--fps", "24", "--json")
	w.demo.waitFor("on_air", time.Minute)
	await(w.t, data, 0, time.Minute, "bid", kind("bid.accepted"))
}
