package plugin

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestSchemasOfStrangers: whatever a schema or a document is, checking it ends soon, and ends nothing else.
func TestSchemasOfStrangers(t *testing.T) {
	var doubled strings.Builder
	for i := range 60 {
		fmt.Fprintf(&doubled, `"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]},`, i, i+1, i+1)
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	const dear, large = "takes more than", "is too large"
	for _, c := range []struct{ name, schema, doc, want string }{
		{"each doubles the next", `{"$ref":"#/$defs/a0","$defs":{` + doubled.String() + `"a60":{}}}`, `1`, dear},
		{"and none fits", `{"$ref":"#/$defs/a0","$defs":{` + strings.ReplaceAll(doubled.String(), "allOf", "anyOf") + `"a60":{"type":"string"}}}`, `1`, dear},
		{"by depth", `{"allOf":[{"items":{"$ref":"#"}},{"items":{"$ref":"#"}}]}`, nested(60), dear},
		{"by depth, of which none fits", `{"anyOf":[{"items":{"$ref":"#"},"minItems":1},{"items":{"$ref":"#"},"minItems":1}]}`, nested(60), dear},
		{"where it leads is not known", `{"$dynamicRef":"#a","$defs":{"a":{"$dynamicAnchor":"a"}}}`, `1`, "$dynamicRef is not taken"},
		{"a number that has no form", `{"maximum":1}`, `1e99999999`, large},
		{"one in the schema", `{"const":1e-99999999}`, `1`, large},
		{"a pattern of millions", `{"pattern":"([a-z]bcdefgh){900}"}`, `"x"`, large},
		{"a cycle", `{"allOf":[{"$ref":"#"}]}`, `1`, "reference cycle"},
		{"a schema that is too deep", strings.Repeat(`{"not":`, 200) + "{}" + strings.Repeat("}", 200), `1`, "more than 128 deep"},
		{"deep, and all is well", `{"items":{"$ref":"#"}}`, nested(2000), ""},
		{"as people write them", `{"type":"object","properties":{"say":{"type":"string","pattern":"^[a-z]{1,64}$"},"n":{"enum":[1,2]}},"required":["say"]}`, `{"say":"sold","n":2}`, ""},
	} {
		s, err := ParseSchema([]byte(c.schema))
		if err == nil {
			err = s.Check([]byte(c.doc))
		}
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || len(err.Error()) > 2048) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// FuzzSchema: whatever a schema and a document are, checking the one against the other ends with a line that says what is
// wrong, or with nothing, and a second time with the same.
func FuzzSchema(f *testing.F) {
	f.Add([]byte(`{"type":"object","properties":{"say":{"type":"string","pattern":"^[a-z]{1,64}$"},"n":{"enum":[1,2]}},"required":["say"]}`), []byte(`{"say":"sold","n":2}`))
	f.Add([]byte(`{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"items":{"$ref":"#"}},{"not":{"const":1}}]}}}`), []byte(`[[],[[0]]]`))
	f.Fuzz(func(t *testing.T, schema, doc []byte) {
		s, err := ParseSchema(schema)
		if err != nil {
			if !errors.Is(err, ErrSchema) || s != nil || !utf8.ValidString(err.Error()) {
				t.Errorf("error %q", err)
			}
			return
		}
		once, again := s.Check(doc), s.Check(doc)
		if once == nil && again == nil {
			return
		}
		if once == nil || again == nil {
			t.Fatalf("%v, and then %v", once, again)
		}
		if text := once.Error(); len(text) > 2*longestFault || !utf8.ValidString(text) || strings.Contains(text, "\n") {
			t.Errorf("error %q", text)
		}
	})
}
