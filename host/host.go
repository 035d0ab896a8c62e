// Package host assembles the show. It is the only package that knows all of its parts.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/director"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/fetch"
	"github.com/sothebais/sothebais/host/ffmpeg"
	"github.com/sothebais/sothebais/host/intake"
	"github.com/sothebais/sothebais/host/notify"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/rtmp"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
	"github.com/sothebais/sothebais/host/telemetry"
	"github.com/sothebais/sothebais/host/xapi"
)

// Host is the assembled show. Its fields are the architecture.
type Host struct {
	cfg  Config
	log  *slog.Logger
	regs registries
	well health

	ledger *sqlite.DB
	bus    *bus.Bus
	scribe *scribe // facts told by parts that must not wait
	tally  *tally
	board  *board

	auctions *auctioneer.Auctioneer
	desk     *intake.Desk
	x        *xapi.Client // nil without an account
	notifier *notify.Notifier
	since    string // newest post in the ledger

	runtime   *sandboxes
	plugins   *plugin.Host
	grants    *grantBook
	outside   *fetch.Client // the way out for plugins
	sources   *fetch.Client // the way to packages
	fetching  sync.Mutex    // one package comes at a time
	counter   counter       // packages that are looked at
	replays   replayRoom
	aside     []plugin.Quarantined // as the ledger has it
	castReady chan struct{}        // closed when the slots are filled
	catalogue *catalogue
	director  *director.Director
	voice     *voiceBox

	library   *library
	reloading sync.Mutex                     // one reading of characters or scenes at a time
	scenes    atomic.Pointer[[]*scene.Scene] // those on stage
	cast      map[string]origin              // characters that the stage knows; under reloading

	stage    *compositor.Stage
	encoder  *ffmpeg.Encoder
	hub      *rtmp.Hub
	server   *rtmp.Server
	preview  *rtmp.Preview
	recorder *rtmp.Recorder // nil unless the show is recorded
	pushers  []*rtmp.Pusher

	admin     *admin.Server
	listeners map[string]net.Listener
	onAir     chan struct{} // closed when the first encoded picture came out
	airOnce   sync.Once
}

// New opens the ledger, takes the ports and wires the parts; nothing runs yet.
func New(ctx context.Context, cfg Config) (*Host, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	h := &Host{cfg: cfg, log: cfg.Logger, regs: newRegistries(), well: health{}, tally: newTally(), board: newBoard(), onAir: make(chan struct{}), castReady: make(chan struct{})}
	if err := h.build(ctx); err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// build makes the parts from the ledger up; each may use what stands before it.
func (h *Host) build(ctx context.Context) error {
	for _, next := range []func(context.Context) error{h.openLedger, h.listen, h.buildAuction, h.buildOutputs, h.buildStage, h.buildPlugins, h.buildX, h.buildAdmin} {
		if err := next(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) openLedger(ctx context.Context) error {
	if err := os.MkdirAll(h.cfg.DataDir, 0o700); err != nil {
		return failf(ErrUnavailable, "data directory: %w", err)
	}
	var err error
	if h.ledger, err = sqlite.Open(ctx, filepath.Join(h.cfg.DataDir, ledgerFile), Facts()); err != nil {
		return notOpened(err)
	}
	if h.bus, err = bus.New(ctx, h.ledger, bus.Config{Logger: h.part("bus"), Metrics: h.regs[roleEvents]}); err != nil {
		return err
	}
	h.scribe = newScribe(h.bus, h.ledger, h.part("scribe"), h.regs[roleEvents])
	h.well.add(roleEvents, "ledger", func() error { _, err := h.ledger.Last(context.Background()); return err })
	return nil
}

// listen takes all ports before anything starts, so that a port in use is an error and not half a show.
func (h *Host) listen(context.Context) error {
	h.listeners = map[string]net.Listener{}
	var errs []error
	for _, p := range h.cfg.Ports.All() {
		ln, err := p.Listen(h.cfg.Bind)
		if errors.Is(err, errBind) {
			return err // of all the others, too
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		h.listeners[p.Name] = ln
	}
	return errors.Join(errs...)
}

func (h *Host) part(name string) *slog.Logger { return h.log.With(telemetry.KeyPart, name) }

// close frees what New took, once everything has stopped or when Run never comes.
func (h *Host) close() {
	for _, ln := range h.listeners {
		_ = ln.Close()
	}
	if h.runtime != nil {
		if err := h.runtime.Close(context.Background()); err != nil {
			h.part("plugins").Warn("cannot free the plugin runtime", telemetry.KeyErr, err)
		}
	}
	for _, c := range []*fetch.Client{h.outside, h.sources} {
		if c != nil {
			c.Close()
		}
	}
	if h.ledger != nil {
		_ = h.ledger.Close()
	}
}

// Run runs the show until ctx ends or a part fails. Every part has stopped when it returns.
func (h *Host) Run(ctx context.Context) error {
	defer h.close()
	defer func() { _ = os.Remove(filepath.Join(h.cfg.DataDir, controlFile)) }()
	// The bus outlives the parts, so that the last of them can still record.
	busCtx, stopBus := context.WithCancel(context.WithoutCancel(ctx))
	var busErr error
	var busDone sync.WaitGroup
	busDone.Go(func() { busErr = h.bus.Run(busCtx) })
	defer func() { stopBus(); busDone.Wait() }()

	started, err := h.bus.Record(ctx, event.Draft{Data: show.Started{Version: h.cfg.Version, Seed: h.cfg.Seed}})
	if err != nil {
		return fmt.Errorf("record the start of the show: %w", errors.Join(err, busErr))
	}
	h.board.add(started[0])
	err = h.runShow(ctx)
	reason := "asked to stop"
	if err != nil {
		reason = err.Error()
	}
	last, cancel := context.WithTimeout(busCtx, 3*time.Second)
	defer cancel()
	if _, rerr := h.bus.Record(last, event.Draft{Data: show.Stopped{Reason: reason, Heard: h.plugins.Heard()}}); rerr != nil && err == nil {
		err = fmt.Errorf("record the end of the show: %w", rerr)
	}
	return err
}

// runShow runs the parts, and after them those that carry the programme away, so that its last second arrives.
func (h *Host) runShow(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	away, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var lost error
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if lost = runAll(away, h.carriers()); lost != nil {
			fail(lost)
		}
	}()
	err := runAll(ctx, h.parts())
	h.hub.Close()
	select {
	case <-gone: // they end with the programme
	case <-time.After(3 * time.Second):
		stop()
		<-gone
	}
	if err == nil {
		err = lost
	}
	return err
}

// part is something that runs as long as the show does.
type part struct {
	name string
	run  func(context.Context) error
}

// parts lists everything that runs, in the order of the tree.
func (h *Host) parts() []part {
	began := h.bus.Last() // nothing runs yet, so whoever follows from here misses nothing
	all := []part{
		{"scribe", h.scribe.Run},
		{"tally", func(ctx context.Context) error { return follow(ctx, h.bus.Subscribe(began), h.tally.add) }},
		{"board", func(ctx context.Context) error { return follow(ctx, h.bus.Subscribe(began), h.board.add) }},
		{"auctioneer", h.runAuction},
		{"director", h.director.Run},
		{"voice", h.voice.Run},
		{"plugins", h.runPlugins},
		{"clock", h.runClock},
		{"cast", func(ctx context.Context) error { return h.runCast(ctx, began) }},
		{"encoder", h.runEncoder},
		{"stage", h.stage.Run},
		{"rtmp", func(ctx context.Context) error { return h.server.Serve(ctx, h.listeners["STREAM_MANAGER_RTMP_PORT"]) }},
		{"admin", func(ctx context.Context) error {
			return h.admin.Serve(ctx, h.listeners["ADMIN_PORT"], h.listeners["ADMIN_WS_PORT"])
		}},
		{"ops", h.runOps},
		{"announcer", h.announce},
	}
	if h.x != nil {
		all = append(all, part{"x", func(ctx context.Context) error { return h.x.Run(ctx, h.since, h.desk.Receive) }},
			part{"notifier", h.notifier.Run})
	}
	return all
}

// carriers lists what takes the programme out of the house.
func (h *Host) carriers() []part {
	all := []part{{"preview", h.preview.Run}}
	if h.recorder != nil {
		all = append(all, part{"recorder", h.recorder.Run})
	}
	for _, p := range h.pushers {
		all = append(all, part{"pusher", p.Run})
	}
	return all
}

// runAll runs parts until ctx ends or one fails, and waits for all of them. The error is the first failure.
func runAll(ctx context.Context, parts []part) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var failed error
	var once sync.Once
	for _, p := range parts {
		wg.Go(func() {
			err := p.run(ctx)
			if err == nil || ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, bus.ErrClosed)) {
				return
			}
			once.Do(func() { failed = fmt.Errorf("%s: %w", p.name, err) })
			cancel(err)
		})
	}
	wg.Wait()
	return failed
}

// follow hands facts to a function, in order, until ctx ends.
func follow(ctx context.Context, sub *bus.Subscription, add func(event.Event)) error {
	defer sub.Close()
	buf := make([]event.Event, 0, 256)
	for {
		var err error
		if buf, err = sub.NextBatch(ctx, buf[:0]); err != nil {
			return err
		}
		for _, e := range buf {
			add(e)
		}
	}
}

// Report sums up the show so far.
func (h *Host) Report() Report {
	r := h.tally.Report()
	s := h.stage.Stats()
	r.Frames, r.FramesLate = s.Frames, s.Late
	if h.recorder != nil {
		if paths := h.recorder.Paths(); len(paths) > 0 {
			r.Recording = paths[0]
		}
	}
	return r
}
