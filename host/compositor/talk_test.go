package compositor

import (
	"slices"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"golang.org/x/sys/unix"
)

// processTime is the CPU time that all threads have spent.
func processTime(t testing.TB) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &ts); err != nil {
		t.Fatal(err)
	}
	return time.Duration(ts.Nano())
}

// BenchmarkTalk is a character that talks, gestures and changes its face without a pause: the dearest frames of a show.
func BenchmarkTalk(b *testing.B) {
	for _, id := range []string{"dusty", "mina"} {
		b.Run(id, func(b *testing.B) {
			p := pack(b, id)
			if p == nil {
				b.Skip("SOTHEBAIS_TEST_CHARACTERS names no folder with the built characters")
			}
			benchTalk(b, p)
		})
	}
}

func benchTalk(b *testing.B, p *character.Pack) {
	dir, scenes := sceneFiles(b)
	s, _ := newStage(b, Config{Scenes: scenes, Art: dir, Artwork: dir, Start: "lot", Characters: map[string]*character.Pack{p.ID: p}, Character: p.ID})
	for _, c := range dressed() {
		s.quiet(c, 1)
	}
	var faces, gestures []string
	for n := range p.Expressions {
		faces = append(faces, n)
	}
	for n := range p.Gestures {
		gestures = append(gestures, n)
	}
	slices.Sort(faces)
	slices.Sort(gestures)
	var took []float64
	n := 0
	for b.Loop() {
		if n%900 == 0 {
			s.Speak(chatter(30*character.SampleRate), cue.Cue{Verb: cue.Say}, 1)
		}
		if n%37 == 0 {
			s.Apply(cue.Cue{Verb: cue.Gesture, Name: gestures[n/37%len(gestures)]}, 1)
		}
		if n%300 == 299 {
			s.Apply(cue.Cue{Verb: cue.Scene, Name: scenes[n/300%len(scenes)].ID}, 1)
		}
		if n%53 == 0 {
			s.Apply(cue.Cue{Verb: cue.Express, Name: faces[n/53%len(faces)]}, 1)
		}
		n++
		from := processTime(b)
		s.step(far())
		took = append(took, float64(processTime(b)-from)/1e6)
	}
	slices.Sort(took)
	b.ReportMetric(took[len(took)/2], "p50-ms")
	b.ReportMetric(took[len(took)*99/100], "p99-ms")
	b.ReportMetric(took[len(took)-1], "worst-ms")
}

// chatter is a clip whose mouth changes ten times a second.
func chatter(samples int) *character.Clip {
	c := &character.Clip{Text: "line", PCM: make([]int16, samples)}
	for i := 0; i < samples; i += character.SampleRate / 10 {
		c.Marks = append(c.Marks, character.Mark{Sample: i, Viseme: character.Viseme(i / (character.SampleRate / 10) % len(character.VisemeNames))})
	}
	return c
}
