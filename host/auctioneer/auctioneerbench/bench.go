// Package auctioneerbench compares the auction house with the simplest thing that could work: one SQLite transaction a
// bid. All run on the same disk with synchronous=FULL, from 32 callers who wait for their answers, in short turns, so
// that what else the machine does falls on all of them.
//
// Naive is what one writes first: every caller takes a connection and a transaction of his own. Queued is the same with
// the callers in a queue for one connection, which spares them the collisions and is the best that a transaction a bid
// can do. Both keep a post only once, as the house does, in one table with prepared statements. The house decides by all
// its rules and keeps the causal chain and the read models besides.
package auctioneerbench

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/auctioneer"
	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
)

const (
	callers = 32
	rounds  = 8
	slice   = 300 * time.Millisecond // of each side, in each round
)

// Result is in durable bids a second, each the median of its rounds.
type Result struct{ House, Naive, Queued float64 }

// Run compares the house with the naive way. dir must be on a real disk.
func Run(dir string) (ours, naive float64, err error) {
	r, err := Compare(dir)
	return r.House, r.Naive, err
}

// Compare measures all three.
func Compare(dir string) (r Result, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h, err := openHouse(ctx, filepath.Join(dir, "house.db"))
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, h.close(cancel)) }()
	n, err := openPlain(ctx, filepath.Join(dir, "naive.db"), callers)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, n.db.Close()) }()
	q, err := openPlain(ctx, filepath.Join(dir, "queued.db"), 1)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, q.db.Close()) }()
	var sequence atomic.Int64 // numbers the bids; amounts rise with it, so that nearly all of them lead
	var rates [3][]float64
	for range rounds {
		for i, bid := range []bidder{h.bid, n.bid, q.bid} {
			rate, err := measure(ctx, bid, &sequence)
			if err != nil {
				return r, err
			}
			rates[i] = append(rates[i], rate)
		}
	}
	return Result{House: median(rates[0]), Naive: median(rates[1]), Queued: median(rates[2])}, nil
}

// bidder places the n-th bid of all, for one of the callers.
type bidder func(ctx context.Context, caller int, n int64) error

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// measure lets all callers bid for a slice of time and returns bids a second.
func measure(ctx context.Context, bid bidder, sequence *atomic.Int64) (float64, error) {
	var (
		wg   sync.WaitGroup
		done atomic.Int64
		errs = make(chan error, callers)
	)
	begin := time.Now()
	for c := range callers {
		wg.Go(func() {
			for time.Since(begin) < slice {
				if err := bid(ctx, c, sequence.Add(1)); err != nil {
					errs <- err
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(begin)
	select {
	case err := <-errs:
		return 0, err
	default:
		return float64(done.Load()) / took.Seconds(), nil
	}
}

func who(caller int) string { return "bidder" + strconv.Itoa(caller) }

func words(amount money.Wei) string { return "@SothebAIs bid " + amount.ETH() + " ETH" }

type house struct {
	db  *sqlite.DB
	a   *auctioneer.Auctioneer
	run sync.WaitGroup
}

func openHouse(ctx context.Context, path string) (*house, error) {
	reg := event.NewRegistry(slices.Concat(auction.Facts(), post.Facts(), show.Facts())...)
	db, err := sqlite.Open(ctx, path, reg)
	if err != nil {
		return nil, err
	}
	b, err := bus.New(ctx, db, bus.Config{})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	h := &house{db: db, a: auctioneer.New(b, auctioneer.Config{Session: auction.Session{
		Lots: []auction.Terms{{Title: "Moon", Start: money.FromGwei(1), Duration: time.Hour}},
	}})}
	h.run.Go(func() { _ = b.Run(ctx) })
	h.run.Go(func() { _ = h.a.Run(ctx) })
	return h, nil
}

func (h *house) bid(ctx context.Context, caller int, n int64) error {
	id, name := strconv.FormatInt(n, 10), who(caller)
	amount := money.FromGwei(uint64(n))
	out, err := h.a.Place(ctx, auctioneer.Bid{Bidder: name, Handle: name, Amount: amount, Post: post.Post{
		ID: id, Root: id, AuthorID: name, Handle: name, Name: name, Text: words(amount), At: time.Now(),
	}})
	if err == nil && out.Event.Seq == 0 {
		return fmt.Errorf("bid %d has no place in the ledger", n)
	}
	return err
}

func (h *house) close(stop context.CancelFunc) error {
	stop()
	h.run.Wait()
	return h.db.Close()
}

// plain is one transaction a bid.
type plain struct {
	db              *sql.DB
	highest, insert *sql.Stmt
}

func openPlain(ctx context.Context, path string, conns int) (*plain, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)"}}
	db, err := sql.Open("sqlite", "file:"+path+"?"+q.Encode())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	p := &plain{db: db}
	_, err = db.ExecContext(ctx, `CREATE TABLE bids (id INTEGER PRIMARY KEY, lot INTEGER, bidder TEXT, amount BLOB, accepted INTEGER, post TEXT UNIQUE, words TEXT);
		CREATE INDEX bids_by_amount ON bids (lot, amount)`)
	if err == nil {
		p.highest, err = db.PrepareContext(ctx, `SELECT coalesce(max(amount), x'') FROM bids WHERE lot = 1 AND accepted`)
	}
	if err == nil {
		p.insert, err = db.PrepareContext(ctx, `INSERT INTO bids (lot, bidder, amount, accepted, post, words) VALUES (1, ?, ?, ?, ?, ?)`)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the plain side: %w", err), db.Close())
	}
	return p, nil
}

// bid reads the highest bid and inserts its own, in a transaction of its own.
func (p *plain) bid(ctx context.Context, caller int, n int64) error {
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	w := money.FromGwei(uint64(n))
	number := w.Uint256()
	mine := number.Bytes32()
	var highest []byte
	if err = tx.StmtContext(ctx, p.highest).QueryRowContext(ctx).Scan(&highest); err == nil {
		_, err = tx.StmtContext(ctx, p.insert).ExecContext(ctx, who(caller), mine[:], bytes.Compare(mine[:], highest) > 0, strconv.FormatInt(n, 10), words(w))
	}
	if err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
