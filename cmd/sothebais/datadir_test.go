package main

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestForDataDir: what the system says about a file of the data directory comes with what to do about it, and what it says
// about others does not.
func TestForDataDir(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		path string
		err  error
		want string // to come behind it; nothing when empty
		code int
	}{
		{"data/control.json", syscall.EACCES, "let this user have it, run this as the user whose show it is, or name another data directory with --data-dir", exitPermission},
		{"data", syscall.EPERM, "let this user have it", exitPermission},
		{"data/trusted/ann.pub", syscall.EROFS, "let this user have it", exitPermission},
		{".", syscall.EACCES, "let this user have it", exitPermission}, // where it is to be made
		{"data/ledger.db.lock", syscall.ENOSPC, "make room there, or name another", exitFailed},
		{"data/plugins/moth", syscall.ENOTDIR, "move the file that is there away", exitData},
		{"data/control.json", syscall.EIO, "", exitFailed},
		{"database", syscall.EACCES, "", exitPermission},
		{"..data/x", syscall.EACCES, "", exitPermission},
		{"/elsewhere", syscall.ENOSPC, "", exitFailed},
	} {
		plain := fmt.Errorf("open it: %w", &fs.PathError{Op: "open", Path: c.path, Err: c.err})
		got := forDataDir(plain, "data")
		if rest, ok := strings.CutPrefix(got.Error(), plain.Error()); !ok || !strings.Contains(rest, c.want) || (rest == "") != (c.want == "") {
			t.Errorf("%s, %v: %v; want %q", c.path, c.err, got, c.want)
		}
		if exitCode(got) != c.code {
			t.Errorf("%s, %v: exit code %d, want %d", c.path, c.err, exitCode(got), c.code)
		}
	}
}
