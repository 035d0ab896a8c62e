package wasm

import (
	"cmp"
	"log/slog"
	"slices"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

const (
	// maxTexts bounds the texts that are kept for the next command that has the same.
	maxTexts     = 512
	maxKeptBytes = 64
)

// Codec stands between a guest and the show: it writes events as the bytes that guests hear, and makes reactions of the
// bytes that they leave. It may be in another process than the guest. The zero value is ready.
type Codec struct {
	heard     []event.Event // of the last batch, those that guests hear
	commands  []abi.Command
	reactions []plugin.Reaction
	texts     map[string]string
}

// Encode writes a batch into b, whose capacity is used again, and gives how many of the events are in it.
func (c *Codec) Encode(b []byte, events []event.Event) ([]byte, int) {
	b, c.heard = abi.BeginBatch(b), c.heard[:0]
	for _, e := range events {
		var ok bool
		if b, ok = AppendEvent(b, e); ok {
			c.heard = append(c.heard, e)
		}
	}
	abi.EndBatch(b, len(c.heard))
	return b, len(c.heard)
}

// last is the number of the last event that was encoded.
func (c *Codec) last() uint64 { return c.heard[len(c.heard)-1].Seq }

// Decode reads what a guest answered, nil for nothing, to the batch that was encoded last; limit is how many commands an event may
// cause. The reactions are in the order of the events, and valid until the next call.
func (c *Codec) Decode(out []byte, limit int) (reactions []plugin.Reaction, unknown, dropped int, err error) {
	c.reactions = c.reactions[:0]
	if out == nil {
		return c.reactions, 0, 0, nil
	}
	c.commands, unknown, dropped, err = abi.ReadCommands(out, len(c.heard), limit*len(c.heard), c.commands, c.text)
	if err != nil {
		return nil, 0, 0, &plugin.TrapError{Reason: err.Error(), Err: err}
	}
	sorted := true
	for i := range c.commands {
		sorted = sorted && (i == 0 || c.commands[i-1].Event <= c.commands[i].Event)
		c.reactions = append(c.reactions, plugin.Reaction{})
		c.fill(&c.reactions[i], &c.commands[i])
	}
	if !sorted {
		slices.SortStableFunc(c.reactions, byEvent)
	}
	return c.reactions, unknown, dropped, nil
}

func byEvent(a, b plugin.Reaction) int { return cmp.Compare(a.Event, b.Event) }

// fill fills in an empty reaction.
func (c *Codec) fill(r *plugin.Reaction, cmd *abi.Command) {
	r.Event, r.About, r.Power, r.Call = c.heard[cmd.Event].Seq, cmd.About, cmd.Power, cmd.Call
	if cmd.Cue.Verb == "" && cmd.Call == nil {
		r.Log, r.Level = cmd.Cue.Text, slog.Level(min(max(cmd.Level, -4), 8))
		return
	}
	r.Cue = cmd.Cue
}

// text makes a string of a guest's bytes; short ones that were seen before are not allocated again.
func (c *Codec) text(b []byte) string {
	if len(b) > maxKeptBytes {
		return string(b)
	}
	if s, ok := c.texts[string(b)]; ok {
		return s
	}
	if c.texts == nil {
		c.texts = map[string]string{}
	}
	s := string(b)
	if len(c.texts) < maxTexts {
		c.texts[s] = s
	}
	return s
}
