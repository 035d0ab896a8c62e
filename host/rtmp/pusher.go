package rtmp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// PusherConfig configures a Pusher. Hub and URL are required.
type PusherConfig struct {
	Hub  *Hub
	Name string // in logs and metrics; the target's host when empty
	URL  string // rtmp://host[:port]/app or rtmps://…
	Key  string // the stream's key; never logged. Empty: the last part of the URL's path

	TLS          *tls.Config   // for rtmps
	DialTimeout  time.Duration // to connect and be let in; 10 s when 0
	WriteTimeout time.Duration // a target that takes nothing for so long is left; 5 s when 0
	MaxBackoff   time.Duration // between attempts; 10 s when 0

	OnUp   func(gap time.Duration) // the target takes the programme; gap is how long it did not, 0 the first time
	OnDown func(reason string)     // it no longer does, or did not let us in

	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// Pusher carries the programme to one target and tries again whenever that fails.
type Pusher struct {
	cfg    PusherConfig
	addr   string
	app    string
	tcURL  string
	up     prometheus.Gauge
	tries  prometheus.Counter
	downAt time.Time // since when the target has had nothing; zero before the first success
}

// ErrTarget says that a target's address cannot be used.
var ErrTarget = errors.New("not a usable RTMP target")

// NewPusher checks the target. Nothing is dialled before Run.
func NewPusher(cfg PusherConfig) (*Pusher, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "rtmp" && u.Scheme != "rtmps") {
		return nil, fmt.Errorf("%w: want rtmp://host/app or rtmps://host/app", ErrTarget) // the URL may hold a key: it is not repeated
	}
	app := strings.Trim(u.Path, "/")
	if cfg.Key == "" {
		i := strings.LastIndexByte(app, '/')
		if i < 0 {
			return nil, fmt.Errorf("%w: no stream key given, and %s has none after its application", ErrTarget, u.Host)
		}
		app, cfg.Key = app[:i], app[i+1:]
		if u.RawQuery != "" {
			cfg.Key += "?" + u.RawQuery
		}
	}
	if app == "" {
		return nil, fmt.Errorf("%w: %s lacks an application, such as rtmp://%s/live", ErrTarget, u.Host, u.Host)
	}
	port := or(u.Port(), map[string]string{"rtmp": "1935", "rtmps": "443"}[u.Scheme])
	p := &Pusher{cfg: cfg, addr: net.JoinHostPort(u.Hostname(), port), app: app, tcURL: u.Scheme + "://" + u.Host + "/" + app}
	p.defaults(u)
	p.measure(cfg.Metrics)
	return p, nil
}

func (p *Pusher) defaults(u *url.URL) {
	c := &p.cfg
	c.Name = or(c.Name, u.Host)
	c.DialTimeout, c.WriteTimeout = or(c.DialTimeout, 10*time.Second), or(c.WriteTimeout, 5*time.Second)
	c.MaxBackoff = or(c.MaxBackoff, 10*time.Second)
	c.Logger = or(c.Logger, slog.New(slog.DiscardHandler))
	if c.OnUp == nil {
		c.OnUp = func(time.Duration) {}
	}
	if c.OnDown == nil {
		c.OnDown = func(string) {}
	}
	if u.Scheme != "rtmps" {
		c.TLS = nil
	} else if c.TLS == nil {
		c.TLS = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
}

func (p *Pusher) measure(reg prometheus.Registerer) {
	labels := prometheus.Labels{telemetry.KeyOutput: p.cfg.Name}
	p.up = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: "target_up", Help: "1 while the target takes the programme.", ConstLabels: labels})
	p.tries = prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: "target_attempts_total", Help: "Attempts to reach the target.", ConstLabels: labels})
	if reg != nil {
		reg.MustRegister(p.up, p.tries)
	}
}

// Run pushes until the context ends or the programme does, then returns nil.
func (p *Pusher) Run(ctx context.Context) error {
	pause := &backoff.ExponentialBackOff{InitialInterval: 300 * time.Millisecond, Multiplier: 1.8, RandomizationFactor: 0.2, MaxInterval: p.cfg.MaxBackoff}
	pause.Reset()
	for {
		p.tries.Inc()
		began := time.Now()
		err := p.push(ctx)
		p.up.Set(0)
		if ctx.Err() != nil || errors.Is(err, ErrHubClosed) {
			return nil
		}
		p.noteDown(err)
		if time.Since(began) > 20*time.Second {
			pause.Reset()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause.NextBackOff()):
		}
	}
}

func (p *Pusher) noteDown(err error) {
	reason := strings.ReplaceAll(err.Error(), p.cfg.Key, "***")
	p.cfg.Logger.Warn("target does not take the programme; trying again", telemetry.KeyOutput, p.cfg.Name, telemetry.KeyErr, reason)
	p.cfg.OnDown(reason)
}

func (p *Pusher) noteUp() {
	var gap time.Duration
	if !p.downAt.IsZero() {
		gap = time.Since(p.downAt)
	}
	p.up.Set(1)
	p.cfg.Logger.Info("target takes the programme", telemetry.KeyOutput, p.cfg.Name, "gap", gap)
	p.cfg.OnUp(gap)
}

// push is one session with the target, to its end.
func (p *Pusher) push(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	nc, err := p.dial(ctx)
	if err != nil {
		return err
	}
	defer nc.Close()
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	if err := nc.SetDeadline(time.Now().Add(p.cfg.DialTimeout)); err != nil {
		return err
	}
	out, err := requestPublish(nc, p.cfg.WriteTimeout, p.app, p.tcURL, p.cfg.Key)
	if err != nil {
		return err
	}
	if err := nc.SetReadDeadline(time.Time{}); err != nil { // targets have nothing to say but acknowledgements
		return err
	}
	p.noteUp()
	defer func() { p.downAt = time.Now() }()

	listened := make(chan struct{})
	go func() { defer close(listened); cancel(out.listen()) }()
	err = p.send(ctx, out)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		err = cause // what the target said tells more than that it closed
	}
	nc.Close()
	<-listened
	return err
}

func (p *Pusher) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	d := net.Dialer{}
	if p.cfg.TLS != nil {
		return (&tls.Dialer{NetDialer: &d, Config: p.cfg.TLS}).DialContext(ctx, "tcp", p.addr)
	}
	return d.DialContext(ctx, "tcp", p.addr)
}

// send carries the programme over, counted from 0, beginning with a key frame.
func (p *Pusher) send(ctx context.Context, out *publication) error {
	r := p.cfg.Hub.Subscribe()
	defer r.Close()
	var (
		buf  = make([]*Packet, 0, 64)
		sent *Headers
		base uint32
	)
	for {
		packets, err := r.Next(ctx, buf[:0])
		if err != nil {
			return err
		}
		var ms []message
		for _, k := range packets {
			if sent == nil {
				base = k.TS
			}
			if before(k.TS, base) {
				continue // sound of the pictures before the first
			}
			if k.Headers != sent {
				ms = append(ms, out.headers(k.Headers, k.TS-base)...)
				sent = k.Headers
			}
			ms = append(ms, out.media(k.Tag, k.TS-base))
		}
		if err := out.send(ms...); err != nil {
			return err
		}
	}
}

// before says whether a timestamp lies before the one with which a session began. Sound comes a little later in the
// stream than the picture it belongs to, never a minute: a session may outlast the 25 days after which a difference of
// timestamps turns negative.
func before(ts, base uint32) bool { return int32(ts-base) < 0 && base-ts < 60_000 }
