package compositorbench

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/sothebais/sothebais/host/scene"
)

const sprites = 4

// benchScene is the scene that filterArgs describes to FFmpeg.
func benchScene() []*scene.Scene {
	plain := scene.Style{Opacity: 1, Fit: scene.FitStretch}
	layers := []*scene.Layer{{ID: "art", Kind: scene.Image, Image: "art.png", Box: image.Rect(80, 92, 480, 492), Style: plain}}
	for i := range sprites {
		layers = append(layers, &scene.Layer{
			ID: fmt.Sprintf("sprite-%d", i), Kind: scene.Image, Image: fmt.Sprintf("sprite_%d.png", i), Box: image.Rect(852, 152, 852+332, 152+532),
			Hidden: i > 0, Style: plain, Drift: scene.Drift{DX: 26, DY: 8, Period: 3 * time.Second},
		})
	}
	layers = append(layers, &scene.Layer{ID: "lower", Kind: scene.Image, Image: "lower.png", Box: image.Rect(0, 592, 1280, 712), Style: plain})
	white, yellow := color.NRGBA{255, 255, 255, 255}, color.NRGBA{255, 255, 0, 255}
	text := func(slot string, c color.NRGBA, size float64, box image.Rectangle, boxed bool) {
		if boxed {
			layers = append(layers, &scene.Layer{ID: slot + "-box", Kind: scene.Rect, Box: box.Inset(-10), Style: scene.Style{Opacity: 1, Fill: color.NRGBA{A: 128}}})
		}
		st := scene.Style{Opacity: 1, Font: "bold", Size: size, Color: c, VAlign: scene.Middle, Fit: scene.FitEllipsis}
		layers = append(layers, &scene.Layer{ID: slot, Kind: scene.Text, Slot: slot, Box: box, Style: st})
	}
	text("amount", white, 42, image.Rect(532, 106, 532+290, 106+42), true)
	text("bidder", yellow, 26, image.Rect(532, 180, 532+190, 180+26), true)
	text("clock", white, 48, image.Rect(532, 246, 532+320, 246+48), true)
	text("line", white, 32, image.Rect(40, 626, 1240, 626+32), false)
	return []*scene.Scene{{ID: "bench", Width: 1280, Height: 720, Background: scene.Background{Color: color.NRGBA{A: 255}, Image: "bg.png"}, Layers: layers}}
}

// writePictures draws what both sides show; the same every time.
func writePictures(dir string) error {
	r := rand.New(rand.NewPCG(7, 7))
	pics := map[string]image.Image{
		"bg.png": paint(1280, 720, func(x, y float64) color.NRGBA {
			n := uint8(r.IntN(7))
			return color.NRGBA{uint8(24+90*y) + n, uint8(16+40*x) + n, uint8(60+60*math.Abs(math.Sin(9*x+4*y))) + n, 255}
		}),
		"art.png": paint(400, 400, func(x, y float64) color.NRGBA {
			d := math.Hypot(x-.5, y-.5)
			return color.NRGBA{uint8(127 + 127*math.Sin(40*d)), uint8(127 + 127*math.Sin(23*x*y+1)), uint8(127 + 127*math.Sin(31*d*x+2)), 255}
		}),
		"lower.png": paint(1280, 120, func(x, y float64) color.NRGBA {
			return color.NRGBA{uint8(20 + 40*x), 14, uint8(50 + 60*x), uint8(230 * math.Min(1, 3*(1-x)))}
		}),
	}
	for i := range sprites {
		pics[fmt.Sprintf("sprite_%d.png", i)] = paint(332, 532, func(x, y float64) color.NRGBA { return figure(x, y, i) })
	}
	for name, img := range pics {
		if err := writePNG(filepath.Join(dir, name), img); err != nil {
			return err
		}
	}
	return nil
}

// figure is a head on shoulders with soft edges, its mouth a little wider in each picture.
func figure(x, y float64, frame int) color.NRGBA {
	inside := func(cx, cy, rx, ry float64) float64 {
		return math.Min(1, math.Max(0, 40*(1-math.Hypot((x-cx)/rx, (y-cy)/ry))))
	}
	c := color.NRGBA{50, 60, 140, uint8(255 * inside(.5, 1.05, .36, .46))}
	if a := inside(.5, .36, .4, .3); a > 0 {
		c = color.NRGBA{238, 140, 190, uint8(255 * math.Max(a, float64(c.A)/255))}
	}
	if inside(.5, .4, .27, .2) > 0 {
		c = color.NRGBA{255, 224, 204, 255}
	}
	if inside(.5, .5, .06, .008*float64(1+frame)) > 0 {
		c = color.NRGBA{190, 50, 64, 255}
	}
	return c
}

func paint(w, h int, at func(x, y float64) color.NRGBA) image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, at(float64(x)/float64(w), float64(y)/float64(h)))
		}
	}
	return img
}

func writePNG(name string, img image.Image) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write a picture: %w", err)
	}
	if err := png.Encode(f, img); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), f.Close())
	}
	return f.Close()
}
