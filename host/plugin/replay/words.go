package replay

import (
	"strings"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// trigger is what sets off a plugin: the kind of the event, and what the author would tell apart.
func trigger(r abi.Recorded) string {
	kind := string(r.EventKind())
	for _, field := range []string{"reason", "intent"} {
		if v := r.Text(field); v != "" && !strings.Contains(v, " ") { // why a plugin was denied something is a sentence, and counts
			return kind + " " + v
		}
	}
	return kind
}

// shapes says how an event is written for people; {name} is a field.
var shapes = map[event.Kind]string{
	"post.received":  "{intent} @{handle}: {text}",
	"bid.accepted":   "bid {amount} ETH @{handle}",
	"bid.refused":    "refused {reason} @{handle}",
	"lot.opened":     "lot {number} opens: {title}",
	"lot.extended":   "lot extended",
	"lot.closing":    "closing in {seconds} s",
	"lot.sold":       "sold {amount} ETH to @{handle}",
	"lot.unsold":     "unsold: {reason}",
	"clock.ticked":   "tick, silent for {silent_ms} ms",
	"speech.started": "speaks: {text}",
	"speech.ended":   "spoke: {text}",
	"scene.shown":    "scene {scene}",
	"operator.acted": "operator: {what}",
}

// longest is how much of a text a row shows.
const longest = 80

// describe is the event in a few words.
func describe(r abi.Recorded) string {
	shape, ok := shapes[r.EventKind()]
	if !ok {
		return string(r.EventKind())
	}
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(shape, "{")
		out.WriteString(before)
		if !ok {
			return out.String()
		}
		field, after, _ := strings.Cut(rest, "}")
		out.WriteString(short(r.Text(field)))
		shape = after
	}
}

func short(s string) string {
	if len(s) <= longest {
		return s
	}
	return strings.ToValidUTF8(s[:longest], "") + "…"
}
