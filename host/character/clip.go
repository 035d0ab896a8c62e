package character

// Viseme is a mouth shape of the canonical set (Oculus-15).
type Viseme uint8

// The canonical visemes.
const (
	Sil Viseme = iota // closed, silent
	PP                // p b m
	FF                // f v
	TH                // th
	DD                // t d
	KK                // k g
	CH                // ch j sh
	SS                // s z
	NN                // n l
	RR                // r
	AA                // father
	EE                // bed
	IH                // sit
	OH                // go
	OU                // boot
)

// SampleRate of all sound inside the show, in samples a second and channel.
const SampleRate = 48000

// Mark says which mouth shape begins at a sample of a clip.
type Mark struct {
	Sample int    // index into PCM
	Viseme Viseme // shape from here on
}

// Clip is a spoken line: mono sound at SampleRate and the mouth that goes with it, in the order of Sample.
type Clip struct {
	Text  string
	PCM   []int16
	Marks []Mark
}

// At is the mouth shape at a sample; silence before the first mark and past the end.
func (c *Clip) At(sample int) Viseme {
	if sample < 0 || sample >= len(c.PCM) {
		return Sil
	}
	lo, hi := 0, len(c.Marks)
	for lo < hi {
		if m := (lo + hi) / 2; c.Marks[m].Sample <= sample {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo == 0 {
		return Sil
	}
	return c.Marks[lo-1].Viseme
}
