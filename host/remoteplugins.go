package host

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/sothebais/sothebais/host/admin"
)

// What the command line shows of plugins is what the control room's API says.
type (
	SwapResult   = admin.Swap           // what a swap, a promotion or a roll-back did
	PluginInfo   = admin.Plugin         // a plugin that runs or is installed
	PluginDetail = admin.PluginDetail   // all about one
	SlotInfo     = admin.Slot           // who is on air, in shadow, kept warm
	ShadowReport = admin.ShadowReport   // a shadow set beside the one on air
	Promoted     = admin.Promoted       // what a promotion did, or for what it waits
	PromoteWhen  = admin.PromoteRequest // when a shadow goes on air
	GrantLimits  = admin.GrantRequest   // of a grant
	Capability   = admin.Capability     // a power of a plugin
	Consent      = admin.Consent        // a use of a power that waits for a person
	AnsweredPost = admin.AnsweredPost   // the post that a reply is to
	Retried      = admin.Retried        // how an event in quarantine went once more
	DevReport    = admin.DevReport      // how a plugin stands that is being written
	LogLine      = admin.LogLine        // that a plugin wrote
)

const (
	pluginsPath = "/api/v1/plugins"
	slotsPath   = "/api/v1/slots"
)

// Swap puts a plugin in its slot; it may be a shipped id or a folder on the show's machine.
func (r *Remote) Swap(ctx context.Context, plugin string) (SwapResult, error) {
	var res SwapResult
	err := r.call(ctx, http.MethodPost, pluginsPath+"/swap", map[string]string{"plugin": fullPath(plugin)}, &res)
	return res, err
}

// Shadow lets a plugin hear the show beside the one on air.
func (r *Remote) Shadow(ctx context.Context, plugin string) (SlotInfo, error) {
	var res SlotInfo
	err := r.call(ctx, http.MethodPut, pluginsPath+"/shadow", map[string]string{"plugin": fullPath(plugin)}, &res)
	return res, err
}

// DropShadow ends the shadow of a slot.
func (r *Remote) DropShadow(ctx context.Context, slot string) (SlotInfo, error) {
	var res SlotInfo
	err := r.call(ctx, http.MethodDelete, inSlot(slot, "shadow"), nil, &res)
	return res, err
}

// ShadowReport sets a shadow beside the plugin on air.
func (r *Remote) ShadowReport(ctx context.Context, slot string) (ShadowReport, error) {
	var res ShadowReport
	err := r.call(ctx, http.MethodGet, inSlot(slot, "shadow"), nil, &res)
	return res, err
}

// ShadowMarkdown is the same, to read.
func (r *Remote) ShadowMarkdown(ctx context.Context, slot string) (string, error) {
	var res string
	err := r.call(ctx, http.MethodGet, inSlot(slot, "shadow.md"), nil, &res)
	return res, err
}

// Promote puts a shadow on air.
func (r *Remote) Promote(ctx context.Context, slot string, when PromoteWhen) (Promoted, error) {
	var res Promoted
	err := r.call(ctx, http.MethodPost, inSlot(slot, "promotion"), when, &res)
	return res, err
}

// RollBack puts the last good plugin of a slot back on air.
func (r *Remote) RollBack(ctx context.Context, slot string) (SwapResult, error) {
	var res SwapResult
	err := r.call(ctx, http.MethodPost, inSlot(slot, "roll-back"), nil, &res)
	return res, err
}

// Slots are all slots.
func (r *Remote) Slots(ctx context.Context) ([]SlotInfo, error) {
	var res struct {
		Items []SlotInfo `json:"items"`
	}
	err := r.call(ctx, http.MethodGet, slotsPath, nil, &res)
	return res.Items, err
}

// ShadowedSlot is the one slot with a shadow, for those who do not name it.
func (r *Remote) ShadowedSlot(ctx context.Context) (string, error) {
	slots, err := r.Slots(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, s := range slots {
		if s.Shadow != nil {
			found = append(found, s.Slot)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", failf(ErrNotNow, "no slot has a shadow; begin one with: sothebais shadow PLUGIN")
	}
	return "", failf(ErrBadInput, "%s have a shadow; name one with --slot", strings.Join(found, " and "))
}

// Plugins lists what is in the slots and what could be.
func (r *Remote) Plugins(ctx context.Context) ([]PluginInfo, error) {
	var res struct {
		Items []PluginInfo `json:"items"`
	}
	err := r.call(ctx, http.MethodGet, pluginsPath, nil, &res)
	return res.Items, err
}

// Plugin is all about one plugin: the one in a state such as shadow, or else the one on air before all others of that id.
func (r *Remote) Plugin(ctx context.Context, id, state string) (PluginDetail, error) {
	var res PluginDetail
	at := pluginsPath + "/" + url.PathEscape(id)
	if state != "" {
		at += "?state=" + url.QueryEscape(state)
	}
	err := r.call(ctx, http.MethodGet, at, nil, &res)
	return res, err
}

// PluginLogs are the last lines that a plugin wrote, the newest last.
func (r *Remote) PluginLogs(ctx context.Context, id string, lines int) ([]LogLine, error) {
	var res struct {
		Items []LogLine `json:"items"`
	}
	err := r.call(ctx, http.MethodGet, fmt.Sprintf("%s/%s/logs?limit=%d", pluginsPath, url.PathEscape(id), lines), nil, &res)
	return res.Items, err
}

// Grant lets a plugin use a power.
func (r *Remote) Grant(ctx context.Context, id, power string, limits GrantLimits) (Capability, error) {
	var res Capability
	err := r.call(ctx, http.MethodPut, grantPath(id, power), limits, &res)
	return res, err
}

// Revoke takes a power from a plugin.
func (r *Remote) Revoke(ctx context.Context, id, power string) (Capability, error) {
	var res Capability
	err := r.call(ctx, http.MethodDelete, grantPath(id, power), nil, &res)
	return res, err
}

// Consents are uses of powers that wait for a person, the most urgent first.
func (r *Remote) Consents(ctx context.Context) ([]Consent, error) {
	var res struct {
		Items []Consent `json:"items"`
	}
	err := r.call(ctx, http.MethodGet, "/api/v1/consents", nil, &res)
	return res.Items, err
}

// Decide allows one of them, or refuses it.
func (r *Remote) Decide(ctx context.Context, seq uint64, allow bool) (Consent, error) {
	var res Consent
	err := r.call(ctx, http.MethodPost, fmt.Sprintf("/api/v1/consents/%d", seq), map[string]bool{"allow": allow}, &res)
	return res, err
}

// Aside is an event in quarantine of a slot.
type Aside struct {
	Slot string `json:"slot"`
	admin.Quarantined
}

// Quarantine is the events on which plugins failed, slot by slot, the newest first.
func (r *Remote) Quarantine(ctx context.Context, slots ...string) ([]Aside, error) {
	out := []Aside{}
	for _, slot := range slots {
		var res admin.QuarantineList
		if err := r.call(ctx, http.MethodGet, inSlot(slot, "quarantine"), nil, &res); err != nil {
			return nil, err
		}
		for _, q := range res.Items {
			out = append(out, Aside{slot, q})
		}
	}
	return out, nil
}

// Retry gives an event in quarantine of a slot to the plugin on air again.
func (r *Remote) Retry(ctx context.Context, slot string, seq uint64) (Retried, error) {
	var res Retried
	err := r.call(ctx, http.MethodPost, inSlot(slot, fmt.Sprintf("quarantine/%d/retry", seq)), nil, &res)
	return res, err
}

// CallOff forgets the promotion of a slot that waits for a quiet moment.
func (r *Remote) CallOff(ctx context.Context, slot string) (SlotInfo, error) {
	var res SlotInfo
	err := r.call(ctx, http.MethodDelete, inSlot(slot, "promotion"), nil, &res)
	return res, err
}

// Developing tells the control room how a plugin stands that is being written.
func (r *Remote) Developing(ctx context.Context, d DevReport) error {
	return r.call(ctx, http.MethodPut, "/api/v1/dev", d, &struct{}{})
}

// Developed tells it that the plugin in a folder is being written no longer.
func (r *Remote) Developed(ctx context.Context, folder string) error {
	return r.call(ctx, http.MethodDelete, "/api/v1/dev?folder="+url.QueryEscape(folder), nil, &struct{}{})
}

func inSlot(slot, what string) string { return slotsPath + "/" + url.PathEscape(slot) + "/" + what }

func grantPath(id, power string) string {
	return pluginsPath + "/" + url.PathEscape(id) + "/grants/" + url.PathEscape(power)
}
