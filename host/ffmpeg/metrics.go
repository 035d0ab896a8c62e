package ffmpeg

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// metrics are the encoder's series; without a registry they are counted and seen by nobody.
type metrics struct {
	bytes *prometheus.CounterVec
	gaps  prometheus.Histogram
}

func newMetrics(reg prometheus.Registerer, e *Encoder) *metrics {
	m := &metrics{
		bytes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: telemetry.Namespace, Subsystem: "ffmpeg", Name: "encoded_bytes_total", Help: "Encoded programme, by kind.",
		}, []string{"kind"}),
		gaps: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: telemetry.Namespace, Subsystem: "ffmpeg", Name: "restart_away_seconds",
			Help: "How long nothing came out each time the encoder was replaced.", Buckets: []float64{.05, .1, .2, .5, 1, 2, 5},
		}),
	}
	if reg == nil {
		return m
	}
	counter := func(name, help string, value func(Stats) uint64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "ffmpeg", Name: name, Help: help},
			func() float64 { return float64(value(e.Stats())) })
	}
	reg.MustRegister(m.bytes, m.gaps,
		counter("frames_total", "Frames given to the encoder.", func(s Stats) uint64 { return s.Frames }),
		counter("dropped_frames_total", "Pictures dropped because the encoder was behind.", func(s Stats) uint64 { return s.Dropped }),
		counter("dropped_sounds_total", "Frames of sound dropped because the encoder was far behind.", func(s Stats) uint64 { return s.DroppedSound }),
		counter("restarts_total", "Encoders that had to be replaced.", func(s Stats) uint64 { return s.Restarts }),
	)
	return m
}

func (m *metrics) tag(t Tag) {
	kind := "other"
	switch t.Type {
	case TagVideo:
		kind = "video"
	case TagAudio:
		kind = "audio"
	}
	m.bytes.WithLabelValues(kind).Add(float64(len(t.Payload)))
}

func (m *metrics) away(d time.Duration) {
	if d > 0 {
		m.gaps.Observe(d.Seconds())
	}
}
