package meter

import (
	"cmp"
	"fmt"
	"slices"
)

// emit writes the new module: the sections as they were, but for globals, exports and code.
func (w *rewriter) emit(secs []section) error {
	w.out.Code = append(make([]byte, 0, w.out.Original*3/2), "\x00asm\x01\x00\x00\x00"...)
	counter := false // whether the global section is written
	for _, s := range secs {
		if !counter && s.id >= secExport {
			w.section(secGlobal, w.newGlobals(&reader{b: []byte{0}}))
			counter = true
		}
		var err error
		switch s.id {
		case secCustom:
			err = w.custom(s)
		case secType:
			w.section(secType, extend(s.reader(), 1, 0x60, 0, 0))
		case secFunction:
			w.section(secFunction, extend(s.reader(), 1, putU(nil, uint64(len(w.params)))...))
		case secGlobal:
			w.section(secGlobal, w.newGlobals(s.reader()))
			counter = true
		case secExport:
			w.section(secExport, w.newExports(s.reader()))
		case secCode:
			err = w.code(s.reader())
		case secStart:
			if !w.limits.Detach {
				w.section(s.id, s.body)
			}
		case secData:
			if !w.limits.Detach {
				w.section(s.id, s.body)
				break
			}
			err = w.detach(s.reader())
		default:
			w.section(s.id, s.body)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *rewriter) section(id byte, body []byte) {
	w.out.Code = append(w.out.Code, id)
	w.out.Code = putU(w.out.Code, uint64(len(body)))
	w.out.Code = append(w.out.Code, body...)
}

// custom keeps the names of functions, which make stack traces readable; their numbers stay as they were.
func (w *rewriter) custom(s section) error {
	r := s.reader()
	if name := r.bytes(r.u32()); string(name) == "name" {
		w.section(secCustom, s.body)
	}
	return r.err
}

// extend adds n items to the vector that a section is.
func extend(r *reader, n int, items ...byte) []byte {
	b := putU(nil, uint64(r.u32())+uint64(n))
	return append(append(b, r.b[r.i:]...), items...)
}

// Numbers of what the rewrite adds.
func (w *rewriter) fuel() uint64   { return uint64(w.globals) }
func (w *rewriter) budget() uint64 { return uint64(w.globals) + 1 }
func (w *rewriter) refuel() uint64 { return uint64(w.imported) + uint64(len(w.functions)) }

func (w *rewriter) newGlobals(r *reader) []byte {
	add := append(putS([]byte{typeI64, 1, opI64Const}, Slice), opEnd)
	add = append(putS(append(add, typeI64, 1, opI64Const), w.limits.Fuel), opEnd)
	return extend(r, 2, add...)
}

func (w *rewriter) newExports(r *reader) []byte {
	add := putU(append(putName(nil, FuelExport), kindGlob), w.fuel())
	add = putU(append(putName(add, BudgetExport), kindGlob), w.budget())
	for i, g := range w.mutable {
		add = putU(append(putName(add, w.out.Globals[i]), kindGlob), uint64(g))
	}
	n := 2 + len(w.mutable)
	if w.limits.Detach && w.start >= 0 {
		add = putU(append(putName(add, StartExport), 0), uint64(w.start))
		n++
	}
	return extend(r, n, add...)
}

// detach takes the active segments out. In their place stand passive ones without bytes, which is what they are once
// they have been put into memory.
func (w *rewriter) detach(r *reader) error {
	n := r.u32()
	b := putU(nil, uint64(n))
	for ; n > 0 && r.err == nil; n-- {
		switch flags := r.u32(); flags {
		case 1:
			bytes := r.bytes(r.u32())
			b = append(putU(append(b, 1), uint64(len(bytes))), bytes...)
		case 0, 2:
			if flags == 2 {
				r.u32()
			}
			offset := w.offset(r)
			w.out.Data = append(w.out.Data, Segment{offset, slices.Clone(r.bytes(r.u32()))})
			b = append(b, 1, 0)
		default:
			r.fail("data segment with flags %d", flags)
		}
	}
	w.section(secData, b)
	return r.err
}

// offset reads where a segment goes. Nothing but a number can stand there: there are no imported globals.
func (w *rewriter) offset(r *reader) uint32 {
	if op := r.byte(); op != opI32Const {
		r.fail("place of a data segment is instruction 0x%02x, want a number", op)
	}
	v := r.s32()
	if r.byte() != opEnd {
		r.fail("place of a data segment is more than a number")
	}
	return v
}

// refuelBody is the function that takes the next slice, and pays what the last one is short of:
//
//	budget -= Slice - fuel; if budget < 0 { unreachable }; fuel = Slice; memory.grow(0)
func (w *rewriter) refuelBody() []byte {
	b := putU([]byte{0, opGlobalGet}, w.budget())
	b = putS(append(b, opI64Const), Slice)
	b = putU(append(b, opGlobalGet), w.fuel())
	b = putU(append(b, opI64Sub, opI64Sub, opGlobalSet), w.budget())
	b = putU(append(b, opGlobalGet), w.budget())
	b = append(b, opI64Const, 0, opI64LtS, opIf, emptyBlock, opUnreachable, opEnd)
	b = putS(append(b, opI64Const), Slice)
	b = putU(append(b, opGlobalSet), w.fuel())
	return append(b, opI32Const, 0, opMemoryGrow, 0, opDrop, opEnd)
}

func (w *rewriter) code(r *reader) error {
	n := r.u32()
	if int64(n) != int64(len(w.functions)) {
		return fmt.Errorf("%w: %d bodies for %d functions", ErrModule, n, len(w.functions))
	}
	if err := w.surveyCode(*r); err != nil {
		return err
	}
	b := putU(make([]byte, 0, len(r.b)*3/2), uint64(n)+1)
	err := w.bodies(*r, func(_ int, f *function) error {
		f.meter()
		w.out.Charges += f.charges
		w.out.Compile += f.compile()
		b = putU(b, uint64(len(f.out)))
		b = append(b, f.out...)
		return tooBig(Compile, w.out.Compile, w.limits.Compile)
	})
	if err != nil {
		return err
	}
	extra := w.refuelBody()
	w.section(secCode, append(putU(b, uint64(len(extra))), extra...))
	return nil
}

// bodies reads all functions, whose bodies are in r, and gives each to do, for as long as that goes well.
func (w *rewriter) bodies(r reader, do func(i int, f *function) error) error {
	var f function
	for i := range w.functions {
		size := r.u32()
		err := tooBig(Body, int64(size), int64(w.limits.Body))
		if err == nil {
			f.reset(w, i, r.sub(size))
			err = cmp.Or(r.err, f.read())
		}
		if err == nil {
			err = do(i, &f)
		}
		if err != nil {
			return fmt.Errorf("function %d: %w", w.imported+i, err)
		}
	}
	return nil
}
