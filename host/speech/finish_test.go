package speech

import (
	"math"
	"testing"

	"github.com/sothebais/sothebais/host/character"
)

// tone is a sine of a frequency, at a rate, for a second.
func tone(hz float64, rate int) []int16 {
	out := make([]int16, rate)
	for i := range out {
		out[i] = int16(16000 * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return out
}

// power is how much of a signal is at a frequency, as an amplitude (Goertzel).
func power(pcm []float64, hz float64, rate int) float64 {
	var re, im float64
	for i, s := range pcm {
		sin, cos := math.Sincos(2 * math.Pi * hz * float64(i) / float64(rate))
		re, im = re+s*cos, im+s*sin
	}
	return 2 * math.Hypot(re, im) / float64(len(pcm))
}

func TestResampleKeepsTonesAndAddsNone(t *testing.T) {
	for _, hz := range []float64{100, 440, 3000, 6500} {
		out := resample(tone(hz, 16000), 1.0/3)
		if len(out) != 48000 {
			t.Fatalf("%d samples of 16000 at three times the rate", len(out))
		}
		mid := out[4800:43200] // whole periods, away from the edges
		if got, want := power(mid, hz, 48000), 16000.0/32768; math.Abs(got-want) > want*0.02 {
			t.Errorf("%v Hz: amplitude %.4f, want %.4f", hz, got, want)
		}
		if image := power(mid, 16000-hz, 48000); image > 1e-3*16000/32768 {
			t.Errorf("%v Hz: its image at %v Hz is only %.0f dB down", hz, 16000-hz, -20*math.Log10(image/(16000.0/32768)))
		}
	}
}

func TestToneMovesTheFrequency(t *testing.T) {
	out := resample(tone(1000, 16000), 1.2/3)
	mid := out[1000 : len(out)-1000]
	if up, same := power(mid, 1200, 48000), power(mid, 1000, 48000); up < 20*same {
		t.Errorf("at 1200 Hz %.4f, at 1000 Hz %.4f", up, same)
	}
}

func TestAllClipsAreEquallyLoudAndNoneIsCut(t *testing.T) {
	for _, gain := range []float64{0.03, 0.1, 0.5, 1} {
		pcm := make([]float64, 48000)
		for i := range 36000 { // then a pause
			pcm[i] = gain * math.Sin(float64(i)/20)
		}
		level(pcm, targetRMS)
		if got := math.Sqrt(energy(pcm[:36000])); math.Abs(got-targetRMS) > 0.005 {
			t.Errorf("gain %v: RMS %.4f, want %.4f", gain, got, targetRMS)
		}
	}
	pcm := make([]float64, 4800)
	for i := range pcm {
		pcm[i] = 0.01
	}
	pcm[100] = 1
	level(pcm, targetRMS)
	for i, s := range pcm {
		if math.Abs(s) > ceiling {
			t.Fatalf("sample %d is %v", i, s)
		}
	}
}

func TestSilenceStaysSilent(t *testing.T) {
	pcm := make([]float64, 4800)
	level(pcm, targetRMS)
	fade(pcm, 200)
	if energy(pcm) != 0 {
		t.Error("there is sound")
	}
}

func TestShelfLiftsTheTopAlone(t *testing.T) {
	for _, c := range []struct{ hz, db float64 }{{200, 0}, {8000, 6}} {
		pcm := resample(tone(c.hz, 48000), 1)
		before := power(pcm[4800:43200], c.hz, 48000)
		shelf(pcm, 6)
		if got := 20 * math.Log10(power(pcm[4800:43200], c.hz, 48000)/before); math.Abs(got-c.db) > 0.7 {
			t.Errorf("%v Hz: %.2f dB, want %v", c.hz, got, c.db)
		}
	}
}

func TestEveryPhonemeHasAMouth(t *testing.T) {
	cmu := []string{"aa", "ae", "ah", "ao", "aw", "ax", "axr", "ay", "b", "ch", "d", "dh", "dx", "eh", "el", "em", "en", "er", "ey", "f", "g", "hh", "hv", "ih", "iy",
		"jh", "k", "l", "m", "n", "nx", "ng", "ow", "oy", "p", "r", "s", "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh"}
	used := map[character.Viseme]bool{character.Sil: true}
	for _, p := range cmu {
		sum := 0.0
		for _, s := range shapes(p) {
			sum += s.share
			used[s.viseme] = true
			if s.viseme == character.Sil {
				t.Errorf("%s: the mouth is shut while it sounds", p)
			}
		}
		if math.Abs(sum-1) > 1e-9 {
			t.Errorf("%s: shares add up to %v", p, sum)
		}
	}
	if len(used) != int(character.OU)+1 {
		t.Errorf("%d mouth shapes are used, want all %d", len(used), character.OU+1)
	}
}

func TestMarks(t *testing.T) {
	phones := []phone{{"pau", 0.1}, {"b", 0.2}, {"p", 0.25}, {"ay", 0.35}, {"pau", 0.5}}
	at := func(sec float64) int { return max(0, min(1000, int((sec-0.05)*2000))) }
	got := marks(phones, 1000, at)
	want := []character.Mark{{Sample: 0, Viseme: character.Sil}, {Sample: 100, Viseme: character.PP}, {Sample: 400, Viseme: character.AA},
		{Sample: 520, Viseme: character.IH}, {Sample: 600, Viseme: character.Sil}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if d := got[i].Sample - want[i].Sample; got[i].Viseme != want[i].Viseme || d < -1 || d > 1 {
			t.Errorf("mark %d is %v, want %v", i, got[i], want[i])
		}
	}
}
