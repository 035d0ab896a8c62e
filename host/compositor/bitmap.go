package compositor

import (
	"encoding/binary"
	"image"
	"image/draw"
	"math/bits"
)

// pixels is a picture as premultiplied Y, Cb, Cr, A, four bytes a pixel: what every bitmap is made of. Averages and
// interpolations of such pixels are right, so nothing ever goes back to RGB.
type pixels struct {
	w, h   int
	pix    []byte
	opaque bool
}

// convert takes any image.
func convert(img image.Image) *pixels {
	b := img.Bounds()
	src, ok := img.(*image.RGBA)
	if !ok {
		src = image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(src, src.Bounds(), img, b.Min, draw.Src)
		b = src.Bounds()
	}
	p := &pixels{w: b.Dx(), h: b.Dy(), pix: make([]byte, 4*b.Dx()*b.Dy()), opaque: src.Opaque()}
	for y := range p.h {
		s := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
		d := p.pix[4*y*p.w : 4*(y+1)*p.w]
		for i := 0; i < len(d); i += 4 {
			q, o := s[i:i+4:i+4], d[i:i+4:i+4]
			r, g, b, a := int32(q[0]), int32(q[1]), int32(q[2]), int32(q[3])
			o[0], o[1], o[2], o[3] = lumaOf(r, g, b, a), cbOf(r, g, b, a), crOf(r, g, b, a), q[3]
		}
	}
	return p
}

type spanKind uint8

const (
	solid   spanKind = iota // copied
	blended                 // blended by the coverage
)

type span struct {
	x0, x1 int32
	kind   spanKind
}

// plane is a premultiplied sample plane with its coverage, and for each row the spans that are not transparent.
type plane struct {
	w, h  int
	pix   [2][]byte // luma alone, or Cb and Cr
	a     []byte    // nil when all is opaque
	spans []span
	rows  []int32 // rows[y] to rows[y+1] index spans
}

// worth is how long a stretch must be before a copy or a skip beats blending on.
const worth = 16

func (p *plane) index() {
	p.rows = make([]int32, p.h+1)
	for y := range p.h {
		p.rows[y] = int32(len(p.spans))
		if p.a == nil {
			p.spans = append(p.spans, span{0, int32(p.w), solid})
			continue
		}
		p.indexRow(p.a[y*p.w : (y+1)*p.w])
	}
	p.rows[p.h] = int32(len(p.spans))
}

func (p *plane) indexRow(row []byte) {
	for x := 0; x < len(row); {
		n := stretch(row, x)
		switch {
		case row[x] == 0:
			x += n
			continue
		case row[x] == 255 && (n >= worth || x+n == len(row)):
			p.spans = append(p.spans, span{int32(x), int32(x + n), solid})
			x += n
			continue
		}
		x0 := x
		for x < len(row) {
			n = stretch(row, x)
			if (row[x] == 0 || row[x] == 255) && (n >= worth || row[x] == 0 && x+n == len(row)) {
				break
			}
			x += n
		}
		p.spans = append(p.spans, span{int32(x0), int32(x), blended})
	}
}

// stretch is how many equal bytes begin at x.
func stretch(row []byte, x int) int {
	n, v := x+1, uint64(row[x])*0x01010101_01010101
	for n+8 <= len(row) {
		if d := binary.LittleEndian.Uint64(row[n:]) ^ v; d != 0 {
			return n + bits.TrailingZeros64(d)/8 - x
		}
		n += 8
	}
	for n < len(row) && row[n] == row[x] {
		n++
	}
	return n - x
}

// blit draws one component with its top-left at (x,y).
func (p *plane) blit(k kernel, dst []byte, stride, which, x, y int, alpha uint8, clip image.Rectangle) {
	for yy := max(y, clip.Min.Y); yy < min(y+p.h, clip.Max.Y); yy++ {
		r := yy - y
		row := dst[yy*stride : (yy+1)*stride]
		for _, sp := range p.spans[p.rows[r]:p.rows[r+1]] {
			a0, a1 := max(int(sp.x0)+x, clip.Min.X), min(int(sp.x1)+x, clip.Max.X)
			if a0 >= a1 {
				continue
			}
			s := r*p.w + a0 - x
			d, c := row[a0:a1], p.pix[which][s:s+a1-a0]
			switch {
			case alpha == 255 && sp.kind == solid:
				copy(d, c)
			case alpha == 255:
				k.blend(d, c, p.a[s:s+a1-a0])
			case sp.kind == solid:
				blendFaded(d, c, nil, uint32(alpha))
			default:
				blendFaded(d, c, p.a[s:s+a1-a0], uint32(alpha))
			}
		}
	}
}

// bitmap is a picture converted once: luma at full size, and chroma for each of the four parities that a position can
// have, so that sprites move by single pixels though chroma has half the size. A chroma plane is made when it is first
// drawn, so until it is settled a bitmap belongs to the goroutine that draws.
type bitmap struct {
	src    *pixels // nil once settled
	luma   plane
	chroma [4]*plane // index (x&1)|(y&1)<<1
}

func newBitmap(src *pixels) *bitmap {
	n := src.w * src.h
	y8, a8 := make([]byte, n), make([]byte, n)
	for i, p := 0, src.pix; i < len(y8) && i < len(a8) && len(p) >= 4; i, p = i+1, p[4:] {
		y8[i], a8[i] = p[0], p[3]
	}
	b := &bitmap{src: src, luma: plane{w: src.w, h: src.h, pix: [2][]byte{y8}}}
	if !src.opaque {
		b.luma.a = a8
	}
	b.luma.index()
	return b
}

// settle makes the chroma planes for a place, or for all if it moves, and lets go of the pixels, which are the larger
// half of a bitmap. It must not be drawn anywhere else then.
func (b *bitmap) settle(x, y int, moves bool) *bitmap {
	if b.src == nil {
		return b
	}
	b.chromaAt(x&1, y&1)
	for k := 0; moves && k < len(b.chroma); k++ {
		b.chromaAt(k&1, k>>1)
	}
	b.src = nil
	return b
}

// chromaAt gives the chroma planes for a position's parity.
func (b *bitmap) chromaAt(px, py int) *plane {
	k := px | py<<1
	if b.chroma[k] == nil {
		b.chroma[k] = b.subsample(px, py)
	}
	return b.chroma[k]
}

func (b *bitmap) subsample(px, py int) *plane {
	s := b.src
	cw, ch := (s.w+px+1)/2, (s.h+py+1)/2
	p := &plane{w: cw, h: ch, pix: [2][]byte{make([]byte, cw*ch), make([]byte, cw*ch)}}
	if !s.opaque || px != 0 || py != 0 || s.w&1 != 0 || s.h&1 != 0 {
		p.a = make([]byte, cw*ch)
	}
	for y := range ch {
		for x := range cw {
			q := s.average(2*x-px, 2*y-py)
			i := y*cw + x
			p.pix[0][i], p.pix[1][i] = byte(q>>8), byte(q>>16)
			if p.a != nil {
				p.a[i] = byte(q >> 24)
			}
		}
	}
	p.index()
	return p
}

// average of the two by two pixels at (x,y), one channel a byte; what lies outside is transparent.
func (s *pixels) average(x, y int) uint32 {
	if x >= 0 && y >= 0 && x+1 < s.w && y+1 < s.h {
		o := 4 * (y*s.w + x)
		return average(binary.LittleEndian.Uint64(s.pix[o:]), binary.LittleEndian.Uint64(s.pix[o+4*s.w:]))
	}
	var sum [4]uint32
	for j := max(y, 0); j < min(y+2, s.h); j++ {
		for i := max(x, 0); i < min(x+2, s.w); i++ {
			for c, v := range s.pix[4*(j*s.w+i) : 4*(j*s.w+i)+4] {
				sum[c] += uint32(v)
			}
		}
	}
	return (sum[0]+2)/4 | (sum[1]+2)/4<<8 | (sum[2]+2)/4<<16 | (sum[3]+2)/4<<24
}

// average of two pairs of pixels.
func average(top, low uint64) uint32 {
	const lanes = 0x00ff00ff_00ff00ff
	if top == low && uint32(top) == uint32(top>>32) {
		return uint32(top)
	}
	even := top&lanes + low&lanes          // channels 0 and 2 of both columns
	odd := top>>8&lanes + low>>8&lanes     // and 1 and 3
	even, odd = even+even>>32, odd+odd>>32 // columns together
	const two = 0x00020002
	e, d := uint32(even)+two, uint32(odd)+two
	return e>>2&0x00ff00ff | d<<6&0xff00ff00
}

func (b *bitmap) bounds() image.Rectangle { return image.Rect(0, 0, b.luma.w, b.luma.h) }

// draw blends the bitmap at (x,y) inside clip, which lies on even coordinates.
func (b *bitmap) draw(dst *picture, x, y int, alpha uint8, clip image.Rectangle) {
	if alpha == 0 || !b.bounds().Add(image.Pt(x, y)).Overlaps(clip) {
		return
	}
	b.luma.blit(dst.k, dst.y, dst.w, 0, x, y, alpha, clip)
	c, h := b.chromaAt(x&1, y&1), half(clip)
	c.blit(dst.k, dst.u, dst.w/2, 0, x>>1, y>>1, alpha, h)
	c.blit(dst.k, dst.v, dst.w/2, 1, x>>1, y>>1, alpha, h)
}
