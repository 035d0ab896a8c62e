package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// settingGrants is where the ledger keeps what people decided about the powers of a plugin.
const settingGrants = "plugin.grants."

// byShowFile signs grants that the show file makes.
const byShowFile = "show file"

// settings keep values under keys.
type settings interface {
	SettingGet(ctx context.Context, key string) ([]byte, bool, error)
	SettingPut(ctx context.Context, key string, value []byte) error
}

// grantBook has the grants of the show file, and over them what people decided at the control room or the command line.
type grantBook struct {
	kept settings
	show map[string]map[string]plugin.Grant // by plugin and power
	mu   sync.Mutex
}

// Granted are the decisions about a plugin, by power.
func (b *grantBook) Granted(ctx context.Context, id string) (map[string]plugin.Grant, error) {
	out := map[string]plugin.Grant{}
	maps.Copy(out, b.show[id])
	decided, err := b.decided(ctx, id)
	maps.Copy(out, decided)
	return out, err
}

func (b *grantBook) decided(ctx context.Context, id string) (map[string]plugin.Grant, error) {
	text, ok, err := b.kept.SettingGet(ctx, settingGrants+id)
	if err != nil || !ok {
		return nil, err
	}
	var out map[string]plugin.Grant
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("setting %s is damaged: %w", settingGrants+id, err)
	}
	return out, nil
}

// Put keeps a decision.
func (b *grantBook) Put(ctx context.Context, id, power string, g plugin.Grant) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	all, err := b.decided(ctx, id)
	if err != nil {
		return err
	}
	if all == nil {
		all = map[string]plugin.Grant{}
	}
	all[power] = g
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return b.kept.SettingPut(ctx, settingGrants+id, text)
}

// quietFor is how long nobody must have spoken, and how far the hammer must be, for a moment to be quiet.
const (
	quietFor   = 1500 * time.Millisecond
	quietUntil = 20 * time.Second
)

// quiet reports whether a change would hardly be noticed now: nobody speaks, and no lot is about to close.
func (h *Host) quiet() bool {
	if h.director.Silent() < quietFor {
		return false
	}
	lot := h.auctions.Snapshot().Lot
	return lot == nil || lot.Paused || time.Until(lot.Closes) > quietUntil
}

// onAirChanged keeps which plugin is in a slot, whoever put it there, for the next start.
func (h *Host) onAirChanged(ctx context.Context, slot plugin.Kind, files fs.FS) {
	p, ok := files.(place)
	if !ok {
		return
	}
	if err := h.ledger.SettingPut(context.WithoutCancel(ctx), settingSlot+string(slot), []byte(p.name)); err != nil {
		h.part("plugins").Error("cannot keep which plugin is on air; the next start may bring another one", "slot", slot, "plugin", p.name, "err", err)
	}
}

// find gives a fact of the ledger by its number.
func (h *Host) find(ctx context.Context, seq uint64) (event.Event, error) {
	found, err := h.ledger.Read(ctx, seq-1, 1)
	switch {
	case err != nil:
		return event.Event{}, err
	case len(found) == 0 || found[0].Seq != seq:
		return event.Event{}, errors.New("the ledger does not have it")
	}
	return found[0], nil
}

// postOf gives a post that the show has read.
func (h *Host) postOf(ctx context.Context, id string) (post.Post, bool, error) {
	e, ok, err := h.ledger.Origin(ctx, "x:"+id)
	if d, is := e.Data.(post.Received); ok && is {
		return d.Post, true, nil
	}
	return post.Post{}, false, err
}

// mostAside is how many events in quarantine are brought back from the ledger.
const mostAside = 128

// putAside remembers an event that was in quarantine when the program last stopped.
func (h *Host) putAside(at time.Time, d show.PluginQuarantined) {
	q := plugin.Quarantined{Slot: plugin.Kind(d.Slot), Seq: d.Event, At: at, Plugin: d.Plugin, Version: d.Version, Reason: d.Reason}
	if len(h.aside) == mostAside {
		h.aside = h.aside[1:]
	}
	h.aside = append(h.aside, q)
}
