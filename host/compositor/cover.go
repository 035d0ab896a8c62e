package compositor

import (
	"image"
	"math"
	"slices"
)

// cover is how much of a rectangle an item hides.
type cover uint8

const (
	clearly cover = iota // nothing is drawn there
	partly
	wholly // what lies below is not seen
)

// cover may say partly where it is one of the others, not the other way round.
func (it *item) cover(r image.Rectangle) cover {
	c := partly
	switch b, still := it.d.(*bitmap); {
	case !it.rect().Overlaps(r):
		return clearly
	case it.d == nil:
		c = it.turn.cover(r.Sub(image.Pt(it.x, it.y)))
	case still && b.luma.a == nil && r.In(it.rect()):
		c = wholly
	}
	if it.alpha < 255 {
		c = min(c, partly)
	}
	return c
}

// cells says of every rectangle of a picture, in steps of cellSize, whether it is clear and whether it is solid: counts
// of pixels that are not, summed up from the top-left.
type cells struct {
	w, h         int // cells
	drawn, sheer []int32
}

const (
	cellBits = 3
	cellSize = 1 << cellBits
)

func newCells(s *pixels) *cells {
	c := &cells{w: (s.w + cellSize - 1) / cellSize, h: (s.h + cellSize - 1) / cellSize}
	c.drawn, c.sheer = make([]int32, (c.w+1)*(c.h+1)), make([]int32, (c.w+1)*(c.h+1))
	for i := range s.w * s.h {
		at := (i/s.w/cellSize+1)*(c.w+1) + i%s.w/cellSize + 1
		if a := s.pix[4*i+3]; a > 0 {
			c.drawn[at]++
		}
		if s.pix[4*i+3] < 255 {
			c.sheer[at]++
		}
	}
	for _, n := range [][]int32{c.drawn, c.sheer} {
		for y := 1; y <= c.h; y++ {
			for x := 1; x <= c.w; x++ {
				at := y*(c.w+1) + x
				n[at] += n[at-1] + n[at-c.w-1] - n[at-c.w-2]
			}
		}
	}
	return c
}

// cover is that of a rectangle of pixels of the picture, which may reach over its edge.
func (c *cells) cover(r image.Rectangle) cover {
	x0, y0 := r.Min.X>>cellBits, r.Min.Y>>cellBits
	x1, y1 := (r.Max.X+cellSize-1)>>cellBits, (r.Max.Y+cellSize-1)>>cellBits
	over := x0 < 0 || y0 < 0 || x1 > c.w || y1 > c.h
	x0, y0, x1, y1 = max(x0, 0), max(y0, 0), min(x1, c.w), min(y1, c.h)
	if x0 >= x1 || y0 >= y1 {
		return clearly
	}
	count := func(n []int32) int32 {
		top, low := n[y0*(c.w+1):], n[y1*(c.w+1):]
		return low[x1] - low[x0] - top[x1] + top[x0]
	}
	switch {
	case count(c.drawn) == 0:
		return clearly
	case !over && count(c.sheer) == 0:
		return wholly
	}
	return partly
}

// cover is that of a rectangle of the result: of all that its pixels are sampled from, and a pixel more around it for
// what 16.16 loses on the way.
func (t *turned) cover(r image.Rectangle) cover {
	x0, y0 := float64(r.Min.X)+0.5-t.m.c, float64(r.Min.Y)+0.5-t.m.f
	dx, dy := float64(r.Dx()-1), float64(r.Dy()-1)
	inv := &t.inv
	u, v := inv.a*x0+inv.b*y0+0.5, inv.d*x0+inv.e*y0+0.5 // half a pixel less to its corner, and one more for the rim
	spread := func(a, b float64) (lo, hi float64) { return min(a, 0) + min(b, 0), max(a, 0) + max(b, 0) }
	uLo, uHi := spread(inv.a*dx, inv.b*dy)
	vLo, vHi := spread(inv.d*dx, inv.e*dy)
	floor := func(v float64) int { return int(math.Floor(v)) }
	return t.part.cells.cover(image.Rect(floor(u+uLo)-1, floor(v+vLo)-1, floor(u+uHi)+3, floor(v+vHi)+3))
}

// tileSide is that of the squares in which what is hidden is not drawn.
const tileSide = 32

// paintSeen draws the items inside clip but for what others above them hide: the parts of a figure lie over each other
// three and four deep, and sampling them is what costs.
func (c *canvas) paintSeen(dst *picture, items []item, clip image.Rectangle) {
	for y := clip.Min.Y; y < clip.Max.Y; y += tileSide {
		c.paintTiles(dst, items, image.Rect(clip.Min.X, y, clip.Max.X, min(y+tileSide, clip.Max.Y)))
	}
}

// paintTiles is paintSeen for a row of tiles: it looks from the top down, and draws from the bottom up.
func (c *canvas) paintTiles(dst *picture, items []item, band image.Rectangle) {
	n := (band.Dx() + tileSide - 1) / tileSide
	tiles := func(from, to int) image.Rectangle {
		return image.Rect(band.Min.X+from*tileSide, band.Min.Y, min(band.Min.X+to*tileSide, band.Max.X), band.Max.Y)
	}
	c.seen = slices.Grow(c.seen[:0], n*(len(items)+1))[:n*(len(items)+1)]
	clear(c.seen)
	hidden := c.seen[n*len(items):]
	for i := len(items) - 1; i >= 0; i-- {
		for t := range hidden {
			if hidden[t] {
				continue
			}
			is := items[i].cover(tiles(t, t+1))
			c.seen[i*n+t], hidden[t] = is > clearly, is == wholly
		}
	}
	for i := range items {
		seen := c.seen[i*n : (i+1)*n]
		for from := slices.Index(seen, true); from >= 0 && from < n; from++ {
			to := from
			for to < n && seen[to] {
				to++
			}
			if from < to {
				items[i].paint(dst, tiles(from, to))
			}
			from = to
		}
	}
}
