package compositor

import (
	"image"
	"image/color"
	"math"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// doll is a puppet of three parts: a body that breathes, a head that turns, a mouth that is white while it is open.
type doll struct {
	at                      time.Duration
	body, head, shut, agape *character.Part
	open                    bool
	cues                    []cue.Cue
}

const dollW, dollH = 560, 680

func newDoll() *doll {
	part := func(id string, w, h int, c color.NRGBA, x, y float64) *character.Part {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		m := roundBox(w, h, 0, float64(min(w, h))/2, 0)
		for i, a := range m.a {
			img.SetNRGBA(i%w, i/w, color.NRGBA{c.R, c.G, c.B, a})
		}
		return &character.Part{ID: id, Picture: func() *image.NRGBA { return img }, OffsetX: x, OffsetY: y, PivotX: float64(w) / 2, PivotY: float64(h)}
	}
	return &doll{
		body: part("body", 300, 420, color.NRGBA{40, 60, 160, 255}, 130, 260), head: part("head", 260, 240, color.NRGBA{240, 170, 60, 255}, 150, 60),
		shut: part("shut", 80, 40, color.NRGBA{60, 10, 10, 255}, 240, 220), agape: part("agape", 80, 40, color.NRGBA{255, 255, 255, 255}, 240, 220),
	}
}

func (d *doll) Apply(c cue.Cue) error { d.cues = append(d.cues, c); return nil }

func (d *doll) Tick(dt time.Duration, mouth character.Viseme, speaking bool) {
	d.at += dt
	d.open = speaking && mouth != character.Sil
}

func (d *doll) Placed() []character.Placed {
	put := func(p *character.Part, dx, rot, s float64) character.Placed {
		return character.Placed{Part: p, X: p.OffsetX + dx, Y: p.OffsetY, ScaleX: 1, ScaleY: s, Rot: rot, Opacity: 1}
	}
	t := d.at.Seconds()
	mouth := d.shut
	if d.open {
		mouth = d.agape
	}
	return []character.Placed{
		put(d.body, 0, 0, 1+0.01*math.Sin(t*1.7)), put(d.head, 6*math.Sin(t*0.9), 3*math.Sin(t*1.1), 1), put(mouth, 0, 0, 1),
	}
}

// onStage puts a puppet where SetCharacter would put a character.
func (s *Stage) onStage(p puppet, parts ...*character.Part) {
	a := newActor("doll", p, dollW, dollH, parts)
	s.queue.put(command{kind: setCharacter, actor: a})
}

func (s *Stage) withDoll() *doll {
	d := newDoll()
	s.onStage(d, d.body, d.head, d.shut, d.agape)
	return d
}

// bare is a scene without pictures of its own: what tests need, and no build.
func bare(id string, layers ...*scene.Layer) *scene.Scene {
	for _, l := range layers {
		if l.Style.Opacity == 0 {
			l.Style.Opacity = 1
		}
		if l.Style.Font == "" {
			l.Style.Font = "sans"
		}
		if l.Style.Color.A == 0 {
			l.Style.Color = color.NRGBA{255, 255, 255, 255}
		}
		if l.Style.VAlign == "" {
			l.Style.VAlign = scene.Middle
		}
	}
	return &scene.Scene{ID: id, Width: 1280, Height: 720, Background: scene.Background{Color: color.NRGBA{30, 20, 50, 255}}, Layers: layers}
}
