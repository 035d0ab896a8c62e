package character

import (
	"fmt"
	"slices"
	"strings"
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

// nearest is the hint for a word that is none of the known ones.
func nearest(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(known)) // equally near ones must not take turns
	best, dist := "", len(word)/2+1
	for _, k := range sorted {
		if d := distance(word, k); d < dist {
			best, dist = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	const most = 24
	if len(sorted) > most {
		sorted = append(sorted[:most], "…")
	}
	return "known are " + strings.Join(sorted, ", ")
}

// distance is the number of letters to change, add, drop or swap with the next one; long words are cut.
func distance(a, b string) int {
	const most = 48
	a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	var before, prev, cur [most + 1]int
	for j := range prev[:len(b)+1] {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(b)]
}
