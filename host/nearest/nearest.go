// Package nearest finds the word that somebody meant.
package nearest

import "strings"

// longest is how many bytes a word may have; a longer one was hardly mistyped.
const longest = 64

// Word is the known word that is nearest to the one written, and empty when none is so near that it was likely meant: a
// third of its letters may be wrong, two in any case, but not all. Case does not count; of equally near words the first by
// the alphabet is it.
func Word(written string, known []string) string {
	if len(written) > longest {
		return ""
	}
	lower := strings.ToLower(written)
	best, least := "", max(2, len(written)/3)+1
	for _, k := range known {
		if len(k) > longest {
			continue
		}
		d := distance(lower, strings.ToLower(k))
		if d < len(k) && (d < least || d == least && best != "" && k < best) {
			best, least = k, d
		}
	}
	return best
}

// distance is the number of bytes to change, add, drop or swap with the next one.
func distance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			change := prev[j-1]
			if a[i-1] != b[j-1] {
				change++
			}
			cur[j] = min(change, prev[j]+1, cur[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
