package speech

import "math"

// The resampler is a windowed sinc: 32 taps by a Kaiser window (beta 9) keep what lies above the old Nyquist
// frequency 80 dB down, and 256 phases with a straight line between them place each sample.
const (
	taps   = 32
	phases = 256
)

// resample reads pcm at step input samples for each output sample; the result is in [-1, 1].
func resample(pcm []int16, step float64) []float64 {
	kernel := sinc(min(1, 1/step))
	out := make([]float64, int(float64(len(pcm))/step))
	for i := range out {
		at := float64(i) * step
		base := int(at)
		phase := (at - float64(base)) * phases
		k := int(phase)
		frac := phase - float64(k)
		a, b := &kernel[k], &kernel[k+1]
		var sum float64
		for j := range taps {
			if n := base + j - taps/2 + 1; n >= 0 && n < len(pcm) {
				sum += float64(pcm[n]) * (a[j] + (b[j]-a[j])*frac)
			}
		}
		out[i] = sum / 32768
	}
	return out
}

// sinc tabulates the kernel for a cut-off given as a share of the input's Nyquist frequency.
func sinc(cut float64) *[phases + 1][taps]float64 {
	cut *= 0.95 // room for the slope
	var t [phases + 1][taps]float64
	for p := range t {
		for j := range taps {
			x := float64(j-taps/2+1) - float64(p)/phases
			t[p][j] = cut * kaiser(x/(taps/2)) * normalSinc(cut*x)
		}
	}
	return &t
}

func normalSinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// kaiser is the window at x in [-1, 1].
func kaiser(x float64) float64 {
	if x < -1 || x > 1 {
		return 0
	}
	const beta = 9
	return bessel(beta*math.Sqrt(1-x*x)) / bessel(beta)
}

// bessel is I0, by its series.
func bessel(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > 1e-12*sum; k++ {
		term *= x / (2 * k) * x / (2 * k)
		sum += term
	}
	return sum
}
