package compositor

import (
	"bytes"
	"fmt"
	"image"
	"math/rand/v2"
	"testing"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// busy drives a stage through everything that moves: scenes, texts, bars, artworks, a character, at odd moments.
func busy(s *Stage, frame int, ids []string) {
	say := func(c cue.Cue) { s.quiet(c, 0) }
	r := rand.New(rand.NewPCG(uint64(frame), 1))
	if frame%7 == 0 {
		say(cue.Cue{Verb: cue.Text, Name: "price", Text: fmt.Sprintf("%d.%02d ETH", frame, r.IntN(100))})
	}
	if frame%5 == 0 {
		say(cue.Cue{Verb: cue.Text, Name: "countdown", Text: fmt.Sprintf("%02d:%02d", frame/60, frame%60)})
	}
	if frame%11 == 0 {
		say(cue.Cue{Verb: cue.Text, Name: "subtitle", Text: []string{"", "Going once 🔨", "ご入札ありがとうございます", "สวัสดี 👩‍👩‍👧 ok"}[r.IntN(4)]})
		say(cue.Cue{Verb: cue.Text, Name: fmt.Sprintf("ticker.%d", 1+r.IntN(4)), Text: []string{"", "@koi 2.2"}[r.IntN(2)]})
	}
	if frame%3 == 0 {
		say(cue.Cue{Verb: cue.Bar, Name: "time", Value: r.Int64N(1001)})
	}
	if frame%31 == 0 {
		say(cue.Cue{Verb: cue.Text, Name: "artwork", Text: "artworks/" + []string{"ember-dunes", "night-bus"}[r.IntN(2)] + ".png"})
	}
	if frame%40 == 17 {
		say(cue.Cue{Verb: cue.Scene, Name: ids[r.IntN(len(ids))]})
	}
	if frame%23 == 0 {
		say(cue.Cue{Verb: cue.Show, Name: "panel", Value: int64(r.IntN(2))})
	}
}

// TestDirtyEqualsFull: painting only what changed gives, byte for byte, what painting everything gives; on every kernel.
func TestDirtyEqualsFull(t *testing.T) {
	dir, scenes := sceneFiles(t)
	var ids []string
	for _, sc := range scenes {
		ids = append(ids, sc.ID)
	}
	cfg := Config{Scenes: scenes, Art: dir, Artwork: dir, Start: "lot"}
	stages, sinks := make([]*Stage, len(kernels())+1), make([]*keeper, len(kernels())+1)
	for i := range stages {
		stages[i], sinks[i] = newStage(t, cfg)
		stages[i].withDoll()
		for _, v := range stages[i].views {
			v.paint.whole = i == 0
			k := kernels()[max(i-1, 0)]
			v.paint.frame.k, v.paint.base.k = k, k
		}
	}
	for frame := range 260 {
		for i, s := range stages {
			busy(s, frame, ids)
			s.step(far())
			if i > 0 && !bytes.Equal(sinks[0].i420, sinks[i].i420) {
				t.Fatalf("%s: frame %d of scene %s differs at %v", kernels()[i-1].name, frame, s.graph.Program().ID, firstDifference(sinks[0].i420, sinks[i].i420))
			}
		}
	}
}

func firstDifference(a, b []byte) string {
	for i := range a {
		if a[i] != b[i] {
			if i < 1280*720 {
				return fmt.Sprintf("luma (%d,%d): %d and %d", i%1280, i/1280, a[i], b[i])
			}
			i = (i - 1280*720) % (640 * 360)
			return fmt.Sprintf("chroma (%d,%d)", i%640, i/640)
		}
	}
	return "nowhere"
}

// TestPriceChangesItsPixels and no others.
func TestPriceChangesItsPixels(t *testing.T) {
	box := image.Rect(100, 100, 500, 180)
	s, k := newStage(t, Config{Scenes: []*scene.Scene{bare("a", &scene.Layer{ID: "p", Kind: scene.Text, Slot: "price", Box: box, Style: scene.Style{Size: 60}})}})
	s.quiet(cue.Cue{Verb: cue.Text, Name: "price", Text: "1.50 ETH"}, 1)
	s.step(far())
	before := append([]byte(nil), k.i420...)
	s.quiet(cue.Cue{Verb: cue.Text, Name: "price", Text: "2.75 ETH"}, 2)
	s.step(far())
	in, out := 0, 0
	for i := range 1280 * 720 {
		if k.i420[i] != before[i] {
			if image.Pt(i%1280, i/1280).In(box) {
				in++
			} else {
				out++
			}
		}
	}
	if in < 500 || out > 0 {
		t.Errorf("%d pixels changed in the box, %d outside", in, out)
	}
}

func TestStillLayersAreRepaintedWhenTheyChange(t *testing.T) {
	s, k := newStage(t, Config{Scenes: []*scene.Scene{bare("a",
		&scene.Layer{ID: "r", Kind: scene.Rect, Box: image.Rect(10, 10, 51, 51), Style: scene.Style{Fill: white()}},
		&scene.Layer{ID: "t", Kind: scene.Text, Slot: "x", Box: image.Rect(20, 20, 40, 40), Style: scene.Style{Size: 10}})}})
	s.step(far())
	at := 30*1280 + 12
	if k.i420[at] != 235 {
		t.Fatal(k.i420[at])
	}
	s.Apply(cue.Cue{Verb: cue.Show, Name: "r"}, 1)
	s.step(far())
	if k.i420[at] == 235 {
		t.Error("a hidden still layer is still there")
	}
}

// TestSettledDrawsTheSame, wherever it may still be drawn.
func TestSettledDrawsTheSame(t *testing.T) {
	src := noise(13, 9, 5)
	for k := range 4 {
		x, y := 4+k&1, 6+k>>1
		var got [3]*picture
		for i, b := range []*bitmap{newBitmap(src), newBitmap(src).settle(x, y, false), newBitmap(src).settle(0, 0, true)} {
			got[i] = newPicture(32, 32, bestKernel())
			b.draw(got[i], x, y, 200, got[i].bounds())
		}
		if !bytes.Equal(got[0].buf, got[1].buf) || !bytes.Equal(got[0].buf, got[2].buf) {
			t.Error("parity", k)
		}
	}
}
