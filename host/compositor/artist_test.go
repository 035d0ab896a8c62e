package compositor

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// tile is a PNG of one colour.
func tile(t *testing.T, c color.NRGBA) *fstest.MapFile {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		img.SetNRGBA(i%8, i/8, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: b.Bytes()}
}

// TestArtworks: the picture is the one that was named last; when none is, or it cannot be read, nothing is shown, and
// never the lot before. Every cue is told of, in order.
func TestArtworks(t *testing.T) {
	red, green := color.NRGBA{200, 30, 30, 255}, color.NRGBA{30, 200, 30, 255}
	art := fstest.MapFS{"red.png": tile(t, red), "green.png": tile(t, green), "torn.png": {Data: []byte("no picture")}}
	var told []uint64
	s, _ := newStage(t, Config{Artwork: art, Shown: func(sh Shown) { told = append(told, sh.Seq) },
		Scenes: []*scene.Scene{bare("a", &scene.Layer{ID: "art", Kind: scene.Artwork, Slot: "artwork", Box: image.Rect(100, 100, 200, 200), Style: scene.Style{Fit: scene.FitCover}})}})
	var seq uint64
	for _, c := range []struct {
		names []string
		want  color.NRGBA
	}{
		{[]string{"red.png"}, red},
		{[]string{""}, color.NRGBA{30, 20, 50, 255}},
		{[]string{"green.png"}, green},
		{[]string{"torn.png"}, color.NRGBA{30, 20, 50, 255}},
		{[]string{"green.png", "red.png"}, red},
		{[]string{"red.png", ""}, color.NRGBA{30, 20, 50, 255}},
		{[]string{"", "green.png"}, green},
	} {
		for _, n := range c.names {
			seq++
			s.Apply(cue.Cue{Verb: cue.Text, Name: "artwork", Text: n}, seq)
		}
		s.Step()
		r, g, b, _ := s.Snapshot().At(150, 150).RGBA()
		for i, d := range [3]int{int(r>>8) - int(c.want.R), int(g>>8) - int(c.want.G), int(b>>8) - int(c.want.B)} {
			if abs(d) > 4 {
				t.Errorf("after %q channel %d is off by %d", c.names, i, d)
			}
		}
	}
	if d := cmp.Diff([]uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, told); d != "" {
		t.Error(d)
	}
}
