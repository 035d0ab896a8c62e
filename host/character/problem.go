package character

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/nearest"
)

// Problem is one thing that is wrong with a file of a character, and how to mend it.
type Problem struct {
	File string // as named inside the character's folder
	Line int    // 0 when the whole file is meant
	At   string // path inside the file, such as expressions.happy.eyes
	What string
	Hint string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.At != "" {
		b.WriteString(p.At + ": ")
	}
	b.WriteString(p.What)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a character at once, so that it is mended in one go.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// hint is what to write in place of a word that is none of the known ones.
func hint(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	if n := nearest.Word(word, known); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	known = slices.Sorted(slices.Values(known))
	const most = 24
	if len(known) > most {
		known = append(known[:most], "…")
	}
	return "known are " + strings.Join(known, ", ")
}
