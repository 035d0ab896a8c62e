package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/telemetry"
)

// wardrobe shows the plugins to the control room, and does to them what people ask for.
type wardrobe struct{ h *Host }

// Plugins lists what is in the slots, in shadow, kept warm, and what could be.
func (w wardrobe) Plugins(ctx context.Context) ([]admin.Plugin, error) {
	out := w.inSlots()
	runs := out
	for _, id := range w.h.catalogue.ids() {
		d, err := w.installed(ctx, id, "")
		if err != nil {
			if _, told := w.h.catalogue.told.LoadOrStore(id+": "+err.Error(), true); !told {
				w.h.part("plugins").Warn("a plugin cannot be read", telemetry.KeyPlugin, id, telemetry.KeyErr, err)
			}
			continue
		}
		if slices.ContainsFunc(runs, func(p admin.Plugin) bool { return p.ID == d.ID && p.Version == d.Version }) {
			continue
		}
		d.ID = id // the name that Swap finds it by: that of its folder
		out = append(out, d.Plugin)
	}
	slices.SortStableFunc(out, func(a, b admin.Plugin) int { return strings.Compare(a.Kind+a.ID, b.Kind+b.ID) })
	return out, nil
}

// inSlots are those that run, each slot with whoever is on air first.
func (w wardrobe) inSlots() []admin.Plugin {
	var out []admin.Plugin
	for _, s := range w.h.plugins.Slots() {
		v := w.slot(s)
		for _, p := range []*admin.Plugin{v.OnAir, v.Shadow} {
			if p != nil {
				out = append(out, *p)
			}
		}
		if r := v.Restart; r != nil {
			out = append(out, admin.Plugin{ID: r.Plugin, Version: r.Version, Name: r.Plugin, Kind: v.Slot, State: admin.PluginRestarting, LastTrap: r.Why})
		}
	}
	return out
}

// Plugin is all about one plugin: the one in a state, or else the one on air before all others of that id.
func (w wardrobe) Plugin(ctx context.Context, id, state string) (admin.PluginDetail, error) {
	if p, ok := w.runs(id, state); ok {
		d := detail(*p.info.Manifest)
		d.Plugin = w.view(p.info, p.state, p.since)
		d.LastSeq = p.info.LastSeq
		return d, nil
	}
	return w.installed(ctx, id, state)
}

// runs finds a plugin in a slot; the state may be empty.
func (w wardrobe) runs(id, state string) (runs, bool) {
	for _, s := range w.h.plugins.Slots() {
		for _, p := range running(s) {
			if p.info.ID == id && (state == "" || state == p.state) {
				return p, true
			}
		}
	}
	return runs{}, false
}

// runs is a plugin in a slot.
type runs struct {
	info  *plugin.Info
	state string
	since time.Time
}

func running(s plugin.SlotInfo) []runs {
	var out []runs
	if s.OnAir != nil {
		out = append(out, runs{s.OnAir, admin.PluginOnAir, s.OnAir.Loaded})
	}
	if s.Shadow != nil {
		out = append(out, runs{&s.Shadow.Shadow, admin.PluginShadow, s.Shadow.Since})
	}
	return out
}

// described are the files of a plugin that is in no slot, and how it describes itself.
func (w wardrobe) described(id, state string) (fs.FS, *plugin.Manifest, error) {
	if state == admin.PluginOnAir || state == admin.PluginShadow {
		return nil, nil, ofKind(admin.ErrUnknown, fmt.Errorf("there is no plugin %q that is %s", id, map[string]string{admin.PluginOnAir: "on air", admin.PluginShadow: "in shadow"}[state]))
	}
	dir, err := w.h.catalogue.find(id)
	if err != nil {
		return nil, nil, ofKind(admin.ErrUnknown, err)
	}
	m, err := plugin.LoadManifest(dir)
	if err != nil {
		return nil, nil, ofKind(admin.ErrInvalid, err)
	}
	return dir, m, nil
}

// installed is a plugin that is in no slot, as it describes itself.
func (w wardrobe) installed(ctx context.Context, id, state string) (admin.PluginDetail, error) {
	dir, m, err := w.described(id, state)
	if err != nil {
		return admin.PluginDetail{}, err
	}
	powers, err := w.h.plugins.Powers(ctx, m)
	if err != nil {
		return admin.PluginDetail{}, err
	}
	d := detail(*m)
	d.Plugin = w.view(&plugin.Info{ID: m.ID, Version: m.Version, Name: m.Name, Description: m.Description, Kind: m.Kind, Character: m.Character, Powers: powers, Origin: originOf(dir),
		FuelLimit: m.Limits.Fuel, MemoryLimit: uint64(m.Limits.MemoryMiB) << 20}, admin.PluginInstalled, time.Time{})
	if good := w.keptWarm(m); good != nil {
		d.State, d.Since = admin.PluginLastGood, good
	} else if w.h.catalogue.isInstalled(id) {
		d.Package = m.ID + "@" + m.Version
	}
	return d, nil
}

// keptWarm is since when a plugin stands by to take over, if it does.
func (w wardrobe) keptWarm(m *plugin.Manifest) *time.Time {
	for _, s := range w.h.plugins.Slots() {
		for _, t := range s.History {
			if t.Good && t.Plugin == m.ID && t.Version == m.Version {
				return &t.Until
			}
		}
	}
	return nil
}

func (w wardrobe) view(p *plugin.Info, state string, since time.Time) admin.Plugin {
	v := admin.Plugin{ID: p.ID, Version: p.Version, Name: p.Name, Description: p.Description, Kind: string(p.Kind), Character: p.Character, State: state,
		Active: state == admin.PluginOnAir, SHA256: p.SHA256, Origin: p.Origin, Events: p.Events, Commands: p.Commands, Denied: p.Denied, Traps: p.Traps, Traps24h: w.h.plugins.TrapsInADay(p.ID),
		LastTrap: p.LastTrap, MemoryBytes: p.Memory, MemoryLimit: p.MemoryLimit, Fuel: p.Fuel, FuelLimit: p.FuelLimit, P50Micros: p.P50Micros, P95Micros: p.P95Micros,
		P99Micros: p.P99Micros, Capabilities: []admin.Capability{}}
	if !since.IsZero() {
		v.Since = &since
	}
	for _, c := range p.Powers {
		v.Capabilities = append(v.Capabilities, viewPower(c))
	}
	return v
}

func viewPower(c plugin.PowerInfo) admin.Capability {
	v := admin.Capability{Name: c.Asked.Name, Why: c.Asked.Why, Limit: c.Limits.Limit(), Hosts: c.Limits.Hosts, Outward: c.Asked.Outward(), Granted: c.Grant.Granted, Ask: c.Grant.Granted && c.Grant.Ask, Askable: plugin.Askable(c.Asked.Name),
		GrantedBy: c.Grant.By, GrantedAs: c.Grant.Version, More: c.More, WhyGranted: c.WhyThen, Used: c.Used, UsedInShadow: c.UsedInShadow, Denied: c.Denied, StoredBytes: c.Stored}
	if !c.Grant.At.IsZero() {
		v.GrantedAt = &c.Grant.At
	}
	return v
}

// detail is what a plugin says of itself.
func detail(m plugin.Manifest) admin.PluginDetail {
	d := admin.PluginDetail{License: m.License, Authors: append([]string{}, m.Authors...), API: m.API, Runtime: m.Runtime.Name(), File: m.Runtime.File().File, Subscribes: []string{},
		Config: rawJSON(m.Config), ConfigSchema: rawJSON(m.ConfigSchema),
		Limits: admin.PluginLimits{Fuel: m.Limits.Fuel, MemoryMiB: m.Limits.MemoryMiB, Commands: m.Limits.Commands, StateBytes: m.Limits.StateBytes,
			OutputBytes: m.Limits.OutputBytes, LogLines: m.Limits.LogLines}}
	for _, k := range m.Subscribes {
		d.Subscribes = append(d.Subscribes, string(k))
	}
	if m.State != nil {
		d.StateForm = &admin.StateForm{ID: m.State.ID, Version: m.State.Version, Migrate: append([]int{}, m.State.Migrate...)}
	}
	return d
}

func rawJSON(v map[string]any) json.RawMessage {
	if len(v) == 0 {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil // YAML that has no JSON form; loading the plugin says so
	}
	return b
}

// Logs are lines that a plugin wrote.
func (w wardrobe) Logs(ctx context.Context, id string, limit int) ([]admin.LogLine, error) {
	lines := w.h.plugins.Logs(id, limit)
	if len(lines) == 0 { // it may be silent, or not be there
		if _, err := w.Plugin(ctx, id, ""); err != nil {
			return nil, err
		}
	}
	out := make([]admin.LogLine, len(lines))
	for i, l := range lines {
		out[i] = admin.LogLine{At: l.At, Seq: l.Seq, Level: levelName(int(l.Level)), Shadow: l.Shadow, Text: l.Text}
	}
	return out, nil
}

func levelName(l int) string {
	switch {
	case l < 0:
		return "debug"
	case l < 4:
		return "info"
	case l < 8:
		return "warn"
	}
	return "error"
}

// Slots are all slots.
func (w wardrobe) Slots(context.Context) ([]admin.Slot, error) {
	var out []admin.Slot
	for _, s := range w.h.plugins.Slots() {
		out = append(out, w.slot(s))
	}
	return out, nil
}

func (w wardrobe) slot(s plugin.SlotInfo) admin.Slot {
	v := admin.Slot{Slot: string(s.Slot), Quarantined: s.Quarantined, History: []admin.Version{},
		Supervision: admin.Supervision{Traps: s.Supervision.Traps, WindowMS: s.Supervision.Window.Milliseconds()}}
	for _, r := range running(s) {
		p := w.view(r.info, r.state, r.since)
		if r.state == admin.PluginOnAir {
			v.OnAir = &p
		} else {
			v.Shadow = &p
		}
	}
	for _, t := range s.History {
		turn := viewTurn(t)
		if v.History = append(v.History, turn); t.Good {
			v.LastGood = &turn
		}
	}
	if p := s.Promotion; p != nil {
		v.Promotion = &admin.Promotion{Plugin: p.Plugin, By: p.Who, Asked: p.Asked, Deadline: p.Deadline}
	}
	if r := s.Restart; r != nil {
		v.Restart = &admin.Restart{Plugin: r.Plugin, Version: r.Version, Why: r.Why, Attempts: r.Attempts, At: r.At}
	}
	return v
}

func viewTurn(t plugin.Turn) admin.Version {
	v := admin.Version{Plugin: t.Plugin, Version: t.Version, Name: t.Name, SHA256: t.SHA256, Since: t.Since, By: t.By, Why: t.Why, Cause: t.Cause, Warm: t.Warm, State: "replaced"}
	switch {
	case t.Until.IsZero():
		v.State = "on air"
	case t.Good:
		v.State = "last good"
	case t.Reverted:
		v.State = "reverted"
	}
	if !t.Until.IsZero() {
		v.Until = &t.Until
	}
	return v
}

// Report sets a shadow beside the plugin on air.
func (w wardrobe) Report(_ context.Context, slot string) (admin.ShadowReport, error) {
	r, err := w.h.plugins.Report(plugin.Kind(slot))
	if err != nil {
		return admin.ShadowReport{}, answered(err)
	}
	return viewReport(r), nil
}

func viewReport(r plugin.Report) admin.ShadowReport {
	v := admin.ShadowReport{Slot: string(r.Slot), Shadow: admin.PluginVersion{Plugin: r.Shadow.ID, Version: r.Shadow.Version}, Since: r.Since, Events: r.Shadow.Events, Missed: r.Missed,
		Counts: admin.ShadowCounts{Same: r.Counts[plugin.Same], Line: r.Counts[plugin.Line], Silent: r.Counts[plugin.Silent], Spoke: r.Counts[plugin.Spoke],
			Mood: r.Counts[plugin.Mood], Otherwise: r.Counts[plugin.Otherwise], Trapped: r.Counts[plugin.Trapped]},
		Cost: admin.ShadowCosts{OnAir: admin.ShadowCost(r.LiveCost), Shadow: admin.ShadowCost(r.Cost)}, Powers: []admin.ShadowPower{}, Rows: []admin.ShadowRow{}}
	if r.Live != nil {
		v.OnAir = &admin.PluginVersion{Plugin: r.Live.ID, Version: r.Live.Version}
	}
	for name, n := range r.Used {
		granted := slices.ContainsFunc(r.Shadow.Powers, func(p plugin.PowerInfo) bool { return p.Asked.Name == name && p.Grant.Granted })
		v.Powers = append(v.Powers, admin.ShadowPower{Name: name, Used: n, Granted: granted})
	}
	slices.SortFunc(v.Powers, func(a, b admin.ShadowPower) int { return strings.Compare(a.Name, b.Name) })
	for _, row := range r.Rows {
		v.Rows = append(v.Rows, admin.ShadowRow{Seq: row.Seq, At: row.At, Kind: string(row.Kind), Cause: row.Cause, Verdict: string(row.Verdict), OnAir: viewSide(row.Live), Shadow: viewSide(row.Shadow)})
	}
	return v
}

func viewSide(s plugin.Side) admin.ShadowSide {
	return admin.ShadowSide{Lines: append([]string{}, s.Lines...), Mood: s.Mood, Others: append([]string{}, s.Others...), Needs: append([]string{}, s.Needs...),
		Trap: s.Trap, Fuel: s.Fuel, Micros: s.Micros}
}

// Quarantine is what was put aside in a slot.
func (w wardrobe) Quarantine(_ context.Context, slot string) ([]admin.Quarantined, error) {
	list, err := w.h.plugins.Quarantine(plugin.Kind(slot))
	if err != nil {
		return nil, answered(err)
	}
	out := make([]admin.Quarantined, len(list))
	for i, q := range list {
		out[i] = admin.Quarantined{Seq: q.Seq, At: q.At, Kind: string(q.Kind), Cause: q.Cause, Plugin: q.Plugin, Version: q.Version, Reason: q.Reason}
	}
	return out, nil
}

// answered says in the words of the pages what the plugin host answered.
func answered(err error) error {
	for _, e := range []struct{ from, to error }{
		{bundle.ErrUnsigned, admin.ErrForbidden}, {bundle.ErrUntrusted, admin.ErrForbidden}, {fs.ErrPermission, admin.ErrForbidden},
		{plugin.ErrUnknown, admin.ErrUnknown}, {plugin.ErrNothing, admin.ErrRefused}, {plugin.ErrChanged, admin.ErrRefused}, {plugin.ErrSlot, admin.ErrInvalid},
		{plugin.ErrManifest, admin.ErrInvalid}, {plugin.ErrModule, admin.ErrInvalid}, {plugin.ErrConfig, admin.ErrInvalid}, {plugin.ErrState, admin.ErrInvalid},
		{fs.ErrNotExist, admin.ErrInvalid}, {plugin.ErrPower, admin.ErrInvalid}, {ErrBadInput, admin.ErrInvalid},
	} {
		if errors.Is(err, e.from) {
			return ofKind(e.to, err)
		}
	}
	return err
}
