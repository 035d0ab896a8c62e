package compositor

import (
	"math"

	"github.com/sothebais/sothebais/host/scene"
)

// transit draws a transition from one picture to another of the same size, t from 0 to 1.
func (p *picture) transit(from, to *picture, kind scene.TransitionKind, t float64) {
	switch kind {
	case scene.Slide:
		p.slide(from, to, t)
	case scene.Zoom:
		p.zoom(from, to, t)
	default:
		p.fade(from, to, t)
	}
}

func (p *picture) fade(from, to *picture, t float64) {
	lerpRow(p.buf, from.buf, to.buf, uint64(t*256+0.5))
}

// slide pushes the old picture out to the left, by whole chroma samples.
func (p *picture) slide(from, to *picture, t float64) {
	d := int(t*float64(p.w)+0.5) &^ 1
	push := func(dst, a, b []byte, w, d int) {
		for o := 0; o < len(dst); o += w {
			copy(dst[o:o+w-d], a[o+d:o+w])
			copy(dst[o+w-d:o+w], b[o:o+d])
		}
	}
	push(p.y, from.y, to.y, p.w, d)
	push(p.u, from.u, to.u, p.w/2, d/2)
	push(p.v, from.v, to.v, p.w/2, d/2)
}

// zoomFrom is how much larger the new picture begins.
const zoomFrom = 0.12

func (p *picture) zoom(from, to *picture, t float64) {
	k := 1 / (1 + zoomFrom*(1-t))
	zoomPlane(p.y, to.y, p.w, p.h, k)
	zoomPlane(p.u, to.u, p.w/2, p.h/2, k)
	zoomPlane(p.v, to.v, p.w/2, p.h/2, k)
	lerpRow(p.buf, from.buf, p.buf, uint64(t*256+0.5))
}

// zoomPlane enlarges a plane about its middle, bilinearly; k below 1 is the share of it that is seen.
func zoomPlane(dst, src []byte, w, h int, k float64) {
	step := uint32(math.Round(k * 65536))
	x0, y0 := uint32((1-k)/2*float64(w)*65536), uint32((1-k)/2*float64(h)*65536)
	line := make([]byte, w+1)
	for y := range h {
		v := y0 + uint32(y)*step
		i := int(v >> 16)
		lerpRow(line[:w], src[i*w:][:w], src[min(i+1, h-1)*w:][:w], uint64(v>>8&255))
		line[w] = line[w-1]
		u := x0
		row := dst[y*w : (y+1)*w]
		for x := range row {
			pair, g := line[u>>16:][:2], u>>8&255
			row[x] = byte((uint32(pair[0])*(256-g) + uint32(pair[1])*g + 128) >> 8)
			u += step
		}
	}
}
