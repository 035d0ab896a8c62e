package compositor

import (
	"math"
	"math/rand/v2"

	"github.com/sothebais/sothebais/host/character"
)

// effects are the sounds that a cue may ask for, as stereo samples; each is made of sines and noise.
func makeEffects(seed uint64) map[string][]float32 {
	r := rand.New(rand.NewPCG(seed, 0xefec))
	return map[string][]float32{"gavel": gavel(r), "chime": chime(), "swell": swell(r), "applause": applause(r), "tick": tick()}
}

const rate = character.SampleRate

// modes adds struck modes: pairs of frequency, loudness and seconds until it is gone.
func modes(out []float32, at int, modes ...[3]float64) {
	for _, m := range modes {
		for i := at; i < len(out)/2; i++ {
			t := float64(i-at) / rate
			if t > 3*m[2] {
				break
			}
			v := float32(m[1] * math.Sin(2*math.Pi*m[0]*t) * math.Exp(-3*t/m[2]))
			out[2*i] += v
			out[2*i+1] += v
		}
	}
}

// gavel is two knocks of wood on wood.
func gavel(r *rand.Rand) []float32 {
	out := make([]float32, 2*rate*7/10)
	for _, at := range []int{0, rate * 24 / 100} {
		modes(out, at, [3]float64{172, 0.55, 0.12}, [3]float64{331, 0.38, 0.09}, [3]float64{742, 0.25, 0.05}, [3]float64{1530, 0.14, 0.025})
		var low float64
		for i := range rate / 60 {
			low += 0.4 * (r.Float64() - 0.5 - low)
			v := float32(low * 0.9 * math.Exp(-float64(i)/180))
			out[2*(at+i)] += v
			out[2*(at+i)+1] += v
		}
	}
	return out
}

// chime is a small bell, struck twice, the second a fifth higher.
func chime() []float32 {
	out := make([]float32, 2*rate*18/10)
	for i, f := range []float64{987.8, 1480} {
		modes(out, i*rate*11/100, [3]float64{f, 0.16, 1.1}, [3]float64{f * 2.76, 0.06, 0.5}, [3]float64{f * 5.4, 0.025, 0.2})
	}
	return out
}

// tick is a watch.
func tick() []float32 {
	out := make([]float32, 2*rate/10)
	modes(out, 0, [3]float64{2100, 0.10, 0.02}, [3]float64{1200, 0.12, 0.03})
	return out
}

// swell rises for a second and a half into a major chord.
func swell(r *rand.Rand) []float32 {
	n := 26 * rate / 10
	out := make([]float32, 2*n)
	var low float64
	for i := range n {
		t := float64(i) / rate
		up := math.Min(t/1.4, 1)
		env := up * up * math.Exp(-math.Max(t-1.4, 0)*3.2) * math.Min((2.6-t)/0.2, 1)
		low += (0.02 + 0.2*up) * (r.Float64() - 0.5 - low)
		var v float64
		for _, f := range []float64{293.7, 370, 440, 587.3} {
			v += math.Sin(2*math.Pi*f*t) * 0.06
		}
		out[2*i] = float32(env * (v + low*0.5))
		out[2*i+1] = float32(env * (v + low*0.42))
	}
	return out
}

// applause is some hundred hands.
func applause(r *rand.Rand) []float32 {
	n := 36 * rate / 10
	out := make([]float32, 2*n)
	for range 900 {
		at := int(r.Float64() * float64(n-2000))
		t := float64(at) / rate
		crowd := math.Min(t/0.5, 1) * math.Min((3.6-t)/1.8, 1)
		g, pan := 0.05*crowd*(0.4+r.Float64()), r.Float64()
		var band, low float64
		k := 0.25 + 0.3*r.Float64()
		for i := range 1400 {
			x := (r.Float64() - 0.5) * math.Exp(-float64(i)/240)
			band += k * (x - band)
			low += 0.03 * (band - low)
			v := (band - low) * g * 6
			out[2*(at+i)] += float32(v * (1 - pan))
			out[2*(at+i)+1] += float32(v * pan)
		}
	}
	return out
}
