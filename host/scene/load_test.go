package scene

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write what the tests got as what they want")

// TestMistakesAreNamed reads testdata/bad/*.json and compares the whole error with the .txt beside it.
func TestMistakesAreNamed(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			_, err = Parse(filepath.Base(f), data)
			if err == nil {
				t.Fatal("read without an error")
			}
			golden(t, strings.TrimSuffix(f, ".json")+".txt", err.Error()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Error(d)
	}
}

func TestShippedScenes(t *testing.T) {
	dir := os.DirFS("../../scenes")
	scenes, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, s := range scenes {
		ids = append(ids, s.ID)
		for _, l := range s.Layers {
			checkSource(t, dir, s, l.Image)
		}
		checkSource(t, dir, s, s.Background.Image)
	}
	if d := cmp.Diff([]string{"break", "closing", "lot", "opening", "sold", "unsold"}, ids); d != "" {
		t.Error(d)
	}
}

// checkSource finds the drawing from which the build makes a picture.
func checkSource(t *testing.T, dir fs.FS, s *Scene, picture string) {
	t.Helper()
	if picture == "" {
		return
	}
	base := strings.TrimSuffix(picture, filepath.Ext(picture))
	for _, e := range []string{".svg", ".css"} {
		if _, err := fs.Stat(dir, base+e); err == nil {
			return
		}
	}
	t.Errorf("scene %s: nothing to make %s of", s.ID, picture)
}

// TestEverySlotOfTheContract holds the scenes to the names that overlay plugins are told.
func TestEverySlotOfTheContract(t *testing.T) {
	scenes, err := LoadDir(os.DirFS("../../scenes"))
	if err != nil {
		t.Fatal(err)
	}
	g := NewGraph(scenes)
	for _, slot := range []string{"lot.title", "lot.number", "lot.artist", "price", "bidder", "countdown", "reserve", "ticker.1", "ticker.2", "ticker.3", "ticker.4", "subtitle", "headline", "next", "artwork"} {
		if !g.slots[slot] {
			t.Errorf("no scene has the slot %s", slot)
		}
	}
	if g.bars["time"] == nil {
		t.Error("no scene has the bar time")
	}
}

func TestLoadDirNamesEveryFile(t *testing.T) {
	ok := `{"id":"a"}`
	_, err := LoadDir(fstest.MapFS{"a.scene.json": {Data: []byte(ok)}, "b.scene.json": {Data: []byte(ok)}, "c.scene.json": {Data: []byte("{")}})
	if err == nil || !strings.Contains(err.Error(), "b.scene.json") || !strings.Contains(err.Error(), "c.scene.json") {
		t.Fatal(err)
	}
	if _, err := LoadDir(fstest.MapFS{}); err == nil {
		t.Fatal("an empty folder is no show")
	}
	if _, err := Load(fstest.MapFS{}, "x.scene.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// FuzzParse: any bytes give a scene that can be put on a stage, or an error that names the file and a line in it.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"../../scenes/*.scene.json", "testdata/bad/*.json"} {
		files, err := filepath.Glob(dir)
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Parse("f.scene.json", data)
		if err == nil {
			g := NewGraph([]*Scene{s})
			for _, l := range s.Layers {
				g.Pose(l)
				g.Words(l)
			}
			return
		}
		var e *Error
		if !errors.As(err, &e) || len(e.Problems) == 0 {
			t.Fatalf("%T %v", err, err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, p := range e.Problems {
			if p.File != "f.scene.json" || p.Line < 1 || p.Line > lines || p.Message == "" {
				t.Fatalf("%+v of %d lines", p, lines)
			}
		}
	})
}
