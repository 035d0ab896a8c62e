package character

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a file of a character, and how to mend it.
type Problem struct {
	File string // as named inside the character's folder
	Line int    // 0 when the whole file is meant
	At   string // path inside the file, such as expressions.happy.eyes
	What string
	Hint string
}

func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d", p.Line)
	}
	b.WriteString(": ")
	if p.At != "" {
		b.WriteString(p.At + ": ")
	}
	b.WriteString(p.What)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is everything that is wrong with a character at once, so that it is mended in one go.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// maxDepth is deeper than any file of a character goes; it keeps a hostile one from exhausting the stack.
const maxDepth = 16

// tree is a JSON value that knows the line it stands on.
type tree struct {
	line   int
	scalar any // string, json.Number, bool or nil
	list   []*tree
	keys   []string // in the order of the file
	fields map[string]*tree
}

func (t *tree) kind() string {
	switch {
	case t.fields != nil:
		return "an object"
	case t.list != nil:
		return "a list"
	}
	switch t.scalar.(type) {
	case string:
		return "a text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	}
	return "null"
}

// parseTree reads one JSON value and nothing behind it.
func parseTree(file string, data []byte) (*tree, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	p := treeParser{data: data, dec: dec}
	t, err := p.value(0)
	if err == nil {
		if _, extra := dec.Token(); !errors.Is(extra, io.EOF) {
			err = errors.New("something follows the closing brace")
		}
	}
	if err != nil {
		return nil, Problems{{File: file, Line: p.line(), What: "reading JSON: " + err.Error(), Hint: "mind commas and quotes on this line and the one before"}}
	}
	return t, nil
}

type treeParser struct {
	data []byte
	dec  *json.Decoder
	seen int64 // offset up to which newlines were counted
	nl   int
}

func (p *treeParser) line() int {
	if at := min(p.dec.InputOffset(), int64(len(p.data))); at > p.seen {
		p.nl += bytes.Count(p.data[p.seen:at], []byte{'\n'})
		p.seen = at
	}
	return p.nl + 1
}

func (p *treeParser) value(depth int) (*tree, error) {
	tok, err := p.dec.Token()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file ends in the middle")
	}
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t := &tree{line: p.line()}
	switch tok {
	case json.Delim('{'):
		t.fields = map[string]*tree{}
		err = p.object(t, depth)
	case json.Delim('['):
		t.list = []*tree{}
		err = p.array(t, depth)
	default:
		t.scalar = tok
	}
	return t, err
}

func (p *treeParser) object(t *tree, depth int) error {
	for p.dec.More() {
		key, err := p.dec.Token()
		if err != nil {
			return err
		}
		name, _ := key.(string)
		if _, twice := t.fields[name]; twice {
			return fmt.Errorf("%q is there twice", name)
		}
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		t.keys = append(t.keys, name)
		t.fields[name] = v
	}
	_, err := p.dec.Token()
	return err
}

func (p *treeParser) array(t *tree, depth int) error {
	for p.dec.More() {
		v, err := p.value(depth + 1)
		if err != nil {
			return err
		}
		t.list = append(t.list, v)
	}
	_, err := p.dec.Token()
	return err
}

// reader turns a tree into values and keeps every problem it meets.
type reader struct {
	file     string
	problems Problems
}

func (r *reader) bad(line int, at, what, hint string) {
	r.problems = append(r.problems, Problem{File: r.file, Line: line, At: at, What: what, Hint: hint})
}

// obj is an object being read: its keys must be among those it is asked for.
type obj struct {
	r     *reader
	t     *tree
	at    string
	asked []string
}

func (r *reader) object(t *tree, at string) *obj {
	if t.fields == nil {
		r.bad(t.line, at, "found "+t.kind()+" where an object {…} is expected", "")
		t = &tree{line: t.line, fields: map[string]*tree{}}
	}
	return &obj{r: r, t: t, at: at}
}

func (o *obj) path(key string) string {
	if o.at == "" {
		return key
	}
	return o.at + "." + key
}

// get is the value of a key, nil when it is absent; absent is a problem when it is needed.
func (o *obj) get(key string, needed bool) *tree {
	o.asked = append(o.asked, key)
	t := o.t.fields[key]
	if t == nil && needed {
		o.r.bad(o.t.line, o.path(key), "is missing", "")
	}
	return t
}

// done reports the keys nobody asked for.
func (o *obj) done() {
	for _, k := range o.t.keys {
		if !slices.Contains(o.asked, k) {
			o.r.bad(o.t.fields[k].line, o.path(k), "is not a key known here", nearest(k, o.asked))
		}
	}
}

func (o *obj) str(key string, needed bool) string {
	t := o.get(key, needed)
	if t == nil {
		return ""
	}
	s, ok := t.scalar.(string)
	if !ok {
		o.r.bad(t.line, o.path(key), "found "+t.kind()+" where a text is expected", "")
		return ""
	}
	if needed && s == "" {
		o.r.bad(t.line, o.path(key), "must not be empty", "")
	}
	return s
}

// num is a number within [lo, hi]; def when absent.
func (o *obj) num(key string, def, lo, hi float64) float64 {
	t := o.get(key, false)
	if t == nil {
		return def
	}
	return o.r.number(t, o.path(key), lo, hi)
}

// whole is a number without a fraction within [lo, hi] that must be there.
func (o *obj) whole(key string, lo, hi int) int {
	t := o.get(key, true)
	if t == nil {
		return lo
	}
	f := o.r.number(t, o.path(key), float64(lo), float64(hi))
	if f != math.Trunc(f) {
		o.r.bad(t.line, o.path(key), fmt.Sprintf("%g is not a whole number", f), "")
	}
	return int(f)
}

func (r *reader) number(t *tree, at string, lo, hi float64) float64 {
	n, ok := t.scalar.(json.Number)
	if !ok {
		r.bad(t.line, at, "found "+t.kind()+" where a number is expected", "")
		return lo
	}
	f, err := n.Float64()
	if err != nil || f < lo || f > hi {
		r.bad(t.line, at, n.String()+" is out of range", fmt.Sprintf("from %g to %g", lo, hi))
		return lo
	}
	return f
}

func (o *obj) flag(key string, def bool) bool {
	t := o.get(key, false)
	if t == nil {
		return def
	}
	b, ok := t.scalar.(bool)
	if !ok {
		o.r.bad(t.line, o.path(key), "found "+t.kind()+" where true or false is expected", "")
	}
	return b
}

func (o *obj) list(key string, needed bool) []*tree {
	t := o.get(key, needed)
	if t == nil {
		return nil
	}
	if t.list == nil {
		o.r.bad(t.line, o.path(key), "found "+t.kind()+" where a list […] is expected", "")
	}
	return t.list
}

// each calls f for every entry of the object under key, in the order of the file.
func (o *obj) each(key string, needed bool, f func(name string, v *tree, at string)) {
	t := o.get(key, needed)
	if t == nil {
		return
	}
	in := o.r.object(t, o.path(key))
	for _, k := range in.t.keys {
		f(k, in.t.fields[k], in.path(k))
	}
}

// nearest is the hint for a word that is none of the known ones.
func nearest(word string, known []string) string {
	if len(known) == 0 {
		return ""
	}
	sorted := slices.Sorted(slices.Values(known)) // equally near ones must not take turns
	best, dist := "", len(word)/2+1
	for _, k := range sorted {
		if d := distance(word, k); d < dist {
			best, dist = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	const most = 24
	if len(sorted) > most {
		sorted = append(sorted[:most], "…")
	}
	return "known are " + strings.Join(sorted, ", ")
}

// distance is the number of letters to change, add, drop or swap with the next one; long words are cut.
func distance(a, b string) int {
	const most = 48
	a, b = a[:min(len(a), most)], b[:min(len(b), most)]
	var before, prev, cur [most + 1]int
	for j := range prev[:len(b)+1] {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev = prev, cur
	}
	return prev[len(b)]
}
