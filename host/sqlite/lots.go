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

type lotStatements struct{ open, accept, refuse, bid, extend, state, close *sql.Stmt }

const (
	openLot = `INSERT INTO lots (id, session, terms, state, opened_seq, opened_at, closes_at, price, minimum)
		VALUES (?, ?, ?, 'open', ?, ?, ?, ?, ?)`
	acceptBid = `UPDATE lots SET price = ?, minimum = ?, leader = ?, leader_handle = ?, accepted = ?, reserve_met = ?, closes_at = ? WHERE id = ?`
	refuseBid = `UPDATE lots SET refused = refused + 1 WHERE id = ?`
	insertBid = `INSERT INTO bids (seq, lot, bidder, handle, amount, accepted, reason, hint, post_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	extendLot = `UPDATE lots SET closes_at = ?, extensions = ? WHERE id = ?`
	// A paused lot keeps the end it had; a resumed one gets a new one.
	setLotState = `UPDATE lots SET state = ?, closes_at = coalesce(?, closes_at) WHERE id = ?`
	closeLot    = `UPDATE lots SET state = ?, closed_at = ?, reason = ? WHERE id = ?`
	lotColumns  = `session, terms, state, opened_seq, opened_at, closes_at, closed_at, price, minimum, leader, leader_handle,
		accepted, refused, extensions, reserve_met, reason`
)

// project brings the read models up to a fact.
func (db *DB) project(ctx context.Context, e event.Event) error {
	st := &db.write.lots
	switch d := e.Data.(type) {
	case auction.LotOpened:
		return openRow(ctx, st.open, e, d)
	case auction.BidAccepted:
		return errors.Join(
			exec(ctx, st.accept, blob(d.Amount), blob(d.Minimum), d.Bidder, d.Handle, d.Count, d.ReserveMet, d.Closes.UnixNano(), string(d.Lot)),
			exec(ctx, st.bid, e.Seq, string(d.Lot), d.Bidder, d.Handle, blob(d.Amount), true, "", "", d.PostID, e.At.UnixNano()))
	case auction.BidRefused:
		return errors.Join(
			exec(ctx, st.refuse, string(d.Lot)),
			exec(ctx, st.bid, e.Seq, string(d.Lot), d.Bidder, d.Handle, blob(d.Amount), false, string(d.Reason), d.Hint, d.PostID, e.At.UnixNano()))
	case auction.LotExtended:
		return exec(ctx, st.extend, d.Closes.UnixNano(), d.Count, string(d.Lot))
	case auction.LotPaused:
		return exec(ctx, st.state, string(StatePaused), nil, string(d.Lot))
	case auction.LotResumed:
		return exec(ctx, st.state, string(StateOpen), d.Closes.UnixNano(), string(d.Lot))
	case auction.LotSold:
		return exec(ctx, st.close, string(StateSold), e.At.UnixNano(), "", string(d.Lot))
	case auction.LotUnsold:
		return exec(ctx, st.close, string(StateUnsold), e.At.UnixNano(), d.Reason, string(d.Lot))
	}
	return nil
}

func openRow(ctx context.Context, st *sql.Stmt, e event.Event, d auction.LotOpened) error {
	terms, err := json.Marshal(d.Terms)
	if err != nil {
		return err
	}
	return exec(ctx, st, string(d.Terms.Lot), d.Session, terms, e.Seq, e.At.UnixNano(), d.Closes.UnixNano(), blob(money.Wei{}), blob(d.Terms.Start))
}

func exec(ctx context.Context, st *sql.Stmt, args ...any) error {
	_, err := st.ExecContext(ctx, args...)
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

// Lot returns one lot, or ErrNoLot.
func (db *DB) Lot(ctx context.Context, id auction.LotID) (Lot, error) {
	l, err := scanLot(db.reads.QueryRowContext(ctx, `SELECT `+lotColumns+` FROM lots WHERE id = ?`, string(id)))
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
	err := row.Scan(&l.Session, &terms, &l.State, &l.OpenedSeq, &opened, &closes, &closed, &price, &minimum, &l.Leader, &l.Handle,
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
