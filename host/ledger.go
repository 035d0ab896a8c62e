package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
)

// ledgerFile is the name of the ledger in a data directory.
const ledgerFile = "ledger.db"

// Event is a fact with its place in the ledger.
type Event = event.Event

// Facts knows every fact that a show can record.
func Facts() *event.Registry {
	var all []event.Data
	for _, facts := range [][]event.Data{auction.Facts(), cue.Facts(), post.Facts(), show.Facts()} {
		all = append(all, facts...)
	}
	return event.NewRegistry(all...)
}

// Ledger is the ledger of a show, opened to be read; the show itself may run or not.
type Ledger struct{ *sqlite.DB }

// OpenLedger opens the ledger in a data directory for reading.
func OpenLedger(ctx context.Context, dir string) (*Ledger, error) {
	path := filepath.Join(dir, ledgerFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil, failf(ErrUnavailable, "data directory %s holds no ledger (%s); name another with --data-dir", dir, path)
	}
	db, err := sqlite.OpenReadOnly(ctx, path, Facts())
	if err != nil {
		return nil, ofKind(ErrUnavailable, err)
	}
	return &Ledger{db}, nil
}
