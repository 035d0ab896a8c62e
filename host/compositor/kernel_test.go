package compositor

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/sothebais/sothebais/host/scene"
	"image/color"
)

func white() color.NRGBA { return color.NRGBA{255, 255, 255, 255} }

// blendCase is a row as a bitmap has it: the source is premultiplied.
func blendCase(seed uint64, n int) (dst, src, a []byte) {
	r := rand.New(rand.NewPCG(seed, 2))
	dst, src, a = make([]byte, n), make([]byte, n), make([]byte, n)
	for i := range n {
		dst[i], a[i] = byte(r.Uint32()), byte(r.Uint32())
		src[i] = byte(r.IntN(int(a[i]) + 1))
	}
	return dst, src, a
}

// FuzzBlend holds every kernel to the scalar one.
func FuzzBlend(f *testing.F) {
	for n := range 200 {
		f.Add(uint64(n), uint(n))
	}
	f.Fuzz(func(t *testing.T, seed uint64, n uint) {
		n %= 4096
		dst, src, a := blendCase(seed, int(n))
		want := bytes.Clone(dst)
		blendScalar(want, src, a)
		for _, k := range kernels() {
			got := bytes.Clone(dst)
			if k.blend(got, src, a); !bytes.Equal(want, got) {
				t.Fatalf("%s differs on %d samples, seed %d", k.name, n, seed)
			}
		}
	})
}

// TestOverIsExact: the blend is the rounded quotient for every value there is.
func TestOverIsExact(t *testing.T) {
	for d := range 256 {
		for a := range 256 {
			if want := byte((2*d*(255-a) + 255) / 510); over(byte(d), 0, uint32(a)) != want {
				t.Fatal(d, a)
			}
		}
	}
}

func TestTransitionsBeginAndEndWhole(t *testing.T) {
	a, b, p := newPicture(64, 32, bestKernel()), newPicture(64, 32, bestKernel()), newPicture(64, 32, bestKernel())
	r := rand.New(rand.NewPCG(1, 1))
	for i := range a.buf {
		a.buf[i], b.buf[i] = byte(r.Uint32()), byte(r.Uint32())
	}
	for _, k := range []scene.TransitionKind{scene.Fade, scene.Slide, scene.Zoom} {
		if p.transit(a, b, k, 0); !bytes.Equal(p.buf, a.buf) {
			t.Errorf("%s does not begin with the old picture", k)
		}
		if p.transit(a, b, k, 1); !bytes.Equal(p.buf, b.buf) {
			t.Errorf("%s does not end with the new one", k)
		}
		p.transit(a, b, k, 0.37)
	}
}

func BenchmarkBlend(b *testing.B) {
	for _, k := range kernels() {
		b.Run(k.name, func(b *testing.B) {
			dst, src, a := blendCase(1, 1920)
			b.SetBytes(1920)
			for b.Loop() {
				k.blend(dst, src, a)
			}
		})
	}
}

func TestAverageIsTheSameInsideAndAtTheEdge(t *testing.T) {
	p := noise(9, 7, 4)
	for y := -1; y < 8; y++ {
		for x := -1; x < 10; x++ {
			var sum [4]int
			for j := y; j < y+2; j++ {
				for i := x; i < x+2; i++ {
					if i >= 0 && j >= 0 && i < 9 && j < 7 {
						for c := range 4 {
							sum[c] += int(p.pix[4*(j*9+i)+c])
						}
					}
				}
			}
			for c, q := 0, p.average(x, y); c < 4; c, q = c+1, q>>8 {
				if byte(q) != byte((sum[c]+2)/4) {
					t.Fatal(x, y, c)
				}
			}
		}
	}
}

// TestLerpIsExact: eight lanes at once give what one at a time gives.
func TestLerpIsExact(t *testing.T) {
	a, b, _ := blendCase(5, 1003)
	dst := make([]byte, len(a))
	for f := range uint64(257) {
		lerpRow(dst, a, b, f)
		for i := range dst {
			if want := byte((uint64(a[i])*(256-f) + uint64(b[i])*f + 128) >> 8); dst[i] != want {
				t.Fatal(f, i, dst[i], want)
			}
		}
	}
}
