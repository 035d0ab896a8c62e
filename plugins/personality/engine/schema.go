package engine

import (
	"encoding/json"
	"slices"
	"strings"
)

// object is a part of a JSON Schema.
type object map[string]any

// Schema is the JSON Schema of a personality file, for editors: it completes words and marks what is wrong while one
// writes. It is made of the same tables that Parse reads by, and knows less than Parse: conditions, slots, which pools and
// moods there are, what can be answered, how long times are together, and which triggers share a name is checked when the
// file is loaded.
func Schema() ([]byte, error) {
	return json.MarshalIndent(object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "SothebAIs personality", "type": "object", "additionalProperties": false,
		"required": []string{"id", "name", "moods", "triggers"},
		"properties": object{
			"id": text("who it is, for programs"), "name": text("who it is, for people"), "start": oneOf("mood to begin with; calm without it", Moods),
			"stranger": text("what it calls people whose handle it had better not say"),
			"memory":   span("for how long nothing is said again; 10m"), "silence": span("how long nobody may speak before it does; 3s"),
			"rate": whole("characters it speaks a second, to guess how long a line takes; 13", 4, 40), "longest": whole("characters of a line, at most; 160", 20, 300),
			"moods": object{"type": "object", "minProperties": 1, "description": "the moods that it can be in", "propertyNames": object{"enum": Moods}, "additionalProperties": moodSchema()},
			"pools": object{"type": "object", "description": "lists of lines and parts of lines; <name> in a line takes one", "maxProperties": maxPools,
				"propertyNames": object{"pattern": "^[a-z0-9-]{1,40}$"}, "additionalProperties": object{"$ref": "#/$defs/parts"}},
			"triggers": object{"type": "array", "description": "what happens when; the first that fits fires", "minItems": 1, "maxItems": maxTriggers, "items": triggerSchema()},
		},
		"$defs": object{"lines": linesSchema(1), "parts": linesSchema(0), "duration": object{"type": "string", "pattern": spans.String(), "examples": []string{"8s", "1m30s"}}},
	}, "", "  ")
}

// text is also what YAML takes for a number, as in name: 1984.
func text(about string) object {
	return object{"type": []string{"string", "number", "boolean"}, "minLength": 1, "description": about}
}
func span(about string) object { return object{"$ref": "#/$defs/duration", "description": about} }
func whole(about string, least, most int64) object {
	return object{"type": "integer", "minimum": least, "maximum": most, "description": about}
}
func oneOf(about string, words []string) object { return object{"enum": words, "description": about} }

func moodSchema() object {
	return object{"type": "object", "additionalProperties": false, "properties": object{
		"expression": oneOf("the face that goes with it", Expressions), "energy": whole("how lively it is played", 0, 100),
		"decay": object{"type": "object", "description": "the mood that it fades into", "additionalProperties": false, "required": []string{"to", "after"},
			"properties": object{"to": oneOf("that mood", Moods), "after": span("how long it lasts")}},
	}}
}

// deedsSchema is what triggers and follow-ups share.
func deedsSchema() object {
	return object{
		"when":     text("a condition, such as amount >= previous * 1.25 and bids > 3. Facts: " + strings.Join(allFacts(), ", ")),
		"chance":   whole("in how many of a hundred cases", 1, 100),
		"priority": oneOf("what its lines are worth", []string{"idle", "chat", "bid", "lot"}),
		"mood":     oneOf("the mood that it comes into", Moods), "energy": whole("what it gives or takes of the energy; fades within half a minute", -100, 100),
		"express": oneOf("a face", Expressions), "hold": span("for how long; 1.8s"), "gesture": oneOf("a gesture", Gestures), "sound": oneOf("a sound", Sounds),
		"say":   object{"$ref": "#/$defs/lines", "description": "lines to speak; {{slot}}, <pool> and [one|of|these] in them. Slots: " + strings.Join(allSlots(), ", ")},
		"reply": object{"$ref": "#/$defs/lines", "description": "lines to answer the post with"},
	}
}

func triggerSchema() object {
	p := deedsSchema()
	p["id"], p["on"] = text("its name"), oneOf("the event", kinds)
	p["cooldown"], p["once"] = span("how long it rests after it fired"), oneOf("it fires once in it", []string{"lot", "session", "show"})
	p["more"] = object{"type": "boolean", "description": "later triggers may fire as well"}
	f := deedsSchema()
	f["after"] = span("how long after the trigger, up to 2m")
	then := object{"type": "object", "additionalProperties": false, "required": []string{"after"}, "properties": f}
	p["then"] = object{"description": "what follows a while later", "oneOf": []any{then, object{"type": "array", "maxItems": maxFollowUps, "items": then}}}
	return object{"type": "object", "additionalProperties": false, "required": []string{"id", "on"}, "properties": p}
}

// linesSchema is of lines, or of parts of them, which may be empty.
func linesSchema(least int) object {
	words := text("the line")
	words["minLength"] = least
	line := object{"oneOf": []any{words, object{"type": "object", "additionalProperties": false, "required": []string{"text"},
		"properties": object{"text": words, "weight": whole("how often, beside the others", 1, 100)}}}}
	return object{"oneOf": []any{line, object{"type": "array", "minItems": 1, "items": line}}}
}

func allFacts() (names []string) {
	for i := range facts {
		names = append(names, facts[i].name)
	}
	return slices.Compact(names) // one that has other words on another event stands beside itself
}

func allSlots() (names []string) {
	for i := range slots {
		names = append(names, slots[i].name)
	}
	return names
}
