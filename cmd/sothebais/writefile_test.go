package main

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/sothebais/sothebais/host/plugin/replay"
)

// TestReplace: a file is there whole or as it was, and only one of the same kind is replaced.
func TestReplace(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(w io.Writer) error { _, err := new(replay.Recording).WriteTo(w); return err }
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for range 2 { // anew, then in the place of the first
		if err := filedRecording.replace("night.sbrec", write); err != nil {
			t.Fatal(err)
		}
	}
	was := read("night.sbrec")
	full := errors.New("full")
	if err := filedRecording.replace("night.sbrec", func(w io.Writer) error { _, _ = w.Write([]byte("half")); return full }); !errors.Is(err, full) {
		t.Errorf("a write that fails: %v", err)
	}
	if read("night.sbrec") != was {
		t.Error("half a recording took the place of a whole one")
	}
	if err := os.WriteFile("ledger.db", []byte("SQLite format 3\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := filedRecording.replace("ledger.db", write); exitCode(err) != exitData {
		t.Errorf("over a ledger: %v", err)
	}
	if read("ledger.db") != "SQLite format 3\x00" {
		t.Error("a recording took the place of a ledger")
	}
	if left, err := os.ReadDir("."); err != nil || len(left) != 2 {
		t.Errorf("files are left: %v, %v", left, err)
	}
}
