package character

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

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
			o.r.bad(o.t.fields[k].line, o.path(k), "is not a key known here", hint(k, o.asked))
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
