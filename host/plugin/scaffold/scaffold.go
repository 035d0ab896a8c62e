// Package scaffold writes the folder of a new plugin: something that runs at once, and is small enough to be read.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v4"
)

// templates hold a folder for each language, and what all have in common. Files end in .tmpl, so that no tool takes
// them for what they will become.
//
//go:embed all:templates
var templates embed.FS

// ErrScaffold says that the folder cannot be written.
var ErrScaffold = errors.New("cannot begin a plugin")

// ErrRequest is the ErrScaffold of what was asked for: no such plugin can be.
var ErrRequest = fmt.Errorf("%w", ErrScaffold)

// Request says what is wanted.
type Request struct {
	ID        string
	Language  string
	Character string // whom a personality plays
}

// language is what a new plugin may be written in.
type language struct {
	name string
	sdk  string // folder of the SDK that goes with it; none when empty
	also string // folder of templates that it begins with
}

// languages come in the order in which we would try them.
var languages = []language{
	{name: "declarative"},
	{name: "js", sdk: "js"},
	{name: "ts", sdk: "js"},
	{name: "go", sdk: "go"},
	{name: "tinygo", sdk: "go", also: "go"},
	{name: "assemblyscript", sdk: "assemblyscript"},
	{name: "rust", sdk: "rust"},
	{name: "c", sdk: "c"},
}

// Languages lists what a plugin may be written in.
func Languages() []string {
	var out []string
	for _, l := range languages {
		out = append(out, l.name)
	}
	return out
}

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Plugin writes the folder of a new plugin, with the SDK in it, and gives the names of the files. sdks holds a folder
// for each SDK. A folder that is there and not empty is left alone.
func Plugin(folder string, r Request, sdks fs.FS) ([]string, error) {
	i := slices.IndexFunc(languages, func(l language) bool { return l.name == r.Language })
	switch {
	case i < 0:
		return nil, fmt.Errorf("%w: %q is no language for plugins; want one of %s", ErrRequest, r.Language, strings.Join(Languages(), ", "))
	case !idPattern.MatchString(r.ID):
		return nil, fmt.Errorf("%w: the id is %q; want lower-case letters, digits and dashes, such as night-moth", ErrRequest, r.ID)
	case r.ID == "operator": // the show would refuse it
		return nil, fmt.Errorf("%w: the id is operator, which is what people at the control room carry; choose another", ErrRequest)
	case !idPattern.MatchString(r.Character):
		return nil, fmt.Errorf("%w: the character is %q; want the id of one that the show has, such as dusty", ErrRequest, r.Character)
	}
	l := languages[i]
	files := map[string][]byte{}
	for _, from := range []string{"common", l.also, l.name} {
		if from == "" {
			continue
		}
		if err := expand(files, from, r); err != nil {
			return nil, err
		}
	}
	if err := l.addSDK(files, sdks); err != nil {
		return nil, err
	}
	return write(folder, files)
}

// values are what a template may use.
type values struct {
	Request
	Name  string // the id as people say it
	Crate string // the id as a package of Cargo
}

func expand(files map[string][]byte, from string, r Request) error {
	v := values{Request: r, Name: title(r.ID), Crate: r.ID}
	if r.ID[0] >= '0' && r.ID[0] <= '9' { // no package of Cargo begins so
		v.Crate = "plugin-" + r.ID
	}
	root := path.Join("templates", from)
	return fs.WalkDir(templates, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		// Other delimiters than the usual ones: a personality's lines are full of those.
		t, err := template.New(name).Delims("<%", "%>").Option("missingkey=error").Funcs(functions).Parse(string(b))
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := t.Execute(&out, v); err != nil {
			return err
		}
		files[strings.TrimSuffix(strings.TrimPrefix(name, root+"/"), ".tmpl")] = out.Bytes()
		return nil
	})
}

// functions are what templates may call: yaml writes a text so that YAML reads it as one. An id may be null, or 1e3.
var functions = template.FuncMap{"yaml": func(text string) (string, error) {
	b, err := yaml.Marshal(text)
	return strings.TrimSpace(string(b)), err
}}

func title(id string) string {
	words := strings.Split(id, "-")
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

// embedded ends the names of an SDK's files where they are embedded, so that no tool takes them for parts of the program.
const embedded = ".src"

// addSDK puts the SDK into the folder: a plugin is built without anything else of ours.
func (l language) addSDK(files map[string][]byte, sdks fs.FS) error {
	if l.sdk == "" {
		return nil
	}
	err := fs.WalkDir(sdks, l.sdk, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(sdks, name)
		files["sdk/"+strings.TrimSuffix(strings.TrimPrefix(name, l.sdk+"/"), embedded)] = b
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: this program brings no SDK for %s along: %w", ErrScaffold, l.name, err)
	}
	return nil
}

// write fills a folder beside the one that is wanted, then gives it its name: it is there whole, or not at all.
func write(folder string, files map[string][]byte) ([]string, error) {
	if entries, err := os.ReadDir(folder); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("%w: %s is there and holds files; name another folder", ErrScaffold, folder)
	} else if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", ErrScaffold, err)
	}
	folder = filepath.Clean(folder)
	if err := os.MkdirAll(filepath.Dir(folder), 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScaffold, err)
	}
	part, err := os.MkdirTemp(filepath.Dir(folder), ".new-")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScaffold, err)
	}
	defer os.RemoveAll(part)
	names := make([]string, 0, len(files))
	for name, b := range files {
		names = append(names, name)
		file := filepath.Join(part, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, b, 0o644)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrScaffold, err)
		}
	}
	if err := errors.Join(os.Chmod(part, 0o755), os.Rename(part, folder)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScaffold, err)
	}
	slices.Sort(names)
	return names, nil
}
