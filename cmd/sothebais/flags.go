package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/sothebais/sothebais/host"
)

// showFlags are the settings of a show, each by flag or by variable.
type showFlags struct {
	DataDir       string   `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Where the ledger and recordings live."`
	Show          string   `name:"show" env:"SOTHEBAIS_SHOW" placeholder:"FILE" help:"Show file: lots, terms and bidders. Without it the house show runs."`
	Personality   string   `env:"SOTHEBAIS_PERSONALITY" placeholder:"ID" help:"Personality that opens the show, as a shipped id or a folder with a plugin.yaml; otherwise the one that was on stage last."`
	Trust         []string `env:"SOTHEBAIS_TRUST" placeholder:"SHA256" help:"Run these plugins inside of this program, by the SHA-256 of their module or body; all others get a process of their own."`
	Sources       []string `name:"package-source" env:"SOTHEBAIS_PACKAGE_SOURCES" placeholder:"HOST:PORT" help:"Hosts of this machine or network that the control room may fetch packages from; without it, only those of the public internet."`
	Seed          int64    `default:"1" help:"Seed of all that is drawn by lot."`
	Bind          string   `env:"SOTHEBAIS_BIND" default:"127.0.0.1" help:"Address to listen on."`
	OwnerPassword string   `env:"SOTHEBAIS_OWNER_PASSWORD" hidden:"" help:"Password of the owner; made up and printed once if not given."`
	FFmpeg        string   `env:"FFMPEG" default:"ffmpeg" help:"The ffmpeg to encode with."`
	LogLevel      string   `env:"LOG_LEVEL" enum:"debug,info,warn,error" default:"info" help:"Least level that is logged: ${enum}."`
	JSON          bool     `help:"Talk on stderr as JSON lines, one of them for each port."`

	Ports  host.Ports  `embed:"" group:"Ports (0 takes a free one)"`
	Stream streamFlags `embed:"" group:"Stream"`
}

type streamFlags struct {
	Resolution   string `env:"STREAM_RESOLUTION" default:"1280x720" help:"Width and height of the picture."`
	FPS          int    `name:"fps" env:"TARGET_FPS" default:"30" help:"Frames a second."`
	Bitrate      string `env:"STREAM_BITRATE" default:"4000k" help:"Video bits a second, such as 4000k or 4M."`
	Preset       string `env:"STREAM_PRESET" default:"superfast" help:"Preset of the H.264 encoder."`
	AudioBitrate string `env:"STREAM_AUDIO_BITRATE" default:"128k" help:"Sound bits a second."`
	RTMPURL      string `name:"rtmp-url" env:"TWITTER_RTMP_URL" placeholder:"URL" help:"Where the stream goes to, such as rtmp://va.pscp.tv:80/x."`
	StreamKey    string `env:"TWITTER_STREAM_KEY" hidden:"" help:"Key for --rtmp-url."`
	Record       string `placeholder:"FILE" help:"Also record to this .flv or .mp4 file."`
}

// config turns flags into the host's settings; an error names the flag and how to mend it.
func (f *showFlags) config(t *talk) (host.Config, error) {
	cfg := host.Config{
		Version: version, DataDir: f.DataDir, Bind: f.Bind, Ports: f.Ports, Seed: f.Seed,
		Personality: f.Personality, Trusted: f.Trust, Sources: f.Sources, OwnerPassword: f.OwnerPassword, FFmpeg: f.FFmpeg, Logger: f.logger(t.err),
	}
	for _, sum := range f.Trust {
		if err := host.CheckTrust(sum); err != nil {
			return cfg, badFlag("SOTHEBAIS_TRUST", sum, err.Error())
		}
	}
	for _, source := range f.Sources {
		if err := host.CheckSource(source); err != nil {
			return cfg, badFlag("SOTHEBAIS_PACKAGE_SOURCES", source, err.Error())
		}
	}
	var err error
	if cfg.Stream, err = f.Stream.config(); err != nil {
		return cfg, err
	}
	if f.Show == "" {
		cfg.Show, err = host.ParseShow("default.show.yaml", host.DefaultShow)
	} else {
		cfg.Show, err = host.LoadShow(f.Show)
	}
	return cfg, err
}

func (f *showFlags) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		level = slog.LevelInfo // kong has checked the word
	}
	opts := &slog.HandlerOptions{Level: level}
	if f.JSON {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func (f *streamFlags) config() (host.Stream, error) {
	s := host.Stream{FPS: f.FPS, Preset: f.Preset, Record: f.Record}
	var err error
	w, h, ok := strings.Cut(f.Resolution, "x")
	if s.Width, err = strconv.Atoi(w); err == nil {
		s.Height, err = strconv.Atoi(h)
	}
	if !ok || err != nil || s.Width < 160 || s.Height < 90 || s.Width > 3840 || s.Height > 2160 || s.Width%2+s.Height%2 != 0 {
		return s, badFlag("STREAM_RESOLUTION", f.Resolution, "write width x height, both even, such as 1280x720")
	}
	if f.FPS < 1 || f.FPS > 60 || 48000%f.FPS != 0 {
		return s, badFlag("TARGET_FPS", strconv.Itoa(f.FPS), "use 24, 25, 30, 50 or 60")
	}
	if s.Bitrate, err = bits(f.Bitrate); err != nil {
		return s, badFlag("STREAM_BITRATE", f.Bitrate, "write for example 4000k or 4M")
	}
	if s.AudioBitrate, err = bits(f.AudioBitrate); err != nil {
		return s, badFlag("STREAM_AUDIO_BITRATE", f.AudioBitrate, "write for example 128k")
	}
	if f.RTMPURL != "" {
		s.Targets = []host.Target{{Name: "x", URL: f.RTMPURL, Key: f.StreamKey}}
	}
	return s, nil
}

func badFlag(name, value, mend string) error {
	return &exitError{exitUsage, fmt.Errorf("%s=%q cannot be used: %s", name, value, mend)}
}

// bits reads "4000k", "4M" or a plain number of bits a second.
func bits(s string) (int, error) {
	factor := 1
	switch {
	case strings.HasSuffix(s, "k"), strings.HasSuffix(s, "K"):
		factor, s = 1000, s[:len(s)-1]
	case strings.HasSuffix(s, "M"), strings.HasSuffix(s, "m"):
		factor, s = 1_000_000, s[:len(s)-1]
	}
	n, err := strconv.Atoi(s)
	if err != nil || n <= 0 || n > 100_000_000/factor {
		return 0, fmt.Errorf("%q is not a number of bits a second", s)
	}
	return n * factor, nil
}

// announce prints where the show can be watched and steered, once all of it listens.
func announce(t *talk, asJSON bool, a host.Addresses) {
	if asJSON {
		for _, l := range a.Listening {
			_ = json.NewEncoder(t.err).Encode(map[string]any{"listening": l.Name, "addr": l.Addr, "url": l.URL})
		}
		on := map[string]any{"on_air": true, "control_room": a.ControlRoom, "login": a.Login, "lot_page": a.LotPage, "rtmp": a.RTMP, "simulator": a.Simulator}
		if a.Password != "" { // told now or never: only its hash is kept
			on["password"] = a.Password
		}
		_ = json.NewEncoder(t.err).Encode(on)
		return
	}
	w := t.err
	fmt.Fprintf(w, "\n  The show is on air.\n\n")
	fmt.Fprintf(w, "  Control room   %s\n", a.Login)
	if a.Password != "" {
		fmt.Fprintf(w, "                 (that link logs you in once; later: user owner, password %s)\n", a.Password)
	}
	fmt.Fprintf(w, "  Lot page       %s\n", a.LotPage)
	if a.Simulator != "" {
		fmt.Fprintf(w, "  Post a bid     %s\n", a.Simulator)
	}
	fmt.Fprintf(w, "  Stream         %s\n\n", a.RTMP)
}
