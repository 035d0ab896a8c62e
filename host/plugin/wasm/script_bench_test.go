package wasm

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

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

// BenchmarkScriptMetering sets metered code beside the same engine as it came from the compiler, taking turns. Of each
// the best round counts: what disturbs a round is not the code.
func BenchmarkScriptMetering(b *testing.B) {
	r := newRuntime(b, Config{Engine: engine(b)})
	for _, body := range bodies {
		b.Run(body.name, func(b *testing.B) {
			metered := loadScript(b, r, onBid(body.text)).(*guest)
			plain := unmetered(b, r, script(onBid(body.text)))
			batch, _ := new(Codec).Encode(nil, aBid())
			with, without := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
			for b.Loop() {
				start := time.Now()
				for range 64 {
					metered.box.at(7, startTime)
					if err := metered.inst.put(batch, 1<<40); err != nil {
						b.Fatal(err)
					}
					if _, err := metered.inst.call(metered.inst.handle, 1<<40, uint64(metered.inst.in), uint64(len(batch))); err != nil {
						b.Fatal(err)
					}
				}
				half := time.Now()
				for range 64 {
					plain(batch)
				}
				with, without = min(with, half.Sub(start)), min(without, time.Since(half))
			}
			b.ReportMetric(float64(with)/float64(without), "metered/plain")
			b.ReportMetric(float64(with)/64, "best-ns/event")
		})
	}
}

// unmetered loads a script into the engine without rewriting it and gives what hands it a batch.
func unmetered(b *testing.B, r *Runtime, s plugin.Spec) func(batch []byte) {
	b.Helper()
	src, err := Read(r.cfg, s)
	if err != nil {
		b.Fatal(err)
	}
	box := &sandbox{}
	ctx := box.within(context.Background())
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCoreFeatures(features))
	b.Cleanup(func() {
		if err := rt.Close(ctx); err != nil {
			b.Error(err)
		}
	})
	if err := errors.Join(instantiateWASI(ctx, rt), instantiateHost(ctx, rt)); err != nil {
		b.Fatal(err)
	}
	mod, err := rt.Instantiate(ctx, src.Code)
	if err != nil {
		b.Fatal(err)
	}
	call := func(name string, params ...uint64) uint64 {
		out, err := mod.ExportedFunction(name).Call(ctx, params...)
		if err != nil {
			b.Fatal(err)
		}
		if len(out) == 0 {
			return 0
		}
		return out[0]
	}
	call("sothebais_abi_v1", 3)
	in := call("alloc", 1<<16)
	mod.Memory().Write(uint32(in), src.Config)
	if refused := call("configure", in, uint64(len(src.Config))); refused != 0 {
		b.Fatal("refused")
	}
	handle, stack := mod.ExportedFunction("handle_batch"), make([]uint64, 2)
	return func(batch []byte) {
		mod.Memory().Write(uint32(in), batch)
		stack[0], stack[1] = in, uint64(len(batch))
		if err := handle.CallWithStack(ctx, stack); err != nil {
			b.Fatal(err)
		}
	}
}
