package compositor

import (
	"math"
	"math/bits"
)

// matrix maps pixels of a part to pixels of the stage: x' = a·x + b·y + c, y' = d·x + e·y + f.
type matrix struct{ a, b, c, d, e, f float64 }

// straight says that the part is drawn as it is, at whole pixels: no resampling.
func (m matrix) straight() bool {
	return m.a == 1 && m.b == 0 && m.d == 0 && m.e == 1 && m.c == math.Trunc(m.c) && m.f == math.Trunc(m.f)
}

// sane says that nothing is infinite or not a number, and that all lies near the stage.
func (m matrix) sane() bool {
	for _, v := range [6]float64{m.a, m.b, m.c, m.d, m.e, m.f} {
		if !(math.Abs(v) < 1e5) {
			return false
		}
	}
	return true
}

// placeStep is to what a part's place is rounded. Together with shapeStep it lets parts that hardly move stay the same
// from frame to frame, which costs nothing, and small parts that hardly turn be drawn as they are.
const placeStep = 1.0 / 2

// shapeStep is to what turn and stretch of a part are rounded: a power of two that leaves its edges, seen from its
// middle, within a quarter of a pixel.
func shapeStep(w, h int) float64 {
	return 1 / float64(int(1)<<min(max(bits.Len(uint(max(w, h)-1)), 4), 10))
}

// rounded splits the transform of a w by h part into a whole offset and the rounded rest; its middle stays where it is.
func (m matrix) rounded(w, h int) (q matrix, x, y int) {
	step := func(v, s float64) float64 { return math.Round(v/s) * s }
	s := shapeStep(w, h)
	q = matrix{a: step(m.a, s), b: step(m.b, s), d: step(m.d, s), e: step(m.e, s)}
	cx, cy := float64(w)/2, float64(h)/2
	q.c = step(m.c+(m.a-q.a)*cx+(m.b-q.b)*cy, placeStep)
	q.f = step(m.f+(m.d-q.d)*cx+(m.e-q.e)*cy, placeStep)
	fx, fy := math.Floor(q.c), math.Floor(q.f)
	q.c, q.f = q.c-fx, q.f-fy
	return q, int(fx), int(fy)
}

// box is where a w by h picture comes to lie.
func (m matrix) box(w, h int) (x0, y0, x1, y1 int) {
	loX, loY, hiX, hiY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, p := range [4][2]float64{{0, 0}, {float64(w), 0}, {0, float64(h)}, {float64(w), float64(h)}} {
		x, y := m.a*p[0]+m.b*p[1]+m.c, m.d*p[0]+m.e*p[1]+m.f
		loX, loY, hiX, hiY = min(loX, x), min(loY, y), max(hiX, x), max(hiY, y)
	}
	return int(math.Floor(loX)) - 1, int(math.Floor(loY)) - 1, int(math.Ceil(hiX)) + 1, int(math.Ceil(hiY)) + 1
}

// inside narrows a range of steps to those at which u + step·du lies from first up to the size, in 16.16.
func inside(lo, hi int, u, du, first, size int64) (int, int) {
	switch {
	case du == 0:
		if u < first || u >= size {
			return 0, 0
		}
	case du > 0:
		lo = max(lo, int(ceilDiv(first-u, du)))
		hi = min(hi, int(ceilDiv(size-u, du)))
	default:
		lo = max(lo, int(ceilDiv(u-size+1, -du)))
		hi = min(hi, int(ceilDiv(u-first+1, -du)))
	}
	return lo, hi
}

// ceilDiv rounds up; b is positive.
func ceilDiv(a, b int64) int64 {
	if a <= 0 {
		return a / b
	}
	return (a + b - 1) / b
}
