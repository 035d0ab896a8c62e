package intake_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/account"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/intake"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
)

// house notes what the desk hands on.
type house struct {
	mu      sync.Mutex
	placed  []auction.Bid
	refused []auction.BidRefused
	noted   []post.Received
	seen    map[string]bool
	err     error
}

func (h *house) PlaceBid(_ context.Context, _ post.Post, b auction.Bid) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.placed = append(h.placed, b)
	return h.err
}

func (h *house) RefuseBid(_ context.Context, _ post.Post, r auction.BidRefused) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused = append(h.refused, r)
	return h.err
}

func (h *house) Record(_ context.Context, drafts ...event.Draft) ([]event.Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil {
		h.seen = map[string]bool{}
	}
	for _, d := range drafts {
		if h.seen[d.Origin] {
			return nil, &event.DuplicateOriginError{Origin: d.Origin}
		}
		h.seen[d.Origin] = true
		h.noted = append(h.noted, d.Data.(post.Received))
	}
	return nil, h.err
}

func desk(t *testing.T, cfg intake.Config) (*intake.Desk, *house) {
	t.Helper()
	book, err := account.NewBook([]account.Account{{ID: "ann", Handle: "ann_eth"}, {ID: "bob", Handle: "bob_eth", AuthorID: "77"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{}
	cfg.Auctions, cfg.Facts, cfg.Accounts = h, h, book
	return intake.New(cfg), h
}

func from(handle, id, text string) post.Post {
	return post.Post{ID: id, Root: id, AuthorID: "id-" + handle, Handle: handle, Text: text, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
}

func receive(t *testing.T, d *intake.Desk, posts ...post.Post) {
	t.Helper()
	for _, p := range posts {
		if err := d.Receive(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReceive(t *testing.T) {
	d, h := desk(t, intake.Config{Self: "@SothebAIs"})
	receive(t, d,
		from("Ann_ETH", "1", "bid 1.5 ETH"), from("stranger", "2", "bid 1.6 ETH"), from("ann_eth", "3", "bid 1,500 ETH"),
		from("ann_eth", "4", "what is it made of?"), from("ann_eth", "4", "what is it made of?"), from("stranger", "5", "gm"),
		from("sothebais", "6", "We have a bid of 1.5 ETH!"), from("bob_eth", "7", "bid 9 eth"))
	if len(h.placed) != 1 || h.placed[0] != (auction.Bid{Bidder: "ann", Handle: "Ann_ETH", Amount: money.MustETH("1.5"), PostID: "1"}) {
		t.Errorf("placed: %+v", h.placed)
	}
	var reasons []string
	for _, r := range h.refused {
		reasons = append(reasons, r.PostID+" "+r.Bidder+" "+string(r.Reason))
		if r.Hint == "" {
			t.Errorf("refused without a hint: %+v", r)
		}
	}
	// The handle bob_eth belongs to author 77: somebody else took it.
	if got := strings.Join(reasons, ", "); got != "2  unknown_bidder, 3 ann ambiguous, 7  unknown_bidder" {
		t.Errorf("refused: %s", got)
	}
	if len(h.noted) != 2 || h.noted[0].Intent != post.IntentQuestion || h.noted[1].Intent != post.IntentGreeting {
		t.Errorf("noted: %+v", h.noted)
	}
	if err := d.Receive(t.Context(), post.Post{Text: "bid 1"}); !errors.Is(err, intake.ErrNoIdentity) {
		t.Errorf("a post without an id: %v", err)
	}
}

func TestReceiveTellsOfFailure(t *testing.T) {
	d, h := desk(t, intake.Config{})
	h.err = errors.New("the disk is full")
	for _, text := range []string{"bid 1 eth", "bid 1,500 eth", "gm"} {
		if err := d.Receive(t.Context(), from("ann_eth", text, text)); !errors.Is(err, h.err) || !strings.Contains(err.Error(), text) {
			t.Errorf("%q: %v; want the cause, and the post", text, err)
		}
	}
}

func TestFlood(t *testing.T) {
	d, h := desk(t, intake.Config{Limit: 5, Window: 10 * time.Second})
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	n := 0
	bids := func(handle string, count int, at time.Duration) {
		for range count {
			n++
			p := from(handle, fmt.Sprint(n), "bid 1 eth")
			p.At = begin.Add(at)
			receive(t, d, p)
		}
	}
	bids("ann_eth", 50, 0)
	if len(h.placed) != 5 || len(h.refused) != 1 || h.refused[0].Reason != auction.ReasonRateExceeded {
		t.Errorf("of 50 at once %d were placed, refused: %+v", len(h.placed), h.refused)
	}
	bids("ann_eth", 3, 9*time.Second)  // the same window
	bids("ann_eth", 3, 10*time.Second) // the next one
	bids("ann_eth", 1, 5*time.Second)  // late, into the window that is full
	if len(h.placed) != 8 || len(h.refused) != 1 {
		t.Errorf("after the next window %d were placed, %d refused; want 8 and 1", len(h.placed), len(h.refused))
	}
	bids("bob_eth", 1, 0)
	if len(h.refused) != 2 {
		t.Errorf("somebody else is held up: %+v", h.refused)
	}
}

// A backlog of an hour comes in at once after an outage: by the platform's clock nobody was too fast.
func TestBacklogIsNoFlood(t *testing.T) {
	d, h := desk(t, intake.Config{})
	for i := range 200 {
		p := from("ann_eth", fmt.Sprint(i), "bid 1 eth")
		p.At = p.At.Add(time.Duration(i) * 20 * time.Second)
		receive(t, d, p)
	}
	if len(h.placed) != 200 {
		t.Errorf("%d of 200 were placed", len(h.placed))
	}
}

// After a restart the last half minute is delivered again, more than once and among what is new: nothing new is dropped.
func TestRedeliveriesCountOnce(t *testing.T) {
	d, h := desk(t, intake.Config{Limit: 5, Window: 10 * time.Second})
	at := func(id string, s int) post.Post {
		p := from("ann_eth", id, "what is it made of?")
		p.At = p.At.Add(time.Duration(s) * time.Second)
		return p
	}
	var again []post.Post
	for i := range 15 {
		again = append(again, at(fmt.Sprint("old", i), i*2))
	}
	for i := range 5 {
		receive(t, d, at(fmt.Sprint("new", i), 30+i))
		receive(t, d, again...)
	}
	if len(h.noted) != 20 {
		t.Errorf("%d of 20 posts were taken", len(h.noted))
	}
}

// Once a window is full, what it let through is let through again, and what it did not is not.
func TestRedeliveriesOfAFlood(t *testing.T) {
	d, h := desk(t, intake.Config{Limit: 3})
	for range 2 {
		for i := range 8 {
			receive(t, d, from("ann_eth", fmt.Sprint(i), "bid 1 eth"))
		}
	}
	if len(h.placed) != 6 || len(h.refused) != 2 || h.refused[0] != h.refused[1] || h.refused[1].PostID != "3" {
		t.Errorf("placed %+v, refused %+v", h.placed, h.refused)
	}
}

// Strangers cannot make the desk remember them forever.
func TestManyAuthors(t *testing.T) {
	d, _ := desk(t, intake.Config{})
	for i := range 30_000 {
		p := from(fmt.Sprint("bot", i), fmt.Sprint(i), "gm")
		p.At = p.At.Add(time.Duration(i) * 10 * time.Millisecond)
		receive(t, d, p)
	}
	if got := d.Windows(); got > 10_000 {
		t.Errorf("%d windows are remembered", got)
	}
}
