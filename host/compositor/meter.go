package compositor

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sothebais/sothebais/host/telemetry"
)

// meter counts what the stage does.
type meter struct {
	frames, late, repeated, faults prometheus.Counter
	compose                        prometheus.Histogram
}

func newMeter(reg prometheus.Registerer) *meter {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: telemetry.Namespace, Subsystem: "compositor", Name: name, Help: help})
	}
	m := &meter{
		frames:   counter("frames_total", "Frames handed to the sink."),
		late:     counter("frames_late_total", "Frames handed over after the next one was due."),
		repeated: counter("frames_repeated_total", "Frames whose picture is the one before."),
		faults:   counter("sink_errors_total", "Frames that the sink did not take."),
		compose: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: telemetry.Namespace, Subsystem: "compositor", Name: "frame_seconds", Help: "Time to make a frame, picture and sound.",
			Buckets: []float64{.0002, .0005, .001, .002, .004, .008, .016, .033, .066, .132, .264},
		}),
	}
	if reg != nil {
		reg.MustRegister(m.frames, m.late, m.repeated, m.faults, m.compose)
	}
	return m
}
