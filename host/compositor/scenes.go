package compositor

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"maps"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/scene"
)

// sceneSet is all scenes of a show, made ready to be drawn. The frame loop owns it once it is on stage, but for what
// never changes: which layers there are, and what the graph's Check reads.
type sceneSet struct {
	graph *scene.Graph
	views map[string]*view
}

// newSceneSet draws all that is fixed. The error names the file and line of every picture that cannot be used.
func newSceneSet(scenes []*scene.Scene, art fs.FS, t *typesetter) (*sceneSet, error) {
	set := &sceneSet{graph: scene.NewGraph(scenes), views: map[string]*view{}}
	k := bestKernel()
	var errs []error
	for _, sc := range scenes {
		v, err := newView(sc, art, t, k)
		set.views[sc.ID] = v
		errs = append(errs, err)
	}
	return set, errors.Join(errs...)
}

// ErrOnProgram says that a scene cannot go because it is on program.
var ErrOnProgram = errors.New("is on program")

// SetScenes puts other scenes in the place of all there are, with the pictures they name in art, between two frames.
// What is on program stays on program, with its words, bars and pictures, as its scene looks now. After an error
// nothing has changed.
func (s *Stage) SetScenes(scenes []*scene.Scene, art fs.FS) error {
	if len(scenes) == 0 {
		return errors.New("set scenes: no scenes: a stage needs at least one")
	}
	if err := s.cfg.fits(scenes); err != nil {
		return fmt.Errorf("set scenes: %w", err)
	}
	set, err := newSceneSet(scenes, art, s.text)
	if err != nil {
		return fmt.Errorf("set scenes: %w", err)
	}
	on, seen := s.words()
	if _, stays := set.graph.Scene(on); !stays {
		return fmt.Errorf("set scenes: scene %q %w: take another one first", on, ErrOnProgram)
	}
	pictures := map[string]image.Image{}
	for slot, words := range seen {
		if len(set.slotNodes(slot, scene.Artwork)) > 0 {
			pictures[slot] = s.artwork(words, 0)
		}
		set.fill(s.text, slot, words, pictures[slot])
	}
	s.prep.Lock()
	defer s.prep.Unlock()
	s.queue.put(command{kind: setScenes, set: set, seen: seen})
	s.ready = set
	return nil
}

// words are the scene on program and what its slots hold.
func (s *Stage) words() (on string, text map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.graph.Program().ID, maps.Clone(s.graph.Texts())
}

// fill shows words and picture of a slot.
func (set *sceneSet) fill(t *typesetter, slot, words string, pic image.Image) {
	for _, n := range set.layOut(t, slot, words) {
		n.node.run = n.run
	}
	for _, n := range set.fitArt(slot, pic) {
		n.node.art = n.art
	}
}

// exchange puts a set on stage. What cues have changed since it was made ready is brought up here.
func (s *Stage) exchange(set *sceneSet, seen map[string]string) {
	set.graph.Adopt(s.graph)
	s.graph, s.views = set.graph, set.views
	for slot, words := range s.graph.Texts() {
		if seen[slot] == words {
			continue
		}
		for _, n := range set.layOut(s.text, slot, words) {
			n.node.run = n.run
		}
		if len(set.slotNodes(slot, scene.Artwork)) > 0 { // a picture takes longer than a frame
			s.art.ask(command{kind: applyCue, cue: cue.Cue{Verb: cue.Text, Name: slot, Text: words}})
		}
	}
}
