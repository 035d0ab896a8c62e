package compositor

import (
	"image"
	"slices"
)

// drawable is something with a fixed look; the same pointer always draws the same pixels.
type drawable interface {
	bounds() image.Rectangle
	draw(dst *picture, x, y int, alpha uint8, clip image.Rectangle)
}

// item is a drawable at its place. Two equal items are the same pixels: that is all that dirty rectangles rest on.
type item struct {
	layer int // place of the layer in its scene, ascending
	d     drawable
	turn  turned // drawn when d is nil
	x, y  int
	alpha uint8
	width int // at most so many columns are drawn; 0 draws all
}

func (it *item) rect() image.Rectangle {
	if it.d == nil {
		return it.turn.box.Add(image.Pt(it.x, it.y))
	}
	r := it.d.bounds()
	if it.width > 0 {
		r.Max.X = min(r.Max.X, r.Min.X+it.width)
	}
	return r.Add(image.Pt(it.x, it.y))
}

func (it *item) paint(dst *picture, clip image.Rectangle) {
	if it.d == nil {
		it.turn.draw(dst, it.x, it.y, it.alpha, clip)
		return
	}
	if it.width > 0 {
		clip = clip.Intersect(it.rect())
		// a cut on an odd column would halve a chroma sample
		clip = even(clip).Intersect(dst.bounds())
	}
	it.d.draw(dst, it.x, it.y, it.alpha, clip)
}

// canvas keeps a scene's picture up to date by painting only what changed. Layers before still are flattened into base
// and painted again only where one of them changes.
type canvas struct {
	frame, base *picture
	still       int
	prev        []item
	dirty       []image.Rectangle
	here        []item // of these, what lies in the rectangle that is painted
	seen        []bool // of here, in which tiles of a row
	begun       bool
	whole       bool // paint all of it each time, to compare
}

func newCanvas(w, h int, k kernel, still int) *canvas {
	return &canvas{frame: newPicture(w, h, k), base: newPicture(w, h, k), still: still}
}

// compose brings the picture up to date with the items, which come in the order of their layers.
func (c *canvas) compose(items []item) {
	c.dirty = c.dirty[:0]
	if !c.begun || c.whole {
		c.begun = true
		c.add(c.frame.bounds())
		c.paintBase(items)
	} else {
		c.diff(items)
	}
	for _, d := range c.dirty {
		c.frame.copyRect(c.base, d)
		c.paint(c.frame, items, d, false)
	}
	c.prev = append(c.prev[:0], items...)
}

// diff collects the rectangles in which the items differ from those of the last picture, the still ones first: the
// base must be right before it is copied.
func (c *canvas) diff(items []item) {
	firstMoving := func(s []item) int {
		n, _ := slices.BinarySearchFunc(s, c.still, func(it item, l int) int { return it.layer - l })
		return n
	}
	a, b := firstMoving(c.prev), firstMoving(items)
	c.compare(c.prev[:a], items[:b])
	if len(c.dirty) > 0 {
		c.paintBase(items)
	}
	c.compare(c.prev[a:], items[b:])
}

func (c *canvas) paintBase(items []item) {
	for _, d := range c.dirty {
		c.paint(c.base, items, d, true)
	}
}

func (c *canvas) paint(dst *picture, items []item, clip image.Rectangle, still bool) {
	c.here = c.here[:0]
	turned := false
	for i := range items {
		if it := &items[i]; it.layer < c.still == still && it.rect().Overlaps(clip) {
			c.here = append(c.here, *it)
			turned = turned || it.d == nil
		}
	}
	if turned {
		c.paintSeen(dst, c.here, clip)
		return
	}
	for i := range c.here {
		c.here[i].paint(dst, clip)
	}
}

// compare walks two lists layer by layer.
func (c *canvas) compare(old, now []item) {
	for len(old) > 0 || len(now) > 0 {
		l := frontLayer(old, now)
		a, b := prefix(old, l), prefix(now, l)
		if len(a) == len(b) {
			c.compareSame(a, b)
		} else {
			c.addAll(a)
			c.addAll(b)
		}
		old, now = old[len(a):], now[len(b):]
	}
}

func (c *canvas) compareSame(a, b []item) {
	for i := range a {
		if a[i] == b[i] {
			continue
		}
		if a[i].d == b[i].d && a[i].turn == b[i].turn && a[i].x == b[i].x && a[i].y == b[i].y && a[i].alpha == b[i].alpha {
			c.add(between(&a[i], &b[i]))
			continue
		}
		c.add(a[i].rect())
		c.add(b[i].rect())
	}
}

// between is what a bar that grew or shrank changed.
func between(a, b *item) image.Rectangle {
	ra, rb := a.rect(), b.rect()
	ra.Min.X, ra.Max.X = min(ra.Max.X, rb.Max.X)-2, max(ra.Max.X, rb.Max.X)+2
	return ra
}

func frontLayer(a, b []item) int {
	if len(a) == 0 || len(b) > 0 && b[0].layer < a[0].layer {
		return b[0].layer
	}
	return a[0].layer
}

func prefix(s []item, layer int) []item {
	n := 0
	for n < len(s) && s[n].layer == layer {
		n++
	}
	return s[:n]
}

func (c *canvas) addAll(s []item) {
	for i := range s {
		c.add(s[i].rect())
	}
}

// add merges a rectangle with those that it overlaps or that it tiles with, so that no pixel is painted twice.
func (c *canvas) add(r image.Rectangle) {
	r = even(r).Intersect(c.frame.bounds())
	if r.Empty() {
		return
	}
	for i, d := range c.dirty {
		u := d.Union(r)
		if d.Overlaps(r) || area(u) <= area(d)+area(r) {
			c.dirty = slices.Delete(c.dirty, i, i+1)
			c.add(u)
			return
		}
	}
	c.dirty = append(c.dirty, r)
}

func area(r image.Rectangle) int { return r.Dx() * r.Dy() }
