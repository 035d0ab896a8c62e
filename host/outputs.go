package host

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/ffmpeg"
	"github.com/sothebais/sothebais/host/rtmp"
	"github.com/sothebais/sothebais/host/show"
)

// buildOutputs makes the way of a frame out of the program: encoder, hub, and all who read from it.
func (h *Host) buildOutputs(context.Context) error {
	s, reg := h.cfg.Stream, h.regs[roleStream]
	h.hub = rtmp.NewHub(rtmp.HubConfig{Logger: h.part("hub"), Metrics: reg})
	var err error
	h.encoder, err = ffmpeg.New(ffmpeg.Config{
		Bin: h.cfg.FFmpeg, Width: s.Width, Height: s.Height, FPS: s.FPS, Bitrate: s.Bitrate, AudioBitrate: s.AudioBitrate, Preset: s.Preset,
		OnTag: h.publish, OnUp: h.outputUp("encoder", "H.264 and AAC by FFmpeg"), OnDown: h.outputDown("encoder"),
		Logger: h.part("encoder"), Metrics: reg,
	})
	if err != nil {
		return ofKind(ErrUnavailable, err)
	}
	h.server = rtmp.NewServer(rtmp.ServerConfig{Hub: h.hub, Logger: h.part("rtmp"), Metrics: reg})
	h.preview = rtmp.NewPreview(rtmp.PreviewConfig{Hub: h.hub, Logger: h.part("preview"), Metrics: reg})
	if s.Record != "" {
		h.recorder, err = rtmp.NewRecorder(rtmp.RecorderConfig{Hub: h.hub, Path: s.Record, Logger: h.part("recorder"), Metrics: reg,
			OnUp:   func(path string) { h.outputUp("recording", path)(0) },
			OnDown: h.outputDown("recording")})
		if err != nil {
			return ofKind(ErrBadInput, err)
		}
	}
	for _, t := range s.Targets {
		p, err := rtmp.NewPusher(rtmp.PusherConfig{Hub: h.hub, Name: t.Name, URL: t.URL, Key: t.Key,
			OnUp: h.outputUp(t.Name, hostOf(t.URL)), OnDown: h.outputDown(t.Name), Logger: h.part("pusher"), Metrics: reg})
		if err != nil {
			return ofKind(ErrBadInput, err)
		}
		h.pushers = append(h.pushers, p)
	}
	h.well.add(roleStream, "encoder", func() error { return h.board.linkError("encoder") })
	return nil
}

// runEncoder runs FFmpeg, which may not be there.
func (h *Host) runEncoder(ctx context.Context) error {
	err := h.encoder.Run(ctx)
	if errors.Is(err, ffmpeg.ErrNoBinary) {
		return ofKind(ErrUnavailable, err)
	}
	return err
}

// hostOf is what may be told of a target's address: never its path, which can hold the key.
func hostOf(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	return u.Host
}

// publish takes the encoded programme on its way.
func (h *Host) publish(t ffmpeg.Tag) {
	h.hub.Publish(rtmp.NewTag(rtmp.Kind(t.Type), t.TS, t.Payload))
	h.airOnce.Do(func() { close(h.onAir) })
}

func (h *Host) outputUp(name, detail string) func(time.Duration) {
	return func(gap time.Duration) {
		h.scribe.note(show.OutputUp{Output: name, Detail: detail, GapMS: gap.Milliseconds()}, 0, time.Now().UTC())
	}
}

func (h *Host) outputDown(name string) func(string) {
	return func(reason string) {
		h.scribe.note(show.OutputDown{Output: name, Reason: reason}, 0, time.Now().UTC())
	}
}

// sink hands the stage's frames to the encoder.
type sink struct{ e *ffmpeg.Encoder }

// WriteFrame never waits for the encoder.
func (s sink) WriteFrame(f *compositor.Frame) error { return s.e.Write(f.N, f.I420, f.PCM) }
