package xapi

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type meter struct {
	posts      *prometheus.CounterVec
	age        prometheus.Histogram
	refused    prometheus.Counter
	unreadable prometheus.Counter
	connects   prometheus.Counter
	up         prometheus.Gauge
	requests   *prometheus.CounterVec
}

// newMeter registers on reg; without one the numbers go nowhere.
func newMeter(reg prometheus.Registerer) meter {
	opts := func(name, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "sothebais", Subsystem: "xapi", Name: name, Help: help}
	}
	m := meter{
		posts: prometheus.NewCounterVec(prometheus.CounterOpts(opts("posts_received_total", "Posts handed over, by where they came from.")), []string{"source"}),
		age: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: "sothebais", Subsystem: "xapi", Name: "post_age_seconds",
			Help: "Age of posts when they arrive.", Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 120, 600}}),
		refused:    prometheus.NewCounter(prometheus.CounterOpts(opts("posts_refused_total", "Posts that the receiver did not take; they are fetched again."))),
		unreadable: prometheus.NewCounter(prometheus.CounterOpts(opts("lines_unreadable_total", "Lines of the stream that could not be read."))),
		connects:   prometheus.NewCounter(prometheus.CounterOpts(opts("stream_connects_total", "Times that the stream was opened."))),
		up:         prometheus.NewGauge(prometheus.GaugeOpts(opts("stream_up", "1 while the stream is open."))),
		requests:   prometheus.NewCounterVec(prometheus.CounterOpts(opts("requests_total", "Calls by endpoint and status; code 0: no answer.")), []string{"endpoint", "code"}),
	}
	if reg != nil {
		reg.MustRegister(m.posts, m.age, m.refused, m.unreadable, m.connects, m.up, m.requests)
	}
	return m
}

func (m meter) received(source string, at time.Time) {
	m.posts.WithLabelValues(source).Inc()
	m.age.Observe(max(0, time.Since(at).Seconds()))
}

// request counts a call; endpoints are few and none of their names comes from outside.
func (m meter) request(endpoint string, code int) {
	m.requests.WithLabelValues(endpoint, strconv.Itoa(code)).Inc()
}
