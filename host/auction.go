package host

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/account"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/intake"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// buildAuction makes the auction and the desk in front of it, and restores both from the ledger.
func (h *Host) buildAuction(ctx context.Context) error {
	s := h.cfg.Show
	session := auction.Session{ID: "s", Campaign: s.Campaign, Name: s.Session, Lots: s.Lots, Opening: 5 * time.Second, Gap: s.Gap, Loop: s.Loop}
	if err := session.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrShowFile, err)
	}
	book, err := account.NewBook(s.Accounts, s.Open)
	if err != nil {
		return fmt.Errorf("%w: bidders: %w", ErrShowFile, err)
	}
	h.auctions = auctioneer.New(h.bus, auctioneer.Config{Session: session, Logger: h.part("auctioneer"), Metrics: h.regs[roleAuction]})
	if err := h.auctions.Replay(ctx, &witness{reader: h.ledger, see: h.recall}); err != nil {
		return fmt.Errorf("restore the auction from the ledger: %w", err)
	}
	h.desk = intake.New(intake.Config{Auctions: h.auctions, Facts: h.bus, Accounts: book, Self: h.cfg.X.Account, Logger: h.part("intake"), Metrics: h.regs[roleAuction]})
	return nil
}

// recall takes from the ledger what other parts need of the past: the newest post, and what is on the block.
func (h *Host) recall(e event.Event) {
	switch d := e.Data.(type) {
	case post.Received:
		if newer(d.Post.ID, h.since) {
			h.since = d.Post.ID
		}
	case auction.LotOpened, auction.LotSold, auction.LotUnsold:
		h.board.add(e)
	case show.PluginQuarantined:
		h.putAside(e.At, d)
	case show.PluginRetried:
		if d.Reason == "" {
			h.aside = slices.DeleteFunc(h.aside, func(q plugin.Quarantined) bool { return string(q.Slot) == d.Slot && q.Seq == d.Event })
		}
	}
}

// newer compares ids of posts: decimal numbers without leading zeros that grow with time.
func newer(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// witness lets somebody else see what is read from the ledger, so that it is read once.
type witness struct {
	reader
	see func(event.Event)
}

// Read reads on, and shows.
func (w *witness) Read(ctx context.Context, after uint64, limit int) ([]event.Event, error) {
	events, err := w.reader.Read(ctx, after, limit)
	for _, e := range events {
		w.see(e)
	}
	return events, err
}

// runClock records the seconds of the show; plugins have no other clock.
func (h *Host) runClock(ctx context.Context) error {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-t.C:
			if _, err := h.bus.Record(ctx, event.Draft{At: now.UTC(), Data: h.tick(now)}); err != nil {
				return fmt.Errorf("record the clock: %w", err)
			}
		}
	}
}

func (h *Host) tick(now time.Time) show.Ticked {
	t := show.Ticked{SecondsLeft: -1, SilentMS: h.director.Silent().Milliseconds(), Posts: h.board.postsAMinute(now)}
	if lot := h.auctions.Snapshot().Lot; lot != nil {
		t.Lot, t.SecondsLeft = string(lot.Terms.Lot), lot.SecondsLeft(now)
	}
	return t
}
