package bundle

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"aead.dev/minisign"
)

// Sign gives the signature of a package. Anybody can check it with minisign itself; the trusted comment says what was
// signed, so that it cannot be put beside another package.
func Sign(p *Package, key minisign.PrivateKey) []byte {
	return minisign.SignWithComments(key, p.bytes, p.comment(), fmt.Sprintf("signature of %s by key %s", p.FileName(), KeyID(key.ID())))
}

// comment is what a signature says of a package.
func (p *Package) comment() string {
	return fmt.Sprintf("sothebais package id=%s version=%s sha256=%s", p.ID, p.Version, p.SHA256)
}

// KeyID is how the number of a key is written.
func KeyID(id uint64) string { return fmt.Sprintf("%016X", id) }

// MaxSignature bounds a signature, in bytes; a real one has about 400.
const MaxSignature = 4 << 10

// ReadSignature reads the signature beside a package. There may be none.
func ReadSignature(packageFile string) ([]byte, error) {
	b, err := readPlain(ErrFormat, packageFile+SignatureExt, MaxSignature)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

// Signer is whose signature it is.
type Signer struct {
	Name string `json:"name"` // what the key is called in the trust store
	Key  string `json:"key"`
}

// Verify says who of those trusted has signed a package. An empty signature is none.
func (t Trusted) Verify(p *Package, signature []byte) (Signer, error) {
	if len(signature) == 0 {
		return Signer{}, unsigned(p)
	}
	s, err := parseSignature(p, signature)
	if err != nil {
		return Signer{}, err
	}
	known := false
	for _, k := range t {
		if k.Public.ID() != s.KeyID {
			continue
		}
		known = true
		if minisign.Verify(k.Public, p.bytes, signature) {
			return Signer{k.Name, KeyID(s.KeyID)}, saysSo(p, s)
		}
	}
	if known {
		return Signer{}, fmt.Errorf("%w: %s is not what key %s has signed; fetch package and signature again", ErrAltered, p.FileName(), KeyID(s.KeyID))
	}
	return Signer{}, fmt.Errorf("%w: %s is signed by key %s, which is not trusted here%s; if you know whose it is, add it: sothebais keys trust <name>.pub", ErrUntrusted, p.FileName(), KeyID(s.KeyID), t.list())
}

// Claims checks that a signature is meant for a package, and says by which key it claims to be. Whether it is, only
// Verify can tell, which needs the key.
func Claims(p *Package, signature []byte) (key string, err error) {
	if len(signature) == 0 {
		return "", unsigned(p)
	}
	s, err := parseSignature(p, signature)
	if err != nil {
		return "", err
	}
	return KeyID(s.KeyID), saysSo(p, s)
}

func unsigned(p *Package) error {
	return fmt.Errorf("%w: %s has no signature; ask its author for the %s file, or sign it yourself with `sothebais sign`", ErrUnsigned, p.FileName(), SignatureExt)
}

func parseSignature(p *Package, b []byte) (s minisign.Signature, err error) {
	if err := s.UnmarshalText(b); err != nil || len(b) > MaxSignature {
		return s, wrong(p.FileName()+SignatureExt, "it is no minisign signature; fetch it again")
	}
	return s, nil
}

// saysSo refuses the signature of a key that is used for other things, too, and says nothing of a package.
func saysSo(p *Package, s minisign.Signature) error {
	if s.TrustedComment != p.comment() {
		return fmt.Errorf("%w: the signature speaks of %q, not of %s; sign packages with `sothebais sign`", ErrAltered, quoted(s.TrustedComment), p.FileName())
	}
	return nil
}

func (t Trusted) list() string {
	if len(t) == 0 {
		return " (nobody is)"
	}
	var names []string
	for _, k := range t {
		names = append(names, k.Name+" "+KeyID(k.Public.ID()))
	}
	return " (" + strings.Join(names, ", ") + " are)"
}
