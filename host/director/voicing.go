package director

import (
	"context"
	"errors"
	"time"

	"github.com/sothebais/sothebais/host/telemetry"
)

var errNoSound = errors.New("the voice made no sound")

// startVoice gives the best waiting line to the voice when its turn is near.
func (f *floor) startVoice(ctx context.Context, now time.Time) {
	best := f.queue.best()
	if best == nil || f.busy != nil || !f.wanted(best, now) {
		return
	}
	if f.ready != nil {
		f.queue.putBack(f.ready)
		f.ready = nil
	}
	f.queue.remove(best)
	if best.clip != nil {
		f.ready = best
		f.d.nudge()
		return
	}
	f.busy = best
	f.voicing.Go(func() { f.voice(ctx, best, *f.d.character.Load()) })
}

// wanted reports whether l should be voiced now: not long before it can be said, or a newer line would make the work vain.
func (f *floor) wanted(l *line, now time.Time) bool {
	if f.ready != nil && l.class().rank <= f.ready.class().rank {
		return false
	}
	if f.current == nil || f.remaining(now) <= f.d.cfg.Ahead {
		return true
	}
	return l.mayCut(f.current, f.remaining(now))
}

// voice runs beside the loop; it owns l until it is sent.
func (f *floor) voice(ctx context.Context, l *line, character string) {
	ctx, cancel := context.WithTimeout(ctx, f.d.cfg.VoiceTimeout)
	defer cancel()
	began := time.Now()
	l.clip, l.err = f.d.cfg.Voice.Speak(ctx, character, l.cue.Text)
	if l.err == nil && (l.clip == nil || len(l.clip.PCM) == 0) {
		l.err = errNoSound
	}
	f.d.metrics.voice.Observe(time.Since(began).Seconds())
	f.voiced <- l // never waits: one line is with the voice at a time
}

// hear takes a line back from the voice.
func (f *floor) hear(l *line) {
	f.busy = nil
	now := time.Now()
	switch {
	case l.void != "":
		f.drop(l.offer, l.void, now)
	case l.err != nil:
		f.d.cfg.Logger.Warn("line not voiced", telemetry.KeyPlugin, l.cue.From, telemetry.KeyErr, l.err)
		f.drop(l.offer, reasonVoice, now)
	default:
		f.ready = l
	}
}
