package wasm

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
)

// TestRollBackRepeatsChance: batches in which a guest asked for chance are played again as they were, so that it draws
// the same.
func TestRollBackRepeatsChance(t *testing.T) {
	r := newRuntime(t, Config{})
	calm, shaken := load(t, r, "dice.wasm", manifest(nil)), load(t, r, "dice.wasm", manifest(nil))
	ctx := context.Background()
	seq := uint64(1)
	for round := range 100 {
		var batch []event.Event
		for range round%4 + 1 {
			batch = append(batch, tick(seq))
			seq++
		}
		want, err := calm.HandleBatch(ctx, batch)
		if err != nil {
			t.Fatal(err)
		}
		sum := want[0].Cue.Value
		got, err := shaken.HandleBatch(ctx, batch)
		if err != nil || got[0].Cue.Value != sum {
			t.Fatalf("round %d: %+v, error %v; want %d", round, got, err, sum)
		}
		if round%3 != 0 {
			continue
		}
		if _, err := shaken.HandleBatch(ctx, []event.Event{ask(seq, "anything")}); err == nil || errors.Is(err, plugin.ErrDead) {
			t.Fatalf("error %v; want a trap", err)
		}
		seq++
	}
}

// TestRollBackKeepsWhatSaveDid: no journal tells of it, so the spare has to know it before the next failure.
func TestRollBackKeepsWhatSaveDid(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), "fixture.wasm", manifest(nil)).(*guest)
	ctx := context.Background()
	heard(t, g, 1)
	g.box.store.open, g.box.store.quota = true, 100
	if _, err := g.Save(ctx); err != nil {
		t.Fatal(err)
	}
	g.box.store.put([]byte("k"), []byte("v")) // as save might have
	if _, err := g.HandleBatch(ctx, []event.Event{ask(2, "trap")}); err == nil {
		t.Fatal("no trap")
	}
	if string(g.box.store.values["k"]) != "v" || len(g.box.store.written) != 1 {
		t.Errorf("after the roll-back the store holds %q, %d writes are to be told", g.box.store.values, len(g.box.store.written))
	}
}

// TestRollBackToWhatWasHandedOver: the bytes of a state are the caller's again when it was taken over, and a roll-back still
// knows them.
func TestRollBackToWhatWasHandedOver(t *testing.T) {
	ctx, r := context.Background(), newRuntime(t, Config{})
	old := load(t, r, "fixture.wasm", manifest(nil))
	heard(t, old, 1)
	state, err := old.Save(ctx)
	if err != nil {
		t.Fatal(err)
	}
	g := load(t, r, "fixture.wasm", manifest(nil))
	if err := g.Restore(ctx, state); err != nil {
		t.Fatal(err)
	}
	clear(state)
	if _, err := g.HandleBatch(ctx, []event.Event{ask(2, "trap")}); err == nil {
		t.Fatal("no trap")
	}
	if n := heard(t, g, 3); n != "2" {
		t.Errorf("it remembers %s events, want 2", n)
	}
}

// TestStartsOnce: data and start function belong to the beginning of a guest; neither a clone nor a roll-back begins
// anew.
func TestStartsOnce(t *testing.T) {
	g := load(t, newRuntime(t, Config{}), "start.wasm", manifest(nil))
	ctx := context.Background()
	if _, err := g.HandleBatch(ctx, []event.Event{tick(1)}); err == nil {
		t.Fatal("no trap")
	}
	c, err := g.Clone(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, one := range []plugin.Guest{g, c} {
		if state, err := one.Save(ctx); err != nil || !bytes.Equal(state, []byte{42, 1, 2}) {
			t.Errorf("state %v, error %v; want 42, 1, 2", state, err)
		}
	}
}

// TestAnyCourse: whatever happens to a guest, in whichever order, it remembers exactly the events that it bore.
func TestAnyCourse(t *testing.T) {
	fresh := load(t, newRuntime(t, Config{}), "fixture.wasm", modest())
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		g, err := fresh.Clone(ctx)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = g.Close(ctx) }()
		heard, seq := 0, uint64(0)
		next := func() uint64 { seq++; return seq }
		t.Repeat(map[string]func(*rapid.T){
			"events": func(t *rapid.T) {
				n := rapid.IntRange(1, 64).Draw(t, "n")
				batch := make([]event.Event, n)
				for i := range batch {
					batch[i] = tick(next())
				}
				out, err := g.HandleBatch(ctx, batch)
				if err != nil || len(out) != n {
					t.Fatalf("%d reactions, error %v", len(out), err)
				}
				if heard += n; out[n-1].Cue.Text != itoa(heard) {
					t.Fatalf("remembers %s events, want %d", out[n-1].Cue.Text, heard)
				}
			},
			"trap": func(t *rapid.T) {
				what := rapid.SampledFrom([]string{"trap", "grow-trap", "loop", "lie-size"}).Draw(t, "what")
				if _, err := g.HandleBatch(ctx, []event.Event{tick(next()), ask(next(), what)}); err == nil || errors.Is(err, plugin.ErrDead) {
					t.Fatalf("error %v; want a trap", err)
				}
			},
			"another event": func(t *rapid.T) {
				if _, err := g.HandleBatch(ctx, []event.Event{ask(next(), "half")}); err != nil {
					t.Fatal(err)
				}
				heard++
			},
			"hand over": func(t *rapid.T) {
				state, err := g.Save(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := g.Restore(ctx, state); err != nil {
					t.Fatal(err)
				}
				if err := g.Restore(ctx, state[:3]); !errors.Is(err, plugin.ErrState) || errors.Is(err, plugin.ErrDead) {
					t.Fatalf("error %v; want a refusal", err)
				}
			},
			"clone": func(t *rapid.T) {
				c, err := g.Clone(ctx)
				if err != nil {
					t.Fatal(err)
				}
				if err := g.Close(ctx); err != nil {
					t.Fatal(err)
				}
				g = c
			},
		})
	})
}

// TestMemoriesAreUsedAgain: what a closed guest leaves is the next one's, and nothing of its content is.
func TestMemoriesAreUsedAgain(t *testing.T) {
	r := newRuntime(t, Config{})
	ctx := context.Background()
	for range 3 {
		g, err := r.Load(ctx, plugin.Spec{Manifest: manifest(nil), Files: files(fixtureCode)})
		if err != nil {
			t.Fatal(err)
		}
		if got := heard(t, g, 1); got != "1" {
			t.Errorf("a new guest remembers %s events", got)
		}
		if err := g.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if n := len(r.pool.free); n != 2 {
			t.Errorf("%d memories wait for the next guest, want 2", n)
		}
	}
	dirty := pool{free: [][]byte{bytes.Repeat([]byte{7}, pageBytes)[:0]}}
	m := memory{of: &memories{pool: &dirty, limit: 4 * pageBytes, count: new(plugin.Passed)}}
	if b := m.Reallocate(pageBytes / 2); len(dirty.free) != 0 || bytes.ContainsRune(b, 7) {
		t.Error("a memory is not used again, or holds what it held")
	}
	if b := m.Reallocate(pageBytes); bytes.ContainsRune(b, 7) {
		t.Error("a memory that grew holds what it held")
	}
	if b := m.Reallocate(4*pageBytes + 1); b != nil {
		t.Error("a memory grew past its limit")
	}
}
