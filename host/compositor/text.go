package compositor

import (
	"image"
	"strings"
	"sync"
	"unicode"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/shaping"
	"github.com/sothebais/sothebais/host/scene"
	"golang.org/x/image/math/fixed"
)

// run is a text that is laid out: glyph bitmaps at their places, relative to the box they were set in.
type run struct {
	under, faces []mark // outlines and shadows lie under every letter, not over the letter before
	box          image.Rectangle
}

type mark struct {
	bm   *bitmap
	x, y int
}

func (r *run) bounds() image.Rectangle { return r.box }

func (r *run) draw(dst *picture, x, y int, alpha uint8, clip image.Rectangle) {
	for _, marks := range [2][]mark{r.under, r.faces} {
		for i := range marks {
			m := &marks[i]
			m.bm.draw(dst, x+m.x, y+m.y, alpha, clip)
		}
	}
}

// maxRunes bounds a text; nothing longer could be read on a screen.
const maxRunes = 400

// How far the caches grow before they are emptied. Glyphs count in bytes: a large letter with its shadow takes as much
// as a hundred small ones.
const (
	maxGlyphs = 32 << 20
	maxRuns   = 1000
)

// typesetter lays out text. Its methods may be called by any goroutine; a run that it gave never changes.
type typesetter struct {
	mu     sync.Mutex
	fonts  *fontSet
	shaper shaping.HarfbuzzShaper
	seg    shaping.Segmenter
	wrap   shaping.LineWrapper
	glyphs map[glyphKey]*glyph
	held   int // bytes of them
	runs   map[runKey]*run
}

type runKey struct {
	layer *scene.Layer
	text  string
}

func newTypesetter(fonts *fontSet) *typesetter {
	return &typesetter{fonts: fonts, glyphs: map[glyphKey]*glyph{}, runs: map[runKey]*run{}}
}

// set lays out a text for a layer.
func (t *typesetter) set(l *scene.Layer, text string) *run {
	text = clean(text)
	if l.Style.Upper {
		text = strings.ToUpper(text)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	k := runKey{l, text}
	if r := t.runs[k]; r != nil {
		return r
	}
	if full := t.held >= maxGlyphs; full || len(t.runs) >= maxRuns {
		clear(t.runs) // they hold glyphs too
		if full {
			clear(t.glyphs)
			t.held = 0
		}
	}
	r := t.lay(l, []rune(text))
	t.runs[k] = r
	return r
}

// clean drops what has no place on a screen and turns every kind of space into one.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxRunes {
			break
		}
		switch {
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.IsControl(r) || r == unicode.ReplacementChar:
		default:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(b.String())
}

// lay fits the text into the layer's box: at its size if it can, smaller if the style allows, and cut with a sign else.
func (t *typesetter) lay(l *scene.Layer, text []rune) *run {
	st := &l.Style
	if len(text) == 0 {
		return &run{}
	}
	lines := 1
	if st.Fit == scene.FitWrap {
		lines = max(st.Lines, 1)
	}
	least := st.Size
	if st.Fit != scene.FitEllipsis {
		least = st.Size / 2
	}
	for size := st.Size; ; size -= max(1, st.Size/16) {
		set, cut := t.lines(st, text, max(size, least), l.Box.Dx(), lines)
		if !cut || size <= least {
			return t.place(l, set, max(size, least))
		}
	}
}

// lines shapes a text at a size and breaks it; cut says that some of it did not fit.
func (t *typesetter) lines(st *scene.Style, text []rune, size float64, width, most int) ([]shaping.Line, bool) {
	outs := t.shape(st, text, size)
	if fits(outs, width) {
		return []shaping.Line{outs}, false
	}
	cfg := shaping.WrapConfig{Direction: di.DirectionLTR, TruncateAfterLines: most}
	if sign := t.shape(st, []rune("…"), size); len(sign) > 0 {
		cfg.Truncator = sign[0]
	}
	lines, truncated := t.wrap.WrapParagraph(cfg, width, text, shaping.NewSliceIterator(outs))
	kept := make([]shaping.Line, len(lines)) // the wrapper reuses its memory
	for i, ln := range lines {
		kept[i] = append(shaping.Line(nil), ln...)
	}
	return kept, truncated > 0
}

// fits says that a text is one line as it stands, which most are, and puts its runs in order.
func fits(outs []shaping.Output, width int) bool {
	var w fixed.Int26_6
	for i := range outs {
		if outs[i].Direction == di.DirectionRTL {
			return false
		}
		w += outs[i].Advance
		outs[i].VisualIndex = int32(i)
	}
	return w <= fixed.I(width)
}

func (t *typesetter) shape(st *scene.Style, text []rune, size float64) []shaping.Output {
	faces := t.fonts.families[st.Font]
	in := shaping.Input{
		Text: text, RunEnd: len(text), Direction: di.DirectionLTR, Face: faces[0],
		Size: fixed.Int26_6(size * 64), Script: language.Latin, Language: "en",
	}
	if st.Tabular {
		in.FontFeatures = []shaping.FontFeature{{Tag: opentype.MustNewTag("tnum"), Value: 1}}
	}
	parts := t.seg.Split(in, chain{faces, t.fonts.emoji})
	var outs []shaping.Output
	for _, p := range t.peel(parts, faces[0]) {
		outs = append(outs, t.shaper.Shape(p))
	}
	if st.Tracking != 0 {
		for i := range outs {
			outs[i].AddLetterSpacing(fixed.Int26_6(st.Tracking*64), i == 0, i == len(outs)-1)
		}
	}
	return outs
}

// peel gives the spaces between and behind emoji back to the text's own face; the emoji font's are as wide as a picture.
func (t *typesetter) peel(parts []shaping.Input, face *font.Face) []shaping.Input {
	out := make([]shaping.Input, 0, len(parts)+2)
	for _, p := range parts {
		if p.Face != t.fonts.emoji || p.Face == nil {
			out = append(out, p)
			continue
		}
		for at := p.RunStart; at < p.RunEnd; {
			piece, space := p, p.Text[at] == ' '
			piece.RunStart = at
			for at < p.RunEnd && p.Text[at] == ' ' == space {
				at++
			}
			if piece.RunEnd = at; space {
				piece.Face = face
			}
			out = append(out, piece)
		}
	}
	return out
}

// lineGap is the distance of lines in sizes.
const lineGap = 1.22

// place puts lines into the layer's box by its alignments.
func (t *typesetter) place(l *scene.Layer, lines []shaping.Line, size float64) *run {
	st, r := &l.Style, &run{}
	gap := size * lineGap
	tall := float64(t.fonts.families[st.Font][0].LineMetric(font.CapHeight)) * size / float64(t.fonts.families[st.Font][0].Upem())
	block := gap*float64(len(lines)-1) + tall
	base := tall
	switch st.VAlign {
	case scene.Middle:
		base += (float64(l.Box.Dy()) - block) / 2
	case scene.Bottom:
		base += float64(l.Box.Dy()) - block
	}
	lk := lookOf(st)
	for i, ln := range lines {
		t.placeLine(r, ln, l, lk, size, int(base+gap*float64(i)+0.5))
	}
	return r
}

func (t *typesetter) placeLine(r *run, ln shaping.Line, l *scene.Layer, lk look, size float64, base int) {
	var width fixed.Int26_6
	ordered := make([]*shaping.Output, len(ln))
	for i := range ln {
		width += ln[i].Advance
		ordered[ln[i].VisualIndex] = &ln[i]
	}
	pen := fixed.I(0)
	switch l.Style.Align {
	case scene.Center:
		pen = (fixed.I(l.Box.Dx()) - width) / 2
	case scene.Right:
		pen = fixed.I(l.Box.Dx()) - width
	}
	for _, out := range ordered {
		for _, g := range out.Glyphs {
			x := pen + g.XOffset + 64/phases/2
			k := glyphKey{out.Face, g.GlyphID, size, int(x&63) * phases / 64, lk}
			if out.Face == t.fonts.emoji {
				k.phase = 0
			}
			r.add(t.glyph(k), x.Floor(), base-g.YOffset.Round())
			pen += g.Advance
		}
	}
}

func (t *typesetter) glyph(k glyphKey) *glyph {
	g := t.glyphs[k]
	if g == nil {
		g = renderGlyph(k)
		t.glyphs[k] = g
		t.held += g.bytes()
	}
	return g
}

func (r *run) add(g *glyph, x, y int) {
	if g.under != nil {
		r.under = r.mark(r.under, g.under, x+g.underX, y+g.underY)
	}
	if g.face != nil {
		r.faces = r.mark(r.faces, g.face, x+g.faceX, y+g.faceY)
	}
}

func (r *run) mark(marks []mark, b *bitmap, x, y int) []mark {
	r.box = r.box.Union(b.bounds().Add(image.Pt(x, y)))
	return append(marks, mark{b, x, y})
}
