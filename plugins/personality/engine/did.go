package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/plugins/personality/nearest"
)

// did offers the nearest right word, or lists the right ones when none is near.
func did(word string, right []string) string {
	if best := nearest.Word(word, right); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(right) == 0 {
		return "the file has none"
	}
	return "there is " + listed(right)
}

// listed names words in their order, and not too many.
func listed(words []string) string {
	list := slices.Sorted(slices.Values(words))
	if len(list) > 24 {
		list = append(list[:24], "…")
	}
	return strings.Join(list, ", ")
}
