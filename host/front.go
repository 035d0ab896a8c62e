package host

import (
	"context"
	"crypto/rand"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/admin"
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
		Auctions: saleroom{h}, Operator: rostrum{h.auctions}, Director: h.director, Plugins: wardrobe{h}, Packages: workshop{h}, Replays: rehearsal{h},
		Show: h.showState, Frame: h.stage.Snapshot, Preview: h.watch, Stage: h.stageChoices, Reload: h.reload, Artwork: h.artworks(),
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
	for _, s := range *h.scenes.Load() {
		c.Scenes = append(c.Scenes, admin.Named{ID: s.ID, Name: s.Name})
	}
	return c
}

// reload reads the scenes again, for the control room.
func (h *Host) reload(_ context.Context, cause uint64) (admin.Scenes, error) {
	got, err := h.reloadScenes(cause)
	if err != nil {
		return admin.Scenes{}, ofKind(admin.ErrInvalid, err)
	}
	return admin.Scenes{Scenes: got.Scenes, Own: got.Own}, nil
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

// runOps serves the roles: their metrics and health, and what each has of the API and of the feed.
func (h *Host) runOps(ctx context.Context) error {
	var parts []part
	for _, p := range h.cfg.Ports.All() {
		ln := h.listeners[p.Name]
		handler := h.roleHandler(p, opsHandler(p.Role, h.regs, h.well, ln.Addr()))
		if handler == nil {
			continue // the admin and the RTMP server have theirs
		}
		parts = append(parts, part{p.Name, func(ctx context.Context) error { return serveHTTP(ctx, ln, handler) }})
	}
	return runAll(ctx, parts)
}

// roleHandler is what answers on a port of a role, or nil.
func (h *Host) roleHandler(p Port, ops http.Handler) http.Handler {
	switch {
	case p.Use == "metrics", p.Use == "health":
		return ops
	case p.Role == roleAdmin:
		return nil
	case p.Use == "http":
		return h.admin.Role(p.Role, ops)
	case p.Use == "ws":
		return h.admin.RoleSockets(p.Role, ops)
	}
	return nil
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
