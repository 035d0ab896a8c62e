package runner

import (
	"context"
	"encoding/binary"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
)

// TestStand: a guest that begins where another one stood knows what that knew then, whether its process was started for
// it or stood by, and whatever the other heard since.
func TestStand(t *testing.T) {
	for _, spare := range []bool{false, true} {
		t.Run("spare "+strconv.FormatBool(spare), func(t *testing.T) {
			r := newRuntime(t, Config{CacheDir: t.TempDir(), Heartbeat: time.Hour})
			g := load(t, r, read(t, "fixture.wasm"))
			seq := 0
			hear := func(n int) {
				for range n {
					if seq++; heard(t, g, uint64(seq)) != seq {
						t.Fatalf("at event %d it remembers another number", seq)
					}
				}
			}
			hear(3)
			if spare {
				g.standBy(t.Context())
			}
			spawn, err := g.Stand()
			if err != nil {
				t.Fatal(err)
			}
			var twin plugin.Guest
			spawned := make(chan error)
			go func() {
				var err error
				twin, err = spawn(t.Context())
				spawned <- err
			}()
			hear(4)
			if err := <-spawned; err != nil {
				t.Fatal(err)
			}
			defer twin.Close(context.Background())
			if g.spare != nil {
				t.Error("the process that stood by was left over")
			}
			want := 4
			for _, death := range []bool{false, true} {
				if death {
					kill(twin.(*guest))
				}
				if got := heard(t, twin, uint64(want)); got != want {
					t.Errorf("remembers %d events, want %d", got, want)
				}
				want++
			}
			hear(1)
			kill(g)
			hear(1)
		})
	}
}

// TestStandChanged: what a guest stood on may be gone by the time that somebody wants to begin there.
func TestStandChanged(t *testing.T) {
	g := load(t, newRuntime(t, Config{CacheDir: t.TempDir(), Heartbeat: time.Hour}), read(t, "fixture.wasm"))
	for name, change := range map[string]func() error{
		"an image was made":       func() error { g.stale = true; return g.settle() },
		"an image was made twice": func() error { return errors.Join(g.checkpoint(), g.checkpoint()) },
	} {
		spawn, err := g.Stand()
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := spawn(t.Context()); !errors.Is(err, plugin.ErrChanged) {
			t.Errorf("%s: error %v, want ErrChanged", name, err)
		}
	}
	spawn, err := g.Stand()
	if err != nil {
		t.Fatal(err)
	}
	g.journal.events = maxReplayed // so that an image is due
	if err := g.settle(); err != nil || g.journal.events == 0 {
		t.Errorf("an image was made while somebody wants the one that there is (%v)", err)
	}
	twin, err := spawn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := twin.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := g.settle(); err != nil || g.journal.events != 0 {
		t.Errorf("no image was made afterwards (%v)", err)
	}
}

// TestSaved: what save does to a guest survives its process.
func TestSaved(t *testing.T) {
	g := load(t, newRuntime(t, Config{CacheDir: t.TempDir(), Heartbeat: time.Hour}), read(t, "fixture.wasm"))
	heard(t, g, 1)
	if _, err := g.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !g.stale {
		t.Error("what save changed is in neither image nor journal")
	}
	heard(t, g, 2)
	kill(g)
	if got := heard(t, g, 3); got != 3 {
		t.Errorf("remembers %d events, want 3", got)
	}
}

// TestSavedFuel: after a batch that failed a guest has saved no fuel, and its successor has not either.
func TestSavedFuel(t *testing.T) {
	r := newRuntime(t, Config{CacheDir: t.TempDir(), Heartbeat: time.Hour})
	saved := func(traps, dies bool) uint64 {
		g := load(t, r, read(t, "fixture.wasm"))
		heard(t, g, 1)
		if traps {
			if _, err := g.HandleBatch(t.Context(), []event.Event{ask(2, "trap")}); err == nil {
				t.Fatal("it did not trap")
			}
		}
		if dies {
			kill(g)
			<-g.proc.done
		}
		if err := g.checkpoint(); err != nil {
			t.Fatal(err)
		}
		head := make([]byte, binary.MaxVarintLen64)
		if _, err := g.cradle.shelfFile.ReadAt(head, int64(g.keep)*int64(placeBytes(g.program.Manifest.Limits.MemoryMiB))+16); err != nil {
			t.Fatal(err)
		}
		n, _ := binary.Uvarint(head)
		return n
	}
	if saved(false, false) == 0 {
		t.Fatal("nothing is saved at all")
	}
	for _, dies := range []bool{false, true} {
		if n := saved(true, dies); n != 0 {
			t.Errorf("its process died: %v: %d are saved", dies, n)
		}
	}
}
