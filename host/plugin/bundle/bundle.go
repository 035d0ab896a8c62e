// Package bundle is how a plugin travels: one file that anybody can check, signed by who made it.
//
// A package (`<id>-<version>.sbx`) is a zip archive of one form only. Its entries are stored, not compressed, because
// what a compressor gives changes between its versions; they are sorted, of one time and one mode; the first is
// manifest.json, which names each of the others with size and SHA-256.
//
// Promises:
//   - The same files give the same bytes, on any machine.
//   - Parse takes what Pack could have written and nothing else: it writes the archive anew from what it read and
//     compares. So two readers can never see two things in one package, and nothing hides between the entries.
//   - Nothing is ever unpacked. A package is read where it lies, as an fs.FS.
//   - A signature is one of minisign, beside the package, and names id, version and SHA-256 in its trusted comment.
package bundle

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sothebais/sothebais/host/plugin"
)

// Ext ends the name of a package; SignatureExt is added to it for the signature.
const (
	Ext          = ".sbx"
	SignatureExt = ".minisig"
)

// Limits of a package. The largest that we know, a personality with a drawn character and a Go module, has 6 MB.
const (
	MaxSize  = 64 << 20 // of the package
	MaxFile  = 32 << 20 // of one file in it
	MaxFiles = 2048
	maxName  = 200
)

// indexFile is the first entry of a package.
const indexFile = "manifest.json"

// format is the version of the form.
const format = 1

var (
	// ErrFormat says that a folder cannot become a package, or that a file is none.
	ErrFormat = errors.New("not a package that can be used")
	// ErrAltered says that a package is not the one that was signed.
	ErrAltered = errors.New("altered package")
	// ErrUnsigned says that a package has no signature.
	ErrUnsigned = errors.New("unsigned package")
	// ErrUntrusted says that a package was signed by somebody unknown here.
	ErrUntrusted = errors.New("signer is not trusted")
)

// Index is the manifest.json of a package: what is in it.
type Index struct {
	Format  int         `json:"format"`
	ID      string      `json:"id"`
	Version string      `json:"version"`
	Kind    plugin.Kind `json:"kind"`
	Files   []File      `json:"files"`
}

// File is one file of a package.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Package is a package that was read and found whole.
type Package struct {
	Index
	SHA256   string // of the whole file
	Manifest *plugin.Manifest

	bytes []byte
	zip   *zip.Reader
}

// FileName is what the file of a package is called.
func (x Index) FileName() string { return x.ID + "-" + x.Version + Ext }

// FS gives the files of the package.
func (p *Package) FS() fs.FS { return p.zip }

// Bytes is the whole package; it must not be changed.
func (p *Package) Bytes() []byte { return p.bytes }

// encode gives the text of a manifest.json.
func (x Index) encode() ([]byte, error) {
	b, err := json.MarshalIndent(x, "", "  ")
	return append(b, '\n'), err
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// wrong says what is wrong with a package, where, and how to mend it.
func wrong(where, what string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrFormat, where, fmt.Sprintf(what, args...))
}
