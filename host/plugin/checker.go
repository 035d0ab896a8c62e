package plugin

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/host/nearest"
	"github.com/sothebais/sothebais/host/yamlfile"
)

// checker gathers what is wrong with a document, with the line where it stands.
type checker struct {
	root *yaml.Node
	errs []error
}

func (c *checker) failed() bool { return len(c.errs) > 0 }

func (c *checker) require(ok bool, at, format string, args ...any) {
	if !ok {
		c.fail(at, format, args...)
	}
}

// fail notes a problem with what stands at a path such as limits.fuel or capabilities.2.
func (c *checker) fail(at, format string, args ...any) {
	c.failAt(c.line(at), format, args...)
}

func (c *checker) failAt(line int, format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%s:%d: %s", ManifestFile, line, fmt.Sprintf(format, args...)))
}

// line finds the deepest node of a path that exists.
func (c *checker) line(at string) int {
	n := c.root
	for _, name := range strings.Split(at, ".") {
		next := child(n, name)
		if next == nil {
			break
		}
		n = next
	}
	return n.Line
}

func child(n *yaml.Node, name string) *yaml.Node {
	if n.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(name); err == nil && i < len(n.Content) {
			return n.Content[i]
		}
		return nil
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return nil
}

// keys refuses what the type of like has no place for, however deep: keys, and values that are of another kind.
func (c *checker) keys(n *yaml.Node, like any, where string) {
	c.keysOf(n, reflect.TypeOf(like), where)
}

func (c *checker) keysOf(n *yaml.Node, t reflect.Type, where string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice && n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			if want := yamlfile.Want(item, t.Elem()); want != "" {
				c.failAt(item.Line, "an entry of %s is %s; want %s", where, yamlfile.Describe(item), want)
				continue
			}
			c.keysOf(item, t.Elem(), where)
		}
	case t.Kind() == reflect.Struct && n.Kind == yaml.MappingNode:
		c.mapping(n, t, where)
	}
}

func (c *checker) mapping(n *yaml.Node, t reflect.Type, where string) {
	fields := map[string]reflect.Type{}
	var names []string
	for i := range t.NumField() {
		name := t.Field(i).Tag.Get("yaml")
		fields[name] = t.Field(i).Type
		names = append(names, name)
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		ft, ok := fields[key.Value]
		if !ok {
			c.failAt(key.Line, "unknown key %q%s; want %s", key.Value, inside(where), oneOf(key.Value, names))
			continue
		}
		if first := seen[key.Value]; first != 0 {
			c.failAt(key.Line, "key %q stands in line %d already", key.Value, first)
		}
		seen[key.Value] = key.Line
		if want := yamlfile.Want(value, ft); want != "" {
			c.failAt(value.Line, "%s%s is %s; want %s", key.Value, inside(where), yamlfile.Describe(value), want)
			continue
		}
		c.keysOf(value, ft, key.Value)
	}
}

func inside(where string) string {
	if where == "" {
		return ""
	}
	return " in " + where
}

// oneOf lists what is allowed, or the nearest of it when the word is a likely slip of the pen.
func oneOf(got string, allowed []string) string {
	if at := nearest.Word(got, allowed); at != "" {
		return at + " (did you mean that?)"
	}
	return strings.Join(allowed, ", ")
}
