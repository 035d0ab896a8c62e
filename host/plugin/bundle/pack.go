package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/jsbuild"
)

// Pack makes a package of a plugin's folder. left are the files that stay out: sources, and whatever else lies there;
// a package takes only what it has a reason to take, so that nobody publishes a key by mistake.
func Pack(folder fs.FS) (p *Package, left []string, err error) {
	m, err := plugin.LoadManifest(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	take, left, err := choose(folder, m)
	if err != nil {
		return nil, nil, err
	}
	files := map[string][]byte{}
	for _, name := range take {
		if files[name], err = plugin.ReadFile(folder, name, MaxFile); err != nil {
			return nil, nil, wrong(name, "%v", err)
		}
	}
	b, err := write(m, files)
	if err != nil {
		return nil, nil, err
	}
	p, err = Parse(b)
	return p, left, err
}

// choose walks the folder and says what goes into the package and what does not.
func choose(folder fs.FS, m *plugin.Manifest) (take, left []string, err error) {
	named := append([]string{plugin.ManifestFile, m.Runtime.File().File}, m.Tests...)
	if _, err := fs.Stat(folder, m.Runtime.File().File); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, notBuilt(m)
	}
	if m.Runtime.JS != nil {
		script, err := jsbuild.Build(folder, m.Runtime.JS.File)
		if err != nil {
			return nil, nil, wrong(m.Runtime.JS.File, "%v", err)
		}
		named = append(named, script.Files...)
	}
	seen := names{}
	err = fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return wrong(name, "%v", err)
		case name == ".":
			return nil
		case d.IsDir():
			if skipped(name) {
				left = append(left, name+"/")
				return fs.SkipDir
			}
			return nil
		case !wanted(name, named):
			left = append(left, name)
			return nil
		case !d.Type().IsRegular():
			return wrong(name, "is %s; a package holds plain files only: put the file itself there", kindOf(d.Type()))
		}
		take = append(take, name)
		return seen.add(name)
	})
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(take, m.Runtime.File().File) {
		return nil, nil, notBuilt(m)
	}
	return take, left, nil
}

func notBuilt(m *plugin.Manifest) error {
	return wrong(m.Runtime.File().File, "plugin.yaml names it as what runs, but it is not there; build the plugin first")
}

// folders of a plugin that go with it, whole.
var folders = []string{"assets", "tests", "sessions", "licenses"}

// papers are files beside the plugin.yaml that go with it, with any ending.
var papers = []string{"LICENSE", "NOTICE", "README", "CHANGELOG", "AUTHORS"}

func wanted(name string, named []string) bool {
	if slices.ContainsFunc(named, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
		return true
	}
	if top, _, inside := strings.Cut(name, "/"); inside {
		return slices.Contains(folders, top) && !hidden(name)
	}
	stem, _, _ := strings.Cut(name, ".")
	return slices.Contains(papers, stem)
}

func hidden(name string) bool {
	return strings.HasPrefix(path.Base(name), ".")
}

// skipped are folders that nobody means, and that may be large.
func skipped(name string) bool {
	return hidden(name) || path.Base(name) == "node_modules"
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a link"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// write is the one form that a package has.
func write(m *plugin.Manifest, files map[string][]byte) ([]byte, error) {
	if _, ok := files[indexFile]; ok {
		return nil, wrong(indexFile, "the package writes a file of that name itself; rename yours")
	}
	x := indexOf(m, files)
	index, err := x.encode()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	err = store(w, indexFile, index)
	for _, f := range x.Files {
		err = errors.Join(err, store(w, f.Name, files[f.Name]))
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("write the package: %w", err)
	}
	if out.Len() > MaxSize {
		return nil, wrong(x.FileName(), "it would have %d bytes, at most %d are allowed; the largest file is %s", out.Len(), MaxSize, largest(x.Files))
	}
	return out.Bytes(), nil
}

// indexOf says what is in a package, in order.
func indexOf(m *plugin.Manifest, files map[string][]byte) Index {
	x := Index{Format: format, ID: m.ID, Version: m.Version, Kind: m.Kind, Files: []File{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		x.Files = append(x.Files, File{Name: name, Size: int64(len(files[name])), SHA256: sum(files[name])})
	}
	return x
}

// firstDay is the first that the format can tell, 1 January 1980. No entry has another.
const firstDay = 1<<5 | 1

func store(w *zip.Writer, name string, b []byte) error {
	h := &zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(b),
		ModifiedDate:     firstDay, //nolint:staticcheck // Modified brings an extra field along
		CompressedSize64: uint64(len(b)), UncompressedSize64: uint64(len(b))}
	h.SetMode(0o644)
	to, err := w.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = to.Write(b)
	return err
}

func largest(files []File) string {
	f := slices.MaxFunc(files, func(a, b File) int { return int(a.Size - b.Size) })
	return fmt.Sprintf("%s with %d", f.Name, f.Size)
}
