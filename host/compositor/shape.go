package compositor

import (
	"image"
	"image/color"
	"math"

	"github.com/sothebais/sothebais/host/scene"
	"golang.org/x/image/vector"
)

// mask is a coverage of w by h.
type mask struct {
	w, h int
	a    []byte
}

func newMask(w, h int) *mask { return &mask{w, h, make([]byte, w*h)} }

// roundBox is the coverage of a box with round corners, inset by d on every side.
func roundBox(w, h, pad int, radius, d float64) *mask {
	m := newMask(w+2*pad, h+2*pad)
	x0, y0 := float32(pad)+float32(d), float32(pad)+float32(d)
	x1, y1 := float32(pad+w)-float32(d), float32(pad+h)-float32(d)
	if x1 <= x0 || y1 <= y0 {
		return m
	}
	r := float32(min(max(radius-d, 0), float64(x1-x0)/2, float64(y1-y0)/2))
	k := r * 0.44772 // 1 minus the magic number of a circle's cubic
	v := vector.NewRasterizer(m.w, m.h)
	v.MoveTo(x0+r, y0)
	v.LineTo(x1-r, y0)
	v.CubeTo(x1-k, y0, x1, y0+k, x1, y0+r)
	v.LineTo(x1, y1-r)
	v.CubeTo(x1, y1-k, x1-k, y1, x1-r, y1)
	v.LineTo(x0+r, y1)
	v.CubeTo(x0+k, y1, x0, y1-k, x0, y1-r)
	v.LineTo(x0, y0+r)
	v.CubeTo(x0, y0+k, x0+k, y0, x0+r, y0)
	v.ClosePath()
	m.fill(v)
	return m
}

func (m *mask) fill(v *vector.Rasterizer) {
	v.Draw(&image.Alpha{Pix: m.a, Stride: m.w, Rect: image.Rect(0, 0, m.w, m.h)}, image.Rect(0, 0, m.w, m.h), image.Opaque, image.Point{})
}

// minus takes another coverage of the same size away.
func (m *mask) minus(o *mask) *mask {
	out := newMask(m.w, m.h)
	for i, a := range m.a {
		out.a[i] = byte(max(int(a)-int(o.a[i]), 0))
	}
	return out
}

// blur is three box filters, which is near to a Gaussian.
func (m *mask) blur(radius float64) *mask {
	r := int(math.Round(radius / 2))
	if r < 1 {
		return m
	}
	out := &mask{m.w, m.h, append([]byte(nil), m.a...)}
	tmp := make([]byte, max(m.w, m.h))
	for range 3 {
		for y := range m.h {
			boxFilter(out.a[y*m.w:(y+1)*m.w], 1, m.w, r, tmp)
		}
		for x := range m.w {
			boxFilter(out.a[x:], m.w, m.h, r, tmp)
		}
	}
	return out
}

func boxFilter(s []byte, step, n, r int, tmp []byte) {
	sum, div := 0, 2*r+1
	for i := range n {
		tmp[i] = s[i*step]
	}
	for i := -r; i < n; i++ {
		if i+r < n {
			sum += int(tmp[i+r])
		}
		if i-r-1 >= 0 {
			sum -= int(tmp[i-r-1])
		}
		if i >= 0 {
			s[i*step] = byte((sum + div/2) / div)
		}
	}
}

// grow widens a coverage by a distance in all directions.
func (m *mask) grow(d float64) *mask {
	out := newMask(m.w, m.h)
	r := int(math.Ceil(d))
	for dy := -r; dy <= r; dy++ {
		for dx := -r; dx <= r; dx++ {
			k := min(max(d+0.5-math.Hypot(float64(dx), float64(dy)), 0), 1)
			if k > 0 {
				out.most(m, dx, dy, uint32(k*256))
			}
		}
	}
	return out
}

// most takes the greater of what is there and of another coverage, moved and weakened.
func (m *mask) most(o *mask, dx, dy int, k uint32) {
	for y := max(0, dy); y < min(m.h, m.h+dy); y++ {
		d, s := m.a[y*m.w:(y+1)*m.w], o.a[(y-dy)*m.w:(y-dy+1)*m.w]
		for x := max(0, dx); x < min(m.w, m.w+dx); x++ {
			if v := byte(uint32(s[x-dx]) * k >> 8); v > d[x] {
				d[x] = v
			}
		}
	}
}

// ink colours a coverage.
type ink func(x, y int) color.NRGBA

func flat(c color.NRGBA) ink { return func(int, int) color.NRGBA { return c } }

// along is a gradient over a box.
func along(g *scene.Gradient, box image.Rectangle) ink {
	sin, cos := math.Sincos(g.Angle * math.Pi / 180)
	w, h := float64(box.Dx()), float64(box.Dy())
	half := (math.Abs(cos)*w + math.Abs(sin)*h) / 2
	cx, cy := float64(box.Min.X)+w/2, float64(box.Min.Y)+h/2
	return func(x, y int) color.NRGBA {
		t := ((float64(x)+0.5-cx)*cos + (float64(y)+0.5-cy)*sin) / (2 * half)
		return mixColor(g.From, g.To, min(max(t+0.5, 0), 1))
	}
}

func mixColor(a, b color.NRGBA, t float64) color.NRGBA {
	m := func(p, q uint8) uint8 { return uint8(float64(p) + (float64(q)-float64(p))*t + 0.5) }
	return color.NRGBA{m(a.R, b.R), m(a.G, b.G), m(a.B, b.B), m(a.A, b.A)}
}

// lay blends a coloured coverage over a premultiplied image, with the mask's top-left at (ox,oy).
func lay(dst *image.RGBA, m *mask, in ink, ox, oy int) {
	for y := range m.h {
		for x := range m.w {
			a := uint32(m.a[y*m.w+x])
			if a == 0 || !(image.Point{x + ox, y + oy}).In(dst.Rect) {
				continue
			}
			c := in(x+ox, y+oy)
			a = uint32(scale(c.A, a))
			p := dst.Pix[dst.PixOffset(x+ox, y+oy):]
			p[0] = over(p[0], scale(c.R, a), a)
			p[1] = over(p[1], scale(c.G, a), a)
			p[2] = over(p[2], scale(c.B, a), a)
			p[3] = over(p[3], byte(a), a)
		}
	}
}

// shaped is a drawn shape and where its top-left lies relative to the box it was made for.
type shaped struct {
	bm   *bitmap
	x, y int
}

// drawBox renders a box in a style: shadow, fill or gradient, outline.
func drawBox(w, h int, st *scene.Style) *shaped {
	pad := shadowPad(st)
	in := flat(st.Fill)
	if st.Gradient != nil {
		in = along(st.Gradient, image.Rect(pad, pad, pad+w, pad+h))
	}
	return drawInk(w, h, st, in)
}

// drawFramed renders a picture like a box that is filled with it.
func drawFramed(pic *image.RGBA, st *scene.Style) *shaped {
	pad := shadowPad(st)
	return drawInk(pic.Rect.Dx(), pic.Rect.Dy(), st, func(x, y int) color.NRGBA {
		return color.NRGBAModel.Convert(pic.RGBAAt(x-pad, y-pad)).(color.NRGBA)
	})
}

// shadowPad is the room that a style's shadow needs on every side.
func shadowPad(st *scene.Style) int {
	if s := st.Shadow; s != nil {
		return int(math.Ceil(s.Blur*1.6)) + max(abs(s.DX), abs(s.DY)) + 1
	}
	return 0
}

func drawInk(w, h int, st *scene.Style, in ink) *shaped {
	pad := shadowPad(st)
	img := image.NewRGBA(image.Rect(0, 0, w+2*pad, h+2*pad))
	body := roundBox(w, h, pad, st.Radius, 0)
	if s := st.Shadow; s != nil {
		lay(img, body.blur(s.Blur), flat(s.Color), s.DX, s.DY)
		cutOut(img, body)
	}
	lay(img, body, in, 0, 0)
	if o := st.Outline; o != nil {
		lay(img, body.minus(roundBox(w, h, pad, st.Radius, o.Width)), flat(o.Color), 0, 0)
	}
	return &shaped{newBitmap(convert(img)), -pad, -pad}
}

// cutOut removes what lies under a coverage: a translucent box must not show its own shadow.
func cutOut(dst *image.RGBA, m *mask) {
	for i, a := range m.a {
		if a > 0 {
			for c := range 4 {
				dst.Pix[4*i+c] = scale(dst.Pix[4*i+c], uint32(255-a))
			}
		}
	}
}

func abs(v int) int { return max(v, -v) }
