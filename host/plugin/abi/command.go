package abi

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/sothebais/sothebais/host/cue"
)

// ErrCommands says that a guest's buffer of commands breaks the layout; nothing of it is used.
var ErrCommands = errors.New("malformed commands")

// Command is one thing that a guest asked for.
type Command struct {
	Event int    // index in the batch of the event that caused it
	Power string // name of the capability that allows it
	Cue   cue.Cue
	Call  Call   // of timer, fetch and ask, which have no cue
	Level int64  // of a log command, whose text is Cue.Text
	About uint64 // Seq of an earlier event, as the guest claims; 0 for none
}

type commandSpec struct {
	name  string
	power string
	verb  cue.Verb
	slots []slotSpec
	call  func(*callReader) Call // in place of verb and slots
}

type slotSpec struct {
	name string
	text bool
	to   target
}

// target is the field of a cue that takes a slot.
type target uint8

const (
	toNone target = iota
	toName
	toText
	toValue
	toMillis
	toPriority
	toAbout
)

// Answer reads what a guest answered to a batch, one command after the other. Commands of a kind that this version does
// not know are passed over and counted, and so are those past a limit.
type Answer struct {
	Unknown, Dropped int

	rest      []byte
	size      int // of all
	events    int // of the batch
	limit     int // commands that are taken for each of them
	count, at uint32
	taken     [MaxBatchEvents]uint16 // for each
	more      []uint16               // and for those past the greatest batch
}

// ReadAnswer begins to read b, the answer to a batch of so many events, for each of which at most limit commands are taken:
// for each, because what one event may cause must not depend on which others it came with.
func ReadAnswer(b []byte, events, limit int) (Answer, error) {
	if len(b) < batchHeader {
		return Answer{}, fmt.Errorf("%w: %d bytes, want at least a header of %d", ErrCommands, len(b), batchHeader)
	}
	count, size := le.Uint32(b), le.Uint32(b[4:])
	if uint64(size) != uint64(len(b)) {
		return Answer{}, fmt.Errorf("%w: header says %d bytes, the guest returned %d", ErrCommands, size, len(b))
	}
	a := Answer{rest: b[batchHeader:], size: len(b), events: events, limit: min(limit, math.MaxUint16), count: count}
	if events > MaxBatchEvents {
		a.more = make([]uint16, events-MaxBatchEvents)
	}
	return a, nil
}

// takes counts one more command for an event, and reports whether it is taken.
func (a *Answer) takes(event int) bool {
	n := a.more
	if event < MaxBatchEvents {
		n = a.taken[:]
	} else {
		event -= MaxBatchEvents
	}
	if int(n[event]) >= a.limit {
		return false
	}
	n[event]++
	return true
}

// Next reads the next command into c, whatever was there, and false when there is none; text makes a string of bytes
// that are the guest's. Of an answer that is malformed anywhere nothing may be used, so that its reader goes on until
// the end before it acts.
func (a *Answer) Next(c *Command, text func([]byte) string) (bool, error) {
	for a.at < a.count {
		rec, err := nextCommand(a.rest, a.events)
		if err != nil {
			return false, fmt.Errorf("%w: command %d of %d, byte %d: %w", ErrCommands, a.at, a.count, a.size-len(a.rest), err)
		}
		a.rest = a.rest[len(rec):]
		a.at++
		kind := int(le.Uint16(rec[4:]))
		switch {
		case kind == 0 || kind >= len(commands):
			a.Unknown++
		case !a.takes(int(le.Uint32(rec[8:]))):
			a.Dropped++
		default:
			*c = Command{}
			if err := c.read(rec, &commands[kind], text); err != nil {
				return false, fmt.Errorf("%w: command %d of %d (%s): %w", ErrCommands, a.at-1, a.count, commands[kind].name, err)
			}
			return true, nil
		}
	}
	if len(a.rest) != 0 {
		return false, fmt.Errorf("%w: %d bytes after the last of %d commands", ErrCommands, len(a.rest), a.count)
	}
	return false, nil
}

// nextCommand cuts the first record from b and checks its header.
func nextCommand(b []byte, n int) ([]byte, error) {
	if len(b) < commandHeader {
		return nil, fmt.Errorf("%d bytes left, want a header of %d", len(b), commandHeader)
	}
	size, fields := int64(le.Uint32(b)), int64(b[6])
	switch {
	case size%8 != 0:
		return nil, fmt.Errorf("size is %d, want a multiple of 8", size)
	case size < commandHeader+slot*fields:
		return nil, fmt.Errorf("size is %d, too small for %d fields", size, fields)
	case size > int64(len(b)):
		return nil, fmt.Errorf("size is %d, %d bytes are left", size, len(b))
	}
	if at := le.Uint32(b[8:]); uint64(at) >= uint64(n) {
		return nil, fmt.Errorf("caused by event %d of a batch of %d", at, n)
	}
	return b[:size], nil
}

// read fills in an empty command.
func (c *Command) read(rec []byte, spec *commandSpec, intern func([]byte) string) error {
	c.Event, c.Power, c.Cue.Verb = int(le.Uint32(rec[8:])), spec.power, spec.verb
	fields := int(rec[6])
	if spec.call != nil {
		r := callReader{rec: rec, fields: fields}
		c.Call = spec.call(&r)
		return r.err
	}
	for i := range spec.slots[:min(len(spec.slots), fields)] {
		s := &spec.slots[i]
		at := rec[commandHeader+slot*i:]
		if !s.text {
			c.number(s, int64(le.Uint64(at)))
			continue
		}
		b, err := textAt(rec, le.Uint32(at), le.Uint32(at[4:]), fields)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if s.to == toName {
			c.Cue.Name = intern(b)
		} else {
			c.Cue.Text = intern(b)
		}
	}
	return nil
}

func (c *Command) number(s *slotSpec, v int64) {
	switch s.to {
	case toValue:
		c.Cue.Value = v
	case toMillis:
		c.Cue.Millis = v
	case toPriority:
		c.Cue.Priority = cue.Priority(min(uint64(v), 255)) // it has no sign
	case toAbout:
		c.About = uint64(v)
	default:
		c.Level = v
	}
}

// textAt is a string of a record; an empty one may point anywhere.
func textAt(rec []byte, off, n uint32, fields int) ([]byte, error) {
	switch {
	case n == 0:
		return nil, nil
	case n > MaxStringBytes:
		return nil, fmt.Errorf("%d bytes of text, at most %d are allowed", n, MaxStringBytes)
	case int64(off) < int64(commandHeader+slot*fields) || uint64(off)+uint64(n) > uint64(len(rec)):
		return nil, fmt.Errorf("text at %d, %d long, is outside of its record of %d bytes", off, n, len(rec))
	}
	b := rec[off : off+n]
	if !utf8.Valid(b) {
		return nil, errors.New("text is not UTF-8")
	}
	return b, nil
}
