package character_test

import (
	"errors"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/character"
)

// A manifest of any bytes is refused with Problems or is one that can be animated.
func FuzzManifest(f *testing.F) {
	for _, id := range ours {
		manifest, _ := source(f, id)
		f.Add(manifest)
	}
	f.Add([]byte(`{"parts":[{"id":"a","parent":"a","pivot":[0,0]}]}`))
	f.Add([]byte(`[[[[[[[[[[[[[[[[[[[[[[[[[[`))
	_, drawings := source(f, "dusty")
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := character.ReadManifest(data); err != nil {
			var problems character.Problems
			if !errors.As(err, &problems) || len(problems) == 0 || err.Error() == "" {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		p, err := character.Load(built(t, data, drawings))
		if err != nil {
			return
		}
		a := character.NewAnimator(p, 1)
		for range 20 {
			a.Tick(50*time.Millisecond, character.AA, true)
		}
	})
}

func FuzzPartList(f *testing.F) {
	manifest, drawings := source(f, "mina")
	m, err := character.ReadManifest(manifest)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(built(f, manifest, drawings[:3])[character.PartsFile].Data)
	f.Add([]byte(`{"parts":[{"id":"a","file":"/etc/passwd","x":-1,"y":1e9,"w":0,"h":0.5}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := character.ReadPartList(data, m)
		if err != nil {
			return
		}
		for _, e := range list.Parts {
			if e.W < 1 || e.H < 1 || e.X < 0 || e.Y < 0 || e.X+e.W > m.Width || e.ID == "" {
				t.Fatalf("took %+v", e)
			}
		}
		fsys := fstest.MapFS{character.ManifestFile: {Data: manifest}, character.PartsFile: {Data: data}}
		if _, err := character.Load(fsys); err == nil {
			t.Fatal("loaded without a picture")
		}
	})
}
