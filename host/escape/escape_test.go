package escape

import (
	"strings"
	"testing"
)

func TestMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"bid 1.5 ETH":             "bid 1.5 ETH",
		" two\n lines\t":          "two lines",
		"a | b":                   `a \| b`,
		"[here](https://x.test)":  `\[here\]\(https://x.test\)`,
		"<b>**loud**</b> &amp; _": `\<b\>\*\*loud\*\*\</b\> \&amp; \_`,
		`\| # !`:                  `\\\| \# \!`,
		"🦊 fox":                   "🦊 fox",
	} {
		if got := Markdown(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// FuzzMarkdown: whatever the text, it stays on one line, and its words are what they were.
func FuzzMarkdown(f *testing.F) {
	f.Add("a | b\n# c")
	f.Add("\\\x00")
	f.Fuzz(func(t *testing.T, s string) {
		got := Markdown(s)
		if strings.ContainsAny(got, "\n\r") {
			t.Errorf("%q becomes %q, which is more than a line", s, got)
		}
		var back strings.Builder
		for i := 0; i < len(got); i++ {
			if got[i] == '\\' {
				i++
			}
			back.WriteByte(got[i])
		}
		if want := strings.ToValidUTF8(strings.Join(strings.Fields(s), " "), "\ufffd"); strings.ReplaceAll(back.String(), "\ufffd", "") != strings.ReplaceAll(want, "\ufffd", "") {
			t.Errorf("%q becomes %q, which says %q", s, got, back.String())
		}
	})
}
