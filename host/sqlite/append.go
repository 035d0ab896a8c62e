package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/sothebais/sothebais/host/event"
)

// statements are prepared once on the writing connection.
type statements struct {
	begin, commit, rollback *sql.Stmt
	root, seen              *sql.Stmt
	loadLot, saveLot        *sql.Stmt
	events, bids            rowInserter
	all                     []*sql.Stmt
}

func prepare(ctx context.Context, c *sql.Conn) (*statements, error) {
	s := &statements{}
	var failed error
	stmt := func(query string) *sql.Stmt {
		st, err := c.PrepareContext(ctx, query)
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("prepare %q: %w", query, err))
			return nil
		}
		s.all = append(s.all, st)
		return st
	}
	s.begin, s.commit, s.rollback = stmt(`BEGIN IMMEDIATE`), stmt(`COMMIT`), stmt(`ROLLBACK`)
	s.root = stmt(`SELECT root FROM events WHERE seq = ?`)
	s.seen = stmt(`SELECT EXISTS (SELECT 1 FROM events WHERE origin = ?)`)
	s.loadLot, s.saveLot = stmt(loadLot), stmt(saveLot)
	s.events = newRowInserter(stmt, `INSERT INTO events (seq, kind, at, cause, root, origin, data) VALUES `, `(?, ?, ?, ?, ?, nullif(?, ''), ?)`)
	s.bids = newRowInserter(stmt, `INSERT INTO bids (lot, seq, bidder, handle, amount, accepted, reason, hint, post_id, at) VALUES `, `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`)
	if failed != nil {
		return nil, errors.Join(failed, s.close())
	}
	return s, nil
}

func (s *statements) close() error {
	var errs []error
	for _, st := range s.all {
		errs = append(errs, st.Close())
	}
	return errors.Join(errs...)
}

// Append writes a batch and what follows from it for the read models, in one durable transaction. Once begun it does not
// heed ctx: a batch that was half cancelled would leave its outcome in doubt.
func (db *DB) Append(ctx context.Context, batch []event.Draft) ([]event.Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(batch) == 0 {
		return nil, nil
	}
	bodies, err := encode(batch) // outside of the lock: it is most of the work
	if err != nil {
		return nil, err
	}
	var events []event.Event
	err = db.inTx(ctx, func(ctx context.Context) error {
		events, err = db.appendAll(ctx, batch, bodies)
		return err
	})
	if errors.Is(err, errDuplicate) {
		return nil, db.culprit(context.WithoutCancel(ctx), batch)
	}
	if err != nil {
		return nil, err
	}
	return events, nil
}

func encode(batch []event.Draft) ([][]byte, error) {
	bodies := make([][]byte, len(batch))
	for i, d := range batch {
		b, err := json.Marshal(d.Data)
		if err != nil {
			return nil, fmt.Errorf("append: encode %s: %w", d.Data.EventKind(), err)
		}
		bodies[i] = b
	}
	return bodies, nil
}

// inTx runs work in the one writing transaction; an error of work rolls it back.
func (db *DB) inTx(ctx context.Context, work func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	db.mu.Lock()
	defer db.mu.Unlock()
	switch {
	case db.closed:
		return ErrClosed
	case db.conn == nil:
		return ErrReadOnly
	}
	if err := db.refresh(ctx); err != nil {
		return err
	}
	if _, err := db.write.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	was := db.last
	err := work(ctx)
	if err == nil {
		if _, err = db.write.commit.ExecContext(ctx); err == nil {
			return nil
		}
		err = fmt.Errorf("commit: %w", err)
		db.stale = true // what reached the disk must be looked up
	}
	db.last = was
	db.roots.forgetAfter(was)
	if _, rb := db.write.rollback.ExecContext(ctx); rb != nil {
		db.stale = true // a failed commit may have ended the transaction by itself
	}
	return err
}

// refresh finds the last Seq again after a transaction whose end is in doubt, and leaves none behind that is half open.
func (db *DB) refresh(ctx context.Context) error {
	if !db.stale {
		return nil
	}
	_, _ = db.write.rollback.ExecContext(ctx) // fails when there is none, which is what we want
	last, err := db.Last(ctx)
	if err != nil {
		return err
	}
	db.last, db.stale = last, false
	return nil
}

func (db *DB) appendAll(ctx context.Context, batch []event.Draft, bodies [][]byte) ([]event.Event, error) {
	events := make([]event.Event, len(batch))
	for i, d := range batch {
		e, err := db.place(ctx, d, events[:i])
		if err != nil {
			return nil, err
		}
		events[i] = e
		db.last = e.Seq
		db.roots.put(e.Seq, e.Root)
	}
	err := db.write.events.insert(ctx, len(events), func(i int, args []any) []any {
		e := &events[i]
		return append(args, e.Seq, string(e.Kind()), e.At.UnixNano(), e.Cause, e.Root, e.Origin, bodies[i])
	})
	if isUnique(err) {
		return nil, errDuplicate
	}
	if err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	if err := db.project(ctx, events); err != nil {
		return nil, fmt.Errorf("append: update the read models: %w", err)
	}
	return events, nil
}

// errDuplicate says that some origin of a batch is in the ledger, or in the batch twice; which one is found after the
// transaction was rolled back.
var errDuplicate = errors.New("an origin is in the ledger already")

// culprit names the origin.
func (db *DB) culprit(ctx context.Context, batch []event.Draft) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return ErrClosed
	}
	fresh := map[string]bool{}
	for _, d := range batch {
		if d.Origin == "" {
			continue
		}
		seen := fresh[d.Origin]
		if !seen {
			if err := db.write.seen.QueryRowContext(ctx, d.Origin).Scan(&seen); err != nil {
				return fmt.Errorf("find the duplicate origin: %w", err)
			}
		}
		if seen {
			return &event.DuplicateOriginError{Origin: d.Origin}
		}
		fresh[d.Origin] = true
	}
	return errors.New("append: a place in the ledger is taken; is another program writing to it?")
}

// place gives a draft its Seq, Cause and Root.
func (db *DB) place(ctx context.Context, d event.Draft, before []event.Event) (event.Event, error) {
	e := event.Event{Seq: db.last + 1, Cause: d.Cause, Root: d.Root, Origin: d.Origin, At: instant(d.At.UnixNano()), Data: d.Data}
	if d.At.IsZero() {
		e.At = instant(time.Now().UnixNano())
	}
	if d.Back > 0 {
		if d.Back > len(before) {
			return e, fmt.Errorf("append %s: its cause is %d places before it, but it is number %d of its batch", e.Kind(), d.Back, len(before)+1)
		}
		e.Cause = before[len(before)-d.Back].Seq
	}
	var err error
	switch {
	case e.Root != 0:
	case e.Cause == 0:
		e.Root = e.Seq
	default:
		e.Root, err = db.rootOf(ctx, e.Cause)
	}
	if err != nil {
		return e, fmt.Errorf("append %s: %w", e.Kind(), err)
	}
	return e, nil
}

func (db *DB) rootOf(ctx context.Context, cause uint64) (uint64, error) {
	if root, ok := db.roots.get(cause); ok {
		return root, nil
	}
	var root uint64
	err := db.write.root.QueryRowContext(ctx, cause).Scan(&root)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("its cause, event %d, is not in the ledger, which ends at %d", cause, db.last)
	}
	if err != nil {
		return 0, fmt.Errorf("find the root of event %d: %w", cause, err)
	}
	return root, nil
}

func isUnique(err error) bool {
	var se *driver.Error
	return errors.As(err, &se) && se.Code() == lib.SQLITE_CONSTRAINT_UNIQUE
}

func instant(ns int64) time.Time { return time.Unix(0, ns).UTC() }

// rootCache remembers the roots of recent events: causes are nearly always recent.
type rootCache [1024]struct{ seq, root uint64 }

func (c *rootCache) put(seq, root uint64) {
	s := &c[seq%uint64(len(c))]
	s.seq, s.root = seq, root
}

func (c *rootCache) get(seq uint64) (uint64, bool) {
	s := c[seq%uint64(len(c))]
	return s.root, seq != 0 && s.seq == seq
}

func (c *rootCache) forgetAfter(seq uint64) {
	for i := range c {
		if c[i].seq > seq {
			c[i].seq = 0
		}
	}
}
