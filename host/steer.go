package host

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/plugin"
)

// Swap puts a plugin in the slot of its kind, because of the fact numbered cause; the choice outlives a restart.
func (w wardrobe) Swap(ctx context.Context, id, who string, cause uint64) (admin.Swap, error) {
	files, err := w.h.catalogue.take(id)
	if err != nil {
		return admin.Swap{}, answered(err)
	}
	if err := w.h.bringCharacterOf(ctx, files, cause); err != nil {
		return admin.Swap{}, answered(failf(ErrBadInput, "plugin %s: its character: %w", id, err))
	}
	r, err := w.h.plugins.Swap(ctx, files, who, cause)
	if err != nil {
		return admin.Swap{}, answered(err)
	}
	return viewSwap(r), nil
}

func viewSwap(r plugin.SwapResult) admin.Swap {
	return admin.Swap{Slot: string(r.To.Kind), From: r.From.ID, FromVersion: r.From.Version, To: r.To.ID, ToVersion: r.To.Version,
		PauseMicros: float64(r.Pause) / float64(time.Microsecond), StateBytes: r.StateBytes}
}

// Shadow lets a plugin hear the show beside the one on air.
func (w wardrobe) Shadow(ctx context.Context, id, who string, cause uint64) (admin.Slot, error) {
	files, err := w.h.catalogue.take(id)
	if err != nil {
		return admin.Slot{}, answered(err)
	}
	if err := w.h.bringCharacterOf(ctx, files, cause); err != nil {
		return admin.Slot{}, answered(failf(ErrBadInput, "plugin %s: its character: %w", id, err))
	}
	return w.slotOr(w.h.plugins.Shadow(ctx, files, who, cause))
}

// DropShadow ends a shadow.
func (w wardrobe) DropShadow(ctx context.Context, slot, who string, cause uint64) (admin.Slot, error) {
	return w.slotOr(w.h.plugins.DropShadow(ctx, plugin.Kind(slot), who, cause))
}

// CancelPromotion forgets a promotion that waits.
func (w wardrobe) CancelPromotion(_ context.Context, slot, _ string, _ uint64) (admin.Slot, error) {
	return w.slotOr(w.h.plugins.CancelPromotion(plugin.Kind(slot)))
}

func (w wardrobe) slotOr(s plugin.SlotInfo, err error) (admin.Slot, error) {
	if err != nil {
		return admin.Slot{}, answered(err)
	}
	return w.slot(s), nil
}

// Promote puts a shadow on air, now or when the moment is quiet.
func (w wardrobe) Promote(ctx context.Context, slot string, p admin.PromoteRequest, who string, cause uint64) (admin.Promoted, error) {
	if p.When != "quiet" {
		r, err := w.h.plugins.Promote(ctx, plugin.Kind(slot), who, cause)
		if err != nil {
			return admin.Promoted{}, answered(err)
		}
		s := viewSwap(r)
		return admin.Promoted{Swap: &s}, nil
	}
	i, err := w.h.plugins.PromoteWhenQuiet(plugin.Kind(slot), time.Duration(p.DeadlineSeconds)*time.Second, who, cause)
	if err != nil {
		return admin.Promoted{}, answered(err)
	}
	return admin.Promoted{Waiting: &admin.Promotion{Plugin: i.Plugin, By: i.Who, Asked: i.Asked, Deadline: i.Deadline}}, nil
}

// RollBack puts the last good plugin back.
func (w wardrobe) RollBack(ctx context.Context, slot, who string, cause uint64) (admin.Swap, error) {
	r, err := w.h.plugins.RollBack(ctx, plugin.Kind(slot), who, cause)
	if err != nil {
		return admin.Swap{}, answered(err)
	}
	return viewSwap(r), nil
}

// Grant lets a plugin use a power that it asks for.
func (w wardrobe) Grant(ctx context.Context, id, power string, g admin.GrantRequest, who string, cause uint64) (admin.Capability, error) {
	m, asked, err := w.power(ctx, id, g.State, power)
	if err != nil {
		return admin.Capability{}, err
	}
	if g.Version != "" && g.Version != m.Version {
		return admin.Capability{}, ofKind(admin.ErrRefused, fmt.Errorf("%s is %s by now, not %s; look at what it asks for, and decide again", id, m.Version, g.Version))
	}
	for _, h := range g.Hosts {
		if !slices.Contains(asked.Asked.Hosts, h) {
			return admin.Capability{}, ofKind(admin.ErrInvalid, fmt.Errorf("%s does not ask for host %s%s; it asks for %s", id, h, meant(h, asked.Asked.Hosts), listed(asked.Asked.Hosts)))
		}
	}
	err = w.h.plugins.Grant(ctx, m.ID, power, plugin.Grant{By: who, Ask: g.Ask, Shown: &asked.Asked, Version: m.Version,
		Capability: plugin.Capability{PerMinute: g.PerMinute, Bytes: g.Bytes, TokensPerHour: g.TokensPerHour, Pending: g.Pending, Hosts: g.Hosts}}, cause)
	if err != nil {
		return admin.Capability{}, answered(err)
	}
	return w.viewPower(ctx, id, g.State, power)
}

// Revoke takes a power from a plugin.
func (w wardrobe) Revoke(ctx context.Context, id, power, who string, cause uint64) (admin.Capability, error) {
	m, _, err := w.power(ctx, id, "", power)
	if err != nil {
		return admin.Capability{}, err
	}
	if err := w.h.plugins.Revoke(ctx, m.ID, power, who, cause); err != nil {
		return admin.Capability{}, answered(err)
	}
	return w.viewPower(ctx, id, "", power)
}

// viewPower is how a power of a plugin stands.
func (w wardrobe) viewPower(ctx context.Context, name, state, power string) (admin.Capability, error) {
	_, p, err := w.power(ctx, name, state, power)
	if err != nil {
		return admin.Capability{}, err
	}
	return viewPower(p), nil
}

// power is a capability of a plugin: of the one in a state, or else of the first that asks for it, the one on air before
// the others. The name is that of its place here; grants are kept under the id.
func (w wardrobe) power(ctx context.Context, name, state, power string) (*plugin.Manifest, plugin.PowerInfo, error) {
	states := []string{state}
	if state == "" {
		states = []string{admin.PluginOnAir, admin.PluginShadow, admin.PluginInstalled}
	}
	var names []string
	var none error
	for _, state := range states {
		m, powers, err := w.powers(ctx, name, state)
		if err != nil {
			none = err
			continue
		}
		for _, p := range powers {
			if p.Asked.Name == power {
				return m, p, nil
			}
			if !slices.Contains(names, p.Asked.Name) {
				names = append(names, p.Asked.Name)
			}
		}
	}
	if names == nil && none != nil {
		return nil, plugin.PowerInfo{}, none
	}
	return nil, plugin.PowerInfo{}, ofKind(admin.ErrUnknown, fmt.Errorf("%s does not ask for %s%s; it asks for %s", name, power, meant(power, names), listed(names)))
}

// powers are those of a plugin in a state.
func (w wardrobe) powers(ctx context.Context, name, state string) (*plugin.Manifest, []plugin.PowerInfo, error) {
	if p, ok := w.runs(name, state); ok {
		return p.info.Manifest, p.info.Powers, nil
	}
	_, m, err := w.described(name, state)
	if err != nil {
		return nil, nil, err
	}
	powers, err := w.h.plugins.Powers(ctx, m)
	return m, powers, err
}

// listed are words in a sentence.
func listed(words []string) string { return cmp.Or(strings.Join(words, ", "), "none") }

// Retry gives an event in quarantine to the plugin on air again.
func (w wardrobe) Retry(ctx context.Context, slot string, seq uint64, _ string, cause uint64) (admin.Retried, error) {
	r, err := w.h.plugins.Retry(ctx, plugin.Kind(slot), seq, cause)
	if err != nil {
		return admin.Retried{}, answered(err)
	}
	return admin.Retried{Seq: seq, Plugin: r.Plugin, OK: r.Err == "", Reason: r.Err, Commands: r.Commands}, nil
}
