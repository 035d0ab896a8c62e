package speech

import (
	"container/list"
	"sync"

	"github.com/sothebais/sothebais/host/character"
)

// clipCache keeps the clips that were used last: auctioneers repeat themselves.
type clipCache struct {
	mu    sync.Mutex
	max   int
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

func newClipCache(n int) *clipCache {
	return &clipCache{max: max(0, n), order: list.New(), at: make(map[line]*list.Element)}
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
	if _, ok := c.at[k]; ok || c.max == 0 {
		return
	}
	c.at[k] = c.order.PushFront(&kept{k, clip})
	if c.order.Len() > c.max {
		last := c.order.Back()
		c.order.Remove(last)
		delete(c.at, last.Value.(*kept).line)
	}
}
