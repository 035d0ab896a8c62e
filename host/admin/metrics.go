package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

type metrics struct {
	requests *prometheus.HistogramVec
	logins   *prometheus.CounterVec
	readers  prometheus.Gauge
	sent     prometheus.Counter
	lagged   prometheus.Counter
	previews prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	name := func(s string) string { return telemetry.Namespace + "_admin_" + s }
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name("request_seconds"), Help: "Time to answer a request.",
			Buckets: []float64{.001, .005, .02, .1, .5, 2}}, []string{"route", "method", "code"}),
		logins:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("logins_total"), Help: "Attempts to log in."}, []string{"result"}),
		readers:  prometheus.NewGauge(prometheus.GaugeOpts{Name: name("feed_readers"), Help: "Open feeds."}),
		sent:     prometheus.NewCounter(prometheus.CounterOpts{Name: name("feed_events_total"), Help: "Facts sent to feeds."}),
		lagged:   prometheus.NewCounter(prometheus.CounterOpts{Name: name("feed_lagged_total"), Help: "Readers that were told to start over."}),
		previews: prometheus.NewGauge(prometheus.GaugeOpts{Name: name("preview_viewers"), Help: "Open previews of the programme."}),
	}
	if reg != nil {
		reg.MustRegister(m.requests, m.logins, m.readers, m.sent, m.lagged, m.previews)
	}
	return m
}

// measure counts requests by the route's pattern, never by what a stranger wrote.
func (s *Server) measure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		began := time.Now()
		defer func() {
			route := chi.RouteContext(r.Context()).RoutePattern()
			if route == "" {
				route = "none"
			}
			method := r.Method
			switch method {
			case http.MethodGet, http.MethodPost, http.MethodHead:
			default:
				method = "other"
			}
			code := ww.Status()
			switch code {
			case 0:
				code = http.StatusOK
			case http.StatusSwitchingProtocols:
				return // sockets last as long as they are watched; they have gauges of their own
			}
			s.metrics.requests.WithLabelValues(route, method, strconv.Itoa(code)).Observe(time.Since(began).Seconds())
		}()
		next.ServeHTTP(ww, r)
	})
}
