package compositor

import (
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
)

// dressed fills every slot as the overlay does in the middle of a lot.
func dressed() []cue.Cue {
	var out []cue.Cue
	for _, kv := range [][2]string{
		{"artwork", "artworks/ember-dunes.png"}, {"lot.title", "Ember Dunes"}, {"lot.number", "Lot 3"}, {"lot.artist", "Ines Calder, 2026"},
		{"price", "2.45 ETH"}, {"bidder", "@maria_colecciona leads"}, {"countdown", "01:42"}, {"reserve", "Reserve met"},
		{"ticker.1", "@maria_colecciona  2.45"}, {"ticker.2", "@0xkoi  2.28"}, {"ticker.3", "@月のうさぎ🐇  2.00"}, {"ticker.4", "@pix  1.80"},
		{"subtitle", "Two point four five from Maria! The fox likes your style."}, {"headline", "The Desert Sale"}, {"next", "Signal Bloom by Oto Lind"},
	} {
		out = append(out, cue.Cue{Verb: cue.Text, Name: kv[0], Text: kv[1]})
	}
	return append(out, cue.Cue{Verb: cue.Bar, Name: "time", Value: 620})
}

// quiet applies a cue and waits for the picture that it may need.
func (s *Stage) quiet(c cue.Cue, seq uint64) {
	s.Apply(c, seq)
	s.drawArt()
}

// far is a start that no frame is late for.
func far() time.Time { return time.Now().Add(time.Hour) }

func TestShippedScenesLoadAndDraw(t *testing.T) {
	dir, scenes := sceneFiles(t)
	cfg := Config{Scenes: scenes, Art: dir, Artwork: dir}
	for _, id := range []string{"dusty", "mina"} {
		if p := pack(t, id); p != nil {
			cfg.Characters, cfg.Character = map[string]*character.Pack{id: p}, id
			break
		}
	}
	s, _ := newStage(t, cfg)
	for _, c := range dressed() {
		s.quiet(c, 1)
	}
	for _, sc := range scenes {
		s.quiet(cue.Cue{Verb: cue.Scene, Name: sc.ID}, 2)
		for range 75 {
			s.step(far())
		}
		if *pictures != "" {
			writePNG(t, filepath.Join(*pictures, sc.ID+".png"), s)
		}
	}
}

func writePNG(t *testing.T, name string, s *Stage) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, s.Snapshot()); err != nil {
		t.Fatal(err)
	}
}
