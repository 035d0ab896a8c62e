package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// What packages may allocate before main, in bytes. Each verb pays for it, and each process of a plugin; it took 4 MB, most
// of that in packages of others, when this was written.
const (
	initOfAll  = 6 << 20
	initOfOurs = 320 << 10
)

// TestInit: what takes long to prepare is prepared when it is first used. Bytes are counted, because the time that it takes
// is that of the machine.
func TestInit(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var trace strings.Builder
	cmd.Stderr = &trace
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	all, ours := 0, 0
	lines := regexp.MustCompile(`(?m)^init (\S+) @.* clock, (\d+) bytes`).FindAllStringSubmatch(trace.String(), -1)
	for _, m := range lines {
		n, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		all += n
		if strings.HasPrefix(m[1], "github.com/sothebais/") {
			ours += n
		}
	}
	if len(lines) < 100 || ours == 0 {
		t.Fatalf("a trace of %d packages:\n%s", len(lines), &trace)
	}
	t.Logf("%d packages allocate %d bytes, of which %d are ours", len(lines), all, ours)
	if all > initOfAll || ours > initOfOurs {
		t.Errorf("packages allocate %d bytes before main, at most %d are allowed; ours %d of %d. GODEBUG=inittrace=1 tells which", all, initOfAll, ours, initOfOurs)
	}
}
