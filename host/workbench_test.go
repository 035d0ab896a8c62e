package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sothebais/sothebais/host/plugin/scaffold"
)

// TestWorkbenchBuildsNewPlugin runs the script of a folder as `sothebais new` leaves it.
func TestWorkbenchBuildsNewPlugin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bug")
	if _, err := scaffold.Plugin(dir, scaffold.Request{ID: "bug", Language: "go", Character: "dusty"}, SDKs()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "build.sh"), []byte("#!/bin/sh\necho built\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if built, err := new(Workbench).Build(t.Context(), dir, t.Output()); err != nil || !built {
		t.Fatalf("built %v: %v", built, err)
	}
}
