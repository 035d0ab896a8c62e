package compositor

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// priced is a scene with a block of a colour, and the price to the left of it.
func priced(id string, c color.NRGBA) *scene.Scene {
	s := bare(id,
		&scene.Layer{Line: 7, ID: "block", Kind: scene.Rect, Box: image.Rect(600, 300, 700, 400), Style: scene.Style{Fill: c, Opacity: 1}},
		&scene.Layer{Line: 9, ID: "art", Kind: scene.Artwork, Slot: "artwork", Box: image.Rect(800, 300, 900, 400), Style: scene.Style{Fit: scene.FitStretch, Opacity: 1}},
		&scene.Layer{Line: 8, ID: "p", Kind: scene.Text, Slot: "price", Box: image.Rect(100, 100, 500, 180), Style: scene.Style{Size: 60, Color: color.NRGBA{255, 255, 255, 255}, Opacity: 1}})
	s.File = "scenes/" + id + ".scene.json"
	return s
}

func (s *Stage) colour(x, y int) [3]int {
	r, g, b, _ := s.Snapshot().At(x, y).RGBA()
	return [3]int{int(r >> 8), int(g >> 8), int(b >> 8)}
}

func near(a, b [3]int) bool {
	return abs(a[0]-b[0]) < 12 && abs(a[1]-b[1]) < 12 && abs(a[2]-b[2]) < 12
}

// lit counts the bright pixels of the price.
func lit(s *Stage) (n int) {
	img := s.Snapshot()
	for y := 100; y < 180; y++ {
		for x := 100; x < 500; x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r > 0xc000 {
				n++
			}
		}
	}
	return n
}

func redPicture(t *testing.T) string {
	t.Helper()
	dir, img := t.TempDir(), image.NewNRGBA(image.Rect(0, 0, 8, 8))
	for i := range 64 {
		img.SetNRGBA(i%8, i/8, color.NRGBA{200, 20, 20, 255})
	}
	f, err := os.Create(filepath.Join(dir, "red.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestScenesAreExchanged: what is on program looks new, and shows the same words and pictures; cues that came before and
// after are obeyed.
func TestScenesAreExchanged(t *testing.T) {
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{priced("a", color.NRGBA{20, 160, 20, 255}), priced("b", color.NRGBA{1, 1, 1, 255})}, Artwork: os.DirFS(redPicture(t))})
	s.Apply(cue.Cue{Verb: cue.Text, Name: "price", Text: "888"}, 1)
	s.Apply(cue.Cue{Verb: cue.Text, Name: "artwork", Text: "red.png"}, 2)
	s.Step()
	words := lit(s)
	if words < 100 || !near(s.colour(650, 350), [3]int{20, 160, 20}) || !near(s.colour(850, 350), [3]int{200, 20, 20}) {
		t.Fatalf("before: %d bright pixels, block %v, artwork %v", words, s.colour(650, 350), s.colour(850, 350))
	}
	if err := s.SetScenes([]*scene.Scene{priced("c", color.NRGBA{9, 9, 9, 255}), priced("a", color.NRGBA{20, 20, 180, 255})}, nil); err != nil {
		t.Fatal(err)
	}
	if !near(s.colour(650, 350), [3]int{20, 160, 20}) {
		t.Error("changed before the next frame")
	}
	s.Step()
	if !near(s.colour(650, 350), [3]int{20, 20, 180}) || lit(s) != words || !near(s.colour(850, 350), [3]int{200, 20, 20}) {
		t.Errorf("after: block %v, %d bright pixels (were %d), artwork %v", s.colour(650, 350), lit(s), words, s.colour(850, 350))
	}
	s.Apply(cue.Cue{Verb: cue.Text, Name: "price", Text: ""}, 3)
	s.Apply(cue.Cue{Verb: cue.Scene, Name: "c", Text: "cut"}, 4)
	s.Step()
	if lit(s) != 0 || !near(s.colour(650, 350), [3]int{9, 9, 9}) || s.Stats().Scene != "c" {
		t.Errorf("the new scenes do not obey: %d bright pixels, block %v, scene %s", lit(s), s.colour(650, 350), s.Stats().Scene)
	}
}

// What cues change between the making ready and the frame is shown too.
func TestScenesCatchUp(t *testing.T) {
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{priced("a", color.NRGBA{20, 160, 20, 255})}, Artwork: os.DirFS(redPicture(t))})
	s.Apply(cue.Cue{Verb: cue.Text, Name: "price", Text: "888"}, 1)
	s.Apply(cue.Cue{Verb: cue.Text, Name: "artwork", Text: "red.png"}, 2)
	s.drawArt() // both wait for the next frame
	if err := s.SetScenes([]*scene.Scene{priced("a", color.NRGBA{20, 20, 180, 255})}, nil); err != nil {
		t.Fatal(err)
	}
	s.Step()
	s.Step() // a picture takes a frame longer
	if lit(s) < 100 || !near(s.colour(850, 350), [3]int{200, 20, 20}) {
		t.Errorf("%d bright pixels, artwork %v", lit(s), s.colour(850, 350))
	}
}

func TestBadScenesChangeNothing(t *testing.T) {
	s, _ := newStage(t, Config{Scenes: []*scene.Scene{priced("a", color.NRGBA{20, 160, 20, 255})}})
	s.Step()
	lost := priced("a", color.NRGBA{1, 1, 1, 255})
	lost.Layers[0] = &scene.Layer{Line: 12, ID: "i", Kind: scene.Image, Image: "art/x.png", Box: image.Rect(0, 0, 9, 9)}
	small := priced("a", color.NRGBA{1, 1, 1, 255})
	small.Width = 640
	for want, scenes := range map[string][]*scene.Scene{
		"scenes/a.scene.json:12: layer i: picture art/x.png": {lost},
		"scenes/a.scene.json: scene \"a\" is 640x720":        {small},
		"no scenes": nil,
		`scene "a" is on program: take another one first`: {priced("b", color.NRGBA{1, 1, 1, 255})},
	} {
		err := s.SetScenes(scenes, os.DirFS(t.TempDir()))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
		if strings.Contains(want, "on program") && !errors.Is(err, ErrOnProgram) {
			t.Errorf("%v is not ErrOnProgram", err)
		}
		s.Step()
		if !near(s.colour(650, 350), [3]int{20, 160, 20}) {
			t.Fatalf("after %v the stage is another", err)
		}
	}
}
