package director

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/telemetry"
)

// metrics of the director; labels come from closed sets, never from plugins.
type metrics struct {
	cues     *prometheus.CounterVec
	overflow prometheus.Counter
	waiting  prometheus.Gauge
	spoken   prometheus.Counter
	voice    prometheus.Histogram
}

func newMetrics(r prometheus.Registerer) *metrics {
	const part = "director"
	m := &metrics{
		cues: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "cues_total",
			Help: "Cues by verb and fate (raised, or why it was dropped)."}, []string{"verb", "fate"}),
		overflow: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "inbox_overflow_total",
			Help: "Cues that did not fit into the inbox."}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "lines_waiting",
			Help: "Lines that wait to be said."}),
		spoken: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "speech_seconds_total",
			Help: "Length of the lines that were handed to the stage."}),
		voice: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "voice_seconds",
			Help: "Time to turn a line into sound.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 10)}),
	}
	if r != nil {
		r.MustRegister(m.cues, m.overflow, m.waiting, m.spoken, m.voice)
	}
	return m
}

func (m *metrics) cue(v cue.Verb, fate string) {
	if fate == reasonVerb {
		v = "other"
	}
	m.cues.WithLabelValues(string(v), fate).Inc()
}
