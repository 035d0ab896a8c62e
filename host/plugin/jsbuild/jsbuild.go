// Package jsbuild makes one script of a plugin that is written in JavaScript or TypeScript.
//
// A plugin may be of several files, which import each other by relative paths, and the SDK. Nothing else is read: not
// what lies outside of the plugin's folder, no packages, no settings of other tools. The script is what the engine's
// QuickJS speaks, and places in it can be traced back to the files of its author.
package jsbuild

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

const (
	// SDK is the one package that a plugin may import.
	SDK = "@sothebais/sdk"
	// maxFile and maxFiles bound what is read for one plugin.
	maxFile  = 1 << 20
	maxFiles = 256
	maxTold  = 10 // errors that are told at once
	// sdkSource is how a script reaches the SDK, which the engine has inside (plugins/js-engine).
	sdkSource = "export const { definePlugin, Level, Priority, StoreResult } = sothebais;"
	// namespace marks what this package reads itself, so that the bundler does not.
	namespace = "plugin"
)

// extensions are tried, in this order, for an import that names none.
var extensions = []string{".ts", ".js", ".mts", ".mjs", ".json", "/index.ts", "/index.js"}

// Script is a plugin in one piece.
type Script struct {
	Code  []byte // sets the variable plugin to what the entry exports
	Files []string
	places
}

// Build reads entry and what it imports, and bundles them. Its error names file, line and column of each problem.
func Build(fsys fs.FS, entry string) (*Script, error) {
	r := &reader{fsys: fsys}
	out := api.Build(api.BuildOptions{
		EntryPointsAdvanced: []api.EntryPoint{{InputPath: "./" + entry, OutputPath: "bundle"}},
		Plugins:             []api.Plugin{{Name: namespace, Setup: r.setup}},
		Bundle:              true,
		Format:              api.FormatIIFE,
		GlobalName:          "plugin",
		Target:              api.ES2022,
		Platform:            api.PlatformNeutral,
		Charset:             api.CharsetUTF8,
		Sourcemap:           api.SourceMapExternal,
		SourcesContent:      api.SourcesContentExclude,
		Outdir:              "/",
		AbsWorkingDir:       "/",
		TsconfigRaw:         "{}",
		LogLevel:            api.LogLevelSilent,
	})
	if len(out.Errors) > 0 {
		return nil, problems(out.Errors)
	}
	s := &Script{Files: r.files}
	slices.Sort(s.Files)
	for _, f := range out.OutputFiles {
		if !strings.HasSuffix(f.Path, ".map") {
			s.Code = f.Contents
		} else if err := s.places.read(f.Contents); err != nil {
			return nil, fmt.Errorf("%s: %w", entry, err)
		}
	}
	return s, nil
}

// reader gives the bundler the files of a plugin, and no others.
type reader struct {
	fsys fs.FS

	mu    sync.Mutex // the bundler reads several files at once
	files []string
}

func (r *reader) setup(b api.PluginBuild) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		name, err := r.resolve(a.Importer, a.Path)
		return api.OnResolveResult{Path: name, Namespace: namespace}, err
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: namespace}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		text, err := r.load(a.Path)
		return api.OnLoadResult{Contents: &text, Loader: loader(a.Path)}, err
	})
}

// resolve turns what an import says into the name of a file.
func (r *reader) resolve(importer, asked string) (string, error) {
	if asked == SDK {
		return SDK, nil
	}
	if !strings.HasPrefix(asked, "./") && !strings.HasPrefix(asked, "../") {
		return "", fmt.Errorf("cannot import %q: a plugin imports its own files, such as \"./lines.js\", and %s", asked, SDK)
	}
	name := path.Join(path.Dir(importer), asked)
	if !fs.ValidPath(name) {
		return "", fmt.Errorf("cannot import %q: it is outside of the plugin's folder", asked)
	}
	for _, try := range candidates(name) {
		if info, err := fs.Stat(r.fsys, try); err == nil && info.Mode().IsRegular() {
			return try, nil
		}
	}
	return "", fmt.Errorf("cannot import %q: there is no file %s in the plugin's folder", asked, name)
}

// candidates are the files that a name may mean; TypeScript writes the .js that a .ts becomes.
func candidates(name string) []string {
	out := []string{name}
	if base, ok := strings.CutSuffix(name, ".js"); ok {
		out = append(out, base+".ts")
	}
	for _, ext := range extensions {
		out = append(out, name+ext)
	}
	return out
}

func (r *reader) load(name string) (string, error) {
	if name == SDK {
		return sdkSource, nil
	}
	if r.count(name) > maxFiles {
		return "", fmt.Errorf("the plugin has more than %d files", maxFiles)
	}
	info, err := fs.Stat(r.fsys, name)
	switch {
	case err != nil:
		return "", err
	case info.Size() > maxFile:
		return "", fmt.Errorf("%s has %d bytes, at most %d are allowed", name, info.Size(), maxFile)
	case loader(name) == api.LoaderNone:
		return "", fmt.Errorf("%s is no script: name it .js, .ts or .json", name)
	}
	b, err := fs.ReadFile(r.fsys, name)
	if err != nil {
		return "", err
	}
	return string(b), checkDepth(name, string(b))
}

// count notes a file and gives how many there are.
func (r *reader) count(name string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.files = append(r.files, name)
	return len(r.files)
}

func loader(name string) api.Loader {
	if name == SDK {
		return api.LoaderJS
	}
	switch path.Ext(name) {
	case ".ts", ".mts":
		return api.LoaderTS
	case ".js", ".mjs":
		return api.LoaderJS
	case ".json":
		return api.LoaderJSON
	}
	return api.LoaderNone
}

// problems are the bundler's errors, in the form that editors jump to, with the line and a mark below it.
func problems(list []api.Message) error {
	var errs []error
	for i, m := range list {
		if i == maxTold {
			errs = append(errs, fmt.Errorf("and %d more", len(list)-i))
			break
		}
		errs = append(errs, errors.New(problem(m)))
	}
	return errors.Join(errs...)
}

func problem(m api.Message) string {
	l := m.Location
	if l == nil {
		return m.Text
	}
	text := fmt.Sprintf("%s:%d:%d: %s", strings.TrimPrefix(l.File, namespace+":"), l.Line, l.Column+1, strings.ReplaceAll(m.Text, `"`+namespace+":", `"`))
	if line := l.LineText; line != "" && len(line) <= 200 {
		text += "\n\t" + strings.ReplaceAll(line, "\t", " ") + "\n\t" + strings.Repeat(" ", l.Column) + "^"
	}
	return text
}
