package wasm

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

func newCore(tb testing.TB, r *Runtime, code []byte) *Core {
	tb.Helper()
	c, err := r.Compile(context.Background(), &Program{Manifest: manifest(nil), Code: code, Store: plugin.Store{Granted: true, Content: map[string][]byte{"a": {1}}}})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.g.Close(context.Background()) })
	return c
}

// TestCoreResumes: a core that begins at an image of another goes on as that does.
func TestCoreResumes(t *testing.T) {
	r := newRuntime(t, Config{})
	code := read(t, "fixture.wasm")
	first, codec := newCore(t, r, code), new(Codec)
	if err := first.Start(nil); err != nil {
		t.Fatal(err)
	}
	hear := func(c *Core, seq uint64) []byte {
		batch, _ := codec.Encode(nil, []event.Event{tick(seq)})
		var answered []byte
		if err := c.Handle(batch, func(out, _ []byte) { answered = bytes.Clone(out) }); err != nil {
			t.Fatal(err)
		}
		return answered
	}
	for seq := range uint64(20) {
		hear(first, seq+1)
	}
	memory, head := first.Image(nil, nil)
	second := newCore(t, r, code)
	if err := second.Resume(memory, head); err != nil {
		t.Fatal(err)
	}
	for seq := range uint64(20) {
		if a, b := hear(first, 100+seq), hear(second, 100+seq); !bytes.Equal(a, b) {
			t.Fatalf("event %d: %x and %x", seq, a, b)
		}
	}
	if err := newCore(t, r, code).Resume(memory, head[:len(head)-1]); err == nil {
		t.Error("half a head was taken")
	}
}

// TestCoreLooksAfterItAnswered: an answer that is malformed goes out like any other, and then the core finds out and goes
// on as one that never heard of it.
func TestCoreLooksAfterItAnswered(t *testing.T) {
	r := newRuntime(t, Config{})
	code := read(t, "fixture.wasm")
	liar, honest := newCore(t, r, code), newCore(t, r, code)
	hear := func(c *Core, e event.Event) (out []byte, err error) {
		batch, _ := new(Codec).Encode(nil, []event.Event{e})
		answered := false
		err = c.Handle(batch, func(b, _ []byte) { out, answered = bytes.Clone(b), true })
		if !answered {
			t.Fatalf("event %d was not answered: %v", e.Seq, err)
		}
		return out, err
	}
	for _, c := range []*Core{liar, honest} {
		if err := c.Start(nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, how := range []string{"lie-size", "lie-text", "lie-event", "lie-utf8"} {
		out, err := hear(liar, ask(uint64(10*i+1), how))
		var trap *plugin.TrapError
		if !errors.As(err, &trap) || !errors.Is(err, abi.ErrCommands) {
			t.Errorf("%s: %v; want a trap over malformed commands", how, err)
		}
		var codec Codec
		codec.Encode(nil, []event.Event{ask(1, how)})
		if _, _, _, theirs := codec.Decode(out, plugin.DefaultCommands); theirs == nil || theirs.Error() != trap.Error() {
			t.Errorf("%s: who reads it finds %v, and not %v", how, theirs, trap)
		}
		a, errA := hear(liar, tick(uint64(10*i+2)))
		b, errB := hear(honest, tick(uint64(10*i+2)))
		if !bytes.Equal(a, b) || errA != nil || errB != nil {
			t.Errorf("after %s: %q and %q, %v, %v", how, a, b, errA, errB)
		}
	}
}

// FuzzHead: whatever stands for the head of an image, reading it ends well, and what was read is written the same.
func FuzzHead(f *testing.F) {
	r := newRuntime(f, Config{})
	c := newCore(f, r, read(f, "echo.wasm"))
	if err := c.Start(nil); err != nil {
		f.Fatal(err)
	}
	_, head := c.Image(nil, nil)
	f.Add(head)
	f.Add(head[:len(head)-1])
	f.Fuzz(func(t *testing.T, b []byte) {
		if c.g.readHead(b) != nil {
			return
		}
		once := c.g.appendHead(nil)
		if err := c.g.readHead(once); err != nil {
			t.Fatal(err)
		}
		if again := c.g.appendHead(nil); !bytes.Equal(once, again) {
			t.Errorf("%x became %x", once, again)
		}
	})
}
