package ffmpeg

import (
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says what is encoded and how. The zero value is 1280x720 at 30 frames a second.
type Config struct {
	Bin          string        // FFmpeg's binary; "ffmpeg" on the PATH when empty
	Width        int           // even
	Height       int           // even
	FPS          int           // must divide SampleRate
	SampleRate   int           // of the sound, stereo; 48000 when 0
	Bitrate      int           // of the picture in bit/s; by size and rate when 0
	AudioBitrate int           // 128000 when 0, the most that X takes
	Preset       string        // of libx264; "superfast" when empty
	KeyEvery     time.Duration // distance of key frames; 2 s when 0, X wants 3 s at most

	Depth      int           // pictures that may wait for the encoder or be under way in it; 12 when 0, which outlasts a restart
	StallAfter time.Duration // fed for so long without output, an encoder is replaced; 2 s when 0

	OnTag  func(Tag)                // each tag of the encoded programme
	OnUp   func(away time.Duration) // the encoder works; away is how long nothing came out before, 0 the first time
	OnDown func(reason string)      // the encoder stopped; it is being replaced

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// ErrNoBinary says that FFmpeg is not installed where it was looked for.
var ErrNoBinary = errors.New("ffmpeg not found")

func (c Config) withDefaults() Config {
	c.Bin = or(c.Bin, "ffmpeg")
	c.Width, c.Height, c.FPS = or(c.Width, 1280), or(c.Height, 720), or(c.FPS, 30)
	c.SampleRate, c.AudioBitrate = or(c.SampleRate, 48000), or(c.AudioBitrate, 128_000)
	c.Bitrate = or(c.Bitrate, defaultBitrate(c.Width, c.Height, c.FPS))
	c.Preset = or(c.Preset, "superfast")
	c.KeyEvery = or(c.KeyEvery, 2*time.Second)
	c.Depth, c.StallAfter = or(c.Depth, 12), or(c.StallAfter, 2*time.Second)
	if c.OnTag == nil {
		c.OnTag = func(Tag) {}
	}
	if c.OnUp == nil {
		c.OnUp = func(time.Duration) {}
	}
	if c.OnDown == nil {
		c.OnDown = func(string) {}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// defaultBitrate is about 0.1 bit a pixel, which flat art needs at most, within X's limits.
func defaultBitrate(w, h, fps int) int {
	return min(max(w*h*fps/10, 500_000), 10_000_000)
}

func (c Config) validate() error {
	switch {
	case c.Width <= 0 || c.Height <= 0 || c.Width%2 != 0 || c.Height%2 != 0:
		return fmt.Errorf("encoder size %dx%d: both sides must be even and above 0", c.Width, c.Height)
	case c.FPS <= 0 || c.SampleRate <= 0 || c.SampleRate%c.FPS != 0:
		return fmt.Errorf("encoder rate %d/s: must divide the sample rate %d", c.FPS, c.SampleRate)
	case c.Depth < 2 || c.Depth > 120:
		return fmt.Errorf("encoder depth %d: want 2 to 120 pictures", c.Depth)
	case c.KeyEvery < time.Second/time.Duration(c.FPS):
		return fmt.Errorf("key frame distance %v: shorter than a frame", c.KeyEvery)
	}
	return nil
}

// look finds the binary, and says what to do when it is missing.
func (c Config) look() (string, error) {
	p, err := exec.LookPath(c.Bin)
	if err != nil {
		return "", fmt.Errorf("%w as %q: install it (apt-get install ffmpeg) or name its path: %w", ErrNoBinary, c.Bin, err)
	}
	return p, nil
}

// args is FFmpeg's command line. Measured: superfast with zerolatency fits two cores at 1080p60 and holds no frame back.
func (c Config) args() []string {
	key := strconv.Itoa(int(c.KeyEvery * time.Duration(c.FPS) / time.Second))
	// -g counts the pictures that come, of which some may be dropped; X counts seconds
	due := fmt.Sprintf("expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+%.3f))", c.KeyEvery.Seconds()-0.001)
	rate := strconv.Itoa(c.Bitrate)
	return []string{
		"-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning",
		// begin at once: the stream needs no probing
		"-probesize", "32", "-analyzeduration", "0", "-f", "nut", "-i", "pipe:3",
		"-map", "0:v", "-map", "0:a", "-fps_mode", "passthrough", // a dropped frame stays dropped
		"-c:v", "libx264", "-preset", c.Preset, "-tune", "zerolatency", "-profile:v", "high", "-pix_fmt", "yuv420p",
		"-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
		"-b:v", rate, "-maxrate", rate, "-bufsize", rate,
		"-g", key, "-keyint_min", key, "-sc_threshold", "0", "-force_key_frames", due, "-flags:v", "+cgop",
		"-c:a", "aac", "-b:a", strconv.Itoa(c.AudioBitrate), "-ar", strconv.Itoa(c.SampleRate), "-ac", "2",
		"-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", "pipe:1",
	}
}
