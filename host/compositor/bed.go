package compositor

import (
	"math"
	"math/rand/v2"

	"github.com/sothebais/sothebais/host/character"
)

// The bed is a quiet pad that never ends: eight slow chords and now and then a soft bell, the same for a seed. It is a
// loop that is made as it is first played, a frame's worth at a time, so that nothing waits for it at the start.
const (
	chordSeconds = 6
	chordCount   = 8
	bedSamples   = chordSeconds * chordCount * character.SampleRate
)

type bed struct {
	pcm   []float32 // stereo, made up to done
	done  int       // samples a channel
	tones []tone
	sine  *[sineSize]float32
	noise *rand.Rand
}

// tone is one oscillator with a rise and a fall; start may lie before the loop's end and run on past its beginning.
type tone struct {
	freq          float64 // a whole number of turns in the loop, so that it closes without a click
	start, length int
	left, right   float32
	rise, fall    float64 // share of length
	bell          bool    // falls from the first moment
}

const sineSize = 4096

func newBed(seed uint64) *bed {
	r := rand.New(rand.NewPCG(seed, 0x5eed))
	b := &bed{pcm: make([]float32, 2*bedSamples), sine: new([sineSize]float32), noise: r}
	for i := range b.sine {
		b.sine[i] = float32(math.Sin(2 * math.Pi * float64(i) / sineSize))
	}
	// D minor, open and unhurried: scale degrees as semitones above D
	chords := [chordCount][]int{{0, 7, 15, 19}, {-4, 8, 12, 19}, {-9, 3, 15, 22}, {-2, 5, 14, 17}, {0, 7, 14, 22}, {-4, 3, 12, 20}, {-7, 5, 12, 21}, {-5, 7, 14, 17}}
	for i, c := range chords {
		for _, n := range c {
			b.pad(i, n, r)
		}
		if r.IntN(4) > 0 {
			b.bell(i, c[1+r.IntN(3)]+12*(1+r.IntN(2)), r)
		}
	}
	return b
}

// pitch of a note above D3, tuned to whole turns in the loop.
func pitch(semitones, detune float64) float64 {
	f := 146.83 * math.Pow(2, semitones/12) * (1 + detune)
	const loop = chordSeconds * chordCount
	return math.Round(f*loop) / loop
}

func (b *bed) pad(chord, note int, r *rand.Rand) {
	start := chord * chordSeconds * character.SampleRate
	length := int(1.9 * chordSeconds * character.SampleRate)
	for _, side := range []float64{-1, 1} {
		pan := float32(0.5 + 0.35*side)
		t := tone{freq: pitch(float64(note), side*(0.0012+0.0008*r.Float64())), start: start, length: length, rise: 0.4, fall: 0.5, left: 0.016 * (1 - pan) * 2, right: 0.016 * pan * 2}
		b.tones = append(b.tones, t)
		t.freq, t.left, t.right = pitch(float64(note+12), -side*0.0009), t.left*0.16, t.right*0.16
		b.tones = append(b.tones, t)
	}
}

func (b *bed) bell(chord, note int, r *rand.Rand) {
	start := int((float64(chord) + 0.2 + 0.6*r.Float64()) * chordSeconds * character.SampleRate)
	pan := float32(0.25 + 0.5*r.Float64())
	for i, h := range []float64{1, 2, 3.01} {
		g := float32(0.014 / math.Pow(2.6, float64(i)))
		f := pitch(float64(note)+12*math.Log2(h), 0)
		b.tones = append(b.tones, tone{freq: f, start: start, length: 3 * character.SampleRate, fall: 1, bell: true, left: g * (1 - pan), right: g * pan})
	}
}

// add mixes n samples from a place in the loop into acc, at a gain that goes from g0 to g1.
func (b *bed) add(acc []float32, at int, g0, g1 float32) {
	n := len(acc) / 2
	step := (g1 - g0) / float32(n)
	for i := 0; i < n; {
		p := (at + i) % bedSamples
		if p >= b.done {
			b.make(n)
		}
		run := min(n-i, b.done-p)
		in, out := b.pcm[2*p:2*(p+run)], acc[2*i:2*(i+run)]
		g := g0 + step*float32(i)
		for k := 0; k < len(in); k += 2 {
			out[k] += in[k] * g
			out[k+1] += in[k+1] * g
			g += step
		}
		i += run
	}
}

// make renders the next samples of the loop.
func (b *bed) make(n int) {
	from, to := b.done, min(b.done+n, bedSamples)
	for i := 2 * from; i < 2*to; i++ {
		b.pcm[i] = (b.noise.Float32() - 0.5) * 0.0012 // the room
	}
	for i := range b.tones {
		t := &b.tones[i]
		b.tone(t, from, to, t.start)
		b.tone(t, from, to, t.start-bedSamples)
	}
	b.done = to
}

// control is how many samples share one straight piece of a tone's loudness.
const control = 64

func (b *bed) tone(t *tone, from, to, start int) {
	lo, hi := max(from, start), min(to, start+t.length)
	turn := uint32(t.freq / character.SampleRate * (1 << 32)) // phase is a whole uint32, so it wraps by itself
	for lo < hi {
		at, n := lo-start, min(control, hi-lo)
		g := t.shape(float64(at) / float64(t.length))
		step := (t.shape(float64(at+n)/float64(t.length)) - g) / float32(n)
		phase := turn * uint32(at)
		out := b.pcm[2*lo : 2*(lo+n)]
		for i := 0; i < len(out); i += 2 {
			v := b.sine[phase>>20&(sineSize-1)] * g
			out[i] += v * t.left
			out[i+1] += v * t.right
			phase, g = phase+turn, g+step
		}
		lo += n
	}
}

// shape is the loudness over a tone's life, 0 to 1.
func (t *tone) shape(x float64) float32 {
	if t.bell {
		k := 1 - x
		return float32(min(x*400, 1) * k * k * k * k)
	}
	up, down := min(x/t.rise, 1), min((1-x)/t.fall, 1)
	return float32(up * up * (3 - 2*up) * down * down * (3 - 2*down))
}
