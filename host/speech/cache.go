package speech

import (
	"container/list"
	"sync"

	"github.com/sothebais/sothebais/host/character"
)

// clipCache keeps the clips that were used last, up to a number of bytes: auctioneers repeat themselves, but only their
// short lines.
type clipCache struct {
	mu    sync.Mutex
	max   int
	size  int
	order *list.List // of *kept, newest first
	at    map[line]*list.Element
}

type line struct {
	voice Voice
	text  string
}

type kept struct {
	line line
	clip *character.Clip
}

func newClipCache(bytes int) *clipCache {
	return &clipCache{max: bytes, order: list.New(), at: make(map[line]*list.Element)}
}

// get is the clip, or nil.
func (c *clipCache) get(voice Voice, text string) *character.Clip {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.at[line{voice, text}]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*kept).clip
}

func (c *clipCache) put(voice Voice, text string, clip *character.Clip) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := line{voice, text}
	if _, ok := c.at[k]; ok || sizeOf(clip) > c.max {
		return
	}
	c.at[k] = c.order.PushFront(&kept{k, clip})
	for c.size += sizeOf(clip); c.size > c.max; {
		last := c.order.Remove(c.order.Back()).(*kept)
		delete(c.at, last.line)
		c.size -= sizeOf(last.clip)
	}
}

// sizeOf is what a clip takes: its samples, and a little for the rest.
func sizeOf(c *character.Clip) int { return 2*len(c.PCM) + 512 }
