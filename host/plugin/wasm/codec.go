package wasm

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

const (
	// maxTexts bounds the texts that are kept for the next command that has the same.
	maxTexts     = 512
	maxKeptBytes = 64
	// Longer ones are cut from a piece of memory, most of them: one that is kept for long keeps no more than that.
	pieceBytes = 16 << 10
	maxCut     = 512
)

// Codec stands between a guest and the show: it writes events as the bytes that guests hear, and makes reactions of the
// bytes that they leave. It may be in another process than the guest. The zero value is ready.
type Codec struct {
	heard     []uint64 // numbers of the events of the last batch, those that guests hear
	reactions []plugin.Reaction
	texts     map[string]string
	piece     strings.Builder
}

// Encode writes a batch into b, whose capacity is used again, and gives how many of the events are in it.
func (c *Codec) Encode(b []byte, events []event.Event) ([]byte, int) {
	b, c.heard = abi.BeginBatch(b), c.heard[:0]
	for i := range events {
		var ok bool
		if b, ok = AppendEvent(b, &events[i]); ok {
			c.heard = append(c.heard, events[i].Seq)
		}
	}
	abi.EndBatch(b, len(c.heard))
	return b, len(c.heard)
}

// last is the number of the last event that was encoded.
func (c *Codec) last() uint64 { return c.heard[len(c.heard)-1] }

// Decode reads what a guest answered, nil for nothing, to the batch that was encoded last; limit is how many commands an event may
// cause. The reactions are in the order of the events, and valid until the next call.
func (c *Codec) Decode(out []byte, limit int) (reactions []plugin.Reaction, unknown, dropped int, err error) {
	c.reactions = c.reactions[:0]
	if out == nil {
		return c.reactions, 0, 0, nil
	}
	a, err := abi.ReadAnswer(out, len(c.heard), limit)
	if err != nil {
		return nil, 0, 0, malformed(err)
	}
	sorted, last := true, 0
	for {
		var cmd abi.Command // it stays on the stack, where the collector need not be told of each text
		ok, err := a.Next(&cmd, c.text)
		if err != nil {
			return nil, 0, 0, malformed(err)
		}
		if !ok {
			break
		}
		sorted, last = sorted && last <= cmd.Event, cmd.Event
		c.react(&cmd)
	}
	if !sorted {
		slices.SortStableFunc(c.reactions, byEvent)
	}
	return c.reactions, a.Unknown, a.Dropped, nil
}

func malformed(err error) error { return &plugin.TrapError{Reason: err.Error(), Err: err} }

func byEvent(a, b plugin.Reaction) int { return cmp.Compare(a.Event, b.Event) }

// react adds what a command asks for; in place, because a reaction is large.
func (c *Codec) react(cmd *abi.Command) {
	n := len(c.reactions)
	c.reactions = slices.Grow(c.reactions, 1)[:n+1]
	r := &c.reactions[n]
	r.Event, r.About, r.Power, r.Call = c.heard[cmd.Event], cmd.About, cmd.Power, cmd.Call
	if cmd.Cue.Verb == "" && cmd.Call == nil {
		r.Cue, r.Log, r.Level = cue.Cue{}, cmd.Cue.Text, slog.Level(min(max(cmd.Level, -4), 8))
		return
	}
	r.Cue, r.Log, r.Level = cmd.Cue, "", 0
}

// text makes a string of a guest's bytes; short ones that were seen before are not allocated again.
func (c *Codec) text(b []byte) string {
	if len(b) > maxKeptBytes {
		return c.cut(b)
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

// cut makes a string of bytes for which, mostly, nothing is allocated.
func (c *Codec) cut(b []byte) string {
	if len(b) > maxCut {
		return string(b)
	}
	if len(b) > c.piece.Cap()-c.piece.Len() {
		c.piece = strings.Builder{}
		c.piece.Grow(pieceBytes)
	}
	at := c.piece.Len()
	c.piece.Write(b)
	return c.piece.String()[at:]
}
