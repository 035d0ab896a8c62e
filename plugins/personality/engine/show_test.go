package engine

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A show must neither repeat itself within ten minutes nor fall silent for six seconds, however loud the crowd.
func TestTenMinutesOnAir(t *testing.T) {
	for _, id := range shipped {
		for _, posts := range []float64{0, 0.3, 3, 20} {
			t.Run(fmt.Sprintf("%s/%g posts a second", id, posts), func(t *testing.T) {
				th := newTheatre(New(loadShipped(t, id)), 7, posts)
				th.run(620)
				seen := map[string]int64{}
				for _, l := range th.lines {
					if at, again := seen[l.Text]; again && l.at-at < 600_000 {
						t.Errorf("said again after %.1f s: %s", float64(l.at-at)/1000, l.Text)
					}
					seen[l.Text] = l.at
				}
				if th.longest > 6000 {
					t.Errorf("silent for %d ms", th.longest)
				}
				t.Logf("%d asked, %d said, longest silence %d ms, moods %v, faces %v, gestures %v, replies %d", th.says, len(th.lines), th.longest, th.moods, th.faces, th.gestures, th.replies)
				if os.Getenv("TRANSCRIPT") != "" {
					for _, l := range th.lines {
						t.Logf("%-14s %-10s %s", l.Why, l.Name, l.Text)
					}
				}
				for _, l := range th.lines {
					if strings.Contains(l.Text, "shithead") || strings.ContainsAny(l.Text, "{}<>[]|") {
						t.Errorf("must not be said: %s", l.Text)
					}
				}
			})
		}
	}
}
