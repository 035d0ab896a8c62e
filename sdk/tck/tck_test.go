package tck

import (
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/plugin/wasm"
)

var update = flag.Bool("update", false, "write the golden files from the Go guests")

// buildGo compiles a plugin of the Go SDK; the toolchain is here, because it runs this test.
func buildGo(t *testing.T, name string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, "./examples/"+name)
	cmd.Dir = "../go"
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
	r, err := wasm.New(context.Background(), wasm.Config{Interpreter: code})
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

func TestSDKs(t *testing.T) {
	all := guests(t, "conformance")
	r := interpreting(t, all["Go"])
	if *update {
		lines := play(t, load(t, r, "", all["Go"]), Transcript(), 4)
		if err := os.WriteFile("testdata/transcript.golden", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for language, code := range all {
		t.Run(language, func(t *testing.T) { Run(t, interpreting(t, code), code) })
		if language != "Go" {
			t.Run("from Go to "+language, func(t *testing.T) { HandOver(t, r, all["Go"], code) })
			t.Run("from "+language+" to Go", func(t *testing.T) { HandOver(t, r, code, all["Go"]) })
		}
	}
}
