package host

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/cmd/devnet/xsim"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
	"github.com/sothebais/sothebais/host/shipped"
	"github.com/sothebais/sothebais/host/show"
)

// The guests of these shows are small, so that a show is up at once. The parrot answers every post, keeps and recalls
// what an operator tells it to, and fails when it is told to; the plain ones bear everything.
var (
	parrotModule = filepath.Join("..", "sdk", "tck", "testdata", "c", "conformance.wasm")
	plainModule  = filepath.Join("plugin", "wasm", "testdata", "fixture.wasm")
)

const parrotManifest = `id: parrot
version: 1.0.0
name: Parrot
kind: overlay
api: "1"
runtime: {wasm: plugin.wasm}
capabilities:
  - {name: reply, why: answers every post}
  - {name: store, why: keeps what it is told}
  - {name: text, why: shows what it hears}
  - {name: log, why: tells what it kept}
subscribes: [post.received, operator.acted]
state: {id: parrot, version: 2, migrate: [1]}
`

const plainManifest = `id: %s
version: 1.0.0
kind: %s
api: "1"
runtime: {wasm: plugin.wasm}
capabilities: [{name: text, why: counts}]
subscribes: [operator.acted]
state: {id: count, version: 1}
`

// liveLots are never far from the hammer.
const liveLots = `campaign: Live
session: Night
gap: 1s
loop: true
bidders: open
lots:
  - {title: One, image: ember-dunes.png, start: 0.01 ETH, increment: 0.001 ETH, duration: 15s}
`

// liveScene is a stage that is cheap to draw.
const liveScene = `{"id": "opening", "name": "Opening", "width": 320, "height": 180, "background": {"color": "#102030"},
 "layers": [{"id": "host", "kind": "character", "x": 160, "y": 10, "w": 140, "h": 170}]}`

// plainAssets are those of the program, with one character, a small scene and plain plugins in the place of its own.
func plainAssets(t *testing.T) fs.FS {
	t.Helper()
	code, tree := read(t, plainModule), fstest.MapFS{"scenes/opening.scene.json": {Data: []byte(liveScene)}}
	for slot, id := range openingPlugins {
		text := fmt.Sprintf(plainManifest, id, slot)
		if slot == slotPersonality {
			text += "character: dusty\n"
		}
		tree["plugins/"+id+"/plugin.yaml"], tree["plugins/"+id+"/plugin.wasm"] = &fstest.MapFile{Data: []byte(text)}, &fstest.MapFile{Data: code}
	}
	err := fs.WalkDir(shipped.FS(), "characters/dusty", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(shipped.FS(), path)
		tree[path] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return overlayFS{tree, shipped.FS()}
}

// liveShow is a show that runs, on a simulated X.
type liveShow struct {
	*Host
	*Remote
	t    *testing.T
	x    *xsim.Server
	web  string
	stop func()
}

// liveConfig is that of a small show on a data directory.
func liveConfig(t *testing.T, data string) Config {
	t.Helper()
	s, err := ParseShow("live.show.yaml", []byte(liveLots))
	if err != nil {
		t.Fatal(err)
	}
	c := Config{DataDir: data, Show: s, Assets: plainAssets(t), Stream: Stream{Width: 320, Height: 180, FPS: 10}, runners: []string{os.Args[0], runner.Verb}}
	if underRace { // there it has to do without processes
		for _, module := range []string{parrotModule, plainModule} {
			c.Trusted = append(c.Trusted, sumOf(read(t, module)))
		}
	}
	return c
}

// live starts a show and waits until its plugins are there.
func live(t *testing.T, data string) *liveShow {
	t.Helper()
	s := &liveShow{t: t, x: xsim.New(xsim.Config{Host: xsim.User{ID: "1", Username: "sothebais"}, Users: []xsim.User{{ID: "2", Username: "ann"}}, Keys: xsim.Keys{Bearer: "app", ConsumerKey: "a", ConsumerSecret: "b", Token: "c", TokenSecret: "d"}})}
	web := httptest.NewServer(s.x.Handler())
	t.Cleanup(func() { s.x.Close(); web.Close() })
	c := liveConfig(t, data)
	s.web, c.X = web.URL, X{BaseURL: web.URL, Bearer: "app", APIKey: "a", APISecret: "b", AccessToken: "c", AccessSecret: "d"}
	c.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s.run(c)
	return s
}

func (s *liveShow) run(c Config) {
	s.t.Helper()
	var err error
	if s.Host, err = New(s.t.Context(), c); err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Host.Run(ctx) }()
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("the show ended with %v", err)
		}
	}
	s.t.Cleanup(s.stop)
	select {
	case <-s.castReady:
	case err := <-ended:
		s.t.Fatalf("the show ended: %v", err)
	}
	if s.Remote, err = Connect(c.DataDir); err != nil {
		s.t.Fatal(err)
	}
}

// await waits for a fact behind a number.
func await[T event.Data](s *liveShow, after uint64, what string, want func(event.Event, T) bool) (event.Event, T) {
	s.t.Helper()
	var none T
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	sub := s.bus.Subscribe(after, none.EventKind())
	defer sub.Close()
	for {
		e, err := sub.Next(ctx)
		if err != nil {
			s.t.Fatalf("no %s: %v", what, err)
		}
		if d, ok := e.Data.(T); ok && want(e, d) {
			return e, d
		}
	}
}

// all are the facts of a kind that the ledger has.
func all[T event.Data](s *liveShow) (events []event.Event, data []T) {
	s.t.Helper()
	for after := uint64(0); ; {
		page, err := s.ledger.Read(s.t.Context(), after, 512)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(page) == 0 {
			return events, data
		}
		for _, e := range page {
			if d, ok := e.Data.(T); ok {
				events, data = append(events, e), append(data, d)
			}
		}
		after = page[len(page)-1].Seq
	}
}

// tell records what an operator says, which the plugins go by.
func (s *liveShow) tell(what string) uint64 {
	s.t.Helper()
	told, err := s.bus.Record(s.t.Context(), event.Draft{At: time.Now().UTC(), Data: show.OperatorActed{Who: "test", What: what}})
	if err != nil {
		s.t.Fatal(err)
	}
	return told[0].Seq
}

// says waits until the parrot wrote a line about an event.
func (s *liveShow) says(seq uint64, want string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var heard []string
		for _, l := range s.plugins.Logs("parrot", 100) {
			if heard = append(heard, l.Text); l.Seq == seq && l.Text == want {
				return
			}
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("the parrot said %q to event %d; want %q", heard, seq, want)
		}
	}
}

// write posts as ann and gives the id.
func (s *liveShow) write(text string) string {
	s.t.Helper()
	p, err := s.x.Write("2", text, "")
	if err != nil {
		s.t.Fatal(err)
	}
	return p.ID
}

// answered are the posts that X has an answer to.
func (s *liveShow) answered() (to []string) {
	s.t.Helper()
	resp, err := http.Get(s.web + "/devnet/timeline?limit=1000")
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var timeline struct {
		Posts []struct {
			ReplyTo string `json:"reply_to"`
			Text    string
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&timeline); err != nil {
		s.t.Fatal(err)
	}
	for _, p := range timeline.Posts {
		if strings.HasPrefix(p.Text, "hello @ann: ") || p.ReplyTo != "" {
			to = append(to, p.ReplyTo)
		}
	}
	return to
}

// overlay is the slot of the parrot.
func (s *liveShow) overlay() plugin.SlotInfo {
	s.t.Helper()
	i, err := s.plugins.Slot(plugin.Overlay)
	if err != nil {
		s.t.Fatal(err)
	}
	return i
}

// plain writes a plain plugin for the overlay into the folder of that name.
func plain(t *testing.T, data, id string) {
	t.Helper()
	dir := filepath.Join(data, "plugins", id)
	put(t, filepath.Join(dir, "plugin.yaml"), fmt.Sprintf(plainManifest, id, slotOverlay))
	put(t, filepath.Join(dir, "plugin.wasm"), string(read(t, plainModule)))
}

// parrot writes the plugin into a folder.
func parrot(t *testing.T, dir, version string) string {
	t.Helper()
	put(t, filepath.Join(dir, "plugin.yaml"), strings.Replace(parrotManifest, "1.0.0", version, 1))
	put(t, filepath.Join(dir, "plugin.wasm"), string(read(t, parrotModule)))
	return dir
}
