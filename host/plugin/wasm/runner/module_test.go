package runner

import (
	"encoding/binary"
	"strings"
)

// A module is written section by section, because no compiler writes what is tried here.

// Types of functions; the index is that of the type.
const (
	typeMark   = iota // (i64) -> i64
	typeAlloc         // (i32) -> i32
	typeBytes         // (i32 i32) -> i64
	typeSave          // () -> i64
	typeNone          // () -> ()
	typeBinary        // (i64 i64) -> i64
)

var types = []string{"l:l", "i:i", "ii:l", ":l", ":", "ll:l"}

// exports of a plugin, in the order of its functions.
var exports = []struct {
	name string
	typ  byte
	body []byte
}{
	{"sothebais_abi_v1", typeMark, i64(0)},
	{"alloc", typeAlloc, i32(1024)},
	{"configure", typeBytes, i64(0)},
	{"handle_batch", typeBytes, i64(0)},
	{"save", typeSave, i64(0)},
	{"restore", typeBytes, i64(0)},
}

const firstExtra = 6 // index of the first function that is not exported, without imports

// mod is a plugin that does nothing, and what is put into it.
type mod struct {
	types   []string // besides types
	imports []imported
	bodies  map[string][]byte // of exports
	locals  map[string][]byte
	extra   []function
	pages   uint64 // memory, 1 when 0
	table   uint64 // entries of a table
	elems   []byte // functions in it
	start   []byte // body of a start function
	init    []byte // body of _initialize
	data    [][]byte
	names   []string // further exports of function 0
	sect    []section
	leave   []string // exports that are left out
}

type imported struct {
	module, name string
	kind         []byte // with the type
}

type function struct {
	typ    byte
	locals []byte // as in the code section; nil for none
	body   []byte
}

type section struct {
	id   byte
	body []byte
}

func u(v uint64) []byte { return binary.AppendUvarint(nil, v) }

// s is a signed LEB128.
func s(v int64) []byte {
	var out []byte
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func i32(v int32) []byte { return append([]byte{0x41}, s(int64(v))...) }
func i64(v int64) []byte { return append([]byte{0x42}, s(v)...) }

func call_(n int) []byte { return append([]byte{0x10}, u(uint64(n))...) }

// join puts code together.
func join(parts ...[]byte) []byte {
	var out []byte
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// forever repeats code until the fuel ends.
func forever(body ...[]byte) []byte {
	return join([]byte{0x03, 0x40}, join(body...), []byte{0x0c, 0x00, 0x0b})
}

func repeat(n int, code []byte) []byte { return []byte(strings.Repeat(string(code), n)) }

var (
	drop = []byte{0x1a}
	trap = []byte{0x00}
)

func vec(items [][]byte) []byte { return append(u(uint64(len(items))), join(items...)...) }
func text(t string) []byte      { return append(u(uint64(len(t))), t...) }

func signature(sig string) []byte {
	params, results, _ := strings.Cut(sig, ":")
	side := func(t string) []byte {
		out := u(uint64(len(t)))
		for _, c := range t {
			out = append(out, map[rune]byte{'i': 0x7f, 'l': 0x7e}[c])
		}
		return out
	}
	return join([]byte{0x60}, side(params), side(results))
}

// bytes writes the module.
func (m mod) bytes() []byte {
	var typ, fun, exp, imp, code, data [][]byte
	for _, t := range append(append([]string{}, types...), m.types...) {
		typ = append(typ, signature(t))
	}
	shift := 0
	for _, im := range m.imports {
		imp = append(imp, join(text(im.module), text(im.name), im.kind))
		if im.kind[0] == 0 {
			shift++
		}
	}
	add := func(f function) int {
		fun = append(fun, []byte{f.typ})
		locals := f.locals
		if locals == nil {
			locals = []byte{0}
		}
		body := join(locals, f.body, []byte{0x0b})
		code = append(code, append(u(uint64(len(body))), body...))
		return shift + len(fun) - 1
	}
	for i, e := range exports {
		body := e.body
		if b := m.bodies[e.name]; b != nil {
			body = b
		}
		n := add(function{e.typ, m.locals[e.name], body})
		if !contains(m.leave, e.name) {
			exp = append(exp, join(text(e.name), []byte{0}, u(uint64(n))))
		}
		if i == 0 {
			for _, name := range m.names {
				exp = append(exp, join(text(name), []byte{0}, u(uint64(n))))
			}
		}
	}
	for _, f := range m.extra {
		add(f)
	}
	if m.init != nil {
		exp = append(exp, join(text("_initialize"), []byte{0}, u(uint64(add(function{typeNone, nil, m.init})))))
	}
	var start []byte
	if m.start != nil {
		start = u(uint64(add(function{typeNone, nil, m.start})))
	}
	exp = append(exp, join(text("memory"), []byte{2, 0}))
	pages := m.pages
	if pages == 0 {
		pages = 1
	}
	data = append(data, m.data...)
	out := []byte("\x00asm\x01\x00\x00\x00")
	put := func(id byte, body []byte) {
		for _, s := range m.sect {
			if s.id == id {
				body = s.body
			}
		}
		if body != nil {
			out = append(append(append(out, id), u(uint64(len(body)))...), body...)
		}
	}
	put(1, vec(typ))
	if len(imp) > 0 {
		put(2, vec(imp))
	}
	put(3, vec(fun))
	if m.table > 0 {
		put(4, join([]byte{1, 0x70, 0}, u(m.table)))
	}
	put(5, join([]byte{1, 0}, u(pages)))
	put(6, nil)
	put(7, vec(exp))
	if start != nil {
		put(8, start)
	}
	if m.elems != nil {
		put(9, m.elems)
	}
	put(10, vec(code))
	if len(data) > 0 {
		put(11, vec(data))
	}
	return out
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}
