package runner

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

type metrics struct {
	children prometheus.Gauge
	restarts prometheus.Counter
	kills    *prometheus.CounterVec
	load     prometheus.Histogram
	back     prometheus.Histogram
}

// Why a child was killed, or found dead.
const (
	whyGone = "ended"
	whyLate = "late"
	whyLie  = "nonsense"
	whyDead = "stuck"
)

func newMetrics(reg prometheus.Registerer) *metrics {
	const part = "plugin_runner"
	m := &metrics{
		children: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "children",
			Help: "Processes in which plugins run or stand by."}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "restarts_total",
			Help: "Processes that took the place of one that ended."}),
		kills: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "kills_total",
			Help: "Processes that ended before their plugin was closed: by themselves, or killed because they were late, answered nonsense or could not be put back."}, []string{"why"}),
		load: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "load_seconds",
			Help: "Time to start a process, compile a plugin in it and start that.", Buckets: prometheus.ExponentialBuckets(0.01, 2, 12)}),
		back: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part, Name: "restart_seconds",
			Help: "Time from a plugin without process to one that is as it was.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	for _, why := range []string{whyGone, whyLate, whyLie, whyDead} {
		m.kills.WithLabelValues(why)
	}
	if reg != nil {
		reg.MustRegister(m.children, m.restarts, m.kills, m.load, m.back)
	}
	return m
}
