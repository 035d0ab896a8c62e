package compositor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/character"
)

// Loudness of the parts, as factors, and how fast the bed gives way to a voice and comes back.
const (
	voiceGain  = 0.92
	bedGain    = 0.8
	bedDucked  = 0.3
	duckDown   = 0.12 // seconds
	duckUp     = 0.9
	cutSamples = 480 // a voice that is cut fades this fast: no click
	ceiling    = 0.89
	release    = 0.00015 // of the limiter, a sample
)

// mixer makes the sound of one frame after another: bed, voice, effects, limiter. Its clock is the sample.
type mixer struct {
	bed     *bed
	sounds  map[string][]float32
	at      int // in the bed
	duck    float32
	voice   *playing
	tail    *playing // a voice that is being cut
	effects []effect
	gain    float32 // of the limiter
	acc     []float32
}

// playing is a clip and its next sample.
type playing struct {
	clip *character.Clip
	pos  int
	left int // samples until silence, when it is being cut
}

type effect struct {
	pcm []float32
	pos int
}

func newMixer(seed uint64, samples int) *mixer {
	return &mixer{bed: newBed(seed), sounds: makeEffects(seed), duck: bedGain, gain: 1, acc: make([]float32, 2*samples)}
}

// check says whether a sound is known.
func (m *mixer) check(name string) error {
	if m.sounds[name] != nil {
		return nil
	}
	names := make([]string, 0, len(m.sounds))
	for n := range m.sounds {
		names = append(names, n)
	}
	slices.Sort(names)
	return fmt.Errorf("sound %q is unknown; known are %s", name, strings.Join(names, ", "))
}

// maxEffects bounds how many sounds play at once; the oldest gives way.
const maxEffects = 8

func (m *mixer) play(name string) {
	if len(m.effects) == maxEffects {
		m.effects = slices.Delete(m.effects, 0, 1)
	}
	m.effects = append(m.effects, effect{pcm: m.sounds[name]})
}

// speak starts a clip with the next frame; a clip that plays is cut.
func (m *mixer) speak(c *character.Clip) {
	m.stop()
	m.voice = &playing{clip: c}
}

func (m *mixer) stop() {
	if m.voice != nil {
		m.tail, m.voice = m.voice, nil
		m.tail.left = cutSamples
	}
}

// mouth is the shape at the middle of the frame that is mixed next.
func (m *mixer) mouth() (character.Viseme, bool) {
	if m.voice == nil {
		return character.Sil, false
	}
	return m.voice.clip.At(m.voice.pos + len(m.acc)/4), true
}

// frame mixes the sound of the next frame; ended says that the voice spoke its last sample in it.
func (m *mixer) frame(out []int16) (ended bool) {
	clear(m.acc)
	m.addBed()
	for i := range m.effects {
		m.effects[i].add(m.acc)
	}
	m.effects = slices.DeleteFunc(m.effects, func(e effect) bool { return e.pos >= len(e.pcm) })
	if m.tail != nil && m.tail.add(m.acc) {
		m.tail = nil
	}
	if m.voice != nil && m.voice.add(m.acc) {
		m.voice, ended = nil, true
	}
	m.limit(out)
	return ended
}

func (m *mixer) addBed() {
	n := len(m.acc) / 2
	goal, secs := float32(bedGain), float32(duckUp)
	if m.voice != nil {
		goal, secs = bedDucked, duckDown
	}
	most := (bedGain - bedDucked) * float32(n) / character.SampleRate / secs
	next := m.duck + min(max(goal-m.duck, -most), most)
	m.bed.add(m.acc, m.at, m.duck, next)
	m.duck, m.at = next, (m.at+n)%bedSamples
}

func (e *effect) add(acc []float32) {
	n := min(len(acc), len(e.pcm)-e.pos)
	for i, v := range e.pcm[e.pos : e.pos+n] {
		acc[i] += v
	}
	e.pos += n
}

// add mixes the clip on and says whether it is over.
func (p *playing) add(acc []float32) bool {
	n := min(len(acc)/2, len(p.clip.PCM)-p.pos)
	for i, v := range p.clip.PCM[p.pos : p.pos+n] {
		s := float32(v) / 32768 * voiceGain
		if p.left > 0 {
			if p.left--; p.left == 0 {
				return true
			}
			s *= float32(p.left) / cutSamples
		}
		acc[2*i] += s
		acc[2*i+1] += s
	}
	p.pos += n
	return p.pos >= len(p.clip.PCM)
}

// limit keeps peaks under the ceiling: down at once, up slowly.
func (m *mixer) limit(out []int16) {
	for i := 0; i < len(m.acc); i += 2 {
		l, r := m.acc[i], m.acc[i+1]
		if peak := max(l, -l, r, -r) * m.gain; peak > ceiling {
			m.gain *= ceiling / peak
		} else {
			m.gain += (1 - m.gain) * release
		}
		out[i], out[i+1] = int16(l*m.gain*32767), int16(r*m.gain*32767)
	}
}
