package compositor

import (
	"encoding/binary"
	"image"
	"math"
)

// maxSide bounds the sides of a part, so that places in it fit 16.16 in 32 bits, and of a turned one; no stage is larger.
const maxSide = 4096

// turned is a part that is resampled while it is drawn: its pixels, the transform, and where the result comes to lie.
// Nothing of it is kept: the next frame has another angle, and sampling again costs less than a cache.
type turned struct {
	part   *limb
	m, inv matrix          // inv is without the offset
	box    image.Rectangle // from the transform alone; the item says from where
}

// limb is a part that can be turned.
type limb struct {
	px    *pixels // with a clear rim, so that every sample has four neighbours
	cells *cells
}

func newLimb(s *pixels) *limb {
	px := s.rimmed()
	return &limb{px, newCells(px)}
}

// turn says how a part is drawn; false means that there is nothing to be seen.
func (m matrix) turn(part *limb) (turned, bool) {
	det := m.a*m.e - m.b*m.d
	if !m.sane() || math.Abs(det) < 1e-6 {
		return turned{}, false
	}
	src := part.px
	x0, y0, x1, y1 := m.box(src.w-2, src.h-2)
	if max(x1-x0, y1-y0, src.w, src.h) > maxSide {
		return turned{}, false
	}
	return turned{part, m, matrix{a: m.e / det, b: -m.b / det, d: -m.d / det, e: m.a / det}, image.Rect(x0, y0, x1, y1)}, true
}

// rimmed is the picture with a clear pixel all around.
func (s *pixels) rimmed() *pixels {
	out := &pixels{w: s.w + 2, h: s.h + 2, pix: make([]byte, 4*(s.w+2)*(s.h+2))}
	for y := range s.h {
		copy(out.pix[4*((y+1)*out.w+1):], s.pix[4*y*s.w:4*(y+1)*s.w])
	}
	return out
}

// walk is a line through a source: where it begins and how it goes on by a pixel, in 16.16.
type walk struct{ u, v, du, dv int64 }

// line is that of a row of the result, from its box's left edge on.
func (t *turned) line(row int) walk {
	inv, x, y := &t.inv, float64(t.box.Min.X)+0.5-t.m.c, float64(row)+0.5-t.m.f // from pixel centre to pixel centre
	const rim = 1 << 16
	return walk{
		int64((inv.a*x+inv.b*y-0.5)*65536) + rim, int64((inv.d*x+inv.e*y-0.5)*65536) + rim, int64(inv.a * 65536), int64(inv.d * 65536),
	}
}

// within is the stretch of a row, between two steps, that has all four neighbours.
func (w walk) within(lo, hi int, s *pixels) (int, int) {
	lo, hi = inside(lo, hi, w.u, w.du, 0, int64(s.w-1)<<16)
	return inside(lo, hi, w.v, w.dv, 0, int64(s.h-1)<<16)
}

// after is the line from a later step on.
func (w walk) after(steps int) walk {
	return walk{w.u + int64(steps)*w.du, w.v + int64(steps)*w.dv, w.du, w.dv}
}

// band is room for two rows of a turned part: as they are sampled, and taken apart into planes.
type band struct {
	rows       [2][]byte // Y, Cb, Cr, A a pixel
	y, a       [2][]byte
	cb, cr, ca []byte
}

// blockOf is how many pixels at once the kernels take rows apart; a band has room for a block more.
const blockOf = 8

func newBand(w int) *band {
	w += 2 * blockOf
	b := &band{cb: make([]byte, w/2), cr: make([]byte, w/2), ca: make([]byte, w/2)}
	for i := range b.rows {
		b.rows[i], b.y[i], b.a[i] = make([]byte, 4*w), make([]byte, w), make([]byte, w)
	}
	return b
}

// draw blends the part, moved by (x,y), inside clip, which lies on even coordinates: two rows at a time, for that is
// what a row of chroma is made of.
func (t *turned) draw(dst *picture, x, y int, alpha uint8, clip image.Rectangle) {
	clip = even(clip.Intersect(t.box.Add(image.Pt(x, y))))
	if alpha == 0 || clip.Empty() {
		return
	}
	if dst.band == nil {
		dst.band = newBand(dst.w)
	}
	for row := clip.Min.Y; row < clip.Max.Y; row += 2 {
		if lo, hi := t.sample(dst, row-y, clip.Min.X-x, clip.Max.X-x); lo < hi {
			dst.blendBand(lo+x, row, hi-lo, alpha)
		}
	}
}

// sample fills the band with two rows of the result and says from where to where there is anything in them, on
// coordinates that are even on the stage as lo and hi are.
func (t *turned) sample(dst *picture, y, lo, hi int) (from, to int) {
	var walks [2]walk
	var ends [2][2]int
	left := t.box.Min.X
	from, to = hi, lo
	for i := range walks {
		walks[i] = t.line(y + i)
		a, b := walks[i].within(max(lo, left)-left, min(hi, t.box.Max.X)-left, t.part.px)
		if ends[i] = [2]int{a + left, b + left}; a < b {
			from, to = min(from, a+left), max(to, b+left)
		}
	}
	if from >= to {
		return 0, 0
	}
	from, to = lo+(from-lo)&^1, lo+(to-lo+1)&^1
	for i, w := range walks {
		row, a, b := dst.band.rows[i][:4*(to-from)], ends[i][0], ends[i][1]
		if a >= b {
			clear(row)
			continue
		}
		clear(row[:4*(a-from)])
		dst.k.sample(row[4*(a-from):4*(b-from)], t.part.px, w.after(a-left))
		clear(row[4*(b-from):])
	}
	dst.k.split(dst.band, to-from)
	return from, to
}

// blendBand blends the first n columns of the band at an even place.
func (p *picture) blendBand(x, y, n int, alpha uint8) {
	b := p.band
	for i := range b.y {
		o := (y+i)*p.w + x
		p.blendRow(p.y[o:o+n], b.y[i], b.a[i], alpha)
	}
	o := (y*p.w/2 + x) / 2
	p.blendRow(p.u[o:o+n/2], b.cb, b.ca, alpha)
	p.blendRow(p.v[o:o+n/2], b.cr, b.ca, alpha)
}

func (p *picture) blendRow(dst, src, a []byte, alpha uint8) {
	if alpha == 255 {
		p.k.blend(dst, src[:len(dst)], a[:len(dst)])
		return
	}
	blendFaded(dst, src[:len(dst)], a[:len(dst)], uint32(alpha))
}

// sampleScalar fills pixels along a line whose every step has four neighbours.
func sampleScalar(dst []byte, s *pixels, w walk) {
	stride := int64(s.w)
	for ; len(dst) >= 4; dst, w = dst[4:], w.after(1) {
		o := 4 * (w.v>>16*stride + w.u>>16)
		top, low := binary.LittleEndian.Uint64(s.pix[o:]), binary.LittleEndian.Uint64(s.pix[o+4*stride:])
		p := uint32(top)
		if top != low || p != uint32(top>>32) { // drawn art is mostly flat, and between four equals there is nothing to mix
			p = bilinear(top, low, uint64(w.u>>8)&255, uint64(w.v>>8)&255)
		}
		binary.LittleEndian.PutUint32(dst, p)
	}
}

// bilinear mixes two pairs of pixels, four channels at once in the lanes of a word.
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

// splitScalar takes the first n columns of both rows apart, n being even; chroma and its coverage are averaged over
// two by two pixels.
func splitScalar(b *band, n int) {
	for x := 0; x < n; x += 2 {
		top, low := b.rows[0][4*x:4*x+8:4*x+8], b.rows[1][4*x:4*x+8:4*x+8]
		b.y[0][x], b.y[0][x+1], b.y[1][x], b.y[1][x+1] = top[0], top[4], low[0], low[4]
		b.a[0][x], b.a[0][x+1], b.a[1][x], b.a[1][x+1] = top[3], top[7], low[3], low[7]
		q := average(binary.LittleEndian.Uint64(top), binary.LittleEndian.Uint64(low))
		b.cb[x/2], b.cr[x/2], b.ca[x/2] = byte(q>>8), byte(q>>16), byte(q>>24)
	}
}
