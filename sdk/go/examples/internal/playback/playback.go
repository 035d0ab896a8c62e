// Package playback tests an example plugin against the files that all languages share, sdk/tck/examples.
package playback

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	guest "github.com/sothebais/sothebais/sdk/go"
)

var update = flag.Bool("update", false, "write what this plugin asks for as what all must ask for")

const dir = "../../../tck/examples"

// Test plays the transcript of the example and compares its commands to the byte, and its state.
func Test(t *testing.T, name string, p guest.Plugin) {
	guest.ResetStore()
	got := guest.PlayBatch(p, read(t, name+".events"))
	if *update {
		if err := os.WriteFile(filepath.Join(dir, name+".commands"), got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(got, read(t, name+".commands")) {
		t.Errorf("other commands than %s.commands; %s.golden has them for people", name, name)
	}
	state := read(t, name+".state")
	if got := p.Save(); !bytes.Equal(got, state) {
		t.Errorf("saved\n%s\nwant\n%s", got, state)
	}
	if err := p.Restore(append(state, "more 1\n"...)); err == nil {
		t.Error("took over a state with a line that is none")
	}
	if err := p.Restore(state); err != nil {
		t.Error(err)
	}
	if got := p.Save(); !bytes.Equal(got, state) {
		t.Errorf("restored and saved once more\n%s\nwant\n%s", got, state)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
