package character

import "time"

// playing is a gesture that is going on.
type playing struct {
	g *Gesture
	t time.Duration
}

func (p *playing) advance(dt time.Duration) {
	if p.g == nil {
		return
	}
	if p.t += dt; p.t >= p.g.Length {
		p.g = nil
	}
}

// showing is what a gesture says about a node: shown, hidden for another one, or nothing.
func (p *playing) showing(node int) (shown, replaced bool) {
	if p.g == nil {
		return false, false
	}
	for i := range p.g.Shows {
		s := &p.g.Shows[i]
		if p.t < s.From || p.t >= s.To {
			continue
		}
		shown = shown || s.node == node
		replaced = replaced || s.instead == node
	}
	return shown, replaced
}

// gesture begins one. The same again starts over; when all places are taken the one that has gone furthest yields.
func (a *Animator) gesture(name string) error {
	g := a.pack.Gestures[name]
	if g == nil {
		return a.unknown("gesture", name, names(a.pack.Gestures))
	}
	place := 0
	for i := range a.gestures {
		p := &a.gestures[i]
		if p.g == g {
			place = i
			break
		}
		if best := a.gestures[place].g; best != nil && (p.g == nil || p.t > a.gestures[place].t) {
			place = i
		}
	}
	a.gestures[place] = playing{g: g}
	return nil
}
