package jsbuild

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDepth bounds how deep a script can nest, counted in tokens that are open at once. The bundler recurses, and a Go
// program that runs out of stack cannot be saved; so what may go too deep is refused before it gets there. Scripts of
// people stay below a few hundred.
const maxDepth = 8000

// checkDepth refuses text whose syntax tree might be deeper than maxDepth. Each level of a tree has a token of its own
// that is not closed yet: an open bracket, or one before it in the same statement. So the tokens since the last
// separator, summed over the open brackets, bound the depth, whatever the grammar.
//
// For the bound to hold, text must not pass for a string or comment here and for code there. The one place where that
// hangs on the grammar is a slash, which divides or begins a regular expression; where it may be either and it matters,
// the text is refused.
func checkDepth(name, text string) error {
	s := &scanner{text: text, line: 1, open: []level{{}}}
	for s.pos < len(s.text) && s.problem == "" {
		s.token()
	}
	if s.problem != "" {
		return fmt.Errorf("%s:%d: %s", name, s.line, s.problem)
	}
	return nil
}

// level is an open bracket.
type level struct {
	tokens   int
	template bool   // ${ of a template, after which its text goes on
	before   string // word before the bracket
}

// scanner goes over the tokens of a script.
type scanner struct {
	text    string
	pos     int
	line    int
	open    []level
	depth   int    // tokens of all open levels
	last    string // token, a word as it is, "" at the start
	prior   string // the token before
	dotted  bool   // last is a name after a dot, not a keyword
	before  string // what stood before the brackets that last closes
	fresh   bool   // only blanks so far on this line
	problem string
}

func (s *scanner) rest() string { return s.text[s.pos:] }

func (s *scanner) token() {
	r, n := utf8.DecodeRuneInString(s.rest())
	switch {
	case lineEnd(r):
		s.newline(r)
		s.pos += n
	case blank(r):
		s.pos += n
	case strings.HasPrefix(s.rest(), "//") || strings.HasPrefix(s.rest(), "#!") && s.pos == 0:
		s.toLineEnd()
	case strings.HasPrefix(s.rest(), "/*"):
		s.blockComment()
	case strings.HasPrefix(s.rest(), "<!--") || s.fresh && strings.HasPrefix(s.rest(), "-->"):
		s.problem = "<!-- and --> may be comments; put blanks between the signs"
	case r == '/':
		s.slash()
	case r == '"' || r == '\'':
		s.quoted(byte(r))
	case r == '`':
		s.count("`", 1)
		s.template()
	case wordRune(r):
		s.word()
	default:
		s.sign(string(r), n)
	}
}

func lineEnd(r rune) bool { return r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029' }

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Zs, r) || r == '\ufeff' }

func wordRune(r rune) bool {
	return r == '_' || r == '$' || r == '\\' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		r >= utf8.RuneSelf && !blank(r) && !lineEnd(r)
}

func (s *scanner) newline(r rune) {
	if r != '\r' {
		s.line++
	}
	s.fresh = true
}

// count takes a token of n bytes.
func (s *scanner) count(token string, n int) {
	s.dotted = s.last == "." || s.last == "#"
	s.prior, s.last, s.fresh = s.last, token, false
	s.pos += n
	s.open[len(s.open)-1].tokens++
	if s.depth++; s.depth > maxDepth {
		s.problem = fmt.Sprintf("nested too deep, or a statement too long: %d tokens since what could end it; end statements with a semicolon", maxDepth)
	}
}

func (s *scanner) word() {
	end := s.pos
	for end < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.text[end:])
		if !wordRune(r) {
			break
		}
		end += n
	}
	s.count(s.text[s.pos:end], end-s.pos)
}

func (s *scanner) sign(sign string, n int) {
	before := s.last
	if s.dotted {
		before = ""
	}
	if sign == ">" && before == "=" && s.text[s.pos-1] == '=' {
		sign = "=>"
	}
	switch s.count(sign, n); sign {
	case "(", "[", "{":
		s.open = append(s.open, level{before: before})
	case ")", "]", "}":
		s.close(sign)
	case ";", ",":
		s.restart()
	}
}

// restart begins a new statement or element on the level that is open.
func (s *scanner) restart() {
	top := &s.open[len(s.open)-1]
	s.depth -= top.tokens
	top.tokens = 0
}

func (s *scanner) close(sign string) {
	if len(s.open) == 1 {
		return // too many; the bundler says so
	}
	s.restart()
	top := s.open[len(s.open)-1]
	s.open, s.before = s.open[:len(s.open)-1], top.before
	if top.template && sign == "}" {
		s.template()
	}
}

func (s *scanner) toLineEnd() {
	for s.pos < len(s.text) {
		r, n := utf8.DecodeRuneInString(s.rest())
		if lineEnd(r) {
			return
		}
		s.pos += n
	}
}

func (s *scanner) blockComment() {
	n := strings.Index(s.text[s.pos+2:], "*/")
	if n < 0 {
		s.pos = len(s.text) // the bundler says so
		return
	}
	s.line += strings.Count(s.text[s.pos:s.pos+2+n], "\n")
	s.pos += n + 4
}

// quoted passes over a string, which ends with its line unless a backslash stands there.
func (s *scanner) quoted(quote byte) {
	end := s.pos + 1
	for end < len(s.text) && s.text[end] != quote && s.text[end] != '\n' && s.text[end] != '\r' {
		if s.text[end] == '\\' {
			end++
			if strings.HasPrefix(s.text[end:], "\r\n") {
				end++
			}
		}
		end++
	}
	end = min(end+1, len(s.text))
	s.line += strings.Count(s.text[s.pos:end], "\n")
	s.count("x", end-s.pos)
}

// template passes over the text of a template, to its end or to the next expression in it.
func (s *scanner) template() {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '`':
			s.last, s.dotted = "x", false
			s.pos++
			return
		case c == '\\':
			s.pos++
		case strings.HasPrefix(s.rest(), "${"):
			s.count("{", 2)
			s.open = append(s.open, level{template: true})
			return
		case c == '\n':
			s.line++
		}
		s.pos++
	}
}

// slash tells a division from a regular expression.
func (s *scanner) slash() {
	end, whole := s.regexp()
	switch s.slashAfter(s.last) {
	case regexpFollows:
		s.count("x", end-s.pos)
	case either:
		if whole {
			s.problem = "this / may divide or begin a regular expression; put the expression before it, or the regular expression, in parentheses"
			return
		}
		fallthrough
	default:
		s.count("/", 1)
	}
}

// regexp gives where a regular expression would end, and whether there is an end to it on this line.
func (s *scanner) regexp() (end int, whole bool) {
	class := false
	for i := s.pos + 1; i < len(s.text); {
		r, n := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case lineEnd(r):
			return i, false
		case r == '\\':
			_, m := utf8.DecodeRuneInString(s.text[i+1:])
			if next, _ := utf8.DecodeRuneInString(s.text[i+1:]); !lineEnd(next) {
				n += m
			}
		case r == '[':
			class = true
		case r == ']':
			class = false
		case r == '/' && !class:
			return i + 1, true
		}
		i += n
	}
	return len(s.text), false
}

// What a slash does after a token.
const (
	divides = iota
	regexpFollows
	either
)

func (s *scanner) slashAfter(token string) int {
	switch token {
	case "]", "x":
		return divides
	case ")":
		switch s.before {
		case "if", "while", "for", "with":
			return regexpFollows
		case "await":
			return either
		}
		return divides
	case "", "(", "[", "{", ",", ";", ":", "=", "=>", "?", "&", "|", "^", "~", "*", "%", "<":
		return regexpFollows
	case "!": // before its operand, or TypeScript's mark behind one
		if s.prior != "!" && s.slashAfter(s.prior) == regexpFollows {
			return regexpFollows
		}
		return either
	case "return", "typeof", "case", "in", "delete", "void", "throw", "new", "instanceof", "do", "else", "extends", "default":
		if s.dotted {
			return divides
		}
		return regexpFollows
	case "of", "yield", "await", "async", "as", "is", "satisfies":
		return either
	}
	if r, _ := utf8.DecodeRuneInString(token); wordRune(r) {
		return divides
	}
	return either // such as } of a block or of a value, > of a comparison or of types, x++ and + /x/
}
