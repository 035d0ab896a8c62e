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
	parts  map[*character.Part]*pixels
	whole  map[*character.Part]*bitmap
	turner *turner
	wants  []turnKey // of the frame in hand
}

func newActor(id string, p puppet, w, h int, parts []*character.Part) *actor {
	a := &actor{id: id, puppet: p, w: w, h: h, parts: map[*character.Part]*pixels{}, whole: map[*character.Part]*bitmap{}, turner: newTurner(turnedBytes)}
	for _, part := range parts {
		px := convert(part.Picture())
		a.parts[part], a.whole[part] = px, newBitmap(px)
		for k := range 4 {
			a.whole[part].chromaAt(k&1, k>>1)
		}
	}
	return a
}

// rehearse turns the parts as they stand in the scenes' places, so that the first frame with the character need not.
func (a *actor) rehearse(scenes []*scene.Scene) {
	a.puppet.Tick(0, character.Sil, false)
	for _, sc := range scenes {
		for i, l := range sc.Layers {
			if l.Kind != scene.Character {
				continue
			}
			for _, it := range a.items(nil, l, i, 0, 0, 1) {
				it.d.(*bitmap).chromaAt(it.x&1, it.y&1)
			}
		}
	}
}

// turnedBytes bounds the cache of transformed parts. It serves a character at rest; in motion hardly a placement comes
// back before gigabytes of others have passed, so more would not spare more turning.
const turnedBytes = 32 << 20

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
	onStage := func(p *character.Placed) (m matrix, opacity uint8) {
		m.a, m.b, m.c, m.d, m.e, m.f = p.Matrix()
		m = matrix{m.a * k, m.b * k, m.c*k + ox, m.d * k, m.e * k, m.f*k + oy}
		return m, uint8(math.Round(min(max(p.Opacity*alpha, 0), 1) * 255))
	}
	a.wants = a.wants[:0]
	for i := range placed {
		m, op := onStage(&placed[i])
		if src := a.parts[placed[i].Part]; op > 0 && src != nil && m.sane() {
			if q, _, _ := m.rounded(src.w, src.h); !q.straight() {
				a.wants = append(a.wants, turnKey{src, q})
			}
		}
	}
	a.turner.ready(a.wants)
	for i := range placed {
		p := &placed[i]
		m, op := onStage(p)
		if op == 0 {
			continue
		}
		if it, ok := a.place(p.Part, m); ok {
			it.layer, it.alpha = layer, op
			dst = append(dst, it)
		}
	}
	return dst
}

func (a *actor) place(part *character.Part, m matrix) (item, bool) {
	src := a.parts[part]
	if src == nil || !m.sane() {
		return item{}, false
	}
	q, x, y := m.rounded(src.w, src.h)
	if q.straight() {
		return item{d: a.whole[part], x: x, y: y}, true
	}
	tu := a.turner.get(src, q)
	if tu.bm == nil {
		return item{}, false
	}
	return item{d: tu.bm, x: x + tu.x, y: y + tu.y}, true
}
