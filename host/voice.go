package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/speech"
)

// voiceBox is the voice as a part of the show: it is compiled while the show is on air already.
type voiceBox struct {
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
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	v.cfg.Module = module
	e, err := speech.New(ctx, v.cfg)
	v.cfg.Module = nil // 21 MB
	if err != nil {
		return err
	}
	v.engine.Store(e)
	close(v.ready)
	<-ctx.Done()
	return errors.Join(ctx.Err(), e.Close(context.WithoutCancel(ctx)))
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
