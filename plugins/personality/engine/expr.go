package engine

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sothebais/sothebais/plugins/personality/nearest"
)

// Conditions are a small total language: facts, numbers, "texts", comparison, + - * /, and or not, in (…), says("…").
// There are no loops and nothing can fail once it is compiled; dividing by zero gives zero,
// and what is too large stays at the largest number.
//
//	or    = and { "or" and }
//	and   = not { "and" not }
//	not   = "not" not | cmp
//	cmp   = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=") sum | "in" "(" text { "," text } ")" ]
//	sum   = mul { ("+" | "-") mul }
//	mul   = unit { ("*" | "/") unit }
//	unit  = number | text | fact | "says" "(" text { "," text } ")" | "(" or ")" | "-" unit

// expr is a compiled condition or a piece of one; only the function of its type is set.
type expr struct {
	typ  typ
	num  func(*scope) float64
	text func(*scope) string
	flag func(*scope) bool
	fact *fact    // when it is one, and nothing else
	lit  *literal // when it is a text in quotes
}

// literal is a text in quotes, and where it stands.
type literal struct {
	at   int
	text string
}

// exprError is a mistake at a byte of the condition.
type exprError struct {
	at  int
	msg string
}

func (e *exprError) Error() string { return e.msg }

// compileWhen compiles a condition for triggers on an event.
func compileWhen(src, kind string) (when func(*scope) bool, err error) {
	if characters(src) > 500 {
		return nil, &exprError{0, "longer than 500 characters; split the trigger in two"}
	}
	p := &exprParser{src: src, kind: kind}
	defer func() {
		switch thrown := recover().(type) {
		case nil:
		case *exprError:
			when, err = nil, thrown
		default:
			panic(thrown)
		}
	}()
	p.advance()
	x := p.or(0)
	if p.tok != "" {
		p.failf(p.at, "expected the end or an operator, found %s%s", p.found(), p.advice())
	}
	p.want(x, yesNo, 0)
	return x.flag, nil
}

type exprParser struct {
	src, kind string
	pos       int    // behind the token
	at        int    // where the token begins
	tok       string // "" at the end
	lit       bool   // the token is a quoted text, tok its quotes and content
}

func (p *exprParser) failf(at int, format string, args ...any) {
	panic(&exprError{at, fmt.Sprintf(format, args...)})
}

func (p *exprParser) want(x expr, t typ, at int) {
	switch {
	case x.typ == t:
	case t == yesNo && x.typ == number:
		p.failf(at, "this is a number, and a condition is a yes or a no; compare it, as in amount > 1")
	case t == yesNo:
		p.failf(at, `this is a text, and a condition is a yes or a no; compare it, as in leader == "ann"`)
	default:
		p.failf(at, "expected %s, found %s", t, x.typ)
	}
}

func isWord(b byte) bool {
	return b == '_' || b == '.' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

// advance reads the next token.
func (p *exprParser) advance() {
	for p.pos < len(p.src) && (p.src[p.pos] == ' ' || p.src[p.pos] == '\t' || p.src[p.pos] == '\n') {
		p.pos++
	}
	p.at, p.lit = p.pos, false
	rest := p.src[p.pos:]
	switch {
	case rest == "":
		p.tok = ""
		return
	case rest[0] == '"' || rest[0] == '\'':
		end := strings.IndexByte(rest[1:], rest[0])
		if end < 0 {
			p.failf(p.at, "this text has no closing %c", rest[0])
		}
		p.tok, p.lit = rest[:end+2], true
	case isWord(rest[0]):
		n := 1
		for n < len(rest) && isWord(rest[n]) {
			n++
		}
		p.tok = rest[:n]
	case len(rest) > 1 && slices.Contains([]string{"==", "!=", "<=", ">=", "&&", "||", "=>", "=<", "<>"}, rest[:2]):
		p.tok = rest[:2]
	default:
		_, n := utf8.DecodeRuneInString(rest)
		p.tok = rest[:n]
	}
	if right, ok := slips[p.tok]; ok {
		p.failf(p.at, "%q is no operator; did you mean %q?", p.tok, right)
	}
	if strings.Contains("“”„‘’‚«»", p.tok) {
		p.failf(p.at, `%s is no quote here; write "…" with straight quotes`, p.tok)
	}
	p.pos += len(p.tok)
}

// slips are what people write for an operator, and editors of texts make of one.
var slips = map[string]string{"=": "==", "=>": ">=", "=<": "<=", "<>": "!=", "≥": ">=", "≤": "<=", "≠": "!=", "&": "and", "|": "or",
	"×": "*", "÷": "/", "–": "-", "—": "-", "−": "-"}

// advice is what could be meant by what stands where an operator should.
func (p *exprParser) advice() string {
	switch right := nearest.Word(p.tok, []string{"and", "or", "in"}); {
	case p.lit:
	case p.tok == "is":
		return `; did you mean "=="?`
	case right != "":
		return fmt.Sprintf("; did you mean %q?", right)
	case p.tok == "," && p.src[p.at-1] >= '0' && p.src[p.at-1] <= '9':
		return "; a number is written like 1.5"
	}
	return ""
}

func (p *exprParser) take(tok string) bool {
	if p.lit || p.tok != tok {
		return false
	}
	p.advance()
	return true
}

func (p *exprParser) expect(tok string) {
	if !p.take(tok) {
		p.failf(p.at, "expected %q, found %s", tok, p.found())
	}
}

func (p *exprParser) found() string {
	switch {
	case p.tok == "":
		return "the end"
	case p.lit:
		return p.tok
	default:
		return strconv.Quote(p.tok)
	}
}

// maxDepth bounds nesting, so that no file can exhaust the stack.
const maxDepth = 40

func (p *exprParser) or(depth int) expr {
	at := p.at
	x := p.and(depth)
	for p.take("or") || p.take("||") {
		p.want(x, yesNo, at)
		bAt := p.at
		b := p.and(depth)
		p.want(b, yesNo, bAt)
		l, r := x.flag, b.flag
		x = expr{typ: yesNo, flag: func(s *scope) bool { return l(s) || r(s) }}
	}
	return x
}

func (p *exprParser) and(depth int) expr {
	at := p.at
	x := p.not(depth)
	for p.take("and") || p.take("&&") {
		p.want(x, yesNo, at)
		bAt := p.at
		b := p.not(depth)
		p.want(b, yesNo, bAt)
		l, r := x.flag, b.flag
		x = expr{typ: yesNo, flag: func(s *scope) bool { return l(s) && r(s) }}
	}
	return x
}

func (p *exprParser) not(depth int) expr {
	if depth > maxDepth {
		p.failf(p.at, "nested deeper than %d", maxDepth)
	}
	if !p.take("not") && !p.take("!") {
		return p.comparison(depth)
	}
	at := p.at
	x := p.not(depth + 1)
	p.want(x, yesNo, at)
	f := x.flag
	return expr{typ: yesNo, flag: func(s *scope) bool { return !f(s) }}
}

func (p *exprParser) comparison(depth int) expr {
	at := p.at
	x := p.sum(depth)
	if p.take("in") {
		p.want(x, words, at)
		texts, f := p.texts(), x.text
		var list []string
		for i := range texts {
			p.couldBe(x.fact, &texts[i])
			list = append(list, texts[i].text)
		}
		return expr{typ: yesNo, flag: func(s *scope) bool {
			return slices.ContainsFunc(list, func(text string) bool { return strings.EqualFold(text, f(s)) })
		}}
	}
	op := p.tok
	if p.lit || !slices.Contains([]string{"==", "!=", "<", "<=", ">", ">="}, op) {
		return x
	}
	p.advance()
	bAt := p.at
	b := p.sum(depth)
	if x.typ != b.typ {
		p.failf(bAt, "expected %s, found %s", x.typ, b.typ)
	}
	p.couldBe(x.fact, b.lit)
	p.couldBe(b.fact, x.lit)
	return p.compare(op, at, x, b)
}

// couldBe fails when a fact is of a few words, and a text that it is held against is none of them.
func (p *exprParser) couldBe(f *fact, lit *literal) {
	if f == nil || f.of == nil || lit == nil || slices.ContainsFunc(f.of, func(w string) bool { return strings.EqualFold(w, lit.text) }) {
		return
	}
	p.failf(lit.at, "%s is never %q; %s", f.name, lit.text, did(lit.text, f.of))
}

func (p *exprParser) compare(op string, at int, x, y expr) expr {
	var order func(*scope) int
	switch x.typ {
	case number:
		a, b := x.num, y.num
		order = func(s *scope) int { return three(a(s), b(s)) }
	case words:
		a, b := x.text, y.text
		order = func(s *scope) int { return differ(!strings.EqualFold(a(s), b(s))) }
	default:
		a, b := x.flag, y.flag
		order = func(s *scope) int { return differ(a(s) != b(s)) }
	}
	if x.typ != number && op != "==" && op != "!=" {
		p.failf(at, "%q compares numbers, found %s", op, x.typ)
	}
	test := map[string]func(int) bool{
		"==": func(c int) bool { return c == 0 }, "!=": func(c int) bool { return c != 0 },
		"<": func(c int) bool { return c < 0 }, "<=": func(c int) bool { return c <= 0 },
		">": func(c int) bool { return c > 0 }, ">=": func(c int) bool { return c >= 0 },
	}[op]
	return expr{typ: yesNo, flag: func(s *scope) bool { return test(order(s)) }}
}

// differ orders what has no order.
func differ(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// three compares numbers as people do, to whom 0.33 is ten percent more than 0.3: what lies closer than half a gwei, or
// than arithmetic in binary can tell apart, is the same.
func three(a, b float64) int {
	switch apart := math.Abs(a - b); {
	case apart <= max(0.5e-9, 4e-16*max(math.Abs(a), math.Abs(b))):
		return 0
	case a < b:
		return -1
	default:
		return 1
	}
}

func (p *exprParser) sum(depth int) expr {
	return p.arithmetic(depth, "+", "-", p.product)
}

func (p *exprParser) product(depth int) expr {
	return p.arithmetic(depth, "*", "/", p.unit)
}

func (p *exprParser) arithmetic(depth int, op1, op2 string, part func(int) expr) expr {
	at := p.at
	x := part(depth)
	for !p.lit && (p.tok == op1 || p.tok == op2) {
		op := p.tok
		p.advance()
		p.want(x, number, at)
		bAt := p.at
		y := part(depth)
		p.want(y, number, bAt)
		x = expr{typ: number, num: arithmetic(op, x.num, y.num)}
	}
	return x
}

func arithmetic(op string, a, b func(*scope) float64) func(*scope) float64 {
	switch op {
	case "+":
		return func(s *scope) float64 { return finite(a(s) + b(s)) }
	case "-":
		return func(s *scope) float64 { return finite(a(s) - b(s)) }
	case "*":
		return func(s *scope) float64 { return finite(a(s) * b(s)) }
	default:
		return func(s *scope) float64 {
			d := b(s)
			if d == 0 {
				return 0
			}
			return finite(a(s) / d)
		}
	}
}

// finite keeps what is too large at the largest number, so that all that is computed has an order.
func finite(n float64) float64 { return min(max(n, -math.MaxFloat64), math.MaxFloat64) }

func (p *exprParser) unit(depth int) expr {
	at, tok := p.at, p.tok
	if depth > maxDepth {
		p.failf(at, "nested deeper than %d", maxDepth)
	}
	switch {
	case p.lit:
		p.advance()
		text := tok[1 : len(tok)-1]
		return expr{typ: words, text: func(*scope) string { return text }, lit: &literal{at, text}}
	case p.take("("):
		x := p.or(depth + 1)
		p.expect(")")
		return x
	case p.take("-"):
		x := p.unit(depth + 1)
		p.want(x, number, at)
		f := x.num
		return expr{typ: number, num: func(s *scope) float64 { return -f(s) }}
	case p.take("says"):
		return p.says(at)
	case p.take("true"), p.take("false"):
		return expr{typ: yesNo, flag: func(*scope) bool { return tok == "true" }}
	case tok != "" && (tok[0] >= '0' && tok[0] <= '9' || tok[0] == '.'):
		return p.number()
	case tok != "" && isWord(tok[0]):
		return p.fact()
	default:
		p.failf(at, "expected a fact, a number or a text, found %s", p.found())
		return expr{}
	}
}

func (p *exprParser) number() expr {
	at, tok := p.at, p.tok
	n, err := strconv.ParseFloat(tok, 64)
	if err != nil || strings.ContainsAny(tok, "xXpPnN_") {
		p.failf(at, "%q is not a number; write it like 1.25", tok)
	}
	p.advance()
	return expr{typ: number, num: func(*scope) float64 { return n }}
}

func (p *exprParser) fact() expr {
	at, tok := p.at, p.tok
	if f := factOn(tok, p.kind); f != nil {
		p.advance()
		return expr{typ: f.typ, num: f.num, text: f.text, flag: f.flag, fact: f}
	}
	var on []string
	for i := range facts {
		if facts[i].name == tok {
			on = append(on, facts[i].on...)
		}
	}
	right := factNames(p.kind)
	near := nearest.Word(tok, append(right, "not", "says", "true", "false"))
	switch {
	case on != nil:
		p.failf(at, "%s has no %q; it belongs to %s", p.kind, tok, strings.Join(on, ", "))
	case near != "":
		p.failf(at, "%s has no %q; did you mean %q?", p.kind, tok, near)
	}
	p.failf(at, "%s has no %q; put a text in quotes, or use %s", p.kind, tok, listed(right))
	return expr{}
}

// says is whether the post holds one of the phrases.
func (p *exprParser) says(at int) expr {
	if p.kind != PostReceived {
		p.failf(at, "says(…) belongs to %s", PostReceived)
	}
	var list []string
	for _, text := range p.texts() {
		list = append(list, strings.ToLower(text.text))
	}
	return expr{typ: yesNo, flag: func(s *scope) bool {
		return slices.ContainsFunc(list, func(phrase string) bool { return says(s.e.Text, phrase) })
	}}
}

// texts reads ("a", "b").
func (p *exprParser) texts() (list []literal) {
	p.expect("(")
	for {
		if !p.lit {
			p.failf(p.at, "expected a text in quotes, found %s", p.found())
		}
		list = append(list, literal{p.at, p.tok[1 : len(p.tok)-1]})
		p.advance()
		switch {
		case p.take(","):
		case p.take(")"):
			return list
		default:
			p.failf(p.at, `expected a comma or ")", found %s`, p.found())
		}
	}
}
