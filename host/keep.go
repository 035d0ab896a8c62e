package host

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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

// keep copies the description of a plugin and what it runs to where it stays as it is. A plugin that cannot be read is
// given back as it is, for whoever loads it to say why.
func (c *catalogue) keep(from fs.FS) (fs.FS, error) {
	m, err := plugin.LoadManifest(from)
	if err != nil {
		return from, nil //nolint:nilerr // the plugin host reads it once more and tells everything that is wrong
	}
	names := []string{plugin.ManifestFile, m.Runtime.File().File}
	if m.Runtime.JS != nil {
		script, err := jsbuild.Build(from, m.Runtime.JS.File)
		if err != nil {
			return from, nil //nolint:nilerr // as above
		}
		names = append(names, script.Files...)
	}
	k := keptFiles{dir: filepath.Join(c.own, keptFolder), sum: map[string]string{}}
	for _, name := range names {
		b, err := plugin.ReadFile(from, name, mostKept)
		if err != nil {
			return from, nil //nolint:nilerr // as above
		}
		if k.sum[name], err = k.put(b); err != nil {
			return nil, fmt.Errorf("%w: keep %s of plugin %s: %w", ErrUnavailable, name, m.ID, err)
		}
	}
	return k, nil
}

// keptAs finds the files of a plugin that was on air once by what it ran. A script is made of several files, of which only
// its folder knows.
func (c *catalogue) keptAs(id, version, sum string) (fs.FS, bool) {
	dir := filepath.Join(c.own, keptFolder)
	if _, err := os.Stat(filepath.Join(dir, sum)); err != nil {
		return nil, false
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, false
	}
	for _, f := range files {
		k := keptFiles{dir: dir, sum: map[string]string{plugin.ManifestFile: f.Name()}}
		m, err := plugin.LoadManifest(k)
		if err == nil && m.ID == id && m.Version == version && m.Runtime.JS == nil {
			k.sum[m.Runtime.File().File] = sum
			return k, true
		}
	}
	return nil, false
}

// put writes bytes under their SHA-256, unless they are there.
func (k keptFiles) put(b []byte) (string, error) {
	sum := sha256.Sum256(b)
	name := hex.EncodeToString(sum[:])
	path := filepath.Join(k.dir, name)
	if _, err := os.Stat(path); err == nil {
		return name, nil
	}
	if err := os.MkdirAll(k.dir, 0o700); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(k.dir, "new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return name, err
}
