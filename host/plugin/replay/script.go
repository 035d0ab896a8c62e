package replay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// Perform plays those of the events that are for a guest to it, one by one, and writes what it asks for, in the form of a
// golden file: the event, then a line for each command, indented.
func Perform(ctx context.Context, g plugin.Guest, m *plugin.Manifest, events []event.Event) (string, error) {
	hears := map[event.Kind]bool{}
	for _, k := range slices.Concat(m.Subscribes, abi.AnswerKinds()) {
		hears[k] = true
	}
	var out strings.Builder
	for i := range events {
		if !hears[events[i].Kind()] || !plugin.IsFor(events[i].Data, m) {
			continue
		}
		before := g.Stats().Dropped
		reactions, err := g.HandleBatch(ctx, events[i:i+1])
		switch {
		case errors.Is(err, plugin.ErrDead):
			return "", fmt.Errorf("event %d: %w", events[i].Seq, err)
		case err != nil:
			fmt.Fprintf(&out, "%d %s\n    fails: %s\n", events[i].Seq, events[i].Kind(), firstLine(err))
		case len(reactions) > 0:
			fmt.Fprintf(&out, "%d %s\n", events[i].Seq, events[i].Kind())
			for _, r := range reactions {
				fmt.Fprintf(&out, "    %s\n", command(m, r))
			}
			if n := g.Stats().Dropped - before; n > 0 {
				fmt.Fprintf(&out, "    # %d more are dropped; limits.commands is %d\n", n, m.Limits.Commands)
			}
		}
	}
	return out.String(), nil
}

// command is one command on one line.
func command(m *plugin.Manifest, r plugin.Reaction) string {
	out := words(r)
	if r.About != 0 {
		out += fmt.Sprintf(" about %d", r.About)
	}
	for _, c := range m.Capabilities {
		if c.Name == r.Power {
			return out
		}
	}
	return out + "   # it has no capability " + r.Power
}

func words(r plugin.Reaction) string {
	if put, ok := r.Call.(*abi.StorePut); ok {
		if put.Value == nil {
			return "store " + put.Key + " deleted"
		}
		return "store " + put.Key + " = " + strconv.Quote(string(put.Value))
	}
	if r.Call != nil {
		b, _ := json.Marshal(r.Call) // flat structs of texts and numbers
		return r.Power + " " + string(b)
	}
	c := r.Cue
	if c.Verb == "" {
		return "log " + r.Level.String() + " " + strconv.Quote(r.Log)
	}
	parts := []string{string(c.Verb)}
	if c.Name != "" {
		parts = append(parts, c.Name)
	}
	if c.Text != "" {
		parts = append(parts, strconv.Quote(c.Text))
	}
	if c.Value != 0 || c.Verb == cue.Bar || c.Verb == cue.Show {
		parts = append(parts, strconv.FormatInt(c.Value, 10))
	}
	if c.Millis != 0 {
		parts = append(parts, strconv.FormatInt(c.Millis, 10)+"ms")
	}
	if c.Priority != 0 {
		parts = append(parts, "priority "+strconv.Itoa(int(c.Priority)))
	}
	return strings.Join(parts, " ")
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
