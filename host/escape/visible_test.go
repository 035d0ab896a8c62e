package escape

import (
	"strings"
	"testing"
	"unicode"
)

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "",
		"One of one.\n\tYes: 1.5 ETH":    "One of one.\n\tYes: 1.5 ETH",
		"\x1b[8mhidden\x1b[0m":           "⟨U+001B⟩[8mhidden⟨U+001B⟩[0m",
		"a\rb":                           "a⟨U+000D⟩b",
		"\u202Egnp.exe":                  "⟨U+202E⟩gnp.exe",
		"zero\u200Bwidth\u200D":          "zero⟨U+200B⟩width⟨U+200D⟩",
		"a\U000E0041\U000E0042":          "a⟨U+E0041⟩⟨U+E0042⟩",
		"\U0001F98A\U000E0100":           "\U0001F98A⟨U+E0100⟩",
		"\u3164\u2028":                   "⟨U+3164⟩⟨U+2028⟩",
		"👩\u200D🎨 1\uFE0F\u20E3 ❤\uFE0F": "👩\u200D🎨 1\uFE0F\u20E3 ❤\uFE0F",
		"می\u200Cخواهم שלום 你好":          "می\u200Cخواهم שלום 你好",
		"a\xffb":                         "a\uFFFDb",
	} {
		if got := Visible(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzVisible: nothing is left that a terminal obeys or that turns text round, and plain text stays as it is.
func FuzzVisible(f *testing.F) {
	f.Add("a\x1b[31m\u202Eb")
	f.Add("👩\u200D🎨")
	f.Fuzz(func(t *testing.T, s string) {
		got := Visible(s)
		for _, r := range got {
			if r != '\n' && r != '\t' && unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
				t.Errorf("%q becomes %q, which has %U", s, got, r)
			}
		}
		if Visible(got) != got {
			t.Errorf("%q becomes %q, and that %q", s, got, Visible(got))
		}
		if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) && got != s {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
