package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// explain says what the library stumbled over, in words for people who do not know how YAML is read. The library names the
// place where it could not go on; where the mistake is more likely to be in another line, that one is named.
func explain(b []byte, err error) *Mistake {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		return &Mistake{1, 1, "this cannot be read: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if e.Stage == yaml.ReaderStage {
		return unreadable(b, e)
	}
	t := split(b)
	m := t.explain(e.Message, e.ContextMsg, e.Mark, e.ContextMark)
	m.Line, m.Column = min(max(m.Line, 1), len(t)), max(m.Column, 1)
	return m
}

// unreadable explains what is no text; there the library counts bytes.
func unreadable(b []byte, e *yaml.LoadError) *Mistake {
	m, good := &Mistake{What: "an invisible control character stands here; delete it"}, min(e.Mark.Index, len(b))
	if !utf8.Valid(b) {
		m.What, good = "this is not UTF-8; save the file as UTF-8", 0
		for r, size := utf8.DecodeRune(b); r != utf8.RuneError || size != 1; r, size = utf8.DecodeRune(b[good:]) {
			good += size
		}
	}
	t := split(b[:good])
	m.Line, m.Column = len(t), len(t[len(t)-1])+1
	return m
}

func at(m yaml.Mark, format string, args ...any) *Mistake {
	return &Mistake{m.Line, m.Column, fmt.Sprintf(format, args...)}
}

// explain is given the place where the library stopped, and where that began which it was reading.
func (t text) explain(what, reading string, stop, begin yaml.Mark) *Mistake {
	switch {
	case strings.Contains(what, "tab character"), strings.Contains(what, "cannot start any token") && t.sign(stop) == '\t':
		return at(stop, "a tab stands here; indent with spaces")
	case strings.HasPrefix(t.rest(yaml.Mark{Line: stop.Line, Column: 1}), "%"):
		return &Mistake{stop.Line, 1, "a line that begins with % is not taken; leave it out, or put the text in quotes"}
	case strings.HasPrefix(what, "exceeded max depth"):
		return at(stop, "nested too deep")
	case strings.HasPrefix(what, "unknown anchor"):
		name, _, _ := strings.Cut(t.rest(stop), " ")
		return at(stop, "%s", noAlias(name))
	case strings.Contains(reading, "quoted"):
		return t.inQuotes(what, stop, begin)
	case what == "could not find expected ':'":
		return t.noColon(begin.Line)
	case what == "mapping values are not allowed in this context":
		return t.strayColon(stop)
	case what == "block sequence entries are not allowed in this context":
		return at(stop, `a list begins on a line of its own; put a text that begins with "- " in quotes`)
	case what == "found unexpected content after document-end marker":
		return &Mistake{stop.Line, 1, `a line cannot begin with "..."; put the text in quotes`}
	case what == "found a comment without preceding whitespace":
		return at(stop, "put a space before the #")
	case strings.HasPrefix(what, "did not find expected ','"):
		return t.inBrackets(stop, begin)
	case what == "did not find expected node content" && strings.Contains(reading, "flow"):
		return t.noValue(stop)
	case what == "did not find expected key", what == "did not find expected '-' indicator", what == "did not find expected <document start>":
		return t.tooMuch(what, stop, begin)
	}
	// What remains are texts that begin with a sign of YAML's own.
	if begin.Line == 0 {
		begin = stop
	}
	if s := t.sign(begin); s != 0 && strings.ContainsRune("@`%*&!|>?,]}", s) {
		return at(begin, "a text cannot begin with %q; put it in quotes", string(s))
	}
	return at(stop, "this cannot be read: %s", what)
}

func (t text) inQuotes(what string, stop, begin yaml.Mark) *Mistake {
	switch {
	case strings.HasPrefix(what, "found unexpected"): // end of the file, or of the document
		return at(begin, "the quote that opens here is not closed")
	case what == "found unknown escape character":
		return at(stop, `%.2s means nothing inside of "…"; write \\ for a backslash`, t.rest(stop))
	case what == "found invalid Unicode character escape code":
		return at(stop, "this escape is no character; write the character itself")
	}
	return at(stop, `a number is missing: \x wants 2 hexadecimal digits, \u 4 and \U 8; write \\ for a backslash`)
}

// noColon explains a line that should be a key and its value.
func (t text) noColon(line int) *Mistake {
	said := t.said(line)
	m := &Mistake{line, t.indent(line), "this line has no colon; write key: value, or put a text of several lines in quotes"}
	switch i := strings.IndexByte(said, ':'); {
	case strings.HasPrefix(said, "-"):
		m.What = `there is no space behind the dash; write "- " before an entry`
	case i > 0 && strings.HasPrefix(said[i+1:], "\u00a0"):
		m.What = "the space behind the colon is not a plain one; type it anew"
	case i > 0:
		m.What = "there is no space behind the colon; write key: value"
	}
	return m
}

// strayColon explains a colon where a value has begun already: in the same line, or in one above.
func (t text) strayColon(stop yaml.Mark) *Mistake {
	above := t.above(stop.Line)
	if above == 0 || hasKey(t.before(stop)) {
		return at(stop, "a colon stands inside of a text; put the text in quotes")
	}
	if open, ok := t.open(stop); ok {
		return at(open, "the %c that opens here is not closed", t.sign(open))
	}
	if hasKey(t.said(above)) {
		return at(yaml.Mark{Line: stop.Line, Column: t.indent(stop.Line)}, "this line is indented deeper than line %d, which has its value already; let both begin in the same column", above)
	}
	// The text above has no key. It goes on from a key further up, or is one that lacks its colon.
	first := above
	for {
		next := t.above(first)
		if next == 0 || t.indent(next) < t.indent(first) && strings.HasSuffix(t.said(next), ":") {
			break
		}
		if hasKey(t.said(next)) {
			return at(stop, "a colon stands inside of a text that goes on from line %d; put the text in quotes, or indent this line less", next)
		}
		first = next
	}
	return t.noColon(first)
}

// inBrackets explains what stands where a comma or the closing bracket should.
func (t text) inBrackets(stop, begin yaml.Mark) *Mistake {
	closing := ']'
	if t.sign(begin) == '{' {
		closing = '}'
	}
	above, late := t.above(stop.Line), t.lateQuote(stop)
	switch {
	case late != nil:
		return late
	case stop.Line == begin.Line && t.rest(stop) != "":
		return at(stop, "a comma or a %c is missing before this; put a text with [ ] { } , or a colon in quotes", closing)
	case t.rest(stop) != "" && t.indent(stop.Line) > t.indent(begin.Line) && above >= begin.Line:
		return &Mistake{above, len(t.line(above)) + 1, "a comma is missing at the end of this line"}
	}
	return at(begin, "the %c that opens here is not closed", t.sign(begin))
}

// noValue explains brackets that have something else where a value should be.
func (t text) noValue(stop yaml.Mark) *Mistake {
	if s := t.sign(stop); s != 0 {
		return at(stop, "a value is missing before this %c; if it is part of a text, put the text in quotes", s)
	}
	if open, ok := t.open(stop); ok {
		return at(open, "the %c that opens here is not closed", t.sign(open))
	}
	return at(stop, "the file ends inside of brackets; close them")
}

// tooMuch explains what stands behind something that is complete, on the same line or on one that is indented like none
// above it.
func (t text) tooMuch(what string, stop, begin yaml.Mark) *Mistake {
	before, sign, above := strings.TrimRight(t.before(stop), " "), t.sign(stop), t.above(stop.Line)
	switch {
	case sign == ']' || sign == '}':
		return at(stop, "there is one %c too many", sign)
	case strings.HasSuffix(before, "}"), strings.HasSuffix(before, "]"):
		return at(stop, "this stands behind a closing bracket; put a text that begins with { or [ in quotes")
	case strings.HasSuffix(before, `"`), strings.HasSuffix(before, "'"):
		if late := t.lateQuote(stop); late != nil {
			return late
		}
		return at(stop, `this stands behind a closing quote; inside of "…" write \" for a quote, inside of '…' write ''`)
	case strings.TrimLeft(before, "- ") != "":
		return at(stop, "this does not belong here; a line break, a comma or a quote may be missing")
	case above > 0 && t.indent(above) == stop.Column && !hasKey(t.said(above)):
		return t.noColon(above)
	case strings.Contains(what, "'-'") && stop.Column == begin.Column:
		return at(stop, `this stands in the column of the list that begins in line %d; write "- " before an entry, or indent it differently`, begin.Line)
	}
	return at(stop, "this line begins in column %d, like none above that it could belong to; indent it like its neighbours", stop.Column)
}

// lateQuote finds the quote that ends before a place and began in a line above: its own end is missing, and what ends it
// was to begin the next one.
func (t text) lateQuote(stop yaml.Mark) *Mistake {
	before := []rune(strings.TrimRight(t.before(stop), " "))
	if len(before) == 0 || before[len(before)-1] != '"' && before[len(before)-1] != '\'' {
		return nil
	}
	open, ok := t.quote(stop.Line, before)
	if !ok || open.Line == stop.Line {
		return nil
	}
	return at(open, "the quote that opens here is closed in line %d; does it lack its end?", stop.Line)
}

// text is the lines of a file.
type text [][]rune

// split ends lines where the library does.
func split(b []byte) text {
	t := text{nil}
	var last rune
	for _, r := range string(bytes.TrimPrefix(b, []byte("\ufeff"))) {
		switch {
		case r == '\n' && last == '\r':
		case strings.ContainsRune("\r\n\u0085\u2028\u2029", r):
			t = append(t, nil)
		default:
			t[len(t)-1] = append(t[len(t)-1], r)
		}
		last = r
	}
	return t
}

// line is empty where there is none.
func (t text) line(n int) []rune {
	if n < 1 || n > len(t) {
		return nil
	}
	return t[n-1]
}

// before and rest are what stands on the line of a place, up to it and from it on.
func (t text) before(m yaml.Mark) string {
	l := t.line(m.Line)
	return string(l[:min(max(m.Column-1, 0), len(l))])
}

func (t text) rest(m yaml.Mark) string {
	l := t.line(m.Line)
	return strings.TrimSpace(string(l[min(max(m.Column-1, 0), len(l)):]))
}

// sign is the character at a place, 0 at the end of a line.
func (t text) sign(m yaml.Mark) rune {
	if l := t.line(m.Line); m.Column >= 1 && m.Column <= len(l) {
		return l[m.Column-1]
	}
	return 0
}

// indent is the column in which what a line says begins.
func (t text) indent(n int) int {
	column := 1
	for _, r := range t.line(n) {
		if r != ' ' {
			break
		}
		column++
	}
	return column
}

// said is a line without what is around it: space, the dashes of a list, a comment.
func (t text) said(n int) string {
	s := strings.TrimSpace(string(t.line(n)))
	for strings.HasPrefix(s, "- ") {
		s = strings.TrimSpace(s[2:])
	}
	if i := strings.Index(" "+s, " #"); i >= 0 {
		s = strings.TrimSpace(s[:max(i-1, 0)])
	}
	return s
}

// above is the nearest line above one that says something, 0 when there is none.
func (t text) above(n int) int {
	for n--; n > 0 && t.said(n) == ""; n-- {
	}
	return n
}

// hasKey reports whether a line has a colon that ends a key.
func hasKey(s string) bool { return strings.Contains(s, ": ") || strings.HasSuffix(s, ":") }

// open looks for the last bracket before a place that begins a value and is not closed.
func (t text) open(stop yaml.Mark) (m yaml.Mark, ok bool) {
	opens := map[rune]rune{']': '[', '}': '{'}
	var closed []rune
	for n := min(stop.Line, len(t)); n > 0; n-- {
		l := t.line(n)
		if n == stop.Line {
			l = []rune(t.before(stop))
		}
		for i := len(l) - 1; i >= 0; i-- {
			switch {
			case l[i] == ']' || l[i] == '}':
				closed = append(closed, opens[l[i]])
			case l[i] != '[' && l[i] != '{':
			case len(closed) > 0 && closed[len(closed)-1] == l[i]:
				closed = closed[:len(closed)-1]
			default:
				if s := strings.TrimRight(string(l[:i]), " "); s == "" || strings.ContainsAny(s[len(s)-1:], ":-,[{") {
					return yaml.Mark{Line: n, Column: i + 1}, true
				}
			}
		}
	}
	return m, false
}

// quote looks for where a text in quotes began that ends with what stands before a place.
func (t text) quote(line int, before []rune) (m yaml.Mark, ok bool) {
	q := before[len(before)-1]
	for l := before[:len(before)-1]; line > 0; {
		for i := len(l) - 1; i >= 0; i-- {
			switch {
			case l[i] != q:
			case q == '\'' && i > 0 && l[i-1] == q:
				i--
			case q == '"' && escaped(l[:i]):
			default:
				return yaml.Mark{Line: line, Column: i + 1}, true
			}
		}
		line--
		l = t.line(line)
	}
	return m, false
}

// escaped reports whether a text ends with an odd number of backslashes.
func escaped(l []rune) bool {
	n := 0
	for n < len(l) && l[len(l)-1-n] == '\\' {
		n++
	}
	return n%2 == 1
}
