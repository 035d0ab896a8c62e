// Package wasmbench measures what the sandbox costs: one event through a guest beside the same work in native Go.
package wasmbench

import (
	"context"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/post"
)

// module is the guest; its source stands beside it. It reads an event of about 300 bytes whole, adds it up, and
// answers with one command of 200 bytes that holds the sum and a part of the event.
//
//go:embed pass.wasm
var module []byte

const (
	// Rounds are many and short: on a machine with other work most of them still run without being interrupted.
	rounds   = 151
	perRound = 2 * time.Millisecond
	answer   = 176 // bytes of text in the command
	calls    = 20_000
)

// Run gives nanoseconds for one event, in batches of so many, each the median of several rounds which take turns, so
// that noise of the machine meets both alike.
//
// The guest's figure is the whole of it as on the show: the fact is written as a record, copied into the guest, the
// guest runs metered, its command is checked and becomes a cue. The native figure is a Go function that gets the same
// fact, adds it up, and gives the same cue.
func Run(events int) (guestNS, nativeNS float64, err error) {
	ctx := context.Background()
	r, err := wasm.New(ctx, wasm.Config{})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, r.Close(ctx)) }()
	g, err := r.Load(ctx, Spec("pass", module))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, g.Close(ctx)) }()
	batch := Bids(events)
	n := native{}
	if err := agree(ctx, g, &n, batch); err != nil {
		return 0, 0, err
	}
	each := TakeTurns(
		func() {
			if _, e := g.HandleBatch(ctx, batch); e != nil {
				err = e
			}
		},
		func() { n.handle(batch) })
	return each[0] / float64(events), each[1] / float64(events), err
}

// CallsOn gives nanoseconds for one event, in batches of so many, through a guest of another runtime: of single calls the
// median, and the mean of all. Where another process takes part, the mean is mostly how long a thread waited for its turn.
func CallsOn(ctx context.Context, r plugin.Runtime, events int) (medianNS, meanNS float64, err error) {
	kept := make([]byte, heap)
	defer runtime.KeepAlive(kept)
	g, err := r.Load(ctx, Spec("pass", module))
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, g.Close(ctx)) }()
	batch := Bids(events)
	if err := agree(ctx, g, &native{}, batch); err != nil {
		return 0, 0, err
	}
	took := make([]float64, calls)
	begun := time.Now()
	for i := range took {
		start := time.Now()
		if _, err := g.HandleBatch(ctx, batch); err != nil {
			return 0, 0, err
		}
		took[i] = float64(time.Since(start).Nanoseconds()) / float64(events)
	}
	return median(took), float64(time.Since(begun).Nanoseconds()) / float64(calls*events), nil
}

// heap is less than what a show keeps in memory, and enough. In a program that keeps next to nothing Go's collector runs
// hundreds of times a second, on the core that belongs to somebody else, and most of what is measured is that.
const heap = 32 << 20

// TakeTurns gives nanoseconds for a call of each function, the median of several rounds in which each has its turn.
func TakeTurns(fs ...func()) []float64 {
	kept := make([]byte, heap)
	defer runtime.KeepAlive(kept)
	took, out := make([][]float64, len(fs)), make([]float64, len(fs))
	for range rounds {
		for i, f := range fs {
			took[i] = append(took[i], timed(f))
		}
	}
	for i := range fs {
		out[i] = median(took[i])
	}
	return out
}

// agree makes sure that both do the same.
func agree(ctx context.Context, g plugin.Guest, n *native, batch []event.Event) error {
	got, err := g.HandleBatch(ctx, batch)
	if err != nil {
		return err
	}
	want := n.handle(batch)
	if len(got) != len(batch) || len(want) != len(batch) || got[0].Event != want[0].Event || got[0].Cue.Verb != want[0].Cue.Verb || len(got[0].Cue.Text) != len(want[0].Cue.Text) {
		return fmt.Errorf("guest and native code do not agree: %+v, %+v", got, want)
	}
	return nil
}

// Spec is a plugin of one module.
func Spec(id string, code []byte) plugin.Spec {
	file := id + ".wasm"
	return plugin.Spec{Files: fstest.MapFS{file: {Data: code}},
		Manifest: &plugin.Manifest{ID: id, Version: "1.0.0", Kind: plugin.Overlay, Runtime: plugin.RuntimeSpec{Wasm: &plugin.FileSpec{File: file}},
			Limits: plugin.Limits{Fuel: plugin.DefaultFuel, MemoryMiB: plugin.DefaultMemoryMiB, Commands: plugin.DefaultCommands}}}
}

// PostID is the id of each post of Bids.
const PostID = "1735400000000000001"

// Bids are posts whose records have about 300 bytes each.
func Bids(n int) []event.Event {
	out := make([]event.Event, n)
	for i := range out {
		out[i] = event.Event{Seq: 7, At: time.UnixMilli(1_700_000_000_000), Data: post.Received{Intent: post.IntentBid, Post: post.Post{
			ID: PostID, Root: PostID, AuthorID: "44196397", Handle: "ann_collects", Name: "Ann", Text: "bid 1.5 ETH " + strings.Repeat("for the fox ", 10)}}}
	}
	return out
}

// native is a plugin as a Go function would be: no record, no copy, no sandbox.
type native struct {
	seen uint64
	text [answer]byte
	out  []plugin.Reaction
}

func (n *native) handle(events []event.Event) []plugin.Reaction {
	n.out = n.out[:0]
	for i := range events {
		d, ok := events[i].Data.(post.Received)
		if !ok {
			continue
		}
		sum := words(d.Post.ID) + words(d.Post.Root) + words(d.Post.AuthorID) + words(d.Post.Handle) + words(d.Post.Name) + words(d.Post.Text) + words(string(d.Intent)) + events[i].Seq
		n.seen++
		copy(n.text[:], d.Post.Text)
		binary.LittleEndian.PutUint64(n.text[:], sum&0x0f0f0f0f0f0f0f0f|0x4040404040404040)
		n.out = append(n.out, plugin.Reaction{Event: events[i].Seq, Power: "post", Cue: cue.Cue{Verb: cue.Post, Text: string(n.text[:])}})
	}
	return n.out
}

// words adds up a text, eight bytes at a time.
func words(s string) (sum uint64) {
	for ; len(s) >= 8; s = s[8:] {
		sum += uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	}
	for i := range len(s) {
		sum += uint64(s[i])
	}
	return sum
}

// timed gives nanoseconds for a call of f.
func timed(f func()) float64 {
	n := 0
	start := time.Now()
	for time.Since(start) < perRound {
		for range 16 {
			f()
		}
		n += 16
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
