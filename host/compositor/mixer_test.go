package compositor

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sothebais/sothebais/host/character"
)

// TestBedIsALoop without a click at its seam, the same for a seed, and never silent.
func TestBedIsALoop(t *testing.T) {
	a, b := newBed(3), newBed(3)
	a.make(bedSamples)
	for b.done < bedSamples {
		b.make(1600)
	}
	var jump, seam float64
	for i := 2; i < len(a.pcm); i++ {
		jump = max(jump, math.Abs(float64(a.pcm[i]-a.pcm[i-2])))
	}
	for c := range 2 {
		seam = max(seam, math.Abs(float64(a.pcm[c]-a.pcm[len(a.pcm)-2+c])))
	}
	if seam > jump || jump > 0.02 {
		t.Error("seam", seam, "largest step", jump)
	}
	var sum float64
	for i, v := range a.pcm {
		if math.Abs(float64(v-b.pcm[i])) > 0.004 {
			t.Fatalf("sample %d is %g whole and %g in pieces", i, v, b.pcm[i])
		}
		if sum += float64(v * v); i%9600 == 9599 {
			if db := 10 * math.Log10(sum/9600); db < -50 || db > -20 {
				t.Errorf("%.1f dBFS at %d s", db, i/96000)
			}
			sum = 0
		}
	}
}

func TestVoiceDucksTheBed(t *testing.T) {
	m := newMixer(1, 1600)
	pcm := make([]int16, 3200)
	quiet := &character.Clip{PCM: make([]int16, 48000)}
	m.frame(pcm)
	m.speak(quiet)
	for range 10 {
		m.frame(pcm)
	}
	if m.duck != bedDucked {
		t.Error(m.duck)
	}
	for range 60 {
		m.frame(pcm)
	}
	if m.duck != bedGain {
		t.Error("the bed does not come back", m.duck)
	}
}

// TestLimiterHolds: however much is loud at once, nothing wraps round.
func TestLimiterHolds(t *testing.T) {
	m := newMixer(1, 1600)
	loud := &character.Clip{PCM: make([]int16, 96000)}
	for i := range loud.PCM {
		loud.PCM[i] = int16(32767 * math.Sin(float64(i)/9))
	}
	m.speak(loud)
	pcm := make([]int16, 3200)
	for n := range 60 {
		if n%4 == 0 {
			m.play("gavel")
			m.play("applause")
		}
		m.frame(pcm)
		for _, v := range pcm {
			if math.Abs(float64(v)) > ceiling*32768 {
				t.Fatal(n, v)
			}
		}
	}
}

// TestACutFades: no step larger than the voice's own when it is stopped.
func TestACutFades(t *testing.T) {
	m := newMixer(1, 1600)
	c := clip(48000)
	m.speak(c)
	pcm := make([]int16, 3200)
	last, jump := 0, 0
	for n := range 8 {
		if n == 5 {
			m.stop()
		}
		m.frame(pcm)
		for i := 0; i < len(pcm); i += 2 {
			if n > 0 {
				jump = max(jump, abs(int(pcm[i])-last))
			}
			last = int(pcm[i])
		}
	}
	if jump > 700 || m.tail != nil {
		t.Error(jump)
	}
}

func TestSounds(t *testing.T) {
	m := newMixer(1, 1600)
	got := map[string]bool{}
	for name, pcm := range m.sounds {
		got[name] = len(pcm) > 0 && m.check(name) == nil
	}
	if d := cmp.Diff(map[string]bool{"gavel": true, "chime": true, "swell": true, "applause": true, "tick": true}, got); d != "" {
		t.Error(d)
	}
	if err := m.check("kazoo"); err == nil || err.Error() != `sound "kazoo" is unknown; known are applause, chime, gavel, swell, tick` {
		t.Error(err)
	}
}
