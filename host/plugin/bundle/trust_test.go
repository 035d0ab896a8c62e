package bundle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"aead.dev/minisign"
)

// author makes a key without a password; protecting one takes a gigabyte of memory, by design.
func author(t *testing.T, name string) (TrustedKey, minisign.PrivateKey) {
	t.Helper()
	dir := t.TempDir()
	k, err := NewKey(dir, name, "")
	if err != nil {
		t.Fatal(err)
	}
	private, err := LoadKey(filepath.Join(dir, name+PrivateExt), func() (string, error) { return "", errors.New("asked for a password") })
	if err != nil {
		t.Fatal(err)
	}
	return k, private
}

func TestVerify(t *testing.T) {
	ann, annKey := author(t, "ann")
	eve, eveKey := author(t, "eve")
	p := pack(t, folder())
	newer := folder()
	newer["plugin.yaml"].Data = bytes.Replace(newer["plugin.yaml"].Data, []byte("1.2.0"), []byte("1.3.0"), 1)
	other := pack(t, newer)
	impostor := eve
	impostor.Name = "ann"
	for _, c := range []struct {
		what      string
		trusted   Trusted
		signature []byte
		want      error
		says      string
	}{
		{"good", Trusted{eve, ann}, Sign(p, annKey), nil, ""},
		{"none", Trusted{ann}, nil, ErrUnsigned, "moth-1.2.0.sbx has no signature"},
		{"nobody is trusted", nil, Sign(p, annKey), ErrUntrusted, "is not trusted here (nobody is)"},
		{"a stranger's", Trusted{ann}, Sign(p, eveKey), ErrUntrusted, "signed by key " + KeyID(eveKey.ID())},
		{"of another package", Trusted{ann}, Sign(other, annKey), ErrAltered, "is not what key " + KeyID(annKey.ID())},
		{"of the bytes, for another use", Trusted{ann}, minisign.SignWithComments(annKey, p.Bytes(), "timestamp:1", ""), ErrAltered, `speaks of "timestamp:1"`},
		{"garbage", Trusted{ann}, []byte("untrusted comment: x\nAAAA\n"), ErrFormat, "no minisign signature"},
	} {
		s, err := c.trusted.Verify(p, c.signature)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v; want %v with %q", c.what, err, c.want, c.says)
		}
		if err == nil && (s != Signer{"ann", KeyID(annKey.ID())}) {
			t.Errorf("%s: signer %+v", c.what, s)
		}
	}
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	k, err := NewKey(dir, "ann", "")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(filepath.Join(dir, "ann.key")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the private key is %v, %v; want it for its owner alone", info.Mode(), err)
	}
	if _, err := NewKey(dir, "ann", ""); !errors.Is(err, ErrKeyTaken) || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("the same name again: %v", err)
	}
	put(t, filepath.Join(dir, "bo.pub"), []byte("x"), 0o644)
	if _, err := NewKey(dir, "bo", ""); !errors.Is(err, ErrKeyTaken) {
		t.Errorf("a public key of that name is there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "bo.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a key is left: %v", err)
	}
	for _, name := range []string{"", "../ann", "Ann", "a b", strings.Repeat("a", 65)} {
		if _, err := NewKey(dir, name, ""); !errors.Is(err, ErrKeyName) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	if got, err := LoadPublic(filepath.Join(dir, "ann.pub")); err != nil || got.Name != "ann" || !got.Public.Equal(k.Public) {
		t.Errorf("the public key is read as %+v, %v", got, err)
	}
	for name, read := range map[string]func(string) error{
		"private": func(f string) error { _, err := LoadKey(f, nil); return err },
		"public":  func(f string) error { _, err := LoadPublic(f); return err },
	} {
		bad := filepath.Join(dir, name)
		put(t, bad, []byte("untrusted comment: x\nRWQ\n"), 0o600)
		if err := read(bad); !errors.Is(err, ErrKey) {
			t.Errorf("a damaged %s key: %v", name, err)
		}
	}
}

func TestPasswordOfAKey(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("takes a gigabyte of memory, three times")
	}
	dir := t.TempDir()
	if _, err := NewKey(dir, "ann", "open sesame"); err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]error{"open sesame": nil, "sesame": ErrPassword} {
		if _, err := LoadKey(filepath.Join(dir, "ann.key"), func() (string, error) { return word, nil }); !errors.Is(err, want) {
			t.Errorf("with %q: %v", word, err)
		}
	}
}

func TestTrustStore(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "trusted")
	ann, _ := author(t, "ann")
	if known, err := LoadTrusted(folder); err != nil || len(known) != 0 {
		t.Errorf("before: %v, %v", known, err)
	}
	if err := Trust(folder, ann); err != nil {
		t.Fatal(err)
	}
	if err := Trust(folder, ann); err != nil {
		t.Errorf("twice: %v", err)
	}
	other, _ := author(t, "ann")
	if err := Trust(folder, other); !errors.Is(err, ErrKeyTaken) || !strings.Contains(err.Error(), KeyID(ann.Public.ID())) {
		t.Errorf("another one of that name: %v", err)
	}
	if err := Trust(folder, TrustedKey{"bo", ann.Public}); !errors.Is(err, ErrKeyTaken) || !strings.Contains(err.Error(), "as ann") {
		t.Errorf("the same one by another name: %v", err)
	}
	if known, err := LoadTrusted(folder); err != nil || len(known) != 1 || known[0].Name != "ann" || !known[0].Public.Equal(ann.Public) {
		t.Errorf("after: %v, %v", known, err)
	}
	if err := Distrust(folder, "../ann"); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "ann ") {
		t.Errorf("a key that is not there: %v", err)
	}
	put(t, filepath.Join(folder, "bad.pub"), []byte("x"), 0o644)
	if _, err := LoadTrusted(folder); !errors.Is(err, ErrKey) || !strings.Contains(err.Error(), "bad.pub") {
		t.Errorf("with a damaged key: %v", err)
	}
	if err := Distrust(folder, "bad"); err != nil { // what cannot be read can be got rid of
		t.Fatal(err)
	}
	if err := Distrust(folder, "ann"); err != nil {
		t.Fatal(err)
	}
	if known, err := LoadTrusted(folder); err != nil || len(known) != 0 {
		t.Errorf("distrusted: %v, %v", known, err)
	}
}

// version is the package of folder with another version, and a file more to tell it apart.
func version(t *testing.T, v string, more ...string) *Package {
	f := folder(more...)
	f["plugin.yaml"] = &fstest.MapFile{Data: bytes.Replace([]byte(manifest), []byte("1.2.0"), []byte(v), 1)}
	return pack(t, f)
}

func TestStore(t *testing.T) {
	s := StoreOf(t.TempDir())
	ann, key := author(t, "ann")
	if err := Trust(s.Trust, ann); err != nil {
		t.Fatal(err)
	}
	for _, v := range []string{"1.10.0", "1.9.0", "1.10.0-rc.1", "1.9.0-01"} { // the last is more than a semver may be, and a plugin.yaml may have it
		p := version(t, v)
		standing, err := s.Admit(p, Sign(p, key), false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Install(p, Sign(p, key), Receipt{Source: "x", Standing: standing}); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := s.Versions("moth"), []string{"1.10.0", "1.10.0-rc.1", "1.9.0", "1.9.0-01"}; !slices.Equal(got, want) {
		t.Errorf("versions are %q, want %q", got, want)
	}
	for name, want := range map[string]string{"moth": "1.10.0", "moth@1.9.0": "1.9.0"} {
		id, v, err := s.Resolve(name)
		if err != nil || id != "moth" || v != want {
			t.Errorf("%s is %s %s, %v", name, id, v, err)
		}
		p, standing, err := s.Open(id, v)
		if err != nil || p.Version != want || standing.Signer == nil || standing.Signer.Name != "ann" {
			t.Errorf("%s opens as %+v, %+v, %v", name, p, standing, err)
		}
	}
	for _, name := range []string{"", "moth@", "moth@2.0.0", "moths", "../moth", "moth@../moth/1.9.0"} {
		if _, _, err := s.Resolve(name); !errors.Is(err, ErrInstalled) {
			t.Errorf("%q: error %v", name, err)
		}
	}
	if err := s.Remove("moth", "../1.9.0"); !errors.Is(err, ErrInstalled) {
		t.Errorf("remove what is not there: %v", err)
	}
	for _, v := range []string{"1.10.0", "1.10.0-rc.1", "1.9.0", "1.9.0-01"} {
		if err := s.Remove("moth", v); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(s.Folder); err != nil || len(left) != 0 || len(s.IDs()) != 0 {
		t.Errorf("after all are removed there is %v, %v", left, err)
	}
}

func TestAVersionDoesNotChange(t *testing.T) {
	s := StoreOf(t.TempDir())
	first, second := version(t, "1.0.0"), version(t, "1.0.0", "README")
	for range 2 { // the same again is no change
		if _, err := s.Install(first, nil, Receipt{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Install(second, nil, Receipt{}); !errors.Is(err, ErrInstalled) || !strings.Contains(err.Error(), "a version does not change") {
		t.Errorf("error %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(s.Folder, partPrefix+"*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestRemoveAfterOneThatWasCutShort: the program ended while it removed the same version before.
func TestRemoveAfterOneThatWasCutShort(t *testing.T) {
	s := StoreOf(t.TempDir())
	p := version(t, "1.0.0")
	for range 2 {
		put(t, filepath.Join(s.Folder, partPrefix+"moth-1.0.0", receiptFile), []byte("{}"), 0o644)
		if _, err := s.Install(p, nil, Receipt{}); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(s.Folder, partPrefix+"moth-1.0.0", receiptFile), []byte("{}"), 0o644)
	if err := s.Remove("moth", "1.0.0"); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(s.Folder); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// What was installed is checked again when it is opened: on disk it may have changed, and trust may have ended.
func TestOpenChecksAgain(t *testing.T) {
	ann, key := author(t, "ann")
	good, bad := version(t, "1.0.0"), version(t, "1.0.0", "README")
	for _, c := range []struct {
		what   string
		anyway bool
		do     func(s Store, dir string) error
		want   error
	}{
		{"nothing", false, func(Store, string) error { return nil }, nil},
		{"nothing, allowed", true, func(Store, string) error { return nil }, nil},
		{"trust ended", false, func(s Store, _ string) error { return Distrust(s.Trust, "ann") }, ErrUntrusted},
		{"another package", false, func(_ Store, dir string) error {
			return os.WriteFile(filepath.Join(dir, packageFile), bad.Bytes(), 0o644)
		}, ErrAltered},
		{"another package, allowed", true, func(_ Store, dir string) error {
			return os.WriteFile(filepath.Join(dir, packageFile), bad.Bytes(), 0o644)
		}, ErrUnsigned},
		{"another version", false, func(_ Store, dir string) error {
			p := version(t, "2.0.0")
			return errors.Join(os.WriteFile(filepath.Join(dir, packageFile), p.Bytes(), 0o644), os.WriteFile(filepath.Join(dir, packageFile+SignatureExt), Sign(p, key), 0o644))
		}, ErrAltered},
		{"the signature is gone", false, func(_ Store, dir string) error { return os.Remove(filepath.Join(dir, packageFile+SignatureExt)) }, ErrUnsigned},
	} {
		s := StoreOf(t.TempDir())
		if err := Trust(s.Trust, ann); err != nil {
			t.Fatal(err)
		}
		var signature []byte
		if !c.anyway {
			signature = Sign(good, key)
		}
		standing, err := s.Admit(good, signature, c.anyway)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Install(good, signature, Receipt{Standing: standing}); err != nil {
			t.Fatal(err)
		}
		if err := c.do(s, s.at("moth", "1.0.0")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Open("moth", "1.0.0"); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.what, err, c.want)
		}
	}
}
