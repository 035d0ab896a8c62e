package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/speech"
)

// voiceBox is the voice as a part of the show: it is compiled while the show is on air already.
type voiceBox struct {
	mu     sync.Mutex // guards cfg.Voices
	cfg    speech.Config
	assets fs.FS
	engine atomic.Pointer[speech.Engine]
	ready  chan struct{} // closed when engine stands
}

func newVoiceBox(cfg speech.Config, assets fs.FS) *voiceBox {
	return &voiceBox{cfg: cfg, assets: assets, ready: make(chan struct{})}
}

// Run makes the voice ready, and frees it when ctx ends.
func (v *voiceBox) Run(ctx context.Context) error {
	module, err := fs.ReadFile(v.assets, "voice/flite.wasm")
	if err != nil {
		return ofKind(ErrUnavailable, err)
	}
	v.mu.Lock()
	cfg := v.cfg
	cfg.Module, cfg.Voices = module, maps.Clone(v.cfg.Voices)
	v.mu.Unlock()
	e, err := speech.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := v.begin(e); err != nil {
		return errors.Join(err, e.Close(ctx))
	}
	close(v.ready)
	<-ctx.Done()
	return errors.Join(ctx.Err(), e.Close(context.WithoutCancel(ctx)))
}

// begin gives the engine what voices came while it was made ready.
func (v *voiceBox) begin(e *speech.Engine) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.engine.Store(e)
	for id, voice := range v.cfg.Voices {
		if err := e.SetVoice(id, voice); err != nil {
			return err
		}
	}
	return nil
}

// set gives somebody a voice.
func (v *voiceBox) set(id string, voice speech.Voice) error {
	if err := voice.Check(); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cfg.Voices[id] = voice
	if e := v.engine.Load(); e != nil {
		return e.SetVoice(id, voice)
	}
	return nil
}

// Speak turns a line into a clip in a character's voice.
func (v *voiceBox) Speak(ctx context.Context, who, text string) (*character.Clip, error) {
	select {
	case <-v.ready:
	case <-ctx.Done():
		return nil, fmt.Errorf("the voice is not ready yet: %w", ctx.Err())
	}
	return v.engine.Load().Speak(ctx, who, text)
}

// Check says whether the voice can speak.
func (v *voiceBox) Check() error {
	if v.engine.Load() == nil {
		return errors.New("the voice is being made ready")
	}
	return nil
}

// now is the time as facts carry it.
func now() time.Time { return time.Now().UTC() }
