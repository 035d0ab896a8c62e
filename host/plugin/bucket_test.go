package plugin

import (
	"testing"
	"time"
)

func TestAnOldEventFillsNoBucket(t *testing.T) {
	var b bucket
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	take := func(at time.Time) bool { return b.take(at, 1, 2, time.Minute) }
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{noon, true}, {noon, true}, {noon, false},
		{noon.Add(30 * time.Second), true}, {noon.Add(30 * time.Second), false},
		{noon.Add(-time.Hour), false}, {noon.Add(30 * time.Second), false}, // an operator tries an event of before again
		{noon.Add(time.Minute), true}, {noon.Add(time.Minute), false},
	} {
		if got := take(c.at); got != c.want {
			t.Errorf("at %v: %v, want %v", c.at, got, c.want)
		}
	}
}
