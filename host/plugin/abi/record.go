// Package abi is the host's half of the plugin contract, version 1: it writes events as flat records and reads the
// commands that a guest leaves behind. The shapes are generated from sdk/schema/v1.json by cmd/gen.
//
// Writing never fails and allocates only when the buffer it was given is too small. Reading trusts nothing: whatever
// the bytes are, it ends, stays inside them and says what is wrong with them.
package abi

import (
	"encoding/binary"
	"slices"
	"strings"
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

// AnswerKind is the kind, as the ledger names it, of an answer as plugins name it, such as timer.fired.
func AnswerKind(name string) (event.Kind, bool) {
	k := event.Kind("plugin." + strings.ReplaceAll(name, ".", "_"))
	return k, strings.Contains(name, ".") && slices.Contains(AnswerKinds(), k)
}

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

// recordWriter writes one event into room for it.
type recordWriter struct {
	rec []byte
	at  int // where the next text goes
}

// begin makes room for an event whose texts have so many bytes at the end of b.
func begin(b []byte, kind uint16, fields, texts int, seq uint64, at int64) ([]byte, recordWriter) {
	head := eventHeader + slot*fields
	start := len(b)
	b = slices.Grow(b, head+texts+slot)
	b = b[:start+head+texts+slot]
	h := b[start:]
	le.PutUint64(h, uint64(kind)<<32|uint64(fields)<<48) // the size comes last
	le.PutUint64(h[8:], seq)
	le.PutUint64(h[16:], uint64(at))
	return b, recordWriter{h, head}
}

// end gives b, whose end is that of the event: the next multiple of 8, and zeros up to it.
func (w *recordWriter) end(b []byte) []byte {
	le.PutUint64(w.rec[w.at:], 0)
	size := (w.at + 7) &^ 7
	le.PutUint32(w.rec, uint32(size))
	return b[:len(b)-len(w.rec)+size]
}

func (w *recordWriter) u64(i int, v uint64) { le.PutUint64(w.rec[eventHeader+slot*i:], v) }
func (w *recordWriter) i64(i int, v int64)  { w.u64(i, uint64(v)) }

func (w *recordWriter) flag(i int, v bool) {
	var n uint64
	if v {
		n = 1
	}
	w.u64(i, n)
}

func (w *recordWriter) str(i int, s string) {
	if len(s) > MaxStringBytes {
		s = w.cut(s)
	}
	w.u64(i, uint64(w.at)|uint64(len(s))<<32)
	w.at += copy(w.rec[w.at:], s)
}

// cut notes that a text is too long, and gives what is left of it.
func (w *recordWriter) cut(s string) string {
	w.rec[7] |= flagCut
	return cut(s)
}

// cut shortens s to MaxStringBytes or a little less, so that no character is split.
func cut(s string) string {
	n := MaxStringBytes
	for n > MaxStringBytes-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
