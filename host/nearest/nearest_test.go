package nearest

import (
	"strings"
	"testing"
)

func TestWord(t *testing.T) {
	long := strings.Repeat("x", longest)
	for _, c := range []struct {
		written string
		known   []string
		want    string
	}{
		{"clam", []string{"claim", "calm"}, "calm"}, // two letters swapped are one slip; of equals the first
		{"gavle", []string{"bounce", "gavel"}, "gavel"},
		{"Subtitel", []string{"title", "subtitle"}, "subtitle"},
		{"bymood", []string{"byMood"}, "byMood"},
		{"expresions", []string{"expressions"}, "expressions"},
		{"logs", []string{"say", "log"}, "log"},
		{"tim", []string{"time", "tide"}, "time"},
		{"ab", []string{"b", "a"}, ""}, // as far as from nothing at all
		{"xy", []string{"ab"}, ""},
		{"capabilities", []string{"kapabilitees"}, "kapabilitees"},
		{"capabilities", []string{"kopobolotees"}, ""}, // more than a third
		{"bb", []string{"bba", "abb", "bab"}, "abb"},
		{"zz", []string{"aaa", "zzz"}, "zzz"},
		{"", []string{"a", "abc"}, ""},
		{"", nil, ""},
		{"café", []string{"cafè"}, "cafè"},
		{long, []string{long[1:]}, long[1:]},
		{long + "x", []string{long}, ""},
		{long, []string{long + "x"}, ""},
	} {
		if got := Word(c.written, c.known); got != c.want {
			t.Errorf("%q among %q: %q, want %q", c.written, c.known, got, c.want)
		}
	}
}

// FuzzDistance: it is the same both ways, 0 for the same word alone, and a slip costs one at most.
func FuzzDistance(f *testing.F) {
	f.Add("calm", "clam")
	f.Add("", "x")
	f.Add("subtitel", "title")
	f.Fuzz(func(t *testing.T, a, b string) {
		a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a)-len(b), len(b)-len(a)) {
			t.Errorf("%q and %q: %d, the other way %d", a, b, d, distance(b, a))
		}
		if more := distance(a+"x", b); more < d-1 || more > d+1 {
			t.Errorf("%q and %q: %d, a letter more: %d", a, b, d, more)
		}
	})
}
