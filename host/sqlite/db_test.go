package sqlite_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/bus/bustest"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func registry() *event.Registry {
	return event.NewRegistry(append(append(auction.Facts(), post.Facts()...), bustest.Facts()...)...)
}

func open(t testing.TB, path string) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, registry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestConformance(t *testing.T) {
	bustest.TestLedger(t,
		func(t *testing.T) bus.Ledger { return open(t, filepath.Join(t.TempDir(), "show.db")) },
		func(t *testing.T, l bus.Ledger) bus.Ledger {
			db := l.(*sqlite.DB)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return open(t, db.Path())
		})
}

// Sessions and keys are kept in the ledger: nobody else on the machine is to read them.
func TestFilesArePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.db")
	db := open(t, path)
	if err := db.SettingPut(t.Context(), "key", []byte("secret")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if others := info.Mode().Perm() & 0o077; others != 0 {
			t.Errorf("%s has mode %s; want none for others", filepath.Base(name), info.Mode())
		}
	}
}

func TestSecondWriterIsKeptOut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.db")
	first := open(t, path)
	if _, err := sqlite.Open(t.Context(), path, registry()); !errors.Is(err, sqlite.ErrInUse) {
		t.Fatalf("a second writer: %v; want ErrInUse", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a folder with spaces & ünicode?", "show.db")
	if _, err := sqlite.OpenReadOnly(t.Context(), path, registry()); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a ledger that is not there: %v", err)
	}
	db := open(t, path)
	if _, err := db.Append(t.Context(), []event.Draft{{Data: bustest.Noted{N: 1}}}); err != nil {
		t.Fatal(err)
	}
	for _, closed := range []bool{false, true} {
		if closed {
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		ro, err := sqlite.OpenReadOnly(t.Context(), path, registry())
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ro.Read(t.Context(), 0, 10); err != nil || len(got) != 1 {
			t.Errorf("closed %v: read %v, %v", closed, got, err)
		}
		if _, err := ro.Append(t.Context(), []event.Draft{{Data: bustest.Noted{}}}); !errors.Is(err, sqlite.ErrReadOnly) {
			t.Errorf("append: %v; want ErrReadOnly", err)
		}
		if err := ro.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestNotALedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "show.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), path, registry()); !errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("opening it: %v; want ErrDamaged that names the file", err)
	}
	if _, err := sqlite.OpenReadOnly(t.Context(), path, registry()); !errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), path) {
		t.Errorf("looking at it: %v; want ErrDamaged that names the file", err)
	}
}

func TestKeyValue(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "show.db"))
	ctx := t.Context()
	if _, ok, err := db.PluginGet(ctx, "hype", "mood"); ok || err != nil {
		t.Fatalf("nothing was kept, but: %v, %v", ok, err)
	}
	for _, v := range []string{"calm", "tense", ""} {
		if err := db.PluginPut(ctx, "hype", "mood", []byte(v)); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := db.PluginGet(ctx, "hype", "mood"); err != nil || !ok || string(got) != v {
			t.Errorf("kept %q, got %q, %v, %v", v, got, ok, err)
		}
	}
	if _, ok, _ := db.PluginGet(ctx, "other", "mood"); ok {
		t.Error("another plugin sees it")
	}
	if err := db.PluginPut(ctx, "hype", "mood", nil); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := db.PluginGet(ctx, "hype", "mood"); ok {
		t.Error("nil did not remove it")
	}
	if err := db.SettingPut(ctx, "character", []byte("vix")); err != nil {
		t.Fatal(err)
	}
	if got, ok, err := db.SettingGet(ctx, "character"); err != nil || !ok || string(got) != "vix" {
		t.Errorf("setting: %q, %v, %v", got, ok, err)
	}
}
