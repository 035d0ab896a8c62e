package compositor

import "image"

// picture is a planar I420 picture in one allocation: the bytes that an encoder takes.
type picture struct {
	w, h    int
	buf     []byte
	y, u, v []byte
	k       kernel
	band    *band // for turned parts; made with the first
}

func newPicture(w, h int, k kernel) *picture {
	b := make([]byte, w*h*3/2)
	n := w * h
	return &picture{w: w, h: h, buf: b, y: b[:n:n], u: b[n : n*5/4 : n*5/4], v: b[n*5/4:], k: k}
}

func (p *picture) bounds() image.Rectangle { return image.Rect(0, 0, p.w, p.h) }

// half is a rectangle of the luma plane on the chroma planes.
func half(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X>>1, r.Min.Y>>1, (r.Max.X+1)>>1, (r.Max.Y+1)>>1)
}

// even widens a rectangle to whole chroma samples.
func even(r image.Rectangle) image.Rectangle {
	return image.Rect(r.Min.X&^1, r.Min.Y&^1, (r.Max.X+1)&^1, (r.Max.Y+1)&^1)
}

// copyRect copies a rectangle on even coordinates from a picture of the same size.
func (p *picture) copyRect(src *picture, r image.Rectangle) {
	if r == p.bounds() {
		copy(p.buf, src.buf)
		return
	}
	copyPlane(p.y, src.y, p.w, r)
	h := half(r)
	copyPlane(p.u, src.u, p.w/2, h)
	copyPlane(p.v, src.v, p.w/2, h)
}

func copyPlane(dst, src []byte, stride int, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		o := y * stride
		copy(dst[o+r.Min.X:o+r.Max.X], src[o+r.Min.X:o+r.Max.X])
	}
}

// BT.709 in limited range, 16.16 fixed point; the offset goes with alpha because the colour is premultiplied.
func lumaOf(r, g, b, a int32) byte {
	return clamp8((11966*r + 40254*g + 4064*b + 16*257*a + 32768) >> 16)
}

func cbOf(r, g, b, a int32) byte {
	return clamp8((-6596*r - 22189*g + 28784*b + 128*257*a + 32768) >> 16)
}

func crOf(r, g, b, a int32) byte {
	return clamp8((28784*r - 26145*g - 2640*b + 128*257*a + 32768) >> 16)
}

func clamp8(v int32) byte { return byte(min(max(v, 0), 255)) }

// rgba converts the picture back, for a snapshot.
func (p *picture) rgba() *image.RGBA {
	out := image.NewRGBA(p.bounds())
	for y := range p.h {
		row := out.Pix[y*out.Stride : y*out.Stride+4*p.w]
		for x := range p.w {
			c := (y/2)*(p.w/2) + x/2
			l := 76309 * (int32(p.y[y*p.w+x]) - 16)
			u, v := int32(p.u[c])-128, int32(p.v[c])-128
			q := row[4*x : 4*x+4 : 4*x+4]
			q[0] = clamp8((l + 117489*v + 32768) >> 16)
			q[1] = clamp8((l - 13975*u - 34925*v + 32768) >> 16)
			q[2] = clamp8((l + 138438*u + 32768) >> 16)
			q[3] = 255
		}
	}
	return out
}
