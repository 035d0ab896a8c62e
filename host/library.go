package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/art"
	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/nearest"
	"github.com/sothebais/sothebais/host/scene"
	"github.com/sothebais/sothebais/host/speech"
)

// library finds characters and scenes: those that the show file names, those in the data directory, then those that
// the program brings along. A nearer one takes the place of one of the same id.
type library struct {
	shipped    fs.FS
	characters []string // folders, the nearest first
	scenes     []string
	rendered   string // where pictures of characters that come as drawings are kept
}

func newLibrary(cfg Config) *library {
	l := &library{shipped: cfg.Assets, rendered: filepath.Join(cfg.DataDir, "cache", "characters")}
	if cfg.Show != nil {
		l.characters, l.scenes = named(cfg.Show.Characters), named(cfg.Show.Scenes)
	}
	l.characters = append(l.characters, filepath.Join(cfg.DataDir, "characters"))
	l.scenes = append(l.scenes, filepath.Join(cfg.DataDir, "scenes"))
	return l
}

func named(dir string) []string {
	if dir == "" {
		return nil
	}
	return []string{dir}
}

// own is the folder of a character that is not the program's, or "".
func (l *library) own(id string) string {
	if id == "" || !fs.ValidPath(id) || strings.ContainsAny(id, `/\`) {
		return ""
	}
	for _, dir := range l.characters {
		if info, err := os.Stat(filepath.Join(dir, id)); err == nil && info.IsDir() {
			return filepath.Join(dir, id)
		}
	}
	return ""
}

// ids lists the characters there are.
func (l *library) ids() []string {
	var out []string
	trees := []fs.FS{sub(l.shipped, "characters")}
	for _, dir := range l.characters {
		trees = append(trees, os.DirFS(dir))
	}
	for _, t := range trees {
		entries, err := fs.ReadDir(t, ".")
		if err != nil {
			continue // a folder that is not there holds none
		}
		for _, e := range entries {
			if info, err := fs.Stat(t, e.Name()); err == nil && info.IsDir() {
				out = append(out, e.Name())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// knows fails when there is no character of that id.
func (l *library) knows(id string) error {
	ids := l.ids()
	if slices.Contains(ids, id) {
		return nil
	}
	return failf(ErrBadInput, "there is no character %q%s; there are: %s; put its folder into %s", id, meant(id, ids), strings.Join(ids, ", "), l.characters[len(l.characters)-1])
}

// meant asks whether the nearest of the known words was meant, if one is near.
func meant(word string, known []string) string {
	if n := nearest.Word(word, known); n != "" {
		return fmt.Sprintf(" (did you mean %q?)", n)
	}
	return ""
}

// KnowsCharacter fails when neither the program brings a character of that id along nor the data directory holds one.
func KnowsCharacter(dataDir, id string) error { return libraryOf(dataDir).knows(id) }

// Characters lists the characters that can be played on a data directory, whether a show runs there or not.
func Characters(dataDir string) []string { return libraryOf(dataDir).ids() }

func libraryOf(dataDir string) *library { return newLibrary(Config{DataDir: dataDir}.withAssets()) }

// character reads a character; the error names the file, the line and how to mend it.
func (l *library) character(ctx context.Context, id string) (*character.Pack, error) {
	dir := l.own(id)
	if dir == "" {
		if err := l.knows(id); err != nil {
			return nil, err
		}
		return readCharacter(sub(l.shipped, "characters/"+id), id)
	}
	built, err := l.built(ctx, dir, id)
	if err != nil {
		return nil, failf(ErrBadInput, "character %s: %w", dir, err)
	}
	p, err := readCharacter(built, id)
	if err != nil {
		return nil, failf(ErrBadInput, "character %s: %w", dir, err)
	}
	return p, nil
}

// built is the folder of a character's pictures: its own, or what its drawings are rendered to.
func (l *library) built(ctx context.Context, dir, id string) (fs.FS, error) {
	tree := folder(dir)
	if _, err := fs.Stat(tree, character.PartsFile); err == nil {
		return tree, nil
	}
	if _, err := fs.Stat(tree, "art"); errors.Is(err, fs.ErrNotExist) {
		return tree, nil // neither: reading it says what is missing
	}
	out := filepath.Join(l.rendered, id)
	_, _, err := art.Build(ctx, art.Renderer, dir, out)
	if errors.Is(err, art.ErrNoRenderer) {
		return nil, fmt.Errorf("it comes as drawings (art/*.svg), and %w; or bring it with its pictures (%s and parts)", err, character.PartsFile)
	}
	return folder(out), err
}

// readCharacter reads a character of a name and tries its voice.
func readCharacter(tree fs.FS, id string) (*character.Pack, error) {
	p, err := character.Load(tree)
	if err != nil {
		return nil, err
	}
	if p.ID != id {
		return nil, fmt.Errorf("%s: id: is %q in a folder named %q; name them the same", character.ManifestFile, p.ID, id)
	}
	if err := voiceOf(p).Check(); err != nil {
		return nil, fmt.Errorf("%s: voice: %w", character.ManifestFile, err)
	}
	return p, nil
}

// voiceOf is how a character sounds.
func voiceOf(p *character.Pack) speech.Voice {
	return speech.Voice{Name: p.Voice.Name, Rate: p.Voice.Rate, Pitch: p.Voice.Pitch, Volume: p.Voice.Volume}
}

// art are the pictures that scenes name, the nearest first.
func (l *library) art() fs.FS {
	var trees overlayFS
	for _, dir := range l.scenes {
		trees = append(trees, folder(dir))
	}
	return append(trees, sub(l.shipped, "scenes"))
}

// loadScenes reads all scenes, and says which are not the program's. An error names every mistake of every file with its
// line; what could be read in spite of it comes along.
func (l *library) loadScenes() (scenes []*scene.Scene, own []string, err error) {
	scenes, err = scene.LoadDir(sub(l.shipped, "scenes"))
	if err != nil {
		return nil, nil, err
	}
	var errs []error
	for _, dir := range slices.Backward(l.scenes) {
		found, err := ownScenes(dir)
		errs = append(errs, err)
		for _, s := range found {
			own = append(own, s.ID)
			if i := slices.IndexFunc(scenes, func(o *scene.Scene) bool { return o.ID == s.ID }); i >= 0 {
				scenes[i] = s
			} else {
				scenes = append(scenes, s)
			}
		}
	}
	slices.Sort(own)
	return scenes, slices.Compact(own), errors.Join(errs...)
}

// ownScenes reads the scenes of a folder; their names in errors are paths.
func ownScenes(dir string) (scenes []*scene.Scene, err error) {
	tree := folder(dir)
	names, err := fs.Glob(os.DirFS(dir), "*"+scene.Suffix)
	if err != nil {
		return nil, fmt.Errorf("list the scenes of %s: %w", dir, err)
	}
	var errs []error
	for _, name := range names {
		path := filepath.Join(dir, name)
		b, err := fs.ReadFile(tree, name)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		s, err := scene.Parse(path, b)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i := slices.IndexFunc(scenes, func(o *scene.Scene) bool { return o.ID == s.ID }); i >= 0 {
			errs = append(errs, fmt.Errorf("%s: id: %q is the id of %s too; choose another", path, s.ID, scenes[i].File))
			continue
		}
		scenes = append(scenes, s)
	}
	return scenes, errors.Join(errs...)
}
