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
	asked, err := w.power(ctx, id, power)
	if err != nil {
		return admin.Capability{}, err
	}
	for _, h := range g.Hosts {
		if !slices.Contains(asked.Hosts, h) {
			return admin.Capability{}, ofKind(admin.ErrInvalid, fmt.Errorf("%s does not ask for host %s%s; it asks for %s", id, h, meant(h, asked.Hosts), listed(asked.Hosts)))
		}
	}
	err = w.h.plugins.Grant(ctx, id, power, plugin.Grant{By: who, Ask: g.Ask, Capability: plugin.Capability{PerMinute: g.PerMinute, Bytes: g.Bytes, TokensPerHour: g.TokensPerHour, Hosts: g.Hosts}}, cause)
	if err != nil {
		return admin.Capability{}, answered(err)
	}
	return w.power(ctx, id, power)
}

// Revoke takes a power from a plugin.
func (w wardrobe) Revoke(ctx context.Context, id, power, who string, cause uint64) (admin.Capability, error) {
	if _, err := w.power(ctx, id, power); err != nil {
		return admin.Capability{}, err
	}
	if err := w.h.plugins.Revoke(ctx, id, power, who, cause); err != nil {
		return admin.Capability{}, answered(err)
	}
	return w.power(ctx, id, power)
}

// power is a capability of a plugin.
func (w wardrobe) power(ctx context.Context, id, power string) (admin.Capability, error) {
	d, err := w.Plugin(ctx, id)
	if err != nil {
		return admin.Capability{}, err
	}
	var names []string
	for _, c := range d.Capabilities {
		if c.Name == power {
			return c, nil
		}
		names = append(names, c.Name)
	}
	return admin.Capability{}, ofKind(admin.ErrUnknown, fmt.Errorf("%s does not ask for %s%s; it asks for %s", id, power, meant(power, names), listed(names)))
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
