package tck

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// later is what some later schema of version 1 might append, and where.
var later = [][2]string{
	{`{"name": "post_id", "type": "string", "doc": "the post that holds the bid"}
      ]
    },
    {
      "code": 3,`, `{"name": "post_id", "type": "string", "doc": "the post that holds the bid"},
        {"name": "weather", "type": "string", "doc": "how it is outside"},
        {"name": "warmth", "type": "i64", "doc": "degrees"}
      ]
    },
    {
      "code": 3,`},
	{`{"name": "name", "type": "string", "doc": "name of the sound", "cue": "name"}
`, `{"name": "name", "type": "string", "doc": "name of the sound", "cue": "name"},
        {"name": "dance", "type": "string", "doc": "what is danced to it"},
        {"name": "loudness", "type": "u64", "doc": "how loud"}
`},
	{`{"name": "max_tokens", "type": "i64", "doc": "greatest length of the answer in tokens, at most 4096; 0 for 512"}
      ]
    }
`, `{"name": "max_tokens", "type": "i64", "doc": "greatest length of the answer in tokens, at most 4096; 0 for 512"}
      ]
    },
    {"code": 16, "name": "dance", "doc": "Dance.", "fields": [{"name": "steps", "type": "string", "doc": "which"}]}
`},
}

// laterPlugin wraps the conformance plugin in what only a later host understands.
const laterPlugin = `package main

import guest "github.com/sothebais/sothebais/sdk/go"

func init() {
	p := plugin()
	handle := p.Handle
	p.Handle = func(e guest.Event, out *guest.Commands) {
		out.Dance("waltz")
		if b, ok := e.AsBidAccepted(); ok && (b.Weather() != "" || b.Warmth() != 0) {
			panic("a host of today knows nothing of the weather")
		}
		handle(e, out)
	}
	guest.Register(p)
}
`

// TestNewerGuest: a plugin that was built against a later schema reads what the host does not tell as nothing, and the
// host passes over what it does not know.
func TestNewerGuest(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an SDK and a plugin")
	}
	root := t.TempDir()
	for to, from := range map[string]string{"sdk/go": "../go", "host/nearest": "../../host/nearest", "host/yamlfile": "../../host/yamlfile"} { // what is generated from
		if err := os.CopyFS(filepath.Join(root, to), os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(root, "sdk/schema"), 0o755); err != nil {
		t.Fatal(err)
	}
	edit(t, "../schema/v1.json", filepath.Join(root, "sdk/schema/v1.json"), later...)
	if out, err := exec.Command("go", "run", "../../cmd/gen", "-root", root).CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, out)
	}
	example := filepath.Join(root, "sdk/go/examples/conformance")
	edit(t, "../go/examples/conformance/main.go", filepath.Join(example, "main.go"), [2]string{`out.Sound("gavel")`, `out.Sound("gavel", "tango", 9)`})
	if err := os.WriteFile(filepath.Join(example, "wrapped.go"), []byte(laterPlugin), 0o644); err != nil {
		t.Fatal(err)
	}
	code := buildIn(t, filepath.Join(root, "sdk/go"), "conformance")
	r := interpreting(t, code)
	Run(t, r, code)
	g := load(t, r, "", code)
	play(t, g, Transcript(), 7)
	if got := g.Stats().Unknown; got != uint64(len(Transcript())-1) { // guests hear all but one
		t.Errorf("%d unknown commands, want one for each event", got)
	}
}

// edit copies a file with changes, each of which must apply.
func edit(t *testing.T, from, to string, changes ...[2]string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if n := bytes.Count(b, []byte(c[0])); n != 1 {
			t.Fatalf("%s has %d times\n%s", from, n, c[0])
		}
		b = []byte(strings.Replace(string(b), c[0], c[1], 1))
	}
	if err := os.WriteFile(to, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
