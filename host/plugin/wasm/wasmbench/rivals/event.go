package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
	"github.com/sothebais/sothebais/host/plugin/wasm/wasmbench"
	"github.com/sothebais/sothebais/host/show"
)

const (
	backlog = 64   // events of a batch
	timeout = 1000 // milliseconds: what stops a runaway in Extism, as fuel does in ours
)

// ours is a guest of ours that does the rivals' work, metered, with its batches.
type ours struct {
	guest  plugin.Guest
	one    []event.Event
	many   []event.Event
	failed error
}

func newOurs(ctx context.Context, r plugin.Runtime, dir, guest string) (*ours, error) {
	code, err := os.ReadFile(filepath.Join(dir, guest+".wasm"))
	if err != nil {
		return nil, err
	}
	s := wasmbench.Spec(guest, code)
	s.Store = plugin.Store{Granted: true, Content: map[string][]byte{wasmbench.PostID[:16]: binary.LittleEndian.AppendUint64(nil, 41)}}
	g, err := r.Load(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", guest, err)
	}
	o := &ours{guest: g, one: wasmbench.Bids(1), many: wasmbench.Bids(backlog)}
	return o, o.check(ctx, guest)
}

// check makes sure that the work is done: the sum of the value that was looked up and the length of the text, a letter
// for each four bits.
func (o *ours) check(ctx context.Context, name string) error {
	got, err := o.guest.HandleBatch(ctx, o.one)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	const text = 12 + 120
	want := string([]byte{'a' + (41+text)&15, 'a' + (41+text)>>4})
	if len(got) != 1 || len(got[0].Cue.Text) != 176 || got[0].Cue.Text[:2] != want {
		return fmt.Errorf("%s did not do the work: %+v, want %s", name, got, want)
	}
	return nil
}

func (o *ours) hear(ctx context.Context, batch []event.Event) func() {
	return func() {
		if _, err := o.guest.HandleBatch(ctx, batch); err != nil {
			o.failed = err
		}
	}
}

// againstRivals lets all take turns over the same work.
func againstRivals(ctx context.Context, dir string, r *results) (err error) {
	rt, err := wasm.New(ctx, wasm.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	inC, err := newOurs(ctx, rt, dir, "oursc")
	if err != nil {
		return err
	}
	inGo, err := newOurs(ctx, rt, dir, "oursgo")
	if err != nil {
		return err
	}
	all, err := allRivals(ctx, dir)
	if err != nil {
		return err
	}
	turns := []func(){inC.hear(ctx, inC.one), inC.hear(ctx, inC.many), inGo.hear(ctx, inGo.one), inGo.hear(ctx, inGo.many)}
	for _, o := range all {
		turns = append(turns, func() {
			if e := o.call(); e != nil {
				err = e
			}
		})
	}
	ns := wasmbench.TakeTurns(turns...)
	err = errors.Join(err, inC.failed, inGo.failed)
	c, cBatch, golang, goBatch, theirs := ns[0], ns[1]/backlog, ns[2], ns[3]/backlog, ns[4:]
	r.note("ours, C guest: %.0f ns an event, %.1f ns in batches of %d", c, cBatch, backlog)
	r.note("ours, Go guest: %.0f ns an event, %.1f ns in batches of %d", golang, goBatch, backlog)
	for i, o := range all {
		err = errors.Join(err, o.world.check(o.name), o.close())
		r.note("%s: %.0f ns an event, %.1f times ours in the same language", o.name, theirs[i], theirs[i]/map[bool]float64{true: golang, false: c}[o.golang])
	}
	r.figures["event_vs_extism_c"], r.figures["batch_vs_extism_c"] = theirs[0]/c, theirs[0]/cBatch
	r.figures["event_vs_extism_go"], r.figures["batch_vs_extism_go"] = theirs[2]/golang, theirs[1]/goBatch
	err = errors.Join(err, allocations(ctx, r, rt, inC))
	return errors.Join(err, inC.guest.Close(ctx), inGo.guest.Close(ctx))
}

// allRivals gives Extism with a guest in C and in Go, the latter also with its timeout, then the others.
func allRivals(ctx context.Context, dir string) ([]*rival, error) {
	var out []*rival
	var errs error
	add := func(name string, golang bool) func(*rival, error) {
		return func(o *rival, err error) {
			if errs = errors.Join(errs, err); err == nil {
				o.name, o.golang = name, golang
				out = append(out, o)
				errs = errors.Join(errs, o.call())
			}
		}
	}
	add("Extism 1.7.1, C guest", false)(newExtism(ctx, dir, "extismc", 0))
	add("Extism 1.7.1, Go guest", true)(newExtism(ctx, dir, "extismgo", 0))
	add("Extism 1.7.1 with its timeout, Go guest", true)(newExtism(ctx, dir, "extismgo", timeout))
	add("Extism 1.7.1 with its timeout, C guest", false)(newExtism(ctx, dir, "extismc", timeout))
	add("waPC 0.7.0, C guest", false)(newWapc(ctx, dir))
	add("go-plugin 0.9.0, Go guest", true)(newGoPlugin(ctx, dir))
	return out, errs
}

func againstNative(ctx context.Context, _ string, r *results) error {
	for name, n := range map[string]int{"event_vs_native": 1, "batch_vs_native": backlog} {
		guest, native, err := wasmbench.Run(n)
		if err != nil {
			return err
		}
		r.note("%s: guest %.0f ns, native Go %.1f ns an event", name, guest, native)
		r.figures[name] = guest / native
	}
	return nil
}

// allocations is what the host allocates for an event that a guest answers with commands whose texts it has had before.
// A text that is new, or of more than 64 bytes, is one allocation more, as the note shows.
func allocations(ctx context.Context, r *results, rt plugin.Runtime, long *ours) error {
	code, err := os.ReadFile(filepath.Join(root, "sdk/tck/testdata/c/conformance.wasm"))
	if err != nil {
		return err
	}
	s := wasmbench.Spec("conformance", code)
	s.Store.Granted = true
	g, err := rt.Load(ctx, s)
	if err != nil {
		return err
	}
	batch := []event.Event{{Seq: 7, At: time.UnixMilli(1_700_000_000_000), Data: show.Ticked{SecondsLeft: 9}}}
	got, err := g.HandleBatch(ctx, batch)
	if err != nil || len(got) != 2 {
		return fmt.Errorf("conformance left %d commands, want 2: %w", len(got), err)
	}
	r.figures["allocs_per_event"] = allocsPerRun(20_000, func() { _, err = g.HandleBatch(ctx, batch) })
	r.note("allocations an event: %g with two commands of texts it has had, %g with a text of 176 bytes",
		r.figures["allocs_per_event"], allocsPerRun(20_000, long.hear(ctx, long.one)))
	return errors.Join(err, g.Close(ctx))
}

// allocsPerRun is how often f allocates, as a fraction.
func allocsPerRun(n int, f func()) float64 {
	for range n / 10 {
		f()
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		f()
	}
	runtime.ReadMemStats(&after)
	return float64((after.Mallocs-before.Mallocs)*100/uint64(n)) / 100
}

// inRunner is an event, and one of a batch, through a guest in a process of its own.
func inRunner(ctx context.Context, _ string, r *results) (err error) {
	rt, err := runner.New(runner.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rt.Close(ctx)) }()
	one, oneMean, err := wasmbench.CallsOn(ctx, rt, 1)
	if err != nil {
		return err
	}
	many, manyMean, err := wasmbench.CallsOn(ctx, rt, abi.MaxBatchEvents)
	r.figures["runner_event_us"], r.figures["runner_batch_ns"] = one/1000, many
	r.note("in the runner: the median is %.0f ns an event, %.1f ns in batches of %d; the mean %.0f and %.1f", one, many, abi.MaxBatchEvents, oneMean, manyMean)
	return err
}
