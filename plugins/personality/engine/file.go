package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/plugins/personality/nearest"
	"github.com/sothebais/sothebais/plugins/personality/yamlfile"
)

// Limits of a file. They are wide for writers and narrow for mischief.
const (
	maxFile     = 512 << 10
	maxTriggers = 300
	maxPools    = 300
	maxLines    = 6000
	maxErrors   = 20 // that are told one by one
	maxNesting  = 12
)

// reader walks the YAML tree and collects every mistake with its place.
type reader struct {
	file  string
	errs  []mistake
	lines int
	key   string // whose value is being read
	least map[*pool]int64
}

// fail notes a mistake at a node, or so many bytes into its text.
func (r *reader) fail(n *yaml.Node, offset int, format string, args ...any) {
	column := n.Column + utf8.RuneCountInString(n.Value[:offset])
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && offset > 0 {
		column++
	}
	r.errs = append(r.errs, mistake{n.Line, column, fmt.Sprintf(format, args...)})
}

// mistake is what is wrong with a file, and where.
type mistake struct {
	line, column int
	what         string
}

// err tells the mistakes in the order of the file; nil when there are none.
func (r *reader) err() error {
	slices.SortStableFunc(r.errs, func(a, b mistake) int { return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column)) })
	var told []error
	for i, m := range r.errs {
		if i == maxErrors {
			told = append(told, fmt.Errorf("%s: and %d more", r.file, len(r.errs)-i))
			break
		}
		told = append(told, fmt.Errorf("%s:%d:%d: %s", r.file, m.line, m.column, m.what))
	}
	return errors.Join(told...)
}

// fields is what an object may hold: a reader for each key.
type fields map[string]func(*yaml.Node)

// object reads a mapping; unknown and doubled keys are mistakes. What it gives are the keys that are there, or were meant.
func (r *reader) object(n *yaml.Node, what string, known fields) (given map[string]bool) {
	given = map[string]bool{}
	if n.Kind != yaml.MappingNode {
		r.fail(n, 0, "expected %s as key: value pairs, found %s", what, yamlfile.Describe(n))
		return given
	}
	names, seen := slices.Sorted(maps.Keys(known)), map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read, ok := known[key.Value]
		switch {
		case !ok:
			r.fail(key, 0, "%s has no %q; %s", what, key.Value, did(key.Value, names))
			given[nearest.Word(key.Value, names)] = true
		case seen[key.Value] != 0:
			r.fail(key, 0, "%q stands in line %d already", key.Value, seen[key.Value])
		default:
			r.key = key.Value
			read(n.Content[i+1])
		}
		given[key.Value], seen[key.Value] = true, key.Line
	}
	return given
}

// needs says which keys are missing.
func (r *reader) needs(n *yaml.Node, what string, given map[string]bool, keys ...string) {
	missing := slices.DeleteFunc(keys, func(key string) bool { return given[key] })
	if n.Kind == yaml.MappingNode && len(missing) > 0 {
		r.fail(n, 0, "%s needs %s", what, strings.Join(missing, " and "))
	}
}

// names reads a mapping whose keys the writer chooses.
func (r *reader) names(n *yaml.Node, what string, limit int, each func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, 0, "expected %s as name: … pairs, found %s", what, yamlfile.Describe(n))
		return
	}
	if len(n.Content)/2 > limit {
		r.fail(n, 0, "more than %d %s", limit, what)
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] != 0 {
			r.fail(key, 0, "%q stands in line %d already", key.Value, seen[key.Value])
		} else {
			each(key, n.Content[i+1])
		}
		seen[key.Value] = key.Line
	}
}

func plainName(s string) bool {
	for i := range len(s) {
		if b := s[i]; b != '-' && (b < 'a' || b > 'z') && (b < '0' || b > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

// list reads a sequence; a single value counts as a list of one.
func (r *reader) list(n *yaml.Node, each func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		each(n)
		return
	}
	for _, c := range n.Content {
		each(c)
	}
}

// value notes a mistake in what stands behind the key that is being read.
func (r *reader) value(n *yaml.Node, format string, args ...any) {
	r.fail(n, 0, "%s: %s", r.key, fmt.Sprintf(format, args...))
}

// isText says that a text can be read here; numbers and dates are texts as well.
func isText(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" }

func (r *reader) text(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if !isText(n) || n.Value == "" {
			r.value(n, "expected a text, found %s", yamlfile.Describe(n))
			return
		}
		*to = n.Value
	}
}

// oneOf reads a word of a closed set.
func (r *reader) oneOf(to *string, set []string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || !slices.Contains(set, n.Value) {
			r.value(n, "%s is not known; %s", yamlfile.Describe(n), did(n.Value, set))
			return
		}
		*to = n.Value
	}
}

const day = 24 * time.Hour

// spans are how long something can be; the schema has the same.
var spans = regexp.MustCompile("^" + spanPattern + "$")

const spanPattern = `(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ms|s|m|h))+`

// duration reads milliseconds such as 8s or 1m30s, up to a day.
func (r *reader) duration(to *int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch d, err := time.ParseDuration(n.Value); {
		case n.ShortTag() == "!!int" || n.ShortTag() == "!!float":
			r.value(n, "how long is %s? write %[1]ss for seconds, or %[1]sm for minutes", n.Value)
		case !isText(n) || !spans.MatchString(n.Value):
			r.value(n, "expected a time such as 8s or 1m30s, found %s", yamlfile.Describe(n))
		case err != nil || d > day:
			r.value(n, "%s is more than a day", n.Value)
		default:
			*to = d.Milliseconds()
		}
	}
}

// someTime reads a duration that is not nothing.
func (r *reader) someTime(to *int64, n *yaml.Node) {
	before := len(r.errs)
	if r.duration(to)(n); *to == 0 && len(r.errs) == before {
		r.value(n, "it must be longer than nothing")
	}
}

// integer reads a number that is whole, in whatever way YAML writes it.
func (r *reader) integer(to *int64, least, most int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v float64
		tag, quotes := n.ShortTag(), ""
		if _, err := strconv.ParseInt(n.Value, 10, 64); err == nil && tag == "!!str" {
			quotes = " in quotes; take them away"
		}
		if tag != "!!int" && tag != "!!float" || n.Decode(&v) != nil || v != math.Trunc(v) || v < float64(least) || v > float64(most) {
			r.value(n, "expected a whole number from %d to %d, found %s%s", least, most, yamlfile.Describe(n), quotes)
			return
		}
		*to = int64(v)
	}
}

func (r *reader) yes(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.ShortTag() != "!!bool" || n.Decode(to) != nil {
			r.value(n, "expected true or false, found %s", yamlfile.Describe(n))
		}
	}
}

// fragments reads the lines of a pool or trigger: texts, or {text, weight}. Parts of lines may be empty, lines not.
func (r *reader) fragments(n *yaml.Node, owner string, pools map[string]*pool, parts bool) (out []*fragment) {
	r.list(n, func(n *yaml.Node) {
		at, weight := n, int64(1)
		if n.Kind == yaml.MappingNode {
			at = nil
			r.needs(n, "a line", r.object(n, "a line", fields{"text": keep(&at), "weight": r.integer(&weight, 1, 100)}), "text")
			if at == nil {
				return
			}
		}
		switch {
		case !isText(at):
			r.fail(at, 0, "expected a line, found %s; put lines that begin with { or [ in quotes", yamlfile.Describe(at))
			return
		case at.Value == "" && !parts:
			r.fail(at, 0, "a line of nothing is never said; only pools may hold one")
			return
		}
		if r.lines++; r.lines > maxLines {
			return
		}
		f, err := parseLine(at.Value, pools)
		var le *lineError
		if errors.As(err, &le) {
			r.fail(at, le.at, "%s", le.msg)
			return
		}
		f.weight, f.line, f.column = int(weight), at.Line, at.Column
		f.each(func(f *fragment) bool { f.id = hash(f.id, owner); return true })
		out = append(out, f)
	})
	return out
}

// parseYAML reads the one document of a file.
func parseYAML(file string, data []byte) (*yaml.Node, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: %d bytes are more than the %d a personality may have", file, len(data), maxFile)
	}
	root, wrong := yamlfile.Parse(data)
	switch {
	case wrong != nil:
		return nil, fmt.Errorf("%s:%w", file, wrong)
	case root == nil:
		return nil, fmt.Errorf("%s:1:1: the file is empty; the least is id, name, moods and triggers", file)
	}
	if n := deeper(root, maxNesting); n != nil {
		return nil, fmt.Errorf("%s:%d:%d: this is nested deeper than anything in a personality", file, n.Line, n.Column)
	}
	return root, nil
}

// deeper finds what lies more than so many levels deep.
func deeper(n *yaml.Node, levels int) *yaml.Node {
	if levels < 0 {
		return n
	}
	for _, c := range n.Content {
		if found := deeper(c, levels-1); found != nil {
			return found
		}
	}
	return nil
}
