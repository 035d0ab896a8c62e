package tck

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// committed are the folders of testdata that hold compiled guests, by language.
var committed = map[string]string{"AssemblyScript": "assemblyscript", "C": "c", "Rust": "rust", "TinyGo": "tinygo"}

// guests are the modules of an example plugin by language. Only Go is compiled here, because
// it runs this test; the others were compiled by sdk/guests.sh from sources beside the SDKs.
func guests(t *testing.T, name string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{"Go": buildGo(t, name)}
	for language, dir := range committed {
		code, err := os.ReadFile("testdata/" + dir + "/" + name + ".wasm")
		if err != nil {
			t.Fatal(err)
		}
		out[language] = code
	}
	return out
}

// transcripts are those of the conformance plugin, as the files of testdata have them.
var transcripts = map[string]struct {
	events func() []event.Event
	store  plugin.Store
}{
	"transcript": {Transcript, plugin.Store{}},
	"powers":     {PowersTranscript, kept()},
}

// TestTranscriptBytes: the files by which hosts and SDKs that are not in Go are held against the conformance plugin are its
// transcripts, and every language answers to the byte.
func TestTranscriptBytes(t *testing.T) {
	all := guests(t, "conformance")
	for name := range transcripts {
		if *update {
			for file, b := range transcriptFiles(t, name, all["Go"]) {
				if err := os.WriteFile(file, b, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		}
		for language, code := range all {
			for file, got := range transcriptFiles(t, name, code) {
				if !bytes.Equal(got, read(t, file)) {
					t.Errorf("%s: %s is something else; if it should be: go test ./sdk/tck -run TranscriptBytes -update", language, file)
				}
			}
		}
	}
}

// transcriptFiles are what a conformance plugin makes of a transcript, by file.
func transcriptFiles(t *testing.T, name string, code []byte) map[string][]byte {
	t.Helper()
	x := transcripts[name]
	events := batch(x.events())
	commands, state := answered(t, &wasm.Program{Manifest: Manifest(), Code: code, Store: x.store}, events)
	return map[string][]byte{"testdata/" + name + ".events": events, "testdata/" + name + ".commands": commands, "testdata/" + name + ".state": state}
}

// answered gives a batch to a plugin, and what it answers and saves.
func answered(t *testing.T, p *wasm.Program, events []byte) (commands, state []byte) {
	t.Helper()
	core, err := interpreting(t, p.Code).Compile(t.Context(), p)
	if err == nil {
		err = core.Start(nil)
	}
	if err == nil {
		err = core.Handle(events, func(out, _ []byte) { commands = bytes.Clone(out) })
	}
	if err == nil {
		state, err = core.Save(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return commands, state
}

func TestExamples(t *testing.T) {
	for _, x := range examples() {
		t.Run(x.name, func(t *testing.T) {
			if *update {
				x.write(t)
			}
			if err := x.transcriptIsCurrent(); err != nil {
				t.Error(err)
			}
			all := guests(t, x.name)
			r := interpreting(t, all["Go"])
			var round [][]byte
			for language, code := range all {
				t.Run(language, func(t *testing.T) { RunExample(t, r, x.name, code) })
				round = append(round, code)
			}
			t.Run("state goes round", func(t *testing.T) { HandOverExample(t, r, x.name, round...) })
		})
	}
}

// transcriptIsCurrent checks the files that native tests and other hosts read against the transcript in Go.
func (x example) transcriptIsCurrent() error {
	for suffix, want := range x.files() {
		got, err := os.ReadFile("examples/" + x.name + "." + suffix)
		if err != nil {
			return err
		}
		if !bytes.Equal(got, want) {
			return &staleError{x.name + "." + suffix}
		}
	}
	return nil
}

type staleError struct{ file string }

func (e *staleError) Error() string {
	return "examples/" + e.file + " is not the transcript of transcripts.go: run go test ./sdk/tck -run Examples -update"
}

// files are those that say what the transcript is.
func (x example) files() map[string][]byte {
	var b bytes.Buffer
	for _, e := range x.events() {
		line, err := json.Marshal(e)
		if err != nil {
			panic(err) // facts of the host are all made of plain fields
		}
		b.Write(append(line, '\n'))
	}
	return map[string][]byte{"jsonl": b.Bytes(), "events": batch(x.events())}
}

// batch is the buffer of events that a guest is given.
func batch(events []event.Event) []byte {
	b, _ := new(wasm.Codec).Encode(nil, events)
	return b
}

// write writes all files of the example but .commands, which the test of sdk/go writes.
func (x example) write(t *testing.T) {
	t.Helper()
	out := x.files()
	code := buildGo(t, x.name)
	o := x.onStage(t, interpreting(t, code), code).play(len(x.transcript), len(x.transcript))
	out["golden"] = []byte(strings.Join(o.lines, "\n") + "\n")
	out["state"], out["store"] = o.save(), []byte(storeText(o.store))
	for suffix, b := range out {
		if err := os.WriteFile("examples/"+x.name+"."+suffix, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Skip("written; run again without -update")
}
