package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/holiman/uint256"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// State of a lot in the read model.
type State string

// The states of a lot.
const (
	StateOpen   State = "open"
	StatePaused State = "paused"
	StateSold   State = "sold"
	StateUnsold State = "unsold"
)

// Lot is a lot as pages show it.
type Lot struct {
	Session    string
	Terms      auction.Terms
	State      State
	OpenedSeq  uint64
	Opened     time.Time
	Closes     time.Time
	Closed     time.Time // zero while it is open
	Price      money.Wei // leading bid, nothing when there is none
	Minimum    money.Wei // the least that the next bid must offer
	Leader     string    // account; the winner once it is sold
	Handle     string
	Accepted   int
	Refused    int
	Extensions int
	ReserveMet bool
	Reason     string // why it is unsold
}

// Bid is a bid as pages show it, taken or refused.
type Bid struct {
	Seq      uint64
	Lot      auction.LotID
	Bidder   string
	Handle   string
	Amount   money.Wei
	Accepted bool
	Reason   auction.Reason
	Hint     string
	PostID   string
	At       time.Time
}

// ErrNoLot says that the ledger knows no lot of that id.
var ErrNoLot = errors.New("no such lot")

const lotColumns = `id, session, terms, state, opened_seq, opened_at, closes_at, closed_at, price, minimum, leader, leader_handle,
	accepted, refused, extensions, reserve_met, reason`

const (
	loadLot = `SELECT ` + lotColumns + ` FROM lots WHERE id = ?`
	lastLot = `SELECT ` + lotColumns + ` FROM lots ORDER BY opened_seq DESC LIMIT 1`
	saveLot = `INSERT OR REPLACE INTO lots (` + lotColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
)

// project brings the read models up to the facts of a batch. A lot is read and written once, however many bids came in.
func (db *DB) project(ctx context.Context, events []event.Event) error {
	lots := map[auction.LotID]*Lot{}
	var bids []Bid
	for _, e := range events {
		id, ok := lotOf(e.Data)
		if !ok {
			continue
		}
		l, err := db.lotFor(ctx, lots, id)
		if err != nil {
			return err
		}
		l.apply(e)
		if b, ok := bidOf(e); ok {
			bids = append(bids, b)
		}
	}
	for id, l := range lots {
		if l.OpenedSeq == 0 { // refused while nothing was on the block
			continue
		}
		if err := db.saveLot(ctx, id, l); err != nil {
			return err
		}
	}
	return db.write.bids.insert(ctx, len(bids), func(i int, args []any) []any {
		b := &bids[i]
		return append(args, string(b.Lot), b.Seq, b.Bidder, b.Handle, blob(b.Amount), b.Accepted, string(b.Reason), b.Hint, b.PostID, b.At.UnixNano())
	})
}

// lotOf is the lot that a fact changes.
func lotOf(d event.Data) (auction.LotID, bool) {
	switch d := d.(type) {
	case auction.LotOpened:
		return d.Terms.Lot, true
	case auction.BidAccepted:
		return d.Lot, true
	case auction.BidRefused:
		return d.Lot, true
	case auction.LotExtended:
		return d.Lot, true
	case auction.LotPaused:
		return d.Lot, true
	case auction.LotResumed:
		return d.Lot, true
	case auction.LotSold:
		return d.Lot, true
	case auction.LotUnsold:
		return d.Lot, true
	}
	return "", false
}

func bidOf(e event.Event) (Bid, bool) {
	switch d := e.Data.(type) {
	case auction.BidAccepted:
		return Bid{Seq: e.Seq, Lot: d.Lot, Bidder: d.Bidder, Handle: d.Handle, Amount: d.Amount, Accepted: true, PostID: d.PostID, At: e.At}, true
	case auction.BidRefused:
		return Bid{Seq: e.Seq, Lot: d.Lot, Bidder: d.Bidder, Handle: d.Handle, Amount: d.Amount, Reason: d.Reason, Hint: d.Hint, PostID: d.PostID, At: e.At}, true
	}
	return Bid{}, false
}

// lotFor is a lot as the batch so far has left it; a new one when the ledger has none.
func (db *DB) lotFor(ctx context.Context, lots map[auction.LotID]*Lot, id auction.LotID) (*Lot, error) {
	if l := lots[id]; l != nil {
		return l, nil
	}
	l, err := scanLot(db.write.loadLot.QueryRowContext(ctx, string(id)))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	lots[id] = &l
	return &l, nil
}

// apply takes a fact in.
func (l *Lot) apply(e event.Event) {
	switch d := e.Data.(type) {
	case auction.LotOpened:
		*l = Lot{Session: d.Session, Terms: d.Terms, State: StateOpen, OpenedSeq: e.Seq, Opened: e.At, Closes: d.Closes, Minimum: auction.Lot{Terms: d.Terms}.Minimum()}
	case auction.BidAccepted:
		l.Price, l.Minimum, l.Leader, l.Handle = d.Amount, d.Minimum, d.Bidder, d.Handle
		l.Accepted, l.ReserveMet, l.Closes = d.Count, d.ReserveMet, d.Closes
	case auction.BidRefused:
		l.Refused++
	case auction.LotExtended:
		l.Closes, l.Extensions = d.Closes, d.Count
	case auction.LotPaused:
		l.State = StatePaused
	case auction.LotResumed:
		l.State, l.Closes = StateOpen, d.Closes
	case auction.LotSold:
		l.State, l.Closed = StateSold, e.At
	case auction.LotUnsold:
		l.State, l.Closed, l.Reason = StateUnsold, e.At, d.Reason
	}
}

func (db *DB) saveLot(ctx context.Context, id auction.LotID, l *Lot) error {
	terms, err := json.Marshal(l.Terms)
	if err != nil {
		return fmt.Errorf("encode the terms of %s: %w", id, err)
	}
	closed := sql.NullInt64{Int64: l.Closed.UnixNano(), Valid: !l.Closed.IsZero()}
	_, err = db.write.saveLot.ExecContext(ctx, string(id), l.Session, terms, string(l.State), l.OpenedSeq, l.Opened.UnixNano(), l.Closes.UnixNano(), closed,
		blob(l.Price), blob(l.Minimum), l.Leader, l.Handle, l.Accepted, l.Refused, l.Extensions, l.ReserveMet, l.Reason)
	return err
}

func blob(w money.Wei) []byte {
	n := w.Uint256()
	b := n.Bytes32()
	return b[:]
}

func wei(b []byte) (money.Wei, error) {
	if len(b) != 32 {
		return money.Wei{}, fmt.Errorf("an amount has %d bytes; want 32", len(b))
	}
	return money.FromUint256(new(uint256.Int).SetBytes32(b)), nil
}

// Lots returns every lot that came to the block, in that order.
func (db *DB) Lots(ctx context.Context) ([]Lot, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT `+lotColumns+` FROM lots ORDER BY opened_seq`)
	if err != nil {
		return nil, fmt.Errorf("read lots: %w", err)
	}
	defer rows.Close()
	var out []Lot
	for rows.Next() {
		l, err := scanLot(rows)
		if err != nil {
			return nil, fmt.Errorf("read lots: %w", err)
		}
		out = append(out, l)
	}
	return out, rows.Err()
}

// LastLot returns the lot that came to the block last, or ErrNoLot. It reads one lot, however many there were.
func (db *DB) LastLot(ctx context.Context) (Lot, error) {
	l, err := scanLot(db.reads.QueryRowContext(ctx, lastLot))
	if errors.Is(err, sql.ErrNoRows) {
		return Lot{}, fmt.Errorf("the last lot: %w", ErrNoLot)
	}
	if err != nil {
		return Lot{}, fmt.Errorf("read the last lot: %w", err)
	}
	return l, nil
}

// Lot returns one lot, or ErrNoLot.
func (db *DB) Lot(ctx context.Context, id auction.LotID) (Lot, error) {
	l, err := scanLot(db.reads.QueryRowContext(ctx, loadLot, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return Lot{}, fmt.Errorf("lot %q: %w", id, ErrNoLot)
	}
	if err != nil {
		return Lot{}, fmt.Errorf("read lot %q: %w", id, err)
	}
	return l, nil
}

func scanLot(row interface{ Scan(...any) error }) (Lot, error) {
	var (
		l              Lot
		terms          []byte
		opened, closes int64
		closed         sql.NullInt64
		price, minimum []byte
	)
	err := row.Scan(&l.Terms.Lot, &l.Session, &terms, &l.State, &l.OpenedSeq, &opened, &closes, &closed, &price, &minimum, &l.Leader, &l.Handle,
		&l.Accepted, &l.Refused, &l.Extensions, &l.ReserveMet, &l.Reason)
	if err != nil {
		return Lot{}, err
	}
	if err := json.Unmarshal(terms, &l.Terms); err != nil {
		return Lot{}, fmt.Errorf("decode its terms: %w", err)
	}
	l.Opened, l.Closes = instant(opened), instant(closes)
	if closed.Valid {
		l.Closed = instant(closed.Int64)
	}
	if l.Price, err = wei(price); err != nil {
		return Lot{}, err
	}
	l.Minimum, err = wei(minimum)
	return l, err
}

// Bids returns the newest bids on a lot, taken and refused, newest first.
func (db *DB) Bids(ctx context.Context, lot auction.LotID, limit int) ([]Bid, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT seq, lot, bidder, handle, amount, accepted, reason, hint, post_id, at
		FROM bids WHERE lot = ? ORDER BY seq DESC LIMIT ?`, string(lot), limit)
	if err != nil {
		return nil, fmt.Errorf("read bids on %q: %w", lot, err)
	}
	defer rows.Close()
	var out []Bid
	for rows.Next() {
		var (
			b      Bid
			amount []byte
			at     int64
		)
		if err := rows.Scan(&b.Seq, &b.Lot, &b.Bidder, &b.Handle, &amount, &b.Accepted, &b.Reason, &b.Hint, &b.PostID, &at); err != nil {
			return nil, fmt.Errorf("read bids on %q: %w", lot, err)
		}
		if b.Amount, err = wei(amount); err != nil {
			return nil, fmt.Errorf("read bid %d: %w", b.Seq, err)
		}
		b.At = instant(at)
		out = append(out, b)
	}
	return out, rows.Err()
}
