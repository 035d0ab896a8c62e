package host

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// loadTake loads the plugin that was on air: what has its name now, or what was kept of it when that has changed.
func (l *loader) loadTake(ctx context.Context, t replay.Take) (shelved, error) {
	p, err := l.loadKept(ctx, t)
	if err != nil || p.guest.Stats().SHA256 != t.SHA256 {
		return p, err
	}
	return l.asOnAir(ctx, p, t)
}

// loadKept loads the plugin of a take as it has a name here, or as it was kept when that is another one by now.
func (l *loader) loadKept(ctx context.Context, t replay.Take) (shelved, error) {
	p, err := l.load(ctx, t.Plugin)
	if err == nil && p.guest.Stats().SHA256 == t.SHA256 {
		return p, nil
	}
	files, ok := l.plugins.keptAs(t.Plugin, t.Version, t.SHA256)
	if !ok {
		return p, err
	}
	if err == nil {
		_ = p.guest.Close(ctx) // it was not used
	}
	return l.loadFiles(ctx, t.Plugin+" as it was kept", files)
}

// asOnAir gives the plugin of a take the configuration, the limits and the subscriptions that it had, whatever its
// plugin.yaml says by now, and its store: closed to it, or as large as it was granted, with what it held. Nothing else of
// what it may do is known to a guest.
func (l *loader) asOnAir(ctx context.Context, p shelved, t replay.Take) (shelved, error) {
	m, _, err := ranWith(p.manifest, t)
	if err != nil {
		return p, err
	}
	had := plugin.NewGate(p.manifest)
	had.Hold(t.Powers)
	return l.withStore(ctx, p, m, t, had.Store())
}

// stocked gives another version of the plugin of a take what the store of that one held.
func (l *loader) stocked(ctx context.Context, p shelved, t replay.Take) (shelved, error) {
	if p.manifest.ID != t.Plugin {
		return p, nil
	}
	return l.withStore(ctx, p, p.manifest, t, plugin.NewGate(p.manifest).Store())
}

// withStore makes a plugin anew, as m has it and with a store, unless it is so already.
func (l *loader) withStore(ctx context.Context, p shelved, m *plugin.Manifest, t replay.Take, store plugin.Store) (shelved, error) {
	if store.Granted {
		store.Content = l.stores[t.Store]
	}
	if has := plugin.NewGate(p.manifest).Store(); m == p.manifest && store.Granted == has.Granted && store.Quota == has.Quota && len(store.Content) == 0 {
		return p, nil
	}
	_ = p.guest.Close(ctx) // it was not used
	return l.loadWith(ctx, t.Plugin, m, p.files, store)
}

// ranAs reports whether a plugin is what a take's was: what runs, and with what.
func ranAs(p shelved, t replay.Take) (bool, error) {
	_, same, err := ranWith(p.manifest, t)
	return same && p.guest.Stats().SHA256 == t.SHA256, err
}

// ranWith is a manifest with what the plugin of a take ran with, and whether that is what it says itself.
func ranWith(m *plugin.Manifest, t replay.Take) (had *plugin.Manifest, same bool, err error) {
	if t.Limits == nil {
		return m, true, nil
	}
	config, err := plugin.Spec{Manifest: m}.Settings()
	if err != nil {
		return m, false, err
	}
	now := *m
	l := t.Limits
	now.Limits = plugin.Limits{Fuel: l.Fuel, MemoryMiB: l.MemoryMiB, Commands: l.Commands, StateBytes: l.StateBytes, OutputBytes: l.OutputBytes, LogLines: l.LogLines,
		Tables: l.Tables, HostCalls: l.HostCalls}
	if t.Subscribes != nil {
		now.Subscribes = t.Subscribes
	}
	if now.Limits == m.Limits && bytes.Equal(config, t.Config) && slices.Equal(now.Subscribes, m.Subscribes) {
		return m, true, nil
	}
	now.Config = nil
	if len(t.Config) > 0 {
		in := json.NewDecoder(bytes.NewReader(t.Config))
		in.UseNumber() // to the digit
		if err := in.Decode(&now.Config); err != nil {
			return m, false, failf(ErrBadInput, "configuration of %s in the recording: %w", t.Plugin, err)
		}
	}
	return &now, false, nil
}

// succeed gives a plugin what it had when the take began: the state that its predecessors came to, which is made again by
// playing them what they heard. It says what could not be made as it was.
func (l *loader) succeed(ctx context.Context, rec *replay.Recording, t replay.Take, p shelved) (doubts []string, err error) {
	if _, known := l.stores[t.Store]; !known && t.Store != "" && t.Store != (plugin.Store{Granted: true}).SHA256() {
		doubts = append(doubts, fmt.Sprintf("the store of %s held something, which a recording does not have; it begins empty", t.Plugin))
	}
	for _, again := range t.Retried {
		if again.Event < rec.From {
			doubts = append(doubts, fmt.Sprintf("event %d, which %s was given again, is from before the recording", again.Event, t.Plugin))
		}
	}
	if t.State == "" {
		return doubts, nil
	}
	before, ok := rec.Before(t)
	if !ok {
		return append(doubts, fmt.Sprintf("%s took over a state from before the recording; it begins without it", t.Plugin)), nil
	}
	old, err := l.loadTake(ctx, before)
	if err != nil {
		return append(doubts, fmt.Sprintf("%s took over the state of %s, which cannot be loaded any more: %v", t.Plugin, before.Plugin, err)), nil
	}
	defer old.guest.Close(context.WithoutCancel(ctx))
	more, err := l.succeed(ctx, rec, before, old)
	if doubts = append(doubts, more...); err != nil || !old.manifest.State.CanHandTo(p.manifest.State) {
		return doubts, err
	}
	stood := cmp.Or(t.Stood, t.After)
	before.Until = min(before.Until, stood)
	before.Retried = slices.DeleteFunc(slices.Clone(before.Retried), func(r replay.Retried) bool { return r.After > stood })
	if _, _, err := rec.Play(ctx, before, old.guest, old.manifest, replay.Options{}); err != nil {
		return doubts, fmt.Errorf("play %s for its state: %w", before.Plugin, err)
	}
	state, err := old.guest.Save(ctx)
	if err != nil {
		return doubts, fmt.Errorf("state of %s: %w", before.Plugin, err)
	}
	if sumOf(state) != t.State {
		doubts = append(doubts, fmt.Sprintf("%s took over another state of %s than it comes to now", t.Plugin, before.Plugin))
	}
	if from := old.manifest.State.Version; from != p.manifest.State.Version {
		return doubts, p.guest.Migrate(ctx, from, state)
	}
	return doubts, p.guest.Restore(ctx, state)
}
