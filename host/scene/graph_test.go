package scene

import (
	"image"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sothebais/sothebais/host/cue"
	"pgregory.net/rapid"
)

func twoScenes() []*Scene {
	layer := func(id string, k Kind, slot string) *Layer {
		return &Layer{ID: id, Kind: k, Slot: slot, Box: image.Rect(0, 0, 10, 10), Style: Style{Opacity: 1}}
	}
	box := layer("box", Rect, "")
	box.When, box.Enter = "subtitle", Enter{Kind: EnterSlide, Duration: time.Second, DX: -100}
	secret := layer("secret", Rect, "")
	secret.Hidden = true
	words := layer("words", Text, "subtitle")
	words.Text = "…"
	return []*Scene{
		{ID: "one", Layers: []*Layer{box, words, secret, layer("bar", Bar, "time")}},
		{ID: "two", Layers: []*Layer{layer("words", Text, "subtitle"), layer("art", Artwork, "artwork")}, Transition: Transition{Fade, time.Second}},
	}
}

func must(t testing.TB, g *Graph, cues ...cue.Cue) {
	t.Helper()
	for _, c := range cues {
		if err := g.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTransition(t *testing.T) {
	g := NewGraph(twoScenes())
	if m := g.Mix(); m.From != nil || m.T != 1 {
		t.Fatal("the first scene is cut to", m)
	}
	must(t, g, cue.Cue{Verb: cue.Scene, Name: "two"})
	var ts []float64
	for range 5 {
		m := g.Mix()
		if m.From != nil && (m.From.ID != "one" || m.Kind != Fade) {
			t.Fatal(m)
		}
		ts = append(ts, m.T)
		g.Tick(250 * time.Millisecond)
	}
	if d := cmp.Diff([]float64{0, 0.15625, 0.5, 0.84375, 1}, ts); d != "" {
		t.Error(d)
	}
	must(t, g, cue.Cue{Verb: cue.Scene, Name: "one", Text: "zoom", Millis: 200})
	if m := g.Mix(); m.Kind != Zoom || m.From.ID != "two" {
		t.Error(m)
	}
	g.Tick(200 * time.Millisecond)
	if g.Mix().From != nil || g.Program().ID != "one" {
		t.Error("the transition did not end")
	}
}

func TestWordsStayOverScenes(t *testing.T) {
	g := NewGraph(twoScenes())
	one, two := g.Program(), g.scenes["two"]
	if g.Words(one.Layers[1]) != "…" {
		t.Error("an empty slot shows the layer's own text")
	}
	must(t, g, cue.Cue{Verb: cue.Text, Name: "subtitle", Text: "hello"}, cue.Cue{Verb: cue.Scene, Name: "two"})
	if g.Words(two.Layers[0]) != "hello" {
		t.Error("the slot forgot its words on the way")
	}
}

func TestLayerComesAndGoes(t *testing.T) {
	g := NewGraph(twoScenes())
	box, secret := g.Program().Layers[0], g.Program().Layers[2]
	g.Tick(5 * time.Second)
	if g.Pose(box).Alpha != 0 || g.Pose(secret).Alpha != 0 {
		t.Fatal("hidden layers show")
	}
	must(t, g, cue.Cue{Verb: cue.Text, Name: "subtitle", Text: "x"}, cue.Cue{Verb: cue.Show, Name: "secret", Value: 1})
	g.Tick(500 * time.Millisecond)
	if d := cmp.Diff(Pose{DX: -50, Alpha: .5}, g.Pose(box)); d != "" {
		t.Error(d)
	}
	if g.Pose(secret).Alpha != 1 {
		t.Error("a layer without an entrance is there at once")
	}
	g.Tick(time.Second)
	must(t, g, cue.Cue{Verb: cue.Text, Name: "subtitle"}, cue.Cue{Verb: cue.Show, Name: "secret"})
	if g.Pose(box).Alpha != 1 || g.Pose(secret).Alpha != 0 {
		t.Error("leaving begins where it stood", g.Pose(box), g.Pose(secret))
	}
	g.Tick(time.Second)
	if g.Pose(box).Alpha != 0 {
		t.Error("the layer did not leave")
	}
}

func TestBarGlides(t *testing.T) {
	g := NewGraph(twoScenes())
	must(t, g, cue.Cue{Verb: cue.Bar, Name: "time", Value: 500})
	last := g.Bar("time")
	for range 90 {
		g.Tick(time.Second / 30)
		if v := g.Bar("time"); v > last || v < 0.5 {
			t.Fatal(last, v)
		} else {
			last = v
		}
	}
	if last != 0.5 {
		t.Error(last)
	}
}

func TestUnknownNames(t *testing.T) {
	g := NewGraph(twoScenes())
	for want, c := range map[string]cue.Cue{
		`scene "tow" is unknown; did you mean "two"?`:         {Verb: cue.Scene, Name: "tow"},
		`transition "spin" is unknown; known are cut, fade`:   {Verb: cue.Scene, Name: "two", Text: "spin"},
		`slot "subtitel" is unknown; did you mean "subtitle"`: {Verb: cue.Text, Name: "subtitel"},
		`layer "boxx" is unknown; did you mean "box"`:         {Verb: cue.Show, Name: "boxx"},
		`bar "tim" is unknown; did you mean "time"`:           {Verb: cue.Bar, Name: "tim"},
	} {
		if err := g.Apply(c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
	if g.Program().ID != "one" {
		t.Error("a refused cue changed the scene")
	}
}

// TestGraphIsAValue: the same cues and ticks give the same stage, and whatever comes in, what is read is in its bounds.
func TestGraphIsAValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		scenes := twoScenes()
		a, b := NewGraph(scenes), NewGraph(scenes)
		for range rapid.IntRange(1, 60).Draw(t, "n") {
			c := cue.Cue{
				Verb:  rapid.SampledFrom([]cue.Verb{cue.Scene, cue.Text, cue.Show, cue.Bar, cue.Say}).Draw(t, "verb"),
				Name:  rapid.SampledFrom([]string{"one", "two", "subtitle", "artwork", "box", "secret", "time", "none"}).Draw(t, "name"),
				Text:  rapid.SampledFrom([]string{"", "cut", "fade", "words"}).Draw(t, "text"),
				Value: rapid.Int64Range(-10, 2000).Draw(t, "value"), Millis: rapid.Int64Range(-5, 900).Draw(t, "ms"),
			}
			if ea, eb := a.Apply(c), b.Apply(c); (ea == nil) != (eb == nil) {
				t.Fatal(ea, eb)
			}
			dt := time.Duration(rapid.IntRange(0, 400).Draw(t, "dt")) * time.Millisecond
			a.Tick(dt)
			b.Tick(dt)
			if a.Mix() != b.Mix() || a.Program() != b.Program() || a.Mix().T < 0 || a.Mix().T > 1 {
				t.Fatal(a.Mix(), b.Mix())
			}
			for _, l := range a.Program().Layers {
				if p := a.Pose(l); p != b.Pose(l) || p.Alpha < 0 || p.Alpha > 1 {
					t.Fatal(l.ID, p)
				}
			}
			if v := a.Bar("time"); v < 0 || v > 1 {
				t.Fatal(v)
			}
		}
	})
}
