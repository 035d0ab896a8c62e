package meter

import "fmt"

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
		case secGlobal:
			w.section(secGlobal, w.newGlobals(s.reader()))
			counter = true
		case secExport:
			w.section(secExport, w.newExports(s.reader()))
		case secCode:
			err = w.code(s.reader())
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

func (w *rewriter) newGlobals(r *reader) []byte {
	r.u32()
	b := putU(nil, uint64(w.globals)+1)
	b = append(b, r.b[r.i:]...)
	b = append(b, typeI64, 1, opI64Const)
	return append(putS(b, w.limits.Fuel), opEnd)
}

func (w *rewriter) newExports(r *reader) []byte {
	n := r.u32()
	b := putU(nil, uint64(n)+1+uint64(len(w.mutable)))
	b = append(b, r.b[r.i:]...)
	b = putU(append(putName(b, FuelExport), kindGlob), uint64(w.globals))
	for i, g := range w.mutable {
		b = putU(append(putName(b, w.out.Globals[i]), kindGlob), uint64(g))
	}
	return b
}

func (w *rewriter) code(r *reader) error {
	n := r.u32()
	if int64(n) != int64(len(w.functions)) {
		return fmt.Errorf("%w: %d bodies for %d functions", ErrModule, n, len(w.functions))
	}
	b := putU(make([]byte, 0, len(r.b)*3/2), uint64(n))
	var f function
	for i := range w.functions {
		size := r.u32()
		if int64(size) > int64(w.limits.Body) {
			return fmt.Errorf("function %d has %d bytes, at most %d are allowed: %w", w.imported+i, size, w.limits.Body, ErrTooBig)
		}
		body := r.sub(size)
		if r.err != nil {
			return r.err
		}
		f.reset(w, w.params[w.functions[i]], body)
		if err := f.meter(); err != nil {
			return fmt.Errorf("function %d: %w", w.imported+i, err)
		}
		w.out.Charges += f.charges
		b = putU(b, uint64(len(f.out)))
		b = append(b, f.out...)
	}
	w.section(secCode, b)
	return nil
}
