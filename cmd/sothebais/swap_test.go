package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host"
)

// TestFolderOfThatName: whoever names a folder as if it were an id learns how to name it.
func TestFolderOfThatName(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := errors.Join(os.MkdirAll("moth/sub", 0o755), os.Mkdir("empty", 0o755), os.WriteFile("moth/plugin.yaml", nil, 0o644), os.WriteFile("moth/sub/plugin.yaml", nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	unknown := fmt.Errorf("%w: there is no such plugin", host.ErrBadInput)
	for name, hinted := range map[string]bool{"moth": true, "empty": false, "nobody": false, "": false, "moth/sub": false} {
		err := orFolder(unknown, name)
		if !errors.Is(err, host.ErrBadInput) || strings.HasSuffix(err.Error(), "write ./"+name) != hinted {
			t.Errorf("%q: %v; want a hint: %v", name, err, hinted)
		}
	}
	if other := errors.New("the show does not answer"); orFolder(other, "moth").Error() != other.Error() {
		t.Error("another error is changed")
	}
}

func TestPrintSwap(t *testing.T) {
	for want, res := range map[string]host.SwapResult{
		"overlay: a 1.0.0 → b 2.0.0, pause 1.5 µs, 8 bytes of state handed over\n": {Slot: "overlay", From: "a", FromVersion: "1.0.0", To: "b", ToVersion: "2.0.0", PauseMicros: 1.5, StateBytes: 8},
		"overlay: nobody → b 2.0.0, pause 1.5 µs, 0 bytes of state handed over\n":  {Slot: "overlay", To: "b", ToVersion: "2.0.0", PauseMicros: 1.5},
	} {
		var out strings.Builder
		if err := printSwap(&talk{out: &out}, res); err != nil || out.String() != want {
			t.Errorf("%q, %v; want %q", out.String(), err, want)
		}
	}
}
