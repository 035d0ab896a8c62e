package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/sothebais/sothebais/host/plugin"
)

// ReadFile reads a package from a file of this machine.
func ReadFile(name string) (*Package, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, wrong(name, "is a folder; pack it first: sothebais pack %s", name)
	}
	b, err := readPlain(ErrFormat, name, MaxSize)
	if err != nil {
		return nil, err
	}
	p, err := Parse(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// readPlain reads a plain file; of pipes and devices the end may never come. kind is what its errors are.
func readPlain(kind error, name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: %s: is not a plain file", kind, name)
	case info.Size() > limit:
		return nil, fmt.Errorf("%w: %s: has %d bytes, at most %d are allowed", kind, name, info.Size(), limit)
	}
	return os.ReadFile(name)
}

// Parse reads a package and checks all of it. It keeps b.
func Parse(b []byte) (*Package, error) {
	if len(b) > MaxSize {
		return nil, wrong("the package", "it has %d bytes, at most %d are allowed", len(b), MaxSize)
	}
	if err := checkList(b); err != nil {
		return nil, err
	}
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, wrong("the package", "it is no zip archive (%v); was it cut short? Fetch it again", err)
	}
	files, err := contents(z, len(b))
	if err != nil {
		return nil, err
	}
	m, err := manifestOf(files)
	if err != nil {
		return nil, err
	}
	index := files[indexFile]
	delete(files, indexFile)
	p := &Package{SHA256: sum(b), Manifest: m, bytes: b, zip: z}
	if p.Index, err = sameAsWritten(m, files, index, b); err != nil {
		return nil, err
	}
	return p, nil
}

// checkList looks at how long the list of files at the end is, before it is read: a package may be all list.
func checkList(b []byte) error {
	const size, most = 22, MaxFiles * (46 + maxName) // of what ends an archive; of the list
	if len(b) < size || string(b[len(b)-size:][:4]) != "PK\x05\x06" {
		return wrong("the package", "it is no zip archive that ends as a package does; was it cut short? Fetch it again")
	}
	end := b[len(b)-size:]
	list, at := uint64(binary.LittleEndian.Uint32(end[12:])), uint64(binary.LittleEndian.Uint32(end[16:]))
	switch {
	case list > most:
		return wrong("the package", "a package holds at most %d files and folders; put many small ones into one", MaxFiles)
	case at+list+size != uint64(len(b)):
		return errForm
	}
	return nil
}

var errForm = wrong("the package", "its form is not the one that `sothebais pack` writes (order, times, modes, or bytes between the entries); pack it anew")

// contents reads the entries. Nothing is compressed, so together they never hold more than the archive, unless entries
// share their bytes.
func contents(z *zip.Reader, size int) (map[string][]byte, error) {
	seen, files, left := names{}, map[string][]byte{}, uint64(size)
	for _, f := range z.File {
		if err := seen.add(f.Name); err != nil {
			return nil, err
		}
		switch {
		case f.Mode() != 0o644:
			return nil, wrong(quoted(f.Name), "it is %s; a package holds plain files only", fs.FormatFileInfo(f.FileInfo()))
		case f.Method != zip.Store || f.CompressedSize64 != f.UncompressedSize64:
			return nil, wrong(f.Name, "it is compressed; make packages with `sothebais pack`, which stores")
		case f.UncompressedSize64 > MaxFile:
			return nil, wrong(f.Name, "it has %d bytes, at most %d are allowed", f.UncompressedSize64, MaxFile)
		case f.UncompressedSize64 > left:
			return nil, wrong(f.Name, "its bytes are those of another file as well; pack it anew")
		}
		left -= f.UncompressedSize64
		b, err := read(f)
		if err != nil {
			return nil, wrong(f.Name, "%v; the package is damaged, fetch it again", err)
		}
		files[f.Name] = b
	}
	return files, nil
}

func read(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

func manifestOf(files map[string][]byte) (*plugin.Manifest, error) {
	b, ok := files[plugin.ManifestFile]
	if !ok {
		return nil, wrong("the package", "it holds no %s; make packages with `sothebais pack`", plugin.ManifestFile)
	}
	m, err := plugin.ParseManifest(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFormat, err)
	}
	if f := m.Runtime.File().File; files[f] == nil {
		return nil, wrong(quoted(f), "plugin.yaml names it as what runs, but the package does not hold it")
	}
	return m, nil
}

// sameAsWritten writes the package anew and compares: there is one form only.
func sameAsWritten(m *plugin.Manifest, files map[string][]byte, index, b []byte) (Index, error) {
	x := indexOf(m, files)
	text, err := x.encode()
	if err != nil {
		return x, err
	}
	if !bytes.Equal(text, index) {
		return x, wrong(indexFile, "it is missing or does not tell what the package holds; the package was altered, fetch it again or pack it anew")
	}
	anew, err := write(m, files)
	if err != nil {
		return x, err
	}
	if !bytes.Equal(anew, b) {
		return x, errForm
	}
	return x, nil
}
