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

// fakeCast is what the fake show has of slots: turns on air, a shadow, a promotion that waits, events put aside.
type fakeCast struct {
	shadow   string // id of the plugin in shadow
	since    time.Time
	waiting  *Promotion
	restart  *Restart // of the overlay
	empty    bool     // slot of the overlay
	aside    []Quarantined
	rows     []ShadowRow // compared since the first one, newest first
	turns    []Version   // of the personality, newest first
	grants   map[string]GrantRequest
	consents []Consent
	more     map[string][]string // by plugin and power: what is asked for beyond what was granted
	deniers  map[string]string   // who took a power away
}

func newFakeCast() fakeCast {
	on := time.Now().Add(-time.Hour).UTC()
	good, bad := on.Add(-time.Hour), on.Add(-2*time.Hour)
	c := fakeCast{grants: map[string]GrantRequest{}, deniers: map[string]string{},
		aside: []Quarantined{{Seq: 7, At: time.Now().UTC(), Kind: "post.received", Cause: `@tomtom "is it rare?"`, Plugin: "dusty-gavel", Version: "0.2.8", Reason: "unreachable"}},
		turns: []Version{{Plugin: "dusty-gavel", Version: "0.3.0", Name: "Dusty Gavel", Since: on, By: "ana", State: "on air"},
			{Plugin: "dusty-gavel", Version: "0.2.9", Name: "Dusty Gavel", Since: good, Until: &on, By: "ana", State: "last good", Warm: true},
			{Plugin: "dusty-gavel", Version: "0.2.8", Name: "Dusty Gavel", Since: bad, Until: &good, By: "ana", State: "reverted", Why: "4 traps in 60 s, the last: unreachable", Cause: 1}}}
	for _, k := range []string{"dusty-gavel/say", "dusty-gavel/mood", "dusty-gavel/gesture", "dusty-gavel/store", "mina-vox/say", "mina-vox/mood", "mina-vox/gesture", "mina-vox/store",
		"house-rules/scene", "lower-third/overlay"} {
		c.grants[k] = GrantRequest{}
	}
	return c
}

// fakePlugins are the plugins of the fake show.
func fakePlugins() []Plugin {
	host := []Capability{{Name: "say", Why: "talks to bidders", Limit: "15 a minute", Used: 412}, {Name: "mood", Why: "shows how it feels", Used: 388},
		{Name: "gesture", Why: "nods, waves, strikes the gavel", Used: 97}, {Name: "store", Why: "remembers regulars", Limit: "256 KiB", Used: 61, StoredBytes: 38_912},
		{Name: "reply", Why: "answers questions on X", Limit: "6 a minute", Outward: true, Askable: true, Denied: 9},
		{Name: "http", Why: "talks about the weather", Limit: "4 a minute", Hosts: []string{"api.weather.example"}, Outward: true, Askable: true}}
	since := time.Now().Add(-time.Hour).UTC()
	on := func(p Plugin) Plugin {
		p.Active, p.State, p.Since, p.MemoryLimit, p.FuelLimit = true, PluginOnAir, &since, 48<<20, 60_000_000
		return p
	}
	return []Plugin{
		on(Plugin{ID: "dusty-gavel", Version: "0.3.0", Name: "Dusty Gavel", Kind: "personality", Character: "dusty", Origin: "shipped", Description: "A raccoon who has seen every bubble.",
			Capabilities: host, P50Micros: 41, P95Micros: 120, P99Micros: 180, MemoryBytes: 3 << 20}),
		{ID: "mina-vox", Version: "1.1.0", Name: "Mina Vox", Kind: "personality", Character: "mina", Origin: "signed by mina-studio", Description: "An owl of few words.", State: PluginInstalled,
			Capabilities: slices.Clone(host)},
		on(Plugin{ID: "house-rules", Version: "1.0.0", Name: "House rules", Kind: "scene-rules", Origin: "shipped", P50Micros: 9, P95Micros: 22, P99Micros: 31, MemoryBytes: 1 << 20,
			Capabilities: []Capability{{Name: "scene", Why: "follows the lot", Used: 31}}}),
		on(Plugin{ID: "lower-third", Version: "1.0.0", Name: "Lower third", Kind: "overlay", Origin: "shipped", P50Micros: 22, P95Micros: 51, P99Micros: 75, MemoryBytes: 2 << 20, Traps24h: 3,
			Capabilities: []Capability{{Name: "overlay", Why: "shows the price", Used: 1204}}}),
	}
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

// seen is a plugin as it is now.
func (f *fakeShow) seen(p Plugin) Plugin {
	if p.ID == f.cast.shadow {
		p.State, p.Since, p.P95Micros, p.MemoryBytes = PluginShadow, &f.cast.since, 190, 5<<20
	}
	if r := f.cast.restart; r != nil && r.Plugin == p.ID {
		p.State, p.Active, p.Since, p.LastTrap = PluginRestarting, false, nil, r.Why
	}
	if i := f.good(); p.State == PluginInstalled && i > 0 && f.cast.turns[i].Plugin == p.ID && f.cast.turns[i].Version == p.Version {
		p.State, p.Since = PluginLastGood, f.cast.turns[i].Until
	}
	p.Capabilities = slices.Clone(p.Capabilities)
	for i := range p.Capabilities {
		c := &p.Capabilities[i]
		var g GrantRequest
		g, c.Granted = f.cast.grants[p.ID+"/"+c.Name]
		c.Ask = g.Ask
		if c.More = f.cast.more[p.ID+"/"+c.Name]; c.More != nil {
			c.WhyGranted = "answers questions"
		}
		if c.GrantedBy = f.cast.deniers[p.ID+"/"+c.Name]; c.GrantedBy == "" {
			c.GrantedBy = "default"
		}
		if p.ID != "mina-vox" {
			continue
		}
		c.Used, c.Denied, c.StoredBytes = 0, 0, 0
		if p.State == PluginShadow {
			c.UsedInShadow = map[string]uint64{"say": 97, "mood": 131, "store": 12, "reply": 9}[c.Name]
		}
	}
	return p
}

func (f *fakeShow) Plugins(context.Context) ([]Plugin, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readErr != nil {
		return nil, f.readErr
	}
	var out []Plugin
	for _, p := range f.plugins {
		if p.Kind != "overlay" || !f.cast.empty {
			out = append(out, f.seen(p))
		}
	}
	return out, nil
}

func (f *fakeShow) Plugin(_ context.Context, id, _ string) (PluginDetail, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.find(id)
	if err != nil {
		return PluginDetail{}, err
	}
	return PluginDetail{Plugin: f.seen(*p), License: "Apache-2.0", Authors: []string{"SothebAIs"}, API: "1", Runtime: "declarative", File: "personality.yaml",
		Subscribes: []string{"bid.accepted", "bid.refused", "lot.opened"}, Limits: PluginLimits{Fuel: 60_000_000, MemoryMiB: 48, Commands: 16}}, nil
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
	return []Slot{f.slot(), f.plain("scene-rules"), f.plain("overlay")}, nil
}

var supervision = Supervision{Traps: 3, WindowMS: 60_000}

// slot is the personality's.
func (f *fakeShow) slot() Slot {
	s := f.plain("personality")
	s.Promotion, s.Quarantined, s.History = f.cast.waiting, len(f.cast.aside), slices.Clone(f.cast.turns)
	if p, err := f.find(f.cast.shadow); err == nil {
		shadow := f.seen(*p)
		s.Shadow = &shadow
	}
	if i := f.good(); i > 0 {
		s.LastGood = &s.History[i]
	}
	return s
}

// plain is a slot without a past.
func (f *fakeShow) plain(slot string) Slot {
	s := Slot{Slot: slot, Supervision: supervision, History: []Version{}}
	if slot == "overlay" && (f.cast.empty || f.cast.restart != nil) {
		s.Restart = f.cast.restart
		return s
	}
	for _, p := range f.plugins {
		if p.Active && p.Kind == slot {
			on := f.seen(p)
			s.OnAir = &on
			s.History = append(s.History, Version{Plugin: p.ID, Version: p.Version, Name: p.Name, Since: *p.Since, By: "show", State: "on air"})
		}
	}
	return s
}

// good is the turn to go back to, or -1.
func (f *fakeShow) good() int {
	return slices.IndexFunc(f.cast.turns, func(v Version) bool { return v.State == "last good" })
}

// turn begins one; the one on air ends in a state.
func (f *fakeShow) turn(p Plugin, who, state, why string) {
	now := time.Now().UTC()
	for i := range f.cast.turns {
		if v := &f.cast.turns[i]; v.State == "last good" {
			v.State, v.Warm = "replaced", false
		}
	}
	last := &f.cast.turns[0]
	last.State, last.Until, last.Why, last.Warm = state, &now, why, state == "last good"
	f.cast.turns = slices.Insert(f.cast.turns, 0, Version{Plugin: p.ID, Version: p.Version, Name: p.Name, Since: now, By: who, State: "on air"})
}

func (f *fakeShow) Report(context.Context, string) (ShadowReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cast.shadow == "" {
		return ShadowReport{}, errNoShadow
	}
	none := []string{}
	r := ShadowReport{Slot: "personality", OnAir: &PluginVersion{"dusty-gavel", "0.3.0"}, Shadow: PluginVersion{f.cast.shadow, "1.1.0"}, Since: f.cast.since,
		Events: 412, Counts: ShadowCounts{Same: 288, Line: 83, Mood: 29, Silent: 12}, Powers: []ShadowPower{{"say", 97, true}, {"reply", 9, false}},
		Cost: ShadowCosts{OnAir: ShadowCost{Fuel: 41_000, P50Micros: 41, P95Micros: 120}, Shadow: ShadowCost{Fuel: 60_000, P50Micros: 60, P95Micros: 190}},
		Rows: append(slices.Clone(f.cast.rows), ShadowRow{Seq: 9, At: f.cast.since, Kind: "bid.accepted", Cause: "bid 2.4 ETH @maria", Verdict: "line",
			OnAir:  ShadowSide{Lines: []string{"2.40 from @maria! Who tops it?"}, Mood: "excited", Others: none, Needs: none},
			Shadow: ShadowSide{Lines: []string{"Maria, | darling. *2.40*."}, Mood: "sly", Others: none, Needs: []string{"reply"}}})}
	for _, row := range f.cast.rows {
		r.Events++
		*map[string]*uint64{"same": &r.Counts.Same, "line": &r.Counts.Line, "silent": &r.Counts.Silent, "mood": &r.Counts.Mood, "otherwise": &r.Counts.Otherwise, "trapped": &r.Counts.Trapped}[row.Verdict]++
	}
	return r, nil
}

// compare lets on air and shadow answer to some events.
func (f *fakeShow) compare() {
	f.mu.Lock()
	defer f.mu.Unlock()
	side := func(mood string, lines ...string) ShadowSide {
		return ShadowSide{Mood: mood, Lines: append([]string{}, lines...), Others: []string{}, Needs: []string{}}
	}
	reply := side("", "One of one, like me.")
	reply.Needs = []string{"reply"}
	failed := side("")
	failed.Trap = "out of fuel"
	waves := side("playful", "Welcome back, @0xkoi.")
	waves.Others = []string{"gesture wave"}
	for i, r := range []ShadowRow{
		{Cause: "bid 2 ETH @0xkoi", Kind: "bid.accepted", Verdict: "same", OnAir: side("", "2.00!"), Shadow: side("", "2.00!")},
		{Cause: "clock", Kind: "clock.ticked", Verdict: "trapped", OnAir: side("tense", "Ten seconds."), Shadow: failed},
		{Cause: `@tomtom "is it rare?"`, Kind: "post.received", Verdict: "line", OnAir: side("", "One of one."), Shadow: reply},
		{Cause: "timer extended", Kind: "lot.extended", Verdict: "line", OnAir: side("excited", "Two more minutes!"), Shadow: side("excited", "Oh, we are not done.")},
		{Cause: "bid 2.2 ETH @0xkoi", Kind: "bid.accepted", Verdict: "otherwise", OnAir: side("playful", "Welcome back, @0xkoi."), Shadow: waves},
		{Cause: "bid 2.3 ETH refused @blockbob: too low", Kind: "bid.refused", Verdict: "silent", OnAir: side("calm", "Close. Minimum is 2.40."), Shadow: side("")},
		{Cause: "bid 2.45 ETH @maria", Kind: "bid.accepted", Verdict: "mood", OnAir: side("excited", "Maria!"), Shadow: side("sly", "Maria!")},
	} {
		r.Seq, r.At = uint64(i+1), time.Now().Add(time.Duration(i-8)*9*time.Second).UTC()
		f.cast.rows = slices.Insert(f.cast.rows, 0, r)
	}
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
	f.cast.shadow, f.cast.since, f.cast.rows = id, time.Now().Add(-12*time.Minute).UTC(), nil
	f.append(event.Draft{Cause: cause, Data: show.PluginShadowed{Slot: p.Kind, Plugin: id, Version: p.Version, Why: who}})
	return f.slot(), nil
}

func (f *fakeShow) DropShadow(_ context.Context, _, who string, cause uint64) (Slot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p, err := f.find(f.cast.shadow)
	if err != nil {
		return Slot{}, errNoShadow
	}
	f.cast.shadow, f.cast.waiting = "", nil
	f.append(event.Draft{Cause: cause, Data: show.PluginUnshadowed{Slot: p.Kind, Plugin: p.ID, Version: p.Version, Why: who}})
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
	f.cast.shadow, f.cast.waiting = "", nil
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

func (f *fakeShow) RollBack(_ context.Context, _, who string, cause uint64) (Swap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return Swap{}, f.refuse
	}
	good := f.cast.turns[f.good()]
	p, err := f.find(good.Plugin)
	if err != nil {
		return Swap{}, err
	}
	p.Version = good.Version
	s, err := f.seat(p.ID, who, cause)
	f.turn(*p, "roll-back", "reverted", who)
	return s, err
}

func (f *fakeShow) Swap(_ context.Context, id, who string, cause uint64) (Swap, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, err := f.seat(id, who, cause)
	if p, missing := f.find(id); missing == nil && p.Kind == "personality" {
		f.turn(*p, who, "last good", "")
	}
	return s, err
}

// seat puts a plugin on air.
func (f *fakeShow) seat(id, who string, cause uint64) (Swap, error) {
	to, err := f.find(id)
	if err != nil {
		return Swap{}, err
	}
	now := time.Now().UTC()
	from := slices.IndexFunc(f.plugins, func(p Plugin) bool { return p.Kind == to.Kind && p.Active })
	a := f.plugins[from]
	f.plugins[from].Active, f.plugins[from].State, f.plugins[from].Since = false, PluginInstalled, nil
	to.Active, to.State, to.Since, to.P95Micros, to.MemoryBytes = true, PluginOnAir, &now, 190, 5<<20
	swapped := f.append(event.Draft{Cause: cause, Data: show.PluginSwapped{Slot: to.Kind, From: a.ID, FromVersion: a.Version, To: to.ID, ToVersion: to.Version,
		PauseMicros: 42, StateBytes: 512, Why: who}})
	f.append(event.Draft{Cause: swapped[0].Seq, Data: show.CharacterShown{Character: to.Character}})
	return Swap{Slot: to.Kind, From: a.ID, FromVersion: a.Version, To: to.ID, ToVersion: to.Version, PauseMicros: 42, StateBytes: 512}, nil
}

func (f *fakeShow) Grant(_ context.Context, id, power string, g GrantRequest, who string, _ uint64) (Capability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cast.grants[id+"/"+power], f.cast.deniers[id+"/"+power] = g, who
	delete(f.cast.more, id+"/"+power)
	return f.power(id, power)
}

func (f *fakeShow) Revoke(_ context.Context, id, power, who string, _ uint64) (Capability, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.cast.grants, id+"/"+power)
	f.cast.deniers[id+"/"+power] = who
	return f.power(id, power)
}

func (f *fakeShow) power(id, power string) (Capability, error) {
	p, err := f.find(id)
	if err != nil {
		return Capability{}, err
	}
	for _, c := range f.seen(*p).Capabilities {
		if c.Name == power {
			return c, nil
		}
	}
	return Capability{}, fmt.Errorf("%w: %s does not ask for %s", ErrUnknown, id, power)
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
