package guest

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

const (
	batchHeader   = 8
	eventHeader   = 24
	commandHeader = 16
	slot          = 8
)

// Kind is the number of a kind of event; the constants are named Kind….
type Kind uint16

// String is the name of the kind, such as bid.accepted.
func (k Kind) String() string {
	if int(k) < len(kindNames) && k != 0 {
		return kindNames[k]
	}
	return "unknown"
}

// Event is a view of one event. It is valid until Handle returns; the strings it gives may be kept. Many of them share
// a KiB of memory: what is kept by the thousand is better cloned (strings.Clone).
type Event struct{ rec []byte }

// Kind of the event.
func (e Event) Kind() Kind { return Kind(le.Uint16(e.rec[4:])) }

// Seq is the event's number in the one order of the show.
func (e Event) Seq() uint64 { return le.Uint64(e.rec[8:]) }

// At is when it happened, in unix milliseconds: the only clock of a plugin.
func (e Event) At() int64 { return int64(le.Uint64(e.rec[16:])) }

// Time is At as a time.
func (e Event) Time() time.Time { return time.UnixMilli(e.At()).UTC() }

// Cut reports whether a string of the event was cut to MaxStringBytes.
func (e Event) Cut() bool { return e.rec[7]&1 != 0 }

// Random is a source of numbers seeded by the event, so that a replay makes the same choices.
func (e Event) Random() *Random { return &Random{e.Seq() * 0x9e3779b97f4a7c15} }

// Random gives the same numbers for the same event.
type Random struct{ state uint64 }

// Uint64 is the next number.
func (r *Random) Uint64() uint64 {
	r.state += 0x9e3779b97f4a7c15
	z := r.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// N is a number from 0 to n-1; 0 when n is not positive.
func (r *Random) N(n int) int {
	if n <= 0 {
		return 0
	}
	return int(r.Uint64() % uint64(n))
}

// field is the slot of field i, nil when the event comes from a host that does not know it.
func (e Event) field(i int) []byte {
	if i >= int(e.rec[6]) {
		return nil
	}
	return e.rec[eventHeader+slot*i:]
}

func (e Event) u64(i int) uint64 {
	if f := e.field(i); f != nil {
		return le.Uint64(f)
	}
	return 0
}

func (e Event) i64(i int) int64 { return int64(e.u64(i)) }
func (e Event) flag(i int) bool { return e.u64(i) != 0 }

func (e Event) str(i int) string {
	v := e.u64(i)
	off, n := uint32(v), uint32(v>>32)
	return texts.keep(e.rec[off : off+n])
}

const (
	pieceBytes = 1 << 10
	maxCut     = 256
)

// texts is where the strings of events are. A module is one thread.
var texts piece

// piece is memory from which short strings are cut: to allocate each by itself takes longer than most of what is done
// with it. What is behind its end is free, and nothing before it is written to again.
type piece []byte

func (p *piece) keep(b []byte) string {
	if len(b) == 0 || len(b) > maxCut {
		return string(b)
	}
	if len(b) > cap(*p)-len(*p) {
		*p = make(piece, 0, pieceBytes)
	}
	at := len(*p)
	*p = append(*p, b...)
	return unsafe.String(&(*p)[at], len(b))
}

// recordWriter writes one record at the end of a buffer.
type recordWriter struct {
	b            []byte
	start, slots int // of the record, and of its fields
}

func beginEvent(kind Kind, fields int, seq uint64, at int64) recordWriter {
	w := recordWriter{b: make([]byte, eventHeader+slot*fields), slots: eventHeader}
	le.PutUint16(w.b[4:], uint16(kind))
	w.b[6] = byte(fields)
	le.PutUint64(w.b[8:], seq)
	le.PutUint64(w.b[16:], uint64(at))
	return w
}

// extend makes the buffer n bytes longer, whatever they hold, and leaves room for what end adds.
func (w *recordWriter) extend(n int) {
	at := len(w.b)
	if cap(w.b)-at < n+slot {
		w.b = slices.Grow(w.b, n+slot)
	}
	w.b = w.b[:at+n]
}

func (w *recordWriter) slot(i int) []byte   { return w.b[w.slots+slot*i:] }
func (w *recordWriter) u64(i int, v uint64) { le.PutUint64(w.slot(i), v) }
func (w *recordWriter) i64(i int, v int64)  { le.PutUint64(w.slot(i), uint64(v)) }

func (w *recordWriter) flag(i int, v bool) {
	var n uint64
	if v {
		n = 1
	}
	w.u64(i, n)
}

func (w *recordWriter) str(i int, s string) {
	if !plain(s) && !utf8.ValidString(s) { // the host refuses a batch with half a character in it
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	if len(s) > MaxStringBytes {
		s = cut(s)
	}
	at := len(w.b)
	le.PutUint64(w.slot(i), uint64(at-w.start)|uint64(len(s))<<32)
	w.extend(len(s))
	copy(w.b[at:], s)
}

// plain reports whether a text is of plain letters alone, as most are. In long steps, because a step is what costs in
// code that Go makes for wasm.
func plain(s string) bool {
	p, n := unsafe.Pointer(unsafe.StringData(s)), len(s)
	var all uint64
	switch {
	case n >= 32:
		for i := 0; i < n-32; i += 32 {
			all |= words(p, i)
		}
		all |= words(p, n-32)
	case n >= 8:
		for i := 0; i < n-8; i += 8 {
			all |= word(p, i)
		}
		all |= word(p, n-8)
	default:
		for i := range n {
			all |= uint64(s[i])
		}
	}
	return all&0x8080808080808080 == 0
}

// words are 32 bytes from p+i on, one over the other.
func words(p unsafe.Pointer, i int) uint64 {
	return word(p, i) | word(p, i+8) | word(p, i+16) | word(p, i+24)
}

func word(p unsafe.Pointer, i int) uint64 { return *(*uint64)(unsafe.Add(p, i)) }

// cut shortens s to MaxStringBytes or a little less, so that no character is split.
func cut(s string) string {
	n := MaxStringBytes
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}

// end gives the buffer, in which the record goes to the next multiple of 8.
func (w *recordWriter) end() []byte {
	n := len(w.b)
	w.extend(slot)
	le.PutUint64(w.b[n:], 0)
	w.b = w.b[:(n+7)&^7]
	le.PutUint32(w.b[w.start:], uint32(len(w.b)-w.start))
	return w.b
}
