package character

import "math"

// pose sums up everything that moves and lays the parts out.
func (a *Animator) pose(mouth Viseme, speaking bool) {
	for i := range a.nodes {
		a.nodes[i].delta = a.nodes[i].posed()
	}
	a.addIdle()
	a.addGestures()
	a.addFace()
	for _, i := range a.pack.order {
		a.nodes[i].delta = a.nodes[i].delta.settled()
		a.join(i)
	}
	a.layOut(mouth, speaking)
}

// Steps that a node moves in: whole pixels, quarter degrees, 1/256 of its size. They are too small to see in motion, a
// part that only shifts stays as sharp as it was drawn, and a character at rest comes back to the same few placements,
// so that a stage can keep what it has drawn of them.
const (
	turnSteps    = 4   // a degree
	stretchSteps = 256 // once its size
)

func (d Delta) settled() Delta {
	return Delta{
		math.Round(d.DX), math.Round(d.DY), math.Round(d.Rot*turnSteps) / turnSteps,
		math.Round(d.SX*stretchSteps) / stretchSteps, math.Round(d.SY*stretchSteps) / stretchSteps,
	}
}

func (a *Animator) add(node int, d Delta, by float64) {
	j := &a.nodes[node]
	j.delta = j.delta.plus(d, by)
}

func (a *Animator) addIdle() {
	idle := &a.pack.Idle
	size := 0.5 + a.energy.at
	for i := range idle.Waves {
		w := &idle.Waves[i]
		a.add(w.node, w.Delta, size*math.Sin(2*math.Pi*a.waves[i]))
	}
	for i := range idle.Twitches {
		w := &idle.Twitches[i]
		a.add(w.node, w.Delta, a.twitches[i].at(w.Length))
	}
	if g := &idle.Gaze; g.node >= 0 {
		a.add(g.node, Delta{DX: a.gaze.x.at, DY: a.gaze.y.at}, 1)
	}
	if t := &idle.Talk; t.node >= 0 {
		a.add(t.node, t.Delta, size*a.talk.open)
		a.add(t.node, Delta{Rot: t.Swing}, size*a.talk.level*math.Sin(2*math.Pi*a.talk.phase))
	}
}

func (a *Animator) addGestures() {
	for i := range a.gestures {
		p := &a.gestures[i]
		if p.g == nil {
			continue
		}
		for k := range p.g.Tracks {
			tr := &p.g.Tracks[k]
			a.add(tr.node, tr.at(int64(p.t)), 1)
		}
	}
}

// addFace closes the lids by squeezing the eyes.
func (a *Animator) addFace() {
	if open, _ := a.lids(); open < 1 {
		a.add(a.pack.slots.eyes, Delta{SY: open - 1}, 1)
	}
}

// join puts a node where its parent takes it. Its own turn and stretch come on top of the parent's; a parent that is
// stretched while a child is turned would shear it, which a Placed cannot say and nobody sees at these sizes.
func (a *Animator) join(i int) {
	n, j := &a.pack.Nodes[i], &a.nodes[i]
	x, y := n.PivotX+j.delta.DX, n.PivotY+j.delta.DY
	j.rot, j.sx, j.sy = j.delta.Rot, 1+j.delta.SX, 1+j.delta.SY
	if parent := a.pack.art[i].parent; parent >= 0 {
		q, pn := &a.nodes[parent], &a.pack.Nodes[parent]
		sin, cos := math.Sincos(q.rot * math.Pi / 180)
		dx, dy := (x-pn.PivotX)*q.sx, (y-pn.PivotY)*q.sy
		x, y = q.px+cos*dx-sin*dy, q.py+sin*dx+cos*dy
		j.rot, j.sx, j.sy = j.rot+q.rot, j.sx*q.sx, j.sy*q.sy
	}
	j.px, j.py = x, y
}

// faint is an opacity that is not worth drawing.
const faint = 1.0 / 128

func (a *Animator) layOut(mouth Viseme, speaking bool) {
	a.placed = a.placed[:0]
	a.mouth = a.mouthNow(mouth, speaking)
	for i := range a.pack.art {
		art := &a.pack.art[i]
		from := i
		if art.like >= 0 {
			from = art.like
		}
		part := a.partOf(i)
		if part == nil || a.shown[from] < faint || a.shown[i] < faint {
			continue
		}
		j := &a.nodes[from]
		a.placed = append(a.placed, Placed{
			Part: part, X: j.px - part.PivotX, Y: j.py - part.PivotY,
			ScaleX: j.sx, ScaleY: j.sy, Rot: j.rot, Opacity: a.shown[i],
		})
	}
}

// mouthNow is the variant of the mouth: the voice's while speaking, the face's else. A mouth that hears no voice rests.
func (a *Animator) mouthNow(mouth Viseme, speaking bool) int {
	switch {
	case !speaking:
		return a.face.mouth
	case mouth == Sil && a.face.closed >= 0:
		return a.face.closed
	}
	return a.pack.Visemes[mouth].mouth
}

func (a *Animator) partOf(node int) *Part {
	art := &a.pack.art[node]
	if len(art.parts) == 0 {
		return nil
	}
	v := 0
	switch node {
	case a.pack.slots.eyes:
		v = a.face.eyes
		if _, shut := a.lids(); shut {
			v = a.pack.Idle.Blink.eyes
		}
	case a.pack.slots.brows:
		v = a.face.brows
	case a.pack.slots.mouth:
		v = a.mouth
	}
	return art.parts[v]
}
