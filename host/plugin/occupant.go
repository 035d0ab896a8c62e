package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// occupant is a guest with what is known of it.
type occupant struct {
	manifest *Manifest
	guest    Guest
	files    fs.FS             // to start it anew
	store    Store             // that it was made with
	stored   string            // SHA-256 of what was in it then
	archived []byte            // and that itself, until it is kept
	holds    map[string][]byte // its store as it is now
	loaded   time.Time
	hears    map[event.Kind]bool
	powers   map[string]*power
	strange  map[string]*power // asked for without being in the manifest
	dossier  *dossier
	latency  latencies
	timers   timers
	aways    atomic.Int64      // fetches and questions under way
	waiting  atomic.Int64      // uses that wait for a person
	puts     map[string][]byte // written to its store and not kept yet

	events, commands, denied, traps, lastSeq uint64
	lastTrap                                 string
	passed                                   Passed // limits, of which the metrics know
	shut, full                               uint64 // what its store refused it when it was last asked: all, and values that had no place
	state                                    string // SHA-256 of what it took over
	after, caught, rehearsed, stood          uint64 // where it begins to hear and to answer, and its state is from, as plugin.loaded has it

	consulted struct { // the last event of which a use was put before a person, and how many of it were
		event uint64
		n     int
	}

	logSecond time.Time // in which logged lines were written
	logged    int
}

func (h *Host) newOccupant(m *Manifest, files fs.FS, powers map[string]*power) *occupant {
	p := &occupant{manifest: m, files: files, loaded: time.Now().UTC(), hears: map[event.Kind]bool{}, powers: powers, strange: map[string]*power{},
		dossier: h.dossier(m.ID), puts: map[string][]byte{}}
	for _, k := range m.Subscribes {
		p.hears[k] = true
	}
	return p
}

// start makes the guest. In its store is what the same plugin holds that was before it, if there is one, or else what is
// on disk, which may be older.
func (p *occupant) start(ctx context.Context, h *Host, before *occupant) error {
	store, err := h.storeOf(ctx, p, before)
	if err != nil {
		return err
	}
	return p.startWith(ctx, h, store)
}

// startWith makes the guest with a store.
func (p *occupant) startWith(ctx context.Context, h *Host, store Store) (err error) {
	p.store, p.holds, p.stored, p.archived = store, maps.Clone(store.Content), "", nil
	if store.Granted {
		content := store.JSON()
		if p.stored = sum(content); len(store.Content) > 0 {
			p.archived = content
		}
	}
	if p.guest, err = h.cfg.Runtime.Load(ctx, Spec{Manifest: p.manifest, Files: p.files, Store: store}); err != nil {
		h.metrics.limit(p.manifest.Kind, err)
	}
	p.passed, p.shut, p.full = Passed{}, 0, 0
	return err
}

// storeOf is what a plugin has kept.
func (h *Host) storeOf(ctx context.Context, p, before *occupant) (Store, error) {
	w := p.powers[PowerStore]
	if w == nil || !w.grant.Load().Granted || h.cfg.Store == nil {
		return Store{}, nil
	}
	if before != nil && before.manifest.ID == p.manifest.ID && before.store.Granted {
		return Store{Granted: true, Quota: w.limits().Bytes, Content: maps.Clone(before.holds)}, nil
	}
	content, err := h.cfg.Store.PluginAll(ctx, p.manifest.ID)
	if err != nil {
		return Store{}, fmt.Errorf("read what %s kept: %w", p.manifest.ID, err)
	}
	return Store{Granted: true, Quota: w.limits().Bytes, Content: content}, nil
}

// behind is what old holds if p was made with something else. Only in the turn it is known what old holds.
func (p *occupant) behind(old *occupant) (content map[string][]byte, is bool) {
	if old == nil || old.manifest.ID != p.manifest.ID || !old.store.Granted || !p.store.Granted || maps.EqualFunc(old.holds, p.store.Content, bytes.Equal) {
		return nil, false
	}
	return maps.Clone(old.holds), true
}

// restock makes the guest once more, with what its store holds by now.
func (p *occupant) restock(ctx context.Context, h *Host, content map[string][]byte) error {
	stale := p.guest
	err := p.startWith(ctx, h, Store{Granted: true, Quota: p.store.Quota, Content: content})
	if err != nil {
		p.guest = stale
		return fmt.Errorf("start it with what its store holds by now: %w", err)
	}
	if err := stale.Close(ctx); err != nil {
		h.log.Warn("cannot close a plugin", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, err)
	}
	return nil
}

// refused is what its store refused the guest by itself, within calls, since it was last asked.
func (p *occupant) refused() (shut, full uint64) {
	more := func(last *uint64, now uint64) uint64 {
		n := now - min(*last, now) // a process may lie
		*last = now
		return n
	}
	st := p.guest.Stats()
	return more(&p.shut, st.Shut), more(&p.full, st.Passed[LimitStore])
}

// wants reports whether an event is for the plugin. Answers are for whoever asked alone.
func (p *occupant) wants(e event.Event) bool {
	if to, slot, ok := addressee(e.Data); ok {
		return to == p.manifest.ID && slot == string(p.manifest.Kind)
	}
	return p.hears[e.Kind()]
}

// IsFor reports whether a fact may be for a plugin. An answer is for whoever asked alone; one that names nobody, as people
// write them, is for whoever hears it.
func IsFor(d event.Data, m *Manifest) bool {
	to, slot, ok := addressee(d)
	return !ok || (to == "" || to == m.ID) && (slot == "" || slot == string(m.Kind))
}

// addressee of a fact that is for one plugin.
func addressee(d event.Data) (plugin, slot string, ok bool) {
	switch d := d.(type) {
	case show.TimerFired:
		return d.Plugin, d.Slot, true
	case show.FetchAnswered:
		return d.Plugin, d.Slot, true
	case show.ModelAnswered:
		return d.Plugin, d.Slot, true
	case show.PowerDenied:
		return d.Plugin, d.Slot, true
	}
	return "", "", false
}

// take gives the guest the state of a predecessor.
func (p *occupant) take(ctx context.Context, form *StateSpec, state []byte) error {
	var err error
	if form.Version == p.manifest.State.Version {
		err = p.guest.Restore(ctx, state)
	} else {
		err = p.guest.Migrate(ctx, form.Version, state)
	}
	if err == nil {
		p.state = sum(state)
	}
	return err
}

// rehearse lets the guest hear events that its predecessor answers, so that it knows of them when it takes over. What it
// asks of the stage is nothing; what it writes to its store and the timers that it sets are its own.
func (p *occupant) rehearse(ctx context.Context, events []event.Event) error {
	batch := make([]event.Event, 0, abi.MaxBatchEvents)
	for len(events) > 0 {
		batch = batch[:0]
		for len(events) > 0 && len(batch) < cap(batch) {
			if p.wants(events[0]) {
				batch = append(batch, events[0])
			}
			events = events[1:]
		}
		if len(batch) == 0 {
			return nil
		}
		err := p.rehearseBatch(ctx, batch)
		for i := 0; err != nil && len(batch) > 1 && i < len(batch) && !errors.Is(err, ErrDead); i++ { // as on air
			if one := p.rehearseBatch(ctx, batch[i:i+1]); errors.Is(one, ErrDead) {
				err = one
			}
		}
		if errors.Is(err, ErrDead) {
			return err
		}
	}
	return nil
}

// rehearseBatch is rehearse for events that the guest hears; what it fails on is lost to it.
func (p *occupant) rehearseBatch(ctx context.Context, batch []event.Event) error {
	reactions, err := p.guest.HandleBatch(ctx, batch)
	if err != nil {
		return err
	}
	p.lastSeq = batch[len(batch)-1].Seq
	for _, e := range batch {
		for len(reactions) > 0 && reactions[0].Event == e.Seq {
			if c, is := reactions[0].Call.(*abi.Timer); !is || p.lacks(PowerTimer) == "" && p.roomFor(c) {
				p.own(&reactions[0], e)
			}
			reactions = reactions[1:]
		}
	}
	return nil
}

// follow lets the timers of a predecessor be its own. Who has another id hears of none that ran out before.
func (p *occupant) follow(old *occupant) {
	if p.manifest.ID == old.manifest.ID {
		p.timers.follow(&old.timers)
	}
}

// own does what concerns the plugin alone, and reports whether that was all.
func (p *occupant) own(r *Reaction, e event.Event) bool {
	switch c := r.Call.(type) {
	case *abi.StorePut:
		p.puts[c.Key] = c.Value
		if len(c.Value) == 0 {
			p.puts[c.Key] = nil // no value is how a guest removes one, and nil how its keeper does
		}
	case *abi.Timer:
		p.timers.set(c.Token, c.Millis, e.At)
	default:
		return false
	}
	return true
}

func (p *occupant) info() Info {
	m, st := p.manifest, p.guest.Stats()
	return Info{
		ID: m.ID, Version: m.Version, Name: m.Name, Description: m.Description, Kind: m.Kind, Character: m.Character, SHA256: st.SHA256, Origin: originOf(p.files),
		Capabilities: m.Capabilities, Subscribes: m.Subscribes, Loaded: p.loaded,
		Events: p.events, Commands: p.commands, Denied: p.denied, Unknown: st.Unknown, Dropped: st.Dropped, Traps: p.traps, LastTrap: p.lastTrap, LastSeq: p.lastSeq,
		Fuel: st.Fuel, FuelLimit: m.Limits.Fuel, Memory: st.Memory, MemoryLimit: uint64(m.Limits.MemoryMiB) << 20, Stored: st.Store,
	}
}

// filled is info with what takes longer to tell.
func (p *occupant) filled(info Info) Info {
	info.P50Micros, info.P95Micros, info.P99Micros = p.latency.quantiles()
	info.Powers, info.Manifest = p.describe(info.Stored), p.manifest
	return info
}

// PowerInfo is a capability and what became of it.
type PowerInfo struct {
	Asked        Capability
	Limits       Capability // that hold
	Grant        Grant
	More         []string // what is asked for beyond what was granted, in words
	WhyThen      string   // the reason that was shown when it was granted; "" if it is the same
	Used         uint64
	UsedInShadow uint64
	Denied       uint64
	Stored       int // bytes, of store
}

// describe lists the powers in the order of the manifest.
func (p *occupant) describe(stored int) []PowerInfo {
	out := make([]PowerInfo, 0, len(p.manifest.Capabilities))
	for _, c := range p.manifest.Capabilities {
		w := p.powers[c.Name]
		i := PowerInfo{Asked: c, Limits: w.limits(), Grant: *w.grant.Load(), More: w.more(), WhyThen: w.whyThen(), Used: w.used.Load(), Denied: w.denied.Load(), UsedInShadow: p.dossier.usedInShadow(c.Name)}
		if c.Name == PowerStore {
			i.Stored = stored
		}
		out = append(out, i)
	}
	return out
}

// loadedFact is all that a replay needs to make the plugin again.
func (p *occupant) loadedFact() show.PluginLoaded {
	m := p.manifest
	config, _ := Spec{Manifest: m}.Settings() // it was read when the guest was made
	f := show.PluginLoaded{Slot: string(m.Kind), Plugin: m.ID, Version: m.Version, SHA256: p.guest.Stats().SHA256, Origin: originOf(p.files), Config: config, State: p.state, Store: p.stored, Subscribes: m.Subscribes, After: p.after, Caught: p.caught, Rehearsed: p.rehearsed, Stood: p.stood,
		Limits: &show.PluginLimits{Fuel: m.Limits.Fuel, MemoryMiB: m.Limits.MemoryMiB, Commands: m.Limits.Commands, StateBytes: m.Limits.StateBytes,
			OutputBytes: m.Limits.OutputBytes, LogLines: m.Limits.LogLines, Tables: m.Limits.Tables, HostCalls: m.Limits.HostCalls, StoreBytes: p.store.Quota}}
	for _, c := range m.Capabilities {
		if w := p.powers[c.Name]; w.grant.Load().Granted {
			f.Grants = append(f.Grants, show.PluginGrant{Name: c.Name, Limit: w.limits().json(), Ask: w.grant.Load().Ask})
		}
	}
	return f
}
