package host_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sothebais/sothebais/"

// may is the architecture: each package, and the packages of this module that it may import.
// Arrows point down: cmd → host → adapters → engines → domain → event. Siblings do not know each other.
// A package without a row fails, so that adding one is a decision.
var may = map[string][]string{
	// domain: values and rules; no files, sockets, logs, goroutines or clock
	"host/event":     {},
	"host/telemetry": {},
	"host/money":     {},
	"host/nearest":   {},
	"host/escape":    {},
	"host/yamlfile":  {},
	"host/post":      {"host/event"},
	"host/show":      {"host/event"},
	"host/cue":       {"host/event"},
	"host/account":   {"host/post"},
	"host/auction":   {"host/event", "host/money"},
	"host/character": {"host/cue", "host/nearest"},
	"host/scene":     {"host/cue", "host/nearest"},

	// engines: domain only
	"host/bus":         {"host/event", "host/telemetry"},
	"host/bus/bustest": {"host/bus", "host/event"},
	"host/intake":      {"host/account", "host/auction", "host/event", "host/money", "host/post", "host/telemetry"},
	"host/auctioneer":  {"host/auction", "host/event", "host/money", "host/post", "host/show", "host/telemetry"},
	"host/notify":      {"host/auction", "host/cue", "host/event", "host/money", "host/post", "host/telemetry"},
	"host/director":    {"host/character", "host/cue", "host/event", "host/show", "host/telemetry"},
	"host/plugin/abi":  {"host/cue", "host/event"},
	"host/plugin":      {"host/plugin/abi", "host/auction", "host/cue", "host/event", "host/money", "host/nearest", "host/post", "host/show", "host/telemetry", "host/yamlfile"},
	"host/compositor":  {"host/character", "host/cue", "host/scene", "host/telemetry"},

	// adapters: domain, at most the one engine they serve, one technology
	"host/sqlite":   {"host/auction", "host/event", "host/money", "host/post", "host/telemetry", "migrations"},
	"host/xapi":     {"host/post", "host/telemetry"},
	"host/art":      {"host/character"},
	"host/speech":   {"host/character", "host/plugin/wasm/meter", "host/telemetry"},
	"host/fetch":    {},
	"host/llm":      {"host/plugin", "host/telemetry"},
	"host/ffmpeg":   {"host/compositor", "host/telemetry"},
	"host/rtmp":     {"host/telemetry"},
	"host/admin":    {"host/admin/ui", "host/auction", "host/cue", "host/escape", "host/event", "host/money", "host/post", "host/show", "host/telemetry"},
	"host/admin/ui": {},
	"host/shipped":  {},
	"migrations":    {},

	"host/plugin/wasm":       {"host/auction", "host/cue", "host/event", "host/plugin", "host/plugin/abi", "host/plugin/jsbuild", "host/plugin/wasm/meter", "host/post", "host/show", "host/telemetry"},
	"host/plugin/wasm/meter": {},
	"host/plugin/jsbuild":    {},
	// the same in a process of its own; it brings in what keeps that
	"host/plugin/wasm/runner": {"host/event", "host/plugin", "host/plugin/abi", "host/plugin/wasm", "host/telemetry"},
	"host/plugin/replay":      {"host/cue", "host/escape", "host/event", "host/plugin", "host/plugin/abi", "host/show"},
	"host/plugin/bundle":      {"host/plugin", "host/plugin/jsbuild"}, // the one form in which a plugin travels, and who has signed it
	"host/plugin/registry":    {},                                     // bytes to OCI registries and back; whether to trust them is bundle's to say
	"host/plugin/scaffold":    {},

	// benchmarks: each sets its part against a rival
	"host/auctioneer/auctioneerbench": {"host/auction", "host/auctioneer", "host/bus", "host/event", "host/money", "host/post", "host/show", "host/sqlite"},
	"host/compositor/compositorbench": {"host/compositor", "host/cue", "host/scene"},
	"host/plugin/wasm/wasmbench":      {"host/cue", "host/event", "host/plugin", "host/plugin/wasm", "host/post"},

	// assembly
	"host":          {"*"},
	"cmd/sothebais": {"host", "host/nearest", "host/plugin/bundle", "host/plugin/registry", "host/plugin/scaffold"}, // the latter for what needs no show

	// the simulator, none of which is in the product
	"cmd/devnet":          {"cmd/devnet/crowd", "cmd/devnet/modelsim", "cmd/devnet/rtmpsink", "cmd/devnet/xsim"},
	"cmd/devnet/crowd":    {},
	"cmd/devnet/rtmpsink": {"host/rtmp"},
	"cmd/devnet/modelsim": {},
	"cmd/devnet/xsim":     {},

	// tools of the build
	"cmd/art":           {"host/art", "host/character", "host/cue"},
	"cmd/gen":           {},
	"cmd/bench":         {"cmd/bench/ratio", "host/auctioneer/auctioneerbench", "host/compositor/compositorbench", "host/plugin/wasm/wasmbench"},
	"cmd/bench/ratio":   {},
	"cmd/sothebais/e2e": {},

	"sdk/tck": {"host/auction", "host/cue", "host/event", "host/money", "host/plugin", "host/plugin/abi", "host/post", "host/show"},
}

func TestImportsPointDown(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module)
		allowed, known := may[name]
		if !known {
			t.Errorf("%s: no row in the table; say where it belongs", name)
			continue
		}
		for _, imp := range p.Imports {
			dep, ours := strings.CutPrefix(imp, module)
			if ours && !slices.Contains(allowed, "*") && !slices.Contains(allowed, dep) {
				t.Errorf("%s imports %s; the table does not allow it", name, dep)
			}
		}
	}
}
