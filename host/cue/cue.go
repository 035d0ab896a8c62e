// Package cue is the closed set of things that may be asked of the show, as data.
package cue

import "github.com/sothebais/sothebais/host/event"

// Verb says what a cue asks for.
type Verb string

// The verbs. The fields of Cue that each one uses are named behind it.
const (
	Say     Verb = "say"     // Text; Name: mood while speaking, may be empty; Priority
	Express Verb = "express" // Name: expression of the character; Millis: how long, 0 until changed
	Mood    Verb = "mood"    // Name: mood; Value: intensity 0-100
	Gesture Verb = "gesture" // Name: gesture of the character
	Scene   Verb = "scene"   // Name: scene id; Text: transition, may be empty; Millis
	Text    Verb = "text"    // Name: slot; Text
	Show    Verb = "show"    // Name: layer; Value: 1 visible, 0 hidden
	Bar     Verb = "bar"     // Name: slot; Value: 0-1000
	Reply   Verb = "reply"   // Name: post id; Text
	Post    Verb = "post"    // Text
	Sound   Verb = "sound"   // Name: sound effect
)

// Priority orders what is said; a higher one may interrupt a lower one.
type Priority uint8

// The priorities.
const (
	Idle   Priority = 10  // filling a silence
	Chat   Priority = 30  // answering people
	Bid    Priority = 50  // a bid and what follows from it
	Lot    Priority = 70  // opening, closing, hammer
	Urgent Priority = 100 // the operator
)

// Cue is one request to change what the audience sees, hears or reads.
type Cue struct {
	From     string   `json:"from"` // id of the plugin that asked, or "operator"
	Verb     Verb     `json:"verb"`
	Name     string   `json:"name,omitempty"`
	Text     string   `json:"text,omitempty"`
	Value    int64    `json:"value,omitempty"`
	Millis   int64    `json:"millis,omitempty"`
	Priority Priority `json:"priority,omitempty"`
}

// Names of the facts.
const (
	KindRaised  event.Kind = "cue.raised"
	KindDropped event.Kind = "cue.dropped"
)

// Raised: the director let a cue onto the stage.
type Raised struct {
	Cue Cue `json:"cue"`
}

// EventKind is cue.raised.
func (Raised) EventKind() event.Kind { return KindRaised }

// Dropped: the director kept a cue from the stage.
type Dropped struct {
	Cue    Cue    `json:"cue"`
	Reason string `json:"reason"` // such as "cooldown", "busy", "stale", "no_capability"
}

// EventKind is cue.dropped.
func (Dropped) EventKind() event.Kind { return KindDropped }

// Facts lists a zero value of each fact of this package, for a Registry.
func Facts() []event.Data { return []event.Data{Raised{}, Dropped{}} }
