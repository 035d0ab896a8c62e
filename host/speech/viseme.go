package speech

import "github.com/sothebais/sothebais/host/character"

// shape is one mouth shape and the share of the phoneme for which it stands.
type shape struct {
	viseme character.Viseme
	share  float64
}

func whole(v character.Viseme) []shape { return []shape{{v, 1}} }

// glide is a diphthong: it is heard as one sound and seen as two mouths.
func glide(from, to character.Viseme) []shape { return []shape{{from, 0.6}, {to, 0.4}} }

// shapes maps the phonemes of the CMU set, as Flite names them, to mouth shapes. Kept whole: it is a table.
func shapes(phone string) []shape {
	switch phone {
	case "pau", "h#", "brth", "ssil":
		return whole(character.Sil)
	case "p", "b", "m", "em":
		return whole(character.PP)
	case "f", "v":
		return whole(character.FF)
	case "th", "dh":
		return whole(character.TH)
	case "t", "d", "dx":
		return whole(character.DD)
	case "k", "g", "ng", "hh", "hv":
		return whole(character.KK)
	case "ch", "jh", "sh", "zh":
		return whole(character.CH)
	case "s", "z":
		return whole(character.SS)
	case "n", "en", "nx", "l", "el":
		return whole(character.NN)
	case "r", "er", "axr":
		return whole(character.RR)
	case "aa", "ae", "ah":
		return whole(character.AA)
	case "eh", "ax":
		return whole(character.EE)
	case "ih", "iy", "y":
		return whole(character.IH)
	case "ao":
		return whole(character.OH)
	case "uh", "uw", "w":
		return whole(character.OU)
	case "aw":
		return glide(character.AA, character.OU)
	case "ay":
		return glide(character.AA, character.IH)
	case "ey":
		return glide(character.EE, character.IH)
	case "oy":
		return glide(character.OH, character.IH)
	case "ow":
		return glide(character.OH, character.OU)
	}
	return whole(character.EE) // a phoneme nobody named: some half-open mouth
}

// marks places the mouth shapes on the samples of a clip; at gives the sample of a second, within [0, n].
func marks(phones []phone, n int, at func(sec float64) int) []character.Mark {
	var out []character.Mark
	start := 0.0
	for _, p := range phones {
		from := start
		for _, s := range shapes(p.name) {
			out = mark(out, at(from), s.viseme)
			from += s.share * (p.end - start)
		}
		start = p.end
	}
	out = mark(out, at(start), character.Sil)
	for len(out) > 0 && out[len(out)-1].Sample >= n {
		out = out[:len(out)-1]
	}
	return out
}

// mark appends a shape; of two at one sample the later stands, and a shape that goes on needs no second mark.
func mark(out []character.Mark, sample int, v character.Viseme) []character.Mark {
	if n := len(out); n > 0 && out[n-1].Sample == sample {
		out = out[:n-1]
	}
	if n := len(out); n > 0 && out[n-1].Viseme == v {
		return out
	}
	return append(out, character.Mark{Sample: sample, Viseme: v})
}
