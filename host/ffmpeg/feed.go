package ffmpeg

import (
	"context"
	"time"
)

// feed writes frames into the process until either ends; closing the pipe tells FFmpeg that it was the last.
func (e *Encoder) feed(ctx context.Context, p *process) {
	defer p.in.Close()
	unblock := context.AfterFunc(ctx, func() { p.in.SetWriteDeadline(time.Now().Add(200 * time.Millisecond)) })
	defer unblock()
	f, ok := e.firstPicture(ctx)
	if !ok {
		return
	}
	e.base.Store(f.n)
	nut, err := newNUT(p.in, e.cfg.Width, e.cfg.Height, e.cfg.FPS, e.cfg.SampleRate)
	for ok && err == nil {
		if err = e.feedOne(nut, f); err == nil {
			e.queue.fed(f.n)
			f, ok = e.nextFrame(ctx)
		}
	}
}

// FFmpeg's muxer holds a picture back until it has seen sound that is later, and
// AAC comes out about two frames of 1024 samples after it went in. So the sound is
// declared to be later than it is on the way in, and set right on the way out:
// pictures pass 50 ms sooner.
const aacFrame = 1024

// soundLead is how much later, in samples: whole video frames, because FFmpeg
// rounds what a common offset leaves of the pictures' timestamps.
func (e *Encoder) soundLead() int {
	return (5*aacFrame/2/e.samples + 1) * e.samples
}

func (e *Encoder) feedOne(nut *nutWriter, f frame) error {
	n := f.n - e.base.Load()
	if f.picture != nil {
		if err := nut.frame(nutVideo, n, f.picture); err != nil {
			return err
		}
	}
	return nut.frame(nutAudio, n*uint64(e.samples)+uint64(e.soundLead()), f.pcm)
}

// firstPicture skips sound whose picture was dropped while no encoder ran: a stream begins with both.
func (e *Encoder) firstPicture(ctx context.Context) (frame, bool) {
	for {
		f, ok := e.nextFrame(ctx)
		if !ok || f.picture != nil {
			return f, ok
		}
		e.queue.fed(f.n)
		e.queue.settle(f.n)
	}
}

func (e *Encoder) nextFrame(ctx context.Context) (frame, bool) {
	for {
		if ctx.Err() != nil {
			return frame{}, false
		}
		if f, ok := e.queue.take(); ok {
			return f, true
		}
		select {
		case <-ctx.Done():
		case <-e.queue.wake:
		}
	}
}
