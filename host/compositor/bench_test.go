package compositor

import (
	"testing"

	"github.com/sothebais/sothebais/host/character"
)

func BenchmarkNew(b *testing.B) {
	dir, scenes := sceneFiles(b)
	for b.Loop() {
		newStage(b, Config{Scenes: scenes, Art: dir, Artwork: dir})
	}
}

// BenchmarkFrame is a busy lot with whichever character is built.
func BenchmarkFrame(b *testing.B) {
	dir, scenes := sceneFiles(b)
	cfg := Config{Scenes: scenes, Art: dir, Artwork: dir, Start: "lot"}
	for _, id := range []string{"dusty", "mina"} {
		if p := pack(b, id); p != nil {
			cfg.Characters, cfg.Character = map[string]*character.Pack{id: p}, id
		}
	}
	s, _ := newStage(b, cfg)
	for _, c := range dressed() {
		s.quiet(c, 1)
	}
	for range 60 {
		s.step(far())
	}
	b.ReportAllocs()
	for b.Loop() {
		s.step(far())
	}
}
