package yamlfile

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Want says what should stand where n is for it to become a value of type t, such as "a whole number", and nothing when n
// fits. What is inside of lists and pairs is not looked at, nor what a type reads by itself.
func Want(n *yaml.Node, t reflect.Type) string {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" || reflect.PointerTo(t).Implements(reflect.TypeFor[yaml.Unmarshaler]()) {
		return ""
	}
	switch t.Kind() {
	case reflect.Pointer:
		return Want(n, t.Elem())
	case reflect.Interface:
		return ""
	case reflect.Struct, reflect.Map:
		if n.Kind == yaml.MappingNode || t == reflect.TypeFor[yaml.Node]() {
			return ""
		}
		return "key: value pairs"
	case reflect.Slice:
		if n.Kind == yaml.SequenceNode {
			return ""
		}
		return "a list"
	}
	if n.Kind == yaml.ScalarNode && n.Decode(reflect.New(t).Interface()) == nil {
		return ""
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Float32, reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// Decode makes a value of a node, for which the mistakes that Want and the like find are told before.
func Decode(n *yaml.Node, into any) []*Mistake {
	err := n.Decode(into)
	if err == nil {
		return nil
	}
	var several *yaml.LoadErrors
	if !errors.As(err, &several) {
		return []*Mistake{{n.Line, n.Column, fmt.Sprintf("this cannot be read: %v", err)}}
	}
	var all []*Mistake
	for _, e := range several.Errors {
		all = append(all, &Mistake{e.Mark.Line, e.Mark.Column, strings.TrimPrefix(e.Message, "mapping ")})
	}
	return all
}
