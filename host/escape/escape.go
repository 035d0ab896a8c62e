// Package escape keeps the words of strangers from being markup.
package escape

import "strings"

// Markdown is text for a line or the cell of a table: on one line, with nothing in it that means something in Markdown.
func Markdown(s string) string {
	var b strings.Builder
	for _, r := range strings.Join(strings.Fields(s), " ") {
		if strings.ContainsRune("\\`*_{}[]<>()#|!&~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
