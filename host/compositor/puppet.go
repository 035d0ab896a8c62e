package compositor

import (
	"math"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// puppet is a character in motion; host/character has the one that is used.
type puppet interface {
	Apply(c cue.Cue) error
	Tick(dt time.Duration, mouth character.Viseme, speaking bool)
	Placed() []character.Placed
}

// actor is a character that is ready for the stage: its parts are converted, so that it can go on between two frames.
type actor struct {
	id     string
	puppet puppet
	w, h   int // its canvas
	parts  map[*character.Part]ready
}

// ready is a part in the forms that it is drawn in: at whole pixels, and turned or stretched.
type ready struct {
	whole *bitmap
	limb  *limb
}

func newActor(id string, p puppet, w, h int, parts []*character.Part) *actor {
	a := &actor{id: id, puppet: p, w: w, h: h, parts: map[*character.Part]ready{}}
	for _, part := range parts {
		px := convert(part.Picture())
		a.parts[part] = ready{newBitmap(px).settle(0, 0, true), newLimb(px)}
	}
	return a
}

// items places the parts of an actor in a layer's box: scaled to fit its height, feet on its lower edge, centred.
func (a *actor) items(dst []item, l *scene.Layer, layer, dx, dy int, alpha float64) []item {
	k := min(float64(l.Box.Dy())/float64(a.h), float64(l.Box.Dx())/float64(a.w))
	if math.Abs(k-1) < 0.002 {
		k = 1
	}
	ox := float64(l.Box.Min.X+dx) + (float64(l.Box.Dx())-k*float64(a.w))/2
	oy := float64(l.Box.Max.Y+dy) - k*float64(a.h)
	ox, oy = math.Round(ox), math.Round(oy)
	placed := a.puppet.Placed()
	for i := range placed {
		p := &placed[i]
		var m matrix
		m.a, m.b, m.c, m.d, m.e, m.f = p.Matrix()
		m = matrix{m.a * k, m.b * k, m.c*k + ox, m.d * k, m.e * k, m.f*k + oy}
		it := item{layer: layer, alpha: uint8(math.Round(min(max(p.Opacity*alpha, 0), 1) * 255))}
		if it.alpha > 0 && a.place(&it, p.Part, m) {
			dst = append(dst, it)
		}
	}
	return dst
}

// place says how a part is drawn; false means that there is nothing to be seen.
func (a *actor) place(it *item, part *character.Part, m matrix) bool {
	p, ok := a.parts[part]
	if !ok || !m.sane() {
		return false
	}
	var q matrix
	q, it.x, it.y = m.rounded(p.whole.luma.w, p.whole.luma.h)
	if q.straight() {
		it.d = p.whole
		return true
	}
	it.turn, ok = q.turn(p.limb)
	return ok
}
