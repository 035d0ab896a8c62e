package character_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/character"
)

func TestOurCharactersLoad(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		if p.ID != id || p.Name == "" || p.Licence == "" || p.Width != 560 || p.Height != 680 {
			t.Errorf("%s: loaded as %q %q %q %dx%d", id, p.ID, p.Name, p.Licence, p.Width, p.Height)
		}
		if p.Voice.Engine == "" || p.Voice.Name == "" || p.Voice.Rate == 0 {
			t.Errorf("%s: has no voice: %+v", id, p.Voice)
		}
	}
}

// Two characters must not be told apart by their looks alone.
func TestOurCharactersSoundDifferent(t *testing.T) {
	if a, b := load(t, "dusty").Voice, load(t, "mina").Voice; a.Name == b.Name {
		t.Errorf("both speak with %q", a.Name)
	}
}

// Every drawing that is committed is used by something.
func TestNoDrawingIsForgotten(t *testing.T) {
	for _, id := range ours {
		p := load(t, id)
		_, drawings := source(t, id)
		node := map[string]bool{}
		for _, n := range p.Nodes {
			node[n.ID] = true
		}
		for _, d := range drawings {
			slot, _, _ := strings.Cut(d, ".")
			if !node[d] && !node[slot] {
				t.Errorf("%s: art/%s.svg belongs to no part", id, d)
			}
		}
	}
}

// Each case breaks a good character in one place and says what must be said about it.
var broken = []struct {
	name, old, new string
	want           []string
}{
	{"unknown key", `"brows": "neutral", "mouth": "x"}`, `"brow": "neutral", "mouth": "x"}`,
		[]string{"character.json:", "expressions.neutral.brow: is not a key known here", `did you mean "brows"?`, "expressions.neutral.brows: is missing"}},
	{"missing drawing", `"eyes": "sad"`, `"eyes": "said"`, []string{"expressions.sad.eyes: art/eyes.said.svg is missing", `did you mean "sad"?`}},
	{"unknown part", `"tail": {"rot": 5}`, `"tial": {"rot": 5}`, []string{`names the part "tial", which is not in parts`, `did you mean "tail"?`}},
	{"unknown parent", `{"id": "tail", "parent": "whole"`, `{"id": "tail", "parent": "hole"`, []string{"parent", `"hole"`, `did you mean "whole"?`}},
	{"circle of parents", `{"id": "whole", "group": true`, `{"id": "whole", "parent": "head", "group": true`, []string{"leads back to the part itself"}},
	{"twice the same part", `{"id": "tail", "parent"`, `{"id": "body", "parent"`, []string{`"body" is there twice`}},
	{"twice the same key", `"id": "dusty",`, `"id": "dusty", "id": "dusty",`, []string{`character.json:2: reading JSON: "id" is there twice`}},
	{"gesture without end", `{"at": 760, "ease": "out"}],`, `{"at": 760, "dy": 4}],`, []string{"gestures.nod.parts.head: does not end at rest", `{"at": ms}`}},
	{"keys out of order", `{"at": 60, "dy": -5, "ease": "out"}`, `{"at": 600, "dy": -5, "ease": "out"}`, []string{"gestures.nod.parts.head[1].at", "keys go forward in time"}},
	{"no easing", `"ease": "back"`, `"ease": "bakc"`, []string{`"bakc" is no easing`, `did you mean "back"?`}},
	{"missing viseme", `"pp": {"mouth": "a"},`, ``, []string{"visemes.pp: is missing"}},
	{"missing gesture", `"gavel": {"ms"`, `"hammer": {"ms"`, []string{"gestures.gavel: is missing (every character has it)"}},
	{"missing mood", `"tense": {"expression"`, `"tence": {"expression"`, []string{"moods.tense: is missing"}},
	{"mood without face", `"tense": {"expression": "determined"`, `"tense": {"expression": "determind"`, []string{`moods.tense.expression: "determind" is no expression (did you mean "determined"?)`}},
	{"decay into nothing", `"decay": {"to": "calm", "after": 20000}`, `"decay": {"to": "clam", "after": 20000}`, []string{`decay.to: "clam" is no mood (did you mean "calm"?)`}},
	{"first mood", `"mood": "calm",`, `"mood": "chill",`, []string{`mood: "chill" is no mood`}},
	{"out of range", `"rate": 0.96`, `"rate": 96`, []string{"voice.rate: 96 is out of range (from 0.3 to 3)"}},
	{"wrong kind", `"name": "Dusty Gavel"`, `"name": 7`, []string{"character.json:3: name: found a number where a text is expected"}},
	{"wrong list", `"show": ["blush"]`, `"show": "blush"`, []string{"show: found a text where a list […] is expected"}},
	{"shows what is not hidden", `"show": ["blush"]`, `"show": ["nose"]`, []string{`"nose" is always visible (give the part "hidden": true)`}},
	{"like what is like", `"like": "tail"`, `"like": "body.rim"`, []string{"may only name a part with a motion of its own"}},
	{"slot of no use", `{"id": "nose", "parent": "face",`, `{"id": "nose", "parent": "face", "slot": true,`, []string{`"nose" is no slot that an expression fills`}},
	{"no slot", `"slot": true, "pivot": [280, 240]`, `"pivot": [280, 240]`, []string{`parts: has no slot "brows"`}},
	{"pivot", `"pivot": [280, 240]`, `"pivot": [280]`, []string{"pivot: needs two numbers"}},
	{"blink", `"min": 2000, "max": 6000`, `"min": 7000, "max": 6000`, []string{"idle.blink.max: is less than min"}},
	{"comma", `"id": "dusty",`, `"id": "dusty"`, []string{"character.json:3: reading JSON"}},
	{"id", `"id": "dusty",`, `"id": "Dusty G",`, []string{`id: "Dusty G" is no id`}},
}

func TestBrokenCharacters(t *testing.T) {
	manifest, drawings := source(t, "dusty")
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(string(manifest), c.old, c.new, 1)
			if bad == string(manifest) {
				t.Fatalf("%q is not in the file any more", c.old)
			}
			_, err := character.Load(built(t, []byte(bad), drawings))
			var problems character.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want Problems", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("does not say %q:\n%v", w, err)
				}
			}
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	manifest, drawings := source(t, "mina")
	bad := strings.NewReplacer(`"canvas"`, `"canvass"`, `"nod"`, `"knot"`, `"voice"`, `"vioce"`).Replace(string(manifest))
	_, err := character.Load(built(t, []byte(bad), drawings))
	var problems character.Problems
	if !errors.As(err, &problems) || len(problems) < 4 {
		t.Fatalf("got %v", err)
	}
	for i := 1; i < len(problems); i++ {
		if problems[i].Line < problems[i-1].Line {
			t.Errorf("line %d comes after line %d", problems[i].Line, problems[i-1].Line)
		}
	}
}

func TestBrokenPictures(t *testing.T) {
	manifest, drawings := source(t, "dusty")
	cases := []struct {
		name  string
		spoil func(fsys fstest.MapFS)
		want  string
	}{
		{"no manifest", func(f fstest.MapFS) { delete(f, character.ManifestFile) }, "character.json: is not there"},
		{"not rendered", func(f fstest.MapFS) { delete(f, character.PartsFile) }, "parts.json: is not there (render the art: go run ./cmd/art -out DIR characters/dusty)"},
		{"no picture", func(f fstest.MapFS) { delete(f, "parts/head.png") }, "parts/head.png: reading the picture"},
		{"no PNG", func(f fstest.MapFS) { f["parts/head.png"] = &fstest.MapFile{Data: []byte("GIF89a")} }, "parts/head.png: reading the picture"},
		{"cut off", func(f fstest.MapFS) {
			f["parts/head.png"] = &fstest.MapFile{Data: f["parts/head.png"].Data[:50]}
		}, "parts/head.png: reading the picture"},
		{"another size", func(f fstest.MapFS) { f["parts/head.png"] = &fstest.MapFile{Data: square(t, 9, 9)} }, "is 9 by 9 where parts.json says 4 by 4"},
		{"outside", func(f fstest.MapFS) {
			f[character.PartsFile] = &fstest.MapFile{Data: []byte(`{"parts":[{"id":"a","file":"../a.png","x":0,"y":0,"w":1,"h":1}]}`)}
		}, `parts[0].file: "../a.png" leaves the character's folder`},
		{"off the canvas", func(f fstest.MapFS) {
			f[character.PartsFile] = &fstest.MapFile{Data: []byte(`{"parts":[{"id":"a","file":"a.png","x":0,"y":0,"w":5000,"h":1}]}`)}
		}, "parts[0].w: 5000 is out of range"},
		{"key", func(f fstest.MapFS) {
			f[character.PartsFile] = &fstest.MapFile{Data: []byte(`{"part":[]}`)}
		}, `part: is not a key known here (did you mean "parts"?)`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			fsys := built(t, manifest, drawings)
			c.spoil(fsys)
			if _, err := character.Load(fsys); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
