package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"sort"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/f64"
	"golang.org/x/image/math/fixed"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
)

// A contact sheet: what a character can look like, to be judged by eye.
const (
	columns = 5
	shrink  = 0.55
	margin  = 24 // room for the caption
	seed    = 7
	frame   = time.Second / 30
)

var stage = color.NRGBA{0x15, 0x12, 0x26, 0xff}

// cell is one figure of the sheet: what it shows and how the character gets there.
type cell struct {
	caption  string
	cue      cue.Cue
	after    time.Duration
	mouth    character.Viseme
	speaking bool
	close    bool // only the face
}

func writeSheet(dir, file string) error {
	pack, err := character.Load(os.DirFS(dir))
	if err != nil {
		return err
	}
	sheet, err := drawSheet(pack, cellsOf(pack))
	if err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := png.Encode(f, sheet); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return f.Close()
}

func cellsOf(p *character.Pack) []cell {
	var cells []cell
	for _, name := range sorted(p.Expressions) {
		cells = append(cells, cell{caption: name, cue: cue.Cue{Verb: cue.Express, Name: name}, after: time.Second})
	}
	for _, name := range sorted(p.Gestures) {
		g := p.Gestures[name]
		for _, percent := range []time.Duration{20, 38, 55} {
			cells = append(cells, cell{caption: fmt.Sprintf("%s %d%%", name, percent), cue: cue.Cue{Verb: cue.Gesture, Name: name}, after: g.Length * percent / 100})
		}
	}
	for len(cells)%columns != 0 {
		cells = append(cells, cell{caption: "at rest", after: time.Duration(len(cells)) * time.Second})
	}
	for i, name := range character.VisemeNames {
		cells = append(cells, cell{caption: name, after: 300 * time.Millisecond, mouth: character.Viseme(i), speaking: true, close: true})
	}
	return cells
}

func sorted[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	return names
}

func drawSheet(p *character.Pack, cells []cell) (*image.NRGBA, error) {
	w, h := int(float64(p.Width)*shrink), int(float64(p.Height)*shrink)+margin
	rows := (len(cells) + columns - 1) / columns
	sheet := image.NewNRGBA(image.Rect(0, 0, columns*w, rows*h))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(stage), image.Point{}, draw.Src)
	for i, c := range cells {
		box := image.Rect(0, 0, w, h).Add(image.Pt(i%columns*w, i/columns*h))
		if err := c.draw(sheet.SubImage(box).(*image.NRGBA), p); err != nil {
			return nil, err
		}
	}
	return sheet, nil
}

func (c *cell) draw(dst *image.NRGBA, p *character.Pack) error {
	a := character.NewAnimator(p, seed)
	if c.cue.Verb != "" {
		if err := a.Apply(c.cue); err != nil {
			return err
		}
	}
	for t := time.Duration(0); t < c.after; t += frame {
		a.Tick(min(frame, c.after-t), c.mouth, c.speaking)
	}
	at := dst.Rect.Min
	view := f64.Aff3{shrink, 0, float64(at.X), 0, shrink, float64(at.Y + margin)}
	if c.close {
		const near = 1.15
		view = f64.Aff3{near, 0, float64(at.X) - near*(float64(p.Width)/2-float64(dst.Rect.Dx())/2/near), 0, near, float64(at.Y+margin) - near*0.32*float64(p.Height)}
	}
	placeAll(dst, a.Placed(), view)
	pen := font.Drawer{Dst: dst, Src: image.White, Face: basicfont.Face7x13, Dot: fixed.P(at.X+8, at.Y+16)}
	pen.DrawString(c.caption)
	return nil
}

// placeAll draws parts back to front through a view.
func placeAll(dst *image.NRGBA, parts []character.Placed, view f64.Aff3) {
	for i := range parts {
		p := &parts[i]
		a, b, c, d, e, f := p.Matrix()
		m := f64.Aff3{
			view[0]*a + view[1]*d, view[0]*b + view[1]*e, view[0]*c + view[1]*f + view[2],
			view[3]*a + view[4]*d, view[3]*b + view[4]*e, view[3]*c + view[4]*f + view[5],
		}
		opts := &draw.Options{}
		if p.Opacity < 1 {
			opts.SrcMask = image.NewUniform(color.Alpha{uint8(p.Opacity * 255)})
		}
		img := p.Part.Picture()
		draw.BiLinear.Transform(dst, m, img, img.Rect, draw.Over, opts)
	}
}
