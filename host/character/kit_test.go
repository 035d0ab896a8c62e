package character_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/character"
)

// The characters of this project, read from their sources. Rendering needs a program that is not ours, so the tests of
// this package put small squares where the drawings are; cmd/art's test renders them.
var ours = []string{"dusty", "mina"}

func source(t testing.TB, id string) (manifest []byte, drawings []string) {
	t.Helper()
	dir := filepath.Join("..", "..", "characters", id)
	manifest, err := os.ReadFile(filepath.Join(dir, character.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "art", "*.svg"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no drawings in %s: %v", dir, err)
	}
	for _, f := range files {
		drawings = append(drawings, strings.TrimSuffix(filepath.Base(f), ".svg"))
	}
	return manifest, drawings
}

// built is a character as cmd/art would leave it, with squares for pictures.
func built(t testing.TB, manifest []byte, drawings []string) fstest.MapFS {
	t.Helper()
	square := square(t, 4, 4)
	fsys := fstest.MapFS{character.ManifestFile: {Data: manifest}}
	var list character.PartList
	for i, id := range drawings {
		file := "parts/" + id + ".png"
		list.Parts = append(list.Parts, character.PartEntry{ID: id, File: file, X: 10 + i, Y: 20 + i, W: 4, H: 4})
		fsys[file] = &fstest.MapFile{Data: square}
	}
	data, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	fsys[character.PartsFile] = &fstest.MapFile{Data: data}
	return fsys
}

func square(t testing.TB, w, h int) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	img.Set(0, 0, color.NRGBA{200, 100, 50, 128}) // one see-through pixel makes it a picture with alpha
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func load(t testing.TB, id string) *character.Pack {
	t.Helper()
	manifest, drawings := source(t, id)
	p, err := character.Load(built(t, manifest, drawings))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
