package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestOpenAPI keeps the published description, from which the page's client is generated (npm run generate).
func TestOpenAPI(t *testing.T) {
	s, err := New(t.Context(), Config{Password: "x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	const golden = "testdata/openapi.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("the API has changed: run `go test ./host/admin -run OpenAPI -update`, then `npm run generate` in host/admin/ui")
	}
}
