package notify

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

type meter struct {
	sent, failed *prometheus.CounterVec
	waiting      prometheus.Gauge
	held         prometheus.Counter
	delay        prometheus.Histogram
}

// newMeter registers on reg; without one the numbers go nowhere.
func newMeter(reg prometheus.Registerer) meter {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: telemetry.Namespace, Subsystem: "notify", Name: name, Help: help}
	}
	m := meter{
		sent:    prometheus.NewCounterVec(prometheus.CounterOpts(opts("letters_sent_total", "Letters that X took, by purpose.")), []string{"purpose"}),
		failed:  prometheus.NewCounterVec(prometheus.CounterOpts(opts("letters_failed_total", "Letters that were not sent, by reason.")), []string{"reason"}),
		waiting: prometheus.NewGauge(prometheus.GaugeOpts(opts("letters_waiting", "Letters in the queue."))),
		held:    prometheus.NewCounter(prometheus.CounterOpts(opts("holds_total", "Times that X took no letters."))),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: "notify", Name: "delay_seconds",
			Help: "From the fact to X's answer.", Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 120}}),
	}
	if reg != nil {
		reg.MustRegister(m.sent, m.failed, m.waiting, m.held, m.delay)
	}
	return m
}

func (m meter) wrote(l letter) {
	m.sent.WithLabelValues(l.about.String()).Inc()
	m.delay.Observe(max(0, time.Since(l.at).Seconds()))
}

// lost counts by reason; what X said is one reason, so that its words make no labels.
func (m meter) lost(reason string) {
	switch reason {
	case reasonBudget, reasonNews, reasonAway, reasonStranger:
	default:
		reason = "x"
	}
	m.failed.WithLabelValues(reason).Inc()
}
