// Package speech is the offline voice: text becomes sound, and the mouth that goes with it.
//
// It runs Flite, compiled to WebAssembly, inside the program; nothing leaves
// the machine and nothing has to be installed. Promises:
//
//   - the same voice and text give the same samples, bit for bit, on one build of the program;
//   - a line is at most [Config.MaxBytes] long once it is words, which bounds what it costs: a run is not cut short,
//     since checks for that inside the module made it nine times slower;
//   - the clip starts within 40 ms of its first sound and ends within 120 ms of its last one;
//   - all voices of volume 1 are equally loud;
//   - text that strangers wrote is made speakable first (see [Speakable]); it can not reach the options of the module;
//   - an Engine may be used from many goroutines; clips are shared and must not be changed.
package speech

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/character"
)

// ErrNothingToSay says that a text holds nothing that can be spoken, such as emoji only.
var ErrNothingToSay = errors.New("nothing to say")

// ErrUnknownVoice says that no voice of that name was configured.
var ErrUnknownVoice = errors.New("unknown voice")

// Voice is how somebody sounds. Zero numbers mean 1: as the speaker was recorded.
type Voice struct {
	Name   string  // speaker: slt, rms, awb, kal16 or kal
	Rate   float64 // how fast, 0.5 to 2
	Pitch  float64 // how high the voice is, 0.5 to 2
	Tone   float64 // size of the body: below 1 larger and darker, above 1 smaller and brighter, 0.7 to 1.4; 0 follows the pitch a little
	Bright float64 // decibels added above 2.5 kHz, -12 to 12
	Volume float64 // loudness beside other voices, 0.1 to 2
}

// Config is what an Engine needs; only Module and Voices are required.
type Config struct {
	Module   []byte           // flite.wasm
	Voices   map[string]Voice // by the name that Speak is given, such as a character's id
	CacheDir string           // where the compiled module is kept between starts; empty: compiled anew at each start
	MaxBytes int              // longest text, after it was made speakable; 0 is 320, some 20 s of speech
	Parallel int              // lines made at the same time; 0 is 2
	Keep     int              // bytes of clips kept for when a line is said again; 0 is 8 MB, some 80 s, negative none
	Logger   *slog.Logger
	Metrics  prometheus.Registerer
}

// Engine turns lines into clips.
type Engine struct {
	cfg   Config
	mu    sync.RWMutex // guards cfg.Voices
	flite *flite
	turns chan struct{} // one token for each line that may be in the making
	clips *clipCache
	meter meter
}

// New compiles the module (or finds it compiled in CacheDir) and tries every voice once.
func New(ctx context.Context, cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	for id, v := range cfg.Voices {
		v, err := v.settled()
		if err != nil {
			return nil, fmt.Errorf("voice %q: %w", id, err)
		}
		cfg.Voices[id] = v
	}
	if len(cfg.Module) == 0 {
		return nil, errors.New("the voice module is empty: want the bytes of flite.wasm; fetch it with: make assets")
	}
	f, err := newFlite(ctx, cfg.Module, cfg.CacheDir)
	if err != nil {
		return nil, err
	}
	cfg.Module = nil // compiled by now, and 21 MB
	e := &Engine{cfg: cfg, flite: f, turns: make(chan struct{}, cfg.Parallel), clips: newClipCache(cfg.Keep), meter: newMeter(cfg.Metrics)}
	for id := range cfg.Voices {
		if _, err := e.Speak(ctx, id, "Ready."); err != nil {
			return nil, errors.Join(fmt.Errorf("voice %q: try it: %w", id, err), e.Close(ctx))
		}
	}
	return e, nil
}

func (c Config) withDefaults() Config {
	if c.MaxBytes <= 0 {
		c.MaxBytes = 320
	}
	if c.Parallel <= 0 {
		c.Parallel = 2
	}
	if c.Keep == 0 {
		c.Keep = 8 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Voices = maps.Clone(c.Voices) // the caller's map stays as it is
	return c
}

// speakers are those inside the module.
var speakers = []string{"slt", "rms", "awb", "kal16", "kal"}

// settled fills in what was left out and refuses what would not be speech.
func (v Voice) settled() (Voice, error) {
	if v.Name == "" {
		v.Name = "slt"
	}
	if !slices.Contains(speakers, v.Name) {
		return v, fmt.Errorf("name %q: no such speaker: want one of %v", v.Name, speakers)
	}
	if v.Rate == 0 {
		v.Rate = 1
	}
	if v.Pitch == 0 {
		v.Pitch = 1
	}
	if v.Tone == 0 {
		v.Tone = 1 + (v.Pitch-1)*0.4 // small bodies have high voices and short throats
	}
	if v.Volume == 0 {
		v.Volume = 1
	}
	for _, f := range []struct {
		name     string
		got      float64
		min, max float64
	}{{"rate", v.Rate, 0.5, 2}, {"pitch", v.Pitch, 0.5, 2}, {"tone", v.Tone, 0.7, 1.4}, {"bright", v.Bright, -12, 12}, {"volume", v.Volume, 0.1, 2}} {
		if !(f.got >= f.min && f.got <= f.max) {
			return v, fmt.Errorf("%s %v: want %v to %v", f.name, f.got, f.min, f.max)
		}
	}
	return v, nil
}

// Check says what is wrong with a voice, or nil.
func (v Voice) Check() error {
	_, err := v.settled()
	return err
}

// SetVoice gives somebody a voice, from the next line on.
func (e *Engine) SetVoice(id string, v Voice) error {
	v, err := v.settled()
	if err != nil {
		return fmt.Errorf("voice %q: %w", id, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cfg.Voices[id] = v
	return nil
}

func (e *Engine) voice(id string) (Voice, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	v, ok := e.cfg.Voices[id]
	return v, ok
}

// Speak makes the clip of a text in a voice; the context bounds the wait for a turn.
func (e *Engine) Speak(ctx context.Context, voice, text string) (*character.Clip, error) {
	v, ok := e.voice(voice)
	if !ok {
		return nil, fmt.Errorf("voice %q: %w", voice, ErrUnknownVoice)
	}
	spoken := clip(Speakable(text), e.cfg.MaxBytes)
	if spoken == "" {
		return nil, fmt.Errorf("%.40q: %w", text, ErrNothingToSay)
	}
	if c := e.clips.get(v, spoken); c != nil {
		e.meter.reused.Inc()
		return withText(c, text), nil
	}
	select {
	case e.turns <- struct{}{}:
		defer func() { <-e.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the voice: %w", context.Cause(ctx))
	}
	start := time.Now()
	c, err := e.make(ctx, v, spoken)
	if err != nil {
		e.meter.failed.Inc()
		return nil, fmt.Errorf("speak %.40q as %s: %w", spoken, voice, err)
	}
	e.meter.made(time.Since(start), c)
	e.clips.put(v, spoken, c)
	return withText(c, text), nil
}

// make runs the module and works its sound into a clip.
func (e *Engine) make(ctx context.Context, v Voice, spoken string) (*character.Clip, error) {
	raw, err := e.flite.say(ctx, request{
		speaker: v.Name,
		text:    spoken,
		stretch: v.Tone / v.Rate, // playing faster for the tone makes the line shorter; take that back
		shift:   v.Pitch / v.Tone,
	})
	if err != nil {
		return nil, err
	}
	return finish(raw, v)
}

// withText is the clip under the text as it was asked for, for subtitles; samples and marks are shared.
func withText(c *character.Clip, text string) *character.Clip {
	return &character.Clip{Text: text, PCM: c.PCM, Marks: c.Marks}
}

// Close frees the compiled module. No line may be in the making.
func (e *Engine) Close(ctx context.Context) error {
	if err := e.flite.close(ctx); err != nil {
		return fmt.Errorf("close the voice: %w", err)
	}
	return nil
}
