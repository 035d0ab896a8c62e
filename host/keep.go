package host

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/jsbuild"
)

// keptFolder is where what runs is kept inside of the folder of plugins, each file under its SHA-256. A plugin that is on
// air does not change when its folder does, and what was on air once can be played again.
const keptFolder = ".kept"

// mostKept bounds what is kept of one file; what is bigger is no plugin.
const mostKept = 16 << 20

// place is a plugin with the name by which it was found.
type place struct {
	fs.FS
	name string
}

// Stat looks without opening.
func (p place) Stat(name string) (fs.FileInfo, error) { return fs.Stat(p.FS, name) }

// Origin says where the plugin comes from, when that is known.
func (p place) Origin() string { return originOf(p.FS) }

// originOf says where files come from, when they know.
func originOf(files fs.FS) string {
	if o, ok := files.(interface{ Origin() string }); ok {
		return o.Origin()
	}
	return ""
}

// keptFiles are files of a plugin as they were when it was loaded.
type keptFiles struct {
	dir string
	sum map[string]string // by name
}

// Open opens a kept file.
func (k keptFiles) Open(name string) (fs.File, error) {
	s, ok := k.sum[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return os.Open(filepath.Join(k.dir, s))
}

// keep copies the description of a plugin and what it runs to where it stays as it is, and writes down of what files that
// program was. A plugin that cannot be read is given back as it is, for whoever loads it to say why.
func (c *catalogue) keep(from fs.FS) (fs.FS, error) {
	m, err := plugin.LoadManifest(from)
	if err != nil {
		return from, nil //nolint:nilerr // the plugin host reads it once more and tells everything that is wrong
	}
	main := m.Runtime.File().File
	names, program := []string{plugin.ManifestFile, main}, ""
	if m.Runtime.JS != nil {
		script, err := jsbuild.Build(from, main)
		if err != nil {
			return from, nil //nolint:nilerr // as above
		}
		names, program = append(names, script.Files...), sumOf(script.Code)
	}
	k := keptFiles{dir: filepath.Join(c.own, keptFolder), sum: map[string]string{}}
	for _, name := range names {
		b, err := plugin.ReadFile(from, name, mostKept)
		if err != nil {
			return from, nil //nolint:nilerr // as above
		}
		if k.sum[name], err = k.put(b); err != nil {
			return nil, failf(ErrUnavailable, "keep %s of plugin %s: %w", name, m.ID, err)
		}
	}
	if err := k.index(m.ID, m.Version, cmp.Or(program, k.sum[main])); err != nil {
		return nil, failf(ErrUnavailable, "keep the list of files of plugin %s: %w", m.ID, err)
	}
	return k, nil
}

// indexName is where the files of a program are listed. The same program may be run by several plugins; plugin.loaded tells
// which one it was, and the sum of what it ran, which of a script is that of all its files in one piece.
func indexName(id, version, program string) string { return program + "." + id + "@" + version }

// index writes down of which files a program is, the last description of it that was loaded.
func (k keptFiles) index(id, version, program string) error {
	b, err := json.Marshal(k.sum)
	if err != nil {
		return err
	}
	return k.write(indexName(id, version, program), b)
}

// keptAs finds the files of a plugin that was on air once by what it ran.
func (c *catalogue) keptAs(id, version, program string) (fs.FS, bool) {
	k := keptFiles{dir: filepath.Join(c.own, keptFolder)}
	b, err := os.ReadFile(filepath.Join(k.dir, filepath.Base(indexName(id, version, program))))
	if err != nil || json.Unmarshal(b, &k.sum) != nil {
		return nil, false
	}
	m, err := plugin.LoadManifest(k)
	return k, err == nil && m.ID == id && m.Version == version
}

// put writes bytes under their SHA-256, unless they are there, and whole.
func (k keptFiles) put(b []byte) (string, error) {
	name := sumOf(b)
	if have, err := os.ReadFile(filepath.Join(k.dir, name)); err == nil && bytes.Equal(have, b) {
		return name, nil
	}
	return name, k.write(name, b)
}

// write writes a file whole or not at all.
func (k keptFiles) write(name string, b []byte) error {
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(k.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil { // a power cut leaves the name, and nothing behind it
		err = os.Rename(f.Name(), filepath.Join(k.dir, name))
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
