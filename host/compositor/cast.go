package compositor

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/scene"
)

// cast is every character that can go on stage; one is made ready when it is first asked for.
type cast struct {
	mu     sync.Mutex
	packs  map[string]*character.Pack
	actors map[string]*actor
	seed   int64
	scenes []*scene.Scene
}

func newCast(packs map[string]*character.Pack, seed int64, scenes []*scene.Scene) *cast {
	return &cast{packs: packs, actors: map[string]*actor{}, seed: seed, scenes: scenes}
}

// ready gives a character whose every part is converted.
func (c *cast) ready(id string) (*actor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a := c.actors[id]; a != nil {
		return a, nil
	}
	pack := c.packs[id]
	if pack == nil {
		return nil, fmt.Errorf("character %q is unknown; known are %s", id, strings.Join(c.names(), ", "))
	}
	a := newActor(id, character.NewAnimator(pack, c.seed), pack.Width, pack.Height, pack.Parts)
	a.rehearse(c.scenes)
	c.actors[id] = a
	return a, nil
}

func (c *cast) names() []string {
	names := make([]string, 0, len(c.packs))
	for n := range c.packs {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
