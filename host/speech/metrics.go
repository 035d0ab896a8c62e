package speech

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sothebais/sothebais/host/character"
)

type meter struct {
	lines, reused, failed prometheus.Counter
	took, spoken          prometheus.Counter
}

// newMeter registers on reg; without one the numbers go nowhere.
func newMeter(reg prometheus.Registerer) meter {
	counter := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "sothebais", Subsystem: "speech", Name: name, Help: help})
		if reg != nil {
			reg.MustRegister(c)
		}
		return c
	}
	return meter{
		lines:  counter("lines_total", "Lines that were made."),
		reused: counter("lines_reused_total", "Lines that were at hand from before."),
		failed: counter("lines_failed_total", "Lines that could not be made."),
		took:   counter("making_seconds_total", "Time spent on making lines."),
		spoken: counter("spoken_seconds_total", "Length of the lines that were made."),
	}
}

func (m meter) made(took time.Duration, c *character.Clip) {
	m.lines.Inc()
	m.took.Add(took.Seconds())
	m.spoken.Add(float64(len(c.PCM)) / character.SampleRate)
}
