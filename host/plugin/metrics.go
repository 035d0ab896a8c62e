package plugin

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/telemetry"
)

// metrics are labelled with slots and commands, which are few; never with names that a plugin chooses.
type metrics struct {
	events, denied, traps *prometheus.CounterVec
	rollbacks, stops      *prometheus.CounterVec
	shadowEvents          *prometheus.CounterVec
	shadowTraps           *prometheus.CounterVec
	shadowMissed          prometheus.Counter
	commands, passed      *prometheus.CounterVec
	call                  *prometheus.HistogramVec
	pause                 prometheus.Histogram
	memory                *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "plugin", Name: name, Help: help}, labels)
	}
	m := &metrics{
		events:       counter("events_total", "Events that guests handled.", "slot"),
		denied:       counter("denied_total", "Commands that were dropped because the plugin may not have them, or not so many.", "slot"),
		traps:        counter("traps_total", "Events on which a guest failed.", "slot"),
		rollbacks:    counter("rollbacks_total", "Times that a plugin gave way to the last good one.", "slot"),
		stops:        counter("stops_total", "Times that a plugin was stopped with nothing to stand in for it.", "slot"),
		shadowEvents: counter("shadow_events_total", "Events that a shadow heard, by how it compared.", "slot", "verdict"),
		shadowTraps:  counter("shadow_traps_total", "Events on which a shadow failed.", "slot"),
		shadowMissed: prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "plugin", Name: "shadow_missed_total",
			Help: "Events that a shadow was too slow for."}),
		commands: counter("commands_total", "Commands of guests, by name.", "slot", "command"),
		passed:   counter("limits_passed_total", "Times that a plugin passed one of its limits.", "slot", "limit"),
		call: prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: "plugin", Name: "call_seconds",
			Help: "Time of one call into a guest.", Buckets: prometheus.ExponentialBuckets(1e-6, 4, 9)}, []string{"slot"}),
		pause: prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: telemetry.Namespace, Subsystem: "plugin", Name: "swap_pause_seconds",
			Help: "Time for which a slot heard nothing during a swap.", Buckets: prometheus.ExponentialBuckets(1e-6, 4, 10)}),
		memory: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: telemetry.Namespace, Subsystem: "plugin", Name: "memory_bytes",
			Help: "Memory of the guest in a slot."}, []string{"slot"}),
	}
	if reg != nil {
		reg.MustRegister(m.events, m.denied, m.traps, m.commands, m.passed, m.call, m.pause, m.memory, m.rollbacks, m.stops, m.shadowEvents, m.shadowTraps, m.shadowMissed)
	}
	return m
}

// limit counts what an error says of a limit that was passed.
func (m *metrics) limit(slot Kind, err error) {
	var limit *LimitError
	if errors.As(err, &limit) {
		m.passed.WithLabelValues(string(slot), limit.Limit.String()).Inc()
	}
}

// limits counts what a guest passed since it was last asked.
func (m *metrics) limits(slot Kind, last *Passed, now Passed) {
	for l, n := range now {
		if n > last[l] { // a process may lie
			m.passed.WithLabelValues(string(slot), Limit(l).String()).Add(float64(n - last[l]))
		}
	}
	*last = now
}
