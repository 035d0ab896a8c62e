package wasm

import (
	"context"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// storing makes a guest that asks its store the same thing for each event.
func storing(t *testing.T, s plugin.Store, ask ...uint32) plugin.Guest {
	t.Helper()
	r := newRuntime(t, Config{Interpreter: read(t, "store.wasm")})
	var config []byte
	for _, v := range ask {
		config = binary.LittleEndian.AppendUint32(config, v)
	}
	m := manifest(nil)
	m.Runtime = plugin.RuntimeSpec{Declarative: &plugin.FileSpec{File: "ask"}}
	g, err := r.Load(context.Background(), plugin.Spec{Manifest: m, Files: fstest.MapFS{"ask": {Data: config}}, Store: s})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return g
}

// TestStoreAnswers: whatever a guest asks of its store, it gets one of the answers of the contract, or a trap when it
// points outside of its memory.
func TestStoreAnswers(t *testing.T) {
	const get, put, end = 0, 1, 65536
	granted := plugin.Store{Granted: true, Quota: 100, Content: map[string][]byte{"\x00\x00": []byte("twelve bytes")}}
	for _, c := range []struct {
		name  string
		store plugin.Store
		ask   []uint32 // what, key, its length, value, its length
		want  int64
		trap  string
	}{
		{"there", granted, []uint32{get, 0, 2, 512, 64}, 12, ""},
		{"there, no room", granted, []uint32{get, 0, 2, 512, 3}, 12, ""},
		{"there, room that is not there but not needed", granted, []uint32{get, 0, 2, end - 12, 1 << 31}, 12, ""},
		{"there, room outside", granted, []uint32{get, 0, 2, end - 11, 64}, 0, "room for a value at 0xfff5, 12 bytes long, is outside"},
		{"not there", granted, []uint32{get, 0, 3, 512, 64}, abi.StoreAbsent, ""},
		{"a key that nothing can have, looked at no further than that", granted, []uint32{get, 0, 1 << 31, 512, 64}, abi.StoreAbsent, ""},
		{"and put", granted, []uint32{put, 0, 1 << 31, 512, 1}, abi.StoreBadKey, ""},
		{"key outside", granted, []uint32{get, end - 1, 2, 512, 64}, 0, "key at 0xffff, 2 bytes long, is outside"},
		{"put", granted, []uint32{put, 0, 1, 512, 8}, 0, ""},
		{"put in place of", granted, []uint32{put, 0, 2, 512, 98}, 0, ""},
		{"put too much in place of", granted, []uint32{put, 0, 2, 512, 99}, abi.StoreFull, ""},
		{"put too much", granted, []uint32{put, 0, 1, 512, 86}, abi.StoreFull, ""},
		{"put far too much", granted, []uint32{put, 0, 1, 512, 1 << 31}, abi.StoreFull, ""},
		{"delete", granted, []uint32{put, 0, 2, 512, 0}, 0, ""},
		{"delete nothing", granted, []uint32{put, 0, 3, 512, 0}, 0, ""},
		{"no key", granted, []uint32{put, 0, 0, 512, 1}, abi.StoreBadKey, ""},
		{"a long key", granted, []uint32{put, 1024, abi.MaxKeyBytes + 1, 512, 1}, abi.StoreBadKey, ""},
		{"a key that is no text", granted, []uint32{put, 64, 40, 512, 1}, abi.StoreBadKey, ""},
		{"value outside", granted, []uint32{put, 0, 1, end - 4, 8}, 0, "value at 0xfffc, 8 bytes long, is outside"},
		{"get, not granted", plugin.Store{}, []uint32{get, 0, 1, 512, 8}, abi.StoreDenied, ""},
		{"put, not granted", plugin.Store{}, []uint32{put, 0, 1, 512, 8}, abi.StoreDenied, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := append(c.ask, 0xffffffff) // no text, for a key that lies there
			g := storing(t, c.store, ask...)
			out, err := g.HandleBatch(context.Background(), []event.Event{tick(1)})
			if (err != nil) != (c.trap != "") || err != nil && !strings.Contains(err.Error(), c.trap) {
				t.Fatalf("error %v; want %q", err, c.trap)
			}
			if err == nil && out[0].Cue.Value != c.want {
				t.Errorf("answered %d, want %d", out[0].Cue.Value, c.want)
			}
			shut := uint64(0)
			if !c.store.Granted {
				shut = 2 // before features were exchanged it asked as well
			}
			if got := g.Stats().Shut; got != shut {
				t.Errorf("found its store closed %d times, want %d", got, shut)
			}
			early, err := g.Save(context.Background())
			if got := int64(binary.LittleEndian.Uint64(early)); err != nil || got != abi.StoreDenied {
				t.Errorf("before features were exchanged it answered %d, error %v", got, err)
			}
		})
	}
}

// TestStoreCopiesAreCharged: a guest pays for what is copied for it, not for the call alone.
func TestStoreCopiesAreCharged(t *testing.T) {
	burn := func(n uint32) int64 {
		g := storing(t, plugin.Store{Granted: true}, 1, 0, 1, 512, n)
		if _, err := g.HandleBatch(context.Background(), []event.Event{tick(1)}); err != nil {
			t.Fatal(err)
		}
		return g.Stats().Fuel
	}
	if few, many := burn(8), burn(32<<10); many-few != (32<<10-8)/8 {
		t.Errorf("%d for a few bytes, %d for many", few, many)
	}
}

// TestShutStoreIsCountedOnce, whatever is played again.
func TestShutStoreIsCountedOnce(t *testing.T) {
	g := storing(t, plugin.Store{}, 0, 0, 1, 512, 8).(*guest)
	for seq := uint64(1); seq < 6; seq++ {
		if _, err := g.HandleBatch(context.Background(), []event.Event{tick(seq)}); err != nil {
			t.Fatal(err)
		}
		if err := g.rollBack(0); err != nil {
			t.Fatal(err)
		}
		if got := g.Stats().Shut; got != seq+1 {
			t.Errorf("after %d events it found its store closed %d times", seq, got)
		}
	}
}

// TestStoreWritesAreToldOnce: the last value of each key, and nothing of it again after a roll-back.
func TestStoreWritesAreToldOnce(t *testing.T) {
	g := storing(t, plugin.Store{Granted: true}, 1, 0, 1, 512, 8)
	ctx := context.Background()
	for seq := uint64(1); seq < 6; seq += 2 {
		out, err := g.HandleBatch(ctx, []event.Event{tick(seq), tick(seq + 1)})
		if err != nil {
			t.Fatal(err)
		}
		var puts []*abi.StorePut
		for _, r := range out {
			if p, ok := r.Call.(*abi.StorePut); ok && r.Power == abi.PowerStore && r.Event == seq+1 {
				puts = append(puts, p)
			}
		}
		if len(puts) != 1 || puts[0].Key != "\x00" || len(puts[0].Value) != 8 {
			t.Errorf("told of %+v, want one write", puts)
		}
		if err := g.(*guest).rollBack(0); err != nil {
			t.Fatal(err)
		}
		if n := len(g.(*guest).box.store.written); n != 0 {
			t.Errorf("%d writes to tell again after a roll-back", n)
		}
	}
}

// TestStoreRemembersAKeyOnce: what a guest writes again and again takes no more of the host than what it writes once, and
// comes back as it was before the first time.
func TestStoreRemembersAKeyOnce(t *testing.T) {
	s := newStore(plugin.Store{Granted: true, Content: map[string][]byte{"a": []byte("before"), "c": []byte("there")}})
	for i := range 5000 {
		value := strings.Repeat("v", 1000+i%2)
		if s.put([]byte("a"), []byte(value)) != 0 || s.put([]byte("b"), []byte(value)) != 0 || s.put([]byte("c"), nil) != 0 {
			t.Fatal("not taken")
		}
	}
	if len(s.undo) != 3 || !slices.Equal(s.written, []string{"a", "b", "c"}) {
		t.Errorf("it keeps %d values to come back to, and is to tell of %d keys; want 3 each", len(s.undo), len(s.written))
	}
	s.untell(1)
	s.put([]byte("b"), []byte("more"))
	if !slices.Equal(s.written, []string{"a", "b"}) {
		t.Errorf("it is to tell of %q", s.written)
	}
	s.back(0)
	if s.size != len("a"+"before"+"c"+"there") || string(s.values["a"]) != "before" || string(s.values["c"]) != "there" || len(s.values) != 2 || len(s.written) != 0 {
		t.Errorf("back where it was it holds %q, %d bytes, %q to tell", s.values, s.size, s.written)
	}
}
