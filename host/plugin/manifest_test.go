package plugin

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

const full = `id: dusty-gavel
version: 1.2.3-rc.1
name: Dusty Gavel
description: a fox
license: Apache-2.0
authors: [A, B]
kind: personality
character: dusty
api: "1"
runtime: {declarative: personality.yaml}
capabilities:
  - {name: say, why: to speak}
  - {name: log, why: "for the author, while it is new"}
limits: {fuel: 20000000, memory_mib: 48}
subscribes: [bid.accepted, clock.ticked]
state: {id: personality, version: 1}
config: {volume: 3}
`

func TestParseManifest(t *testing.T) {
	got, err := ParseManifest([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	want := &Manifest{ID: "dusty-gavel", Version: "1.2.3-rc.1", Name: "Dusty Gavel", Description: "a fox", License: "Apache-2.0", Authors: []string{"A", "B"},
		Kind: Personality, Character: "dusty", API: "1", Runtime: RuntimeSpec{Declarative: &FileSpec{File: "personality.yaml"}},
		Capabilities: []Capability{{Name: "say", Why: "to speak"}, {Name: "log", Why: "for the author, while it is new"}},
		Limits: Limits{Fuel: 20_000_000, MemoryMiB: 48, Commands: DefaultCommands, StateBytes: DefaultStateBytes, OutputBytes: DefaultOutputBytes,
			LogLines: DefaultLogLines, Tables: DefaultTables, HostCalls: DefaultHostCalls},
		Subscribes: []event.Kind{"bid.accepted", "clock.ticked"}, State: &StateSpec{ID: "personality", Version: 1}, Config: map[string]any{"volume": 3}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if !got.May("say") || got.May("reply") {
		t.Error("capabilities are not those that were asked for")
	}
}

// TestManifestMistakes: each names its line, what was expected and how to mend it.
func TestManifestMistakes(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(full, old) {
			t.Fatalf("no %q in the sample", old)
		}
		return strings.Replace(full, old, new, 1)
	}
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "plugin.yaml:1: it is empty"},
		{"a comment", "# to come\n", "plugin.yaml:1: it is empty"},
		{"a list", "# so\n- a\n", "plugin.yaml:2: it is a list; want key: value pairs, at least id, version"},
		{"a text", "dusty-gavel\n", `plugin.yaml:1: it is "dusty-gavel"; want key: value pairs, at least id, version`},
		{"unknown key", edit("capabilities:", "capabilites:"), `plugin.yaml:11: unknown key "capabilites"; want capabilities (did you mean that?)`},
		{"unknown inner key", edit("memory_mib", "memory"), `plugin.yaml:14: unknown key "memory" in limits; want fuel, memory_mib, commands`},
		{"comma in a reason", edit("why: to speak", "why: to speak, loud"), `plugin.yaml:12: unknown key "loud" in capabilities; want name, why`},
		{"key twice", full + "kind: overlay\n", `plugin.yaml:18: key "kind" stands in line 7 already`},
		{"alias", edit("{volume: 3}", "&a {volume: 3}") + "authors: *a\n", "plugin.yaml:18: *a: aliases are not taken; write it out"},
		{"key of config twice", edit("{volume: 3}", "{volume: 3, volume: 4}"), `plugin.yaml:17: key "volume" already defined at line 17`},
		{"id", edit("dusty-gavel", "Dusty Gavel"), `plugin.yaml:1: id is "Dusty Gavel"; want lower-case letters, digits and dashes`},
		{"the operator's id", edit("dusty-gavel", "operator"), `plugin.yaml:1: id "operator" is what the operator's own cues carry`},
		{"version", edit("1.2.3-rc.1", "v1"), `plugin.yaml:2: version is "v1"; want three numbers`},
		{"kind", edit("kind: personality", "kind: personalty"), `plugin.yaml:7: kind is "personalty"; want personality (did you mean that?)`},
		{"character of another kind", edit("kind: personality", "kind: overlay"), "plugin.yaml:8: character is for personalities"},
		{"no character", edit("character: dusty\n", ""), `character is ""; a personality names the character it plays`},
		{"api", edit(`"1"`, `"2"`), `plugin.yaml:9: api is "2"; this host speaks version 1`},
		{"a script and a module", edit("declarative: p", "wasm: a.wasm, js: p.js"), "plugin.yaml:10: runtime wants exactly one of wasm: plugin.wasm, declarative: personality.yaml and js: plugin.js"},
		{"two runtimes", edit("declarative: p", "wasm: a.wasm, declarative: p"), "plugin.yaml:10: runtime wants exactly one of"},
		{"path outside", edit("personality.yaml", "../secret.yaml"), `plugin.yaml:10: runtime file is "../secret.yaml"; want the path of a file inside`},
		{"digest", edit("declarative: personality.yaml", "wasm: {file: a.wasm, sha256: 12}"), `plugin.yaml:10: sha256 is "12"; want 64 hexadecimal digits`},
		{"capability", edit("name: log", "name: logs"), `plugin.yaml:13: capability "logs" is unknown; want log (did you mean that?)`},
		{"capability twice", edit("name: log", "name: say"), "plugin.yaml:13: capability say is asked for twice"},
		{"no reason", edit("why: to speak", "why: ' '"), "plugin.yaml:12: capability say has no reason"},
		{"event", edit("bid.accepted", "bid.acepted"), `plugin.yaml:15: event "bid.acepted" is unknown to plugins; want bid.accepted (did you mean that?)`},
		{"answer", edit("bid.accepted", "timer.fired"), `plugin.yaml:15: timer.fired comes to the plugin that asked, without being subscribed to; leave it out`},
		{"hidden event", edit("bid.accepted", "cue.raised"), `event "cue.raised" is unknown to plugins`},
		{"hears nothing", edit("[bid.accepted, clock.ticked]", "[]"), "plugin.yaml:15: subscribes is empty"},
		{"too much fuel", edit("20000000", "2000000000"), "plugin.yaml:14: limits.fuel is 2000000000; want 1 to 100000000"},
		{"no memory", edit("48", "-1"), "plugin.yaml:14: limits.memory_mib is -1; want 1 to 256"},
		{"state", edit("version: 1}", "version: 0}"), "plugin.yaml:16: state wants an id and a version from 1"},
		{"migrate", edit("version: 1}", "version: 3, migrate: [1, 3]}"), "plugin.yaml:16: migrate lists 3; want versions older than 3, from 1"},
		{"limit of another power", edit("why: to speak", "why: to speak, pending: 3"), "plugin.yaml:12: capability say has no pending; leave it out"},
		{"limit too high", edit("why: to speak", "why: to speak, per_minute: 9000"), "plugin.yaml:12: per_minute of capability say is 9000; want 1 to 240"},
		{"hosts of another power", edit("why: to speak", "why: to speak, hosts: [a.example]"), "plugin.yaml:12: capability say has no hosts; leave them out"},
		{"test outside", full + "tests: [../night.jsonl]\n", `plugin.yaml:18: test is "../night.jsonl"; want the path of a recorded session inside`},
		{"schema", full + "config_schema: {type: objekt}\n", "plugin.yaml:18: config_schema: bad schema"},
		{"schema elsewhere", full + "config_schema: {$ref: 'https://schemas.example/a.json'}\n", "a schema must stand on its own"},
		{"config against its schema", full + "config_schema: {properties: {volume: {maximum: 2}}}\n", "plugin.yaml:17: config does not fit config_schema"},
		{"no number", edit("fuel: 20000000", "fuel: much"), `plugin.yaml:14: fuel in limits is "much"; want a whole number`},
		{"half a number", edit("fuel: 20000000", "fuel: 1.5"), `plugin.yaml:14: fuel in limits is "1.5"; want a whole number`},
		{"no text", edit("name: Dusty Gavel", "name: [Dusty, Gavel]"), "plugin.yaml:3: name is a list; want a text"},
		{"no list", edit("[bid.accepted, clock.ticked]", "bid.accepted"), `plugin.yaml:15: subscribes is "bid.accepted"; want a list`},
		{"no text in a list", edit("[A, B]", "[A, {b: B}]"), "plugin.yaml:6: an entry of authors is key: value pairs; want a text"},
		{"no pairs", edit("{volume: 3}", "[3]"), "plugin.yaml:17: config is a list; want key: value pairs"},
		{"no pairs in a list", edit("{name: say, why: to speak}", "say"), `plugin.yaml:12: an entry of capabilities is "say"; want key: value pairs`},
		{"no file", edit("declarative: personality.yaml", "declarative: [personality.yaml]"), "plugin.yaml:10: this is a list; want a file, such as plugin.wasm"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseManifest([]byte(c.text))
			if !errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}

// TestManifestSyntax are slips of those who write one; package yamlfile has more of them.
func TestManifestSyntax(t *testing.T) {
	edit := func(old, new string) string {
		if !strings.Contains(full, old) {
			t.Fatalf("no %q in the sample", old)
		}
		return strings.Replace(full, old, new, 1)
	}
	crlf := strings.ReplaceAll(full, "\n", "\r\n")
	for _, c := range []struct{ name, text, want string }{
		{"tab", edit("  - {name: log", "\t- {name: log"), "13: a tab stands here; indent with spaces"},
		{"no colon", edit("kind: personality", "kind personality"), "7: this line has no colon; write key: value, or put a text of several lines in quotes"},
		{"no space", edit("kind: personality", "kind:personality"), "7: there is no space behind the colon; write key: value"},
		{"quote not closed", edit(`api: "1"`, `api: "1`), "9: the quote that opens here is closed in line 13; does it lack its end?"},
		{"last quote not closed", full + "tests: [\"a]\n", "18: the quote that opens here is not closed"},
		{"bracket not closed", edit("authors: [A, B]", "authors: [A, B"), "6: the [ that opens here is not closed"},
		{"brace not closed", edit("why: to speak}", "why: to speak"), "12: the { that opens here is not closed"},
		{"indented list", edit("  - {name: log", "   - {name: log"), "13: this line begins in column 4, like none above that it could belong to; indent it like its neighbours"},
		{"indented key", edit("kind: p", " kind: p"), "7: this line begins in column 2, like none above that it could belong to; indent it like its neighbours"},
		{"alias of nothing", edit("a fox", "*fox*"), "4: *fox*: aliases are not taken; write it out, or put a text that begins with * in quotes"},
		{"percent", edit("a fox", "%fox"), `4: a text cannot begin with "%"; put it in quotes`},
		{"at", edit("a fox", "@fox"), `4: a text cannot begin with "@"; put it in quotes`},
		{"colon", edit("a fox", "a fox: dry"), "4: a colon stands inside of a text; put the text in quotes"},
		{"two documents", full + "---\nid: b\n", "18: this line begins a second document; a file holds one, so take the line out"},
		{"mark at the beginning", "\ufeff" + edit("a fox", "a fox: dry"), "4: a colon stands inside of a text; put the text in quotes"},
		{"ends of lines", strings.Replace(crlf, "a fox", "a fox: dry", 1), "4: a colon stands inside of a text; put the text in quotes"},
		{"no UTF-8", edit("a fox", "a f\xf6x"), "4: this is not UTF-8; save the file as UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ParseManifest([]byte(c.text))
			if want := "bad manifest: plugin.yaml:" + c.want; err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
	for _, text := range []string{"\ufeff" + full, crlf} {
		if _, err := ParseManifest([]byte(text)); err != nil {
			t.Error(err)
		}
	}
}

// TestManifestLaughs: aliases of aliases are refused before they become much.
func TestManifestLaughs(t *testing.T) {
	b := []byte(full + "config_schema:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := range 12 {
		b = fmt.Appendf(b, "  a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	_, err := ParseManifest(b)
	if want := "bad manifest: plugin.yaml:20: *a0: aliases are not taken; write it out, or put a text that begins with * in quotes"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := ParseManifest([]byte("id: X\nversion: 1\nkind: y\n"))
	if n := strings.Count(err.Error(), ManifestFile+":"); n < 5 {
		t.Errorf("%d problems are named: %v", n, err)
	}
}

func TestLoadManifestWithoutFile(t *testing.T) {
	if _, err := LoadManifest(fstest.MapFS{}); !errors.Is(err, ErrManifest) || !strings.Contains(err.Error(), "plugin.yaml") {
		t.Error(err)
	}
	big := fstest.MapFS{ManifestFile: {Data: make([]byte, maxManifest+1)}}
	if _, err := LoadManifest(big); err == nil || !strings.Contains(err.Error(), "at most 65536 are allowed") {
		t.Error(err)
	}
}

// TestOnlyPlainFilesAreRead: a pipe has no size and no end.
func TestOnlyPlainFilesAreRead(t *testing.T) {
	for _, mode := range []fs.FileMode{fs.ModeNamedPipe, fs.ModeDevice, fs.ModeDir} {
		odd := fstest.MapFS{"plugin.wasm": {Data: []byte("x"), Mode: mode}}
		if _, err := ReadFile(odd, "plugin.wasm", 10); err == nil || !strings.Contains(err.Error(), "plugin.wasm is not a plain file") {
			t.Errorf("mode %s: error %v", mode, err)
		}
	}
}

// TestShippedManifests reads those of the plugins that come with the show.
func TestShippedManifests(t *testing.T) {
	names, err := filepath.Glob("../../plugins/*/" + ManifestFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, err := LoadManifest(os.DirFS(filepath.Dir(name))); err != nil {
			t.Errorf("%s: %v", filepath.Dir(name), err)
		}
	}
}

// FuzzParseManifest: any text gives a manifest that keeps the rules, or an error.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\nid: {}\n"))
	f.Add([]byte("runtime: {wasm: {file: a, sha256: b}}\ncapabilities: {}\nsubscribes: x\n<<: {id: a}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b)
		if err != nil {
			if !errors.Is(err, ErrManifest) {
				t.Errorf("%v is not ErrManifest", err)
			}
			return
		}
		if m.ID == "" || m.Limits.Fuel <= 0 || m.Limits.MemoryMiB <= 0 || m.Limits.Commands <= 0 || len(m.Subscribes) == 0 || m.Runtime.File().File == "" {
			t.Errorf("accepted %+v", m)
		}
	})
}

// TestManifestDocumented: docs/plugin-yaml.md shows a manifest that is right, names every key, and tells the limits as they are.
func TestManifestDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/plugin-yaml.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	_, example, _ := strings.Cut(doc, "```yaml\n")
	example, rest, _ := strings.Cut(example, "```")
	m, err := ParseManifest([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if m.State.Version != 2 || !m.May(PowerHTTP) {
		t.Errorf("the example is %+v", m)
	}
	for _, of := range []any{Manifest{}, Capability{}, Limits{}, StateSpec{}, RuntimeSpec{}, FileSpec{}} {
		for f := range reflect.TypeOf(of).NumField() {
			if key := reflect.TypeOf(of).Field(f).Tag.Get("yaml"); !regexp.MustCompile(`\b` + key + `\b`).MatchString(doc) {
				t.Errorf("no word of %s", key)
			}
		}
	}
	for _, name := range abi.Capabilities() {
		b := budgetOf(name)
		row := regexp.MustCompile("(?m)^\\|.*`" + name + "`.*$").FindString(rest)
		star := (Capability{Name: name}).Outward()
		for what, n := range map[string]int{"per_minute": b.usual.PerMinute, "at most": b.most.PerMinute, "bytes": b.usual.Bytes, "bytes at most": b.most.Bytes,
			"pending": b.usual.Pending, "pending at most": b.most.Pending, "tokens": b.usual.TokensPerHour, "tokens at most": b.most.TokensPerHour} {
			if n > 0 && !regexp.MustCompile(`\b`+strconv.Itoa(n)+`\b`).MatchString(row) {
				t.Errorf("%s: %s is %d, and not in the row %q", name, what, n, row)
			}
		}
		if strings.Contains(row, "` *") != star {
			t.Errorf("%s: reaches beyond the stage: %t; the row says %q", name, star, row)
		}
	}
	usual := &Manifest{}
	usual.applyDefaults()
	l := usual.Limits
	for key, want := range map[string][2]int64{"fuel": {l.Fuel, maxFuel}, "memory_mib": {int64(l.MemoryMiB), maxMemoryMiB}, "commands": {int64(l.Commands), maxCommands},
		"state_bytes": {int64(l.StateBytes), DefaultStateBytes}, "output_bytes": {int64(l.OutputBytes), DefaultOutputBytes}, "log_lines": {int64(l.LogLines), DefaultLogLines},
		"tables": {int64(l.Tables), DefaultTables}, "host_calls": {int64(l.HostCalls), maxHostCalls}} {
		if row := fmt.Sprintf("| `%s` | %d | %d |", key, want[0], want[1]); !strings.Contains(rest, row) {
			t.Errorf("no row %s", row)
		}
	}
}
