package host

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
)

// TestTrustGoesByWhatRuns: a plugin that an admin trusts runs in this process, and any other, whatever it calls itself,
// in one of its own, which here cannot be started.
func TestTrustGoesByWhatRuns(t *testing.T) {
	code, err := os.ReadFile("plugin/wasm/testdata/echo.wasm")
	if err != nil {
		t.Fatal(err)
	}
	apart, err := runner.New(runner.Config{Command: []string{"/nonexistent"}})
	if err != nil {
		t.Fatal(err)
	}
	s := &sandboxes{apart: apart, open: func(ctx context.Context) (*wasm.Runtime, error) { return wasm.New(ctx, wasm.Config{}) }}
	defer func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	m := &plugin.Manifest{ID: "mine", Version: "1.0.0", Runtime: plugin.RuntimeSpec{Wasm: &plugin.FileSpec{File: "p.wasm"}},
		Limits: plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: 1, Commands: 1}}
	spec := plugin.Spec{Manifest: m, Files: fstest.MapFS{"p.wasm": {Data: code}}}
	p, err := wasm.Read(s.reads, spec)
	if err != nil {
		t.Fatal(err)
	}
	s.trusted = []string{p.SHA256}
	g, err := s.Load(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(t.Context()); err != nil {
		t.Error(err)
	}
	spec.Files = fstest.MapFS{"p.wasm": {Data: append(append([]byte{}, code...), 0, 2, 1, 'x')}} // with a custom section more
	if _, err := s.Load(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "process") {
		t.Errorf("error %v; want one that tells of a process", err)
	}
}

func TestCheckTrust(t *testing.T) {
	if err := CheckTrust(strings.Repeat("0a", 32)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "dusty-gavel", strings.Repeat("0A", 32), strings.Repeat("0a", 31)} {
		if err := CheckTrust(bad); err == nil || !strings.Contains(err.Error(), "64 digits") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
