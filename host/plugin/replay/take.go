package replay

import (
	"encoding/json"
	"slices"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

// Take is one stay of a plugin in a slot: what it was loaded with, and what it heard.
type Take struct {
	Slot    string `json:"slot"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of its module or body
	// It heard what came behind After and not behind Until (0: to the end). What was of its moment only, and stood in
	// the ledger at Caught already, was kept from it.
	After  uint64 `json:"after"`
	Caught uint64 `json:"caught,omitempty"`
	Until  uint64 `json:"until,omitempty"`
	// Rehearsed is up to where it heard what its predecessor answered, so that what it asked for then was dropped.
	Rehearsed uint64 `json:"rehearsed,omitempty"`
	// Skips is what came by until Rehearsed and was kept from it, because its predecessor had failed on it.
	Skips []uint64 `json:"skips,omitempty"`
	// Failed is what it failed on.
	Failed []uint64 `json:"failed,omitempty"`
	// Retried is what it was given out of order, because a person tried it again.
	Retried []Retried `json:"retried,omitempty"`
	// Seated is behind which fact its answers are: that the show started, or that it was loaded.
	Seated uint64 `json:"seated,omitempty"`
	Began  uint64 `json:"began,omitempty"` // the fact that the show started
	// End is when its show ended, in milliseconds, whether it was still there or not; what waited for its turn by then
	// has no answer.
	End int64 `json:"end_ms,omitempty"`
	// Powers are what it had at first; Changes what a person gave and took meanwhile.
	Powers  []show.PluginGrant `json:"powers"`
	Changes []Change           `json:"changes,omitempty"`
	// Allowed is what a person said yes to, where each use was asked about; everything else of that kind was not done.
	Allowed []Allowed `json:"allowed,omitempty"`
	Store   string    `json:"store,omitempty"` // SHA-256 of what its store held
	// Config, Limits and Subscribes are what it ran with; no limits, and nobody knows.
	Config     json.RawMessage    `json:"config,omitempty"`
	Limits     *show.PluginLimits `json:"limits,omitempty"`
	Subscribes []event.Kind       `json:"subscribes,omitempty"`
	// Stood is behind which event its predecessor had that state, when it is before After: it heard nothing of what is between.
	Stood uint64 `json:"stood,omitempty"`
	// State says that it took over a state, which is kept by that SHA-256; empty for none.
	State string `json:"state,omitempty"`
}

// Hears says whether an event was for the plugin, as far as place and time go.
func (t Take) Hears(seq uint64, kind event.Kind) bool {
	return seq > t.After && (t.Until == 0 || seq <= t.Until) && (seq > t.Caught || !plugin.Passing(kind)) && !slices.Contains(t.Skips, seq)
}

// Retried is an event that was given to a plugin again.
type Retried struct {
	At    uint64 `json:"at"`    // number of the fact
	After uint64 `json:"after"` // what had come by
	Event uint64 `json:"event"`
}

// retried says that an event was given to the plugin again.
func (t Take) retried(seq uint64) bool {
	return slices.ContainsFunc(t.Retried, func(r Retried) bool { return r.Event == seq })
}

// Change is a power that a person gave or took.
type Change struct {
	At      uint64          `json:"at"`              // number of the fact
	After   uint64          `json:"after,omitempty"` // it held behind that event; 0 when nobody knows
	Power   string          `json:"power"`
	Granted bool            `json:"granted"`
	Ask     bool            `json:"ask,omitempty"`    // each time
	Limits  json.RawMessage `json:"limits,omitempty"` // none when it is as much as the plugin asks for
}

// holds reports whether the change holds for an event; or, when that one is tried again, for the fact that says so.
func (c Change) holds(now uint64, again bool) bool {
	if again || c.After == 0 {
		return c.At <= now
	}
	return c.After < now
}

// Allowed is a use of a power that a person allowed.
type Allowed struct {
	Event uint64 `json:"event"` // that led to it
	Nth   int    `json:"nth"`   // of those that it led to and that were asked about, from 1
}

// begins is where its plugin's answers begin.
func (t Take) begins() uint64 { return max(t.After, t.Rehearsed) }

// Answer is what came of a command: it reached the stage, or the director kept it away.
type Answer struct {
	To      uint64  `json:"to"` // event that caused it
	At      uint64  `json:"at,omitempty"`
	Cue     cue.Cue `json:"cue"`
	Dropped string  `json:"dropped,omitempty"` // why it was kept away
}
