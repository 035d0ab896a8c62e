// Package yamlfile reads YAML that people write. A file holds one document, without anchors, aliases and tags of its own,
// and what is wrong with it is told with its place and a way to mend it.
//
// The interpreter of personalities is a module of its own; cmd/gen writes the copy that it uses.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Mistake is what is wrong with a file, and where.
type Mistake struct {
	Line, Column int // from 1
	What         string
}

// Error names the place as line:column.
func (m *Mistake) Error() string { return fmt.Sprintf("%d:%d: %s", m.Line, m.Column, m.What) }

// Parse gives the root of the one document, or nil when there is nothing in the file.
func Parse(b []byte) (*yaml.Node, *Mistake) {
	l, err := yaml.NewLoader(bytes.NewReader(b))
	if err != nil {
		return nil, explain(b, err)
	}
	var root *yaml.Node
	for {
		var doc yaml.Node
		err := l.Load(&doc)
		switch {
		case errors.Is(err, io.EOF):
			if root == nil {
				return nil, nil
			}
			if wrong := foreign(root); wrong != nil {
				return nil, wrong
			}
			return root, nil
		case err != nil:
			return nil, explain(b, err)
		case len(doc.Content) == 0 || isNothing(doc.Content[0]):
		case root != nil:
			return nil, second(b, doc.Content[0])
		default:
			root = doc.Content[0]
		}
	}
}

// isNothing says that a document has been begun, and nothing written in it.
func isNothing(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Anchor == "" && n.Style&yaml.TaggedStyle == 0
}

// Describe says what stands at a place.
func Describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "key: value pairs"
	case n.Kind == yaml.SequenceNode && len(n.Content) == 0:
		return "an empty list"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Value == "":
		return "nothing"
	}
	return strconv.Quote(n.Value)
}

// second names the line that ends the first document of a file.
func second(b []byte, n *yaml.Node) *Mistake {
	t, line := split(b), n.Line
	for line > 1 && !strings.HasPrefix(string(t.line(line)), "---") && !strings.HasPrefix(string(t.line(line)), "...") {
		line--
	}
	return &Mistake{line, 1, "this line begins a second document; a file holds one, so take the line out"}
}

// foreign finds what YAML offers and these files do without. Aliases can make a small file a huge one. Anchors and tags are
// mostly texts that begin with & or !, which would lose their first word and nobody would know; keys that are no texts are
// mostly texts that begin with {{.
func foreign(root *yaml.Node) *Mistake {
	alias := func(n *yaml.Node) *Mistake {
		if n.Kind == yaml.AliasNode {
			return &Mistake{n.Line, n.Column, noAlias("*" + n.Value)}
		}
		return nil
	}
	other := func(n *yaml.Node) *Mistake {
		if n.Anchor != "" {
			return &Mistake{n.Line, n.Column, "&" + n.Anchor + ": anchors are not taken; leave it out, or put a text that begins with & in quotes"}
		}
		if n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" {
			return &Mistake{n.Line, n.Column, n.Tag + ": tags are not taken; leave it out, or put a text that begins with ! in quotes"}
		}
		for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
			if k := n.Content[i]; k.Kind != yaml.ScalarNode {
				return &Mistake{k.Line, k.Column, "a key is a word, here it is " + Describe(k) + "; put a text that begins with { or [ in quotes"}
			}
		}
		return nil
	}
	if m := search(root, alias); m != nil {
		return m // it says more than the anchor that it leads to
	}
	return search(root, other)
}

func search(n *yaml.Node, wrong func(*yaml.Node) *Mistake) *Mistake {
	if m := wrong(n); m != nil {
		return m
	}
	for _, c := range n.Content {
		if m := search(c, wrong); m != nil {
			return m
		}
	}
	return nil
}

func noAlias(name string) string {
	return name + ": aliases are not taken; write it out, or put a text that begins with * in quotes"
}
