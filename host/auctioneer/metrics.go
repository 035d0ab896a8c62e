package auctioneer

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

type metrics struct {
	bids    *prometheus.CounterVec
	batch   prometheus.Histogram
	seconds prometheus.Histogram
	replays prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	const part = "auction"
	m := &metrics{
		bids: prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "bids_total", Help: "Bids decided, by outcome: accepted, or the reason of the refusal."}, []string{"outcome"}),
		batch: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "batch_requests", Help: "Requests decided and recorded together.", Buckets: prometheus.ExponentialBuckets(1, 2, 10)}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "decision_seconds", Help: "From deciding a batch to its durable record.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 13)}),
		replays: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: part,
			Name: "replays_total", Help: "Times the state was rebuilt from the ledger because a record's outcome was unknown."}),
	}
	if reg != nil {
		reg.MustRegister(m.bids, m.batch, m.seconds, m.replays)
	}
	return m
}

// decided counts an outcome; reasons are a closed set, so the label is bounded.
func (m *metrics) decided(o Outcome) {
	switch {
	case o.Accepted != nil:
		m.bids.WithLabelValues("accepted").Inc()
	case o.Refused != nil:
		m.bids.WithLabelValues(string(o.Refused.Reason)).Inc()
	}
}

func (m *metrics) settled(requests int, d time.Duration) {
	if requests > 0 {
		m.batch.Observe(float64(requests))
		m.seconds.Observe(d.Seconds())
	}
}
