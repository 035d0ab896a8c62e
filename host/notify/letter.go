package notify

import (
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
)

// purpose is what a letter is for; the order is that of their use to people, the most useful first. Winners are
// few and must know; whoever bid wants to know whether it counted.
type purpose int

const (
	sold purpose = iota
	accepted
	refused
	outbid
	asked // by a plugin or an operator
)

var purposeNames = [...]string{sold: "sold", accepted: "accepted", refused: "refused", outbid: "outbid", asked: "asked"}

func (p purpose) String() string { return purposeNames[p] }

// kinds are the facts that lead to letters, and those that tell who wrote what.
var kinds = []event.Kind{post.KindReceived, auction.KindBidAccepted, auction.KindBidRefused, auction.KindLotSold, cue.KindRaised}

// letter is something to be told to one person, or to all when To is empty.
type letter struct {
	about   purpose
	cause   uint64 // Seq of the fact
	root    uint64
	to      string // id of the post to answer
	handle  string
	text    string
	from    string // plugin that asked
	at      time.Time
	retries int
}

// key is what must not be sent twice.
type key struct {
	to    string
	about purpose
	from  string
	cause uint64 // of posts that answer nobody, which have nothing else that tells them apart
}

func (l letter) key() key {
	k := key{to: l.to, about: l.about, from: l.from}
	if l.to == "" {
		k.cause = l.cause
	}
	return k
}

// letters are what a fact gives reason to write.
func letters(e event.Event) []letter {
	one := func(about purpose, to, handle, text string) letter {
		return letter{about: about, cause: e.Seq, root: e.Root, to: to, handle: handle, text: text, at: e.At}
	}
	switch d := e.Data.(type) {
	case auction.BidAccepted:
		out := answering(one(accepted, d.PostID, d.Handle, acceptedText(d)))
		if d.PreviousBidder != d.Bidder {
			out = append(out, answering(one(outbid, d.PreviousPostID, d.PreviousHandle, outbidText(d)))...)
		}
		return out
	case auction.BidRefused:
		return answering(one(refused, d.PostID, d.Handle, refusedText(d)))
	case auction.LotSold:
		return answering(one(sold, d.WinningPostID, d.Handle, soldText(d)))
	case cue.Raised:
		return requested(d.Cue, one)
	}
	return nil
}

// answering leaves out a letter to somebody whose bid was not a post, which would become a post to all.
func answering(l letter) []letter {
	if l.to == "" {
		return nil
	}
	return []letter{l}
}

// requested is what a cue asks to be written.
func requested(c cue.Cue, one func(about purpose, to, handle, text string) letter) []letter {
	if c.Text == "" || (c.Verb == cue.Reply) != (c.Name != "") || c.Verb != cue.Reply && c.Verb != cue.Post {
		return nil
	}
	l := one(asked, c.Name, "", clip(c.Text))
	l.from = c.From
	return []letter{l}
}

// history finds out what a crash left unanswered.
type history struct {
	letters []letter
	about   map[uint64][]letter // by the Seq of their fact
	ended   map[key]bool
	sent    []time.Time
}

func newHistory() *history {
	return &history{about: make(map[uint64][]letter), ended: make(map[key]bool)}
}

// add reads one event.
func (h *history) add(e event.Event) {
	for _, l := range letters(e) {
		h.letters = append(h.letters, l)
		h.about[e.Seq] = append(h.about[e.Seq], l)
	}
	switch d := e.Data.(type) {
	case post.ReplySent:
		h.end(e.Cause, d.To)
		h.sent = append(h.sent, e.At)
	case post.ReplyFailed:
		h.end(e.Cause, d.To)
	}
}

func (h *history) end(cause uint64, to string) {
	for _, l := range h.about[cause] {
		if l.to == to {
			h.ended[l.key()] = true
		}
	}
}

// open are the letters that have not ended and are still worth sending.
func (h *history) open(now time.Time, patience time.Duration) []letter {
	var out []letter
	for _, l := range h.letters {
		if !h.ended[l.key()] && now.Before(l.expires(patience)) {
			out = append(out, l)
		}
	}
	return out
}

// memory remembers keys: the newest 20,000 or so, in two generations, since a post older than that is not answered any more.
type memory struct{ young, old map[key]bool }

const generation = 10_000

// add is true when the key is new.
func (m *memory) add(k key) bool {
	if m.young[k] || m.old[k] {
		return false
	}
	if m.young == nil || len(m.young) >= generation {
		m.young, m.old = make(map[key]bool), m.young
	}
	m.young[k] = true
	return true
}

// authors remembers who wrote the newest posts, for the letters that name a post alone.
type authors struct{ young, old map[string]string }

func (a *authors) note(e event.Event) {
	d, ok := e.Data.(post.Received)
	if !ok {
		return
	}
	if a.young == nil || len(a.young) >= generation {
		a.young, a.old = make(map[string]string), a.young
	}
	a.young[d.Post.ID] = d.Post.Handle
}

func (a *authors) of(id string) string {
	if h, ok := a.young[id]; ok {
		return h
	}
	return a.old[id]
}
