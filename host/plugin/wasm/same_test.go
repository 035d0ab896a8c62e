package wasm

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
)

// guests are modules that handle any event, in every language that is at hand.
func guests(t *testing.T) map[string][]byte {
	t.Helper()
	out := map[string][]byte{"fixture": fixtureCode, "dice": read(t, "dice.wasm"), "store": read(t, "store.wasm"), "flood": read(t, "limits/commands.wasm")}
	for name, path := range map[string]string{
		"assemblyscript": "assemblyscript/conformance.wasm", "assemblyscript of 1.0": "v1.0/assemblyscript.wasm",
		"c": "c/conformance.wasm", "rust": "rust/conformance.wasm", "tinygo": "tinygo/conformance.wasm",
	} {
		code, err := os.ReadFile("../../../sdk/tck/testdata/" + path)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = code
	}
	if !testing.Short() {
		out["go"] = goGuest(t)
	}
	return out
}

func goGuest(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plugin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", out, "./examples/conformance")
	cmd.Dir, cmd.Env = "../../../sdk/go", append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build a Go guest: %v\n%s", err, text)
	}
	code, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// course is what the guests hear: batches of every length.
func course() [][]event.Event {
	var out [][]event.Event
	seq := uint64(0)
	for round := range 40 {
		var batch []event.Event
		for i := range round%7 + 1 {
			seq++
			e := tick(seq)
			switch (round + i) % 3 {
			case 1:
				e.Data = auction.BidAccepted{Lot: "l", Handle: "ann", Amount: money.MustETH("1.25"), Count: round}
			case 2:
				e.Data = post.Received{Post: post.Post{ID: "1", Handle: "bo", Text: "鳥 and more"}}
			}
			batch = append(batch, e)
		}
		out = append(out, batch)
	}
	return out
}

// bare runs a module as its author made it, without meter, spare or limits.
type bare struct {
	mod    api.Module
	handle api.Function
	stack  [2]uint64
	box    *sandbox
	ctx    context.Context
	in     uint32
	room   uint32
}

func newBare(t testing.TB, code, config []byte) *bare {
	t.Helper()
	g := &bare{box: &sandbox{fuel: new(noFuel), stats: new(plugin.Stats), most: 1 << 30, mute: true}}
	g.box.store = newStore(plugin.Store{Granted: true})
	g.box.allow(1 << 30)
	g.ctx = g.box.within(context.Background())
	r := wazero.NewRuntimeWithConfig(g.ctx, wazero.NewRuntimeConfig().WithCoreFeatures(features))
	t.Cleanup(func() { _ = r.Close(g.ctx) })
	if err := instantiateWASI(g.ctx, r); err != nil {
		t.Fatal(err)
	}
	if err := instantiateHost(g.ctx, r); err != nil {
		t.Fatal(err)
	}
	g.box.at(0, startTime)
	mod, err := r.InstantiateWithConfig(g.ctx, code, wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize"))
	if err != nil {
		t.Fatal(err)
	}
	g.mod, g.handle = mod, mod.ExportedFunction("handle_batch")
	g.box.store.open = g.call(t, "sothebais_abi_v1", abi.Features)&abi.FeatureStore != 0
	g.box.at(0, startTime)
	g.put(t, config)
	if packed := g.call(t, "configure", uint64(g.in), uint64(len(config))); packed != 0 {
		t.Fatal("it refused its configuration")
	}
	return g
}

func (g *bare) put(t testing.TB, b []byte) {
	if uint32(len(b)) > g.room {
		g.room = max(16<<10, uint32(len(b)))
		g.in = uint32(g.call(t, "alloc", uint64(g.room)))
	}
	g.mod.Memory().Write(g.in, b)
}

func (g *bare) call(t testing.TB, name string, params ...uint64) uint64 {
	t.Helper()
	out, err := g.mod.ExportedFunction(name).Call(g.ctx, params...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out[0]
}

func (g *bare) hear(t testing.TB, batch []byte, seq uint64, now int64) []byte {
	g.box.at(seq, now)
	g.put(t, batch)
	g.stack = [2]uint64{uint64(g.in), uint64(len(batch))}
	if err := g.handle.CallWithStack(g.ctx, g.stack[:]); err != nil {
		t.Fatal(err)
	}
	b, _ := g.mod.Memory().Read(uint32(g.stack[0]>>32), uint32(g.stack[0]))
	return b
}

// noFuel is the counter of a module that has none.
type noFuel struct {
	api.MutableGlobal
	v uint64
}

func (f *noFuel) Get() uint64  { return f.v }
func (f *noFuel) Set(v uint64) { f.v = v }

// TestGuestsDoTheSameMetered: to the byte, and in state.
func TestGuestsDoTheSameMetered(t *testing.T) {
	r := newRuntime(t, Config{})
	for name, code := range guests(t) {
		t.Run(name, func(t *testing.T) {
			plain := newBare(t, code, nil)
			loaded, err := r.Load(context.Background(), plugin.Spec{Manifest: manifest(nil), Files: files(code), Store: plugin.Store{Granted: true}})
			if err != nil {
				t.Fatal(err)
			}
			defer loaded.Close(context.Background())
			g := loaded.(*guest)
			for i, batch := range course() {
				g.buf, _ = g.codec.Encode(g.buf, batch)
				g.box.allow(1 << 30)
				packed, err := g.hear(g.buf, batch[0].Seq, batch[0].At.UnixMilli(), 1<<40)
				if err != nil {
					t.Fatal(err)
				}
				got, _ := g.inst.mem.Read(uint32(packed>>32), uint32(packed))
				if want := plain.hear(t, g.buf, batch[0].Seq, batch[0].At.UnixMilli()); !bytes.Equal(got, want) {
					t.Fatalf("batch %d: %d bytes of commands, as it came %d", i, len(got), len(want))
				}
			}
			state, err := g.Save(context.Background())
			packed := plain.call(t, "save")
			if want, _ := plain.mod.Memory().Read(uint32(packed>>32), uint32(packed)); err != nil || !bytes.Equal(state, want) {
				t.Errorf("state %x, as it came %x, error %v", state, want, err)
			}
		})
	}
}

// TestFuelIsDeterministic: the same input costs the same, whether the guest is new, a clone, or was set back.
func TestFuelIsDeterministic(t *testing.T) {
	r := newRuntime(t, Config{CacheDir: t.TempDir()})
	ctx := context.Background()
	for name, code := range guests(t) {
		t.Run(name, func(t *testing.T) {
			var bills [3][]int64
			for i := range bills {
				g, err := r.Load(ctx, plugin.Spec{Manifest: manifest(nil), Files: files(code), Store: plugin.Store{Granted: true}})
				if err != nil {
					t.Fatal(err)
				}
				for n, batch := range course() {
					if i == 1 && n%10 == 5 {
						c, err := g.Clone(ctx)
						if err != nil {
							t.Fatal(err)
						}
						if err := g.Close(ctx); err != nil {
							t.Fatal(err)
						}
						g = c
					}
					if i == 2 && n%10 == 5 {
						one := g.(*guest)
						one.stale = true // so that nothing is played again in other batches, which costs what it costs
						if err := one.settle(); err != nil {
							t.Fatal(err)
						}
						if err := one.rollBack(len(one.box.store.written)); err != nil {
							t.Fatal(err)
						}
					}
					if _, err := g.HandleBatch(ctx, batch); err != nil {
						t.Fatal(err)
					}
					bills[i] = append(bills[i], g.Stats().Fuel)
				}
				if err := g.Close(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for i := range bills[0] {
				if bills[0][i] != bills[1][i] || bills[0][i] != bills[2][i] || bills[0][i] <= 0 {
					t.Fatalf("batch %d cost %d, a clone %d, after a roll-back %d", i, bills[0][i], bills[1][i], bills[2][i])
				}
			}
		})
	}
}
