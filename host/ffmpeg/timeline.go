package ffmpeg

import (
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// read passes tags on until the process ends its output.
func (e *Encoder) read(p *process) error {
	r, err := newFLVReader(p.out)
	if err != nil {
		return readEnd(err)
	}
	for {
		t, err := r.next()
		if err != nil {
			return readEnd(err)
		}
		e.pass(t)
	}
}

// readEnd keeps quiet about ends that the process's own end explains.
func readEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil
	}
	return fmt.Errorf("reading the encoder's output: %w", err)
}

// pass puts a tag on the programme's timeline and hands it out.
func (e *Encoder) pass(t Tag) {
	e.spoke.Store(time.Now().UnixNano())
	e.owed.Store(0)
	if t.isPicture() {
		e.queue.settle(e.frameOf(t))
	}
	t.TS = e.retime(t)
	if last, ok := e.last[t.Type]; ok && int32(t.TS-last) < 0 {
		t.TS = last
	}
	if !t.isConfig() {
		e.last[t.Type] = t.TS
	}
	e.m.tag(t)
	if t.isPicture() {
		e.noteUp(time.Now())
	}
	e.cfg.OnTag(t)
}

// retime puts a tag of the running process on the programme's timeline. All is
// one frame of AAC late, because the coder's first packet lies that much before
// its first sample, and time does not begin below 0.
func (e *Encoder) retime(t Tag) uint32 {
	samples := aacFrame
	switch {
	case t.Type == TagScript || t.isConfig():
		return e.millis(e.base.Load())
	case t.Type == TagAudio:
		samples -= e.soundLead()
	}
	shift := math.Round(float64(samples) * 1000 / float64(e.cfg.SampleRate))
	return e.millis(e.base.Load()) + t.TS + uint32(int32(shift))
}

// frameOf is the number of the frame that a tag of the running process shows.
func (e *Encoder) frameOf(t Tag) uint64 {
	return e.base.Load() + (uint64(t.TS)*uint64(e.cfg.FPS)+500)/1000
}

func (e *Encoder) noteUp(now time.Time) {
	if !e.up.Load() {
		var away time.Duration
		if e.everUp {
			away = now.Sub(e.lastPic)
		}
		e.up.Store(true)
		e.everUp = true
		e.m.away(away)
		e.cfg.OnUp(away)
	}
	e.lastPic = now
}

// millis is when frame n is due. It is counted from the frame number, so rounding never adds up.
func (e *Encoder) millis(n uint64) uint32 {
	return uint32(n * 1000 / uint64(e.cfg.FPS))
}

// isConfig tells sequence headers, which the muxer puts at 0.
func (t Tag) isConfig() bool { return len(t.Payload) > 1 && t.Payload[1] == 0 }

// isPicture tells coded pictures from sequence headers.
func (t Tag) isPicture() bool {
	return t.Type == TagVideo && len(t.Payload) > 1 && t.Payload[1] == 1
}
