package compositor

import (
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // scenes may bring photographs
	_ "image/png"
	"io/fs"

	"github.com/sothebais/sothebais/host/scene"
	xdraw "golang.org/x/image/draw"
)

// view is a scene made ready to be drawn.
type view struct {
	scene *scene.Scene
	back  *bitmap
	nodes []*node
	paint *canvas
}

// node is a layer made ready. What is fixed never changes; run and art are changed by the frame loop alone.
type node struct {
	layer *scene.Layer
	fixed *shaped // rect, image, or the track of a bar
	fill  *shaped // of a bar
	run   *run    // of a text
	art   *shaped // of an artwork
	plain *shaped // art while the slot is empty; nil: nothing
}

// newView draws all that is fixed of a scene; the error names every picture that cannot be used.
func newView(sc *scene.Scene, art fs.FS, t *typesetter, k kernel) (*view, error) {
	v := &view{scene: sc, paint: newCanvas(sc.Width, sc.Height, k, 1)}
	back, err := drawBackground(sc, art)
	back.settle(0, 0, false)
	v.back = back
	if err != nil {
		err = fmt.Errorf("%s: background: %w", sc.File, err)
	}
	errs := []error{err}
	still := true
	for i, l := range sc.Layers {
		n, err := newNode(l, art, t)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: layer %s: %w", sc.File, l.Line, l.ID, err))
		}
		v.nodes = append(v.nodes, n)
		n.settle()
		if still = still && !lively(l); still {
			v.paint.still = i + 2
		}
	}
	return v, errors.Join(errs...)
}

// settle makes all that the layer's places will need, so that no frame has to.
func (n *node) settle() {
	for _, s := range []*shaped{n.fixed, n.fill, n.art} {
		if s != nil {
			s.settle(n.layer)
		}
	}
}

func (s *shaped) settle(l *scene.Layer) {
	s.bm.settle(l.Box.Min.X+s.x, l.Box.Min.Y+s.y, l.Drift.Period > 0 || l.Enter.Kind == scene.EnterSlide)
}

// lively says that a layer changes often, so that what lies above is better not flattened.
func lively(l *scene.Layer) bool {
	return l.Kind == scene.Character || l.Kind == scene.Bar || l.Kind == scene.Text && l.Slot != "" || l.Drift.Period > 0
}

func newNode(l *scene.Layer, art fs.FS, t *typesetter) (*node, error) {
	n := &node{layer: l}
	st, w, h := &l.Style, l.Box.Dx(), l.Box.Dy()
	var err error
	switch l.Kind {
	case scene.Rect:
		n.fixed = drawBox(w, h, st)
	case scene.Bar:
		track := *st
		track.Gradient, track.Outline = nil, nil
		n.fixed = drawBox(w, h, &track)
		filled := *st
		filled.Fill, filled.Shadow = st.Color, nil
		n.fill = drawBox(w, h, &filled)
	case scene.Text:
		n.run = t.set(l, l.Text)
	case scene.Image:
		n.fixed, err = loadPicture(art, l.Image, l)
	case scene.Artwork:
		if l.Image != "" {
			n.plain, err = loadPicture(art, l.Image, l)
			n.art = n.plain
		}
	}
	return n, err
}

func drawBackground(sc *scene.Scene, art fs.FS) (*bitmap, error) {
	img := image.NewRGBA(image.Rect(0, 0, sc.Width, sc.Height))
	in := flat(sc.Background.Color)
	if g := sc.Background.Gradient; g != nil {
		in = along(g, img.Rect)
	}
	lay(img, roundBox(sc.Width, sc.Height, 0, 0, 0), flat(sc.Background.Color), 0, 0)
	lay(img, roundBox(sc.Width, sc.Height, 0, 0, 0), in, 0, 0)
	var err error
	if sc.Background.Image != "" {
		var pic image.Image
		if pic, err = decode(art, sc.Background.Image); err == nil {
			xdraw.CatmullRom.Scale(img, img.Rect, pic, coverOf(pic.Bounds(), img.Rect), xdraw.Over, nil)
		}
	}
	for i := 3; i < len(img.Pix); i += 4 {
		img.Pix[i] = 255 // whatever the colour said, nothing lies behind
	}
	return newBitmap(convert(img)), err
}

// maxPixels bounds a picture before it is decoded: a small file can unpack to gigabytes.
const maxPixels = 50_000_000

func decode(fsys fs.FS, name string) (image.Image, error) {
	if fsys == nil {
		return nil, fmt.Errorf("picture %s: no folder of pictures was given", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w (a PNG or JPEG beside the scene files; what is drawn as SVG is made by the build)", name, err)
	}
	defer f.Close()
	cfg, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w; PNG and JPEG are known", name, err)
	}
	if cfg.Width*cfg.Height > maxPixels {
		return nil, fmt.Errorf("picture %s: %dx%d is too large; at most %d million pixels", name, cfg.Width, cfg.Height, maxPixels/1_000_000)
	}
	again, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", name, err)
	}
	defer again.Close()
	img, _, err := image.Decode(again)
	if err != nil {
		return nil, fmt.Errorf("picture %s: %w", name, err)
	}
	return img, nil
}

// loadPicture fits a picture into a layer's box, with the corners, shadow and outline of its style.
func loadPicture(fsys fs.FS, name string, l *scene.Layer) (*shaped, error) {
	pic, err := decode(fsys, name)
	if err != nil {
		return nil, err
	}
	return fitPicture(pic, l), nil
}

func fitPicture(pic image.Image, l *scene.Layer) *shaped {
	w, h := l.Box.Dx(), l.Box.Dy()
	from, to := pic.Bounds(), image.Rect(0, 0, w, h)
	switch l.Style.Fit {
	case scene.FitCover:
		from = coverOf(from, to)
	case scene.FitContain:
		to = containOf(from, to)
	}
	scaled := image.NewRGBA(image.Rect(0, 0, to.Dx(), to.Dy()))
	xdraw.CatmullRom.Scale(scaled, scaled.Rect, pic, from, xdraw.Src, nil)
	if l.Style.Radius == 0 && l.Style.Shadow == nil && l.Style.Outline == nil {
		return &shaped{newBitmap(convert(scaled)), to.Min.X, to.Min.Y}
	}
	s := drawFramed(scaled, &l.Style)
	s.x, s.y = s.x+to.Min.X, s.y+to.Min.Y
	return s
}

// coverOf is the part of a picture, from its middle, that has the shape of a box.
func coverOf(pic, box image.Rectangle) image.Rectangle {
	w, h := pic.Dx(), pic.Dy()
	if w*box.Dy() > h*box.Dx() {
		w = max(h*box.Dx()/box.Dy(), 1)
	} else {
		h = max(w*box.Dy()/box.Dx(), 1)
	}
	at := pic.Min.Add(image.Pt((pic.Dx()-w)/2, (pic.Dy()-h)/2))
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// containOf is where a picture lies in a box when all of it is to be seen.
func containOf(pic, box image.Rectangle) image.Rectangle {
	w, h := box.Dx(), box.Dy()
	if w*pic.Dy() > h*pic.Dx() {
		w = max(h*pic.Dx()/pic.Dy(), 1)
	} else {
		h = max(w*pic.Dy()/pic.Dx(), 1)
	}
	at := image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2)
	return image.Rectangle{at, at.Add(image.Pt(w, h))}
}

// collect lists what is to be seen of the scene now.
func (v *view) collect(dst []item, g *scene.Graph, a *actor) []item {
	dst = append(dst, item{d: v.back, alpha: 255})
	for i, n := range v.nodes {
		p := g.Pose(n.layer)
		alpha := uint8(p.Alpha*255 + 0.5)
		if alpha == 0 {
			continue
		}
		at := item{layer: i + 1, x: n.layer.Box.Min.X + p.DX, y: n.layer.Box.Min.Y + p.DY, alpha: alpha}
		switch n.layer.Kind {
		case scene.Character:
			if a != nil {
				dst = a.items(dst, n.layer, i+1, p.DX, p.DY, p.Alpha)
			}
		case scene.Bar:
			dst = append(dst, at.of(n.fixed))
			if w := int(g.Bar(n.layer.Slot)*float64(n.layer.Box.Dx()) + 0.5); w > 0 {
				at.width = w
				dst = append(dst, at.of(n.fill))
			}
		case scene.Text:
			if n.run != nil && !n.run.box.Empty() {
				at.d = n.run
				dst = append(dst, at)
			}
		case scene.Artwork:
			if n.art != nil {
				dst = append(dst, at.of(n.art))
			}
		default:
			dst = append(dst, at.of(n.fixed))
		}
	}
	return dst
}

// of places a shape where the box that it was made for is.
func (it item) of(s *shaped) item {
	it.d, it.x, it.y = s.bm, it.x+s.x, it.y+s.y
	return it
}
