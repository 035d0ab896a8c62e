package engine

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/plugins/personality/yamlfile"
)

// Limits of a file. They are wide for writers and narrow for mischief.
const (
	maxFile     = 512 << 10
	maxTriggers = 300
	maxPools    = 300
	maxLines    = 6000
	maxErrors   = 20
	maxNesting  = 12
)

// reader walks the YAML tree and collects every mistake with its place.
type reader struct {
	file  string
	errs  []error
	lines int
}

// fail notes a mistake at a node, or so many bytes into its text.
func (r *reader) fail(n *yaml.Node, offset int, format string, args ...any) {
	column := n.Column + utf8.RuneCountInString(n.Value[:offset])
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 && offset > 0 {
		column++
	}
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, fmt.Errorf("%s:%d:%d: %s", r.file, n.Line, column, fmt.Sprintf(format, args...)))
	}
}

// fields is what an object may hold: a reader for each key.
type fields map[string]func(*yaml.Node)

// object reads a mapping; unknown and doubled keys are mistakes.
func (r *reader) object(n *yaml.Node, what string, known fields) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, 0, "expected %s as key: value pairs, found %s", what, yamlfile.Describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		read, ok := known[key.Value]
		switch {
		case !ok:
			names := make([]string, 0, len(known))
			for k := range known {
				names = append(names, k)
			}
			r.fail(key, 0, "%s has no %q; %s", what, key.Value, did(key.Value, names))
		case seen[key.Value] != 0:
			r.fail(key, 0, "%q stands in line %d already", key.Value, seen[key.Value])
		default:
			read(n.Content[i+1])
		}
		seen[key.Value] = key.Line
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
		switch {
		case !plainName(key.Value):
			r.fail(key, 0, "%q: a name of %s is small letters, digits, dashes", key.Value, what)
		case seen[key.Value] != 0:
			r.fail(key, 0, "%q stands in line %d already", key.Value, seen[key.Value])
		default:
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

func (r *reader) text(to *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			r.fail(n, 0, "expected a text, found %s", yamlfile.Describe(n))
			return
		}
		*to = n.Value
	}
}

// oneOf reads a word of a closed set.
func (r *reader) oneOf(to *string, set []string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || !slices.Contains(set, n.Value) {
			r.fail(n, 0, "%s is none of these; %s", yamlfile.Describe(n), did(n.Value, set))
			return
		}
		*to = n.Value
	}
}

// duration reads milliseconds such as 8s or 1m30s, up to a day.
func (r *reader) duration(to *int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		d, err := time.ParseDuration(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || d < 0 || d > 24*time.Hour {
			r.fail(n, 0, "expected a time such as 8s or 1m30s, found %s", yamlfile.Describe(n))
			return
		}
		*to = d.Milliseconds()
	}
}

func (r *reader) integer(to *int64, least, most int64) func(*yaml.Node) {
	return func(n *yaml.Node) {
		v, err := strconv.ParseInt(n.Value, 10, 64)
		if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
			r.fail(n, 0, "expected a whole number from %d to %d, found %s", least, most, yamlfile.Describe(n))
			return
		}
		*to = v
	}
}

func (r *reader) yes(to *bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode || n.Value != "true" && n.Value != "false" {
			r.fail(n, 0, "expected true or false, found %s", yamlfile.Describe(n))
			return
		}
		*to = n.Value == "true"
	}
}

// fragments reads the lines of a pool or trigger: texts, or {text, weight}.
func (r *reader) fragments(n *yaml.Node, owner string, pools map[string]*pool) (out []*fragment) {
	r.list(n, func(n *yaml.Node) {
		text, weight, at := "", int64(1), n
		if n.Kind == yaml.MappingNode {
			r.object(n, "a line", fields{"text": func(n *yaml.Node) { at = n; r.text(&text)(n) }, "weight": r.integer(&weight, 1, 100)})
		} else if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			text = n.Value // an empty one is a line with nothing, which pools may want
		} else {
			r.fail(n, 0, "expected a line, found %s; put lines that begin with { or [ in quotes", yamlfile.Describe(n))
			return
		}
		if r.lines++; r.lines > maxLines {
			return
		}
		f, err := parseLine(text, pools)
		var le *lineError
		if errors.As(err, &le) {
			r.fail(at, le.at, "%s", le.msg)
			return
		}
		f.weight, f.line = int(weight), at.Line
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
