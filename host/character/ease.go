package character

import "math"

// Ease is how a key of a gesture is reached from the one before it.
type Ease uint8

// The easings; InOut is the one that is meant when none is named.
const (
	InOut Ease = iota
	Linear
	In   // slow at first
	Out  // slow at last
	Back // overshoots a little
	Hold // stays, then jumps
)

var easeNames = [...]string{"inout", "linear", "in", "out", "back", "hold"}

func easeNamed(s string) (Ease, bool) {
	for i, n := range easeNames {
		if n == s {
			return Ease(i), true
		}
	}
	return 0, false
}

// at maps the share of time between two keys to the share of way.
func (e Ease) at(t float64) float64 {
	switch e {
	case Linear:
		return t
	case In:
		return t * t * t
	case Out:
		u := 1 - t
		return 1 - u*u*u
	case Back:
		const over = 1.70158 // ten percent past the goal
		u := t - 1
		return 1 + u*u*((over+1)*u+over)
	case Hold:
		return math.Floor(t)
	}
	return t * t * (3 - 2*t)
}

func (d Delta) plus(e Delta, by float64) Delta {
	return Delta{d.DX + e.DX*by, d.DY + e.DY*by, d.Rot + e.Rot*by, d.SX + e.SX*by, d.SY + e.SY*by}
}

// between is the way from d to e, at a share t of it.
func (d Delta) between(e Delta, t float64) Delta {
	return d.plus(Delta{e.DX - d.DX, e.DY - d.DY, e.Rot - d.Rot, e.SX - d.SX, e.SY - d.SY}, t)
}

// at is where a track's node is, an instant after the gesture began.
func (tr *Track) at(t int64) Delta {
	var from Delta
	var begin int64
	for i := range tr.Keys {
		k := &tr.Keys[i]
		end := int64(k.At)
		if t < end {
			return from.between(k.Delta, k.Ease.at(float64(t-begin)/float64(end-begin)))
		}
		from, begin = k.Delta, end
	}
	return from
}
