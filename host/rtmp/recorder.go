package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// RecorderConfig configures a Recorder. Hub and Path are required.
type RecorderConfig struct {
	Hub  *Hub
	Path string // ends in .flv or .mp4
	// Overwrite replaces a file of that name. Otherwise what is there stays and the
	// recording gets the next free name: show.mp4, show-2.mp4, …
	Overwrite bool

	OnUp   func(path string)
	OnDown func(reason string) // writing failed; a new part is tried after Retry
	Retry  time.Duration       // 5 s when 0

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// Recorder writes the programme to a file that is whole up to the last second
// whatever ends the program: FLV has no index, MP4 is written in fragments.
type Recorder struct {
	cfg   RecorderConfig
	ext   string
	mu    sync.Mutex
	paths []string
	bytes prometheus.Counter
}

// ErrRecording says that a recording cannot be made as asked.
var ErrRecording = errors.New("cannot record")

// NewRecorder checks the path; the file is made when the programme begins.
func NewRecorder(cfg RecorderConfig) (*Recorder, error) {
	ext := strings.ToLower(filepath.Ext(cfg.Path))
	if ext != ".flv" && ext != ".mp4" {
		return nil, fmt.Errorf("%w to %q: the name must end in .flv or .mp4", ErrRecording, cfg.Path)
	}
	if st, err := os.Stat(filepath.Dir(cfg.Path)); err != nil || !st.IsDir() {
		return nil, fmt.Errorf("%w to %q: make the directory %q first", ErrRecording, cfg.Path, filepath.Dir(cfg.Path))
	}
	if cfg.OnUp == nil {
		cfg.OnUp = func(string) {}
	}
	if cfg.OnDown == nil {
		cfg.OnDown = func(string) {}
	}
	cfg.Retry = or(cfg.Retry, 5*time.Second)
	cfg.Logger = or(cfg.Logger, slog.New(slog.DiscardHandler))
	r := &Recorder{cfg: cfg, ext: ext}
	r.bytes = prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: "recorded_bytes_total", Help: "Written to recordings."})
	if cfg.Metrics != nil {
		cfg.Metrics.MustRegister(r.bytes)
	}
	return r, nil
}

// Paths are the files written so far, in order.
func (r *Recorder) Paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.paths...)
}

// Run records until the context or the programme ends, then closes the file and returns nil.
func (r *Recorder) Run(ctx context.Context) error {
	reader := r.cfg.Hub.SubscribeAll()
	defer reader.Close()
	for {
		err := r.part(ctx, reader)
		if err == nil {
			return nil
		}
		r.cfg.Logger.Error("recording stopped; trying again", telemetry.KeyErr, err)
		r.cfg.OnDown(err.Error())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(r.cfg.Retry):
		}
	}
}

// part writes one file, or several when the decoders' configuration changes; nil when there is nothing more to write.
func (r *Recorder) part(ctx context.Context, reader *Reader) (err error) {
	var (
		buf = make([]*Packet, 0, 128)
		out *recording
	)
	defer func() {
		if out != nil {
			err = errors.Join(err, out.close())
		}
	}()
	for {
		packets, ended := reader.Next(ctx, buf[:0])
		if ended != nil {
			packets, _, _ = reader.take(buf[:0]) // what came last
		}
		for _, k := range packets {
			if out, err = r.write(out, k); err != nil {
				return err
			}
		}
		if out != nil {
			if err := out.sync(); err != nil {
				return err
			}
		}
		if ended != nil && len(packets) == 0 {
			return nil
		}
	}
}

// write puts a packet into the recording, which it begins or follows by another one if need be.
func (r *Recorder) write(out *recording, k *Packet) (*recording, error) {
	if out != nil && k.Headers != out.headers && !out.follows(k.Headers) {
		err := out.close()
		out = nil
		if err != nil {
			return nil, err
		}
	}
	if out == nil {
		if !k.Key {
			return nil, nil // a file begins with a key frame
		}
		var err error
		if out, err = r.create(k.Headers); err != nil {
			return nil, err
		}
	}
	return out, out.write(k)
}

// create opens the next file.
func (r *Recorder) create(h *Headers) (*recording, error) {
	r.mu.Lock()
	n := len(r.paths)
	r.mu.Unlock()
	f, err := r.open(n + 1)
	if err != nil {
		return nil, fmt.Errorf("opening a recording: %w", err)
	}
	r.mu.Lock()
	r.paths = append(r.paths, f.Name())
	r.mu.Unlock()
	out, err := newRecording(&counted{f, r.bytes}, r.ext, h)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	r.cfg.OnUp(f.Name())
	return out, nil
}

// open finds the name of part n or, if that is taken, the next that is free.
func (r *Recorder) open(n int) (*os.File, error) {
	if r.cfg.Overwrite && n == 1 {
		return os.Create(r.cfg.Path)
	}
	stem := strings.TrimSuffix(r.cfg.Path, filepath.Ext(r.cfg.Path))
	for ; ; n++ {
		path := r.cfg.Path
		if n > 1 {
			path = fmt.Sprintf("%s-%d%s", stem, n, filepath.Ext(r.cfg.Path))
		}
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
}

// counted counts what is written.
type counted struct {
	io.WriteCloser
	n prometheus.Counter
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.WriteCloser.Write(b)
	c.n.Add(float64(n))
	return n, err
}
