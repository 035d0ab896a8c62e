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

// TestFewLinesGoALongWay: a host with a line or two for an event speaks all evening, for other bids make other words of
// them; the same words are not said again.
func TestFewLinesGoALongWay(t *testing.T) {
	begun := strings.NewReplacer("<% .ID %>", "moth", "<% .Name %>", "Night Moth").Replace(readmeOf(t, "../../../host/plugin/scaffold/templates/declarative/personality.yaml.tmpl"))
	_, bell, _ := strings.Cut(readmeOf(t, "../README.md"), "```yaml\n")
	bell, _, _ = strings.Cut(bell, "```")
	quiet := map[string]int64{"what sothebais new begins": 15_000, "the smallest of the README": 60_000} // which has five words for a silence
	for name, file := range map[string]string{"what sothebais new begins": begun, "the smallest of the README": bell} {
		p, err := Parse(name, []byte(file))
		if err != nil {
			t.Fatal(err)
		}
		th := newTheatre(New(p), 7, 1)
		sales := 0
		th.before = func(_ *theatre, e *Event) {
			if e.Kind == LotSold {
				sales++
			}
		}
		th.run(620)
		seen, why := map[string]int64{}, map[string]int{}
		for _, l := range th.lines {
			if at, again := seen[l.Text]; again && l.at-at < 600_000 {
				t.Errorf("%s: said again after %d s: %s", name, (l.at-at)/1000, l.Text)
			}
			seen[l.Text], why[l.Why] = l.at, why[l.Why]+1
		}
		if sales < 4 || why["sold"] != sales || th.gestures["gavel"] < sales || th.longest > quiet[name] {
			t.Errorf("%s: of %d sales %d are told, the gavel falls %d times, nobody speaks for %d ms; said %v", name, sales, why["sold"], th.gestures["gavel"], th.longest, why)
		}
	}
}
