package bus

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

type metrics struct {
	events      prometheus.Counter
	appends     prometheus.Histogram
	batches     prometheus.Histogram
	late        prometheus.Counter
	subscribers prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	const part = "bus"
	m := &metrics{
		events: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "recorded_events_total", Help: "Facts that are durable in the ledger."}),
		appends: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "append_seconds", Help: "Time of one durable transaction.", Buckets: prometheus.ExponentialBuckets(0.00025, 2, 14)}),
		batches: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "batch_events", Help: "Facts in one transaction.", Buckets: prometheus.ExponentialBuckets(1, 2, 11)}),
		late: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "late_reads_events_total", Help: "Facts that late subscribers read back from the ledger."}),
		subscribers: prometheus.NewGauge(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "subscribers", Help: "Open subscriptions."}),
	}
	if reg != nil {
		reg.MustRegister(m.events, m.appends, m.batches, m.late, m.subscribers)
	}
	return m
}

func (m *metrics) appended(n int, d time.Duration) {
	m.events.Add(float64(n))
	m.batches.Observe(float64(n))
	m.appends.Observe(d.Seconds())
}

func (m *metrics) lateRead(n int)   { m.late.Add(float64(n)) }
func (m *metrics) subscribed(n int) { m.subscribers.Add(float64(n)) }
