package compositor

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/sothebais/sothebais/host/scene"
	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/vector"
)

// glyph is a rendered letter: what lies under all letters of a line (shadow, outline), and its face.
type glyph struct {
	under, face    *bitmap
	underX, underY int // relative to the pen
	faceX, faceY   int
}

// bytes is about what a glyph holds: luma, coverage, and four chroma planes with theirs.
func (g *glyph) bytes() int {
	n := 512
	for _, b := range [2]*bitmap{g.under, g.face} {
		if b != nil {
			n += 5 * b.luma.w * b.luma.h
		}
	}
	return n
}

// look is everything besides size and face that changes how a letter is drawn; equal looks share glyphs.
type look struct {
	color    color.NRGBA
	gradient scene.Gradient
	shaded   bool
	outline  scene.Outline
	shadow   scene.Shadow
}

func lookOf(st *scene.Style) look {
	l := look{color: st.Color}
	if st.Gradient != nil {
		l.gradient, l.shaded = *st.Gradient, true
	}
	if st.Outline != nil {
		l.outline = *st.Outline
	}
	if st.Shadow != nil {
		l.shadow = *st.Shadow
	}
	return l
}

// phases is to how many places within a pixel a letter can be set; without them letters jostle at small sizes.
const phases = 4

type glyphKey struct {
	face  *font.Face
	id    font.GID
	size  float64
	phase int
	look  look
}

// emojiScale fits the square of an emoji to the letters around it, emojiRise sets it on their line.
const (
	emojiScale = 1.14
	emojiRise  = 0.92
)

func renderGlyph(k glyphKey) *glyph {
	switch d := k.face.GlyphData(k.id).(type) {
	case font.GlyphOutline:
		return k.letter(d)
	case font.GlyphBitmap:
		return k.picture(d)
	}
	return &glyph{}
}

func (k glyphKey) letter(d font.GlyphOutline) *glyph {
	s := float32(k.size) / float32(k.face.Upem())
	dx := float32(k.phase) / phases
	x0, y0, x1, y1, any := extent(d, s, dx)
	if !any {
		return &glyph{}
	}
	pad := k.look.pad()
	ox, oy := x0-pad, y0-pad
	m := newMask(x1-x0+2*pad, y1-y0+2*pad)
	v := vector.NewRasterizer(m.w, m.h)
	trace(v, d, func(p opentype.SegmentPoint) (float32, float32) {
		return p.X*s + dx - float32(ox), -p.Y*s - float32(oy)
	})
	m.fill(v)
	g := &glyph{faceX: ox, faceY: oy, underX: ox, underY: oy}
	g.face = m.paint(k.shade(ox, oy))
	if u := k.look.below(m); u != nil {
		g.under = u
	}
	return g
}

// shade shades letters over the height of a capital, so that a line has one gradient and not one a letter.
func (k glyphKey) shade(ox, oy int) ink {
	if !k.look.shaded {
		return flat(k.look.color)
	}
	top := int(-k.size * 0.72)
	in := along(&k.look.gradient, image.Rect(0, top, 1, 0))
	return func(x, y int) color.NRGBA { return in(0, y+oy) }
}

// paint makes a bitmap of a coverage.
func (m *mask) paint(in ink) *bitmap {
	img := image.NewRGBA(image.Rect(0, 0, m.w, m.h))
	lay(img, m, in, 0, 0)
	return letterBitmap(img)
}

// letterBitmap is for pictures that are set anywhere in a line.
func letterBitmap(img image.Image) *bitmap { return newBitmap(convert(img)).settle(0, 0, true) }

// pad is the room that outline and shadow need around a letter.
func (l look) pad() int {
	return 1 + int(math.Ceil(l.outline.Width)) + int(math.Ceil(l.shadow.Blur*1.6)) + max(abs(l.shadow.DX), abs(l.shadow.DY))
}

// below draws outline and shadow of a letter, or nothing.
func (l look) below(m *mask) *bitmap {
	wide := m
	if l.outline.Width > 0 {
		wide = m.grow(l.outline.Width)
	}
	if l.outline.Width == 0 && l.shadow.Color.A == 0 {
		return nil
	}
	img := image.NewRGBA(image.Rect(0, 0, m.w, m.h))
	if l.shadow.Color.A > 0 {
		lay(img, wide.blur(l.shadow.Blur), flat(l.shadow.Color), l.shadow.DX, l.shadow.DY)
	}
	if l.outline.Width > 0 {
		lay(img, wide, flat(l.outline.Color), 0, 0)
	}
	return letterBitmap(img)
}

// extent is the box of an outline in whole pixels.
func extent(d font.GlyphOutline, s, dx float32) (x0, y0, x1, y1 int, any bool) {
	var lx, ly, hx, hy float32 = math.MaxFloat32, math.MaxFloat32, -math.MaxFloat32, -math.MaxFloat32
	for i := range d.Segments {
		for _, a := range d.Segments[i].ArgsSlice() {
			lx, hx = min(lx, a.X*s+dx), max(hx, a.X*s+dx)
			ly, hy = min(ly, -a.Y*s), max(hy, -a.Y*s)
		}
	}
	if hx <= lx || hy <= ly || hx-lx > maxSide || hy-ly > maxSide {
		return 0, 0, 0, 0, false
	}
	floor := func(v float32) int { return int(math.Floor(float64(v))) }
	return floor(lx), floor(ly), floor(hx) + 1, floor(hy) + 1, true
}

func trace(v *vector.Rasterizer, d font.GlyphOutline, at func(opentype.SegmentPoint) (float32, float32)) {
	for i := range d.Segments {
		sg := &d.Segments[i]
		ax, ay := at(sg.Args[0])
		bx, by := at(sg.Args[1])
		cx, cy := at(sg.Args[2])
		switch sg.Op {
		case opentype.SegmentOpMoveTo:
			v.ClosePath()
			v.MoveTo(ax, ay)
		case opentype.SegmentOpLineTo:
			v.LineTo(ax, ay)
		case opentype.SegmentOpQuadTo:
			v.QuadTo(ax, ay, bx, by)
		case opentype.SegmentOpCubeTo:
			v.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	v.ClosePath()
}

// picture scales a bitmap glyph (an emoji); only PNG strikes are known.
func (k glyphKey) picture(d font.GlyphBitmap) *glyph {
	if d.Format != font.PNG {
		return &glyph{}
	}
	src, err := png.Decode(bytes.NewReader(d.Data))
	if err != nil || src.Bounds().Empty() {
		return &glyph{}
	}
	h := max(int(k.size*emojiScale), 1)
	img := image.NewRGBA(image.Rect(0, 0, max(h*src.Bounds().Dx()/src.Bounds().Dy(), 1), h))
	xdraw.CatmullRom.Scale(img, img.Bounds(), src, src.Bounds(), xdraw.Src, nil)
	return &glyph{face: letterBitmap(img), faceY: -int(k.size * emojiRise)}
}
