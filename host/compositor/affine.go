package compositor

import (
	"container/list"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sync"
	"sync/atomic"
)

// matrix maps pixels of a part to pixels of the stage: x' = a·x + b·y + c, y' = d·x + e·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

// straight says that the part is drawn as it is, at whole pixels: no resampling.
func (m matrix) straight() bool {
	return m.a == 1 && m.b == 0 && m.d == 0 && m.e == 1 && m.c == math.Trunc(m.c) && m.f == math.Trunc(m.f)
}

// sane says that nothing is infinite or not a number, and that all lies near the stage.
func (m matrix) sane() bool {
	for _, v := range [6]float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		if !(math.Abs(v) < 1e5) {
			return false
		}
	}
	return true
}

// placeStep is to what a part's place is rounded. Together with shapeStep it lets an idle character, whose motion
// repeats, find its bitmaps again, and small parts that hardly turn need no turning at all.
const placeStep = 1.0 / 2

// shapeStep is to what turn and stretch of a part are rounded: a power of two that leaves its edges, seen from its
// middle, within a quarter of a pixel.
func shapeStep(w, h int) float64 {
	return 1 / float64(int(1)<<min(max(bits.Len(uint(max(w, h)-1)), 4), 10))
}

// rounded splits the transform of a w by h part into a whole offset and the rounded rest; its middle stays where it is.
func (m matrix) rounded(w, h int) (q matrix, x, y int) {
	step := func(v, s float64) float64 { return math.Round(v/s) * s }
	s := shapeStep(w, h)
	q = matrix{a: step(m.a, s), b: step(m.b, s), d: step(m.d, s), e: step(m.e, s)}
	cx, cy := float64(w)/2, float64(h)/2
	q.c = step(m.c+(m.a-q.a)*cx+(m.b-q.b)*cy, placeStep)
	q.f = step(m.f+(m.d-q.d)*cx+(m.e-q.e)*cy, placeStep)
	fx, fy := math.Floor(q.c), math.Floor(q.f)
	q.c, q.f = q.c-fx, q.f-fy
	return q, int(fx), int(fy)
}

// box is where a w by h picture comes to lie.
func (m matrix) box(w, h int) (x0, y0, x1, y1 int) {
	loX, loY, hiX, hiY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range [4][2]float64{{0, 0}, {float64(w), 0}, {0, float64(h)}, {float64(w), float64(h)}} {
		x, y := m.a*p[0]+m.b*p[1]+m.c, m.d*p[0]+m.e*p[1]+m.f
		loX, loY, hiX, hiY = min(loX, x), min(loY, y), max(hiX, x), max(hiY, y)
	}
	return int(math.Floor(loX)) - 1, int(math.Floor(loY)) - 1, int(math.Ceil(hiX)) + 1, int(math.Ceil(hiY)) + 1
}

// maxTurned bounds a transformed part; no stage is larger.
const maxTurned = 4096

// turn resamples a picture bilinearly; x and y are where its top-left comes to lie.
func (m matrix) turn(src *pixels) (out *pixels, x, y int) {
	det := m.a*m.e - m.b*m.d
	if !m.sane() || math.Abs(det) < 1e-6 {
		return nil, 0, 0
	}
	x0, y0, x1, y1 := m.box(src.w, src.h)
	w, h := x1-x0, y1-y0
	if w > maxTurned || h > maxTurned {
		return nil, 0, 0
	}
	out = &pixels{w: w, h: h, pix: make([]byte, 4*w*h)}
	// pixel centres, 16.16: u and v walk through the source as x grows
	ia, ib, id, ie := m.e/det, -m.b/det, -m.d/det, m.a/det
	du, dv := int64(ia*65536), int64(id*65536)
	for j := range h {
		px, py := float64(x0)+0.5-m.c, float64(y0+j)+0.5-m.f
		u, v := int64((ia*px+ib*py-0.5)*65536), int64((id*px+ie*py-0.5)*65536)
		src.sampleLine(out.pix[4*j*w:4*(j+1)*w], u, v, du, dv)
	}
	return out, x0, y0
}

func s16(n int) int64 { return int64(n) << 16 }

// inside narrows a range of steps to those at which u + step·du lies from first up to the size, in 16.16.
func inside(lo, hi int, u, du, first, size int64) (int, int) {
	switch {
	case du == 0:
		if u < first || u >= size {
			return 0, 0
		}
	case du > 0:
		lo = max(lo, int(ceilDiv(first-u, du)))
		hi = min(hi, int(ceilDiv(size-u, du)))
	default:
		lo = max(lo, int(ceilDiv(u-size+1, -du)))
		hi = min(hi, int(ceilDiv(u-first+1, -du)))
	}
	return lo, hi
}

// ceilDiv rounds up; b is positive.
func ceilDiv(a, b int64) int64 {
	if a <= 0 {
		return a / b
	}
	return (a + b - 1) / b
}

// sampleLine fills a row of clear pixels along a line through the source: nothing where the line is outside, with care
// along the rim, and quickly between.
func (s *pixels) sampleLine(dst []byte, u, v, du, dv int64) {
	lo, hi := inside(0, len(dst)/4, u, du, -1<<16, s16(s.w))
	lo, hi = inside(lo, hi, v, dv, -1<<16, s16(s.h))
	from, to := inside(lo, hi, u, du, 0, s16(s.w-1))
	from, to = inside(from, to, v, dv, 0, s16(s.h-1))
	if from >= to {
		from, to = hi, hi
	}
	s.sampleRim(dst, lo, from, u, v, du, dv)
	if n := int64(from); from < to {
		s.sampleRow(dst[4*from:4*to], u+n*du, v+n*dv, du, dv)
	}
	s.sampleRim(dst, to, hi, u, v, du, dv)
}

func (s *pixels) sampleRim(dst []byte, lo, hi int, u, v, du, dv int64) {
	for i := lo; i < hi; i++ {
		u, v := u+int64(i)*du, v+int64(i)*dv
		s.sampleEdge(dst[4*i:4*i+4], int(u>>16), int(v>>16), uint32(u>>8)&255, uint32(v>>8)&255)
	}
}

// sampleRow fills pixels along a line that stays inside the source.
func (s *pixels) sampleRow(dst []byte, u, v, du, dv int64) {
	stride := int64(s.w)
	for ; len(dst) >= 4; dst, u, v = dst[4:], u+du, v+dv {
		o := 4 * (v>>16*stride + u>>16)
		top, low := binary.LittleEndian.Uint64(s.pix[o:]), binary.LittleEndian.Uint64(s.pix[o+4*stride:])
		p := uint32(top)
		if top != low || p != uint32(top>>32) { // drawn art is mostly flat, and between four equals there is nothing to mix
			p = bilinear(top, low, uint64(u>>8)&255, uint64(v>>8)&255)
		}
		binary.LittleEndian.PutUint32(dst, p)
	}
}

// bilinear mixes two pairs of pixels, four channels at once in the lanes of a word. It gives what sampleEdge gives.
func bilinear(top, low, fx, fy uint64) uint32 {
	const lanes = 0x00ff00ff_00ff00ff
	spread := func(p uint64) uint64 { return (p | p<<24) & lanes } // channels 0 and 2 below, 1 and 3 above
	a, b := spread(top&0xffffffff), spread(top>>32)
	c, d := spread(low&0xffffffff), spread(low>>32)
	// 256·a + (b-a)·f: what the lanes borrow of each other on the way is given back, for the sum of each fits its lane
	t := (a<<8 + (b-a)*fx + 0x00800080_00800080) >> 8 & lanes
	l := (c<<8 + (d-c)*fx + 0x00800080_00800080) >> 8 & lanes
	m := (t<<8 + (l-t)*fy + 0x00800080_00800080) >> 8 & lanes
	return uint32(m | m>>24)
}

// sampleEdge is sampleRow's step where a neighbour lies outside and is transparent.
func (s *pixels) sampleEdge(d []byte, x, y int, fx, fy uint32) {
	at := func(x, y, c int) uint32 {
		if x < 0 || y < 0 || x >= s.w || y >= s.h {
			return 0
		}
		return uint32(s.pix[4*(y*s.w+x)+c])
	}
	for c := range 4 {
		top := (at(x, y, c)*(256-fx) + at(x+1, y, c)*fx + 128) >> 8
		low := (at(x, y+1, c)*(256-fx) + at(x+1, y+1, c)*fx + 128) >> 8
		d[c] = byte((top*(256-fy) + low*fy + 128) >> 8)
	}
}

// turned is a transformed part and where its top-left lies.
type turned struct {
	bm   *bitmap
	x, y int
}

type turnKey struct {
	src *pixels
	m   matrix
}

// turner keeps the transformed bitmaps that were used last, up to a number of bytes.
type turner struct {
	limit, size int
	found       map[turnKey]*list.Element
	recent      *list.List // of *turnEntry, latest first
	misses      uint64
}

type turnEntry struct {
	key  turnKey
	val  turned
	size int
}

func newTurner(limit int) *turner {
	return &turner{limit: limit, found: map[turnKey]*list.Element{}, recent: list.New()}
}

// get finds or makes the bitmap for a quantised transform.
func (t *turner) get(src *pixels, m matrix) turned {
	k := turnKey{src, m}
	if e := t.found[k]; e != nil {
		t.recent.MoveToFront(e)
		return e.Value.(*turnEntry).val
	}
	e := newTurnEntry(k)
	t.keep(e)
	return e.val
}

// ready makes the bitmaps of several transforms that are not there yet, two at a time: turning is most of what a moving
// figure costs, and a frame waits for the last of them.
func (t *turner) ready(keys []turnKey) {
	keys = slices.DeleteFunc(keys, func(k turnKey) bool { return t.found[k] != nil })
	if len(keys) < 2 {
		return // get makes a single one as well
	}
	made := make([]*turnEntry, len(keys))
	var next atomic.Int64
	work := func() {
		for i := next.Add(1) - 1; int(i) < len(keys); i = next.Add(1) - 1 {
			made[i] = newTurnEntry(keys[i])
		}
	}
	var other sync.WaitGroup
	other.Go(work)
	work()
	other.Wait()
	for _, e := range made {
		if t.found[e.key] == nil { // a part can stand in a figure twice
			t.keep(e)
		}
	}
}

// newTurnEntry transforms a picture; it reads nothing that changes.
func newTurnEntry(k turnKey) *turnEntry {
	e := &turnEntry{key: k, size: 512}
	if p, x, y := k.m.turn(k.src); p != nil {
		e.val = turned{newBitmap(p), x, y}
		e.size += len(p.pix) * 2 // with the planes made of it
	}
	return e
}

// keep takes an entry in and lets the oldest go.
func (t *turner) keep(e *turnEntry) {
	t.misses++
	t.found[e.key] = t.recent.PushFront(e)
	t.size += e.size
	for t.size > t.limit && t.recent.Len() > 1 {
		last := t.recent.Remove(t.recent.Back()).(*turnEntry)
		delete(t.found, last.key)
		t.size -= last.size
	}
}
