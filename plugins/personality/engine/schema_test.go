package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

const schemaFile = "../../../sdk/schema/personality.json"

func TestSchemaIsWhatParseReads(t *testing.T) {
	want, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(schemaFile); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is out of date (%v); write it with: go test ./personality/engine -run Schema -update", schemaFile, err)
	}
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	b, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("personality.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("personality.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSchemaTakesWhatParseTakes: an editor must not mark what the show would play, and should mark what it would not.
func TestSchemaTakesWhatParseTakes(t *testing.T) {
	s := compiled(t)
	good, err := filepath.Glob("../../*/personality.yaml")
	if err != nil || len(good) < 2 {
		t.Fatal(good, err)
	}
	for _, name := range good {
		if err := s.Validate(read(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	beyond := []string{"alias.yaml", "empty.yaml", "lines.yaml", "list.yaml", "start.yaml", "tab.yaml"} // YAML itself, slots, pools, a mood that is not there
	broken, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(broken) == 0 {
		t.Fatal(err)
	}
	for _, name := range broken {
		if !slices.Contains(beyond, filepath.Base(name)) && s.Validate(read(t, name)) == nil {
			t.Errorf("%s: the schema marks nothing", name)
		}
	}
}

func read(t *testing.T, name string) any {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := yaml.Unmarshal(b, &doc); err != nil {
		return nil
	}
	return doc
}
