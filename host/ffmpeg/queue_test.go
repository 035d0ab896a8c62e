package ffmpeg

import (
	"testing"

	"pgregory.net/rapid"
)

// TestQueueProperties: whatever is put, taken, settled and rewound, frames come in
// order, none twice unless an encoder died, no buffer is lost, and none is used again while it is read.
func TestQueueProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		depth := rapid.IntRange(2, 6).Draw(t, "depth")
		q := newQueue(depth, 4, 4)
		var n, taken, settled uint64
		var reading *frame // being written to the encoder
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				n++
				q.put(n, []byte{byte(n), 0, 0, 0}, []int16{int16(n), 0})
			},
			"take": func(t *rapid.T) {
				if reading != nil {
					return
				}
				f, ok := q.take()
				if !ok {
					return
				}
				if f.n <= taken {
					t.Fatalf("frame %d after %d", f.n, taken)
				}
				if f.pcm[0] != byte(f.n) || f.picture != nil && f.picture[0] != byte(f.n) {
					t.Fatalf("frame %d holds the bytes of another", f.n)
				}
				taken = f.n
				reading = &f
			},
			"fed": func(t *rapid.T) {
				if reading != nil {
					q.fed(reading.n)
					reading = nil
				}
			},
			"settle": func(t *rapid.T) {
				if taken > settled {
					settled = rapid.Uint64Range(settled, taken).Draw(t, "up to")
					q.settle(settled)
				}
			},
			"rewind": func(t *rapid.T) { q.rewind(); taken, reading = settled, nil },
			"": func(t *rapid.T) {
				if reading != nil && reading.pcm[0] != byte(reading.n) {
					t.Fatalf("frame %d was overwritten while it was being fed", reading.n)
				}
				pictures, sounds := len(q.pictures), len(q.sounds)
				for _, f := range append(append([]frame{}, q.waiting...), q.underway...) {
					sounds++
					if f.picture != nil {
						pictures++
					}
				}
				if pictures != depth || sounds != depth+soundDepth {
					t.Fatalf("%d pictures and %d sounds, want %d and %d", pictures, sounds, depth, depth+soundDepth)
				}
			},
		})
	})
}
