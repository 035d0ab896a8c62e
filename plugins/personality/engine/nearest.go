package engine

import (
	"fmt"
	"slices"
	"strings"
)

// did offers the nearest right word, or lists the right ones when none is near.
func did(word string, right []string) string {
	best, distance := "", 3
	for _, r := range right {
		if d := editDistance(strings.ToLower(word), r); d < distance && d < len(r) {
			best, distance = r, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	list := slices.Sorted(slices.Values(right))
	if len(list) > 24 {
		list = append(list[:24], "…")
	}
	return "there is " + strings.Join(list, ", ")
}

// editDistance is Levenshtein's, on bytes; words longer than 40 are as far as can be.
func editDistance(a, b string) int {
	if len(a) > 40 || len(b) > 40 {
		return 99
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
