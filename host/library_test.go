package host

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
	"github.com/sothebais/sothebais/host/shipped"
	"github.com/sothebais/sothebais/host/show"
)

// blue is a scene in the place of the opening one: a blue stage and whoever is on it.
const blue = `{"id": "opening", "name": "Opening", "background": {"color": "#0000ff"},
 "layers": [{"id": "host", "kind": "character", "x": 600, "y": 40, "w": 560, "h": 680}]}`

// bring copies a shipped character into a data directory under another name.
func bring(t *testing.T, data, from, id string) string {
	t.Helper()
	dir := filepath.Join(data, "characters", id)
	if err := os.CopyFS(dir, sub(shipped.FS(), "characters/"+from)); err != nil {
		t.Fatal(err)
	}
	change(t, filepath.Join(dir, "character.json"), `"`+from+`"`, `"`+id+`"`)
	return dir
}

func change(t *testing.T, file, old, with string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("%s holds no %s", file, old)
	}
	put(t, file, strings.Replace(string(b), old, with, 1))
}

func TestLibraryTellsWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(dir string)
		want  string
	}{
		{"no description", func(d string) { os.Remove(filepath.Join(d, "character.json")) }, "character.json: is not there"},
		{"a field that is none", func(d string) { change(t, filepath.Join(d, "character.json"), `"expressions"`, `"expresions"`) }, `did you mean "expressions"?`},
		{"another name", func(d string) { change(t, filepath.Join(d, "character.json"), `"vox"`, `"fox"`) }, `is "fox" in a folder named "vox"; name them the same`},
		{"a voice that nobody has", func(d string) { change(t, filepath.Join(d, "character.json"), `"name": "slt"`, `"name": "bass"`) }, `voice: name "bass": no such speaker: want one of`},
		{"a picture too few", func(d string) { os.Remove(filepath.Join(d, "parts", "nose.png")) }, "parts/nose.png: reading the picture"},
		{"no picture", func(d string) { put(t, filepath.Join(d, "parts", "nose.png"), "GIF89a") }, "parts/nose.png: reading the picture"},
		{"neither pictures nor drawings", func(d string) { os.Remove(filepath.Join(d, "parts.json")) }, "parts.json: is not there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := t.TempDir()
			l := newLibrary(Config{DataDir: data, Assets: shipped.FS()})
			c.spoil(bring(t, data, "mina", "vox"))
			if _, err := l.character(t.Context(), "vox"); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), filepath.Join(data, "characters", "vox")) {
				t.Errorf("error %v; want the folder and %q", err, c.want)
			}
		})
	}
	l := newLibrary(Config{DataDir: t.TempDir(), Assets: shipped.FS()})
	for _, id := range []string{"nobody", "../mina", "", ".", "mina/parts"} {
		if _, err := l.character(t.Context(), id); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "dusty, mina") {
			t.Errorf("%q: %v", id, err)
		}
	}
}

// A character that comes as drawings is rendered; without the renderer the error says what to install.
func TestDrawingsAreRendered(t *testing.T) {
	data := t.TempDir()
	l := newLibrary(Config{DataDir: data, Assets: shipped.FS()})
	if err := os.CopyFS(filepath.Join(data, "characters", "mina"), os.DirFS("../characters/mina")); err != nil {
		t.Fatal(err)
	}
	t.Run("without the renderer", func(t *testing.T) {
		t.Setenv("PATH", t.TempDir())
		if _, err := l.character(t.Context(), "mina"); err == nil || !strings.Contains(err.Error(), "apt-get install librsvg2-bin") {
			t.Errorf("error %v", err)
		}
	})
	if testing.Short() {
		t.Skip("renders a hundred drawings")
	}
	p, err := l.character(t.Context(), "mina")
	if err != nil || p.ID != "mina" {
		t.Fatalf("%v, %v", p, err)
	}
}

func TestScenesTellWhatIsWrong(t *testing.T) {
	data := t.TempDir()
	l := newLibrary(Config{DataDir: data, Assets: shipped.FS()})
	dir := filepath.Join(data, "scenes")
	put(t, filepath.Join(dir, "good.scene.json"), blue)
	put(t, filepath.Join(dir, "json.scene.json"), "{\n \"id\": nonsense")
	put(t, filepath.Join(dir, "field.scene.json"), "{\"id\": \"x\",\n \"layrs\": []}")
	put(t, filepath.Join(dir, "twice.scene.json"), blue)
	scenes, own, err := l.loadScenes()
	for _, want := range []string{filepath.Join(dir, "json.scene.json") + ":2: is not JSON", filepath.Join(dir, "field.scene.json") + `:2: layrs: `, `did you mean "layers"?`, filepath.Join(dir, "twice.scene.json") + `: id: "opening" is the id of `} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	if len(own) != 1 || own[0] != "opening" || len(scenes) != 6 {
		t.Errorf("%d scenes, own %v", len(scenes), own)
	}
}

// onStage is a host whose frames are made by hand.
func onStage(t *testing.T, data string) *Host {
	t.Helper()
	h, err := New(t.Context(), Config{DataDir: data, runners: []string{os.Args[0], runner.Verb}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

// isBlue says that the corner of the next frame is blue.
func (h *Host) isBlue() bool {
	h.stage.Step()
	r, g, b, _ := h.stage.Snapshot().At(20, 20).RGBA()
	return b > 0xe000 && r < 0x2000 && g < 0x2000
}

// figure counts the pixels of the next frame that are not blue.
func (h *Host) figure() (n int) {
	h.stage.Step()
	img := h.stage.Snapshot()
	for y := 0; y < 720; y += 4 {
		for x := 0; x < 1280; x += 4 {
			if r, g, b, _ := img.At(x, y).RGBA(); b < 0xe000 || r > 0x2000 || g > 0x2000 {
				n++
			}
		}
	}
	return n
}

// told are the facts that were handed in of one kind.
func told[T event.Data](h *Host) (out []T) {
	for len(h.scribe.in) > 0 {
		if d, ok := (<-h.scribe.in).draft.Data.(T); ok {
			out = append(out, d)
		}
	}
	return out
}

// TestBrokenScenesLeaveTheStage: a scene that is broken changes nothing that is seen, a good one is seen in the next frame.
func TestBrokenScenesLeaveTheStage(t *testing.T) {
	data := t.TempDir()
	h := onStage(t, data)
	file := filepath.Join(data, "scenes", "opening.scene.json")
	refused := func(text, want string) {
		t.Helper()
		was := h.isBlue()
		put(t, file, text)
		_, err := h.reloadScenes(7)
		if !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), file+want) {
			t.Errorf("error %v; want %s%s", err, file, want)
		}
		if f := told[show.ScenesRefused](h); len(f) != 1 || !strings.Contains(f[0].Reason, file+want) {
			t.Errorf("facts %+v", f)
		}
		if h.isBlue() != was {
			t.Error("the stage has changed")
		}
	}
	if h.isBlue() {
		t.Fatal("the shipped scene is blue")
	}
	refused(strings.Replace(blue, `"w"`, `"width"`, 1), ":2: layers[0].")
	put(t, file, blue)
	if got, err := h.reloadScenes(8); err != nil || len(got.Own) != 1 || !h.isBlue() {
		t.Fatalf("%+v, %v: the new scene is not seen", got, err)
	}
	told[show.ScenesLoaded](h)
	refused(strings.Replace(blue, `"color": "#0000ff"`, `"image": "art/gone.png"`, 1), ": background: picture art/gone.png: ")
	for _, c := range Examine(t.Context(), h.cfg) {
		if c.Name == "scenes" && !strings.Contains(c.Problem, "art/gone.png") {
			t.Errorf("the doctor says %+v", c)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := h.reloadScenes(9); err != nil || h.isBlue() {
		t.Errorf("%v: the shipped scene is not back", err)
	}
}

// TestOwnCharacters: one from the data directory is shown; one that is broken keeps its personality out and leaves who
// is on stage alone.
func TestOwnCharacters(t *testing.T) {
	data := t.TempDir()
	put(t, filepath.Join(data, "scenes", "opening.scene.json"), blue)
	h := onStage(t, data)
	if !h.isBlue() || h.stage.Stats().Character != "dusty" {
		t.Fatalf("%s is on stage", h.stage.Stats().Character)
	}
	dusty := h.figure()
	dir := bring(t, data, "mina", "vox")
	plugin := filepath.Join(t.TempDir(), "host")
	put(t, filepath.Join(plugin, "plugin.yaml"), "id: my-host\nversion: 0.1.0\nname: My Host\nkind: personality\ncharacter: vox\napi: \"1\"\nruntime: {declarative: personality.yaml}\ncapabilities: [{name: say, why: it is the host}]\nsubscribes: [bid.accepted]\n")
	nose := filepath.Join(dir, "parts", "nose.png")
	good, err := os.ReadFile(nose)
	if err != nil {
		t.Fatal(err)
	}
	put(t, nose, "GIF89a")
	if _, err := (wardrobe{h}).Swap(t.Context(), plugin, "test", 5); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "parts/nose.png: reading the picture") {
		t.Errorf("error %v", err)
	}
	if f := told[show.CharacterRefused](h); len(f) != 1 || f[0].Character != "vox" {
		t.Errorf("facts %+v", f)
	}
	if got := h.figure(); h.stage.Stats().Character != "dusty" || got < dusty*9/10 || got > dusty*11/10 {
		t.Errorf("%s is on stage with %d pixels, was %d", h.stage.Stats().Character, got, dusty)
	}
	put(t, nose, string(good))
	if err := h.bringCharacter(t.Context(), "vox", 6); err != nil {
		t.Fatal(err)
	}
	if err := h.stage.SetCharacter("vox"); err != nil {
		t.Fatal(err)
	}
	if got := h.figure(); h.stage.Stats().Character != "vox" || got < 1000 || got > dusty*97/100 && got < dusty*103/100 {
		t.Errorf("%s is on stage with %d pixels, dusty had %d", h.stage.Stats().Character, got, dusty)
	}
}

// A show file names folders beside it.
func TestShowFileNamesFolders(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "stage", "opening.scene.json"), blue)
	text := "campaign: X\nsession: Y\nscenes: stage\nlots:\n  - {title: A, image: a.png, start: 1 ETH}\n"
	s, err := ParseShow(filepath.Join(dir, "my.show.yaml"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	_, own, err := newLibrary(Config{DataDir: t.TempDir(), Assets: shipped.FS(), Show: s}).loadScenes()
	if err != nil || len(own) != 1 {
		t.Errorf("own %v, %v", own, err)
	}
	if _, err := ParseShow(filepath.Join(dir, "my.show.yaml"), []byte(strings.Replace(text, ": stage", ": stge", 1))); err == nil || !strings.Contains(err.Error(), `my.show.yaml:3: scenes: "stge" is not a folder`) {
		t.Errorf("error %v", err)
	}
}
