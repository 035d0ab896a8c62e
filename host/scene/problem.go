package scene

import (
	"fmt"
	"strings"

	"github.com/sothebais/sothebais/host/nearest"
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

// suggest words the hint behind a wrong name.
func suggest(word string, set []string) string {
	if n := nearest.Word(word, set); n != "" {
		return fmt.Sprintf("did you mean %q? known are %s", n, strings.Join(set, ", "))
	}
	return "known are " + strings.Join(set, ", ")
}
