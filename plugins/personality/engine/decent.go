package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Words are kept folded: lower case, digits that stand for letters turned back. The lists are short on purpose: they
// keep the worst off the air, and what slips through is never spoken anyway, for only handles are.
var (
	curses   = []string{"fuck", "shit", "cunt", "bitch", "nigg", "fagg", "retard", "asshole"}
	indecent = []string{"fuck", "shit", "cunt", "bitch", "nigg", "fagg", "rape", "nazi", "hitler", "penis", "vagina", "porn", "whore", "slut",
		"retard", "kike", "cock", "dick", "tits", "anal", "kill", "suicide", "pedo", "jizz", "wank"}
)

// hostileWord reports whether a folded word is one of a fight.
func hostileWord(word string) bool {
	switch word {
	case "scam", "scammer", "scammers", "fraud", "rug", "rugpull", "rigged", "fake", "idiot", "idiots", "stupid", "moron", "morons", "trash", "garbage",
		"loser", "losers", "hate", "pathetic", "suck", "sucks", "worthless", "dumb", "clown", "clowns", "shill", "shills", "liar", "liars", "thief", "thieves", "ugly", "die", "kys",
		"shut", "crap", "bullshit", "damn", "cringe", "ponzi":
		return true
	}
	return slices.ContainsFunc(curses, func(c string) bool { return strings.HasPrefix(word, c) })
}

// folded is what each byte of a text becomes: lower case, the usual disguises undone, a space for what is no letter.
var folded = func() (to [256]byte) {
	for b := range to {
		to[b] = ' '
	}
	for b := 'a'; b <= 'z'; b++ {
		to[b], to[b+'A'-'a'] = byte(b), byte(b)
	}
	for from, b := range map[rune]byte{'0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '$': 's', '7': 't'} {
		to[from] = b
	}
	return to
}()

func fold(s string) string {
	b := make([]byte, len(s))
	for i := range b {
		b[i] = folded[s[i]]
	}
	return string(b)
}

// hostile reports whether a post seems to be out for a fight. It is cheap and errs on the side of calm.
func hostile(text string) bool {
	if len(text) > 2000 {
		text = text[:2000]
	}
	for word := range strings.FieldsSeq(fold(text)) {
		if hostileWord(word) {
			return true
		}
	}
	return false
}

// improper errs on the other side: a handle that merely looks wrong is not said.
func improper(word string) bool {
	return slices.ContainsFunc(indecent, func(bad string) bool { return strings.Contains(word, bad) })
}

// says reports whether a text holds a phrase as whole words, whatever the case.
func says(text, phrase string) bool {
	text = strings.ToLower(text)
	for from := 0; ; {
		i := strings.Index(text[from:], phrase)
		if i < 0 || phrase == "" {
			return false
		}
		at, end := from+i, from+i+len(phrase)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		behind, _ := utf8.DecodeRuneInString(text[end:])
		if !inWord(before) && !inWord(behind) {
			return true
		}
		from = at + 1
	}
}

// inWord says that a word goes on with a character. Some scripts put no space between words, so that each begins one.
func inWord(r rune) bool {
	return r == '_' || (unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r)) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai)
}

// handleName is how a handle is spoken: only what X allows in one, without underscores; "" when it had better not be said.
func handleName(handle string) string {
	if handle == "" || len(handle) > 20 {
		return ""
	}
	for i := range len(handle) {
		if b := handle[i] | 0x20; handle[i] != '_' && (b < 'a' || b > 'z') && (handle[i] < '0' || handle[i] > '9') {
			return ""
		}
	}
	if improper(strings.ReplaceAll(fold(strings.ReplaceAll(handle, "_", "")), " ", "")) {
		return ""
	}
	return strings.Join(strings.FieldsFunc(handle, func(r rune) bool { return r == '_' }), " ")
}
