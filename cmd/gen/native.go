package main

import (
	"slices"
	"strings"
	"text/template"
)

// What the templates for Rust and C need beside the functions for Go and TypeScript.

var (
	rustTypes  = map[string]string{"string": "&str", "u64": "u64", "i64": "i64", "bool": "bool"}
	cTypes     = map[string]string{"string": "sb_str", "u64": "uint64_t", "i64": "int64_t", "bool": "bool"}
	rustStrict = []string{"type", "match", "move", "ref", "use", "loop", "where", "box"} // words that name nothing in Rust
)

// native are the functions of those templates.
var native = template.FuncMap{
	"snake":      snake,
	"upper":      func(s string) string { return strings.ToUpper(snake(s)) },
	"rust":       rust,
	"rusttype":   func(t string) string { return rustTypes[t] },
	"rustparams": rustParams,
	"ctype":      func(t string) string { return cTypes[t] },
	"cparams":    cParams,
	"mostfields": func(list []record) int {
		most := 0
		for _, r := range list {
			most = max(most, len(r.Fields))
		}
		return most
	},
	"hastext": func(fields []field) bool {
		return slices.ContainsFunc(fields, func(f field) bool { return f.Type == "string" })
	},
}

// snake turns "post.received" into post_received, the way of Rust and C.
func snake(s string) string { return strings.Join(words(s), "_") }

// rust is a name in Rust: post_id, or type_ where the word is taken.
func rust(s string) string {
	if n := snake(s); !slices.Contains(rustStrict, n) {
		return n
	}
	return snake(s) + "_"
}

func rustParams(fields []field) string {
	var b strings.Builder
	for _, f := range fields {
		t := rustTypes[f.Type]
		if f.Name == "priority" {
			t = "Priority"
		} else if f.Name == "level" {
			t = "Level"
		}
		b.WriteString(", " + rust(f.Name) + ": " + t)
	}
	return b.String()
}

func cParams(fields []field) string {
	var b strings.Builder
	for _, f := range fields {
		b.WriteString(", " + cTypes[f.Type] + " " + snake(f.Name))
	}
	return b.String()
}
