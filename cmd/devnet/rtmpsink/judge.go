package rtmpsink

import (
	"fmt"
	"math"
	"time"

	"github.com/sothebais/sothebais/host/rtmp"
)

// Report is what a sink says about the publications it took.
type Report struct {
	Live         bool   `json:"live"`         // somebody publishes now
	Publications uint64 `json:"publications"` // connections that published

	VideoCodec string  `json:"video_codec,omitempty"` // such as avc1.64001f
	AudioCodec string  `json:"audio_codec,omitempty"` // such as mp4a.40.2
	Width      int     `json:"width,omitempty"`
	Height     int     `json:"height,omitempty"`
	SampleRate int     `json:"sample_rate,omitempty"`
	Channels   int     `json:"channels,omitempty"`
	FPS        float64 `json:"fps"`
	VideoKbps  float64 `json:"video_kbps"`
	AudioKbps  float64 `json:"audio_kbps"`

	Frames      uint64 `json:"frames"`
	AudioFrames uint64 `json:"audio_frames"`
	KeyMaxMS    int64  `json:"key_interval_max_ms"` // longest way from one key frame to the next
	GapMaxMS    int64  `json:"gap_max_ms"`          // longest jump between two pictures of one publication
	Gaps        uint64 `json:"gaps"`                // jumps over 250 ms
	AwayMaxMS   int64  `json:"away_max_ms"`         // longest time without a publisher, after the first
	StallMaxMS  int64  `json:"stall_max_ms"`        // longest wait for a picture, by the clock on the wall
	Backwards   uint64 `json:"backwards"`           // timestamps before the one before
	SkewMS      int64  `json:"av_skew_ms"`          // sound's timestamps minus the time its samples take: how far it runs from the picture
	SkewMaxMS   int64  `json:"av_skew_max_ms"`      // the most that was, in either direction
	LeadMaxMS   int64  `json:"av_lead_max_ms"`      // how far one of them was ever sent ahead of the other
	Millis      int64  `json:"millis"`              // of programme received

	OK       bool     `json:"ok"`
	Problems []string `json:"problems"` // what X or a viewer would object to, in words
}

// What is found bad.
const (
	gapMillis     = 250
	maxKeyMillis  = 3000
	maxFPS        = 60.5
	maxVideoKbps  = 12_000
	maxAudioKbps  = 140 // 128 nominal: AAC's rate swings
	maxSkewMillis = 40  // a viewer sees more
	maxLeadMillis = 500 // a player's buffer has to hold it
	holeMillis    = 60  // between two frames of sound: a gap, from which its clock begins anew
	aacFrame      = 1024
	youngMillis   = 2000
)

// judge keeps the figures. The sink's lock guards it.
type judge struct {
	r Report

	video, audio track
	key          int64 // ms of the newest key frame; -1 before the first
	first        int64 // of this publication
	arrived      time.Time
	left         time.Time // when the last publisher went
	done         int64     // ms of earlier publications
	videoBytes   uint64
	audioBytes   uint64
	heard        int64 // ms at which the sound's clock began
	samples      int64 // since then
}

// track is where one kind of media stands in this publication.
type track struct {
	at    int64 // ms
	begun bool
}

func newJudge() *judge { return &judge{key: -1} }

func (j *judge) begin(now time.Time) {
	if !j.left.IsZero() {
		j.r.AwayMaxMS = max(j.r.AwayMaxMS, now.Sub(j.left).Milliseconds())
	}
	j.video, j.audio, j.key, j.arrived = track{}, track{}, -1, time.Time{}
}

func (j *judge) end(now time.Time) {
	j.done += j.span()
	j.left = now
	j.video, j.audio = track{}, track{}
}

// span is how much of this publication came.
func (j *judge) span() int64 {
	if !j.video.begun {
		return 0
	}
	return j.video.at - j.first
}

func (j *judge) tag(now time.Time, t rtmp.Tag) {
	switch {
	case t.Kind == rtmp.Video && t.Header:
		j.videoHeader(t.Payload)
	case t.Kind == rtmp.Audio && t.Header:
		j.audioHeader(t.Payload)
	case t.Kind == rtmp.Video && len(t.Payload) > 1 && t.Payload[1] == 1: // not the mark that ends a sequence
		j.picture(now, t)
	case t.Kind == rtmp.Audio:
		j.r.AudioFrames++
		j.audioBytes += uint64(len(t.Payload))
		j.sound(t.TS)
	}
	if j.video.begun && j.audio.begun {
		j.r.LeadMaxMS = max(j.r.LeadMaxMS, abs(j.video.at-j.audio.at))
	}
}

// sound compares the timestamps with the samples: what plays by the one and shows by the other drifts apart.
func (j *judge) sound(ts uint32) {
	begun := j.audio.begun
	if d := j.step(&j.audio, ts); !begun || d > holeMillis || d < 0 {
		j.heard, j.samples = j.audio.at, 0
	}
	if j.r.SampleRate > 0 {
		j.r.SkewMS = j.audio.at - j.heard - j.samples*1000/int64(j.r.SampleRate)
	}
	j.samples += aacFrame
	if abs(j.r.SkewMS) > abs(j.r.SkewMaxMS) {
		j.r.SkewMaxMS = j.r.SkewMS
	}
}

func (j *judge) videoHeader(b []byte) {
	if v, err := rtmp.ParseVideo(b); err == nil {
		j.r.VideoCodec, j.r.Width, j.r.Height = v.Codec(), v.Width, v.Height
	}
}

func (j *judge) audioHeader(b []byte) {
	if a, err := rtmp.ParseAudio(b); err == nil {
		j.r.AudioCodec, j.r.SampleRate, j.r.Channels = a.Codec(), a.Rate, a.Channels
	}
}

// step moves a track to a timestamp and returns how far that was.
func (j *judge) step(k *track, ts uint32) int64 {
	if !k.begun {
		k.begun, k.at = true, int64(ts)
		return 0
	}
	d := int64(int32(ts - uint32(k.at)))
	if d < 0 {
		j.r.Backwards++
	}
	k.at += d
	return d
}

func (j *judge) picture(now time.Time, t rtmp.Tag) {
	begun := j.video.begun
	d := j.step(&j.video, t.TS)
	if !begun {
		j.first = j.video.at
	} else {
		j.r.StallMaxMS = max(j.r.StallMaxMS, now.Sub(j.arrived).Milliseconds())
	}
	j.arrived = now
	j.r.GapMaxMS = max(j.r.GapMaxMS, d)
	if d > gapMillis {
		j.r.Gaps++
	}
	j.r.Frames++
	j.videoBytes += uint64(len(t.Payload))
	if t.Key {
		if j.key >= 0 {
			j.r.KeyMaxMS = max(j.r.KeyMaxMS, j.video.at-j.key)
		}
		j.key = j.video.at
	} else if j.key >= 0 { // a key frame that is overdue counts before it comes
		j.r.KeyMaxMS = max(j.r.KeyMaxMS, j.video.at-j.key)
	}
}

func abs(x int64) int64 { return max(x, -x) }

func (j *judge) report() Report {
	r := j.r
	r.Millis = j.done + j.span()
	if s := float64(r.Millis) / 1000; s > 0 {
		r.FPS = round(float64(r.Frames-1) / s) // the last one's length is not known
		r.VideoKbps = round(float64(j.videoBytes) * 8 / 1000 / s)
		r.AudioKbps = round(float64(j.audioBytes) * 8 / 1000 / s)
	}
	r.Problems = r.problems()
	r.OK = len(r.Problems) == 0
	return r
}

func round(x float64) float64 { return math.Round(x*100) / 100 }

func (r Report) problems() []string {
	out := []string{}
	bad := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	bad(r.VideoCodec == "", "no H.264 came")
	bad(r.AudioCodec == "", "no AAC came")
	bad(r.KeyMaxMS > maxKeyMillis, "key frames up to %d ms apart, X wants %d at most", r.KeyMaxMS, maxKeyMillis)
	bad(r.Gaps > 0, "%d gaps between pictures, the longest %d ms", r.Gaps, r.GapMaxMS)
	bad(r.Backwards > 0, "%d timestamps run backwards", r.Backwards)
	bad(abs(r.SkewMaxMS) > maxSkewMillis, "picture and sound up to %d ms apart", abs(r.SkewMaxMS))
	bad(r.LeadMaxMS > maxLeadMillis, "picture and sound sent up to %d ms ahead of each other", r.LeadMaxMS)
	if r.Millis >= youngMillis {
		bad(r.FPS > maxFPS, "%.1f pictures a second, X takes 60", r.FPS)
		bad(r.VideoKbps > maxVideoKbps, "picture at %.0f kbit/s, X takes %d", r.VideoKbps, maxVideoKbps)
		bad(r.AudioKbps > maxAudioKbps, "sound at %.0f kbit/s, X takes 128", r.AudioKbps)
	}
	return out
}
