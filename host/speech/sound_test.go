package speech

import (
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/sothebais/sothebais/host/character"
)

const lineForEars = "Ladies and gentlemen, we are going once, we are going all the way to the moon. Do I hear more?"

func floats(pcm []int16) []float64 {
	out := make([]float64, len(pcm))
	for i, s := range pcm {
		out[i] = float64(s) / 32768
	}
	return out
}

// pitch is the median fundamental frequency, by autocorrelation of 40 ms windows that are voiced.
func pitch(pcm []float64) float64 {
	const rate, window = character.SampleRate / 6, character.SampleRate / 6 / 25 // every sixth sample is enough for what is below 400 Hz
	slow := make([]float64, 0, len(pcm)/6)
	for i := 0; i+6 <= len(pcm); i += 6 {
		sum := 0.0
		for _, s := range pcm[i : i+6] {
			sum += s
		}
		slow = append(slow, sum/6)
	}
	var found []float64
	for at := 0; at+3*window < len(slow); at += window {
		w := slow[at : at+3*window]
		if energy(w[:window]) < 1e-3 {
			continue
		}
		best, lag := 0.0, 0
		for l := rate / 400; l < rate/60; l++ {
			sum := 0.0
			for i := range 2 * window {
				sum += w[i] * w[i+l]
			}
			if sum > best*1.1 { // of nearly equal ones the shortest, or we would be an octave off
				best, lag = sum, l
			}
		}
		if lag > 0 && best/float64(2*window) > 0.5*energy(w) {
			found = append(found, float64(rate)/float64(lag))
		}
	}
	slices.Sort(found)
	if len(found) == 0 {
		return 0
	}
	return found[len(found)/2]
}

func TestTwoCharactersSoundUnlikeAndEquallyLoud(t *testing.T) {
	e := engine(t, Config{})
	low, bright := floats(speak(t, e, "low", lineForEars).PCM), floats(speak(t, e, "bright", lineForEars).PCM)
	if a, b := pitch(low), pitch(bright); !(a > 60 && a < 120 && b > 160 && b < 280) {
		t.Errorf("median pitch %.0f Hz and %.0f Hz", a, b)
	}
	if ratio := float64(len(low)) / float64(len(bright)); ratio < 1.15 {
		t.Errorf("the slow voice takes %.2f of the time of the fast one", ratio)
	}
	if db := 20 * math.Log10(speaking(low)/speaking(bright)); math.Abs(db) > 1.5 {
		t.Errorf("one is %.1f dB louder", db)
	}
}

// speaking is the RMS of the windows in which there is a voice.
func speaking(pcm []float64) float64 {
	var sum float64
	n := 0
	for i := 0; i+960 <= len(pcm); i += 960 {
		if e := energy(pcm[i : i+960]); e > 1e-4 {
			sum, n = sum+e, n+1
		}
	}
	return math.Sqrt(sum / float64(n))
}

func TestMouthMovesWithTheSound(t *testing.T) {
	e := engine(t, Config{})
	for voice := range two {
		c := speak(t, e, voice, lineForEars)
		pcm := floats(c.PCM)
		var shut, open []float64
		for i := 0; i+480 <= len(pcm); i += 480 { // 10 ms
			v := []character.Viseme{c.At(i - 1440), c.At(i + 240), c.At(i + 1920)} // and a little around it: sound sets in and dies away
			switch power := energy(pcm[i : i+480]); {
			case v[0] == character.Sil && v[1] == character.Sil && v[2] == character.Sil:
				shut = append(shut, power)
			case v[1] == character.AA || v[1] == character.OH:
				open = append(open, power)
			}
		}
		slices.Sort(shut)
		slices.Sort(open)
		loudestPause, wideVowel := shut[len(shut)*9/10], open[len(open)/2]
		if loudestPause*100 > wideVowel {
			t.Errorf("%s: with the mouth shut %.6f, with the mouth open %.6f", voice, loudestPause, wideVowel)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	e := engine(t, Config{Keep: -1, Parallel: 4})
	want := speak(t, e, "low", "One for all.")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if c, err := e.Speak(t.Context(), "low", "One for all."); err != nil || !slices.Equal(c.PCM, want.PCM) {
				t.Errorf("%v, or other samples", err)
			}
		})
	}
	wg.Wait()
}

func TestRepeatedLinesAreNotMadeAgain(t *testing.T) {
	e := engine(t, Config{})
	a := speak(t, e, "low", "Again!")
	if b := speak(t, e, "low", "Again! 🎉"); &a.PCM[0] != &b.PCM[0] || b.Text != "Again! 🎉" {
		t.Error("the same words were made anew, or lost their text")
	}
}

func TestClipsAreForgottenByTheirSize(t *testing.T) {
	c := newClipCache(10_000)
	put := func(text string, samples int) {
		c.put(Voice{Name: "v"}, text, &character.Clip{PCM: make([]int16, samples)})
	}
	put("a", 1500)
	put("b", 1500)
	c.get(Voice{Name: "v"}, "a")
	put("c", 1500) // b was used least lately
	put("longer than all", 6000)
	if c.get(Voice{Name: "v"}, "a") == nil || c.get(Voice{Name: "v"}, "b") != nil || c.get(Voice{Name: "v"}, "c") == nil || c.get(Voice{Name: "v"}, "longer than all") != nil {
		t.Error("not the clips that were used last are kept")
	}
	put("d", 4500)
	if c.get(Voice{Name: "v"}, "d") == nil || c.order.Len() != 1 || len(c.at) != 1 || c.size != sizeOf(c.get(Voice{Name: "v"}, "d")) {
		t.Errorf("%d clips of %d bytes are kept", c.order.Len(), c.size)
	}
}

func TestBadVoices(t *testing.T) {
	for _, c := range []struct {
		v    Voice
		want string
	}{
		{Voice{Name: "bob"}, `voice "x": name "bob": no such speaker: want one of [slt rms awb kal16 kal]`},
		{Voice{Rate: 3}, `voice "x": rate 3: want 0.5 to 2`},
		{Voice{Pitch: math.NaN()}, `voice "x": pitch NaN: want 0.5 to 2`},
		{Voice{Tone: 0.1}, `voice "x": tone 0.1: want 0.7 to 1.4`},
	} {
		if _, err := New(t.Context(), Config{Module: []byte("x"), Voices: map[string]Voice{"x": c.v}}); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	if _, err := New(t.Context(), Config{}); err == nil {
		t.Error("an empty module was taken")
	}
	if _, err := New(t.Context(), Config{Module: []byte("not wasm")}); err == nil {
		t.Error("a broken module was taken")
	}
}
