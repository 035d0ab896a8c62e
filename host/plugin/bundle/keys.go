package bundle

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"aead.dev/minisign"
)

// Endings of key files, those of minisign.
const (
	PrivateExt = ".key"
	PublicExt  = ".pub"
)

// ErrKey says that a key cannot be used. Those below it say why, where that matters to whoever asked.
var (
	ErrKey      = errors.New("key cannot be used")
	ErrKeyName  = fmt.Errorf("%w", ErrKey) // it cannot be called that
	ErrKeyTaken = fmt.Errorf("%w", ErrKey) // another one is there
	ErrPassword = fmt.Errorf("%w", ErrKey) // the password does not open it
)

// maxKey bounds a key file; real ones have less than 300 bytes.
const maxKey = 4 << 10

// NewKey makes a key pair under a name in a folder; the private half is protected by the password, or, if that is
// empty, by the rights of the file alone. An existing key is never written over.
func NewKey(folder, name, password string) (TrustedKey, error) {
	if err := checkKeyName(name); err != nil {
		return TrustedKey{}, err
	}
	public, private, err := minisign.GenerateKey(rand.Reader)
	if err != nil {
		return TrustedKey{}, err
	}
	secret, err := private.MarshalText()
	if password != "" {
		secret, err = minisign.EncryptKey(password, private)
	}
	if err != nil {
		return TrustedKey{}, err
	}
	k := TrustedKey{Name: name, Public: public}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return k, err
	}
	file := filepath.Join(folder, name+PrivateExt)
	if err := create(file, append(bytes.TrimSpace(secret), '\n'), 0o600); err != nil {
		return k, err
	}
	if err := k.write(folder); err != nil {
		return k, errors.Join(err, os.Remove(file)) // half a key would be in the way of the next one
	}
	return k, nil
}

// create writes a file that must not be there yet.
func create(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%w: %s is there already; choose another name, or move it away", ErrKeyTaken, path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// LoadKey reads a private key. It asks for the password only if there is one.
func LoadKey(file string, password func() (string, error)) (minisign.PrivateKey, error) {
	b, err := readPlain(ErrKey, file, maxKey)
	if err != nil {
		return minisign.PrivateKey{}, err
	}
	if !minisign.IsEncrypted(b) {
		var k minisign.PrivateKey
		if err := k.UnmarshalText(b); err != nil {
			return k, fmt.Errorf("%w: %s is no private key of minisign; make one with `sothebais keys new`", ErrKey, file)
		}
		return k, nil
	}
	word, err := password()
	if err != nil {
		return minisign.PrivateKey{}, err
	}
	k, err := minisign.DecryptKey(word, b)
	if err != nil {
		return k, fmt.Errorf("%w: the password does not open %s", ErrPassword, file)
	}
	return k, nil
}

// TrustedKey is the public key of somebody whose packages may be loaded.
type TrustedKey struct {
	Name   string
	Public minisign.PublicKey
}

// Trusted are the keys of a trust store.
type Trusted []TrustedKey

// TrustFolder is where a data directory keeps the keys that are trusted: a .pub file each.
func TrustFolder(dataDir string) string { return filepath.Join(dataDir, "trusted") }

// LoadTrusted reads a trust store. A folder that is not there trusts nobody.
func LoadTrusted(folder string) (Trusted, error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out Trusted
	for _, e := range entries {
		if filepath.Ext(e.Name()) != PublicExt {
			continue
		}
		k, err := LoadPublic(filepath.Join(folder, e.Name()))
		if err != nil {
			// To pass over it could turn a known signer into an unknown one without a word.
			return nil, fmt.Errorf("%w; to be rid of it: sothebais keys distrust %s", err, strings.TrimSuffix(e.Name(), PublicExt))
		}
		out = append(out, k)
	}
	return out, nil
}

// LoadPublic reads a public key; it is called what its file is called.
func LoadPublic(file string) (TrustedKey, error) {
	b, err := readPlain(ErrKey, file, maxKey)
	if err != nil {
		return TrustedKey{}, err
	}
	k := TrustedKey{Name: strings.TrimSuffix(filepath.Base(file), PublicExt)}
	if err := k.Public.UnmarshalText(b); err != nil {
		return k, fmt.Errorf("%w: %s is no public key of minisign: want the .pub file that `sothebais keys new` or `minisign -G` wrote", ErrKey, file)
	}
	return k, nil
}

// Trust adds a key to a trust store. One that is there under that name is there; a key has one name, and a name one key.
func Trust(folder string, k TrustedKey) error {
	if err := checkKeyName(k.Name); err != nil {
		return err
	}
	known, err := LoadTrusted(folder)
	if err != nil {
		return err
	}
	for _, old := range known {
		switch same := old.Public.Equal(k.Public); {
		case same && old.Name == k.Name:
			return nil
		case same:
			return fmt.Errorf("%w: key %s is trusted already, as %s; to call it %s, first: sothebais keys distrust %s", ErrKeyTaken, KeyID(k.Public.ID()), old.Name, k.Name, old.Name)
		case old.Name == k.Name:
			return fmt.Errorf("%w: %s is the name of another key that is trusted, %s, and this one is %s; give it another name with --name, or first: sothebais keys distrust %s",
				ErrKeyTaken, k.Name, KeyID(old.Public.ID()), KeyID(k.Public.ID()), k.Name)
		}
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	return k.write(folder)
}

// Distrust takes a key out of a trust store, a damaged one, too.
func Distrust(folder, name string) error {
	err := os.ErrNotExist
	if file := name + PublicExt; filepath.Base(file) == file { // else it may lead out of the folder
		err = os.Remove(filepath.Join(folder, file))
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	known, err := LoadTrusted(folder)
	if err != nil {
		return err
	}
	return fmt.Errorf("%w: no key %q is trusted%s", ErrKey, quoted(name), known.list())
}

func (k TrustedKey) write(folder string) error {
	text, err := k.Public.MarshalText()
	if err != nil {
		return err
	}
	return create(filepath.Join(folder, k.Name+PublicExt), append(bytes.TrimSpace(text), '\n'), 0o644)
}

var keyName = regexp.MustCompile(`^[a-z0-9]+([._-][a-z0-9]+)*$`)

func checkKeyName(name string) error {
	if !keyName.MatchString(name) || len(name) > 64 {
		return fmt.Errorf("%w: the name is %q; want lower-case letters, digits and dashes, such as alice", ErrKeyName, quoted(name))
	}
	return nil
}
