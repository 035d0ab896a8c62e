package wasm

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/plugin"
)

// TestBoundsDocumented: docs/plugin-abi.md names each function of WASI that does something and no other, and each limit.
func TestBoundsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/plugin-abi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "All functions of preview 1 may be imported")
	table, _, _ = strings.Cut(table, "\n\n## ")
	for name := range wasiParams {
		if told := strings.Contains(table, "`"+name+"`"); told != (wasiFuncs[name] != nil) {
			t.Errorf("%s is told: %t", name, told)
		}
	}
	_, limits, _ := strings.Cut(string(doc), "`sothebais_plugin_limits_passed_total`: ")
	limits, _, _ = strings.Cut(limits, ".\n")
	var want []string
	for l := range plugin.Limit(plugin.NumLimits) {
		want = append(want, "`"+l.String()+"`")
	}
	if got := strings.Fields(strings.ReplaceAll(limits, ",", " ")); !slices.Equal(got, want) {
		t.Errorf("the limits are %v, want %v", got, want)
	}
}
