// Command gen writes both sides of the plugin contract from sdk/schema/v1.json: what the host encodes and decodes,
// and the views of every guest SDK. Run it from the root of the repository:
//
//	go run ./cmd/gen          # write the files
//	go run ./cmd/gen -check   # fail when a file on disk is not what would be written
package main

import (
	"bytes"
	"embed"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

//go:embed *.tmpl
var templates embed.FS

// output is one generated file.
type output struct {
	template string
	path     string
}

var outputs = []output{
	{"host.go.tmpl", "host/plugin/abi/v1_gen.go"},
	{"guest.go.tmpl", "sdk/go/v1_gen.go"},
	{"guest.ts.tmpl", "sdk/assemblyscript/assembly/v1.ts"},
	{"guest.rs.tmpl", "sdk/rust/src/v1.rs"},
	{"guest.h.tmpl", "sdk/c/sothebais.h"},
	{"guest.js.tmpl", "sdk/js/v1.js"},
	{"guest.d.ts.tmpl", "sdk/js/v1.d.ts"},
	{"engine.h.tmpl", "plugins/js-engine/v1_gen.h"},
}

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	s, err := readSchema(filepath.Join(root, "sdk/schema/v1.json"))
	if err != nil {
		return err
	}
	for _, o := range outputs {
		text, err := render(s, o)
		if err != nil {
			return fmt.Errorf("render %s: %w", o.path, err)
		}
		if err := place(filepath.Join(root, o.path), text, check); err != nil {
			return err
		}
	}
	return nil
}

func render(s *schema, o output) ([]byte, error) {
	t, err := template.New(o.template).Funcs(functions).Funcs(native).ParseFS(templates, o.template)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, s); err != nil {
		return nil, err
	}
	if !strings.HasSuffix(o.path, ".go") {
		return b.Bytes(), nil
	}
	return format.Source(b.Bytes())
}

func place(path string, text []byte, check bool) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, text) {
		return nil
	}
	if check {
		return fmt.Errorf("%s is not what the schema says: run go run ./cmd/gen", path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
