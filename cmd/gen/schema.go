package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"
)

// schema is sdk/schema/v1.json.
type schema struct {
	ABI      int            `json:"abi"`
	Doc      string         `json:"doc"`
	Layout   []string       `json:"layout"`
	Limits   map[string]int `json:"limits"`
	Exports  []export       `json:"exports"`
	Features []feature      `json:"features"`
	Imports  []export       `json:"imports"`
	Packed   string         `json:"packed"`
	Enums    []enum         `json:"enums"`
	Events   []record       `json:"events"`
	Commands []record       `json:"commands"`
}

// export is a function that one side offers the other.
type export struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Doc      string `json:"doc"`
	Optional bool   `json:"optional"`
	Feature  string `json:"feature"` // that a guest must need before it may import it
}

// feature is something that a guest may need of its host.
type feature struct {
	Bit  uint   `json:"bit"`
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

type enum struct {
	Name   string `json:"name"`
	Doc    string `json:"doc"`
	Values []struct {
		Name  string `json:"name"`
		Value int64  `json:"value"`
		Doc   string `json:"doc"`
	} `json:"values"`
}

// record is one kind of event or command.
type record struct {
	Code       int     `json:"code"`
	Name       string  `json:"name"`
	Doc        string  `json:"doc"`
	Answers    string  `json:"answers"`    // of an event for the plugin that asked: its name in the ledger
	Call       bool    `json:"call"`       // of a command that asks for a power which answers later
	Capability string  `json:"capability"` // that a command needs; its own name when empty
	Fields     []field `json:"fields"`
}

// Fact is the name of the event in the ledger.
func (r record) Fact() string { return cmp.Or(r.Answers, r.Name) }

// Power is the capability that the command needs.
func (r record) Power() string { return cmp.Or(r.Capability, r.Name) }

type field struct {
	Name string `json:"name"`
	Type string `json:"type"`
	Doc  string `json:"doc"`
	Cue  string `json:"cue"` // field of cue.Cue that takes it, for commands
}

// about marks the field of a command that names an earlier event as what it is about. SDKs offer such a command twice:
// under its name, without the field, and as its name with About, with the field first.
const about = "about"

// Plain are the fields without the one that names an earlier event.
func (r record) Plain() []field {
	return slices.DeleteFunc(slices.Clone(r.Fields), func(f field) bool { return f.Cue == about })
}

// Forms are the ways in which an SDK offers the command.
func (r record) Forms() []form {
	forms := []form{{Params: r.Plain()}}
	for _, f := range r.Fields {
		if f.Cue == about {
			forms = append(forms, form{Suffix: "About", Params: append([]field{f}, r.Plain()...)})
		}
	}
	return forms
}

// form is one method for a command.
type form struct {
	Suffix string
	Params []field
}

// Has reports whether the method takes f; what it does not take stays zero.
func (m form) Has(f field) bool { return slices.Contains(m.Params, f) }

func readSchema(path string) (*schema, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	s := new(schema)
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, list := range [][]record{s.Events, s.Commands} {
		if err := checkRecords(list); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := s.checkFeatures(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// checkFeatures wants bits in order without gaps, and imports that belong to one.
func (s *schema) checkFeatures() error {
	for i, f := range s.Features {
		if f.Bit != uint(i) || i > 63 {
			return fmt.Errorf("feature %s: bit is %d, want %d: bits go up by one, to 63, and are never reused", f.Name, f.Bit, i)
		}
	}
	for _, im := range s.Imports {
		if !slices.ContainsFunc(s.Features, func(f feature) bool { return f.Name == im.Feature }) {
			return fmt.Errorf("import %s: feature %q is not listed", im.Name, im.Feature)
		}
		if _, ok := signatures[im.Type]; !ok {
			return fmt.Errorf("import %s: type %q is not one that the host's table can hold; add it to signatures", im.Name, im.Type)
		}
	}
	return nil
}

// checkRecords keeps the promises of the layout: codes in order without gaps, known types, no name twice.
func checkRecords(list []record) error {
	for i, r := range list {
		if r.Code != i+1 {
			return fmt.Errorf("%s: code is %d, want %d: codes go up by one and are never reused", r.Name, r.Code, i+1)
		}
		if len(r.Fields) > 255 {
			return fmt.Errorf("%s: %d fields, at most 255 fit the header", r.Name, len(r.Fields))
		}
		seen := map[string]bool{}
		for _, f := range r.Fields {
			if goTypes[f.Type] == "" {
				return fmt.Errorf("%s.%s: type %q, want string, u64, i64 or bool", r.Name, f.Name, f.Type)
			}
			if seen[f.Name] {
				return fmt.Errorf("%s.%s: named twice", r.Name, f.Name)
			}
			if f.Cue == about && f.Type != "u64" {
				return fmt.Errorf("%s.%s: type %q, want u64: it holds the number of an event", r.Name, f.Name, f.Type)
			}
			seen[f.Name] = true
		}
	}
	return nil
}

var (
	goTypes = map[string]string{"string": "string", "u64": "uint64", "i64": "int64", "bool": "bool"}
	jsTypes = map[string]string{"string": "string", "u64": "number", "i64": "number", "bool": "boolean"}
	// signatures are the types of imports, in the letters of the host's table: parameters, then a result of i64.
	signatures = map[string]string{"func(i32, i32, i32, i32) -> i64": "iiii"}
	asTypes    = map[string]string{"string": "string", "u64": "u64", "i64": "i64", "bool": "bool"}
	// initials are words that Go writes in capitals.
	initials = map[string]string{"id": "ID", "ms": "MS", "ok": "OK", "url": "URL"}
)

// texts is the Go expression for how many bytes the texts of an event have.
func texts(fields []field) string {
	var sum []string
	for _, f := range fields {
		if f.Type == "string" {
			sum = append(sum, "len(v."+pascal(f.Name)+")")
		}
	}
	return cmp.Or(strings.Join(sum, "+"), "0")
}

var functions = template.FuncMap{
	"pascal":   pascal,
	"camel":    camel,
	"param":    param,
	"gotype":   func(t string) string { return goTypes[t] },
	"jstype":   jsType,
	"jskind":   jsKind,
	"jsparam":  jsParam,
	"upper":    strings.ToUpper,
	"snake":    func(s string) string { return strings.Join(words(s), "_") },
	"optional": optional,
	"astype":   func(t string) string { return asTypes[t] },
	"writer": func(t string) string {
		return map[string]string{"string": "str", "u64": "u64", "i64": "i64", "bool": "flag"}[t]
	},
	"texts":    texts,
	"sentence": func(s string) string { return strings.TrimSuffix(s, ".") + "." },
	"lower":    func(s string) string { return strings.ToLower(s[:1]) + s[1:] },
	"letters":  func(t string) string { return signatures[t] },
	"params":   goParams,
	"tsparams": tsParams,
	"cuefield": func(s string) string {
		if s == "" {
			return "toNone"
		}
		return "to" + pascal(s)
	},
}

func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == '_' })
}

// pascal turns "post.received" and "post_id" into PostReceived and PostID.
func pascal(s string) string {
	var b strings.Builder
	for _, w := range words(s) {
		if up, ok := initials[w]; ok {
			b.WriteString(up)
		} else {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	return b.String()
}

// camel turns "post_id" into postId, the way of TypeScript.
func camel(s string) string {
	w := words(s)
	for i := 1; i < len(w); i++ {
		w[i] = strings.ToUpper(w[i][:1]) + w[i][1:]
	}
	return strings.Join(w, "")
}

// param is a Go parameter name: postID.
func param(s string) string {
	w := words(s)
	return w[0] + pascal(strings.Join(w[1:], "_"))
}

func goParams(fields []field) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		t := goTypes[f.Type]
		if f.Name == "priority" {
			t = "Priority"
		} else if f.Name == "level" {
			t = "Level"
		}
		out[i] = param(f.Name) + " " + t
	}
	return strings.Join(out, ", ")
}

func tsParams(fields []field) string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = camel(f.Name) + ": " + asTypes[f.Type]
	}
	return strings.Join(out, ", ")
}

// jsKind is the type of a field as scripts see it: amounts in gwei are BigInts, which hold them all.
func jsKind(f field) string {
	if f.Type == "u64" && strings.HasSuffix(f.Name, "_gwei") {
		return "gwei"
	}
	return f.Type
}

func jsType(f field) string {
	switch {
	case jsKind(f) == "gwei":
		return "bigint"
	case f.Type == "u64": // a token is what a plugin chose, and may have all 64 bits
		return "number | bigint"
	}
	return jsTypes[f.Type]
}

// jsParam is what scripts may give for a field of a command.
func jsParam(f field) string {
	switch {
	case f.Name == "level":
		return "Level"
	case f.Type == "u64":
		return "number | bigint"
	}
	return jsTypes[f.Type]
}

// optional reports whether scripts may leave a parameter of a command out.
func optional(command, name string) bool {
	switch name {
	case "mood", "priority", "about", "transition", "headers", "body", "schema", "max_tokens":
		return true
	case "millis":
		return command != "timer"
	}
	return false
}
