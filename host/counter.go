package host

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/plugin/bundle"
)

// Bounds of what lies on the counter.
const (
	counterBytes = 2 * bundle.MaxSize
	counterWait  = 10 * time.Minute
)

// counter is where packages lie that somebody looks at, until they are installed or taken up by nobody: what was read and
// checked once is what is installed then. The zero value is empty.
type counter struct {
	most  int // bytes; 0 for the usual
	mu    sync.Mutex
	lying []*offer // the latest last
}

// offer is a package that was read whole, its signature, and where it is from.
type offer struct {
	pkg       *bundle.Package
	signature []byte
	source    string
	gone      *time.Timer
}

// put lays a package down, in the place of the same one; the oldest give way.
func (c *counter) put(o offer) *offer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(func(l *offer) bool { return l.pkg.SHA256 == o.pkg.SHA256 })
	size := len(o.pkg.Bytes())
	for _, l := range c.lying {
		size += len(l.pkg.Bytes())
	}
	for size > cmp.Or(c.most, counterBytes) && len(c.lying) > 0 {
		oldest := c.lying[0]
		size -= len(oldest.pkg.Bytes())
		c.drop(func(l *offer) bool { return l == oldest })
	}
	kept := &o
	kept.gone = time.AfterFunc(counterWait, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(func(l *offer) bool { return l == kept })
	})
	c.lying = append(c.lying, kept)
	return kept
}

// find gives the package with a SHA-256, or nil.
func (c *counter) find(sum string) *offer {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.IndexFunc(c.lying, func(l *offer) bool { return l.pkg.SHA256 == sum }); i >= 0 {
		return c.lying[i]
	}
	return nil
}

// take removes a package.
func (c *counter) take(o *offer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(func(l *offer) bool { return l == o })
}

func (c *counter) drop(which func(*offer) bool) {
	c.lying = slices.DeleteFunc(c.lying, func(l *offer) bool {
		if which(l) {
			l.gone.Stop()
			return true
		}
		return false
	})
}
