package rtmp

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// HubConfig configures a Hub. The zero value works.
type HubConfig struct {
	Packets int           // messages kept for slow readers; 2048 when 0, about 25 s
	MaxLag  time.Duration // how far a reader may be behind before it jumps; 6 s when 0
	Logger  *slog.Logger
	Metrics prometheus.Registerer
}

// Hub is the middle of the programme's ways: one publisher, any number of readers.
type Hub struct {
	lag     uint32 // ms
	mu      sync.Mutex
	ring    []*Packet
	head    uint64 // number of the next packet
	key     uint64 // number of the newest key frame
	hasKey  bool
	headers *Headers
	wake    chan struct{}
	closed  bool

	packets *prometheus.CounterVec
	skipped prometheus.Counter
	readers prometheus.Gauge
}

// ErrHubClosed says that the programme is over.
var ErrHubClosed = errors.New("the programme has ended")

// NewHub makes a hub.
func NewHub(cfg HubConfig) *Hub {
	if cfg.Packets == 0 {
		cfg.Packets = 2048
	}
	if cfg.MaxLag == 0 {
		cfg.MaxLag = 6 * time.Second
	}
	h := &Hub{lag: uint32(cfg.MaxLag.Milliseconds()), ring: make([]*Packet, max(cfg.Packets, 64)), wake: make(chan struct{}), headers: &Headers{}}
	h.measure(cfg.Metrics)
	return h
}

func (h *Hub) measure(reg prometheus.Registerer) {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: telemetry.Namespace, Subsystem: "rtmp", Name: name, Help: help}
	}
	h.packets = prometheus.NewCounterVec(prometheus.CounterOpts(opts("published_messages_total", "Messages of the programme, by kind.")), []string{"kind"})
	h.skipped = prometheus.NewCounter(prometheus.CounterOpts(opts("skipped_messages_total", "Messages that slow readers did not get.")))
	h.readers = prometheus.NewGauge(prometheus.GaugeOpts(opts("readers", "Players, targets, recordings and previews that follow the programme.")))
	if reg != nil {
		reg.MustRegister(h.packets, h.skipped, h.readers)
	}
}

// Publish adds a message to the programme. It never waits for a reader.
func (h *Hub) Publish(t Tag) {
	if len(t.Payload) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.takeHeader(t) {
		return
	}
	h.packets.WithLabelValues(t.Kind.String()).Inc()
	h.ring[h.head%uint64(len(h.ring))] = &Packet{Tag: t, Headers: h.headers}
	if t.Key {
		h.key, h.hasKey = h.head, true
	}
	h.head++
	close(h.wake)
	h.wake = make(chan struct{})
}

// String is the kind's name in metrics.
func (k Kind) String() string {
	switch k {
	case Audio:
		return "audio"
	case Video:
		return "video"
	}
	return "data"
}

// takeHeader keeps metadata and decoder configuration beside the stream; readers get them before the first packet that needs them.
func (h *Hub) takeHeader(t Tag) bool {
	next := *h.headers
	switch {
	case t.Kind == Data:
		next.Meta = t.Payload
	case t.Header && t.Kind == Video:
		next.Video = t.Payload
	case t.Header && t.Kind == Audio:
		next.Audio = t.Payload
	default:
		return false
	}
	if !next.same(h.headers) {
		h.headers = &next
	}
	return true
}

func (h *Headers) same(o *Headers) bool {
	return bytes.Equal(h.Meta, o.Meta) && bytes.Equal(h.Video, o.Video) && bytes.Equal(h.Audio, o.Audio)
}

// Close ends the programme: readers get what is left, then ErrHubClosed.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.wake)
	}
}

// Reader follows the programme. It belongs to one goroutine.
type Reader struct {
	hub     *Hub
	lag     uint32 // ms it may be behind
	at      uint64 // number of the next packet to read
	waiting bool   // for a key frame
	Skipped uint64 // messages left out because this reader was slow
	once    sync.Once
}

// Subscribe begins at the newest key frame, or at the next one when there is none yet.
func (h *Hub) Subscribe() *Reader { return h.subscribe(h.lag) }

// SubscribeAll is for readers that would rather be late than miss something: it leaves out only what the hub no longer holds.
func (h *Hub) SubscribeAll() *Reader { return h.subscribe(math.MaxInt32) }

func (h *Hub) subscribe(lag uint32) *Reader {
	h.readers.Inc()
	h.mu.Lock()
	defer h.mu.Unlock()
	r := &Reader{hub: h, lag: lag, at: h.head, waiting: true}
	if h.hasKey && h.head-h.key <= uint64(len(h.ring)) {
		r.at, r.waiting = h.key, false
	}
	return r
}

// Close ends a subscription.
func (r *Reader) Close() { r.once.Do(r.hub.readers.Dec) }

// Next waits for packets and appends them to buf: at least one, at most what buf has room for.
func (r *Reader) Next(ctx context.Context, buf []*Packet) ([]*Packet, error) {
	for {
		out, wake, closed := r.take(buf)
		if len(out) > len(buf) {
			return out, nil
		}
		if closed {
			return buf, ErrHubClosed
		}
		select {
		case <-ctx.Done():
			return buf, ctx.Err()
		case <-wake:
		}
	}
}

// take appends what is there, and returns what to wait for when that is nothing.
func (r *Reader) take(buf []*Packet) (_ []*Packet, wake <-chan struct{}, closed bool) {
	h := r.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	r.catchUp()
	room := max(cap(buf)-len(buf), 1)
	for ; r.at < h.head && room > 0; r.at++ {
		p := h.ring[r.at%uint64(len(h.ring))]
		if r.waiting && !p.Key {
			continue
		}
		r.waiting = false
		buf = append(buf, p)
		room--
	}
	return buf, h.wake, h.closed
}

// catchUp moves a reader that is too far behind to the newest key frame, or lets it wait for the next.
func (r *Reader) catchUp() {
	h := r.hub
	if r.at == h.head {
		return
	}
	size := uint64(len(h.ring))
	lost := h.head-r.at > size
	if !lost {
		newest, oldest := h.ring[(h.head-1)%size], h.ring[r.at%size]
		if int32(newest.TS-oldest.TS) <= int32(r.lag) {
			return
		}
	}
	to := h.head
	if h.hasKey && h.head-h.key <= size {
		to = h.key
	} else if !lost {
		return
	}
	if to <= r.at {
		return
	}
	r.waiting = to == h.head
	r.Skipped += to - r.at
	h.skipped.Add(float64(to - r.at))
	r.at = to
}
