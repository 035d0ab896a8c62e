package show

import (
	"encoding/json"

	"github.com/sothebais/sothebais/host/event"
)

// Names of the facts about what stands behind the plugin on air.
const (
	KindPluginShadowed    event.Kind = "plugin.shadowed"
	KindPluginUnshadowed  event.Kind = "plugin.unshadowed"
	KindPluginPromoted    event.Kind = "plugin.promoted"
	KindPluginRolledBack  event.Kind = "plugin.rolled_back"
	KindPluginStopped     event.Kind = "plugin.stopped"
	KindPluginQuarantined event.Kind = "plugin.quarantined"
	KindPluginRetried     event.Kind = "plugin.retried"
	KindPluginGranted     event.Kind = "plugin.granted"
	KindPluginRevoked     event.Kind = "plugin.revoked"
	KindPowerAsked        event.Kind = "plugin.power_asked"
	KindPowerDecided      event.Kind = "plugin.power_decided"
)

// PluginShadowed: a plugin hears the show beside the one on air, and nothing of it reaches the stage.
type PluginShadowed struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
	Why     string `json:"why"` // who asked for it
}

// EventKind is plugin.shadowed.
func (PluginShadowed) EventKind() event.Kind { return KindPluginShadowed }

// PluginUnshadowed: a shadow is over.
type PluginUnshadowed struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	Events  uint64 `json:"events"` // that it heard
	Why     string `json:"why"`
}

// EventKind is plugin.unshadowed.
func (PluginUnshadowed) EventKind() event.Kind { return KindPluginUnshadowed }

// PluginPromoted: a shadow is on air. The plugin.swapped that follows has the figures.
type PluginPromoted struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	Moment  string `json:"moment"` // now, quiet, or deadline: no moment was quiet
	Waited  int64  `json:"waited_ms,omitempty"`
	Why     string `json:"why"` // who asked for it
}

// EventKind is plugin.promoted.
func (PluginPromoted) EventKind() event.Kind { return KindPluginPromoted }

// PluginRolledBack: the last good plugin is back on air, by itself or because somebody asked. The plugin.swapped that
// follows has the figures.
type PluginRolledBack struct {
	Slot        string `json:"slot"`
	From        string `json:"from"`
	FromVersion string `json:"from_version"`
	To          string `json:"to"`
	ToVersion   string `json:"to_version"`
	Why         string `json:"why"`             // such as "4 traps in 60 s, the last: unreachable"
	Event       uint64 `json:"event,omitempty"` // that was one too many
	State       string `json:"state"`           // where its memory comes from: handed over, before the traps, none
}

// EventKind is plugin.rolled_back.
func (PluginRolledBack) EventKind() event.Kind { return KindPluginRolledBack }

// PluginStopped: a plugin failed too often and there is none to go back to; it is started again after a while.
// Event is the last that it was given.
type PluginStopped struct {
	Slot     string `json:"slot"`
	Plugin   string `json:"plugin"`
	Version  string `json:"version"`
	Why      string `json:"why"`
	Event    uint64 `json:"event,omitempty"`
	Attempts int    `json:"attempts"`
	RetryMS  int64  `json:"retry_ms"`
}

// EventKind is plugin.stopped.
func (PluginStopped) EventKind() event.Kind { return KindPluginStopped }

// PluginQuarantined: an event is kept from a plugin that failed on it. It can be tried again.
type PluginQuarantined struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	Event   uint64 `json:"event"`
	Reason  string `json:"reason"`
}

// EventKind is plugin.quarantined.
func (PluginQuarantined) EventKind() event.Kind { return KindPluginQuarantined }

// PluginRetried: an event in quarantine was given to the plugin on air again.
type PluginRetried struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	Event   uint64 `json:"event"`
	After   uint64 `json:"after,omitempty"`  // the last event that had come by
	Reason  string `json:"reason,omitempty"` // why it failed again
}

// EventKind is plugin.retried.
func (PluginRetried) EventKind() event.Kind { return KindPluginRetried }

// PluginGranted: a person lets a plugin use a power, as one version of it asks for.
type PluginGranted struct {
	Plugin string          `json:"plugin"`
	Power  string          `json:"power"`
	Limit  string          `json:"limit,omitempty"`  // how much of it, in words,
	Limits json.RawMessage `json:"limits,omitempty"` // and as plugin.yaml has it; none when it is as much as the plugin asks for
	Ask    bool            `json:"ask,omitempty"`    // a person is asked each time

	Version string `json:"version,omitempty"` // of the plugin that was looked at,
	Why     string `json:"why,omitempty"`     // and what it said the power was for
	Who     string `json:"who"`
	After   uint64 `json:"after,omitempty"` // the last event that had come by, when the plugin was on air
}

// EventKind is plugin.granted.
func (PluginGranted) EventKind() event.Kind { return KindPluginGranted }

// PluginRevoked: a person took a power from a plugin.
type PluginRevoked struct {
	Plugin string `json:"plugin"`
	Power  string `json:"power"`
	Who    string `json:"who"`
	After  uint64 `json:"after,omitempty"` // the last event that had come by, when the plugin was on air
}

// EventKind is plugin.revoked.
func (PluginRevoked) EventKind() event.Kind { return KindPluginRevoked }

// PowerAsked: a plugin wants to use a power about which a person is asked each time.
type PowerAsked struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Power   string `json:"power"`
	Content string `json:"content"`      // all that it wants to do with it
	To      string `json:"to,omitempty"` // the post that a reply is to
	WaitMS  int64  `json:"wait_ms"`      // then it is denied
}

// EventKind is plugin.power_asked.
func (PowerAsked) EventKind() event.Kind { return KindPowerAsked }

// PowerDecided: a person allowed a use of a power, or not, or nobody did in time.
type PowerDecided struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Power   string `json:"power"`
	Asked   uint64 `json:"asked"` // the fact that it was asked for
	Event   uint64 `json:"event"` // that the plugin handled,
	Nth     int    `json:"nth"`   // and which of the uses to which that led
	Allowed bool   `json:"allowed"`
	Who     string `json:"who,omitempty"` // nobody, when its time was up
	Reason  string `json:"reason,omitempty"`
}

// EventKind is plugin.power_decided.
func (PowerDecided) EventKind() event.Kind { return KindPowerDecided }

// slotFacts are those of this file.
func slotFacts() []event.Data {
	return []event.Data{PluginShadowed{}, PluginUnshadowed{}, PluginPromoted{}, PluginRolledBack{}, PluginStopped{}, PluginQuarantined{}, PluginRetried{},
		PluginGranted{}, PluginRevoked{}, PowerAsked{}, PowerDecided{}}
}
