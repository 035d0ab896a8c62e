package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

const (
	swapsEach  = 200
	perMilli   = 50 // events, which makes 50,000 a second
	inMailbox  = 4096
	keeperFile = "plugin.wasm"
)

// swaps exchanges guests that count what they hear, under load, with a small state and with a big one. The figure is
// the worse of both.
func swaps(ctx context.Context, dir string, r *results) error {
	for _, bytes := range []int{8, 256 << 10} {
		pauses, rate, err := swapUnderLoad(ctx, dir, bytes)
		if err != nil {
			return fmt.Errorf("state of %d bytes: %w", bytes, err)
		}
		slices.Sort(pauses)
		p50, p99 := micros(pauses[len(pauses)/2]), micros(pauses[len(pauses)*99/100])
		r.note("%d swaps with a state of %d bytes at %.0f events/s: pause p50 %.1f µs, p99 %.1f µs, worst %.1f µs", swapsEach, bytes, rate, p50, p99, micros(pauses[len(pauses)-1]))
		r.figures["swap_p50_us"], r.figures["swap_p99_us"] = max(r.figures["swap_p50_us"], p50), max(r.figures["swap_p99_us"], p99)
	}
	return nil
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// swapUnderLoad gives the pause of each swap, and how many events a second came meanwhile.
func swapUnderLoad(ctx context.Context, dir string, bytes int) (pauses []time.Duration, rate float64, err error) {
	plug, err := keeper(dir, bytes)
	if err != nil {
		return nil, 0, err
	}
	rt, err := wasm.New(ctx, wasm.Config{})
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, rt.Close(context.WithoutCancel(ctx))) }()
	ctx, stop := context.WithCancel(ctx)
	var shown counter
	mailboxes := make(chan mailbox, 3)
	h := plugin.New(plugin.Config{Runtime: rt, Facts: nowhere{}, Last: func() uint64 { return 0 }, Offer: shown.offer,
		Subscribe: func(uint64, ...event.Kind) plugin.Source {
			m := make(mailbox, inMailbox)
			mailboxes <- m
			return m
		}})
	if _, err := h.Load(ctx, "", plug); err != nil {
		stop()
		return nil, 0, err
	}
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	crowd := crowd{to: []mailbox{<-mailboxes, <-mailboxes, <-mailboxes}, quit: make(chan struct{}), done: make(chan struct{})}
	go crowd.run()
	start := time.Now()
	for range swapsEach {
		res, e := h.Swap(ctx, plug, "bench", 0)
		if err = e; err != nil {
			break
		}
		pauses = append(pauses, res.Pause)
	}
	close(crowd.quit)
	<-crowd.done
	rate = float64(crowd.sent) / time.Since(start).Seconds()
	for deadline := time.Now().Add(10 * time.Second); shown.n.Load() < crowd.sent && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	stop()
	return pauses, rate, errors.Join(err, <-done, shown.check(crowd.sent))
}

// keeper is a plugin with a state of so many bytes.
func keeper(dir string, bytes int) (fstest.MapFS, error) {
	code, err := os.ReadFile(filepath.Join(dir, "keeper"+strconv.Itoa(bytes)+".wasm"))
	if err != nil {
		return nil, err
	}
	return fstest.MapFS{keeperFile: {Data: code}, plugin.ManifestFile: {Data: []byte(`
id: keeper
version: 1.0.0
kind: overlay
api: "1"
runtime: {wasm: ` + keeperFile + `}
capabilities: [{name: text, why: shows how many events it heard}]
subscribes: [clock.ticked]
state: {id: keeper, version: 1}
`)}}, nil
}

// counter takes what guests show, which has to be 1, 2, 3 and so on, whoever was on air.
type counter struct {
	n     atomic.Int64
	wrong atomic.Pointer[string]
}

func (c *counter) offer(_ context.Context, _ event.Event, cues []cue.Cue) {
	for _, q := range cues {
		if n := c.n.Add(1); q.Text != strconv.FormatInt(n, 10) {
			text := fmt.Sprintf("place %d shows %s", n, q.Text)
			c.wrong.CompareAndSwap(nil, &text)
		}
	}
}

func (c *counter) check(sent int64) error {
	if wrong := c.wrong.Load(); wrong != nil {
		return errors.New(*wrong)
	}
	if n := c.n.Load(); n != sent {
		return fmt.Errorf("%d events were sent, %d heard", sent, n)
	}
	return nil
}

// mailbox hands events to a slot.
type mailbox chan event.Event

// Close is plugin.Source's.
func (mailbox) Close() {}

// NextBatch is plugin.Source's.
func (m mailbox) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	select {
	case e := <-m:
		buf = append(buf[:0], e)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(buf) < cap(buf) {
		select {
		case e := <-m:
			buf = append(buf, e)
		default:
			return buf, nil
		}
	}
	return buf, nil
}

// crowd sends events at a rate that does not depend on how fast they are heard, unless mailboxes are full.
type crowd struct {
	to   []mailbox
	sent int64
	quit chan struct{}
	done chan struct{}
}

func (c *crowd) run() {
	defer close(c.done)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for last := time.Now(); ; {
		select {
		case <-c.quit:
			return
		case <-tick.C:
		}
		due := int(time.Since(last) * perMilli / time.Millisecond)
		last = last.Add(time.Duration(due) * time.Millisecond / perMilli)
		for range due {
			c.sent++
			e := event.Event{Seq: uint64(c.sent), At: time.UnixMilli(c.sent), Data: show.Ticked{}}
			for _, m := range c.to {
				m <- e
			}
		}
	}
}

// nowhere is a ledger that nobody reads.
type nowhere struct{}

// Record takes facts.
func (nowhere) Record(context.Context, ...event.Draft) ([]event.Event, error) { return nil, nil }
