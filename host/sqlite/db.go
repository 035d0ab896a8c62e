package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/pressly/goose/v3"
	driver "modernc.org/sqlite" // it names itself "sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/migrations"
)

// DB is an open ledger with its read models. It is safe for use by many goroutines.
type DB struct {
	reg   *event.Registry
	path  string
	lock  *os.File // nil when read-only
	pool  *sql.DB  // the one writing connection
	reads *sql.DB

	mu     sync.Mutex // owns everything below: one transaction at a time
	conn   *sql.Conn
	write  *statements
	last   uint64
	stale  bool // last must be asked for again: a transaction ended in an error
	roots  rootCache
	read   *sql.Stmt // after, limit
	closed bool
}

// ErrReadOnly says that a ledger was opened to be looked at.
var ErrReadOnly = errors.New("the ledger was opened read-only")

// ErrClosed says that the ledger was closed.
var ErrClosed = errors.New("the ledger is closed")

// ErrDamaged says that the file is no ledger, or not any more.
var ErrDamaged = errors.New("the file is damaged, or no ledger; put back a copy of it, or move it away to begin anew")

// Open opens the ledger at path for writing and brings its schema up to date; the file is made when there is none.
func Open(ctx context.Context, path string, reg *event.Registry) (*DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("open ledger %s: make its folder: %w", path, err)
	}
	lock, err := acquire(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open ledger %s: %w", path, err)
	}
	db := &DB{reg: reg, path: path, lock: lock}
	if err := db.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s: %w", path, damaged(err)), db.Close())
	}
	return db, nil
}

// OpenReadOnly opens the ledger at path to be looked at, whether or not a program is writing to it.
func OpenReadOnly(ctx context.Context, path string, reg *event.Registry) (*DB, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open ledger %s: %w; a ledger is made by the first run", path, fs.ErrNotExist)
	}
	db := &DB{reg: reg, path: path}
	if err := db.openReads(ctx, "ro"); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s read-only: %w", path, damaged(err)), db.Close())
	}
	if err := db.checkVersion(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open ledger %s read-only: %w", path, damaged(err)), db.Close())
	}
	return db, nil
}

// damaged adds to an error of SQLite about the file that it is one.
func damaged(err error) error {
	var e *driver.Error
	if errors.As(err, &e) && (e.Code()&0xff == lib.SQLITE_NOTADB || e.Code()&0xff == lib.SQLITE_CORRUPT) {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

func (db *DB) open(ctx context.Context) error {
	err := private(db.path)
	if err != nil {
		return err
	}
	if db.pool, err = sql.Open("sqlite", dsn(db.path, "rwc")); err != nil {
		return err
	}
	db.pool.SetMaxOpenConns(1)
	if err := migrate(ctx, db.pool); err != nil {
		return err
	}
	if db.conn, err = db.pool.Conn(ctx); err != nil {
		return err
	}
	if db.write, err = prepare(ctx, db.conn); err != nil {
		return err
	}
	if err := db.openReads(ctx, "rwc"); err != nil {
		return err
	}
	db.last, err = db.Last(ctx)
	return err
}

// private makes the file when there is none, for the eyes of its owner alone; its log and index take after it. A file that
// is there keeps the mode that somebody gave it.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func (db *DB) openReads(ctx context.Context, mode string) error {
	var err error
	if db.reads, err = sql.Open("sqlite", dsn(db.path, mode)+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	db.reads.SetMaxOpenConns(max(4, runtime.NumCPU()))
	db.reads.SetMaxIdleConns(max(4, runtime.NumCPU()))
	db.read, err = db.reads.PrepareContext(ctx, `SELECT `+columns+` FROM events WHERE seq > ? ORDER BY seq LIMIT ?`)
	return err
}

// dsn names the file and what every connection begins with. The log is folded back into the file every 4,000 pages
// (16 MB), so that a busy minute pays for it a few times and not at every thousandth page.
func dsn(path, mode string) string {
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(5000)", "foreign_keys(1)"}}
	if mode != "ro" {
		q["_pragma"] = append(q["_pragma"], "journal_mode(WAL)", "synchronous(FULL)", "wal_autocheckpoint(4000)")
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func migrate(ctx context.Context, pool *sql.DB) error {
	sub, err := fs.Sub(migrations.SQLite, "sqlite")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, pool, sub)
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	have, err := p.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if sources := p.ListSources(); have > sources[len(sources)-1].Version {
		return newerSchema(have, sources[len(sources)-1].Version)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

func newerSchema(have, know int64) error {
	return fmt.Errorf("its schema is version %d and this program knows %d; use the program that wrote it, or a newer one", have, know)
}

// checkVersion refuses a ledger whose schema is not the one that the queries were written for.
func (db *DB) checkVersion(ctx context.Context) error {
	entries, err := fs.ReadDir(migrations.SQLite, "sqlite")
	if err != nil {
		return err
	}
	var have int64
	if err := db.reads.QueryRowContext(ctx, `SELECT max(version_id) FROM goose_db_version WHERE is_applied`).Scan(&have); err != nil {
		return fmt.Errorf("read the schema's version: %w; is this a ledger?", err)
	}
	know := int64(len(entries)) // files are numbered from 1, without gaps; a test holds them to it
	switch {
	case have > know:
		return newerSchema(have, know)
	case have < know:
		return fmt.Errorf("its schema is version %d and this program wants %d; start the program once on it", have, know)
	}
	return nil
}

// Path is the file that was opened.
func (db *DB) Path() string { return db.path }

// Close ends all connections and gives up the lock.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return nil
	}
	db.closed = true
	var errs []error
	if db.read != nil {
		errs = append(errs, db.read.Close())
	}
	if db.reads != nil {
		errs = append(errs, db.reads.Close())
	}
	if db.write != nil {
		errs = append(errs, db.write.close())
	}
	if db.conn != nil {
		errs = append(errs, db.conn.Close())
	}
	if db.pool != nil {
		errs = append(errs, db.pool.Close())
	}
	if db.lock != nil {
		errs = append(errs, db.lock.Close())
	}
	return errors.Join(errs...)
}
