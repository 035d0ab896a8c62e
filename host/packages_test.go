package host

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/bundle"
)

// author packs the overlay of newCatalogue in a version and signs it, if signed; it gives the file.
func author(t *testing.T, dir, id, version string, signed bool) string {
	t.Helper()
	text := strings.NewReplacer("somebody", id, "1.0.0", version).Replace(overlayManifest)
	p, _, err := bundle.Pack(fstest.MapFS{"plugin.yaml": {Data: []byte(text)}, "plugin.wasm": {Data: []byte("\x00asm")}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, p.FileName())
	put(t, file, string(p.Bytes()))
	if signed {
		key, err := bundle.LoadKey(filepath.Join(dir, "ann.key"), nil)
		if err != nil {
			t.Fatal(err)
		}
		put(t, file+bundle.SignatureExt, string(bundle.Sign(p, key)))
	}
	return file
}

// withStore is a catalogue on a data directory that trusts ann, whose key lies in the folder.
func withStore(t *testing.T) (c *catalogue, folder string) {
	t.Helper()
	data, folder := t.TempDir(), t.TempDir()
	k, err := bundle.NewKey(folder, "ann", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := bundle.Trust(bundle.TrustFolder(data), k); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(data, "plugins", "mine", "plugin.yaml"), overlayManifest)
	shipped := fstest.MapFS{"plugins/overlay/plugin.yaml": {Data: []byte(strings.Replace(overlayManifest, "somebody", "overlay", 1))}}
	return catalogueOf(shipped, data), folder
}

func install(t *testing.T, c *catalogue, file string, anyway bool) {
	t.Helper()
	p, err := bundle.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := bundle.ReadSignature(file)
	if err != nil {
		t.Fatal(err)
	}
	standing, err := c.store.Admit(p, signature, anyway)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.store.Install(p, signature, bundle.Receipt{Source: file, Standing: standing}); err != nil {
		t.Fatal(err)
	}
}

func TestCatalogueOfPackages(t *testing.T) {
	c, folder := withStore(t)
	loose := author(t, folder, "moth", "1.10.0", true)
	for _, v := range []string{"1.2.0", "1.9.0"} {
		install(t, c, author(t, folder, "moth", v, true), false)
	}
	install(t, c, author(t, folder, "overlay", "9.0.0", true), false) // of the name of a shipped one
	install(t, c, author(t, folder, "stray", "1.0.0", false), true)
	if got, want := c.ids(), []string{"mine", "moth", "moth@1.2.0", "overlay", "overlay@9.0.0", "stray"}; !slices.Equal(got, want) {
		t.Errorf("ids are %q, want %q", got, want)
	}
	for _, want := range []struct{ name, version, origin string }{
		{"overlay", "1.0.0", "shipped"},
		{"overlay@9.0.0", "9.0.0", "signed by ann"},
		{"mine", "1.0.0", "dev"},
		{filepath.Join(c.own, "mine"), "1.0.0", "dev"},
		{"moth", "1.9.0", "signed by ann"},
		{"moth@1.2.0", "1.2.0", "signed by ann"},
		{"stray", "1.0.0", "allowed without a trusted signature"},
		{loose, "1.10.0", "signed by ann"},
	} {
		fsys, err := c.find(want.name)
		if err != nil {
			t.Errorf("%s: %v", want.name, err)
			continue
		}
		m, err := plugin.LoadManifest(fsys)
		if err != nil || m.Version != want.version {
			t.Errorf("%s is %+v, %v; want version %s", want.name, m, err, want.version)
		}
		if from := fsys.(interface{ Origin() string }).Origin(); !strings.HasPrefix(from, want.origin) {
			t.Errorf("%s comes from %q; want %q", want.name, from, want.origin)
		}
	}
}

func TestCatalogueRefusesPackages(t *testing.T) {
	c, folder := withStore(t)
	unsigned := author(t, folder, "moth", "1.0.0", false)
	altered := author(t, folder, "moth", "2.0.0", true)
	put(t, altered+bundle.SignatureExt, "")
	swapped := author(t, folder, "moth", "3.0.0", true)
	put(t, swapped, string(read(t, unsigned)))
	install(t, c, author(t, folder, "late", "1.0.0", true), false)
	put(t, filepath.Join(c.own, "late", "1.0.0", "package.sbx"), "changed")
	for name, want := range map[string]string{
		unsigned:                            "--allow-unsigned " + unsigned,
		altered:                             "has no signature",
		swapped:                             "is not what key",
		filepath.Join(folder, "ann.sbx"):    "no such file",
		"moth@1.0.0":                        "there is no plugin",
		"late":                              "no zip archive",
		"late@2.0.0":                        "late 2.0.0 is not there; there are: 1.0.0",
		filepath.Join(c.own, "late.sbx"):    "no such file",
		filepath.Join(c.own, "late", "..."): "holds no plugin.yaml",
	} {
		if _, err := c.find(name); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want one with %q", name, err, want)
		}
	}
}

func TestPathsOfSwap(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"moth": "moth", "moth@1.0.0": "moth@1.0.0", "./moth": here + "/moth", ".": here, "moth-1.0.0.sbx": here + "/moth-1.0.0.sbx", "/a/b": "/a/b"} {
		if got := fullPath(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
