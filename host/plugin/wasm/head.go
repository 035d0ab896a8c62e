package wasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// What belongs to an image besides memory, and what a guest wrote to its store, as bytes for another process. Numbers
// are uvarints:
//
//	head     saved fuel   input buffer   its room   store open   globals, each   values, each key and value   keys not told
//	writes   key and value, each; no value for what was deleted
//
// Of texts and lists the length comes first. The fuel that was saved is in it, because what a guest does with the next
// batch may depend on it.

var errHead = errors.New("image does not fit the module")

func (g *guest) appendHead(b []byte) []byte {
	i, s := g.inst, &g.box.store
	b = binary.AppendUvarint(b, uint64(g.saved))
	b = binary.AppendUvarint(b, uint64(i.in))
	b = binary.AppendUvarint(b, uint64(i.room))
	b = append(b, 0)
	if s.open {
		b[len(b)-1] = 1
	}
	b = binary.AppendUvarint(b, uint64(len(i.globals)))
	for _, v := range i.globals {
		b = binary.AppendUvarint(b, v.Get())
	}
	b = binary.AppendUvarint(b, uint64(len(s.values)))
	for _, k := range slices.Sorted(maps.Keys(s.values)) {
		b = appendText(appendText(b, k), string(s.values[k]))
	}
	b = binary.AppendUvarint(b, uint64(len(s.written)))
	for _, k := range s.written {
		b = appendText(b, k)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func (g *guest) readHead(b []byte) error {
	r := headReader{b: b}
	i, s := g.inst, &g.box.store
	g.saved = int64(r.number())
	i.in, i.room = uint32(r.number()), uint32(r.number())
	s.open = r.number() == 1
	if n := r.count(); n != len(i.globals) {
		return fmt.Errorf("%w: it has %d globals, the image %d", errHead, len(i.globals), n)
	}
	for _, v := range i.globals {
		v.Set(r.number())
	}
	clear(s.values)
	s.size = 0
	s.heard()
	for range r.count() {
		key := string(r.text())
		s.set(key, slices.Clone(r.text()))
	}
	for range r.count() {
		s.note(string(r.text()))
	}
	s.mark()
	if r.bad || len(r.b) > 0 {
		return fmt.Errorf("%w: head of %d bytes", errHead, len(b))
	}
	return nil
}

// headReader reads bytes that may be anybody's.
type headReader struct {
	b   []byte
	bad bool
}

func (r *headReader) number() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.b, r.bad = nil, true
		return 0
	}
	r.b = r.b[n:]
	return v
}

// count is a number of things that follow, of a byte at least each.
func (r *headReader) count() int {
	v := r.number()
	if v > uint64(len(r.b)) {
		r.b, r.bad = nil, true
		return 0
	}
	return int(v)
}

func (r *headReader) text() []byte {
	n := r.count()
	t := r.b[:n:n]
	r.b = r.b[n:]
	return t
}

// appendWrites writes what the host has not heard of, the last value of each key, in the order of the first writes.
func (s *store) appendWrites(b []byte) []byte {
	for _, k := range s.written {
		b = appendText(appendText(b, k), string(s.values[k]))
	}
	return b
}

// ErrWrites says that what a guest wrote to its store cannot be read.
var ErrWrites = errors.New("malformed writes to a store")

// DecodeWrites adds what a guest wrote to its store to the reactions that Decode gave.
func (c *Codec) DecodeWrites(reactions []plugin.Reaction, b []byte) ([]plugin.Reaction, error) {
	r := headReader{b: b}
	for len(r.b) > 0 {
		key, value := r.text(), r.text()
		if r.bad || !validKey(key) || len(value) > plugin.MaxStoreBytes {
			return nil, ErrWrites
		}
		reactions = append(reactions, plugin.Reaction{Event: c.last(), Power: abi.PowerStore, Call: &abi.StorePut{Key: string(key), Value: slices.Clone(value)}})
	}
	return reactions, nil
}
