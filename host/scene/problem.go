package scene

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a scene file.
type Problem struct {
	File    string
	Line    int
	Field   string // path of the field, such as layers[3].style.colour
	Message string // what is wrong and how to mend it
}

func (p Problem) String() string {
	where := fmt.Sprintf("%s:%d", p.File, p.Line)
	if p.Field == "" {
		return where + ": " + p.Message
	}
	return where + ": " + p.Field + ": " + p.Message
}

// Error holds every mistake found in one file, in the order of their lines.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearest is the word of a set that is closest to the one written, or nothing when none is close.
func nearest(word string, set []string) string {
	best, dist := "", max(2, len(word)/3)+1
	for _, s := range set {
		if d := distance(strings.ToLower(word), s); d < dist {
			best, dist = s, d
		}
	}
	return best
}

// suggest words the hint behind a wrong name.
func suggest(word string, set []string) string {
	if n := nearest(word, set); n != "" {
		return fmt.Sprintf("did you mean %q? known are %s", n, strings.Join(set, ", "))
	}
	return "known are " + strings.Join(set, ", ")
}

// distance is Levenshtein's, on bytes; words longer than any name are far from all of them.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diag := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diag
			if a[i] != b[j] {
				cost++
			}
			diag = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
