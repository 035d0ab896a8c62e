package ratio

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		goal Goal
		got  float64
		want string
	}{
		{Goal{"a", 5, true}, 5, "RATIO a 5 goal 5 ok"},
		{Goal{"a", 5, true}, 5.001, "RATIO a 5.001 goal 5 short"},
		{Goal{"a", 5, false}, 5, "RATIO a 5 goal 5 ok"},
		{Goal{"a", 5, false}, 4.9, "RATIO a 4.9 goal 5 short"},
		{Goal{"a", 5, false}, math.NaN(), "RATIO a NaN goal 5 short"},
		{Goal{"a", 0, true}, 0, "RATIO a 0 goal 0 ok"},
	} {
		if got, _ := c.goal.Line(c.got); got != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
	}
}

func TestKeep(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.md")
	if err := os.WriteFile(path, []byte("before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter <!-- y:begin --> <!-- y:end -->\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Keep(path, "x", "RATIO a 1 goal 1 ok\n"); err != nil {
		t.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	want := regexp.MustCompile("^before\n<!-- x:begin -->\n```\n.*cores.*\nRATIO a 1 goal 1 ok\n```\n<!-- x:end -->\nafter <!-- y:begin --> <!-- y:end -->\n$")
	if !want.Match(b) {
		t.Errorf("%s", b)
	}
	if err := Keep(path, "z", ""); err == nil {
		t.Error("a block that is not there")
	}
}
