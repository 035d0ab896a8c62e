package scene

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/cue"
)

// Graph is the state of the stage: which scene is on program, what its slots hold, which layers show. Slots belong to
// the show and not to a scene, so a price that was set on one scene is there on the next.
//
// A Graph belongs to one goroutine. Two graphs given the same scenes, cues and ticks are equal.
type Graph struct {
	scenes  map[string]*Scene
	ids     []string
	slots   map[string]bool // known names of text and artwork slots
	layers  map[string]bool // known ids of layers
	now     time.Duration
	program *Scene
	from    *Scene
	mix     Transition
	mixAt   time.Duration
	text    map[string]string
	bars    map[string]*bar
	shown   map[string]bool // what show cues asked for
	poses   map[*Layer]*pose
}

type bar struct{ value, target float64 }

type pose struct {
	on   bool
	at   time.Duration // when it last changed
	free bool          // no entrance: it was so from the start
}

// NewGraph starts with the first scene on program.
func NewGraph(scenes []*Scene) *Graph {
	g := &Graph{
		scenes: map[string]*Scene{}, slots: map[string]bool{}, layers: map[string]bool{},
		text: map[string]string{}, bars: map[string]*bar{}, shown: map[string]bool{}, poses: map[*Layer]*pose{},
	}
	for _, s := range scenes {
		g.add(s)
	}
	if len(scenes) > 0 {
		g.take(scenes[0], Transition{Kind: Cut})
	}
	return g
}

func (g *Graph) add(s *Scene) {
	g.scenes[s.ID] = s
	g.ids = append(g.ids, s.ID)
	for _, l := range s.Layers {
		g.layers[l.ID] = true
		switch {
		case l.Slot == "":
		case l.Kind == Bar:
			if g.bars[l.Slot] == nil {
				g.bars[l.Slot] = &bar{value: 1, target: 1}
			}
		default:
			g.slots[l.Slot] = true
		}
		if l.When != "" {
			g.slots[l.When] = true
		}
	}
}

// Adopt takes over what another graph shows: its scene, if it has one of that id, its words, bars and wishes, and its
// time. Nothing enters anew. The other one is not to be used after that.
func (g *Graph) Adopt(old *Graph) {
	g.now, g.from = old.now, nil
	g.text, g.shown = old.text, old.shown
	for name, b := range g.bars {
		if was := old.bars[name]; was != nil {
			*b = *was
		}
	}
	if s := g.scenes[old.program.ID]; s != nil {
		g.program = s
	}
	g.poses = map[*Layer]*pose{}
	for _, l := range g.program.Layers {
		g.poses[l] = &pose{on: g.wanted(l), at: g.now, free: true}
	}
}

// Texts is what the slots hold, by their names; it is the graph's own.
func (g *Graph) Texts() map[string]string { return g.text }

// Check says whether Apply would take a cue, and which names are known when it would not. It reads only what never
// changes, so any goroutine may call it at any time.
func (g *Graph) Check(c cue.Cue) error {
	switch c.Verb {
	case cue.Scene:
		if g.scenes[c.Name] == nil {
			return unknown("scene", c.Name, g.scenes)
		}
		if kinds := transitions(); c.Text != "" && !slices.Contains(kinds, c.Text) {
			return fmt.Errorf("transition %q is unknown; %s", c.Text, suggest(c.Text, kinds))
		}
	case cue.Text:
		if !g.slots[c.Name] {
			return unknown("slot", c.Name, g.slots)
		}
	case cue.Show:
		if !g.layers[c.Name] {
			return unknown("layer", c.Name, g.layers)
		}
	case cue.Bar:
		if g.bars[c.Name] == nil {
			return unknown("bar", c.Name, g.bars)
		}
	}
	return nil
}

// Apply changes the stage by a cue of the verbs scene, text, show and bar; other verbs are not its business and are
// passed over. A cue that Check refuses changes nothing.
func (g *Graph) Apply(c cue.Cue) error {
	if err := g.Check(c); err != nil {
		return err
	}
	switch c.Verb {
	case cue.Scene:
		g.applyScene(c)
	case cue.Text:
		g.text[c.Name] = c.Text
	case cue.Show:
		g.shown[c.Name] = c.Value != 0
	case cue.Bar:
		g.bars[c.Name].target = float64(min(max(c.Value, 0), 1000)) / 1000
	}
	g.settle()
	return nil
}

// usual is how long a transition takes when nobody says.
const usual = 400 * time.Millisecond

func transitions() []string {
	return []string{string(Cut), string(Fade), string(Slide), string(Zoom)}
}

func (g *Graph) applyScene(c cue.Cue) {
	s := g.scenes[c.Name]
	t := s.Transition
	if c.Text != "" {
		t.Kind = TransitionKind(c.Text)
	}
	if c.Millis > 0 {
		t.Duration = time.Duration(min(c.Millis, 10_000)) * time.Millisecond
	}
	if t.Duration == 0 {
		t.Duration = usual
	}
	if s != g.program {
		g.take(s, t)
	}
}

func unknown[V any](what, name string, known map[string]V) error {
	names := make([]string, 0, len(known))
	for k := range known {
		names = append(names, k)
	}
	slices.Sort(names)
	return fmt.Errorf("%s %q is unknown; %s", what, name, suggest(name, names))
}

// take puts a scene on program; its layers enter anew.
func (g *Graph) take(s *Scene, t Transition) {
	g.from, g.mix, g.mixAt = g.program, t, g.now
	if t.Kind == Cut || g.from == nil {
		g.from = nil
	}
	g.program = s
	for _, l := range s.Layers {
		g.poses[l] = &pose{on: g.wanted(l), at: g.now, free: !g.wanted(l)}
	}
}

// wanted says whether a layer is to be seen now.
func (g *Graph) wanted(l *Layer) bool {
	on, asked := g.shown[l.ID]
	if !asked {
		on = !l.Hidden
	}
	return on && (l.When == "" || g.text[l.When] != "")
}

// settle starts entrances and exits of the layers whose wish changed.
func (g *Graph) settle() {
	for _, s := range [2]*Scene{g.program, g.from} {
		if s == nil {
			continue
		}
		for _, l := range s.Layers {
			if p, on := g.poses[l], g.wanted(l); p.on != on {
				*p = pose{on: on, at: g.now}
			}
		}
	}
}

// barEase is the share of the way that a bar has left after a second: it glides, and still follows a clock.
const barEase = 0.002

// Tick lets time pass.
func (g *Graph) Tick(dt time.Duration) {
	g.now += dt
	if g.from != nil && g.now-g.mixAt >= g.mix.Duration {
		g.from = nil
	}
	k := 1 - math.Pow(barEase, dt.Seconds())
	for _, b := range g.bars {
		b.value += (b.target - b.value) * k
		if math.Abs(b.target-b.value) < 0.0005 {
			b.value = b.target
		}
	}
}

// Program is the scene on air, or towards which the stage is changing.
func (g *Graph) Program() *Scene { return g.program }

// Scene finds a scene by its id.
func (g *Graph) Scene(id string) (*Scene, bool) {
	s, ok := g.scenes[id]
	return s, ok
}

// Mix is a transition under way.
type Mix struct {
	From *Scene // nil when the program is alone
	Kind TransitionKind
	T    float64 // 0 (From alone) to 1 (program alone), eased
}

// Mix tells of the transition under way.
func (g *Graph) Mix() Mix {
	if g.from == nil {
		return Mix{T: 1}
	}
	return Mix{From: g.from, Kind: g.mix.Kind, T: ease(float64(g.now-g.mixAt) / float64(g.mix.Duration))}
}

// ease is the smooth step: slow, quick, slow.
func ease(t float64) float64 {
	t = min(max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// Words is what a text layer shows, or the name of the picture of an artwork layer.
func (g *Graph) Words(l *Layer) string {
	if l.Slot != "" {
		if s := g.text[l.Slot]; s != "" {
			return s
		}
	}
	if l.Kind == Artwork {
		return l.Image
	}
	return l.Text
}

// Bar is how full a bar is, 0 to 1.
func (g *Graph) Bar(slot string) float64 {
	if b := g.bars[slot]; b != nil {
		return b.value
	}
	return 0
}

// Pose is where and how strongly a layer is drawn now.
type Pose struct {
	DX, DY int
	Alpha  float64 // 0: not at all
}

// Pose tells of a layer of the program or of the scene it replaces.
func (g *Graph) Pose(l *Layer) Pose {
	p := g.poses[l]
	if p == nil {
		return Pose{}
	}
	t := g.progress(l.Enter, p)
	if !p.on {
		t = 1 - t
	}
	out := Pose{Alpha: t * l.Style.Opacity}
	if l.Enter.Kind == EnterSlide {
		out.DX, out.DY = int(math.Round(float64(l.Enter.DX)*(1-t))), int(math.Round(float64(l.Enter.DY)*(1-t)))
	}
	if l.Drift.Period > 0 {
		a := 2 * math.Pi * (g.now.Seconds()/l.Drift.Period.Seconds() + l.Drift.Phase)
		out.DX += int(math.Round(float64(l.Drift.DX) * math.Sin(a)))
		out.DY += int(math.Round(float64(l.Drift.DY) * math.Sin(a)))
	}
	return out
}

// progress of an entrance or exit, 0 to 1; an exit does not wait for the delay.
func (g *Graph) progress(e Enter, p *pose) float64 {
	if e.Kind == EnterNone || p.free || e.Duration <= 0 {
		return 1
	}
	d := g.now - p.at
	if p.on {
		d -= e.Delay
	}
	return ease(float64(d) / float64(e.Duration))
}
