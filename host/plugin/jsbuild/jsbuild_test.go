package jsbuild

import (
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func folder(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func TestBuild(t *testing.T) {
	s, err := Build(folder(
		"plugin.ts", "import { definePlugin } from \"@sothebais/sdk\";\nimport { line } from \"./lib/lines.js\";\nimport words from \"./words.json\";\nexport default definePlugin({ on: { \"lot.sold\"(sold: { handle: string }, show: any) { show.say(line(sold.handle) + words.bye); } } });\n",
		"lib/lines.ts", "export const line = (who: string): string => `sold to ${who}`;\n",
		"words.json", `{"bye": "!"}`,
		"other.ts", "this is not read (",
	), "plugin.ts")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(s.Files, " "); got != "lib/lines.ts plugin.ts words.json" {
		t.Errorf("read %s", got)
	}
	for _, want := range []string{"var plugin = ", "sold to ${who}", "= sothebais"} {
		if !strings.Contains(string(s.Code), want) {
			t.Errorf("no %q in\n%s", want, s.Code)
		}
	}
}

func TestPlaces(t *testing.T) {
	s, err := Build(folder(
		"plugin.ts", "import { boom } from './boom'\n\ninterface Wide {\n  a: string\n}\nexport default { on: { x: (e: Wide) => boom(e.a) } }\n",
		"boom.ts", "// why\n\ntype T = string\n\nexport function boom(x: T) {\n  const y = x;\n  throw new Error(y)\n}\n"), "plugin.ts")
	if err != nil {
		t.Fatal(err)
	}
	for n, line := range strings.Split(string(s.Code), "\n") {
		if c := strings.Index(line, "new Error"); c >= 0 {
			got := s.Original(strings.Join([]string{"at boom (bundle.js:", itoa(n + 1), ":", itoa(c + 1), "), bundle.js:9999:1"}, ""))
			if got != "at boom (boom.ts:7:9), bundle.js:9999:1" {
				t.Errorf("got %s", got)
			}
			return
		}
	}
	t.Fatalf("no throw in\n%s", s.Code)
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"syntax", "export default {\n  on: {,\n}", "plugin.ts:2:8: Expected identifier but found \",\"\n\t  on: {,\n\t       ^"},
		{"package", "import x from 'left-pad'; x()", `plugin.ts:1:15: cannot import "left-pad": a plugin imports its own files, such as "./lines.js", and @sothebais/sdk`},
		{"node", "import x from 'node:fs'; x()", `cannot import "node:fs"`},
		{"outside", "import x from '../secret.js'; x()", "it is outside of the plugin's folder"},
		{"absolute", "import x from '/etc/passwd'; x()", "a plugin imports its own files"},
		{"missing", "import x from './lines'; x()", `plugin.ts:1:15: cannot import "./lines": there is no file lines in the plugin's folder`},
		{"no script", "import x from './notes.txt'; x()", "notes.txt is no script: name it .js, .ts or .json"},
		{"no such export", "import {x} from './b.js'; x()", `No matching export in "b.js" for import "x"`},
		{"require", "module.exports = require('fs')", `cannot import "fs"`},
		{"deep", "x = " + strings.Repeat("(", 9000), "plugin.ts:1: nested too deep"},
		{"chain", strings.Repeat("if(a)", 9000), "nested too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Build(folder("plugin.ts", c.text, "notes.txt", "x", "b.js", "export const y = 1"), "plugin.ts")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want %s", err, c.want)
			}
		})
	}
}

// TestDepth: what counts as code is what the bundler takes for code.
func TestDepth(t *testing.T) {
	deep := strings.Repeat("(", maxDepth+1)
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"x = '" + deep + "'", true},
		{"x = `" + deep + "${a}" + deep + "`", true},
		{"/* " + deep + " */ // " + deep, true},
		{"x = /[" + deep + "/]/", true},
		{"return /" + deep + "/", true},
		{"if (a) /" + deep + "/", true},
		{"x => /" + deep + "/", true},
		{"!/" + deep + "/", true},
		{strings.Repeat("f(a);", maxDepth), true},
		{"x = [" + strings.Repeat("'a', ", maxDepth) + "]", true},
		{"// \u2028" + deep, false},
		{"// \r" + deep, false},
		{"x = a / '" + deep + "'", true},
		{"x = a.return / '/' / 1, " + deep, false},
		{"x = (a) / \"/\"; " + deep, false},
		{"`${" + deep, false},
		{"`${`${a}`}" + deep + "`", true},
		{strings.Repeat("typeof\u00a0", maxDepth+1), false},
		{strings.Repeat("a => ", maxDepth), false},
		{"<!-- `\n" + deep, false},
		{"{} /\"/; " + deep + "//\"", false},
		{"a! / '/" + deep, false},
	} {
		if err := checkDepth("x.js", c.text); (err == nil) != c.ok {
			t.Errorf("%.30q: error %v, want ok %v", c.text, err, c.ok)
		}
	}
}

// FuzzBuild: whatever a file says, there is a script or an error with words, and the program lives on.
func FuzzBuild(f *testing.F) {
	for _, s := range []string{
		"export default { on: {} }", "import x from './b'", "import {definePlugin} from '@sothebais/sdk'\nexport default definePlugin({on:{}})",
		"enum A { B = 'x' }", "class A { static #b = 1; @dec c() {} }", "`${`${a}`}`", "<!-- x", "x = a / b / c", "let a: (b<c>) = <d>e", "\x00", "export * from './plugin.ts'", "await 1; using x = y",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 8<<10 {
			return
		}
		s, err := Build(folder("plugin.ts", text, "b.js", "export default 1"), "plugin.ts")
		if (s == nil) == (err == nil) {
			t.Fatalf("script %v, error %v", s, err)
		}
		if err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Fatal("an error without words")
		}
		if s != nil {
			s.Original("bundle.js:1:1 bundle.js:99999999999999999999:1 bundle.js:3")
		}
	})
}
