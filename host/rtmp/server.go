package rtmp

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// ServerConfig configures a Server. Without a hub nothing can be played, without Accept or PublishKey nothing published.
type ServerConfig struct {
	Hub    *Hub
	App    string // first part of the path; "live" when empty
	Stream string // second part; "show" when empty

	// PublishKey lets an outside encoder publish into the hub, as rtmp://host/app/KEY or rtmp://host/app/stream?key=KEY.
	PublishKey string
	// Accept decides about publishers instead of PublishKey, and takes what they send.
	Accept func(PublishRequest) (Ingest, error)

	MaxConns     int           // 1000 when 0
	MaxConnsAddr int           // from one address; 64 when 0
	Handshake    time.Duration // to shake hands and say what is wanted; 8 s when 0
	Idle         time.Duration // a publisher's longest silence; 15 s when 0
	WriteTimeout time.Duration // how long a player may not read; 8 s when 0
	Flush        time.Duration // how long messages are gathered for one write; 10 ms when 0, -1 for none

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// PublishRequest is what a publisher asks for.
type PublishRequest struct {
	App    string
	Stream string // the stream's name or key, without the query
	Query  url.Values
	Remote string
}

// Ingest takes what a publisher sends. Its methods are called one at a time.
type Ingest interface {
	Tag(Tag)
	// End is called once when the publisher has gone; err is nil when it said goodbye.
	End(err error)
}

// Server speaks RTMP with strangers.
type Server struct {
	cfg   ServerConfig
	mu    sync.Mutex
	conns map[netip.Addr]int
	total int

	players atomic.Int64
	open    prometheus.Gauge
	refused *prometheus.CounterVec
}

// ErrRefused says that a peer asked for something that it may not have.
var ErrRefused = errors.New("refused")

// NewServer makes a server.
func NewServer(cfg ServerConfig) *Server {
	cfg.App, cfg.Stream = or(cfg.App, "live"), or(cfg.Stream, "show")
	cfg.MaxConns, cfg.MaxConnsAddr = or(cfg.MaxConns, 1000), or(cfg.MaxConnsAddr, 64)
	cfg.Handshake, cfg.Idle = or(cfg.Handshake, 8*time.Second), or(cfg.Idle, 15*time.Second)
	cfg.WriteTimeout, cfg.Flush = or(cfg.WriteTimeout, 8*time.Second), or(cfg.Flush, 10*time.Millisecond)
	cfg.Logger = or(cfg.Logger, slog.New(slog.DiscardHandler))
	s := &Server{cfg: cfg, conns: map[netip.Addr]int{}}
	if cfg.Accept == nil {
		s.cfg.Accept = s.acceptByKey
	}
	s.measure(cfg.Metrics)
	return s
}

func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

func (s *Server) measure(reg prometheus.Registerer) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: name, Help: help}
	}
	s.open = prometheus.NewGauge(prometheus.GaugeOpts(opts("connections", "Open RTMP connections.")))
	s.refused = prometheus.NewCounterVec(prometheus.CounterOpts(opts("refused_connections_total", "Connections that ended by our decision, by reason.")), []string{"reason"})
	if reg != nil {
		reg.MustRegister(s.open, s.refused)
	}
}

// Serve accepts connections until the context ends, then closes them all, waits for them and returns nil. It closes ln.
func (s *Server) Serve(ctx context.Context, ln net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var sessions sync.WaitGroup
	defer sessions.Wait()
	defer cancel()
	stop := context.AfterFunc(ctx, func() { ln.Close() })
	defer stop()
	defer ln.Close()
	for {
		nc, err := ln.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				nc.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accepting RTMP connections: %w", err)
		case err != nil: // out of descriptors, or the peer was quick to leave
			s.cfg.Logger.Warn("accepting an RTMP connection", telemetry.KeyErr, err)
			time.Sleep(50 * time.Millisecond)
			continue
		}
		sessions.Go(func() { s.admit(ctx, nc) })
	}
}

// admit holds a connection to the limits and serves it.
func (s *Server) admit(ctx context.Context, nc net.Conn) {
	defer nc.Close()
	addr := remoteAddr(nc)
	if !s.enter(addr) {
		s.refused.WithLabelValues("limit").Inc()
		return
	}
	defer s.leave(addr)
	err := s.serve(ctx, nc)
	reason := refusal(err)
	if reason == "" {
		return
	}
	s.refused.WithLabelValues(reason).Inc()
	s.cfg.Logger.Info("RTMP connection ended", "remote", nc.RemoteAddr().String(), telemetry.KeyErr, err)
}

// refusal names the reason of an end that was our decision.
func refusal(err error) string {
	var ne net.Error
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ErrProtocol):
		return "protocol"
	case errors.Is(err, ErrRefused):
		return "refused"
	case errors.As(err, &ne) && ne.Timeout():
		return "timeout"
	}
	return ""
}

func remoteAddr(nc net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(nc.RemoteAddr().String())
	if err != nil {
		return netip.Addr{} // not TCP: all such share one allowance
	}
	return ap.Addr().Unmap()
}

func (s *Server) enter(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.total >= s.cfg.MaxConns || s.conns[a] >= s.cfg.MaxConnsAddr {
		return false
	}
	s.total++
	s.conns[a]++
	s.open.Inc()
	return true
}

func (s *Server) leave(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.conns[a]--; s.conns[a] == 0 {
		delete(s.conns, a)
	}
	s.open.Dec()
}

// Players is how many connections are sent the programme now.
func (s *Server) Players() int { return int(s.players.Load()) }

// acceptByKey lets a publisher with the right key into the hub.
func (s *Server) acceptByKey(q PublishRequest) (Ingest, error) {
	key := q.Stream
	if q.Stream == s.cfg.Stream {
		key = q.Query.Get("key")
	}
	if s.cfg.PublishKey == "" || s.cfg.Hub == nil {
		return nil, fmt.Errorf("%w: publishing is off", ErrRefused)
	}
	if q.App != s.cfg.App || subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.PublishKey)) != 1 {
		return nil, fmt.Errorf("%w: wrong application or key", ErrRefused)
	}
	return hubIngest{s.cfg.Hub}, nil
}

type hubIngest struct{ h *Hub }

func (i hubIngest) Tag(t Tag) { i.h.Publish(t) }
func (i hubIngest) End(error) {}

// splitStream parts a stream's name from its query.
func splitStream(name string) (string, url.Values) {
	stream, query, _ := strings.Cut(name, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	return stream, values
}
