// Package plugin lets guests take part in the show: it reads their descriptions, hands them events, checks what they
// ask for against what they may, and exchanges them while the show is on air.
//
// Promises:
//   - There is one slot for each kind of plugin. A slot gives its guest the events it subscribed to, in the order of
//     the ledger, from the moment at which Run begins, or from where Config.Since says when its first guest is there.
//   - A guest asks; it never does. Each power has a grant, a rate and a size, looked at whenever it is used. What it may not
//     have is dropped and counted, and the plugin hears power.denied, once a second and power at most. The rest is offered
//     to the director with the event that caused it: the one it handled, or, for a line that had to wait, one of the last
//     512 of its slot that it names. What takes time (http, llm) is answered by an event.
//   - A guest that fails on an event loses that event and nothing else: it is put back to where it stood, the failure
//     is recorded as plugin.trapped, the event is kept aside, and it hears the next one.
//   - A guest that fails too often gives way to the last good one, which is kept started. Where there is none, the slot is
//     empty for a while that grows.
//   - A swap happens between two events. The new plugin is loaded, takes over the state and catches up beside the old one;
//     when anything about it fails, the old one has not noticed. No event is lost or heard twice by the slot.
//   - A shadow hears what the slot hears, and nothing of it reaches anybody. The one on air never waits for it.
//   - A slow guest delays its own slot only. The writer of the ledger and the other slots never wait for it.
package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Source is a place in the timeline from which events are read.
type Source interface {
	// NextBatch waits for at least one event and gives as many as are there and fit buf's capacity.
	NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error)
	Close()
}

// recorder writes facts to the ledger.
type recorder interface {
	Record(ctx context.Context, drafts ...event.Draft) ([]event.Event, error)
}

// keeper is where plugins keep what outlives them.
type keeper interface {
	PluginAll(ctx context.Context, plugin string) (map[string][]byte, error)
	PluginPutAll(ctx context.Context, plugin string, values map[string][]byte) error // nil removes a key
}

// Config of a Host. Runtime, Subscribe, Last, Facts and Offer are required.
type Config struct {
	Runtime   Runtime
	Subscribe func(after uint64, kinds ...event.Kind) Source
	Last      func() uint64 // number of the latest event
	// Since says behind which event the first plugin of a slot begins to hear, so that it learns what is on the block.
	// It is asked when that plugin is ready. Without it plugins hear what comes while they are there.
	Since func() uint64
	Facts recorder
	// Offer takes what a guest asks for, caused by an event; it must not block for long.
	Offer func(ctx context.Context, cause event.Event, cues []cue.Cue)
	// Find gives an event by its number, to try one again that was put aside; without it none can be.
	Find func(ctx context.Context, seq uint64) (event.Event, error)
	// Post gives a post that the show has read, by the id of its first version; without it people are told its id alone.
	Post func(ctx context.Context, id string) (post.Post, bool, error)
	// Aside is what was in quarantine when the program last stopped; New finds the kinds and causes.
	Aside []Quarantined

	Grants book   // nil: whatever a manifest asks for is granted
	Store  keeper // nil: no plugin has a store
	// Archive keeps what a store held that a plugin began with, under its SHA-256, for replays; without it nobody does.
	Archive func(ctx context.Context, sha256 string, content []byte) error
	Fetch   func(ctx context.Context, q Request) (Answer, error)
	Ask     func(ctx context.Context, q Question) (Reply, error)

	// Consent is how long a use waits for a person where each is asked about; 0: a minute.
	Consent time.Duration

	// Quiet reports whether a change would be least noticed now; without it any moment is quiet.
	Quiet func() bool
	// Changed hears who is on air in a slot from now on, whoever put it there.
	Changed func(ctx context.Context, slot Kind, files fs.FS)

	Supervision Supervision
	Logger      *slog.Logger
	Metrics     prometheus.Registerer
}

// Host holds the slots.
type Host struct {
	cfg      Config
	log      *slog.Logger
	metrics  *metrics
	slots    []*slot // in the order of kinds
	aside    quarantine
	consents consents
	deciding sync.Mutex

	life    context.Context // of what outlives a call: shadows, requests under way
	end     context.CancelFunc
	errands sync.WaitGroup

	mu       sync.Mutex
	dossiers map[string]*dossier
}

// kinds are the slots, in the order in which they are listed.
var kinds = [...]Kind{Personality, SceneRules, Overlay}

// ErrSlot says that a plugin does not go where it was sent.
var ErrSlot = errors.New("wrong slot")

// ErrTaken says that a slot to be filled is not empty.
var ErrTaken = errors.New("slot taken")

// New makes a host with empty slots.
func New(cfg Config) *Host {
	cfg.Supervision = cfg.Supervision.withDefaults()
	h := &Host{cfg: cfg, log: cfg.Logger, metrics: newMetrics(cfg.Metrics), dossiers: map[string]*dossier{}}
	h.life, h.end = context.WithCancel(context.Background())
	h.aside.items = h.toldAgain(cfg.Aside)
	if h.log == nil {
		h.log = slog.New(slog.DiscardHandler)
	}
	for _, k := range kinds {
		h.slots = append(h.slots, newSlot(k, h))
	}
	return h
}

// Run gives the slots their events until ctx ends, then closes the guests. It returns nil when ctx ended it.
func (h *Host) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	errs := make([]error, len(h.slots))
	after := h.cfg.Last()
	var all sync.WaitGroup
	for i, s := range h.slots {
		all.Go(func() {
			if errs[i] = s.run(ctx, after); errs[i] != nil {
				stop() // a slot that cannot hear is a show that cannot react
			}
		})
		all.Go(func() { s.tend(ctx) })
	}
	all.Wait()
	h.end()
	for _, s := range h.slots {
		s.close()
	}
	h.errands.Wait()
	return errors.Join(errs...)
}

// Heard gives the last event that came by in each slot.
func (h *Host) Heard() map[string]uint64 {
	heard := map[string]uint64{}
	for _, s := range h.slots {
		s.turn.Lock()
		if s.passed > 0 {
			heard[string(s.kind)] = s.passed
		}
		s.turn.Unlock()
	}
	return heard
}

// Load puts a plugin into its empty slot; where somebody is already, the error is ErrTaken. The name of the slot may be
// empty; the manifest's kind decides. The recorder must be running, because that it is loaded is a fact.
func (h *Host) Load(ctx context.Context, slotName string, fsys fs.FS) (Info, error) {
	p, s, err := h.prepare(ctx, Kind(slotName), fsys, 0)
	if err != nil {
		return Info{}, err
	}
	if err := s.fill(ctx, p); err != nil {
		return Info{}, errors.Join(err, p.guest.Close(ctx))
	}
	info, _ := s.describe()
	return info, nil
}

// Swap replaces what is in the slot of the plugin's kind, between two events. State goes over when both plugins
// declare the same form of it, or the new one knows how to take the old one's. After an error the old plugin is still
// there, untouched. What comes of it is recorded as caused by the fact numbered cause, the act of whoever asked; 0 is none.
func (h *Host) Swap(ctx context.Context, fsys fs.FS, who string, cause uint64) (SwapResult, error) {
	next, s, err := h.prepare(ctx, "", fsys, cause)
	if err != nil {
		return SwapResult{}, err
	}
	s.ops.Lock()
	defer s.ops.Unlock()
	return s.replace(ctx, next, order{by: who, cause: cause})
}

// replace exchanges the plugin on air. The caller has ops.
func (s *slot) replace(ctx context.Context, next *occupant, o order) (SwapResult, error) {
	res, err := s.exchange(ctx, next, o)
	if err != nil {
		err = fmt.Errorf("swap to %s %s: %w", next.manifest.ID, next.manifest.Version, err)
		s.host.refused(ctx, o.cause, string(s.kind), next.manifest.ID, err)
		return SwapResult{}, errors.Join(err, next.guest.Close(ctx))
	}
	s.host.metrics.pause.Observe(res.Pause.Seconds())
	return res, nil
}

// prepare loads a plugin without touching its slot; a refusal is a fact.
func (h *Host) prepare(ctx context.Context, want Kind, fsys fs.FS, cause uint64) (*occupant, *slot, error) {
	m, err := LoadManifest(fsys)
	if err != nil {
		h.refused(ctx, cause, string(want), "", err)
		return nil, nil, err
	}
	if want != "" && want != m.Kind {
		err := fmt.Errorf("%w: plugin %s is of kind %s and cannot go to slot %s", ErrSlot, m.ID, m.Kind, want)
		h.refused(ctx, cause, string(want), m.ID, err)
		return nil, nil, err
	}
	p, err := h.load(ctx, m, fsys, nil)
	if err != nil {
		h.refused(ctx, cause, string(m.Kind), m.ID, err)
		return nil, nil, err
	}
	return p, h.slot(m.Kind), nil
}

// load makes a plugin that is in no slot yet; before is the one, if any, whose store it goes on with.
func (h *Host) load(ctx context.Context, m *Manifest, fsys fs.FS, before *occupant) (*occupant, error) {
	if err := h.hold(ctx, m); err != nil {
		return nil, err
	}
	powers, err := h.powers(ctx, m)
	if err != nil {
		return nil, err
	}
	p := h.newOccupant(m, fsys, powers)
	if err := p.start(ctx, h, before); err != nil {
		return nil, fmt.Errorf("load plugin %s %s: %w", m.ID, m.Version, err)
	}
	return p, nil
}

func (h *Host) slot(k Kind) *slot { return h.slots[slices.Index(kinds[:], k)] }

// Plugins describes what is loaded, in the order of the slots.
func (h *Host) Plugins() []Info {
	var out []Info
	for _, s := range h.slots {
		if info, ok := s.describe(); ok {
			out = append(out, info)
		}
	}
	return out
}

func (h *Host) refused(ctx context.Context, cause uint64, slot, plugin string, why error) {
	if ctx.Err() != nil { // nobody waits for it any more, and that may be why
		return
	}
	h.record(ctx, cause, show.PluginRefused{Slot: slot, Plugin: plugin, Reason: why.Error()})
}

// record writes facts of which each but the first is caused by the one before.
func (h *Host) record(ctx context.Context, cause uint64, facts ...event.Data) {
	now := time.Now().UTC()
	drafts := make([]event.Draft, len(facts))
	for i, f := range facts {
		drafts[i] = event.Draft{Cause: cause, At: now, Data: f}
		if i > 0 {
			drafts[i].Cause, drafts[i].Back = 0, 1
		}
	}
	h.write(ctx, drafts)
}

// write writes facts. They happened, so they are written also when whoever asked for it hung up. That they could not be
// written must not stop a guest, so it is told in the log.
func (h *Host) write(ctx context.Context, drafts []event.Draft) {
	if _, err := h.cfg.Facts.Record(context.WithoutCancel(ctx), drafts...); err != nil && ctx.Err() == nil {
		h.log.Error("cannot record a fact about a plugin", telemetry.KeyEvent, string(drafts[0].Data.EventKind()), telemetry.KeyErr, err)
	}
}
