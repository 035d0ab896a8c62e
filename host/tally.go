package host

import (
	"slices"
	"sync"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// Report sums up a show; `sothebais demo --json` prints it.
type Report struct {
	LotsClosed   int         `json:"lots_closed"`
	Posts        int         `json:"posts"`
	BidsAccepted int         `json:"bids_accepted"`
	BidsRefused  int         `json:"bids_refused"`
	Reactions    int         `json:"reactions"` // events that some plugin answered with at least one cue
	Cues         int         `json:"cues"`      // cues that reached the stage
	Swaps        int         `json:"swaps"`
	Frames       uint64      `json:"frames"`
	FramesLate   uint64      `json:"frames_late"`
	PostToFrame  Percentiles `json:"post_to_frame_ms"`
	SpeechMS     int64       `json:"speech_ms_total"`
	Events       uint64      `json:"events"` // facts since it came up
	Recording    string      `json:"recording"`
}

// Percentiles of a duration in milliseconds.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	N   int     `json:"n"`
}

// tally counts what a show did, from its facts alone.
type tally struct {
	mu     sync.Mutex
	r      Report
	posts  map[uint64]bool // roots of chains that began with a post and have not reached a frame yet; true: a cue is to be seen at once
	cause  uint64          // the last event that was answered; cues of one event come together
	millis []float64       // of the newest posts, in a ring
	frames int             // posts that reached a frame
}

const (
	postsKept  = 1 << 14 // bounds the chains that are waited for: most posts lead to no cue
	millisKept = 1 << 16 // bounds what percentiles are made of: a show may last for weeks
)

func newTally() *tally { return &tally{posts: map[uint64]bool{}} }

// add counts a fact.
func (t *tally) add(e event.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.r.Events++
	switch d := e.Data.(type) {
	case post.Received:
		t.r.Posts++
		if len(t.posts) > postsKept {
			clear(t.posts)
		}
		t.posts[e.Seq] = false
	case auction.BidAccepted:
		t.r.BidsAccepted++
	case auction.BidRefused:
		t.r.BidsRefused++
	case auction.LotSold, auction.LotUnsold:
		t.r.LotsClosed++
	case cue.Raised:
		t.r.Cues++
		if _, ok := t.posts[e.Root]; ok && d.Cue.Verb != cue.Say && d.Cue.Verb != cue.Reply && d.Cue.Verb != cue.Post {
			t.posts[e.Root] = true
		}
		if e.Cause != t.cause {
			t.cause = e.Cause
			t.r.Reactions++
		}
	case show.CueShown:
		if _, ok := t.posts[e.Root]; ok { // the first frame that shows anything of what a post led to
			delete(t.posts, e.Root)
			t.reached(d.Millis)
		}
	case show.SpeechStarted:
		t.r.SpeechMS += d.Millis
		// A post that leads to words alone has waited for its turn to be answered: that is no measure of the stage.
		if pictured, ok := t.posts[e.Root]; ok && !pictured {
			delete(t.posts, e.Root)
		}
	case show.PluginSwapped:
		t.r.Swaps++
	}
}

// reached notes how long a post took to its first frame.
func (t *tally) reached(millis float64) {
	if len(t.millis) < millisKept {
		t.millis = append(t.millis, millis)
	} else {
		t.millis[t.frames%millisKept] = millis
	}
	t.frames++
}

// Report is the sum so far; what the ledger does not know is left to the caller.
func (t *tally) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.r
	sorted := slices.Sorted(slices.Values(t.millis))
	if n := len(sorted); n > 0 {
		r.PostToFrame = Percentiles{P50: sorted[(n-1)*50/100], P99: sorted[(n-1)*99/100], N: t.frames}
	}
	return r
}
