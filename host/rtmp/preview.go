package rtmp

import (
	"bytes"
	"context"
	"log/slog"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// Preview cuts the programme into fragmented MP4 for browsers, once for all who watch.
//
// Whoever serves it sends a viewer, as binary WebSocket messages, first
// View.Init, then each message of View.C, having told it View.Codec. A page
// plays that with Media Source Extensions and stays near the live edge so:
//
//	const ms = new MediaSource(), q = [];
//	video.src = URL.createObjectURL(ms);
//	ms.onsourceopen = () => {
//	  const sb = ms.addSourceBuffer(`video/mp4; codecs="${codec}"`);
//	  const pump = () => { if (q.length && !sb.updating) sb.appendBuffer(q.shift()); };
//	  ws.onmessage = e => { q.push(e.data); pump(); };
//	  sb.onupdateend = () => {
//	    const b = video.buffered;
//	    if (b.length) {
//	      const last = b.length - 1, edge = b.end(last), behind = edge - video.currentTime;
//	      // never while a seek is under way: on a slow machine each would undo the last
//	      if (!video.seeking && (behind > 0.7 || behind < 0 || video.currentTime < b.start(last)))
//	        video.currentTime = Math.max(edge - 0.1, b.start(last));
//	      video.playbackRate = behind > 0.25 ? 1.08 : 1;
//	      if (!sb.updating && video.currentTime - b.start(0) > 20) { sb.remove(0, video.currentTime - 10); return; }
//	    }
//	    pump();
//	  };
//	};
//
// When C is closed while the show is on air, the decoders' configuration has
// changed: the page connects again.
type Preview struct {
	hub    *Hub
	logger *slog.Logger

	mu    sync.Mutex
	codec string
	init  []byte
	group [][]byte // fragments since the newest key frame
	views map[*View]struct{}
	ready chan struct{} // closed once init is known; replaced when it no longer is
	over  bool

	viewers prometheus.Gauge
	dropped prometheus.Counter
}

// PreviewConfig configures a Preview.
type PreviewConfig struct {
	Hub     *Hub
	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// NewPreview makes a preview of a hub's programme.
func NewPreview(cfg PreviewConfig) *Preview {
	p := &Preview{hub: cfg.Hub, logger: or(cfg.Logger, slog.New(slog.DiscardHandler)), views: map[*View]struct{}{}, ready: make(chan struct{})}
	p.viewers = prometheus.NewGauge(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: "preview_viewers", Help: "Browsers that watch the preview."})
	p.dropped = prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: "preview_dropped_total", Help: "Fragments that slow browsers did not get."})
	if cfg.Metrics != nil {
		cfg.Metrics.MustRegister(p.viewers, p.dropped)
	}
	return p
}

// groupDepth is how many fragments are kept for those who come later; a programme with so few key frames makes them
// wait for the next. It is half a minute, more than any encoder is told.
const groupDepth = 1024

// viewDepth is how many fragments may wait for a viewer, about four seconds.
const viewDepth = 128

// View is one viewer's programme.
type View struct {
	Codec string        // such as "avc1.64001f,mp4a.40.2"
	Init  []byte        // shared: not to be changed
	C     <-chan []byte // fragments, shared too; the first begins with a key frame
	c     chan []byte
	wait  bool // for a key frame, because there was none yet or fragments were lost
	p     *Preview
}

// Subscribe waits until there is something to watch.
func (p *Preview) Subscribe(ctx context.Context) (*View, error) {
	for {
		v, ready, over := p.enter()
		if over {
			return nil, ErrHubClosed
		}
		if v != nil {
			return v, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ready:
		}
	}
}

func (p *Preview) enter() (_ *View, ready <-chan struct{}, over bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || p.init == nil {
		return nil, p.ready, p.over
	}
	c := make(chan []byte, viewDepth)
	if len(p.group) > 0 {
		c <- bytes.Join(p.group, nil)
	}
	v := &View{Codec: p.codec, Init: p.init, C: c, c: c, p: p, wait: len(p.group) == 0}
	p.views[v] = struct{}{}
	p.viewers.Inc()
	return v, nil, false
}

// Close ends a viewer's subscription.
func (v *View) Close() {
	v.p.mu.Lock()
	defer v.p.mu.Unlock()
	v.p.drop(v)
}

// drop forgets a viewer; p.mu is held.
func (p *Preview) drop(v *View) {
	if _, ok := p.views[v]; !ok {
		return
	}
	delete(p.views, v)
	p.viewers.Dec()
	close(v.c)
}

// Run cuts the programme until the context or the programme ends, then returns nil.
func (p *Preview) Run(ctx context.Context) error {
	r := p.hub.Subscribe()
	defer r.Close()
	defer p.finish()
	var (
		buf  = make([]*Packet, 0, 64)
		sent *Headers
		f    *fragmenter
	)
	for {
		packets, err := r.Next(ctx, buf[:0])
		if err != nil {
			return nil
		}
		for _, k := range packets {
			if k.Headers != sent {
				f = p.begin(k.Headers, f)
				sent = k.Headers
			}
			if f != nil {
				p.cut(f, k)
			}
		}
	}
}

// begin takes a new configuration; viewers stay if it means the same to them.
func (p *Preview) begin(h *Headers, old *fragmenter) *fragmenter {
	i, err := NewInit(h)
	if err != nil {
		p.logger.Warn("preview cannot show the programme", telemetry.KeyErr, err)
		return old
	}
	b := i.Bytes()
	p.mu.Lock()
	defer p.mu.Unlock()
	if old != nil && bytes.Equal(b, p.init) {
		return old
	}
	for v := range p.views {
		p.drop(v)
	}
	p.codec, p.init, p.group = i.Codecs(), b, nil
	select {
	case <-p.ready:
	default:
		close(p.ready)
	}
	return newFragmenter(i, false)
}

// loneSounds is how many frames of sound go without a picture, when pictures stay away.
const loneSounds = 4

// cut sends a fragment for each picture, with the sound that came since the last.
func (p *Preview) cut(f *fragmenter, k *Packet) {
	f.add(k.Tag)
	if k.Kind != Video && len(f.sounds.s) < loneSounds {
		return
	}
	if b := f.flush(); b != nil {
		p.send(b, k.Key)
	}
}

func (p *Preview) send(b []byte, key bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key || len(p.group) == groupDepth {
		p.group = nil
	}
	if key || len(p.group) > 0 {
		p.group = append(p.group, b)
	}
	for v := range p.views {
		v.offer(b, key)
	}
}

// offer never waits: a viewer who does not keep up loses what it has not taken, and goes on at a key frame.
func (v *View) offer(b []byte, key bool) {
	if v.wait {
		if !key {
			v.p.dropped.Inc()
			return
		}
		for len(v.c) > 0 {
			select {
			case <-v.c:
				v.p.dropped.Inc()
			default:
			}
		}
		v.wait = false
	}
	select {
	case v.c <- b:
	default:
		v.wait = true
		v.p.dropped.Inc()
	}
}

func (p *Preview) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	for v := range p.views {
		p.drop(v)
	}
	select {
	case <-p.ready:
	default:
		close(p.ready)
	}
}
