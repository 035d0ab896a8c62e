package scene

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Suffix ends the name of every scene file.
const Suffix = ".scene.json"

// Bounds of what a scene may hold: far above any stage, far below what would hurt.
const (
	maxFile   = 1 << 20
	maxLayers = 200
	maxSide   = 3840
)

// fontNames are the names a style may use; the compositor ships one typeface for each.
var fontNames = []string{"sans", "serif", "condensed", "bold"}

// LoadDir reads every scene file of a directory, in the order of their names. The error names all mistakes of all files.
func LoadDir(fsys fs.FS) ([]*Scene, error) {
	names, err := fs.Glob(fsys, "*"+Suffix)
	if err != nil {
		return nil, fmt.Errorf("list scenes: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no %s file here; a show needs at least one", "*"+Suffix)
	}
	var scenes []*Scene
	var errs []error
	owner := map[string]string{}
	for _, name := range names {
		s, err := Load(fsys, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if first, twice := owner[s.ID]; twice {
			errs = append(errs, &Error{[]Problem{{name, 1, "id", fmt.Sprintf("%q is the id of %s too; choose another", s.ID, first)}}})
			continue
		}
		owner[s.ID] = name
		scenes = append(scenes, s)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return scenes, nil
}

// Load reads one scene file. The error is an *Error with every mistake in it, or what the file system said.
func Load(fsys fs.FS, name string) (*Scene, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read scene: %w", err)
	}
	return Parse(name, data)
}

// Parse reads the text of a scene file; name is for the errors.
func Parse(name string, data []byte) (*Scene, error) {
	r := &reader{file: name}
	if len(data) > maxFile {
		r.say(1, "", "is %d bytes long; a scene file has at most %d", len(data), maxFile)
		return nil, r.err()
	}
	root, line, err := parse(data)
	if err != nil {
		r.say(line, "", "is not JSON: %v", err)
		return nil, r.err()
	}
	o := r.object(root, "")
	if o == nil {
		return nil, r.err()
	}
	s := r.scene(o)
	if err := r.err(); err != nil {
		return nil, err
	}
	return s, nil
}

func (r *reader) scene(o *object) *Scene {
	s := &Scene{
		File: r.file, ID: o.str("id"), Name: o.str("name"),
		Width: o.int("width", 1280, 16, maxSide), Height: o.int("height", 720, 16, maxSide),
	}
	r.name(o, "id", s.ID)
	if s.Width%2 != 0 || s.Height%2 != 0 {
		r.say(o.line, "width", "%dx%d: both sides must be even", s.Width, s.Height)
	}
	s.Background = r.background(o.sub("background"))
	s.Transition = r.transition(o.sub("transition"))
	layers := o.list("layers")
	if len(layers) > maxLayers {
		r.say(o.line, "layers", "%d layers; at most %d", len(layers), maxLayers)
		layers = layers[:maxLayers]
	}
	lines := map[string]int{}
	for i, lo := range layers {
		l := r.layer(lo, i)
		if first, twice := lines[l.ID]; twice && l.ID != "" {
			r.say(lo.line, lo.at("id"), "%q is the id of the layer on line %d too; choose another", l.ID, first)
		}
		lines[l.ID] = lo.line
		s.Layers = append(s.Layers, l)
	}
	slices.SortStableFunc(s.Layers, func(a, b *Layer) int { return a.Z - b.Z })
	o.finish()
	return s
}

// name checks an identifier: present, and of the letters that cues may carry.
func (r *reader) name(o *object, key, id string) {
	o.require(key, id != "")
	if _, has := o.vals[key]; !has {
		return
	}
	ok := id != "" && len(id) <= 64
	for _, c := range id {
		ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.')
	}
	if !ok {
		r.say(o.vals[key].line, o.at(key), "%q must be 1-64 of a-z, 0-9, '-', '_' and '.'", id)
	}
}

func (r *reader) background(o *object) Background {
	b := Background{Color: o.color("color", color.NRGBA{A: 255}), Gradient: r.gradient(o.sub("gradient")), Image: r.picture(o, "image")}
	o.finish()
	return b
}

func (r *reader) transition(o *object) Transition {
	t := Transition{Kind: TransitionKind(o.word("kind", transitions()...))}
	t.Duration = o.millis("ms", 0)
	o.finish()
	return t
}

func (r *reader) layer(o *object, i int) *Layer {
	l := &Layer{Line: o.line, ID: o.str("id"), Z: o.int("z", i, -1000, 1000), Slot: o.str("slot"), Text: o.str("text"), When: o.str("when"), Hidden: o.flag("hidden")}
	r.name(o, "id", l.ID)
	o.require("kind", false)
	l.Kind = Kind(o.word("kind", string(Rect), string(Image), string(Text), string(Character), string(Artwork), string(Bar)))
	x, y := o.int("x", 0, -maxSide, maxSide), o.int("y", 0, -maxSide, maxSide)
	w, h := o.int("w", 0, 1, maxSide), o.int("h", 0, 1, maxSide)
	o.require("w", false)
	o.require("h", false)
	l.Box = image.Rect(x, y, x+w, y+h)
	l.Image = r.picture(o, "image")
	l.Style = r.style(o.sub("style"), l.Kind)
	l.Enter = r.enter(o.sub("enter"))
	l.Drift = r.drift(o.sub("drift"))
	r.needs(o, l)
	o.finish()
	return l
}

// needs checks what a kind cannot do without.
func (r *reader) needs(o *object, l *Layer) {
	switch l.Kind {
	case Image:
		o.require("image", l.Image != "")
	case Bar:
		o.require("slot", l.Slot != "")
	case Artwork:
		if l.Slot == "" {
			l.Slot = "artwork"
		}
	case Text:
		if l.Slot == "" && l.Text == "" {
			r.say(o.line, o.at("text"), "a text layer needs \"text\" (fixed words) or \"slot\" (words that cues fill in)")
		}
	}
}

// picture is a slash path inside the folder of the scene files.
func (r *reader) picture(o *object, key string) string {
	s := o.str(key)
	if s != "" && (!fs.ValidPath(s) || strings.Contains(s, "\\")) {
		r.say(o.vals[key].line, o.at(key), "%q must be a path inside the scenes folder, such as \"art/stage.png\"", s)
	} else if e := path.Ext(s); s != "" && e != ".png" && e != ".jpg" {
		r.say(o.vals[key].line, o.at(key), "%q must be a .png or .jpg (an art/x.svg is rendered to art/x.png by the build)", s)
	}
	return s
}

func (r *reader) style(o *object, k Kind) Style {
	fits := []string{string(FitEllipsis), string(FitShrink), string(FitWrap)}
	if k == Image || k == Artwork {
		fits = []string{string(FitCover), string(FitContain), string(FitStretch)}
	}
	s := Style{
		Font: o.word("font", fontNames...), Size: o.num("size", 24, 6, 400),
		Color:  o.color("color", color.NRGBA{255, 255, 255, 255}),
		Align:  Align(o.word("align", string(Left), string(Center), string(Right))),
		VAlign: Align(o.word("valign", string(Middle), string(Top), string(Bottom))),
		Fit:    Fit(o.word("fit", fits...)), Lines: o.int("lines", 1, 1, 12),
		Tabular: o.flag("tabular"), Upper: o.flag("upper"), Tracking: o.num("tracking", 0, -10, 40),
		Fill: o.color("fill", color.NRGBA{}), Gradient: r.gradient(o.sub("gradient")), Radius: o.num("radius", 0, 0, 2000),
		Opacity: o.num("opacity", 1, 0, 1),
	}
	if oo := o.sub("outline"); oo != nil {
		s.Outline = &Outline{Color: oo.color("color", color.NRGBA{A: 255}), Width: oo.num("width", 2, 0.25, 40)}
		oo.finish()
	}
	if so := o.sub("shadow"); so != nil {
		s.Shadow = &Shadow{Color: so.color("color", color.NRGBA{A: 160}), DX: so.int("dx", 0, -100, 100), DY: so.int("dy", 2, -100, 100), Blur: so.num("blur", 4, 0, 60)}
		so.finish()
	}
	o.finish()
	return s
}

func (r *reader) gradient(o *object) *Gradient {
	if o == nil {
		return nil
	}
	g := &Gradient{From: o.color("from", color.NRGBA{}), To: o.color("to", color.NRGBA{}), Angle: o.num("angle", 90, -360, 360)}
	o.require("from", false)
	o.require("to", false)
	o.finish()
	return g
}

func (r *reader) enter(o *object) Enter {
	if o == nil {
		return Enter{}
	}
	e := Enter{
		Kind:     EnterKind(o.word("kind", string(EnterFade), string(EnterSlide))),
		Duration: o.millis("ms", 300*time.Millisecond), Delay: o.millis("delay", 0),
		DX: o.int("dx", 0, -maxSide, maxSide), DY: o.int("dy", 0, -maxSide, maxSide),
	}
	o.finish()
	return e
}

func (r *reader) drift(o *object) Drift {
	d := Drift{DX: o.int("dx", 0, -500, 500), DY: o.int("dy", 0, -500, 500), Period: o.millis("ms", 8*time.Second), Phase: o.num("phase", 0, 0, 1)}
	if o == nil {
		return Drift{}
	}
	o.finish()
	return d
}
