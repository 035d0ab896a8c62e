package admin

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// TestControlRoomInChromium drives the built control room in a real browser against a show in memory: see ui/e2e.
func TestControlRoomInChromium(t *testing.T) {
	script := os.Getenv("CONTROL_ROOM_SCRIPT") // another script against the same show, for work on the page
	if script == "" {
		script = filepath.Join("e2e", "control-room.mjs")
	}
	drive(t, script)
}

// TestPluginsPageInChromium does the same with the page of characters and plugins.
func TestPluginsPageInChromium(t *testing.T) {
	drive(t, filepath.Join("e2e", "plugins.mjs"))
}

// drive starts a control room with the built pages and lets a script work on it in a browser.
func drive(t *testing.T, script string) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	for _, need := range []struct{ path, mend string }{
		{"ui/node_modules/playwright-core", "run `npm ci` in host/admin/ui"},
		{"ui/dist/index.html", "run `npm ci && npm run build` in host/admin/ui"},
		{"/usr/bin/chromium", "apt-get install chromium"},
	} {
		if _, err := os.Stat(need.path); err != nil {
			t.Fatalf("%s is missing: %s", need.path, need.mend)
		}
	}
	r := newRoom(t, func(c *Config) {
		c.UI = os.DirFS("ui/dist")
		c.Preview = testStream(t)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", script)
	cmd.Dir = "ui"
	cmd.Env = append(os.Environ(), "BASE="+r.url, "PASSWORD="+testPassword, "SHOTS="+os.Getenv("CONTROL_ROOM_SHOTS"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.obey(out, in)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%s: %v", script, err)
	}
}

// obey does to the show what the script asks for, a line at a time, and answers each with a line.
func (r *room) obey(from io.Reader, to io.Writer) {
	r.Helper()
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		answer, known := r.do(lines.Text())
		if !known {
			r.Log(lines.Text())
			continue
		}
		if _, err := fmt.Fprintln(to, answer); err != nil {
			r.Error(err)
			return
		}
	}
}

func (r *room) do(line string) (answer string, known bool) {
	f := r.f
	var handle, eth string
	var n int
	switch {
	case line == "crowd":
		f.crowd()
	case scan(line, "bid %s %s", &handle, &eth):
		f.bid(handle, eth, fmt.Sprintf("%s from @%s! Who tops it?", eth, handle))
	case scan(line, "burst %d", &n):
		f.burst(n)
	case line == "encoder down":
		f.encoder(false)
	case line == "encoder up":
		f.encoder(true)
	case line == "restart":
		r.restart()
	case line == "facts":
		f.mu.Lock()
		defer f.mu.Unlock()
		var said []string
		for _, e := range f.facts {
			if a, ok := e.Data.(show.OperatorActed); ok {
				said = append(said, a.Who+" "+a.What)
			}
		}
		return fmt.Sprint(said), true
	case line == "dev saved", line == "dev broken":
		f.developing(r.s, line == "dev broken")
	case line == "reply asks for more":
		f.mu.Lock()
		f.cast.more = map[string][]string{"dusty-gavel/reply": {"120 a minute"}}
		f.mu.Unlock()
	case strings.HasPrefix(line, "consult http "):
		f.consult("http", strings.TrimPrefix(line, "consult http "), time.Minute)
	case strings.HasPrefix(line, "consult reply "):
		f.consult("reply", strings.TrimPrefix(line, "consult reply "), time.Minute)
	case line == "forget packages":
		f.mu.Lock()
		defer f.mu.Unlock()
		clear(f.shop.looked)
	case strings.HasPrefix(line, "replays take "):
		d, err := time.ParseDuration(strings.TrimPrefix(line, "replays take "))
		if err != nil {
			r.Error(err)
		}
		f.replaysTake(d)
	case line == "replay runs":
		f.mu.Lock()
		defer f.mu.Unlock()
		return fmt.Sprint(f.shop.room.now != nil), true
	case line == "compare":
		f.compare()
	case line == "overlay backs off":
		f.overlay(&Restart{Plugin: "lower-third", Version: "1.0.0", Why: "4 traps in 60 s, the last: unreachable", Attempts: 2, At: time.Now().Add(42 * time.Second).UTC()}, false)
	case line == "overlay empty":
		f.overlay(nil, true)
	case line == "mina is verbose":
		f.verbose()
	case line == "plugins unreadable":
		f.unreadable(errors.New("the plugin host is gone"))
	case line == "plugins readable":
		f.unreadable(nil)
	case line == "link":
		return r.s.LoginPath(), true
	case line == "acts":
		f.mu.Lock()
		defer f.mu.Unlock()
		return fmt.Sprint(f.acts), true
	default:
		return "", false
	}
	return "ok", true
}

func (f *fakeShow) encoder(up bool) {
	f.mu.Lock()
	f.down = !up
	f.mu.Unlock()
	if up {
		f.record(event.Draft{Data: show.OutputUp{Output: "encoder", Detail: "libx264 superfast", GapMS: 170}})
		return
	}
	f.record(event.Draft{Data: show.OutputDown{Output: "encoder", Reason: "killed by signal 9"}})
}

func (f *fakeShow) overlay(r *Restart, empty bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cast.restart, f.cast.empty = r, empty
	f.append(event.Draft{Data: show.PluginStopped{Slot: "overlay", Plugin: "lower-third", Version: "1.0.0", Why: "4 traps in 60 s, the last: unreachable", RetryMS: 42_000}})
}

// verbose gives a plugin the longest words that a manifest may hold, without a place to break them.
func (f *fakeShow) verbose() {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.find("mina-vox")
	if err != nil {
		panic(err)
	}
	p.Version = "1.1.0-alpha.with.a.long.prerelease.and+build.metadata.2026"
	for i := range p.Capabilities {
		p.Capabilities[i].Why = strings.Repeat("Donaudampfschifffahrtsgesellschaft", 8)
	}
}

func (f *fakeShow) unreadable(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.readErr = err
}

func scan(line, format string, args ...any) bool {
	n, err := fmt.Sscanf(line, format, args...)
	return err == nil && n == len(args)
}

// crowd makes a minute of a lively lot.
func (f *fakeShow) crowd() {
	for _, b := range []struct{ who, eth, line string }{
		{"pixelpaul", "0.8", "We are under way. Point eight, thank you."}, {"0xkoi", "0.95", ""}, {"blockbob", "0.96", ""},
		{"maria", "1.1", "Maria is in the room. Everybody sit up."}, {"pixelpaul", "1.25", ""}, {"0xkoi", "1.4", ""}, {"new_eyes", "1.2", ""},
		{"maria", "1.65", "One sixty-five, and the reserve is met."}, {"0xkoi", "1.8", ""}, {"blockbob", "1.81", ""}, {"gaslight", "2.05", "A new face. I like new faces with money."},
		{"maria", "2.4", "2.4 from @maria! Who tops it?"},
	} {
		f.bid(b.who, b.eth, b.line)
	}
}

// burst records n facts as fast as they come: refused bids, which touch every panel but the price.
func (f *fakeShow) burst(n int) {
	for i := range n {
		f.bid(fmt.Sprintf("bot%d", i%50), "0.1", "")
		if i%40 == 39 { // about ten thousand facts a second
			time.Sleep(10 * time.Millisecond)
		}
	}
}
