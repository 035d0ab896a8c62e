// Package rtmpsink stands in for a broadcast service: it takes an RTMP publication
// as X would, records it if asked, and judges what it got.
//
// The judgement follows what X asks of a source: H.264 and AAC, a key frame at
// least every three seconds, at most 60 pictures a second, at most 12,000 kbit/s
// of picture and 128 kbit/s of sound; and what a viewer would notice: gaps,
// timestamps that run backwards, picture and sound apart.
package rtmpsink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/rtmp"
)

// Config configures a Sink. The zero value takes any key and records nothing.
type Config struct {
	App    string // "live" when empty
	Key    string // the only key that is taken; any when empty
	Record string // file to write, .flv or .mp4; none when empty
	Logger *slog.Logger
}

// Sink is the far end of a publication.
type Sink struct {
	cfg    Config
	server *rtmp.Server

	mu     sync.Mutex
	judge  *judge
	now    *publication // nil when nobody publishes
	served uint64
}

// New checks the configuration.
func New(cfg Config) (*Sink, error) {
	if cfg.App == "" {
		cfg.App = "live"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Sink{cfg: cfg, judge: newJudge()}
	s.server = rtmp.NewServer(rtmp.ServerConfig{App: cfg.App, Accept: s.accept, Logger: cfg.Logger})
	if cfg.Record != "" {
		if _, err := rtmp.NewRecorder(rtmp.RecorderConfig{Hub: rtmp.NewHub(rtmp.HubConfig{}), Path: cfg.Record}); err != nil {
			return nil, fmt.Errorf("setting up the sink: %w", err)
		}
	}
	return s, nil
}

// Serve takes publications until the context ends, then returns nil. It closes ln.
func (s *Sink) Serve(ctx context.Context, ln net.Listener) error { return s.server.Serve(ctx, ln) }

// Report is the judgement so far. It may be asked for at any time.
func (s *Sink) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.judge.report()
	r.Live, r.Publications = s.now != nil, s.served
	return r
}

// ServeHTTP answers with the report as JSON.
func (s *Sink) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(s.Report()); err != nil {
		s.cfg.Logger.Debug("sending the sink's report", "err", err)
	}
}

// accept lets one publisher in at a time, as a stream key of X does.
func (s *Sink) accept(q rtmp.PublishRequest) (rtmp.Ingest, error) {
	if q.App != s.cfg.App || (s.cfg.Key != "" && q.Stream != s.cfg.Key) {
		return nil, errors.New("unknown application or stream key")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now != nil {
		return nil, errors.New("this key is publishing already")
	}
	s.now = &publication{sink: s}
	s.served++
	s.judge.begin(time.Now())
	if err := s.now.record(); err != nil {
		s.now = nil
		return nil, err
	}
	s.cfg.Logger.Info("publication began", "remote", q.Remote)
	return s.now, nil
}

// publication is what one publisher sends.
type publication struct {
	sink *Sink
	hub  *rtmp.Hub      // nil when nothing is recorded
	done sync.WaitGroup // the recorder
}

func (p *publication) record() error {
	if p.sink.cfg.Record == "" {
		return nil
	}
	p.hub = rtmp.NewHub(rtmp.HubConfig{})
	rec, err := rtmp.NewRecorder(rtmp.RecorderConfig{Hub: p.hub, Path: p.sink.cfg.Record, Logger: p.sink.cfg.Logger})
	if err != nil {
		return err
	}
	// the hub's end is the recorder's: End closes it and waits
	p.done.Go(func() { _ = rec.Run(context.Background()) })
	return nil
}

// Tag judges and records one message.
func (p *publication) Tag(t rtmp.Tag) {
	p.sink.mu.Lock()
	p.sink.judge.tag(time.Now(), t)
	p.sink.mu.Unlock()
	if p.hub != nil {
		p.hub.Publish(t)
	}
}

// End closes the recording.
func (p *publication) End(err error) {
	if p.hub != nil {
		p.hub.Close()
		p.done.Wait()
	}
	p.sink.cfg.Logger.Info("publication ended", "err", err)
	p.sink.mu.Lock()
	defer p.sink.mu.Unlock()
	p.sink.now = nil
	p.sink.judge.end(time.Now())
}
