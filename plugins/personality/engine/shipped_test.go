package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// shipped are the personalities that come with the show.
var shipped = []string{"dusty-gavel", "mina-vox"}

func loadShipped(t testing.TB, id string) *Personality {
	t.Helper()
	file := filepath.Join("..", "..", id, "personality.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestShippedLoad(t *testing.T) {
	for _, id := range shipped {
		p := loadShipped(t, id)
		t.Logf("%s: %v", id, p.Space())
	}
}
