package main

import (
	"strings"
	"testing"
)

// TestGeneratedFilesAreCurrent fails when the schema or a template changed and the generator was not run.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	if err := run("../..", true); err != nil {
		t.Error(err)
	}
}

func TestSchemaMistakes(t *testing.T) {
	for _, c := range []struct {
		name string
		list []record
		want string
	}{
		{"gap", []record{{Code: 2, Name: "a"}}, "a: code is 2, want 1"},
		{"type", []record{{Code: 1, Name: "a", Fields: []field{{Name: "f", Type: "i32"}}}}, `a.f: type "i32", want string`},
		{"about", []record{{Code: 1, Name: "a", Fields: []field{{Name: "f", Type: "string", Cue: "about"}}}}, `a.f: type "string", want u64`},
		{"twice", []record{{Code: 1, Name: "a", Fields: []field{{Name: "f", Type: "u64"}, {Name: "f", Type: "u64"}}}}, "a.f: named twice"},
		{"too many", []record{{Code: 1, Name: "a", Fields: make([]field, 256)}}, "at most 255"},
	} {
		if err := checkRecords(c.list); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestFeatureMistakes(t *testing.T) {
	for _, c := range []struct {
		name string
		s    schema
		want string
	}{
		{"gap", schema{Features: []feature{{Bit: 1, Name: "a"}}}, "feature a: bit is 1, want 0"},
		{"stray import", schema{Imports: []export{{Name: "f", Feature: "b"}}}, `import f: feature "b" is not listed`},
		{"type", schema{Features: []feature{{Name: "a"}}, Imports: []export{{Name: "f", Feature: "a", Type: "func()"}}}, `import f: type "func()"`},
	} {
		if err := c.s.checkFeatures(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range [][4]string{
		{"post.received", "PostReceived", "postReceived", "postReceived"},
		{"post_id", "PostID", "postId", "postID"},
		{"silent_ms", "SilentMS", "silentMs", "silentMS"},
		{"id", "ID", "id", "id"},
	} {
		if got := [3]string{pascal(c[0]), camel(c[0]), param(c[0])}; got != [3]string(c[1:]) {
			t.Errorf("%s: got %q, want %q", c[0], got, c[1:])
		}
	}
}
