// Package show holds the facts about the show itself: its clock, its voice, its picture, its outputs.
package show

import (
	"encoding/json"

	"github.com/sothebais/sothebais/host/event"
)

// Names of the facts.
const (
	KindStarted        event.Kind = "show.started"
	KindStopped        event.Kind = "show.stopped"
	KindTicked         event.Kind = "clock.ticked"
	KindSpeechStarted  event.Kind = "speech.started"
	KindSpeechEnded    event.Kind = "speech.ended"
	KindSceneShown     event.Kind = "scene.shown"
	KindCueShown       event.Kind = "cue.shown"
	KindOutputUp       event.Kind = "output.up"
	KindOutputDown     event.Kind = "output.down"
	KindOperatorActed  event.Kind = "operator.acted"
	KindPluginLoaded   event.Kind = "plugin.loaded"
	KindPluginSwapped  event.Kind = "plugin.swapped"
	KindPluginTrapped  event.Kind = "plugin.trapped"
	KindPluginRefused  event.Kind = "plugin.refused"
	KindTimerFired     event.Kind = "plugin.timer_fired"
	KindFetchAnswered  event.Kind = "plugin.fetch_answered"
	KindModelAnswered  event.Kind = "plugin.model_answered"
	KindPowerDenied    event.Kind = "plugin.power_denied"
	KindCharacterShown event.Kind = "character.shown"

	KindCharacterRefused event.Kind = "character.refused"
	KindScenesLoaded     event.Kind = "scenes.loaded"
	KindScenesRefused    event.Kind = "scenes.refused"
)

// Started: the program went on air.
type Started struct {
	Version string `json:"version"`
	Seed    int64  `json:"seed,omitempty"`
}

// EventKind is show.started.
func (Started) EventKind() event.Kind { return KindStarted }

// Stopped: the program went off air in order.
type Stopped struct {
	Reason string            `json:"reason"`
	Heard  map[string]uint64 `json:"heard,omitempty"` // the last event that had come by in each slot
}

// EventKind is show.stopped.
func (Stopped) EventKind() event.Kind { return KindStopped }

// Ticked: a second of the show went by. Plugins have no other clock.
type Ticked struct {
	Lot         string `json:"lot,omitempty"`  // lot on the block, if any
	SecondsLeft int64  `json:"seconds_left"`   // of that lot; -1 when none is open
	SilentMS    int64  `json:"silent_ms"`      // how long nobody has spoken
	Posts       int64  `json:"posts_a_minute"` // how busy the timeline is
}

// EventKind is clock.ticked.
func (Ticked) EventKind() event.Kind { return KindTicked }

// SpeechStarted: the first sample of a line is in the programme.
type SpeechStarted struct {
	From   string `json:"from"` // plugin that asked
	Text   string `json:"text"`
	Millis int64  `json:"millis"` // how long the line is
	Frame  uint64 `json:"frame"`
}

// EventKind is speech.started.
func (SpeechStarted) EventKind() event.Kind { return KindSpeechStarted }

// SpeechEnded: a line is over, or was cut short.
type SpeechEnded struct {
	Text string `json:"text"`
	Cut  bool   `json:"cut,omitempty"`
}

// EventKind is speech.ended.
func (SpeechEnded) EventKind() event.Kind { return KindSpeechEnded }

// SceneShown: a scene is on program (a transition towards it began).
type SceneShown struct {
	Scene string `json:"scene"`
}

// EventKind is scene.shown.
func (SceneShown) EventKind() event.Kind { return KindSceneShown }

// CueShown: the effect of a cue is in a frame that was handed to the encoder. Its cause is the cue.raised.
type CueShown struct {
	Frame uint64 `json:"frame"`
	// Millis from the first fact of the chain (the post) to the frame.
	Millis float64 `json:"millis"`
}

// EventKind is cue.shown.
func (CueShown) EventKind() event.Kind { return KindCueShown }

// OutputUp: an output (encoder, target, recording) works.
type OutputUp struct {
	Output string `json:"output"`
	Detail string `json:"detail,omitempty"`
	GapMS  int64  `json:"gap_ms,omitempty"` // how long it was away
}

// EventKind is output.up.
func (OutputUp) EventKind() event.Kind { return KindOutputUp }

// OutputDown: an output stopped working; it is being tried again.
type OutputDown struct {
	Output string `json:"output"`
	Reason string `json:"reason"`
}

// EventKind is output.down.
func (OutputDown) EventKind() event.Kind { return KindOutputDown }

// OperatorActed: a person at the control room did something to the show.
type OperatorActed struct {
	Who  string `json:"who"`
	What string `json:"what"`
}

// EventKind is operator.acted.
func (OperatorActed) EventKind() event.Kind { return KindOperatorActed }

// PluginLoaded: a plugin is ready in its slot. It holds what a replay needs to make the same plugin once more; what has
// many bytes is named by its SHA-256.
type PluginLoaded struct {
	Slot        string          `json:"slot"` // personality, scene-rules, overlay
	Plugin      string          `json:"plugin"`
	Version     string          `json:"version"`
	SHA256      string          `json:"sha256"`                // of the module, or of the body of a declarative plugin
	Interpreter string          `json:"interpreter,omitempty"` // SHA-256 of the module that plays the body
	Config      json.RawMessage `json:"config,omitempty"`
	Limits      *PluginLimits   `json:"limits,omitempty"`
	Grants      []PluginGrant   `json:"grants,omitempty"`
	Subscribes  []event.Kind    `json:"subscribes,omitempty"`
	Store       string          `json:"store_sha256,omitempty"` // of what its store held
	State       string          `json:"state_sha256,omitempty"` // of what it took over from its predecessor
	Stood       uint64          `json:"stood,omitempty"`        // behind which event that was its state, when it is before After
	After       uint64          `json:"after"`                  // it hears what comes behind this event,
	Caught      uint64          `json:"caught,omitempty"`       // but nothing that was of its moment only up to this one
	Rehearsed   uint64          `json:"rehearsed,omitempty"`    // and up to this one its predecessor answered
	Origin      string          `json:"origin,omitempty"`       // shipped, dev (a folder of this machine), or who has signed it
}

// PluginLimits are the bounds within which a plugin runs.
type PluginLimits struct {
	Fuel        int64 `json:"fuel"`
	MemoryMiB   int   `json:"memory_mib"`
	Commands    int   `json:"commands"`
	StateBytes  int   `json:"state_bytes"`
	OutputBytes int   `json:"output_bytes"`
	LogLines    int   `json:"log_lines"`
	Tables      int   `json:"tables"`
	HostCalls   int   `json:"host_calls"`
	StoreBytes  int   `json:"store_bytes"`
}

// PluginGrant is a capability that a plugin has.
type PluginGrant struct {
	Name  string          `json:"name"`
	Limit json.RawMessage `json:"limit,omitempty"` // as plugin.yaml has it
	Ask   bool            `json:"ask,omitempty"`   // a person is asked each time
}

// EventKind is plugin.loaded.
func (PluginLoaded) EventKind() event.Kind { return KindPluginLoaded }

// PluginSwapped: a plugin took over a slot between two events.
type PluginSwapped struct {
	Slot        string `json:"slot"`
	From        string `json:"from"`
	FromVersion string `json:"from_version"`
	To          string `json:"to"`
	ToVersion   string `json:"to_version"`
	PauseMicros int64  `json:"pause_us"`
	StateBytes  int    `json:"state_bytes"`
	Why         string `json:"why"` // operator, roll-back
}

// EventKind is plugin.swapped.
func (PluginSwapped) EventKind() event.Kind { return KindPluginSwapped }

// PluginTrapped: a plugin failed on an event; the event is lost to that plugin alone.
type PluginTrapped struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
	Event  uint64 `json:"event"`
	Reason string `json:"reason"` // such as "out of fuel", "unreachable", "memory"
	Traps  int    `json:"traps"`  // since it was loaded
}

// EventKind is plugin.trapped.
func (PluginTrapped) EventKind() event.Kind { return KindPluginTrapped }

// PluginRefused: a plugin asked for something it may not have, or could not be loaded.
type PluginRefused struct {
	Slot   string `json:"slot,omitempty"`
	Plugin string `json:"plugin"`
	Reason string `json:"reason"`
}

// EventKind is plugin.refused.
func (PluginRefused) EventKind() event.Kind { return KindPluginRefused }

// TimerFired: a timer that a plugin asked for ran out. Like the other answers below it is for the plugin in that slot
// alone.
type TimerFired struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
	Token  uint64 `json:"token"`
}

// EventKind is plugin.timer_fired.
func (TimerFired) EventKind() event.Kind { return KindTimerFired }

// FetchAnswered: what became of a request that a plugin sent.
type FetchAnswered struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
	Token  uint64 `json:"token"`
	OK     bool   `json:"ok"`
	Status int    `json:"status,omitempty"`
	Type   string `json:"type,omitempty"` // media type of the body
	Body   string `json:"body,omitempty"`
	Reason string `json:"reason,omitempty"` // why there is no answer
}

// EventKind is plugin.fetch_answered.
func (FetchAnswered) EventKind() event.Kind { return KindFetchAnswered }

// ModelAnswered: what became of a question that a plugin put to the language model.
type ModelAnswered struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
	Token  uint64 `json:"token"`
	OK     bool   `json:"ok"`
	Text   string `json:"text,omitempty"`
	Tokens int64  `json:"tokens,omitempty"` // of the budget
	Reason string `json:"reason,omitempty"` // why there is no answer
}

// EventKind is plugin.model_answered.
func (ModelAnswered) EventKind() event.Kind { return KindModelAnswered }

// PowerDenied: a plugin asked for a power that it was not granted, or for more of it than it may have.
type PowerDenied struct {
	Slot   string `json:"slot"`
	Plugin string `json:"plugin"`
	Token  uint64 `json:"token,omitempty"`
	Power  string `json:"power"`
	Reason string `json:"reason"`
}

// EventKind is plugin.power_denied.
func (PowerDenied) EventKind() event.Kind { return KindPowerDenied }

// CharacterShown: another character is on stage.
type CharacterShown struct {
	Character string `json:"character"`
}

// EventKind is character.shown.
func (CharacterShown) EventKind() event.Kind { return KindCharacterShown }

// CharacterRefused: a character cannot be shown; who is on stage stays.
type CharacterRefused struct {
	Character string `json:"character"`
	Reason    string `json:"reason"` // file, line, what was expected and how to mend it
}

// EventKind is character.refused.
func (CharacterRefused) EventKind() event.Kind { return KindCharacterRefused }

// ScenesLoaded: the scenes were read again and are on stage from the next frame on.
type ScenesLoaded struct {
	Scenes []string `json:"scenes"` // ids of all there are
	Own    []string `json:"own"`    // those that are not the program's
}

// EventKind is scenes.loaded.
func (ScenesLoaded) EventKind() event.Kind { return KindScenesLoaded }

// ScenesRefused: scenes cannot be used; those on stage stay.
type ScenesRefused struct {
	Reason string `json:"reason"` // file, line, what was expected and how to mend it
}

// EventKind is scenes.refused.
func (ScenesRefused) EventKind() event.Kind { return KindScenesRefused }

// Facts lists a zero value of each fact of this package, for a Registry.
func Facts() []event.Data {
	return append([]event.Data{Started{}, Stopped{}, Ticked{}, SpeechStarted{}, SpeechEnded{}, SceneShown{}, CueShown{}, OutputUp{}, OutputDown{},
		OperatorActed{}, PluginLoaded{}, PluginSwapped{}, PluginTrapped{}, PluginRefused{},
		TimerFired{}, FetchAnswered{}, ModelAnswered{}, PowerDenied{}, CharacterShown{},
		CharacterRefused{}, ScenesLoaded{}, ScenesRefused{}}, slotFacts()...)
}
