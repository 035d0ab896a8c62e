package main

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/character"
)

func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func needRenderer(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("rsvg-convert"); err != nil {
		t.Fatal("rsvg-convert is not installed: apt-get install librsvg2-bin")
	}
}

var characters = []string{"../../characters/dusty", "../../characters/mina"}

func TestOurCharacters(t *testing.T) {
	needRenderer(t)
	one := t.TempDir()
	t.Run("stable", func(t *testing.T) { testStable(t, one) })
	t.Run("sheet", func(t *testing.T) { testSheet(t, filepath.Join(one, "mina")) })
}

// Rendered twice, the same bytes; rendered again into the same folder, nothing to do.
func testStable(t *testing.T, one string) {
	two := t.TempDir()
	for _, dir := range []string{one, two} {
		if code, _, errs := call(t, append([]string{"-out", dir}, characters...)...); code != 0 {
			t.Fatal(errs)
		}
	}
	for _, id := range []string{"dusty", "mina"} {
		same(t, filepath.Join(one, id), filepath.Join(two, id))
		if _, err := character.Load(os.DirFS(filepath.Join(one, id))); err != nil {
			t.Error(err)
		}
	}
	_, out, _ := call(t, append([]string{"-out", one}, characters...)...)
	if strings.Count(out, ": 0 drawn, ") != 2 {
		t.Errorf("drew again: %s", out)
	}
}

func same(t *testing.T, a, b string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(a, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(a, path)
		x, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		y, err := os.ReadFile(filepath.Join(b, rel))
		if err != nil {
			return err
		}
		if !bytes.Equal(x, y) {
			t.Errorf("%s differs", rel)
		}
		files++
		return nil
	})
	if err != nil || files < 50 {
		t.Errorf("%d files: %v", files, err)
	}
}

// Only what was changed is drawn, and what is gone from the drawings goes from the pictures.
func TestBuildIsIncremental(t *testing.T) {
	src, out := fox(t)
	nose := filepath.Join(src, "art", "nose.svg")
	data, err := os.ReadFile(nose)
	if err != nil {
		t.Fatal(err)
	}
	write(t, nose, string(bytes.ReplaceAll(data, []byte("#4a2230"), []byte("#224a30"))))
	if err := os.Remove(filepath.Join(src, "art", "mouth.yawn.svg")); err != nil {
		t.Fatal(err)
	}
	if code, stdout, errs := call(t, "-out", out, src); code != 0 || !strings.Contains(stdout, ": 1 drawn, ") {
		t.Errorf("%s%s", stdout, errs)
	}
	if _, err := os.Stat(filepath.Join(out, filepath.Base(src), "parts", "mouth.yawn.png")); !os.IsNotExist(err) {
		t.Errorf("the picture of a drawing that is gone: %v", err)
	}
}

func testSheet(t *testing.T, built string) {
	sheet := filepath.Join(t.TempDir(), "sheet.png")
	if code, _, errs := call(t, "-sheet", sheet, built); code != 0 {
		t.Fatal(errs)
	}
	f, err := os.Open(sheet)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	// each cell shows somebody: some pixel of it is not the empty stage
	tall := 680.0
	w, h := img.Bounds().Dx()/columns, int(tall*shrink)+margin
	for y := 0; y+h <= img.Bounds().Dy(); y += h {
		for x := 0; x < columns*w; x += w {
			if img.At(x+w/2, y+h/2) == img.At(0, h-1) {
				t.Errorf("nobody in the cell at %d,%d", x/w, y/h)
			}
		}
	}
}

func TestMistakes(t *testing.T) {
	cases := []struct {
		name  string
		spoil func(dir string)
		want  []string
	}{
		{"no manifest", func(d string) { os.Remove(filepath.Join(d, "character.json")) }, []string{"character.json", "no such file", "has a character.json and a folder art"}},
		{"no art", func(d string) { os.RemoveAll(filepath.Join(d, "art")) }, []string{"has no *.svg"}},
		{"no SVG", func(d string) { write(t, filepath.Join(d, "art", "nose.svg"), `viewBox="0 0 560 728" <svg`) }, []string{"nose.svg: "}},
		{"another canvas", func(d string) {
			write(t, filepath.Join(d, "art", "nose.svg"), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"/>`)
		}, []string{`nose.svg: is not drawn on the character's canvas: its <svg> needs viewBox="0 0 560 728"`}},
		{"nothing in it", func(d string) {
			write(t, filepath.Join(d, "art", "nose.svg"), `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 728"/>`)
		}, []string{"nose.svg: nothing is visible in it"}},
		{"a drawing too few", func(d string) { os.Remove(filepath.Join(d, "art", "nose.svg")) }, []string{"has no picture: art/nose.svg is missing", "draw it"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			src, out := fox(t)
			c.spoil(src)
			code, _, errs := call(t, "-out", out, src)
			if code != 1 {
				t.Errorf("exit %d", code)
			}
			for _, w := range c.want {
				if !strings.Contains(errs, w) {
					t.Errorf("does not say %q:\n%s", w, errs)
				}
			}
		})
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{}, {"-out", "x"}, {"-sheet", "x"}, {"-out", "x", "-sheet", "y", "z"}, {"-nonsense"}} {
		if code, _, errs := call(t, args...); code != 2 || !strings.Contains(errs, "usage:") {
			t.Errorf("%v: exit %d, %q", args, code, errs)
		}
	}
	_, _, errs := call(t, "-rsvg", "rsvg-is-not-here", "-out", t.TempDir(), characters[0])
	if !strings.Contains(errs, "apt-get install librsvg2-bin") {
		t.Errorf("does not say what to install: %s", errs)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
