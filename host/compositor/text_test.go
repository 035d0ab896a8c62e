package compositor

import (
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/scene"
)

var update = flag.Bool("update", false, "write what the tests drew as what they want")

func textLayer(w, h int, st scene.Style) *scene.Layer {
	st.Opacity = 1
	if st.Font == "" {
		st.Font = "sans"
	}
	if st.Color.A == 0 {
		st.Color = white()
	}
	return &scene.Layer{ID: "t", Kind: scene.Text, Box: image.Rect(0, 0, w, h), Style: st}
}

func setter(t testing.TB, dirs ...string) *typesetter {
	t.Helper()
	fonts, warn, err := loadFonts(dirs)
	if err != nil || warn != nil {
		t.Fatal(err, warn)
	}
	return newTypesetter(fonts)
}

// drawRun paints a run on a dark picture.
func drawRun(r *run, w, h int) *picture {
	p := newPicture(w, h, bestKernel())
	back := image.NewRGBA(p.bounds())
	lay(back, roundBox(w, h, 0, 0, 0), flat(color.NRGBA{30, 20, 50, 255}), 0, 0)
	newBitmap(convert(back)).draw(p, 0, 0, 255, p.bounds())
	r.draw(p, 0, 0, 255, p.bounds())
	return p
}

// TestTextLooksRight compares with pictures that were looked at; a little difference between font versions is allowed.
func TestTextLooksRight(t *testing.T) {
	ts := setter(t)
	shadow := &scene.Shadow{Color: color.NRGBA{A: 200}, DY: 3, Blur: 5}
	for name, c := range map[string]struct {
		text string
		st   scene.Style
	}{
		"latin":    {"Ember Dunes, Åsa Łuczak", scene.Style{Font: "serif", Size: 34}},
		"price":    {"12.75 ETH", scene.Style{Font: "condensed", Size: 52, Tabular: true, Shadow: shadow, Gradient: &scene.Gradient{From: white(), To: color.NRGBA{246, 189, 79, 255}, Angle: 90}}},
		"cjk":      {"こんにちは 안녕 你好", scene.Style{Size: 34, Align: scene.Center}},
		"emoji":    {"🔨 sold 👩‍👩‍👧 🇯🇵 👍🏽 ok", scene.Style{Size: 34}},
		"thai":     {"สวัสดีครับ ขายแล้ว", scene.Style{Size: 34}},
		"rtl":      {"bid مرحبا שלום ok", scene.Style{Size: 34}},
		"outline":  {"GOING", scene.Style{Font: "bold", Size: 48, Outline: &scene.Outline{Color: color.NRGBA{200, 30, 40, 255}, Width: 3}, Align: scene.Right}},
		"ellipsis": {"A title that is much too long for its box", scene.Style{Size: 34, Fit: scene.FitEllipsis}},
		"shrink":   {"A title that is too long for its box", scene.Style{Size: 40, Fit: scene.FitShrink}},
		"wrap":     {"Two point four five from Maria! The fox likes your style.", scene.Style{Size: 26, Fit: scene.FitWrap, Lines: 2, Align: scene.Center}},
	} {
		t.Run(name, func(t *testing.T) {
			c.st.VAlign = scene.Middle
			compareGolden(t, name, drawRun(ts.set(textLayer(400, 80, c.st), c.text), 400, 80))
		})
	}
}

func compareGolden(t *testing.T, name string, p *picture) {
	t.Helper()
	file := filepath.Join("testdata", "text", name+".png")
	got := p.rgba()
	if *update {
		writeGolden(t, file, got)
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	far := 0
	for y := range p.h {
		for x := range p.w {
			r, g, b, _ := want.At(x, y).RGBA()
			q := got.RGBAAt(x, y)
			if abs(int(r>>8)-int(q.R)) > 48 || abs(int(g>>8)-int(q.G)) > 48 || abs(int(b>>8)-int(q.B)) > 48 {
				far++
			}
		}
	}
	if far > p.w*p.h/200 {
		t.Errorf("%d pixels are unlike %s; look at what -update writes", far, file)
	}
}

func writeGolden(t *testing.T, file string, img image.Image) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func TestTextStaysInItsBox(t *testing.T) {
	ts := setter(t)
	for _, fit := range []scene.Fit{scene.FitEllipsis, scene.FitShrink, scene.FitWrap} {
		for _, text := range []string{"short", strings.Repeat("long words here ", 30), strings.Repeat("W", 300), strings.Repeat("月", 300), strings.Repeat("🔨", 200)} {
			l := textLayer(240, 60, scene.Style{Size: 30, Fit: fit, Lines: 2, VAlign: scene.Middle})
			r := ts.set(l, text)
			if !r.box.In(image.Rect(-4, -12, 246, 80)) || r.box.Empty() {
				t.Errorf("%s of %q reaches %v", fit, text[:5], r.box)
			}
		}
	}
}

// TestTabularDigitsDoNotJump: a countdown keeps its width.
func TestTabularDigitsDoNotJump(t *testing.T) {
	ts := setter(t)
	st := scene.Style{Font: "condensed", Size: 60, Tabular: true}
	width := func(s string) (w int) {
		for _, o := range ts.shape(&st, []rune(s), 60) {
			w += o.Advance.Round()
		}
		return w
	}
	if width("11:11") != width("08:40") {
		t.Error(width("11:11"), width("08:40"))
	}
}

// TestWithoutSystemFonts: the shipped fonts carry the show, and what is missing is named with its package.
func TestWithoutSystemFonts(t *testing.T) {
	dir := t.TempDir()
	ts := setter(t, dir)
	if r := ts.set(textLayer(400, 60, scene.Style{Size: 30}), "2.45 ETH 月 🐇"); len(r.faces) < 7 {
		t.Error("the letters that are there must show", len(r.faces))
	}
	missing := FindFonts(dir)
	if len(missing) < 8 || !strings.Contains(missing[1].String(), "no font for emoji: install fonts-noto-color-emoji") {
		t.Error(missing)
	}
}

func TestABrokenSystemFontIsPassedOver(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "NotoColorEmoji.ttf"), []byte("no font"), 0o644); err != nil {
		t.Fatal(err)
	}
	fonts, warn, err := loadFonts([]string{dir})
	if err != nil || warn == nil || fonts.emoji != nil || !strings.Contains(warn.Error(), "NotoColorEmoji.ttf") {
		t.Error(warn, err)
	}
}

// FuzzText: no text of a stranger stops the stage or leaves its box by much.
func FuzzText(f *testing.F) {
	for _, s := range []string{"", "2.45 ETH", "👩‍👩‍👧‍👦", "\u202emirror", "a\u0301\u0301\u0301\u0301", "\x00\xff", "ﷺ", "\U000e0001\U0001f3f4\u200d", "क्षत्रिय", "\n\n\n", strings.Repeat("z̸", 200)} {
		f.Add(s)
	}
	ts := setter(f)
	l := textLayer(200, 40, scene.Style{Size: 24, Fit: scene.FitWrap, Lines: 2, VAlign: scene.Middle})
	f.Fuzz(func(t *testing.T, s string) {
		r := ts.set(l, s)
		if r.box.Dx() > 800 || r.box.Dy() > 800 {
			t.Errorf("%q takes %v", s, r.box)
		}
		drawRun(r, 200, 40)
	})
}

func BenchmarkWarmText(b *testing.B) {
	ts := setter(b)
	l := textLayer(400, 60, scene.Style{Font: "condensed", Size: 60})
	n := 0
	for b.Loop() {
		n++
		ts.mu.Lock()
		ts.lay(l, []rune("12.75 ETH"))
		ts.mu.Unlock()
	}
}

// TestGlyphsAreForgotten: large letters in ever new sizes do not fill the memory.
func TestGlyphsAreForgotten(t *testing.T) {
	ts := setter(t)
	most := 0
	for i := range 24 {
		ts.set(textLayer(9000, 600, scene.Style{Size: 300 + float64(i), Shadow: &scene.Shadow{Color: color.NRGBA{A: 200}, Blur: 8}}), "ABCDEFGHIJ")
		held := 0
		for _, g := range ts.glyphs {
			held += g.bytes()
		}
		if held != ts.held {
			t.Fatalf("%d bytes are held, %d counted", held, ts.held)
		}
		most = max(most, held)
	}
	if most > maxGlyphs+10<<20 || len(ts.runs) >= 24 {
		t.Errorf("%d MiB of glyphs, %d texts", most>>20, len(ts.runs))
	}
}
