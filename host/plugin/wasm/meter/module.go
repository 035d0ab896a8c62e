package meter

import (
	"bytes"
	"fmt"
)

// Numbers of sections.
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
)

const (
	typeI32  = 0x7f
	typeI64  = 0x7e
	typeF64  = 0x7c
	kindFunc = 0
	kindGlob = 3
)

type section struct {
	id   byte
	body []byte
	base int
}

func (s section) reader() *reader { return &reader{b: s.body, base: s.base} }

func split(wasm []byte) ([]section, error) {
	if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, fmt.Errorf("%w: does not begin with \\0asm and version 1", ErrModule)
	}
	r := &reader{b: wasm, i: 8}
	var secs []section
	for r.more() {
		id := r.byte()
		n := r.u32()
		base := r.i
		secs = append(secs, section{id, r.bytes(n), base})
	}
	return secs, r.err
}

// rewriter carries what is known of a module from the survey to the writing.
type rewriter struct {
	limits    Limits
	params    []int // of each type
	functions []int // type of each function of the module itself
	imported  int   // functions
	globals   int
	mutable   []int
	memories  int
	start     int                    // function; -1 for none
	tabled    []uint32               // functions in tables
	entries   []uint32               // and those that the host calls
	nodes     []node                 // what is known of the functions of the module itself; nil until all were read once
	sections  [secDataCount + 1]bool // which of them there are
	out       Module
}

// survey reads everything that comes before the code.
func (w *rewriter) survey(secs []section) error {
	for _, s := range secs {
		r := s.reader()
		if s.id <= secDataCount {
			w.sections[s.id] = true
		}
		switch s.id {
		case secType:
			w.types(r)
		case secImport:
			w.imports(r)
		case secFunction:
			w.declared(r)
		case secTable:
			w.tables(r)
		case secMemory:
			w.memorySection(r)
		case secGlobal:
			w.globalSection(r)
		case secExport:
			w.exportNames(r)
		case secElement:
			w.elements(r)
		case secStart:
			w.start = int(r.u32())
			w.entries = append(w.entries, uint32(w.start))
		}
		if r.err != nil {
			return r.err
		}
	}
	if w.memories != 1 || !w.sections[secCode] || !w.sections[secExport] {
		return fmt.Errorf("%w: it has %d memories, code: %t, exports: %t; want one memory, code and exports", ErrModule, w.memories, w.sections[secCode], w.sections[secExport])
	}
	for _, i := range w.mutable {
		w.out.Globals = append(w.out.Globals, GlobalExport(i))
	}
	return nil
}

func (w *rewriter) types(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		if form := r.byte(); form != 0x60 {
			r.fail("type form 0x%02x, want a function", form)
		}
		params := r.u32()
		r.bytes(params)
		r.bytes(r.u32())
		w.params = append(w.params, int(params))
	}
}

func (w *rewriter) imports(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		module, name := r.bytes(r.u32()), r.bytes(r.u32())
		if kind := r.byte(); kind != 0 && r.err == nil {
			r.fail("%q.%q is not a function", module, name)
			r.err = fmt.Errorf("import %q.%q is not a function: %w", module, name, ErrUnsupported)
		}
		r.u32()
		w.imported++
	}
}

func (w *rewriter) declared(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		t := int(r.u32())
		if t >= len(w.params) {
			r.fail("function of type %d, there are %d types", t, len(w.params))
		}
		w.functions = append(w.functions, t)
	}
	r.bound(tooBig(Functions, len(w.functions), w.limits.Functions))
}

func (w *rewriter) tables(r *reader) {
	var total uint64
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		r.byte()
		total += uint64(r.limits())
	}
	w.out.Tables = total
	r.bound(tooBig(Table, total, uint64(w.limits.Table)))
}

func (w *rewriter) memorySection(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		w.out.Memory = r.limits()
		w.memories++
	}
}

// limits reads a {min, max} pair and gives min.
func (r *reader) limits() uint32 {
	flags := r.byte()
	least := r.u32()
	if flags&1 != 0 {
		r.u32()
	}
	if flags > 1 {
		r.fail("limits with flags 0x%02x", flags)
	}
	return least
}

func (w *rewriter) globalSection(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		typ, mutable := r.byte(), r.byte()
		if mutable == 1 {
			if (typ < typeF64 || typ > typeI32) && r.err == nil {
				r.err = fmt.Errorf("global %d is a mutable reference or vector: %w", w.globals, ErrUnsupported)
			}
			w.mutable = append(w.mutable, w.globals)
		}
		w.globals++
		w.constant(r)
	}
}

// constant passes over an initial value.
func (w *rewriter) constant(r *reader) {
	for r.err == nil {
		if r.instruction().op == opEnd {
			return
		}
	}
}

func (w *rewriter) exportNames(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		name := r.bytes(r.u32())
		kind, index := r.byte(), r.u32()
		if kind == kindFunc {
			w.entries = append(w.entries, index)
		}
		if bytes.HasPrefix(name, []byte("sothebais:")) && r.err == nil {
			r.err = fmt.Errorf("export %q: names that begin with sothebais: belong to the host: %w", name, ErrUnsupported)
		}
	}
}

// elements refuses host functions in tables: a call through a table costs little, whoever it reaches.
func (w *rewriter) elements(r *reader) {
	for n := r.u32(); n > 0 && r.err == nil; n-- {
		flags := r.u32()
		if flags > 7 {
			r.fail("element segment with flags %d", flags)
		}
		if flags&1 == 0 { // active: table, place
			if flags&2 != 0 {
				r.u32()
			}
			w.constant(r)
		}
		if flags&3 != 0 { // kind or type of the elements
			r.byte()
		}
		for k := r.u32(); k > 0 && r.err == nil; k-- {
			if flags&4 == 0 {
				w.element(r, r.u32())
			} else {
				w.elementValue(r)
			}
		}
	}
}

func (w *rewriter) element(r *reader, function uint32) {
	if int64(function) < int64(w.imported) && r.err == nil {
		r.err = fmt.Errorf("imported function %d in a table: %w", function, ErrUnsupported)
	}
	w.tabled = append(w.tabled, function)
}

func (w *rewriter) elementValue(r *reader) {
	for r.err == nil {
		switch in := r.instruction(); in.op {
		case opRefFunc:
			w.element(r, in.index)
		case opEnd:
			return
		}
	}
}
