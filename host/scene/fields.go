package scene

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image/color"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reader collects the mistakes of one file.
type reader struct {
	file     string
	problems []Problem
}

func (r *reader) say(line int, field, format string, args ...any) {
	r.problems = append(r.problems, Problem{r.file, line, field, fmt.Sprintf(format, args...)})
}

// err gives what was collected, in the order of lines.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return &Error{r.problems}
}

// object reads the fields of one JSON object; a nil object gives every default and says nothing.
type object struct {
	r     *reader
	path  string
	line  int
	vals  map[string]member
	asked []string
}

// object takes a node apart; anything but an object is a mistake.
func (r *reader) object(n *node, path string) *object {
	members, ok := n.val.([]member)
	if !ok {
		r.say(n.line, path, "must be an object in braces, not %s", kindOf(n))
		return nil
	}
	o := &object{r: r, path: path, line: n.line, vals: make(map[string]member, len(members))}
	for _, m := range members {
		if first, twice := o.vals[m.key]; twice {
			r.say(m.line, o.at(m.key), "written twice (first on line %d); keep one", first.line)
			continue
		}
		o.vals[m.key] = m
	}
	return o
}

func (o *object) at(key string) string {
	if o.path == "" {
		return key
	}
	return o.path + "." + key
}

// take marks a field as known and gives its value, if there is one.
func (o *object) take(key string) *node {
	if o == nil {
		return nil
	}
	o.asked = append(o.asked, key)
	m, ok := o.vals[key]
	if !ok {
		return nil
	}
	return m.val
}

// finish names the fields that nothing asked for.
func (o *object) finish() {
	if o == nil {
		return
	}
	for _, key := range slices.Sorted(maps.Keys(o.vals)) {
		if !slices.Contains(o.asked, key) {
			o.r.say(o.vals[key].line, o.at(key), "unknown field; %s", suggest(key, o.asked))
		}
	}
}

func (o *object) require(key string, given bool) {
	if o != nil && !given {
		if _, has := o.vals[key]; !has {
			o.r.say(o.line, o.at(key), "is missing; add it")
		}
	}
}

func (o *object) str(key string) string {
	n := o.take(key)
	if n == nil {
		return ""
	}
	s, ok := n.val.(string)
	if !ok {
		o.r.say(n.line, o.at(key), "must be words in quotes, not %s", kindOf(n))
	}
	return s
}

// word is a string out of a closed set; the first of the set is the default.
func (o *object) word(key string, set ...string) string {
	n := o.take(key)
	if n == nil {
		return set[0]
	}
	s, ok := n.val.(string)
	if !ok || !slices.Contains(set, s) {
		o.r.say(n.line, o.at(key), "%s is unknown; %s", show(n), suggest(s, set))
		return set[0]
	}
	return s
}

func (o *object) flag(key string) bool {
	n := o.take(key)
	if n == nil {
		return false
	}
	b, ok := n.val.(bool)
	if !ok {
		o.r.say(n.line, o.at(key), "must be true or false, not %s", show(n))
	}
	return b
}

func (o *object) num(key string, def, lo, hi float64) float64 {
	n := o.take(key)
	if n == nil {
		return def
	}
	j, ok := n.val.(json.Number)
	v, err := strconv.ParseFloat(string(j), 64)
	if !ok || err != nil || v < lo || v > hi {
		o.r.say(n.line, o.at(key), "must be a number from %g to %g, not %s", lo, hi, show(n))
		return def
	}
	return v
}

func (o *object) int(key string, def, lo, hi int) int {
	v := o.num(key, float64(def), float64(lo), float64(hi))
	if v != float64(int(v)) {
		o.r.say(o.vals[key].val.line, o.at(key), "must be a whole number, not %g", v)
		return def
	}
	return int(v)
}

// millis reads a duration written as milliseconds, at most a minute.
func (o *object) millis(key string, def time.Duration) time.Duration {
	return time.Duration(o.int(key, int(def/time.Millisecond), 0, 60_000)) * time.Millisecond
}

func (o *object) color(key string, def color.NRGBA) color.NRGBA {
	n := o.take(key)
	if n == nil {
		return def
	}
	s, _ := n.val.(string)
	c, ok := parseColor(s)
	if !ok {
		o.r.say(n.line, o.at(key), "%s is no colour; write \"#rrggbb\" or \"#rrggbbaa\"", show(n))
		return def
	}
	return c
}

func parseColor(s string) (color.NRGBA, bool) {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "#"))
	if err != nil || !strings.HasPrefix(s, "#") || len(b) != 3 && len(b) != 4 {
		return color.NRGBA{}, false
	}
	c := color.NRGBA{R: b[0], G: b[1], B: b[2], A: 255}
	if len(b) == 4 {
		c.A = b[3]
	}
	return c, true
}

// sub is a nested object, nil when it is not given.
func (o *object) sub(key string) *object {
	n := o.take(key)
	if n == nil {
		return nil
	}
	return o.r.object(n, o.at(key))
}

// list is a nested list of objects; items that are none are named and left out.
func (o *object) list(key string) []*object {
	n := o.take(key)
	if n == nil {
		return nil
	}
	items, ok := n.val.([]*node)
	if !ok {
		o.r.say(n.line, o.at(key), "must be a list in brackets, not %s", kindOf(n))
		return nil
	}
	var out []*object
	for i, it := range items {
		if sub := o.r.object(it, fmt.Sprintf("%s[%d]", o.at(key), i)); sub != nil {
			out = append(out, sub)
		}
	}
	return out
}

func kindOf(n *node) string {
	switch n.val.(type) {
	case string:
		return "words"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []*node:
		return "a list"
	case []member:
		return "an object"
	}
	return "null"
}

func show(n *node) string {
	switch v := n.val.(type) {
	case string:
		if len(v) > 40 {
			v = v[:40] + "…"
		}
		return strconv.Quote(v)
	case json.Number:
		return string(v)
	case bool:
		return strconv.FormatBool(v)
	}
	return kindOf(n)
}
