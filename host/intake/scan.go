package intake

import (
	"strings"
	"unicode"
)

// kind is what a piece of a post is to the grammar.
type kind uint8

const (
	other  kind = iota // punctuation, symbols, emoji
	word               // letters, digits after the first letter, apostrophes between letters
	number             // an amount, or what tries to be one
	skip               // handle, tag, link, address: holds no amount
)

type token struct {
	kind       kind
	start, end int    // in runes
	text       string // folded and in lower case
	num        amount // of a number
}

// text is a post, rune by rune: as it came, and folded.
type text struct {
	orig, t []rune
}

func foldText(s string) text {
	orig := []rune(s)
	t := make([]rune, len(orig))
	for i, r := range orig {
		t[i] = fold(unicode.ToLower(r))
	}
	return text{orig, t}
}

// fold maps full-width forms, spaces and every decimal digit to ASCII, and the letter Xi to the sign for ether.
func fold(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFEE0
	case r == 0x3000 || unicode.Is(unicode.Zs, r):
		return ' '
	case r == 'Ξ' || r == 'ξ':
		return 'Ξ'
	case r == '’' || r == 'ʼ':
		return '\''
	case unicode.Is(unicode.Nd, r):
		return '0' + digitValue(r)
	}
	return r
}

// digitValue relies on Unicode's promise that decimal digits stand in runs of ten, from zero.
func digitValue(r rune) rune {
	for _, rg := range unicode.Nd.R16 {
		if lo, hi := rune(rg.Lo), rune(rg.Hi); r >= lo && r <= hi {
			return (r - lo) % 10
		}
	}
	for _, rg := range unicode.Nd.R32 {
		if lo, hi := rune(rg.Lo), rune(rg.Hi); r >= lo && r <= hi {
			return (r - lo) % 10
		}
	}
	return 0
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }
func isSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' }

// isLetter is true of what words are made of; the marks belong to the scripts that need them.
func isLetter(r rune) bool {
	return r != 'Ξ' && unicode.IsLetter(r)
}

// deceives is true of what a reader does not see, or sees as something else: invisible and direction-changing
// characters, combining marks, numbers that are no digits, private use.
func deceives(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Cf, unicode.Mn, unicode.Me, unicode.No, unicode.Nl, unicode.Co) || r == unicode.ReplacementChar
}

// turns is true of the characters that change the direction of reading, wherever they stand.
func turns(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x061C || r == 0x200E || r == 0x200F
}

func (x text) at(i int) rune {
	if i < 0 || i >= len(x.t) {
		return ' '
	}
	return x.t[i]
}

func (x text) has(i int, prefix string) bool {
	for j, r := range []rune(prefix) {
		if x.at(i+j) != r {
			return false
		}
	}
	return true
}

// scan cuts a post into tokens; spaces are left out.
func (x text) scan() []token {
	var out []token
	for i := 0; i < len(x.t); {
		if isSpace(x.t[i]) {
			i++
			continue
		}
		tok := x.next(i)
		tok.start, tok.text = i, string(x.t[i:tok.end])
		out = append(out, tok)
		i = tok.end
	}
	return out
}

func (x text) next(i int) token {
	r := x.t[i]
	switch {
	case x.has(i, "http://") || x.has(i, "https://"):
		return token{kind: skip, end: x.while(i, func(r rune) bool { return !isSpace(r) })}
	case (r == '@' || r == '#') && isName(x.at(i+1)):
		return token{kind: skip, end: x.while(i+1, isName)}
	case x.isHex(i):
		return token{kind: skip, end: x.while(i, isName)}
	case isLetter(r):
		return token{kind: word, end: x.wordEnd(i)}
	case r == 'Ξ' || isDigit(r) || r == '.' && isDigit(x.at(i+1)):
		a, end := x.amount(i)
		return token{kind: number, num: a, end: end}
	}
	return token{kind: other, end: x.symbolEnd(i)}
}

func isName(r rune) bool { return r == '_' || unicode.IsLetter(r) || isDigit(r) }

// isHex is true at an address or a hash: shorter ones could be meant as numbers.
func (x text) isHex(i int) bool {
	if !x.has(i, "0x") {
		return false
	}
	n := x.while(i+2, func(r rune) bool { return isDigit(r) || r >= 'a' && r <= 'f' }) - i - 2
	return n >= 8
}

func (x text) while(i int, f func(rune) bool) int {
	for i < len(x.t) && f(x.t[i]) {
		i++
	}
	return i
}

// wordEnd takes in the marks that some scripts write on their letters, and apostrophes as in "don't".
func (x text) wordEnd(i int) int {
	for i < len(x.t) {
		r := x.t[i]
		inner := r == '\'' && isLetter(x.at(i+1))
		if !isLetter(r) && !isDigit(r) && !unicode.In(r, unicode.Mn, unicode.Mc) && !inner {
			break
		}
		i++
	}
	return i
}

// symbolEnd takes the joiners and selectors of an emoji along with it, which are harmless there.
func (x text) symbolEnd(i int) int {
	if !unicode.In(x.t[i], unicode.So) {
		return i + 1
	}
	return x.while(i+1, func(r rune) bool {
		return r == 0xFE0F || r == 0x200D || r >= 0x1F3FB && r <= 0x1F3FF || r >= 0xE0020 && r <= 0xE007F || unicode.Is(unicode.So, r)
	})
}

func (x text) original(t token) string { return strings.TrimSpace(string(x.orig[t.start:t.end])) }
