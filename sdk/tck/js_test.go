package tck

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/shipped"
)

// scripts is a runtime for the kit that takes what is no module for a script, and its configuration for text.
type scripts struct {
	plugin.Runtime
	beside fstest.MapFS // files that a script may import
}

func (r scripts) Load(ctx context.Context, s plugin.Spec) (plugin.Guest, error) {
	code, err := fs.ReadFile(s.Files, "plugin.wasm")
	if err != nil || bytes.HasPrefix(code, []byte("\x00asm")) {
		return r.Runtime.Load(ctx, s)
	}
	m := *s.Manifest
	if m.Runtime.Declarative != nil {
		config, err := fs.ReadFile(s.Files, m.Runtime.Declarative.File)
		if err != nil {
			return nil, err
		}
		if s.Config, err = json.Marshal(string(config)); err != nil {
			return nil, err
		}
	}
	m.Runtime = plugin.RuntimeSpec{JS: &plugin.FileSpec{File: "plugin.ts"}}
	if m.Limits.Fuel == plugin.DefaultFuel {
		m.Limits.Fuel = plugin.DefaultScriptFuel
	}
	files := maps.Clone(r.beside)
	if files == nil {
		files = fstest.MapFS{}
	}
	files["plugin.ts"] = &fstest.MapFile{Data: code}
	s.Manifest, s.Files = &m, files
	return r.Runtime.Load(ctx, s)
}

// playingScripts makes a runtime with the shipped engine, whose declarative plugins run in interpreter.
func playingScripts(t *testing.T, interpreter []byte) scripts {
	t.Helper()
	engine, err := fs.ReadFile(shipped.FS(), "js-engine.wasm")
	if err != nil {
		t.Fatalf("%v: run make assets", err)
	}
	r, err := wasm.New(context.Background(), wasm.Config{Interpreter: interpreter, Engine: engine, CacheDir: cacheDir(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return scripts{Runtime: r}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestJavaScript(t *testing.T) {
	js, as := read(t, "js/conformance.js"), read(t, "testdata/assemblyscript/conformance.wasm")
	r := playingScripts(t, as)
	Run(t, r, js)
	t.Run("to AssemblyScript", func(t *testing.T) { HandOver(t, r, js, as) })
	t.Run("from AssemblyScript", func(t *testing.T) { HandOver(t, r, as, js) })
}

// folder is what stands beside a script, for what it imports.
func folder(t *testing.T, dir string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		out[e.Name()] = &fstest.MapFile{Data: read(t, dir+"/"+e.Name())}
	}
	return out
}

// TestExamplesInJavaScript: two of them are JavaScript, one is TypeScript, of several files each.
func TestExamplesInJavaScript(t *testing.T) {
	beside := folder(t, "../js/examples")
	for name, file := range map[string]string{"regulars": "regulars.ts", "pricebug": "pricebug.js", "pacer": "pacer.js"} {
		t.Run(name, func(t *testing.T) {
			inGo := buildGo(t, name)
			r := playingScripts(t, inGo)
			r.beside = beside
			code := []byte(`export { default } from "./` + file + `"`)
			RunExample(t, r, name, code)
			t.Run("state goes round", func(t *testing.T) { HandOverExample(t, r, name, code, inGo) })
		})
	}
}
