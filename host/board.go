package host

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// board is the state of the programme as its facts tell it, for pages and checks.
type board struct {
	mu     sync.Mutex
	since  time.Time
	saying string
	mood   string
	links  map[string]link
	lot    uint64      // fact that opened the lot on the block, 0 when there is none
	posts  []time.Time // of the last minute
}

// link is something outside that the show depends on or feeds.
type link struct {
	up     bool
	detail string
	since  time.Time
}

func newBoard() *board { return &board{links: map[string]link{}} }

// add takes in a fact.
func (b *board) add(e event.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch d := e.Data.(type) {
	case show.Started:
		b.since = e.At
	case show.CharacterShown:
		b.mood, b.saying = "", ""
	case show.SpeechStarted:
		b.saying = d.Text
	case show.SpeechEnded:
		b.saying = ""
	case show.OutputUp:
		b.links[d.Output] = link{up: true, detail: d.Detail, since: e.At}
	case show.OutputDown:
		b.links[d.Output] = link{detail: d.Reason, since: e.At}
	case cue.Raised:
		if d.Cue.Verb == cue.Mood {
			b.mood = d.Cue.Name
		}
	case auction.LotOpened:
		b.lot = e.Seq
	case auction.LotSold, auction.LotUnsold:
		b.lot = 0
	case post.Received:
		b.posts = append(b.posts, e.At)
	}
}

// lotOpened is the number of the fact that opened the lot on the block, or 0.
func (b *board) lotOpened() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lot
}

// postsAMinute counts the posts of the minute before now.
func (b *board) postsAMinute(now time.Time) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	from := now.Add(-time.Minute)
	i := 0
	for i < len(b.posts) && b.posts[i].Before(from) {
		i++
	}
	b.posts = slices.Delete(b.posts, 0, i)
	return int64(len(b.posts))
}

// linkError is why a link does not work, or nil.
func (b *board) linkError(name string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, known := b.links[name]
	switch {
	case !known:
		return fmt.Errorf("%s has not come up yet", name)
	case !l.up:
		return fmt.Errorf("%s", l.detail)
	}
	return nil
}
