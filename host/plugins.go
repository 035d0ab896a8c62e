package host

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// Slots of the show; each holds one plugin of its kind.
const (
	slotPersonality = string(plugin.Personality)
	slotSceneRules  = string(plugin.SceneRules)
	slotOverlay     = string(plugin.Overlay)
)

// Where a show keeps which plugin was in a slot when it was last steered.
const settingSlot = "plugin.slot."

// Slots are those of a show.
func Slots() []string { return []string{slotPersonality, slotSceneRules, slotOverlay} }

// What is in a slot when nobody said otherwise.
var openingPlugins = map[string]string{slotPersonality: "dusty-gavel", slotSceneRules: "scene-rules", slotOverlay: "overlay"}

// catalogue finds plugins: those that the program brings along, those in the data directory, and any folder or package
// by its path.
type catalogue struct {
	shipped fs.FS
	own     string       // folder of the data directory
	store   bundle.Store // packages that are installed
	told    sync.Map     // what was wrong with plugins: pages ask every few seconds
}

// folder is a plugin on this machine. Nothing outside of it is read through it, whatever its links point to: a plugin
// comes from strangers, and what it reads it may tell.
type folder string

// Open opens what lies inside of the folder.
func (f folder) Open(name string) (fs.File, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	info, err := fs.Stat(root.FS(), name) // opening a pipe would wait for ever
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("is no regular file")}
	}
	return root.FS().Open(name)
}

// Stat looks without opening, which could wait for ever.
func (f folder) Stat(name string) (fs.FileInfo, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return fs.Stat(root.FS(), name)
}

// find gives the files of a plugin. A name with a slash is a path on this machine.
func (c *catalogue) find(name string) (fs.FS, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		if isPackage(name) {
			return c.packageFile(name)
		}
		if info, err := os.Stat(filepath.Join(name, "plugin.yaml")); err != nil || info.IsDir() {
			return nil, failf(ErrBadInput, "%s holds no plugin.yaml; name a folder that does, or one of: %s", name, strings.Join(c.ids(), ", "))
		}
		return sourced{folder(name), originDev}, nil
	}
	if slices.Contains(c.folders(), name) {
		if _, err := fs.Stat(c.shipped, name+"/plugin.yaml"); err == nil {
			return sourced{sub(c.shipped, name), originShipped}, nil
		}
		return sourced{folder(filepath.Join(c.own, name)), originDev}, nil
	}
	if id, _, _ := strings.Cut(name, "@"); slices.Contains(c.store.IDs(), id) {
		return c.installed(name)
	}
	ids := c.ids()
	return nil, failf(ErrBadInput, "there is no plugin %q%s; there are: %s", name, meant(name, ids), strings.Join(ids, ", "))
}

// take finds a plugin and keeps it as it is now: folders change, and packages are removed. The program's own stay.
func (c *catalogue) take(name string) (fs.FS, error) {
	files, err := c.find(name)
	if err != nil {
		return nil, err
	}
	if from, ok := files.(sourced); ok {
		if from.origin != originShipped {
			if from.FS, err = c.keep(from.FS); err != nil {
				return nil, err
			}
		}
		files = from
	}
	return place{files, name}, nil
}

// ids lists the plugins that have a name here.
func (c *catalogue) ids() []string {
	out := c.folders()
	out = append(out, c.installedNames(out)...)
	slices.Sort(out)
	return out
}

// folders lists the plugins that are folders.
func (c *catalogue) folders() []string {
	var out []string
	for _, t := range []fs.FS{c.shipped, os.DirFS(c.own)} {
		entries, err := fs.ReadDir(t, ".")
		if err != nil {
			continue // a folder that is not there holds none
		}
		for _, e := range entries {
			if _, err := fs.Stat(t, e.Name()+"/plugin.yaml"); err == nil && !slices.Contains(out, e.Name()) {
				out = append(out, e.Name())
			}
		}
	}
	return out
}

// openRuntime makes a runtime in which plugins run inside of this process; a nil log is none.
func openRuntime(ctx context.Context, cfg Config, log *slog.Logger) (*wasm.Runtime, error) {
	c, err := readPlayers(cfg.Assets)
	if err != nil {
		return nil, err
	}
	c.CacheDir, c.Logger = cfg.cacheDir("plugins"), log
	return wasm.New(ctx, c)
}

// readPlayers reads the modules that play what is no module itself: personalities and scripts.
func readPlayers(assets fs.FS) (wasm.Config, error) {
	var c wasm.Config
	for name, to := range map[string]*[]byte{"interpreter.wasm": &c.Interpreter, "js-engine.wasm": &c.Engine} {
		b, err := fs.ReadFile(assets, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return c, ofKind(ErrUnavailable, err)
		}
		*to = b
	}
	return c, nil
}

// buildPlugins makes the plugin host; the plugins themselves are loaded when the show runs.
func (h *Host) buildPlugins(context.Context) error {
	runtime, err := h.openSandboxes()
	if err != nil {
		return err
	}
	h.runtime = runtime
	h.grants = &grantBook{kept: h.ledger, show: h.cfg.Show.Grants}
	h.outside = fetch.New(fetch.Config{})
	h.sources = fetch.New(fetch.Config{Timeout: fetchWait, Vouched: vouchedFor(h.cfg.Sources)})
	h.plugins = plugin.New(plugin.Config{
		Fetch: h.fetch, Ask: h.ask(),
		Runtime: runtime, Grants: h.grants, Store: h.ledger, Archive: h.archive, Find: h.find, Post: h.postOf, Aside: h.aside, Quiet: h.quiet, Changed: h.onAirChanged,
		Subscribe: func(after uint64, kinds ...event.Kind) plugin.Source { return h.bus.Subscribe(after, kinds...) },
		Last:      h.bus.Last, Since: h.heardSince, Facts: h.bus, Offer: h.director.Offer, Logger: h.part("plugins"), Metrics: h.regs[roleAgent],
	})
	return nil
}

// archive keeps what a store held that a plugin began with.
func (h *Host) archive(ctx context.Context, sha256 string, content []byte) error {
	if _, there, err := h.ledger.SettingGet(ctx, settingStore+sha256); err != nil || there {
		return err
	}
	return h.ledger.SettingPut(ctx, settingStore+sha256, content)
}

// heardSince is where a plugin begins to hear when the show comes up: before the lot on the block opened, so that it
// knows title and price after a restart too.
func (h *Host) heardSince() uint64 {
	if seq := h.board.lotOpened(); seq > 0 {
		return seq - 1
	}
	return h.bus.Last()
}

// runAuction opens the doors when the plugins are there, or after a while without them.
func (h *Host) runAuction(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-h.castReady:
	case <-time.After(doorsOpen):
		h.part("auctioneer").Warn("the plugins are slow to load; the auction begins without them")
	}
	return h.auctions.Run(ctx)
}

// doorsOpen is how long the auction waits for the plugins.
const doorsOpen = 8 * time.Second

// runPlugins fills the slots and runs what is in them.
func (h *Host) runPlugins(ctx context.Context) error {
	return runAll(ctx, []part{{"host", h.plugins.Run}, {"opening", h.loadPlugins}})
}

// loadPlugins fills the slots side by side: compiling is slow where nothing is cached yet.
func (h *Host) loadPlugins(ctx context.Context) error {
	var parts []part
	for slot := range openingPlugins {
		parts = append(parts, part{slot, func(ctx context.Context) error { return h.loadSlot(ctx, slot) }})
	}
	err := runAll(ctx, parts)
	close(h.castReady)
	return err
}

// opening is the plugin that a show begins with in a slot: the one that was asked for, the one that was there last, or
// the shipped one.
func (h *Host) opening(ctx context.Context, slot string) (string, error) {
	if slot == slotPersonality && h.cfg.Personality != "" {
		return h.cfg.Personality, nil
	}
	kept, ok, err := h.ledger.SettingGet(ctx, settingSlot+slot)
	if err != nil || ok {
		return string(kept), err
	}
	return openingPlugins[slot], nil
}

// loadSlot puts in what opens the show. That a plugin of somebody's own fails must not keep the show off air, so the
// shipped one takes its place then.
func (h *Host) loadSlot(ctx context.Context, slot string) error {
	name, err := h.opening(ctx, slot)
	if err != nil {
		return err
	}
	err = h.loadInto(ctx, slot, name)
	if err == nil || name == openingPlugins[slot] || ctx.Err() != nil {
		return err
	}
	h.part("plugins").Error("the plugin cannot be loaded; the shipped one takes its slot", "plugin", name, "err", err)
	return h.loadInto(ctx, slot, openingPlugins[slot])
}

func (h *Host) loadInto(ctx context.Context, slot, name string) error {
	files, err := h.catalogue.take(name)
	if err != nil {
		return err
	}
	if err := h.bringCharacterOf(ctx, files, 0); err != nil {
		return failf(ErrBadInput, "plugin %s: its character: %w", name, err)
	}
	if _, err := h.plugins.Load(ctx, slot, files); err != nil && !errors.Is(err, plugin.ErrTaken) { // by an operator, who was faster and chose
		return failf(ErrBadInput, "plugin %s: %w", name, err)
	}
	return nil
}

// personality is what is in the slot of that name.
func (h *Host) personality() plugin.Info {
	for _, p := range h.plugins.Plugins() {
		if string(p.Kind) == slotPersonality {
			return p
		}
	}
	return plugin.Info{}
}

// openingCharacter is who stands on stage while the plugins are still being loaded; nobody, if that cannot be told.
func (h *Host) openingCharacter(ctx context.Context) string {
	name, err := h.opening(ctx, slotPersonality)
	if err != nil {
		return ""
	}
	files, err := h.catalogue.find(name)
	if err != nil {
		return ""
	}
	m, err := plugin.LoadManifest(files)
	if err != nil {
		return ""
	}
	return m.Character
}

// bringCharacterOf makes the character of a personality known before the personality takes its slot, so that one that
// is broken keeps it out. What else is wrong with the plugin is found out by whoever loads it.
func (h *Host) bringCharacterOf(ctx context.Context, files fs.FS, cause uint64) error {
	m, err := plugin.LoadManifest(files)
	if err != nil || m.Kind != plugin.Personality {
		return nil
	}
	return h.bringCharacter(ctx, m.Character, cause)
}
