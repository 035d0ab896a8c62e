package runner

import (
	"os"
	"testing"

	"github.com/sothebais/sothebais/sdk/tck"
)

// TestConformance: what a plugin does in a process of its own is what it does in this one, to the byte.
func TestConformance(t *testing.T) {
	code, err := os.ReadFile("../../../../sdk/tck/testdata/assemblyscript/conformance.wasm")
	if err != nil {
		t.Fatal(err)
	}
	tck.Run(t, newRuntime(t, Config{Interpreter: code, CacheDir: t.TempDir()}), code)
}
