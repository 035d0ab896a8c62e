package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

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

// CheckDataDir fails when what is to be a data directory is something else; it need not be there yet.
func CheckDataDir(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return failf(ErrBadInput, "data directory %s lies in a file; name a folder with --data-dir", dir)
	case err == nil && !info.IsDir():
		return failf(ErrBadInput, "data directory %s is a file; name a folder with --data-dir", dir)
	}
	return nil // what else is wrong with it, whoever opens its files is told
}

// OpenLedger opens the ledger in a data directory for reading.
func OpenLedger(ctx context.Context, dir string) (*Ledger, error) {
	path := filepath.Join(dir, ledgerFile)
	// SQLite does not say why it cannot open a file. To try it here and close it again would give up the locks that this
	// process may have on it: the system goes by files, not by how often they are open.
	switch err := unix.Access(path, unix.R_OK); {
	case errors.Is(err, os.ErrNotExist):
		return nil, failf(ErrUnavailable, "data directory %s holds no ledger (%s); name another with --data-dir", dir, path)
	case err != nil:
		return nil, ofKind(ErrUnavailable, &os.PathError{Op: "open", Path: path, Err: err})
	}
	db, err := sqlite.OpenReadOnly(ctx, path, Facts())
	if err != nil {
		return nil, notOpened(err)
	}
	return &Ledger{db}, nil
}

// notOpened says of which kind it is that a ledger cannot be opened: its file is wrong, or something is in the way.
func notOpened(err error) error {
	if errors.Is(err, sqlite.ErrDamaged) {
		return ofKind(ErrBadInput, err)
	}
	return ofKind(ErrUnavailable, err)
}
