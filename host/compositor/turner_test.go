package compositor

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// TestReadyMakesWhatGetMakes turns parts side by side and one by one: the pictures are the same.
func TestReadyMakesWhatGetMakes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var keys []turnKey
	for i := range 12 {
		p := &pixels{w: 40 + i, h: 30 + i, pix: make([]byte, 4*(40+i)*(30+i))}
		for k := range p.pix {
			p.pix[k] = byte(rng.Uint32())
		}
		keys = append(keys, turnKey{p, matrix{a: 0.9, b: 0.1 * float64(i), c: 3, d: -0.1 * float64(i), e: 1.1, f: 5}})
	}
	keys = append(keys, keys[0]) // a part that stands in a figure twice
	together, single := newTurner(turnedBytes), newTurner(turnedBytes)
	together.ready(append([]turnKey(nil), keys...))
	if together.misses != 12 {
		t.Errorf("%d made, want 12", together.misses)
	}
	for i, k := range keys {
		a, b := together.get(k.src, k.m), single.get(k.src, k.m)
		if a.x != b.x || a.y != b.y || !bytes.Equal(a.bm.luma.pix[0], b.bm.luma.pix[0]) {
			t.Errorf("part %d differs", i)
		}
	}
	if together.misses != 12 {
		t.Error("get made again what was ready")
	}
}
