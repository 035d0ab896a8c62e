package speech

import (
	"errors"
	"math"

	"github.com/sothebais/sothebais/host/character"
)

// How a clip is finished. The pauses are short enough not to be waited for and long enough not to clip a
// breath; -20 dBFS while speaking is what streaming platforms expect of a voice over music.
const (
	headSeconds = 0.04
	tailSeconds = 0.12
	fadeSeconds = 0.004
	targetRMS   = 0.1
	maxGain     = 8
	ceiling     = 0.89 // -1 dBFS
)

// finish trims the pauses, changes the tone, brings the sound to 48 kHz and to the loudness of all voices,
// and marks the mouth.
func finish(raw sound, v Voice) (*character.Clip, error) {
	from, to := speech(raw.phones)
	total := float64(len(raw.samples)) / float64(raw.rate)
	from, to = max(0, from-headSeconds), min(total, to+tailSeconds)
	lo, hi := int(from*float64(raw.rate)), int(to*float64(raw.rate))
	if hi <= lo {
		return nil, errors.New("the voice made no sound")
	}
	step := float64(raw.rate) * v.Tone / character.SampleRate
	pcm := resample(raw.samples[lo:hi], step)
	shelf(pcm, v.Bright)
	level(pcm, targetRMS*v.Volume)
	fade(pcm, int(fadeSeconds*character.SampleRate))
	out := make([]int16, len(pcm))
	for i, s := range pcm {
		out[i] = int16(math.RoundToEven(s * 32767))
	}
	at := func(sec float64) int {
		return min(len(out), max(0, int((sec-from)*float64(raw.rate)/step)))
	}
	return &character.Clip{PCM: out, Marks: marks(raw.phones, len(out), at)}, nil
}

// speech is the span between the pauses around the line.
func speech(phones []phone) (from, to float64) {
	start := 0.0
	first := true
	for _, p := range phones {
		if shapes(p.name)[0].viseme != character.Sil {
			if first {
				from, first = start, false
			}
			to = p.end
		}
		start = p.end
	}
	return from, to
}

// level brings the speaking parts to a target (RMS) and bends what would go past the ceiling.
func level(pcm []float64, target float64) {
	const window = character.SampleRate / 50
	var sum float64
	var n int
	for i := 0; i < len(pcm); i += window {
		e := energy(pcm[i:min(i+window, len(pcm))])
		if e > 0.01*0.01 { // pauses do not count
			sum, n = sum+e, n+1
		}
	}
	if n == 0 {
		return
	}
	gain := min(maxGain, target/math.Sqrt(sum/float64(n)))
	for i, s := range pcm {
		pcm[i] = soft(s * gain)
	}
}

func energy(pcm []float64) float64 {
	var sum float64
	for _, s := range pcm {
		sum += s * s
	}
	return sum / float64(len(pcm))
}

// soft is straight up to half of the ceiling and bends towards it from there, so that no peak is cut.
func soft(s float64) float64 {
	const knee = ceiling / 2
	a := math.Abs(s)
	if a <= knee {
		return s
	}
	return math.Copysign(knee+(ceiling-knee)*math.Tanh((a-knee)/(ceiling-knee)), s)
}

// fade ramps both ends, so that no clip begins or ends with a click.
func fade(pcm []float64, n int) {
	n = min(n, len(pcm)/2)
	for i := range n {
		g := float64(i) / float64(n)
		pcm[i] *= g
		pcm[len(pcm)-1-i] *= g
	}
}

// shelf adds decibels above 2.5 kHz (the RBJ high shelf, slope 1): recordings of 16 kHz sound dull on air.
func shelf(pcm []float64, db float64) {
	if db == 0 {
		return
	}
	a := math.Pow(10, db/40)
	sin, cos := math.Sincos(2 * math.Pi * 2500 / character.SampleRate)
	alpha := sin / 2 * math.Sqrt2
	k := 2 * math.Sqrt(a) * alpha
	b0, b1, b2 := a*((a+1)+(a-1)*cos+k), -2*a*((a-1)+(a+1)*cos), a*((a+1)+(a-1)*cos-k)
	a0, a1, a2 := (a+1)-(a-1)*cos+k, 2*((a-1)-(a+1)*cos), (a+1)-(a-1)*cos-k
	var x1, x2, y1, y2 float64
	for i, x := range pcm {
		y := (b0*x + b1*x1 + b2*x2 - a1*y1 - a2*y2) / a0
		x1, x2, y1, y2 = x, x1, y, y1
		pcm[i] = y
	}
}
