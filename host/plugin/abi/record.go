// Package abi is the host's half of the plugin contract, version 1: it writes events as flat records and reads the
// commands that a guest leaves behind. The shapes are generated from sdk/schema/v1.json by cmd/gen.
//
// Writing never fails and allocates only when the buffer it was given is too small. Reading trusts nothing: whatever
// the bytes are, it ends, stays inside them and says what is wrong with them.
package abi

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/sothebais/sothebais/host/event"
)

// Version of the contract.
const Version = 1

// BatchHeader is how many bytes stand before the records of a batch.
const BatchHeader = 8

const (
	batchHeader   = BatchHeader
	eventHeader   = 24
	commandHeader = 16
	slot          = 8

	flagCut = 1 // a string was cut to MaxStringBytes
)

var le = binary.LittleEndian

// eventSpec is a kind of event.
type eventSpec struct {
	fact   event.Kind // its name in the ledger
	answer bool       // for the plugin that asked alone
}

// EventKinds are the kinds of events that guests may subscribe to.
func EventKinds() []event.Kind { return kinds(false) }

// AnswerKinds are the kinds, as the ledger names them, of events that only the plugin hears that asked for them.
func AnswerKinds() []event.Kind { return kinds(true) }

func kinds(answers bool) []event.Kind {
	var out []event.Kind
	for _, e := range events[1:] {
		if e.answer == answers {
			out = append(out, e.fact)
		}
	}
	return out
}

// Capabilities are the names of what a plugin may be allowed.
func Capabilities() []string {
	var out []string
	for _, c := range commands[1:] {
		out = append(out, c.power)
	}
	return append(out, PowerStore)
}

// BeginBatch starts a batch in b, whose capacity is used again.
func BeginBatch(b []byte) []byte { return append(b[:0], 0, 0, 0, 0, 0, 0, 0, 0) }

// EndBatch fills in the header of a batch of count events.
func EndBatch(b []byte, count int) {
	le.PutUint32(b, uint32(count))
	le.PutUint32(b[4:], uint32(len(b)))
}

// BatchCount is how many events are in a batch that EndBatch closed.
func BatchCount(b []byte) int { return int(le.Uint32(b)) }

// BatchStart gives number and time, in unix milliseconds, of the first event of a batch that holds one.
func BatchStart(b []byte) (seq uint64, at int64) {
	first := b[batchHeader:]
	return le.Uint64(first[8:]), int64(le.Uint64(first[16:]))
}

// recordWriter writes one event at the end of a buffer.
type recordWriter struct {
	b     []byte
	start int
}

func begin(b []byte, kind uint16, fields int, seq uint64, at int64) recordWriter {
	w := recordWriter{b: b, start: len(b)}
	w.b = grow(w.b, eventHeader+slot*fields)
	h := w.b[w.start:]
	le.PutUint16(h[4:], kind)
	h[6] = byte(fields)
	le.PutUint64(h[8:], seq)
	le.PutUint64(h[16:], uint64(at))
	return w
}

func (w *recordWriter) end() []byte {
	w.b = grow(w.b, -len(w.b)&7)
	le.PutUint32(w.b[w.start:], uint32(len(w.b)-w.start))
	return w.b
}

func (w *recordWriter) slot(i int) []byte { return w.b[w.start+eventHeader+slot*i:] }

func (w *recordWriter) u64(i int, v uint64) { le.PutUint64(w.slot(i), v) }
func (w *recordWriter) i64(i int, v int64)  { le.PutUint64(w.slot(i), uint64(v)) }

func (w *recordWriter) flag(i int, v bool) {
	if v {
		w.slot(i)[0] = 1
	}
}

func (w *recordWriter) str(i int, s string) {
	if len(s) > MaxStringBytes {
		s = cut(s)
		w.b[w.start+7] |= flagCut
	}
	le.PutUint64(w.slot(i), uint64(len(w.b)-w.start)|uint64(len(s))<<32)
	w.b = append(w.b, s...)
}

// cut shortens s to MaxStringBytes or a little less, so that no character is split.
func cut(s string) string {
	n := MaxStringBytes
	for n > MaxStringBytes-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// grow appends n zero bytes.
func grow(b []byte, n int) []byte {
	at := len(b)
	b = slices.Grow(b, n)[:at+n]
	clear(b[at:])
	return b
}
