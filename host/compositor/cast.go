package compositor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/sothebais/sothebais/host/character"
)

// cast is every character that can go on stage. Only the one that was asked for last is kept ready: the pictures of one
// take some forty megabytes.
type cast struct {
	mu     sync.Mutex
	packs  map[string]*character.Pack
	latest *actor
	seed   int64
}

func newCast(packs map[string]*character.Pack, seed int64) *cast {
	return &cast{packs: packs, seed: seed}
}

func (c *cast) add(p *character.Pack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	packs := maps.Clone(c.packs) // the map that was given is somebody else's
	if packs == nil {
		packs = map[string]*character.Pack{}
	}
	packs[p.ID] = p
	c.packs = packs
	if c.latest != nil && c.latest.id == p.ID {
		c.latest = nil
	}
}

// ready gives a character whose every part is converted.
func (c *cast) ready(id string) (*actor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest != nil && c.latest.id == id {
		return c.latest, nil
	}
	pack := c.packs[id]
	if pack == nil {
		return nil, fmt.Errorf("character %q is unknown; known are %s", id, strings.Join(c.names(), ", "))
	}
	a := newActor(id, character.NewAnimator(pack, c.seed), pack.Width, pack.Height, pack.Parts)
	c.latest = a
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
