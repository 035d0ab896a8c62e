package compositor

import (
	"bytes"
	"image"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func noise(w, h int, seed uint64) *pixels {
	r := rand.New(rand.NewPCG(seed, 3))
	p := &pixels{w: w, h: h, pix: make([]byte, 4*w*h)}
	for i := 0; i < len(p.pix); i += 4 {
		a := r.IntN(256)
		p.pix[i+3] = byte(a)
		for c := range 3 {
			p.pix[i+c] = byte(r.IntN(a + 1))
		}
	}
	return p
}

// rows reads a turned part off the stage of its own box, pixel by pixel, before it is blended.
func (t *turned) rows(k kernel) (out *pixels) {
	box := even(t.box)
	p := newPicture(box.Dx(), box.Dy(), k)
	p.band = newBand(p.w)
	out = &pixels{w: p.w, h: p.h, pix: make([]byte, 4*p.w*p.h)}
	for y := 0; y < p.h; y += 2 {
		from, to := t.sample(p, y+box.Min.Y, box.Min.X, box.Max.X)
		for i := 0; from < to && i < len(p.band.rows); i++ {
			copy(out.pix[4*((y+i)*p.w+from-box.Min.X):], p.band.rows[i][:4*(to-from)])
		}
	}
	return out
}

// plainly is the bilinear formula for one pixel of the result; what lies outside of the source is clear.
func (m matrix) plainly(s *pixels, walkFrom, x, y int) (d [4]byte) {
	det := m.a*m.e - m.b*m.d
	px, py := float64(walkFrom)+0.5-m.c, float64(y)+0.5-m.f
	u := int64((m.e/det*px-m.b/det*py-0.5)*65536) + int64(x-walkFrom)*int64(m.e/det*65536)
	v := int64((-m.d/det*px+m.a/det*py-0.5)*65536) + int64(x-walkFrom)*int64(-m.d/det*65536)
	at := func(x, y int64, c int) uint32 {
		if x < 0 || y < 0 || x >= int64(s.w) || y >= int64(s.h) {
			return 0
		}
		return uint32(s.pix[4*(y*int64(s.w)+x)+int64(c)])
	}
	fx, fy := uint32(u>>8)&255, uint32(v>>8)&255
	u, v = u>>16, v>>16
	for c := range d {
		top := (at(u, v, c)*(256-fx) + at(u+1, v, c)*fx + 128) >> 8
		low := (at(u, v+1, c)*(256-fx) + at(u+1, v+1, c)*fx + 128) >> 8
		d[c] = byte((top*(256-fy) + low*fy + 128) >> 8)
	}
	return d
}

// checkTurn compares every pixel of a turned picture with the plain formula, on every kernel.
func checkTurn(t *rapid.T, src *pixels, m matrix) {
	tu, ok := m.turn(newLimb(src))
	if !ok {
		t.Fatal("refused")
	}
	box := even(tu.box)
	for _, k := range kernels() {
		out := tu.rows(k)
		for i := range out.w * out.h {
			x, y := box.Min.X+i%out.w, box.Min.Y+i/out.w
			want, got := m.plainly(src, tu.box.Min.X, x, y), out.pix[4*i:4*i+4]
			if !bytes.Equal(want[:], got) {
				t.Fatalf("%s (%d,%d): %v, want %v", k.name, x, y, got, want)
			}
		}
	}
}

// TestTurnByNothing gives the picture back, a pixel of clear room around it.
func TestTurnByNothing(t *testing.T) {
	src := noise(13, 9, 1)
	tu, _ := matrix{a: 1, e: 1, c: 5, f: 7}.turn(newLimb(src))
	if tu.box != image.Rect(4, 6, 19, 17) {
		t.Fatal(tu.box)
	}
	out := tu.rows(bestKernel())
	for j := range src.h {
		if !bytes.Equal(src.pix[4*j*13:4*(j+1)*13], out.pix[4*((j+1)*out.w+1):][:4*13]) {
			t.Fatal("row", j)
		}
	}
}

func TestTurnIsBilinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := noise(rapid.IntRange(1, 24).Draw(t, "w"), rapid.IntRange(1, 24).Draw(t, "h"), rapid.Uint64().Draw(t, "seed"))
		sin, cos := math.Sincos(rapid.Float64Range(-4, 4).Draw(t, "rot"))
		k, l := rapid.Float64Range(0.1, 2).Draw(t, "sx"), rapid.Float64Range(-2, -0.1).Draw(t, "sy")
		checkTurn(t, src, matrix{a: cos * k, b: -sin * l, c: rapid.Float64Range(-9, 9).Draw(t, "x"), d: sin * k, e: cos * l, f: rapid.Float64Range(-9, 9).Draw(t, "y")})
	})
}

// TestTurnOfFlatArt is TestTurnIsBilinear for what drawn parts are made of: flat areas with a few edges, in which most
// pixels take a short way.
func TestTurnOfFlatArt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := &pixels{w: 40, h: 30, pix: make([]byte, 4*40*30)}
		for i := range 40 * 30 {
			if x, y := i%40, i/40; x > 4 && y > 6 && x+y < 55 {
				copy(src.pix[4*i:], []byte{90, 70, byte(50 + x/10), 255})
			}
		}
		sin, cos := math.Sincos(rapid.Float64Range(-4, 4).Draw(t, "rot"))
		checkTurn(t, src, matrix{a: cos, b: -sin, c: 0.5, d: sin, e: cos})
	})
}

// TestTurnedDrawsAsItsBitmap: turned while it is drawn, a part is what it is turned first and drawn as a picture then,
// at every parity of its place, whole and faded, however its rectangle is cut.
func TestTurnedDrawsAsItsBitmap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := noise(rapid.IntRange(1, 40).Draw(t, "w"), rapid.IntRange(1, 24).Draw(t, "h"), rapid.Uint64().Draw(t, "seed"))
		sin, cos := math.Sincos(rapid.Float64Range(-4, 4).Draw(t, "rot"))
		tu, _ := matrix{a: cos, b: -sin, c: rapid.Float64Range(-9, 9).Draw(t, "x"), d: sin, e: cos}.turn(newLimb(src))
		x, y := rapid.IntRange(-40, 70).Draw(t, "left"), rapid.IntRange(-40, 70).Draw(t, "top")
		alpha := rapid.SampledFrom([]uint8{255, 200, 1}).Draw(t, "alpha")
		clip := even(image.Rect(0, 0, rapid.IntRange(1, 64).Draw(t, "right"), rapid.IntRange(1, 64).Draw(t, "low")))
		want := newPicture(64, 64, kernels()[0])
		box := even(tu.box)
		newBitmap(tu.rows(want.k)).draw(want, x+box.Min.X, y+box.Min.Y, alpha, clip)
		for _, k := range kernels() {
			got := newPicture(64, 64, k)
			left, right := clip, clip
			left.Max.X = clip.Dx() / 2 &^ 1
			right.Min.X = left.Max.X
			tu.draw(got, x, y, alpha, left)
			tu.draw(got, x, y, alpha, right)
			if !bytes.Equal(want.buf, got.buf) {
				t.Fatalf("%s draws something else", k.name)
			}
		}
	})
}

// TestCoverIsTrue: where a turned part says that it is clear, nothing of it is sampled, and where it says that it hides
// everything, all is solid.
func TestCoverIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		disc := disc(rapid.IntRange(1, 200).Draw(t, "w"), rapid.IntRange(1, 150).Draw(t, "h"), rapid.IntRange(1, 120).Draw(t, "radius"))
		sin, cos := math.Sincos(rapid.Float64Range(-4, 4).Draw(t, "rot"))
		k := rapid.Float64Range(0.2, 2).Draw(t, "scale")
		tu, _ := matrix{a: cos * k, b: -sin * k, c: 0.5, d: sin * k, e: cos * k}.turn(newLimb(disc))
		box := even(tu.box)
		at := image.Pt(rapid.IntRange(box.Min.X-20, box.Max.X).Draw(t, "x"), rapid.IntRange(box.Min.Y-20, box.Max.Y).Draw(t, "y"))
		checkCover(t, &tu, image.Rectangle{at, at.Add(image.Pt(rapid.IntRange(1, 64).Draw(t, "wide"), rapid.IntRange(1, 64).Draw(t, "high")))})
	})
	tu, _ := matrix{a: 0.8, b: -0.6, d: 0.6, e: 0.8}.turn(newLimb(disc(200, 150, 70)))
	middle := even(tu.box).Min.Add(even(tu.box).Size().Div(2))
	for name, c := range map[string]struct {
		rect image.Rectangle
		want cover
	}{
		"beside":        {image.Rect(-200, -200, -150, -150), clearly},
		"in the middle": {image.Rectangle{middle, middle.Add(image.Pt(16, 16))}, wholly},
		"all of it":     {tu.box, partly},
	} {
		if is := checkCover(t, &tu, c.rect); is != c.want {
			t.Errorf("%s: it is said to be %d, want %d", name, is, c.want)
		}
	}
}

// disc is a solid disc in the middle of a clear picture.
func disc(w, h, r int) *pixels {
	src := &pixels{w: w, h: h, pix: make([]byte, 4*w*h)}
	for i := range w * h {
		if dx, dy := i%w-w/2, i/w-h/2; dx*dx+dy*dy < r*r {
			copy(src.pix[4*i:], []byte{90, 70, 50, 255})
		}
	}
	return src
}

// checkCover holds what a part says of a rectangle against its pixels.
func checkCover(t interface {
	Helper()
	Fatalf(format string, args ...any)
}, tu *turned, rect image.Rectangle) cover {
	t.Helper()
	out, box, is := tu.rows(bestKernel()), even(tu.box), tu.cover(rect)
	for y := rect.Min.Y; y < rect.Max.Y; y++ {
		for x := rect.Min.X; x < rect.Max.X; x++ {
			a := byte(0)
			if p := image.Pt(x, y); p.In(box) {
				a = out.pix[4*((y-box.Min.Y)*out.w+x-box.Min.X)+3]
			}
			if is == clearly && a != 0 || is == wholly && a != 255 {
				t.Fatalf("%v is said to be %d, and has %d at (%d,%d)", rect, is, a, x, y)
			}
		}
	}
	return is
}

func TestTurnRefusesTheAbsurd(t *testing.T) {
	src := newLimb(noise(8, 8, 1))
	for _, m := range []matrix{{}, {a: 1e9, e: 1}, {a: math.NaN(), e: 1}, {a: math.Inf(1), e: 1}, {a: 600, e: 1}} {
		if _, ok := m.turn(src); ok {
			t.Error(m)
		}
	}
}

// FuzzSample holds every kernel to the scalar one, for any line that stays inside.
func FuzzSample(f *testing.F) {
	for n := range 40 {
		f.Add(uint64(n), uint16(n), int32(65000), int32(-900))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, du, dv int32) {
		src := noise(2+int(seed%90), 2+int(seed>>8%70), seed)
		w := walk{int64(src.w-1) << 15, int64(src.h-1) << 15, int64(du), int64(dv)}
		lo, hi := w.within(-4000, 4000, src)
		w, n = w.after(lo), min(n, uint16(hi-lo))
		want := make([]byte, 4*n)
		sampleScalar(want, src, w)
		for _, k := range kernels() {
			got := make([]byte, 4*n)
			if k.sample(got, src, w); !bytes.Equal(want, got) {
				t.Fatalf("%s samples %d pixels otherwise", k.name, n)
			}
		}
	})
}

// FuzzSplit holds every kernel to the scalar one.
func FuzzSplit(f *testing.F) {
	for n := range 20 {
		f.Add(uint64(n), uint16(n))
	}
	f.Fuzz(func(t *testing.T, seed uint64, half uint16) {
		n := 2 * int(half%700)
		src, want := noise(n+2*blockOf, 2, seed), newBand(n)
		for i := range want.rows {
			copy(want.rows[i], src.pix[i*len(want.rows[i]):])
		}
		splitScalar(want, n)
		for _, k := range kernels() {
			got := newBand(n)
			copy(got.rows[0], want.rows[0])
			copy(got.rows[1], want.rows[1])
			k.split(got, n)
			for what, p := range map[string][2][]byte{"y": {want.y[1], got.y[1]}, "a": {want.a[0], got.a[0]}} {
				if !bytes.Equal(p[0][:n], p[1][:n]) {
					t.Fatalf("%s: %s of %d columns", k.name, what, n)
				}
			}
			for what, p := range map[string][2][]byte{"cb": {want.cb, got.cb}, "cr": {want.cr, got.cr}, "ca": {want.ca, got.ca}} {
				if !bytes.Equal(p[0][:n/2], p[1][:n/2]) {
					t.Fatalf("%s: %s of %d columns", k.name, what, n)
				}
			}
		}
	})
}

func BenchmarkTurn(b *testing.B) {
	src := newLimb(noise(300, 420, 1))
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			tu, _ := matrix{a: 0.999, b: -0.03, d: 0.03, e: 1.004, c: 0.5}.turn(src)
			p := newPicture(512, 512, k)
			b.ReportAllocs()
			for b.Loop() {
				tu.draw(p, 9, 9, 255, p.bounds())
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(300*420), "ns/pixel")
		})
	}
}
