package bundle

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// ErrInstalled says that an installed package is in the way, or that one is not there.
var ErrInstalled = errors.New("installed packages")

// Store holds installed packages, each as it came, in <folder>/<id>/<version>/. Several versions lie side by side, and
// what is there is never changed: it is checked anew whenever it is opened.
type Store struct {
	Folder string // such as <data-dir>/plugins
	Trust  string // folder of the keys that are trusted
}

// StoreOf is the store of a data directory.
func StoreOf(dataDir string) Store {
	return Store{Folder: filepath.Join(dataDir, "plugins"), Trust: TrustFolder(dataDir)}
}

// Receipt says how a package came in.
type Receipt struct {
	ID      string    `json:"id"`
	Version string    `json:"version"`
	SHA256  string    `json:"sha256"`
	Source  string    `json:"source"`
	At      time.Time `json:"at"`
	Standing
}

// Standing is why a package may be loaded: it has a signer who is trusted, or somebody allowed it all the same.
type Standing struct {
	Signer  *Signer `json:"signer,omitempty"`
	Allowed string  `json:"allowed_although,omitempty"` // what it would have been refused for
}

// String says it in a few words.
func (s Standing) String() string {
	if s.Signer != nil {
		return "signed by " + s.Signer.Name + " (" + s.Signer.Key + ")"
	}
	return "allowed without a trusted signature"
}

// Files of an installed package.
const (
	packageFile = "package" + Ext
	receiptFile = "receipt.json"
	partPrefix  = ".new-"
)

// Admit says whether a package may be loaded. anyway is the admin's word for one that nobody trusted has signed.
func (s Store) Admit(p *Package, signature []byte, anyway bool) (Standing, error) {
	trusted, err := LoadTrusted(s.Trust)
	if err != nil {
		return Standing{}, err
	}
	signer, err := trusted.Verify(p, signature)
	switch {
	case err == nil:
		return Standing{Signer: &signer}, nil
	case anyway && (errors.Is(err, ErrUnsigned) || errors.Is(err, ErrUntrusted) || errors.Is(err, ErrAltered)):
		return Standing{Allowed: err.Error()}, nil
	}
	return Standing{}, err
}

// Install puts a package that was admitted into the store, whole or not at all. What is there already stays; a package
// of the same version and another content is refused.
func (s Store) Install(p *Package, signature []byte, r Receipt) (Receipt, error) {
	r.ID, r.Version, r.SHA256, r.At = p.ID, p.Version, p.SHA256, r.At.UTC()
	if err := os.MkdirAll(s.Folder, 0o755); err != nil {
		return r, err
	}
	part, err := os.MkdirTemp(s.Folder, partPrefix)
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(part)
	if err := fill(part, p, signature, r); err != nil {
		return r, err
	}
	to := s.at(p.ID, p.Version)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return r, err
	}
	if err := s.makeRoom(p, signature, to); err != nil {
		return r, err
	}
	if err := os.Rename(part, to); err != nil {
		return r, err
	}
	return r, syncFolder(filepath.Dir(to))
}

// makeRoom removes the same package, which may have come with another signature or none.
func (s Store) makeRoom(p *Package, signature []byte, to string) error {
	old, err := ReadFile(filepath.Join(to, packageFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && old.SHA256 != p.SHA256 {
		return fmt.Errorf("%w: %s %s is there with another content (sha256 %s, not %s); a version does not change: raise it, or `sothebais uninstall %s@%s` first",
			ErrInstalled, p.ID, p.Version, old.SHA256[:12], p.SHA256[:12], p.ID, p.Version)
	}
	return s.discard(p.ID, p.Version) // the same, or damaged
}

// discard takes a version away at once: what is removed file by file may be left half there, with which nothing can be done.
func (s Store) discard(id, version string) error {
	gone := filepath.Join(s.Folder, partPrefix+id+"-"+version)
	if err := os.RemoveAll(gone); err != nil { // the program may have ended before it was done with the last
		return err
	}
	if err := os.Rename(s.at(id, version), gone); err != nil {
		return err
	}
	return os.RemoveAll(gone)
}

func (s Store) at(id, version string) string { return filepath.Join(s.Folder, id, version) }

func fill(dir string, p *Package, signature []byte, r Receipt) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	err = errors.Join(create(filepath.Join(dir, packageFile), p.bytes, 0o644), create(filepath.Join(dir, receiptFile), append(text, '\n'), 0o644), os.Chmod(dir, 0o755))
	if len(signature) > 0 {
		err = errors.Join(err, create(filepath.Join(dir, packageFile+SignatureExt), signature, 0o644))
	}
	return errors.Join(err, syncFolder(dir))
}

func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Open gives an installed package, if it may still be loaded.
func (s Store) Open(id, version string) (*Package, Standing, error) {
	file := filepath.Join(s.at(id, version), packageFile)
	p, err := ReadFile(file)
	if err != nil {
		return nil, Standing{}, err
	}
	if p.ID != id || p.Version != version {
		return nil, Standing{}, fmt.Errorf("%w: %s holds %s %s; uninstall it and install it anew", ErrAltered, file, p.ID, p.Version)
	}
	signature, err := ReadSignature(file)
	if err != nil {
		return nil, Standing{}, err
	}
	allowed := s.allowed(id, version, p.SHA256)
	standing, err := s.Admit(p, signature, allowed)
	return p, standing, err
}

// allowed says whether these very bytes were allowed when they were installed.
func (s Store) allowed(id, version, sha string) bool {
	r, err := s.receipt(id, version)
	return err == nil && r.Allowed != "" && r.SHA256 == sha
}

func (s Store) receipt(id, version string) (Receipt, error) {
	var r Receipt
	b, err := readPlain(ErrFormat, filepath.Join(s.at(id, version), receiptFile), 64<<10)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// Versions are those of a plugin that are installed, the newest first.
func (s Store) Versions(id string) []string {
	entries, err := os.ReadDir(filepath.Join(s.Folder, id))
	if err != nil || checkPart(id) != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if info, err := os.Stat(filepath.Join(s.at(id, e.Name()), packageFile)); err == nil && info.Mode().IsRegular() {
			out = append(out, e.Name())
		}
	}
	slices.SortFunc(out, func(a, b string) int { return cmp.Or(semver.Compare("v"+b, "v"+a), cmp.Compare(b, a)) }) // 1.0.0-01 is none to semver
	return out
}

// IDs are the plugins of which a version is installed.
func (s Store) IDs() []string {
	entries, err := os.ReadDir(s.Folder)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if len(s.Versions(e.Name())) > 0 {
			out = append(out, e.Name())
		}
	}
	return out
}

// List says what is installed, and how it came in. A store that is not there yet holds nothing.
func (s Store) List() ([]Receipt, error) {
	if _, err := os.ReadDir(s.Folder); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	out := []Receipt{}
	for _, id := range s.IDs() {
		for _, v := range s.Versions(id) {
			r, err := s.receipt(id, v)
			if err != nil { // the package itself is what counts; that the paper is lost is no reason to hide it
				r = Receipt{ID: id, Version: v}
			}
			out = append(out, r)
		}
	}
	return out, nil
}

// Resolve turns id or id@version into both; without a version the newest is meant.
func (s Store) Resolve(name string) (id, version string, err error) {
	id, version, exact := strings.Cut(name, "@")
	have := s.Versions(id)
	switch {
	case len(have) == 0:
		return id, version, fmt.Errorf("%w: no version of %q is there; there are: %s", ErrInstalled, quoted(id), cmp.Or(strings.Join(s.IDs(), ", "), "none"))
	case !exact:
		return id, have[0], nil
	case !slices.Contains(have, version):
		return id, version, fmt.Errorf("%w: %s %s is not there; there are: %s", ErrInstalled, id, quoted(version), strings.Join(have, ", "))
	}
	return id, version, nil
}

// Remove takes one version out of the store. A show that has it on air keeps it until the next swap.
func (s Store) Remove(id, version string) error {
	if !slices.Contains(s.Versions(id), version) {
		_, _, err := s.Resolve(id + "@" + version)
		return err
	}
	err := s.discard(id, version)
	_ = os.Remove(filepath.Join(s.Folder, id)) // when it was the last
	return err
}

// SHA256 is that of an installed package, as it lies there now.
func (s Store) SHA256(id, version string) (string, error) {
	p, err := ReadFile(filepath.Join(s.at(id, version), packageFile))
	if err != nil {
		return "", err
	}
	return p.SHA256, nil
}
