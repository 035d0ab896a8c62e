package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/sqlite"
)

// saleroom shows the auction to the pages.
type saleroom struct{ h *Host }

// Block is the sale at this moment.
func (s saleroom) Block() admin.Block {
	snap := s.h.auctions.Snapshot()
	b := admin.Block{Session: snap.Session, Campaign: snap.Campaign, Name: snap.SessionName, Next: snap.Next, Opens: snap.NextAt}
	if l := snap.Lot; l != nil {
		b.Lot = openLot(l)
		return b
	}
	if l, err := s.h.ledger.LastLot(context.Background()); err == nil {
		last := keptLot(l)
		b.Last = &last
	}
	return b
}

// openLot is the lot on the block for the pages.
func openLot(l *auctioneer.Lot) *admin.Lot {
	state := admin.LotOpen
	if l.Paused {
		state = admin.LotPaused
	}
	return &admin.Lot{Terms: l.Terms, State: state, Price: l.Price, Minimum: l.Minimum, Leader: l.Handle, Bids: l.Bids, ReserveMet: l.ReserveMet,
		Opened: l.Opened, Closes: l.Closes, Left: l.Left, Extensions: l.Extensions}
}

// keptLot is a lot of the ledger for the pages.
func keptLot(l sqlite.Lot) admin.Lot {
	return admin.Lot{Terms: l.Terms, State: string(l.State), Price: l.Price, Minimum: l.Minimum, Leader: l.Handle, Bids: l.Accepted, ReserveMet: l.ReserveMet,
		Opened: l.Opened, Closes: l.Closes, Extensions: l.Extensions}
}

// Lots are those of the session under way, then those that are still to come.
func (s saleroom) Lots(ctx context.Context) ([]admin.Lot, error) {
	snap := s.h.auctions.Snapshot()
	kept, err := s.h.ledger.Lots(ctx)
	if err != nil {
		return nil, err
	}
	var out []admin.Lot
	for _, l := range kept {
		if l.Session == snap.Session {
			out = append(out, keptLot(l))
		}
	}
	for _, t := range snap.Next {
		out = append(out, admin.Lot{Terms: t, State: admin.LotWaiting, Minimum: t.Start})
	}
	return out, nil
}

// Bids are the newest on a lot.
func (s saleroom) Bids(ctx context.Context, lot string, limit int) ([]admin.Bid, error) {
	if _, err := s.h.ledger.Lot(ctx, auction.LotID(lot)); errors.Is(err, sqlite.ErrNoLot) {
		return nil, fmt.Errorf("lot %q: %w", lot, admin.ErrUnknown)
	}
	kept, err := s.h.ledger.Bids(ctx, auction.LotID(lot), limit)
	if err != nil {
		return nil, err
	}
	out := make([]admin.Bid, len(kept))
	for i, b := range kept {
		out[i] = admin.Bid{Seq: b.Seq, At: b.At, Handle: b.Handle, Amount: b.Amount, Accepted: b.Accepted, Reason: b.Reason, Hint: b.Hint, PostID: b.PostID}
	}
	return out, nil
}

// rostrum lets the operator act on the lot on the block.
type rostrum struct{ a *auctioneer.Auctioneer }

// Pause stops the clock.
func (r rostrum) Pause(ctx context.Context, who string) error { return refused(r.a.Pause(ctx, who)) }

// Resume lets it run again.
func (r rostrum) Resume(ctx context.Context, who string) error { return refused(r.a.Resume(ctx, who)) }

// ExtendFor moves the end.
func (r rostrum) ExtendFor(ctx context.Context, who string, by time.Duration) error {
	return refused(r.a.ExtendFor(ctx, who, by))
}

// Hammer closes the lot.
func (r rostrum) Hammer(ctx context.Context, who string) error { return refused(r.a.Hammer(ctx, who)) }

// Withdraw takes it away unsold.
func (r rostrum) Withdraw(ctx context.Context, who string) error {
	return refused(r.a.Withdraw(ctx, who))
}

// refused says that the rules do not allow an act now; what is no matter of rules stays what it is.
func refused(err error) error {
	if err == nil || errors.Is(err, auctioneer.ErrClosed) || errors.Is(err, auctioneer.ErrUnknown) || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w: %w", admin.ErrRefused, err)
}
