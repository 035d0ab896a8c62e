package compositor

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"
)

//go:embed fonts/*.woff
var shipped embed.FS

// families names, for each font that a scene may ask for, the files that are shipped for it; the first is its look and
// the rest fill its gaps.
func families() map[string][]string {
	return map[string][]string{
		"sans":      {"barlow-latin-600-normal", "barlow-latin-ext-600-normal"},
		"bold":      {"barlow-latin-800-normal", "barlow-latin-ext-600-normal"},
		"condensed": {"barlow-condensed-latin-700-normal", "barlow-condensed-latin-ext-700-normal"},
		"serif":     {"dm-serif-display-latin-400-normal", "dm-serif-display-latin-ext-400-normal"},
	}
}

// defaultFontDirs are looked through when Config.FontDirs is empty.
func defaultFontDirs() []string { return []string{"/usr/share/fonts", "/usr/local/share/fonts"} }

// wantedFonts are the system fonts for what the shipped ones lack, in the order in which they are asked; any one of the
// files will do. Pkg is the Debian package that has it.
func wantedFonts() []systemFont {
	return []systemFont{
		{"Latin, Greek, Cyrillic", "fonts-noto-core", []string{"NotoSans-Bold.ttf", "DejaVuSans-Bold.ttf"}},
		{"emoji", "fonts-noto-color-emoji", []string{"NotoColorEmoji.ttf"}},
		{"Chinese, Japanese, Korean", "fonts-noto-cjk", []string{"NotoSansCJK-Bold.ttc", "NotoSansCJK-Regular.ttc"}},
		{"Thai", "fonts-noto-core", []string{"NotoSansThai-Bold.ttf", "NotoSansThai-Regular.ttf"}},
		{"Arabic", "fonts-noto-core", []string{"NotoSansArabic-Bold.ttf"}},
		{"Hebrew", "fonts-noto-core", []string{"NotoSansHebrew-Bold.ttf"}},
		{"Devanagari", "fonts-noto-core", []string{"NotoSansDevanagari-Bold.ttf"}},
		{"Bengali", "fonts-noto-core", []string{"NotoSansBengali-Bold.ttf"}},
		{"Tamil", "fonts-noto-core", []string{"NotoSansTamil-Bold.ttf"}},
		{"symbols", "fonts-noto-core", []string{"NotoSansSymbols-Bold.ttf", "NotoSansSymbols-Regular.ttf"}},
		{"more symbols", "fonts-noto-core", []string{"NotoSansSymbols2-Regular.ttf"}},
		{"mathematical letters", "fonts-noto-core", []string{"NotoSansMath-Regular.ttf"}},
	}
}

type systemFont struct {
	writes string
	pkg    string
	files  []string
}

// MissingFont is a system font that was not found: the show runs, and what it writes is shown as boxes.
type MissingFont struct {
	Writes  string // what it is for
	Package string // Debian package that holds it
	Files   []string
}

func (m MissingFont) String() string {
	return fmt.Sprintf("no font for %s: install %s (looked for %s)", m.Writes, m.Package, strings.Join(m.Files, ", "))
}

// FindFonts says which of the system fonts that the stage wants are missing under dirs; no dirs means the usual ones.
func FindFonts(dirs ...string) []MissingFont {
	_, missing := findFonts(dirs)
	return missing
}

// findFonts gives the paths of the wanted fonts in their order.
func findFonts(dirs []string) (paths []string, missing []MissingFont) {
	if len(dirs) == 0 {
		dirs = defaultFontDirs()
	}
	have := map[string]string{}
	for _, dir := range dirs {
		// a directory that is not there simply has no fonts
		_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && have[d.Name()] == "" {
				have[d.Name()] = p
			}
			return nil
		})
	}
	for _, w := range wantedFonts() {
		if p := firstOf(have, w.files); p != "" {
			paths = append(paths, p)
		} else {
			missing = append(missing, MissingFont{w.writes, w.pkg, w.files})
		}
	}
	return paths, missing
}

func firstOf(have map[string]string, names []string) string {
	for _, n := range names {
		if have[n] != "" {
			return have[n]
		}
	}
	return ""
}

// fontSet is every face the stage writes with.
type fontSet struct {
	families map[string][]*font.Face // by name; the system faces are at the end of each
	emoji    *font.Face
}

// loadFonts reads the shipped fonts, and those of the system that can be read; what could not comes back as a warning.
func loadFonts(dirs []string) (*fontSet, error, error) {
	set := &fontSet{families: map[string][]*font.Face{}}
	for name, files := range families() {
		for _, f := range files {
			data, err := shipped.ReadFile("fonts/" + f + ".woff")
			if err != nil {
				return nil, nil, fmt.Errorf("read shipped font: %w", err)
			}
			face, err := parseFont(data)
			if err != nil {
				return nil, nil, fmt.Errorf("shipped font %s: %w", f, err)
			}
			set.families[name] = append(set.families[name], face)
		}
	}
	paths, _ := findFonts(dirs)
	var warn []error
	for _, p := range paths {
		if err := set.addSystem(p); err != nil {
			warn = append(warn, err)
		}
	}
	return set, errors.Join(warn...), nil
}

func (s *fontSet) addSystem(p string) error {
	data, err := os.ReadFile(p)
	if err != nil {
		return fmt.Errorf("read font: %w", err)
	}
	face, err := parseFont(data)
	if err != nil {
		return fmt.Errorf("font %s: %w", p, err)
	}
	if strings.Contains(filepath.Base(p), "Emoji") {
		s.emoji = face
	}
	for name := range s.families {
		s.families[name] = append(s.families[name], face)
	}
	return nil
}

// parseFont takes the first face of a font or of a collection.
func parseFont(data []byte) (*font.Face, error) {
	loaders, err := opentype.NewLoaders(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	f, err := font.NewFont(loaders[0])
	if err != nil {
		return nil, err
	}
	return font.NewFace(f), nil
}

// chain chooses the face for each rune of a text: the first of its family that has it, and the emoji face for what is
// an emoji by nature.
type chain struct {
	faces []*font.Face
	emoji *font.Face
}

// ResolveFace is asked by the shaper.
func (c chain) ResolveFace(r rune) *font.Face {
	if c.emoji != nil && isEmoji(r) {
		if _, ok := c.emoji.NominalGlyph(r); ok {
			return c.emoji
		}
	}
	for _, f := range c.faces {
		if _, ok := f.NominalGlyph(r); ok {
			return f
		}
	}
	return c.faces[0]
}

// isEmoji covers the blocks whose characters are pictures by default. Digits, © and the like are in the emoji font too
// and must not come from it.
func isEmoji(r rune) bool {
	return r >= 0x1F000 && r <= 0x1FAFF || r >= 0x2600 && r <= 0x27BF || r >= 0x231A && r <= 0x23FF || r >= 0x2B05 && r <= 0x2B55
}
