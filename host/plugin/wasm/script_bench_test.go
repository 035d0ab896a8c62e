package wasm

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
)

// bodies are what a script may do with an event, from nothing to much.
var bodies = []struct{ name, text string }{
	{"nothing", ""},
	{"say", "show.say('sold', 'happy', 50)"},
	{"answer", "show.state.n = (show.state.n ?? 0) + 1; show.say(`@${e.handle} bids ${e.amount}, number ${show.state.n}`, 'excited', 50)"},
	{"every field", "let n = 0; for (const k in e) n += String(e[k]).length; show.bar('n', n)"},
	{"a loop of 1000", "let n = 0; for (let i = 0; i < 1000; i++) n = (n * 31 + i) & 0xffff; show.bar('n', n)"},
}

func onBid(body string) string {
	return "export default { state: {}, on: { 'bid.accepted'(e, show) { " + body + " } } }"
}

func aBid() []event.Event {
	return []event.Event{{Seq: 7, At: time.UnixMilli(1_700_000_000_000), Data: auction.BidAccepted{Lot: "s1-lot-1", Bidder: "acc-1", Handle: "ann_collects",
		Amount: money.MustETH("1.5"), Minimum: money.MustETH("1.6"), Previous: money.MustETH("1.4"), PreviousHandle: "bo", Count: 3, PostID: "1735400000000000001"}}}
}

// BenchmarkScript is an event through a script, as on the show.
func BenchmarkScript(b *testing.B) {
	r := newRuntime(b, Config{Engine: engine(b)})
	for _, body := range bodies {
		b.Run(body.name, func(b *testing.B) {
			g, batch, ctx := loadScript(b, r, onBid(body.text)), aBid(), context.Background()
			for b.Loop() {
				if _, err := g.HandleBatch(ctx, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(g.Stats().Fuel), "fuel/op")
		})
	}
}

// BenchmarkScriptSpawn is what it takes until another guest with the same script can hear events.
func BenchmarkScriptSpawn(b *testing.B) {
	r, ctx := newRuntime(b, Config{Engine: engine(b)}), context.Background()
	g := loadScript(b, r, onBid(bodies[2].text))
	end := func(g plugin.Guest, err error) {
		if err == nil {
			err = g.Close(ctx)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			end(r.Load(ctx, script(onBid(bodies[2].text))))
		}
	})
	b.Run("clone", func(b *testing.B) {
		for b.Loop() {
			end(g.Clone(ctx))
		}
	})
}

// BenchmarkScriptMetering sets the metered engine beside itself as it came from the compiler.
func BenchmarkScriptMetering(b *testing.B) {
	r := newRuntime(b, Config{Engine: engine(b)})
	for _, body := range bodies {
		b.Run(body.name, func(b *testing.B) { metering(b, r, script(onBid(body.text)), aBid()) })
	}
}

// BenchmarkMetering is the same for modules that were compiled, with a batch of a backlog.
func BenchmarkMetering(b *testing.B) {
	c, err := os.ReadFile("../../../sdk/tck/testdata/c/conformance.wasm")
	if err != nil {
		b.Fatal(err)
	}
	var batch []event.Event
	for range 64 {
		batch = append(batch, aBid()...)
	}
	for name, code := range map[string][]byte{"c": c, "go": goGuest(b)} {
		b.Run(name, func(b *testing.B) {
			metering(b, newRuntime(b, Config{}), plugin.Spec{Manifest: manifest(nil), Files: files(code), Store: plugin.Store{Granted: true}}, batch)
		})
	}
}

// metering hears a batch metered and as the module came, taking turns. Of each the best round counts: what disturbs a
// round is not the code.
func metering(b *testing.B, r *Runtime, s plugin.Spec, events []event.Event) {
	const calls = 64
	src, err := Read(r.cfg, s)
	if err != nil {
		b.Fatal(err)
	}
	g, err := r.Load(context.Background(), s)
	if err != nil {
		b.Fatal(err)
	}
	defer g.Close(context.Background())
	metered, plain := g.(*guest), newBare(b, src.Code, src.Config)
	batch, _ := new(Codec).Encode(nil, events)
	with, without := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
	for b.Loop() {
		start := time.Now()
		for range calls {
			metered.box.allow(math.MaxInt)
			if _, err := metered.hear(batch, 7, startTime, 1<<40); err != nil {
				b.Fatal(err)
			}
		}
		half := time.Now()
		for range calls {
			plain.box.allow(math.MaxInt)
			plain.hear(b, batch, 7, startTime)
		}
		with, without = min(with, half.Sub(start)), min(without, time.Since(half))
	}
	b.ReportMetric(float64(with)/float64(without), "metered/plain")
	b.ReportMetric(float64(with)/float64(calls*len(events)), "best-ns/event")
}
