package compositor

import (
	"flag"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/scene"
	"go.uber.org/goleak"
)

var pictures = flag.String("pictures", "", "write a PNG of every scene into this folder, to be looked at")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// built is the scenes folder as the build makes it, once for all tests. It lies in this checkout, so that tests of
// another one do not draw into it, and it stays, so that only what changed is drawn again.
var built = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("../../build/test-scenes")
	if err != nil {
		return "", err
	}
	out, err := exec.Command("sh", "../../scenes/build.sh", dir).CombinedOutput()
	if err != nil {
		return "", &buildError{string(out), err}
	}
	return dir, nil
})

type buildError struct {
	out string
	err error
}

func (e *buildError) Error() string { return "build the scenes: " + e.err.Error() + "\n" + e.out }

func sceneDir(t testing.TB) fs.FS {
	t.Helper()
	dir, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return os.DirFS(dir)
}

func sceneFiles(t testing.TB) (fs.FS, []*scene.Scene) {
	t.Helper()
	dir := sceneDir(t)
	scenes, err := scene.LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, scenes
}

// keeper is a sink that keeps the last frame.
type keeper struct {
	n       int
	last    Frame
	i420    []byte
	pcm     []int16
	samples int
	err     error
	each    func(*Frame)
}

func (k *keeper) WriteFrame(f *Frame) error {
	k.n++
	k.last = *f
	k.i420 = append(k.i420[:0], f.I420...)
	k.pcm = append(k.pcm[:0], f.PCM...)
	k.samples += len(f.PCM) / 2
	if k.each != nil {
		k.each(f)
	}
	return k.err
}

func newStage(t testing.TB, cfg Config) (*Stage, *keeper) {
	t.Helper()
	k := &keeper{}
	if cfg.Sink == nil {
		cfg.Sink = k
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, k
}

func pack(t testing.TB, id string) *character.Pack {
	t.Helper()
	dir := os.Getenv("SOTHEBAIS_TEST_CHARACTERS")
	if dir == "" {
		return nil
	}
	p, err := character.Load(os.DirFS(filepath.Join(dir, id)))
	if err != nil {
		t.Log(err)
		return nil
	}
	return p
}
