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

func (p *playing) shows(node int) bool {
	if p.g == nil {
		return false
	}
	for i := range p.g.Shows {
		if s := &p.g.Shows[i]; s.node == node && p.t >= s.From && p.t < s.To {
			return true
		}
	}
	return false
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
