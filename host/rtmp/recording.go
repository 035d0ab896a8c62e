package rtmp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// recording is one file being written.
type recording struct {
	w       io.WriteCloser
	headers *Headers
	buf     []byte
	base    uint32
	begun   bool
	mp4     *fragmenter // nil for FLV
	init    []byte
	begins  int64 // ms at which the fragment under way begins
}

// fragmentMillis is how much a crash may cost.
const fragmentMillis = 1000

func newRecording(w io.WriteCloser, ext string, h *Headers) (*recording, error) {
	o := &recording{w: w, headers: h}
	if ext == ".flv" {
		o.buf = append(o.buf, flvHeader...)
		o.flvHeaders(h, 0)
		return o, nil
	}
	i, err := NewInit(h)
	if err != nil {
		return nil, fmt.Errorf("beginning an MP4: %w", err)
	}
	o.mp4, o.init = newFragmenter(i, true), i.Bytes()
	o.buf = append(o.buf, o.init...)
	return o, nil
}

func (o *recording) flvHeaders(h *Headers, ts uint32) {
	for _, t := range h.Tags(ts) {
		o.buf = appendFLV(o.buf, t)
	}
}

// follows says whether the file can go on with a new configuration. FLV can carry it; MP4 only if it means the same.
func (o *recording) follows(h *Headers) bool {
	if o.mp4 == nil {
		return true
	}
	i, err := NewInit(h)
	if err != nil || !bytes.Equal(i.Bytes(), o.init) {
		return false
	}
	o.headers = h
	return true
}

func (o *recording) write(k *Packet) error {
	if !o.begun {
		o.begun, o.base = true, k.TS
	}
	if before(k.TS, o.base) {
		return nil
	}
	if o.mp4 != nil {
		o.addFragment(k)
		return nil
	}
	ts := k.TS - o.base
	if k.Headers != o.headers {
		o.headers = k.Headers
		o.flvHeaders(k.Headers, ts)
	}
	t := k.Tag
	t.TS = ts
	o.buf = appendFLV(o.buf, t)
	return nil
}

// addFragment ends the fragment under way when a picture comes that is late enough for the next.
func (o *recording) addFragment(k *Packet) {
	if k.Kind == Video {
		at := int64(k.TS - o.base)
		o.mp4.endPicture(at)
		if k.Key && at > o.begins || at-o.begins >= fragmentMillis {
			o.buf = append(o.buf, o.mp4.flush()...)
			o.begins = at
		}
	}
	o.mp4.add(k.Tag)
}

// sync writes what is ready.
func (o *recording) sync() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.w.Write(o.buf)
	o.buf = o.buf[:0]
	if err != nil {
		return fmt.Errorf("writing the recording: %w", err)
	}
	return nil
}

func (o *recording) close() error {
	if o.mp4 != nil {
		o.buf = append(o.buf, o.mp4.flush()...)
	}
	return errors.Join(o.sync(), o.w.Close())
}
