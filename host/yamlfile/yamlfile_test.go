package yamlfile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

// TestMistakes are those that people make; what they are told names the place and the way to mend it.
func TestMistakes(t *testing.T) {
	const (
		inside  = "a colon stands inside of a text; put the text in quotes"
		noColon = "this line has no colon; write key: value, or put a text of several lines in quotes"
		percent = "a line that begins with % is not taken; leave it out, or put the text in quotes"
		second  = "this line begins a second document; a file holds one, so take the line out"
		tab     = "a tab stands here; indent with spaces"
		utf8    = "this is not UTF-8; save the file as UTF-8"
		control = "an invisible control character stands here; delete it"
		bracket = "this stands behind a closing bracket; put a text that begins with { or [ in quotes"
		quote   = `this stands behind a closing quote; inside of "…" write \" for a quote, inside of '…' write ''`
		fewer   = `a number is missing: \x wants 2 hexadecimal digits, \u 4 and \U 8; write \\ for a backslash`
	)
	column := func(n int) string {
		return fmt.Sprintf("this line begins in column %d, like none above that it could belong to; indent it like its neighbours", n)
	}
	begins := func(with string) string { return fmt.Sprintf("a text cannot begin with %q; put it in quotes", with) }
	alias := func(name string) string {
		return name + ": aliases are not taken; write it out, or put a text that begins with * in quotes"
	}
	for _, c := range []struct{ name, text, want string }{
		{"tab", "id: x\nmoods:\n\tcalm: {}\ntriggers: []\n", "3:1: " + tab},
		{"tab before a key", "id: x\n\tname: tab\n", "2:1: " + tab},
		{"tab in a list", "list:\n  - a: 1\n\t  b: 2\n", "3:1: " + tab},
		{"tab after spaces", "list:\n  - a: 1\n  \tb: 2\n", "3:3: " + tab},
		{"tab in a text of several lines", "id: |\n\tx\n", "2:1: " + tab},

		{"no colon", "id: x\nname X\nmoods: {}\n", "2:1: " + noColon},
		{"no colon in the first line", "id x\nname: X\n", "1:1: " + noColon},
		{"no colon in the last line", "id: x\nname: X\nmoods\n", "3:1: " + noColon},
		{"no colon in the last line, which has no end", "id: x\nname", "2:1: " + noColon},
		{"no colon in a part", "moods:\n  calm\n\n  # so\n  tense: {}\n", "2:3: " + noColon},
		{"no colon in a list", "list:\n  - a\n    b: c\n", "2:3: " + noColon},
		{"no space behind the colon", "id: x\nname:X\nmoods: {}\n", "2:1: there is no space behind the colon; write key: value"},
		{"odd space behind the colon", "id: x\nname:\u00a0X\n", "2:1: the space behind the colon is not a plain one; type it anew"},
		{"no space behind the dash", "list:\n  - a\n  -b\n  - c\n", `3:3: there is no space behind the dash; write "- " before an entry`},

		{"colon in a text", "id: x\nname: Bids: going up\n", "2:11: " + inside},
		{"colon in a text of a list", "list:\n  - say: one: two\n", "2:13: " + inside},
		{"colon in a text of two lines", "name: text\n  and on\n  on: here\n",
			"3:5: a colon stands inside of a text that goes on from line 1; put the text in quotes, or indent this line less"},
		{"too deep", "id: x\n name: X\n", "2:2: this line is indented deeper than line 1, which has its value already; let both begin in the same column"},

		{"quote not closed", "id: x\nname: \"X\nmoods: {}\n", "2:7: the quote that opens here is not closed"},
		{"apostrophe not closed", "id: x\nname: 'X\nmoods: {}\n", "2:7: the quote that opens here is not closed"},
		{"quote not closed, no end of line", `id: "X`, "1:5: the quote that opens here is not closed"},
		{"quote closed by the next one", "id: x\nname: \"X\nmoods: \"a\"\nmore: b\n", "2:7: the quote that opens here is closed in line 3; does it lack its end?"},
		{"quote in a list closed by the next one", "- say: \"a \\\" b\n- say: \"c\"\n- say: \"d\"\n", "1:8: the quote that opens here is closed in line 2; does it lack its end?"},
		{"quote in braces closed by the next one", "- {say: \"a}\n- {say: \"c\"}\n", "1:9: the quote that opens here is closed in line 2; does it lack its end?"},
		{"quote inside", "name: \"so \"called\"\"\n", "1:12: " + quote},
		{"apostrophe inside", "name: 'it''s what it's'\n", "1:22: " + quote},
		{"document ends in quotes", "a: \"b\n---\nc: d\n", "1:4: the quote that opens here is not closed"},
		{"unknown escape", `name: "C:\path"`, `1:10: \p means nothing inside of "…"; write \\ for a backslash`},
		{"half a character", `name: "\ud83d\ude00"`, "1:10: this escape is no character; write the character itself"},
		{"short escape", `name: "\u12"`, "1:10: " + fewer},

		{"[ not closed", "id: x\nlist: [a, b\nmoods: {}\n", "2:7: the [ that opens here is not closed"},
		{"[ not closed at the end", "list: [a, b\n", "1:7: the [ that opens here is not closed"},
		{"[ and no more", "list: [", "1:7: the [ that opens here is not closed"},
		{"[ not closed over lines", "id: x\nlist: [\n  a,\n  b,\n", "2:7: the [ that opens here is not closed"},
		{"{ not closed", "id: x\nlist: {a: b\nmoods: 3\n", "2:7: the { that opens here is not closed"},
		{"{ not closed in a list", "l:\n  - {id: a, on: b\n  - {id: c, on: d}\nx: y\n", "2:5: the { that opens here is not closed"},
		{"[ not closed in {", "l:\n  - {id: a, say: [x, y}\n  - {id: c}\nx: y\n", "2:18: the [ that opens here is not closed"},
		{"] too many", "id: x\nlist: [a, b]]\n", "2:13: there is one ] too many"},
		{"other bracket", "a: [b, c}\nd: e\n", "1:9: a comma or a ] is missing before this; put a text with [ ] { } , or a colon in quotes"},
		{"no comma", "list: [a, {c: d e: f}]\n", "1:18: a comma or a } is missing before this; put a text with [ ] { } , or a colon in quotes"},
		{"no comma at the end of the line", "{\n  \"id\": \"x\"\n  \"name\": \"y\"\n}\n", "2:12: a comma is missing at the end of this line"},
		{"two commas", "a: [b,, c]\n", "1:7: a value is missing before this ,; if it is part of a text, put the text in quotes"},
		{"text that begins with [", "list:\n  - [one|two] three\nname: z\n", "2:15: " + bracket},
		{"text that begins with {{", "list:\n  - {{handle}} bids\nname: z\n", "2:16: " + bracket},
		{"text that is {{ }}", "list:\n  - {{handle}}\n", "2:6: a key is a word, here it is key: value pairs; put a text that begins with { or [ in quotes"},
		{"list as a key", "? [a]\n: c\n", "1:3: a key is a word, here it is a list; put a text that begins with { or [ in quotes"},

		{"list deeper", "list:\n  - a: 1\n    b: 2\n   - a: 3\n", "4:4: " + column(4)},
		{"list less deep", "list:\n  - a: 1\n - a: 3\n", "3:2: " + column(2)},
		{"key deeper", "moods:\n  calm: {}\n   tense: {}\n", "3:4: " + column(4)},
		{"key less deep", "moods:\n    calm: {}\n  tense: {}\n", "3:3: " + column(3)},
		{"key of an entry less deep", "list:\n  - id: a\n    on: b\n   say: c\n", "4:4: " + column(4)},
		{"first line deeper", "  id: x\nname: y\n", "2:1: " + column(1)},
		{"key in the column of the list", "list:\n  - id: a\n  say: c\n", `3:3: this stands in the column of the list that begins in line 2; write "- " before an entry, or indent it differently`},
		{"list behind a key", "list: - a\n", `1:7: a list begins on a line of its own; put a text that begins with "- " in quotes`},

		{"@", "list:\n  - @host bid 1\n", "2:5: " + begins("@")},
		{"@ in the first column", "@id: x\n", "1:1: " + begins("@")},
		{"`", "list:\n  - `code`\n", "2:5: " + begins("`")},
		{"%", "list:\n  - %5 more\n", "2:5: " + begins("%")},
		{"% in the first column", "id: x\n%name: y\n", "2:1: " + percent},
		{"% in the first line", "%id: x\n", "1:1: " + percent},
		{"%YAML", "%YAML 1.2\n---\nname: y\n", "1:1: " + percent},
		{">", "list:\n  - > three\n", "2:5: " + begins(">")},
		{"|", "list:\n  - | three\n", "2:5: " + begins("|")},
		{",", "list:\n  - , three\n", "2:5: " + begins(",")},
		{"*", "name: * so\n", "1:7: " + begins("*")},
		{"&", "name: & so\n", "1:7: " + begins("&")},
		{"& and a word", "name: &so it is\n", "1:7: &so: anchors are not taken; leave it out, or put a text that begins with & in quotes"},
		{"!", "name: ! so\n", "1:7: !: tags are not taken; leave it out, or put a text that begins with ! in quotes"},
		{"! and a word", "name: !so it is\n", "1:7: !so: tags are not taken; leave it out, or put a text that begins with ! in quotes"},
		{"! of YAML", "name: !!int so\n", "1:7: !!int: tags are not taken; leave it out, or put a text that begins with ! in quotes"},
		{"!<", "name: !<so it is\n", "1:7: " + begins("!")},
		{"# without space", "id: \"x\"#c\n", "1:8: put a space before the #"},
		{"...", "a: b\n... and so on\n", `2:1: a line cannot begin with "..."; put the text in quotes`},

		{"alias of nothing", "id: x\nname: *a\n", "2:7: " + alias("*a")},
		{"stars around a word", "list:\n  - **bold** text\n", "2:5: " + alias("**bold**")},
		{"alias", "a: &x 1\nb: *x\n", "2:4: " + alias("*x")},
		{"alias of itself", "a: &a [*a]\n", "1:8: " + alias("*a")},
		{"merge", "a: &a {x: 1}\nb: {<<: *a}\n", "2:9: " + alias("*a")},

		{"two documents", "id: x\n---\nid: y\n", "2:1: " + second},
		{"two documents, with dots", "id: x\n...\n# so\nid: y\n", "2:1: " + second},
		{"mistake in the second document", "id: x\n---\nid: [\n", "3:5: the [ that opens here is not closed"},

		{"BOM", "\ufeffid: x\nname: *a\n", "2:7: " + alias("*a")},
		{"BOM and a mistake in the first line", "\ufeffid: a: b\n", "1:6: " + inside},
		{"CRLF", "id: x\r\nmoods:\r\n\tcalm: 2\r\n", "3:1: " + tab},
		{"CRLF and a quote", "id: x\r\nname: \"X\r\nmoods: \"a\"\r\nmore: b\r\n", "2:7: the quote that opens here is closed in line 3; does it lack its end?"},
		{"CR", "id: x\rname: *a\r", "2:7: " + alias("*a")},
		{"Latin 1", "id: x\nname: caf\xe9\nz: 1\n", "2:10: " + utf8},
		{"Latin 1 in quotes", "id: x\r\nname: \"caf\xe9\"\r\n", "2:11: " + utf8},
		{"no byte of UTF-8", "q: \xff\n", "1:4: " + utf8},
		{"half a UTF-16", "\xff\xfei\x00d", "1:1: " + utf8},
		{"NUL", "id: x\nname: a\x00b\n", "2:8: " + control},
		{"control character", "id: x\nname: a\x01b\n", "2:8: " + control},
		{"UTF-16", "\xff\xfei\x00d\x00:\x00 \x00x\x00\n\x00y\x00\n\x00", "2:1: " + noColon},

		{"[ without end", strings.Repeat("[", 20_000), "1:10001: nested too deep"},
		{"- without end", strings.Repeat("- ", 20_000), "1:20001: nested too deep"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, wrong := Parse([]byte(c.text))
			if wrong == nil || wrong.Error() != c.want {
				t.Errorf("%s\ngot  %v\nwant %s", c.text[:min(len(c.text), 200)], wrong, c.want)
			}
		})
	}
}

// TestLaughs: a kilobyte of aliases that would be billions of texts is refused before any of them is looked up.
func TestLaughs(t *testing.T) {
	b := []byte("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := range 12 {
		b = fmt.Appendf(b, "a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), i)
	}
	start := time.Now()
	_, wrong := Parse(b)
	if want := "2:10: *a0: aliases are not taken"; wrong == nil || !strings.HasPrefix(wrong.Error(), want) {
		t.Errorf("got %v, want %s", wrong, want)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("%d bytes took %s", len(b), took)
	}
}

func TestOneDocument(t *testing.T) {
	for _, text := range []string{"id: x", "---\nid: x\n", "id: x\n...\n", "---\nid: x\n---\n", "\ufeffid: x\r\n", "# so\nid: x # so\n"} {
		root, wrong := Parse([]byte(text))
		if wrong != nil || root == nil || len(root.Content) != 2 || root.Content[1].Value != "x" {
			t.Errorf("%q: %v, %v", text, root, wrong)
		}
	}
	for _, text := range []string{"", "\n", "\ufeff", "# so\n", "---\n", "~", "---\n---\n"} {
		if root, wrong := Parse([]byte(text)); root != nil || wrong != nil {
			t.Errorf("%q: %v, %v", text, root, wrong)
		}
	}
}

func TestDescribe(t *testing.T) {
	root, _ := Parse([]byte("[a: b, [c], [], text, '']"))
	var got []string
	for _, n := range root.Content {
		got = append(got, Describe(n))
	}
	if want := `key: value pairs|a list|an empty list|"text"|nothing`; strings.Join(got, "|") != want {
		t.Errorf("got %q", got)
	}
}

type like struct {
	Text  string         `yaml:"text"`
	Whole int64          `yaml:"whole"`
	Part  float64        `yaml:"part"`
	Yes   bool           `yaml:"yes"`
	List  []string       `yaml:"list"`
	Pairs map[string]any `yaml:"pairs"`
	Inner *like          `yaml:"inner"`
	Any   any            `yaml:"any"`
	Node  yaml.Node      `yaml:"node"`
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: [b, {c: d}]\n- 'e'\n", "a: \"b\n\tc: &d *e\n", "%a\n---\n- - ? b\n...\n", "a: 'b'c\n", "\xff\xfea\x00", "a: b\n c: {d\ne: f}}\n", "a:b\nc\n  d: e\n-f\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		root, wrong := Parse(b)
		if wrong != nil {
			if lines := len(split(b)); root != nil || wrong.Line < 1 || wrong.Line > lines || wrong.Column < 1 || wrong.What == "" {
				t.Errorf("%v of %d lines", wrong, lines)
			}
			return
		}
		if root == nil {
			return
		}
		for _, m := range Decode(root, new(like)) {
			if m.Line < 1 || m.What == "" {
				t.Errorf("%v", m)
			}
		}
	})
}
