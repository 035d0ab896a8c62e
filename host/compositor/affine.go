package compositor

import (
	"container/list"
	"math"
)

// matrix maps pixels of a part to pixels of the stage: x' = a·x + b·y + c, y' = d·x + e·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

// straight says that the part is drawn as it is, at whole pixels: no resampling.
func (m matrix) straight() bool {
	return m.a == 1 && m.b == 0 && m.d == 0 && m.e == 1 && m.c == math.Trunc(m.c) && m.f == math.Trunc(m.f)
}

// Steps to which a transform is rounded so that an idle character, whose motion repeats, finds its bitmaps again. They
// are below what shows: half a pixel of place, and a turn or stretch that moves the edge of a large part by half a pixel.
const (
	placeStep = 1.0 / 2
	shapeStep = 1.0 / 512
)

// rounded splits the transform into a whole offset and the quantised rest.
func (m matrix) rounded() (q matrix, x, y int) {
	step := func(v, s float64) float64 { return math.Round(v/s) * s }
	q = matrix{step(m.a, shapeStep), step(m.b, shapeStep), step(m.c, placeStep), step(m.d, shapeStep), step(m.e, shapeStep), step(m.f, placeStep)}
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
	x0, y0, x1, y1 := m.box(src.w, src.h)
	det := m.a*m.e - m.b*m.d
	w, h := x1-x0, y1-y0
	if math.Abs(det) < 1e-6 || w > maxTurned || h > maxTurned {
		return nil, 0, 0
	}
	out = &pixels{w: w, h: h, pix: make([]byte, 4*w*h)}
	// pixel centres, 16.16: u and v walk through the source as x grows
	ia, ib, id, ie := m.e/det, -m.b/det, -m.d/det, m.a/det
	du, dv := int64(ia*65536), int64(id*65536)
	for j := range h {
		px, py := float64(x0)+0.5-m.c, float64(y0+j)+0.5-m.f
		u, v := int64((ia*px+ib*py-0.5)*65536), int64((id*px+ie*py-0.5)*65536)
		src.sampleRow(out.pix[4*j*w:4*(j+1)*w], u, v, du, dv)
	}
	return out, x0, y0
}

// sampleRow fills a row of pixels along a line through the source.
func (s *pixels) sampleRow(dst []byte, u, v, du, dv int64) {
	for i := 0; i < len(dst); i, u, v = i+4, u+du, v+dv {
		x, y := int(u>>16), int(v>>16)
		if x < -1 || y < -1 || x >= s.w || y >= s.h {
			continue
		}
		fx, fy := uint32(u>>8)&255, uint32(v>>8)&255
		if x < 0 || y < 0 || x+1 >= s.w || y+1 >= s.h {
			s.sampleEdge(dst[i:i+4], x, y, fx, fy)
			continue
		}
		o := 4 * (y*s.w + x)
		p, q := s.pix[o:o+8:o+8], s.pix[o+4*s.w:o+4*s.w+8:o+4*s.w+8]
		if p[3]|p[7]|q[3]|q[7] == 0 {
			continue
		}
		d := dst[i : i+4 : i+4]
		for c := range 4 {
			top := uint32(p[c])*(256-fx) + uint32(p[c+4])*fx
			low := uint32(q[c])*(256-fx) + uint32(q[c+4])*fx
			d[c] = byte((top*(256-fy) + low*fy + 1<<15) >> 16)
		}
	}
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
		top := at(x, y, c)*(256-fx) + at(x+1, y, c)*fx
		low := at(x, y+1, c)*(256-fx) + at(x+1, y+1, c)*fx
		d[c] = byte((top*(256-fy) + low*fy + 1<<15) >> 16)
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
	t.misses++
	e := &turnEntry{key: k}
	if p, x, y := m.turn(src); p != nil {
		e.val = turned{newBitmap(p), x, y}
		e.size = len(p.pix) * 2 // with the planes made of it
	}
	t.found[k] = t.recent.PushFront(e)
	t.size += e.size
	for t.size > t.limit && t.recent.Len() > 1 {
		last := t.recent.Remove(t.recent.Back()).(*turnEntry)
		delete(t.found, last.key)
		t.size -= last.size
	}
	return e.val
}
