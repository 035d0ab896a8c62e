package tck

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

var update = flag.Bool("update", false, "write the golden files from the Go guests")

// buildGo compiles a plugin of the Go SDK; the toolchain is here, because it runs this test.
func buildGo(t *testing.T, name string) []byte {
	t.Helper()
	return buildIn(t, "../go", name)
}

func buildIn(t *testing.T, sdk, name string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, "./examples/"+name)
	cmd.Dir = sdk
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the Go guest: %v\n%s", err, text)
	}
	code, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// interpreting makes a runtime whose declarative plugins run in code, to give it a configuration of any form.
func interpreting(t *testing.T, code []byte) *wasm.Runtime {
	t.Helper()
	r, err := wasm.New(context.Background(), wasm.Config{Interpreter: code, CacheDir: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return r
}

// cacheDir keeps what was compiled for the next runtime, and for the next run of the tests: several play the same plugin,
// and how one is compiled is tested elsewhere.
func cacheDir(t *testing.T) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "sothebais-test", "wazero")
}

func write(t *testing.T, name string, lines []string) {
	t.Helper()
	if err := os.WriteFile("testdata/"+name+".golden", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestOlderGuest: a plugin that was built when version 1 was new still plays, and hands its state to one of today.
func TestOlderGuest(t *testing.T) {
	old, err := os.ReadFile("testdata/v1.0/assemblyscript.wasm")
	if err != nil {
		t.Fatal(err)
	}
	today, err := os.ReadFile("testdata/assemblyscript/conformance.wasm")
	if err != nil {
		t.Fatal(err)
	}
	r := interpreting(t, old)
	RunFirst(t, r, old)
	t.Run("to a plugin of today", func(t *testing.T) { HandOver(t, r, old, today) })
	t.Run("migrates nothing", func(t *testing.T) {
		err := load(t, r, "", old).Migrate(context.Background(), 1, []byte("abc"))
		if !errors.Is(err, plugin.ErrState) || !strings.Contains(err.Error(), "no export migrate") {
			t.Errorf("error %v", err)
		}
	})
}

func TestSDKs(t *testing.T) {
	all := guests(t, "conformance")
	r := interpreting(t, all["Go"])
	if *update {
		write(t, "transcript", play(t, load(t, r, "", all["Go"]), Transcript(), 4))
		lines, _ := playStore(t, loadWith(t, r, "", all["Go"], kept()), PowersTranscript(), 4, map[string]string{})
		write(t, "powers", lines)
	}
	for language, code := range all {
		t.Run(language, func(t *testing.T) { Run(t, interpreting(t, code), code) })
		if language != "Go" {
			t.Run("from Go to "+language, func(t *testing.T) { HandOver(t, r, all["Go"], code) })
			t.Run("from "+language+" to Go", func(t *testing.T) { HandOver(t, r, code, all["Go"]) })
		}
	}
}
