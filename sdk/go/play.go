package guest

import (
	"fmt"
	"strings"
)

// Command is one command, read back for a test.
type Command struct {
	Event   int    // index of the event that caused it
	Verb    string // such as say
	Text    map[string]string
	Number  map[string]int64
	ordered []argSpec
}

type verbSpec struct {
	name string
	args []argSpec
}

type argSpec struct {
	name string
	text bool
}

// String is one line for a golden file: 0 say text="Sold!" mood="happy" priority=70. An event that it is about is
// told when it is another than the one that caused it.
func (c Command) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s", c.Event, c.Verb)
	for _, a := range c.ordered {
		switch {
		case a.name == "about" && c.Number[a.name] == 0: // about the event that caused it
		case a.text:
			fmt.Fprintf(&b, " %s=%q", a.name, c.Text[a.name])
		default:
			fmt.Fprintf(&b, " %s=%d", a.name, c.Number[a.name])
		}
	}
	return b.String()
}

// Play runs the plugin over events as one batch, through the same records as on the show, and reads its commands back.
// State stays in the plugin, so that a test may play on.
func Play(p Plugin, events ...Event) []Command {
	g := instance{plugin: p}
	batch := make([]byte, batchHeader)
	for _, e := range events {
		batch = append(batch, e.rec...)
	}
	le.PutUint32(batch, uint32(len(events)))
	le.PutUint32(batch[4:], uint32(len(batch)))
	return readCommands(g.handle(batch))
}

// PlayBatch does the same with a buffer of events as the host writes it, and gives the buffer of commands as the host
// gets it, nil for none.
func PlayBatch(p Plugin, batch []byte) []byte {
	g := instance{plugin: p}
	return g.handle(batch)
}

func readCommands(b []byte) []Command {
	var out []Command
	for rest := b; len(rest) > 0; {
		if len(out) == 0 {
			rest = rest[batchHeader:]
		}
		size := le.Uint32(rest)
		out = append(out, readCommand(rest[:size]))
		rest = rest[size:]
	}
	return out
}

func readCommand(rec []byte) Command {
	spec := verbs[le.Uint16(rec[4:])]
	c := Command{Event: int(le.Uint32(rec[8:])), Verb: spec.name, Text: map[string]string{}, Number: map[string]int64{}, ordered: spec.args}
	for i, a := range spec.args {
		v := le.Uint64(rec[commandHeader+slot*i:])
		if a.text {
			off, n := uint32(v), uint32(v>>32)
			c.Text[a.name] = string(rec[off : off+n])
		} else {
			c.Number[a.name] = int64(v)
		}
	}
	return c
}
