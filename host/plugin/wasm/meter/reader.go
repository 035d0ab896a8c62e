package meter

import "fmt"

// reader walks over bytes that may be anything. The first failure sticks; from then on it gives zeros and stands at
// the end, so that loops over what it reads come to an end by themselves.
type reader struct {
	b    []byte
	i    int
	base int // offset of b in the module, for errors
	err  error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %w: %s", r.base+r.i, ErrModule, fmt.Sprintf(format, args...))
	}
	r.i = len(r.b)
}

// bound makes err stick, if there is one.
func (r *reader) bound(err error) {
	if r.err == nil && err != nil {
		r.err = err
		r.i = len(r.b)
	}
}

func (r *reader) more() bool { return r.err == nil && r.i < len(r.b) }

func (r *reader) byte() byte {
	if r.i >= len(r.b) {
		r.fail("it ends too early")
		return 0
	}
	c := r.b[r.i]
	r.i++
	return c
}

// u32 reads an unsigned number in LEB128.
func (r *reader) u32() uint32 {
	var v uint64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if v > 1<<32-1 {
				break
			}
			return uint32(v)
		}
	}
	r.fail("number does not fit 32 bits")
	return 0
}

// s32 reads a signed number in LEB128, as its bits.
func (r *reader) s32() uint32 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		c := r.byte()
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			if c&0x40 != 0 {
				v |= -1 << (shift + 7)
			}
			return uint32(v)
		}
	}
	r.fail("number does not fit 32 bits")
	return 0
}

// skipLEB passes over a number of at most n bytes.
func (r *reader) skipLEB(n int) {
	for range n {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail("number is longer than %d bytes", n)
}

// bytes gives the next n bytes, without copying.
func (r *reader) bytes(n uint32) []byte {
	if uint64(n) > uint64(len(r.b)-r.i) {
		r.fail("wants %d bytes, %d are left", n, len(r.b)-r.i)
		return nil
	}
	s := r.b[r.i : r.i+int(n)]
	r.i += int(n)
	return s
}

// sub is a reader over the next n bytes.
func (r *reader) sub(n uint32) *reader {
	base := r.base + r.i
	return &reader{b: r.bytes(n), base: base, err: r.err}
}

func putU(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func putS(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func putName(b []byte, s string) []byte { return append(putU(b, uint64(len(s))), s...) }
