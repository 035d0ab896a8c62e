package compositor

import (
	"bytes"
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

// TestTurnByNothing gives the picture back, a pixel of clear room around it.
func TestTurnByNothing(t *testing.T) {
	src := noise(13, 9, 1)
	out, x, y := matrix{a: 1, e: 1, c: 5, f: 7}.turn(src)
	if x != 4 || y != 6 {
		t.Fatal(x, y)
	}
	for j := range src.h {
		if !bytes.Equal(src.pix[4*j*13:4*(j+1)*13], out.pix[4*((j+1)*out.w+1):][:4*13]) {
			t.Fatal("row", j)
		}
	}
}

// TestTurnIsBilinear compares every pixel with the plain formula, whatever the transform.
func TestTurnIsBilinear(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := noise(rapid.IntRange(1, 24).Draw(t, "w"), rapid.IntRange(1, 24).Draw(t, "h"), rapid.Uint64().Draw(t, "seed"))
		sin, cos := math.Sincos(rapid.Float64Range(-4, 4).Draw(t, "rot"))
		k, l := rapid.Float64Range(0.3, 2).Draw(t, "sx"), rapid.Float64Range(-2, -0.3).Draw(t, "sy")
		m := matrix{a: cos * k, b: -sin * l, c: rapid.Float64Range(-9, 9).Draw(t, "x"), d: sin * k, e: cos * l, f: rapid.Float64Range(-9, 9).Draw(t, "y")}
		out, x0, y0 := m.turn(src)
		det := m.a*m.e - m.b*m.d
		for j := range out.h {
			px, py := float64(x0)+0.5-m.c, float64(y0+j)+0.5-m.f
			u, v := int64((m.e/det*px-m.b/det*py-0.5)*65536), int64((-m.d/det*px+m.a/det*py-0.5)*65536)
			for i := range out.w {
				var want [4]byte
				src.sampleEdge(want[:], int(u>>16), int(v>>16), uint32(u>>8)&255, uint32(v>>8)&255)
				got := out.pix[4*(j*out.w+i):][:4]
				if want[3] != 0 && !bytes.Equal(want[:], got) || want[3] == 0 && got[3] != 0 {
					t.Fatalf("(%d,%d): %v, want %v", i, j, got, want)
				}
				u, v = u+int64(m.e/det*65536), v+int64(-m.d/det*65536)
			}
		}
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
		m := matrix{a: cos, b: -sin, c: 0.5, d: sin, e: cos}
		out, x0, y0 := m.turn(src)
		for j := range out.h {
			px, py := float64(x0)+0.5-m.c, float64(y0+j)+0.5-m.f
			det := m.a*m.e - m.b*m.d
			u, v := int64((m.e/det*px-m.b/det*py-0.5)*65536), int64((-m.d/det*px+m.a/det*py-0.5)*65536)
			for i := range out.w {
				var want [4]byte
				src.sampleEdge(want[:], int(u>>16), int(v>>16), uint32(u>>8)&255, uint32(v>>8)&255)
				if got := out.pix[4*(j*out.w+i):][:4]; !bytes.Equal(want[:], got) {
					t.Fatalf("(%d,%d): %v, want %v", i, j, got, want)
				}
				u, v = u+int64(m.e/det*65536), v+int64(-m.d/det*65536)
			}
		}
	})
}

func TestTurnerForgets(t *testing.T) {
	src := noise(32, 32, 1)
	tu := newTurner(40_000)
	for i := range 50 {
		tu.get(src, matrix{a: 1 + float64(i)/64, e: 1})
	}
	if tu.size > 40_000 || len(tu.found) != tu.recent.Len() || tu.misses != 50 {
		t.Error(tu.size, len(tu.found), tu.recent.Len(), tu.misses)
	}
	tu.get(src, matrix{a: 1 + 49.0/64, e: 1})
	if tu.misses != 50 {
		t.Error("the latest was forgotten")
	}
}

func TestTurnRefusesTheAbsurd(t *testing.T) {
	src := noise(8, 8, 1)
	for _, m := range []matrix{{}, {a: 1e9, e: 1}, {a: math.NaN(), e: 1}, {a: math.Inf(1), e: 1}} {
		if p, _, _ := m.turn(src); p != nil {
			t.Error(m)
		}
	}
}

func BenchmarkTurn(b *testing.B) {
	src := noise(300, 420, 1)
	for b.Loop() {
		p, _, _ := matrix{a: 0.999, b: -0.03, d: 0.03, e: 1.004, c: 0.5}.turn(src)
		newBitmap(p).chromaAt(0, 0)
	}
}
