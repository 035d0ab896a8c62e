package admin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// fakeCast is what the fake show has of slots: a shadow, a promotion that waits, a history, an event put aside.
type fakeCast struct {
	shadow  string // id of the plugin in shadow
	waiting *Promotion
	aside   []Quarantined
	grants  map[string]GrantRequest // by id and power
}

func newFakeCast() fakeCast {
	return fakeCast{grants: map[string]GrantRequest{"dusty-gavel/say": {}, "dusty-gavel/mood": {}},
		aside: []Quarantined{{Seq: 7, At: time.Now().UTC(), Kind: "post.received", Cause: `@tomtom "is it rare?"`, Plugin: "dusty-gavel", Version: "0.2.8", Reason: "unreachable"}}}
}

var errNoShadow = fmt.Errorf("%w: nothing is in shadow of personality", ErrRefused)

func (f *fakeShow) find(id string) (*Plugin, error) {
	for i := range f.plugins {
		if f.plugins[i].ID == id {
			return &f.plugins[i], nil
		}
	}
	return nil, fmt.Errorf("plugin %q: %w; installed are dusty-gavel, mina-vox", id, ErrUnknown)
}

func (f *fakeShow) Plugins(context.Context) ([]Plugin, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.plugins), nil
}

func (f *fakeShow) Plugin(_ context.Context, id string) (PluginDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.find(id)
	if err != nil {
		return PluginDetail{}, err
	}
	return PluginDetail{Plugin: *p, License: "Apache-2.0", Authors: []string{"SothebAIs"}, API: "1", Runtime: "declarative", File: "personality.yaml",
		Subscribes: []string{"bid.accepted"}, Limits: PluginLimits{Fuel: 60_000_000, MemoryMiB: 48}}, nil
}

func (f *fakeShow) Logs(_ context.Context, id string, limit int) ([]LogLine, error) {
	if _, err := f.find(id); err != nil {
		return nil, err
	}
	lines := []LogLine{{At: time.Now().UTC(), Seq: 3, Level: "info", Text: "no trigger for @tomtom"}, {At: time.Now().UTC(), Seq: 4, Level: "warn", Text: "cooling down"}}
	return lines[:min(limit, len(lines))], nil
}

func (f *fakeShow) Slots(context.Context) ([]Slot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return []Slot{f.slot()}, nil
}

// slot is the personality's.
func (f *fakeShow) slot() Slot {
	s := Slot{Slot: "personality", Promotion: f.cast.waiting, Quarantined: len(f.cast.aside), Supervision: Supervision{Traps: 3, WindowMS: 60_000}}
	since := time.Now().Add(-time.Hour).UTC()
	for i := range f.plugins {
		switch p := &f.plugins[i]; {
		case p.Active && p.Kind == "personality":
			s.OnAir = p
			s.History = append(s.History, Version{Plugin: p.ID, Version: p.Version, Name: p.Name, Since: since, By: "ana", State: "on air"})
		case p.ID == f.cast.shadow:
			shadow := *p
			shadow.State = PluginShadow
			s.Shadow = &shadow
		}
	}
	good := Version{Plugin: "dusty-gavel", Version: "0.2.9", Name: "Dusty Gavel", Since: since.Add(-time.Hour), Until: &since, State: "last good", Warm: true}
	s.LastGood = &good
	s.History = append(s.History, good, Version{Plugin: "dusty-gavel", Version: "0.2.8", Name: "Dusty Gavel", Since: since.Add(-2 * time.Hour), Until: &good.Since,
		State: "reverted", Why: "4 traps in 60 s, the last: unreachable", Cause: 7})
	return s
}

func (f *fakeShow) Report(context.Context, string) (ShadowReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cast.shadow == "" {
		return ShadowReport{}, errNoShadow
	}
	none := []string{}
	return ShadowReport{Slot: "personality", OnAir: &PluginVersion{"dusty-gavel", "0.3.0"}, Shadow: PluginVersion{f.cast.shadow, "1.1.0"}, Since: time.Now().Add(-12 * time.Minute).UTC(),
		Events: 412, Counts: ShadowCounts{Same: 288, Line: 83, Mood: 29, Silent: 12}, Powers: []ShadowPower{{"say", 97, true}, {"reply", 9, false}},
		Cost: ShadowCosts{OnAir: ShadowCost{Fuel: 41_000, P50Micros: 41, P95Micros: 120}, Shadow: ShadowCost{Fuel: 60_000, P50Micros: 60, P95Micros: 190}},
		Rows: []ShadowRow{{Seq: 9, At: time.Now().UTC(), Kind: "bid.accepted", Cause: "bid 2.4 ETH @maria", Verdict: "line",
			OnAir:  ShadowSide{Lines: []string{"2.40 from @maria! Who tops it?"}, Mood: "excited", Others: none, Needs: none},
			Shadow: ShadowSide{Lines: []string{"Maria, | darling. *2.40*."}, Mood: "sly", Others: none, Needs: []string{"reply"}}}}}, nil
}

func (f *fakeShow) Quarantine(context.Context, string) ([]Quarantined, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.cast.aside), nil
}

func (f *fakeShow) Shadow(_ context.Context, id, who string, cause uint64) (Slot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.find(id)
	if err != nil {
		return Slot{}, err
	}
	f.cast.shadow = id
	f.append(event.Draft{Cause: cause, Data: show.PluginShadowed{Slot: p.Kind, Plugin: id, Version: p.Version, Why: who}})
	return f.slot(), nil
}

func (f *fakeShow) DropShadow(context.Context, string, string, uint64) (Slot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cast.shadow == "" {
		return Slot{}, errNoShadow
	}
	f.cast.shadow = ""
	return f.slot(), nil
}

func (f *fakeShow) Promote(ctx context.Context, _ string, p PromoteRequest, who string, cause uint64) (Promoted, error) {
	f.mu.Lock()
	id := f.cast.shadow
	if id != "" && p.When == "quiet" {
		now := time.Now().UTC()
		f.cast.waiting = &Promotion{Plugin: id, By: who, Asked: now, Deadline: now.Add(time.Duration(p.DeadlineSeconds) * time.Second)}
		defer f.mu.Unlock()
		return Promoted{Waiting: f.cast.waiting}, nil
	}
	f.cast.shadow = ""
	f.mu.Unlock()
	if id == "" {
		return Promoted{}, errNoShadow
	}
	s, err := f.Swap(ctx, id, who, cause)
	return Promoted{Swap: &s}, err
}

func (f *fakeShow) CancelPromotion(context.Context, string, string, uint64) (Slot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cast.waiting = nil
	return f.slot(), nil
}

func (f *fakeShow) RollBack(ctx context.Context, _ string, who string, cause uint64) (Swap, error) {
	if f.refuse != nil {
		return Swap{}, f.refuse
	}
	return f.Swap(ctx, "dusty-gavel", who, cause)
}

func (f *fakeShow) Grant(_ context.Context, id, power string, g GrantRequest, who string, _ uint64) (Capability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.find(id); err != nil {
		return Capability{}, err
	}
	f.cast.grants[id+"/"+power] = g
	now := time.Now().UTC()
	return Capability{Name: power, Why: "answers questions", Outward: true, Granted: true, GrantedBy: who, GrantedAt: &now}, nil
}

func (f *fakeShow) Revoke(_ context.Context, id, power, who string, _ uint64) (Capability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.cast.grants, id+"/"+power)
	return Capability{Name: power, GrantedBy: who}, nil
}

func (f *fakeShow) Retry(_ context.Context, _ string, seq uint64, _ string, _ uint64) (Retried, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, q := range f.cast.aside {
		if q.Seq == seq {
			f.cast.aside = slices.Delete(f.cast.aside, i, i+1)
			return Retried{Seq: seq, Plugin: q.Plugin, OK: true, Commands: 2}, nil
		}
	}
	return Retried{}, errors.Join(fmt.Errorf("event %d is not in quarantine", seq), ErrUnknown)
}
