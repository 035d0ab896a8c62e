package plugin

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// TestLimitsOfAProcessThatLies: a figure that shrinks adds nothing, least of all what is left when it wraps.
func TestLimitsOfAProcessThatLies(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := newMetrics(reg)
	var last Passed
	for _, n := range []uint64{5, 3, 4} {
		m.limits(Overlay, &last, Passed{LimitStore: n})
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "sothebais_plugin_limits_passed_total" {
			continue
		}
		if got := f.GetMetric()[0].GetCounter().GetValue(); got != 6 {
			t.Errorf("passed %v times, want 6", got)
		}
		return
	}
	t.Error("it is not counted")
}
