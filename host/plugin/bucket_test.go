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

// TestAReplayFillsABucketAsTheShowDid, though a recording has times in milliseconds.
func TestAReplayFillsABucketAsTheShowDid(t *testing.T) {
	var show, replay bucket
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i, micros := range []int{900, 950, 1_000_100, 1_000_200, 2_000_050, 2_000_999, 3_000_000, 3_999_999, 4_000_001} {
		at := noon.Add(time.Duration(micros) * time.Microsecond)
		was, is := show.take(at, 1, 2, 2*time.Second), replay.take(time.UnixMilli(at.UnixMilli()), 1, 2, 2*time.Second)
		if was != is {
			t.Errorf("%d: on air %v, in a replay %v", i, was, is)
		}
	}
}
