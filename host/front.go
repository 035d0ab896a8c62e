package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/telemetry"
)

// buildAdmin makes the control room and the public lot page.
func (h *Host) buildAdmin(ctx context.Context) error {
	token := rand.Text()
	epoch, err := h.epoch(ctx)
	if err != nil {
		return err
	}
	h.admin, err = admin.New(ctx, admin.Config{
		Ledger: h.ledger, Bus: h.bus, Subscribe: func(after uint64) admin.Subscription { return h.bus.Subscribe(after) },
		Auctions: saleroom{h}, Operator: rostrum{h.auctions}, Director: h.director, Plugins: wardrobe{h},
		Show: h.showState, Frame: h.stage.Snapshot, Preview: h.watch, Stage: h.stageChoices(), Artwork: h.artworks(),
		Store: h.ledger, Password: h.cfg.OwnerPassword, Token: token, Epoch: epoch, PostURL: h.cfg.Simulator, Handle: h.cfg.X.Account, Name: h.cfg.Show.Campaign, Version: h.cfg.Version,
		Logger: h.part("admin"), Metrics: h.regs[roleAdmin],
	})
	if err != nil {
		return err
	}
	return writeControl(h.cfg.DataDir, control{URL: h.url("ADMIN_PORT", "http"), Token: token, PID: os.Getpid()})
}

// epoch is the identity of the ledger, made once.
func (h *Host) epoch(ctx context.Context) (string, error) {
	const key = "ledger.epoch"
	kept, ok, err := h.ledger.SettingGet(ctx, key)
	if err != nil || ok {
		return string(kept), err
	}
	fresh := rand.Text()
	return fresh, h.ledger.SettingPut(ctx, key, []byte(fresh))
}

// artworks are the pictures of lots: those in the data directory, then those that are shipped.
func (h *Host) artworks() fs.FS {
	return overlayFS{os.DirFS(filepath.Join(h.cfg.DataDir, "artworks")), sub(h.cfg.Assets, "scenes/artworks")}
}

// overlayFS reads from the first tree that has a file.
type overlayFS []fs.FS

// Open opens name in the first tree that has it.
func (o overlayFS) Open(name string) (fs.File, error) {
	for _, t := range o[:len(o)-1] {
		if f, err := t.Open(name); err == nil {
			return f, nil
		}
	}
	return o[len(o)-1].Open(name)
}

func (h *Host) stageChoices() admin.Stage {
	c := admin.Stage{Moods: []string{"calm", "playful", "excited", "tense", "triumphant", "dejected"}, Gestures: []string{"nod", "shake", "bounce", "wave", "gavel", "lean"}}
	scenes, err := scene.LoadDir(sub(h.cfg.Assets, "scenes"))
	if err != nil {
		return c // the stage was built from them a moment ago
	}
	for _, s := range scenes {
		c.Scenes = append(c.Scenes, admin.Named{ID: s.ID, Name: s.Name})
	}
	return c
}

func (h *Host) showState() admin.Show {
	st := h.stage.Stats()
	b := h.board
	b.mu.Lock()
	defer b.mu.Unlock()
	s := admin.Show{OnAir: isClosed(h.onAir), Since: b.since, Scene: st.Scene, Character: st.Character, Saying: b.saying, Mood: b.mood,
		Width: h.cfg.Stream.Width, Height: h.cfg.Stream.Height, FPS: h.cfg.Stream.FPS, Frames: st.Frames, Late: st.Late, Repeated: st.Repeated, Viewers: h.server.Players(), Links: []admin.Link{}}
	for name, l := range b.links {
		s.Links = append(s.Links, admin.Link{Name: name, Up: l.up, Detail: l.detail, Since: l.since})
	}
	slices.SortFunc(s.Links, func(a, b admin.Link) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// watch gives a control room the programme.
func (h *Host) watch(ctx context.Context) (admin.Preview, error) {
	v, err := h.preview.Subscribe(ctx)
	if err != nil {
		return admin.Preview{}, err
	}
	context.AfterFunc(ctx, v.Close)
	return admin.Preview{Codec: v.Codec, Init: v.Init, Fragments: v.C}, nil
}

// runOps serves the roles' metrics and health.
func (h *Host) runOps(ctx context.Context) error {
	var parts []part
	for _, p := range h.cfg.Ports.All() {
		if p.Use != "metrics" && p.Use != "health" {
			continue
		}
		ln := h.listeners[p.Name]
		handler := opsHandler(p.Role, h.regs, h.well, ln.Addr())
		parts = append(parts, part{p.Name, func(ctx context.Context) error { return serveHTTP(ctx, ln, handler) }})
	}
	return runAll(ctx, parts)
}

// announce tells where the show is, once it is on air.
func (h *Host) announce(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-h.onAir:
	}
	if h.cfg.OnAir != nil {
		h.cfg.OnAir(h.addresses())
	}
	return nil
}

func (h *Host) addresses() Addresses {
	base := h.url("ADMIN_PORT", "http")
	a := Addresses{ControlRoom: base + "/", Login: base + h.admin.LoginPath(), Password: h.admin.FirstPassword(), LotPage: base + "/lot",
		RTMP: h.url("STREAM_MANAGER_RTMP_PORT", "rtmp") + "/live/show", Simulator: h.cfg.Simulator}
	for _, p := range h.cfg.Ports.All() {
		scheme := "http"
		if p.Use == "rtmp" {
			scheme = "rtmp"
		}
		a.Listening = append(a.Listening, Listening{Name: p.Name, Addr: h.listeners[p.Name].Addr().String(), URL: h.url(p.Name, scheme)})
	}
	return a
}

// url is how a browser on this machine reaches a port.
func (h *Host) url(name, scheme string) string {
	addr := h.listeners[name].Addr().String()
	if host, port, err := net.SplitHostPort(addr); err == nil && net.ParseIP(host).IsUnspecified() {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return scheme + "://" + addr
}

// wardrobe shows the plugins to the control room.
type wardrobe struct{ h *Host }

// Plugins lists what is in the slots and what could be.
func (w wardrobe) Plugins(context.Context) ([]admin.Plugin, error) {
	var out []admin.Plugin
	active := map[string]bool{}
	for _, p := range w.h.plugins.Plugins() {
		active[p.ID] = true
		v := admin.Plugin{ID: p.ID, Version: p.Version, Name: p.Name, Description: p.Description, Kind: string(p.Kind), Character: p.Character, Active: true,
			SHA256: p.SHA256, Events: p.Events, Traps: p.Traps, MemoryBytes: p.Memory, P50Micros: p.P50Micros, P99Micros: p.P99Micros}
		for _, c := range p.Capabilities {
			v.Capabilities = append(v.Capabilities, admin.Capability{Name: c.Name, Why: c.Why})
		}
		out = append(out, v)
	}
	for _, id := range w.h.catalogue.ids() {
		if active[id] {
			continue
		}
		v, err := w.h.catalogue.describe(id)
		if err != nil {
			if _, told := w.h.catalogue.told.LoadOrStore(id+": "+err.Error(), true); !told {
				w.h.part("plugins").Warn("a plugin cannot be read", telemetry.KeyPlugin, id, telemetry.KeyErr, err)
			}
			continue
		}
		v.ID = id // the name that Swap finds it by: that of its folder
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b admin.Plugin) int { return strings.Compare(a.Kind+a.ID, b.Kind+b.ID) })
	return out, nil
}

// Swap puts a plugin in the slot of its kind, because of the fact numbered cause.
func (w wardrobe) Swap(ctx context.Context, id, who string, cause uint64) (admin.Swap, error) {
	r, err := w.h.swap(ctx, id, who, cause)
	switch {
	case errors.Is(err, ErrBadInput):
		return admin.Swap{}, fmt.Errorf("%w: %w", admin.ErrInvalid, err)
	case err != nil:
		return admin.Swap{}, err
	}
	return admin.Swap{Slot: string(r.To.Kind), From: r.From.ID, FromVersion: r.From.Version, To: r.To.ID, ToVersion: r.To.Version,
		PauseMicros: float64(r.Pause) / float64(time.Microsecond), StateBytes: r.StateBytes}, nil
}
