package bundle

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"aead.dev/minisign"
	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/plugin"
)

var update = flag.Bool("update", false, "write the golden package")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const manifest = `id: moth
version: 1.2.0
kind: overlay
api: "1"
runtime: {wasm: build/plugin.wasm}
capabilities: [{name: text, why: shows who leads}]
subscribes: [bid.accepted]
`

func folder(more ...string) fstest.MapFS {
	f := fstest.MapFS{
		"plugin.yaml":       {Data: []byte(manifest)},
		"build/plugin.wasm": {Data: []byte("\x00asm\x01\x00\x00\x00")},
		"LICENSE":           {Data: []byte("mine\n")},
	}
	for _, name := range more {
		f[name] = &fstest.MapFile{Data: []byte("of " + name)}
	}
	return f
}

func pack(t *testing.T, f fs.FS) *Package {
	t.Helper()
	p, _, err := Pack(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The bytes are those of testdata/moth-1.2.0.sbx, on every machine and with every version of Go. If the standard
// library writes archives in another way one day, this is where it shows: the form must then be kept by hand.
func TestPackIsReproducible(t *testing.T) {
	golden := filepath.Join("testdata", "moth-1.2.0.sbx")
	p := pack(t, folder("assets/b.png", "assets/a.png", "README.md"))
	if *update {
		if err := os.WriteFile(golden, p.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(p.Bytes(), want) {
		t.Errorf("the package has sha256 %s, the golden one %s", p.SHA256, sum(want))
	}
	dir := t.TempDir() // other times, other modes, another order on disk
	for name, f := range folder("assets/b.png", "assets/a.png", "README.md") {
		put(t, filepath.Join(dir, name), f.Data, 0o600)
	}
	if again := pack(t, os.DirFS(dir)); again.SHA256 != p.SHA256 {
		t.Errorf("from disk the package is %s, from memory %s", again.SHA256, p.SHA256)
	}
}

func put(t *testing.T, path string, b []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, mode); err != nil {
		t.Fatal(err)
	}
}

func TestPackTakesWhatItHasAReasonToTake(t *testing.T) {
	p, left, err := Pack(folder("main.go", "secret.key", ".env", "assets/.DS_Store", "assets/x/y.png", "node_modules/a/b.js", "tests/bid.jsonl", "LICENSE.fonts", "NOTES"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range p.Files {
		names = append(names, f.Name)
	}
	if want := []string{"LICENSE", "LICENSE.fonts", "assets/x/y.png", "build/plugin.wasm", "plugin.yaml", "tests/bid.jsonl"}; !slices.Equal(names, want) {
		t.Errorf("packed %q, want %q", names, want)
	}
	if want := []string{".env", "NOTES", "assets/.DS_Store", "main.go", "node_modules/", "secret.key"}; !slices.Equal(left, want) {
		t.Errorf("left out %q, want %q", left, want)
	}
	if err := fstest.TestFS(p.FS(), append(names, indexFile)...); err != nil {
		t.Error(err)
	}
	if m, err := plugin.LoadManifest(p.FS()); err != nil || m.ID != "moth" {
		t.Errorf("from the package the manifest is %v, %v", m, err)
	}
}

func TestPackRefuses(t *testing.T) {
	for _, c := range []struct {
		what string
		with func(f fstest.MapFS)
		want string
	}{
		{"no module", func(f fstest.MapFS) { delete(f, "build/plugin.wasm") }, "build/plugin.wasm: plugin.yaml names it as what runs, but it is not there; build the plugin first"},
		{"a name of two files", func(f fstest.MapFS) { f["assets/A"], f["assets/a"] = &fstest.MapFile{}, &fstest.MapFile{} }, "differs from assets/A only in large and small letters"},
		{"a folder and a folder", func(f fstest.MapFS) { f["assets/X/1"], f["assets/x/2"] = &fstest.MapFile{}, &fstest.MapFile{} }, "differs from assets/X/ only in large"},
		{"a strange name", func(f fstest.MapFS) { f["assets/é.png"] = &fstest.MapFile{} }, "assets/é.png: a name may have the letters"},
		{"a device of Windows", func(f fstest.MapFS) { f["assets/nul.png"] = &fstest.MapFile{} }, "the name of a device"},
		{"too many files", func(f fstest.MapFS) {
			for i := range MaxFiles {
				f["assets/"+strings.Repeat("a", i/64+1)+strings.Repeat("b", i%64)] = &fstest.MapFile{}
			}
		}, "at most 2048 files"},
		{"a huge file", func(f fstest.MapFS) { f["assets/a"] = &fstest.MapFile{Data: make([]byte, MaxFile+1)} }, "at most 33554432 are allowed"},
		{"huge together", func(f fstest.MapFS) {
			big := make([]byte, MaxFile)
			f["assets/a"], f["assets/b"] = &fstest.MapFile{Data: big}, &fstest.MapFile{Data: big}
		}, "at most 67108864 are allowed; the largest file is"},
	} {
		f := folder()
		c.with(f)
		if _, _, err := Pack(f); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one with %q", c.what, err, c.want)
		}
	}
}

func TestPackRefusesWhatIsNoPlainFile(t *testing.T) {
	for what, make := range map[string]func(path string) error{
		"a link": func(path string) error { return os.Symlink("/etc/passwd", path) },
		"a pipe": func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		dir := t.TempDir()
		for name, f := range folder("assets/a") {
			put(t, filepath.Join(dir, name), f.Data, 0o644)
		}
		if err := make(filepath.Join(dir, "assets", "bad")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := Pack(os.DirFS(dir)); !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "assets/bad: is "+what) {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

// archive writes a zip archive of any form.
func archive(t *testing.T, entries ...*zip.FileHeader) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, h := range entries {
		text := []byte(h.Comment)
		h.Comment = ""
		if h.Method == zip.Store {
			h.CRC32, h.CompressedSize64, h.UncompressedSize64 = crc32.ChecksumIEEE(text), uint64(len(text)), uint64(len(text))
			to, err := w.CreateRaw(h)
			if err == nil {
				_, err = to.Write(text)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		to, err := w.CreateHeader(h)
		if err == nil {
			_, err = to.Write(text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// entry is a file for archive, its content in the place of the comment.
func entry(name, text string, mode fs.FileMode, method uint16) *zip.FileHeader {
	h := &zip.FileHeader{Name: name, Comment: text, Method: method, ModifiedDate: firstDay} //nolint:staticcheck // Modified brings an extra field along
	h.SetMode(mode)
	return h
}

func plain(name, text string) *zip.FileHeader { return entry(name, text, 0o644, zip.Store) }

func TestParseRefuses(t *testing.T) {
	good := pack(t, folder("assets/a")).Bytes()
	flipped := bytes.Clone(good)
	flipped[bytes.Index(good, []byte("of assets/a"))] ^= 1
	for _, c := range []struct {
		what  string
		bytes []byte
		want  string
	}{
		{"nothing", nil, "no zip archive"},
		{"cut short", good[:len(good)-9], "no zip archive"},
		{"a changed byte", flipped, "assets/a: zip: checksum error; the package is damaged"},
		{"bytes before", append([]byte("#!/bin/sh\n"), good...), "its form is not the one"},
		{"bytes behind", append(bytes.Clone(good), "x"...), ""},
		{"a path upwards", archive(t, plain("../../etc/cron.d/x", "x")), "../../etc/cron.d/x: is no path inside of the package"},
		{"an absolute path", archive(t, plain("/etc/passwd", "x")), "is no path inside"},
		{"a Windows path", archive(t, plain(`c:\x`, "x")), "a name may have the letters"},
		{"a hidden file", archive(t, plain(".bashrc", "x")), "no dot at its beginning"},
		{"a control character", archive(t, plain("a\x1b[2J", "x")), "a?[2J: a name may have"},
		{"a folder", archive(t, entry("assets/", "", fs.ModeDir|0o755, zip.Store)), "is no path inside"},
		{"a link", archive(t, entry("assets", "/etc", fs.ModeSymlink|0o777, zip.Store)), "a package holds plain files only"},
		{"a program", archive(t, entry("run", "x", 0o755, zip.Store)), "a package holds plain files only"},
		{"a name twice", archive(t, plain("a", "1"), plain("a", "2")), "a: is there twice"},
		{"two cases", archive(t, plain("a", "1"), plain("A", "2")), "differs from a only"},
		{"a file and a folder", archive(t, plain("a", "1"), plain("a/b", "2")), "is both a file and a folder"},
		{"compressed", archive(t, entry("a", strings.Repeat("a", 1<<20), 0o644, zip.Deflate)), "a: it is compressed"},
		{"no plugin.yaml", archive(t, plain("a", "1")), "it holds no plugin.yaml"},
		{"no module", archive(t, plain("plugin.yaml", manifest)), "build/plugin.wasm: plugin.yaml names it as what runs"},
		{"no index", archive(t, plain("build/plugin.wasm", "x"), plain("plugin.yaml", manifest)), "manifest.json: it is missing"},
		{"too large", make([]byte, MaxSize+1), "at most 67108864 are allowed"},
	} {
		_, err := Parse(c.bytes)
		if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want one with %q", c.what, err, c.want)
		}
	}
}

// Entries that share their bytes hold more than the archive does.
func TestParseRefusesABomb(t *testing.T) {
	const n = 1 << 16
	b := archive(t, plain("aa", strings.Repeat("x", n)), plain("ab", ""), plain("ac", ""))
	// The second and third entry of the directory become the first one, but for the name.
	dir := bytes.Index(b, []byte("PK\x01\x02"))
	size := 46 + 2
	for i := 1; i <= 2; i++ {
		e := b[dir+i*size : dir+(i+1)*size]
		name := string(e[46:])
		copy(e, b[dir:dir+size])
		copy(e[46:], name)
	}
	if _, err := Parse(b); err == nil || !strings.Contains(err.Error(), "its bytes are those of another file as well") {
		t.Errorf("error %v", err)
	}
}

// TestParseRefusesAListOfNothing before it is read: each of its entries takes five times its bytes in memory.
func TestParseRefusesAListOfNothing(t *testing.T) {
	var out bytes.Buffer
	const n = 40_000
	for i := range n {
		fmt.Fprintf(&out, "PK\x01\x02%s%05d", []byte{20, 3, 20, 0, 24: 5, 41: 0}, i)
	}
	size := uint32(out.Len())
	out.WriteString("PK\x05\x06\x00\x00\x00\x00")
	for _, v := range []any{uint16(n), uint16(n), size, uint32(0), uint16(0)} {
		if err := binary.Write(&out, binary.LittleEndian, v); err != nil {
			t.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Parse(out.Bytes())
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "at most 2048 files") || took > uint64(out.Len()) {
		t.Errorf("%v, %d bytes for %d", err, took, out.Len())
	}
}

func FuzzParse(f *testing.F) {
	for _, fsys := range []fs.FS{folder(), folder("assets/a", "README.md")} {
		p, _, err := Pack(fsys)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Errorf("error %v is of no known kind", err)
			}
			return
		}
		again, left, err := Pack(p.FS()) // manifest.json is the one file that it leaves out
		if err != nil && !strings.Contains(err.Error(), indexFile) {
			t.Fatal(err)
		}
		if err == nil && len(left) == 1 && again.SHA256 != p.SHA256 {
			t.Errorf("packed anew it is %s, not %s", again.SHA256, p.SHA256)
		}
	})
}

func FuzzSignature(f *testing.F) {
	p, _, err := Pack(folder())
	if err != nil {
		f.Fatal(err)
	}
	var seed [64]byte
	public, private, err := minisign.GenerateKey(bytes.NewReader(seed[:]))
	if err != nil {
		f.Fatal(err)
	}
	good := Sign(p, private)
	f.Add(good)
	f.Add(minisign.SignWithComments(private, p.Bytes(), "something else", ""))
	trusted := Trusted{{Name: "ann", Public: public}}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := trusted.Verify(p, b)
		if err == nil && (s.Name != "ann" || !bytes.Contains(b, []byte(p.comment()))) {
			t.Errorf("%q is taken as %+v's", b, s)
		}
	})
}
