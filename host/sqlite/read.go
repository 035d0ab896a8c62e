package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/sothebais/sothebais/host/event"
)

const columns = `seq, kind, at, cause, root, coalesce(origin, ''), data`

// Read returns up to limit events with Seq > after, in order.
func (db *DB) Read(ctx context.Context, after uint64, limit int) ([]event.Event, error) {
	rows, err := db.read.QueryContext(ctx, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read events after %d: %w", after, err)
	}
	return db.events(rows, min(limit, 1024))
}

// Last is the Seq of the newest event, 0 when there is none.
func (db *DB) Last(ctx context.Context) (uint64, error) {
	var last uint64
	if err := db.reads.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM events`).Scan(&last); err != nil {
		return 0, fmt.Errorf("find the last event: %w", err)
	}
	return last, nil
}

// Origin returns the event that came from a place outside of the show, such as "x:17354"; false when there is none.
func (db *DB) Origin(ctx context.Context, origin string) (event.Event, bool, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT `+columns+` FROM events WHERE origin = ?`, origin)
	if err != nil {
		return event.Event{}, false, fmt.Errorf("find the event that came from %s: %w", origin, err)
	}
	found, err := db.events(rows, 1)
	if err != nil || len(found) == 0 {
		return event.Event{}, false, err
	}
	return found[0], true, nil
}

// Chain returns every event that follows from the one with Seq root, itself first.
func (db *DB) Chain(ctx context.Context, root uint64) ([]event.Event, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT `+columns+` FROM events WHERE seq = ?1
		UNION ALL SELECT `+columns+` FROM events WHERE root = ?1 AND root <> seq ORDER BY seq`, root)
	if err != nil {
		return nil, fmt.Errorf("read the chain of event %d: %w", root, err)
	}
	return db.events(rows, 0)
}

// Shows returns the events by which a ledger is divided, in order: that a show started and stopped, that a session was
// opened, and that a plugin was loaded.
func (db *DB) Shows(ctx context.Context) ([]event.Event, error) {
	rows, err := db.reads.QueryContext(ctx, `SELECT `+columns+` FROM events
		WHERE kind IN ('show.started', 'show.stopped', 'session.opened', 'plugin.loaded') ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("read the shows: %w", err)
	}
	return db.events(rows, 0)
}

func (db *DB) events(rows *sql.Rows, sizeHint int) ([]event.Event, error) {
	defer rows.Close()
	out := make([]event.Event, 0, sizeHint)
	for rows.Next() {
		var (
			e    event.Event
			kind string
			at   int64
			body sql.RawBytes
		)
		if err := rows.Scan(&e.Seq, &kind, &at, &e.Cause, &e.Root, &e.Origin, &body); err != nil {
			return nil, fmt.Errorf("read an event: %w", err)
		}
		data, err := db.reg.Decode(event.Kind(kind), body)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", e.Seq, err)
		}
		e.At, e.Data = instant(at), data
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return out, nil
}
