package character_test

import (
	"testing"

	"github.com/sothebais/sothebais/host/character"
)

func TestClipAt(t *testing.T) {
	c := character.Clip{PCM: make([]int16, 100), Marks: []character.Mark{{Sample: 10, Viseme: character.AA}, {Sample: 40, Viseme: character.PP}, {Sample: 40, Viseme: character.OH}}}
	for sample, want := range map[int]character.Viseme{
		-1: character.Sil, 0: character.Sil, 9: character.Sil, 10: character.AA, 39: character.AA,
		40: character.OH, 99: character.OH, 100: character.Sil,
	} {
		if got := c.At(sample); got != want {
			t.Errorf("at %d: viseme %d, want %d", sample, got, want)
		}
	}
	if got := new(character.Clip).At(0); got != character.Sil {
		t.Errorf("an empty clip has viseme %d", got)
	}
}
