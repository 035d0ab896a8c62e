package escape

import (
	"fmt"
	"strings"
	"unicode"
)

// Visible is text in which everything can be seen that is there: characters that have no look of their own, that turn the
// others round or that a terminal obeys stand as their number, ⟨U+202E⟩. Line feeds and tabs stay, and so does what joins
// emoji and the letters of scripts that are joined.
func Visible(s string) string {
	var b strings.Builder
	before := rune(0)
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		if hidden(r, before) {
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		} else {
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// fillers are letters and marks that look like nothing.
var fillers = []rune{0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0}

func hidden(r, before rune) bool {
	switch {
	case r == '\n' || r == '\t':
		return false
	case r == 0x200C || r == 0x200D || r == 0xFE0E || r == 0xFE0F: // joiners, and how an emoji looks
		return before <= unicode.MaxASCII && !strings.ContainsRune("0123456789#*", before) || hidden(before, 0)
	case unicode.Is(unicode.Variation_Selector, r):
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) || strings.ContainsRune(string(fillers), r)
}
