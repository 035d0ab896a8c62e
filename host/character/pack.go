package character

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io/fs"
	"slices"
	"sort"
	"strings"
)

// PartsFile is the name of the list of rendered pictures inside a built character.
const PartsFile = "parts.json"

// PartEntry is one picture of parts.json.
type PartEntry struct {
	ID     string `json:"id"`
	File   string `json:"file"`
	X      int    `json:"x"` // where its top-left lies on the canvas
	Y      int    `json:"y"`
	W      int    `json:"w"`
	H      int    `json:"h"`
	Source string `json:"source"` // what it was rendered from, so that only what changed is rendered again
}

// PartList is parts.json.
type PartList struct {
	Parts []PartEntry `json:"parts"`
}

// Pack is a character that is ready to be animated. It does not change and may be shared.
type Pack struct {
	Manifest
	Parts []*Part // every picture, by ID

	art   []nodeArt // by node
	order []int     // nodes, parents before children
	slots struct{ eyes, brows, mouth int }

	standIns []bool // nodes that take each other's place during a gesture
	fading   []int  // nodes that are not always to be seen
}

// nodeArt is what a node can show.
type nodeArt struct {
	parent, like int // -1: none
	names        []string
	parts        []*Part
}

func (n *nodeArt) variant(name string) int {
	for i, s := range n.names {
		if s == name {
			return i
		}
	}
	return -1
}

// Load reads a built character: character.json, parts.json and the pictures it lists. Everything that is wrong comes
// back at once, as Problems.
func Load(fsys fs.FS) (*Pack, error) {
	data, err := readFile(fsys, ManifestFile, "a character's folder has one at its top")
	if err != nil {
		return nil, err
	}
	m, err := ReadManifest(data)
	if err != nil {
		return nil, err
	}
	data, err = readFile(fsys, PartsFile, "render the art: go run ./cmd/art -out DIR characters/"+m.ID)
	if err != nil {
		return nil, err
	}
	list, err := ReadPartList(data, m)
	if err != nil {
		return nil, err
	}
	p := &Pack{Manifest: *m}
	r := &reader{file: ManifestFile}
	r.pictures(fsys, p, list)
	r.assemble(p)
	if len(r.problems) > 0 {
		sort.SliceStable(r.problems, func(i, j int) bool { return r.problems[i].Line < r.problems[j].Line })
		return nil, r.problems
	}
	return p, nil
}

func readFile(fsys fs.FS, name, hint string) ([]byte, error) {
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Problems{{File: name, What: "is not there", Hint: hint}}
	}
	if err != nil {
		return nil, fmt.Errorf("reading a character: %w", err)
	}
	return data, nil
}

// ReadPartList reads a parts.json and checks that every picture lies on the character's canvas.
func ReadPartList(data []byte, m *Manifest) (*PartList, error) {
	t, err := parseTree(PartsFile, data)
	if err != nil {
		return nil, err
	}
	r := &reader{file: PartsFile}
	o := r.object(t, "")
	list := &PartList{}
	for i, v := range o.list("parts", true) {
		at := fmt.Sprintf("parts[%d]", i)
		eo := r.object(v, at)
		w, h := m.Width, m.Height+m.Bleed
		e := PartEntry{
			ID: eo.str("id", true), File: eo.str("file", true), Source: eo.str("source", false),
			X: eo.whole("x", 0, w), Y: eo.whole("y", 0, h), W: eo.whole("w", 1, w), H: eo.whole("h", 1, h),
		}
		eo.done()
		if !fs.ValidPath(e.File) {
			r.bad(v.line, at+".file", fmt.Sprintf("%q leaves the character's folder", e.File), "a path such as parts/head.png")
		}
		if e.X+e.W > w || e.Y+e.H > h {
			r.bad(v.line, at, fmt.Sprintf("reaches over the canvas of %d by %d", w, h), "render the art again: go run ./cmd/art")
		}
		if slices.ContainsFunc(list.Parts, func(o PartEntry) bool { return o.ID == e.ID }) {
			r.bad(v.line, at+".id", fmt.Sprintf("%q is there twice", e.ID), "")
		}
		list.Parts = append(list.Parts, e)
	}
	o.done()
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return list, nil
}

func (r *reader) pictures(fsys fs.FS, p *Pack, list *PartList) {
	for _, e := range list.Parts {
		picture, err := readPicture(fsys, e)
		if err != nil {
			r.problems = append(r.problems, Problem{File: e.File, What: err.Error(), Hint: "render the art again: go run ./cmd/art"})
			continue
		}
		p.Parts = append(p.Parts, &Part{ID: e.ID, Picture: picture, OffsetX: float64(e.X), OffsetY: float64(e.Y)})
	}
	sort.Slice(p.Parts, func(i, j int) bool { return p.Parts[i].ID < p.Parts[j].ID })
}

// readPicture decodes a picture once, to know that it can be.
func readPicture(fsys fs.FS, e PartEntry) (func() *image.NRGBA, error) {
	data, err := fs.ReadFile(fsys, e.File)
	if err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	// the size is checked before anything of that size is allocated
	if c, err := png.DecodeConfig(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	} else if c.Width != e.W || c.Height != e.H {
		return nil, fmt.Errorf("the picture is %d by %d where %s says %d by %d", c.Width, c.Height, PartsFile, e.W, e.H)
	}
	if _, err := decodePicture(data); err != nil {
		return nil, fmt.Errorf("reading the picture: %w", err)
	}
	return func() *image.NRGBA {
		img, err := decodePicture(data)
		if err != nil {
			panic(err) // the same bytes were decoded before
		}
		return img
	}, nil
}

func decodePicture(data []byte) (*image.NRGBA, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if n, ok := img.(*image.NRGBA); ok {
		return n, nil
	}
	n := image.NewNRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(n, n.Rect, img, img.Bounds().Min, draw.Src)
	return n, nil
}

// assemble gives each node its pictures and each expression and viseme its variants.
func (r *reader) assemble(p *Pack) {
	index := map[string]int{}
	for i, n := range p.Nodes {
		index[n.ID] = i
	}
	p.slots.eyes, p.slots.brows, p.slots.mouth = index[slotEyes], index[slotBrows], index[slotMouth]
	at := func(id string) int {
		if id == "" {
			return -1
		}
		return index[id]
	}
	p.art = make([]nodeArt, len(p.Nodes))
	for i, n := range p.Nodes {
		a := nodeArt{parent: at(n.Parent), like: at(n.Like)}
		for _, part := range p.Parts {
			if name, ok := n.shows(part.ID); ok {
				a.names, a.parts = append(a.names, name), append(a.parts, part)
			}
		}
		if len(a.parts) == 0 && !n.Group {
			r.bad(n.line, fmt.Sprintf("parts[%d]", i), fmt.Sprintf("has no picture: art/%s.svg is missing", n.artName()), `draw it, or give the part "group": true`)
		}
		p.art[i] = a
	}
	p.pivots()
	p.inOrder()
	p.comeAndGo()
	r.faces(p)
}

// shows says whether a picture belongs to the node, and as which variant.
func (n *Node) shows(part string) (variant string, ok bool) {
	if n.Slot {
		return strings.CutPrefix(part, n.ID+".")
	}
	return "", part == n.ID && !n.Group
}

func (n *Node) artName() string {
	if n.Slot {
		return n.ID + ".<variant>"
	}
	return n.ID
}

func (p *Pack) pivots() {
	for i := range p.art {
		n := &p.Nodes[i]
		if like := p.art[i].like; like >= 0 {
			n.PivotX, n.PivotY = p.Nodes[like].PivotX, p.Nodes[like].PivotY
		}
		for _, part := range p.art[i].parts {
			part.PivotX, part.PivotY = n.PivotX-part.OffsetX, n.PivotY-part.OffsetY
		}
	}
}

// inOrder lists the nodes so that a parent comes before what moves with it. The manifest has been checked: it ends.
func (p *Pack) inOrder() {
	done := make([]bool, len(p.art))
	var visit func(i int)
	visit = func(i int) {
		if done[i] {
			return
		}
		done[i] = true
		if parent := p.art[i].parent; parent >= 0 {
			visit(parent)
		}
		if p.art[i].like < 0 {
			p.order = append(p.order, i)
		}
	}
	for i := range p.art {
		visit(i)
	}
}

func (p *Pack) comeAndGo() {
	p.standIns = make([]bool, len(p.Nodes))
	for _, g := range p.Gestures {
		for _, s := range g.Shows {
			if s.instead >= 0 {
				p.standIns[s.node], p.standIns[s.instead] = true, true
			}
		}
	}
	for i, n := range p.Nodes {
		if n.Hidden || p.standIns[i] {
			p.fading = append(p.fading, i)
		}
	}
}

func (r *reader) faces(p *Pack) {
	variant := func(slot int, name string, line int, at string) int {
		a := &p.art[slot]
		v := a.variant(name)
		if v < 0 {
			r.bad(line, at, fmt.Sprintf("art/%s.%s.svg is missing", p.Nodes[slot].ID, name), hint(name, a.names))
		}
		return v
	}
	for name, e := range p.Expressions {
		at := "expressions." + name
		e.eyes = variant(p.slots.eyes, e.Eyes, e.line, at+".eyes")
		e.brows = variant(p.slots.brows, e.Brows, e.line, at+".brows")
		e.mouth = variant(p.slots.mouth, e.Mouth, e.line, at+".mouth")
		e.closed = -1
		if e.Closed != "" {
			e.closed = variant(p.slots.mouth, e.Closed, e.line, at+".closed")
		}
	}
	for i := range p.Visemes {
		v := &p.Visemes[i]
		v.mouth = variant(p.slots.mouth, v.Mouth, v.line, "visemes."+VisemeNames[i]+".mouth")
	}
	b := &p.Idle.Blink
	b.eyes = variant(p.slots.eyes, b.Eyes, b.line, "idle.blink.eyes")
}
