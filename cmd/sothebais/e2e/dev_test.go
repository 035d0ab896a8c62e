package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// developing is a running `sothebais dev`; what it says is what the test goes by.
type developing struct {
	t     *testing.T
	lines chan string
	said  []string
}

// develop watches a folder until the test ends.
func develop(t *testing.T, env []string, dir, data string) *developing {
	t.Helper()
	d := &developing{t: t, lines: make(chan string)}
	c := exec.Command(bin, "dev", dir, "--data-dir", data)
	c.Env = env
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, in := io.Pipe()
	c.Stdout, c.Stderr = in, in
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { err := c.Wait(); in.Close(); ended <- err }()
	go func() {
		defer close(d.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			d.lines <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		for range d.lines { // until it has ended
		}
		if err := <-ended; err != nil {
			t.Errorf("dev %s: %v", dir, err)
		}
	})
	return d
}

// sees waits for lines that hold the words, in their order.
func (d *developing) sees(words ...string) {
	d.t.Helper()
	patience := time.After(3 * time.Minute)
	for len(words) > 0 {
		select {
		case line, ok := <-d.lines:
			if !ok {
				d.t.Fatalf("dev ended before it said %q; it said:\n%s", words[0], strings.Join(d.said, "\n"))
			}
			d.said = append(d.said, line)
			if strings.Contains(line, words[0]) {
				words = words[1:]
			}
		case <-patience:
			d.t.Fatalf("dev did not say %q; it said:\n%s", words[0], strings.Join(d.said, "\n"))
		}
	}
}

// TestDevLoop writes two plugins with dev beside a show: a save is built, reacts and goes into shadow; a broken one is told
// with its line and the one before goes on; mended it goes on.
func TestDevLoop(t *testing.T) {
	w := newWalker(t)
	data := filepath.Join(w.dir, "data")
	p := start(t, append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0"), bin, "demo", "--data-dir", data, "--fps", "24", "--json")
	p.waitFor("on_air", time.Minute)
	await(t, data, 0, time.Minute, "bid", kind("bid.accepted"))
	for _, k := range []struct {
		lang, file, slot, old, now, reaction, broken, at string
	}{
		{"declarative", "personality.yaml", "personality", "gesture: nod", "gesture: wave", "gesture wave", "gestur: wave", "personality.yaml:"},
		{"js", "plugin.js", "overlay", "leads with", "is ahead with", "is ahead with", "is ahead with ${", "plugin.js:"},
	} {
		t.Run(k.lang, func(t *testing.T) {
			id := "moth-" + k.lang
			moth := filepath.Join(w.dir, id)
			file := filepath.Join(moth, k.file)
			w.run("sothebais new plugin " + id + " --lang " + k.lang)
			d := develop(t, w.env, moth, data)
			shadow := k.slot + ": " + id + " 0.1.0 is the shadow"
			d.sees("*** DEV ***", "/preview", "0.1.0 reacted to the last", shadow)

			edit(t, file, k.old, k.now)
			d.sees("ms after you saved", k.reaction, shadow)
			first := shadowed(t, data, id)

			edit(t, file, k.now, k.broken)
			d.sees("✗ ", "the version before goes on as the shadow of "+k.slot)
			if told := d.said[len(d.said)-2]; !strings.Contains(strings.Join(d.said[max(0, len(d.said)-4):], "\n"), k.at) {
				t.Errorf("the error does not name the line: %s", told)
			}
			if now := shadowed(t, data, id); now != first {
				t.Errorf("fact %d put another version in shadow than fact %d", now, first)
			}

			edit(t, file, k.broken, k.now)
			d.sees("ms after you saved", k.reaction, shadow)
			if now := shadowed(t, data, id); now == first {
				t.Error("what was mended is not in shadow")
			}
		})
	}
}

// shadowed is the number of the last fact that a plugin went into shadow.
func shadowed(t *testing.T, data, id string) uint64 {
	t.Helper()
	var last uint64
	for _, f := range ledger(t, data, 0) {
		var d struct {
			Plugin string `json:"plugin"`
		}
		if f.Type == "plugin.shadowed" {
			if f.into(t, &d); d.Plugin == id {
				last = f.Seq
			}
		}
	}
	return last
}

func edit(t *testing.T, file, old, now string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s does not hold %q", file, old)
	}
	if err := os.WriteFile(file, bytes.Replace(b, []byte(old), []byte(now), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}
