package meter

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"pgregory.net/rapid"
)

// wideProgram is program with more around it: function 1, a recursion over i32, which also stands in a table, data that
// is there from the start and data that is not, a start function, and memory that can grow to three pages.
func wideProgram(body []byte) []byte {
	sec := func(out []byte, id byte, b []byte) []byte {
		return append(putU(append(out, id), uint64(len(b))), b...)
	}
	code := func(b []byte, locals []byte, body []byte) []byte {
		body = append(append(locals, body...), opEnd)
		return append(putU(b, uint64(len(body))), body...)
	}
	helper := []byte{opLocalGet, 0, opI32Const, 7, 0x71, opLocalTee, 0, 0x45, opIf, typeI32, opI32Const, 3, opElse,
		opLocalGet, 0, opI32Const, 1, 0x6b, opCall, 1, opLocalGet, 0, 0x73, opEnd}
	start := []byte{opI32Const, 4, opI32Const, 8, 0x28, 0, 0, 0x36, 0, 0} // a word of the data, to 4
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = sec(out, secType, []byte{3, 0x60, 2, 0x7f, 0x7e, 1, 0x7e, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 0})
	out = sec(out, secFunction, []byte{3, 0, 1, 2})
	out = sec(out, secTable, []byte{1, 0x70, 0, 2})
	out = sec(out, secMemory, []byte{1, 1, 1, 3})
	out = sec(out, secGlobal, []byte{2, 0x7f, 1, opI32Const, 7, opEnd, 0x7e, 1, opI64Const, 9, opEnd})
	out = sec(out, secExport, append(append(putName([]byte{2}, "run"), 0, 0), append(putName(nil, "memory"), 2, 0)...))
	out = sec(out, secStart, []byte{2})
	out = sec(out, secElement, []byte{1, 0, opI32Const, 0, opEnd, 1, 1})
	out = sec(out, secDataCount, []byte{2})
	bodies := code([]byte{3}, []byte{2, 2, 0x7f, 2, 0x7e}, append(body, opLocalGet, 5))
	bodies = code(code(bodies, []byte{0}, helper), []byte{0}, start)
	out = sec(out, secCode, bodies)
	return sec(out, secData, slices.Concat([]byte{2, 0, opI32Const, 8, opEnd, 9}, []byte("some text"), []byte{1, 10}, []byte("some bytes")))
}

// widely writes a statement that needs wideProgram.
func (w *writer) widely() {
	small := func() { w.b = append(w.b, opI32Const, byte(w.n(40))) }
	switch w.n(7) {
	case 0:
		w.i32()
		w.b = append(w.b, opCall, 1, 0x21, 2)
	case 1: // the second entry of the table is empty
		w.i32()
		w.b = append(w.b, opI32Const, byte(w.n(2)), opCallIndirect, 1, 0, 0x21, 3)
	case 2:
		small()
		small()
		w.i32()
		w.b = append(w.b, opPrefix, 10, 0, 0) // memory.copy
	case 3: // of segment 0, which is dropped after the start, nothing; wazero forgets to drop it, so no more is asked for
		small()
		if segment := byte(w.n(2)); segment == 1 {
			small()
			w.b = append(w.b, opI32Const, byte(w.n(12)), opPrefix, 8, 1, 0)
		} else {
			w.b = append(w.b, opI32Const, 0, opI32Const, 0, opPrefix, 8, 0, 0)
		}
	case 4:
		w.b = append(w.b, opI32Const, byte(w.n(3)), opMemoryGrow, 0, 0x21, 2)
	case 5:
		w.b = append(w.b, opMemorySize, 0, 0x21, 3)
	default:
		small()
		w.i64()
		w.b = append(w.b, 0x37, 0, 0) // i64.store
	}
}

// result is what a run leaves behind.
type result struct {
	value uint64
	err   string
	pages uint32
	mem   string
}

const runBudget = 1 << 40

// exact gives a module as Rewrite does, in which each instruction is charged by itself, before it runs.
func exact(t *rapid.T, wasm []byte) []byte {
	secs, err := split(wasm)
	if err != nil {
		t.Fatal(err)
	}
	w := &rewriter{limits: Limits{}.withDefaults(), start: -1}
	if err := w.survey(secs); err != nil {
		t.Fatal(err)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range secs {
		body := s.body
		switch s.id {
		case secGlobal:
			body = w.newGlobals(s.reader())
		case secExport:
			body = w.newExports(s.reader())
		case secCode:
			body = w.chargeEach(s.reader())
		}
		out = append(putU(append(out, s.id), uint64(len(body))), body...)
	}
	return out
}

func (w *rewriter) chargeEach(r *reader) []byte {
	n := r.u32()
	out := putU(nil, uint64(n))
	for ; n > 0; n-- {
		f := function{r: r.sub(r.u32()), w: w}
		f.readLocals()
		b := slices.Clone(f.r.b[:f.r.i])
		for f.r.more() {
			start := f.r.i
			in := f.r.instruction()
			if in.op == opBrTable {
				for labels := f.r.u32(); labels > 0; labels-- {
					f.r.u32()
				}
				f.r.u32()
			}
			b = putU(append(b, opGlobalGet), w.fuel())
			b = append(putS(append(b, opI64Const), cost(in.op)), opI64Sub, opGlobalSet)
			b = append(putU(b, w.fuel()), f.r.b[start:f.r.i]...)
		}
		out = append(putU(out, uint64(len(b))), b...)
	}
	return out
}

// run calls a module that was instantiated, and tells what it burnt if it is metered.
func run(t *rapid.T, mod api.Module, a int32, b int64) (result, int64) {
	fuel, _ := mod.ExportedGlobal(FuelExport).(api.MutableGlobal)
	budget, _ := mod.ExportedGlobal(BudgetExport).(api.MutableGlobal)
	if fuel != nil {
		fuel.Set(25) // many refuels on the way
		budget.Set(runBudget)
	}
	out, err := mod.ExportedFunction("run").Call(context.Background(), api.EncodeI32(a), api.EncodeI64(b))
	used := int64(0)
	if fuel != nil {
		used = runBudget + 25 - int64(fuel.Get()) - int64(budget.Get())
	}
	mem, _ := mod.Memory().Read(0, 256)
	res := result{pages: mod.Memory().Size() / 65536, mem: string(mem)}
	if err != nil {
		res.err, _, _ = strings.Cut(err.Error(), "\n")
	} else {
		res.value = out[0]
	}
	return res, used
}

func instantiate(t *rapid.T, r wazero.Runtime, code []byte) api.Module {
	mod, err := r.InstantiateWithConfig(context.Background(), code, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		t.Fatalf("%v\n%x", err, code)
	}
	return mod
}

// begin does what Detach leaves to the caller.
func begin(t *rapid.T, mod api.Module, m *Module) {
	for _, d := range m.Data {
		if !mod.Memory().Write(d.Offset, d.Bytes) {
			t.Fatalf("no room for %d bytes at %d", len(d.Bytes), d.Offset)
		}
	}
	if _, err := mod.ExportedFunction(StartExport).Call(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// same is the promise of the rewrite: for programs of every shape the rewritten module, interpreted or compiled,
// gives the same result, or the same trap, with the same memory; it pays for all that it did, and each time the same. What
// a trap cuts short may be paid in part.
func same(interpreter, compiler wazero.Runtime) func(*rapid.T) {
	return func(t *rapid.T) {
		w := &writer{t: t, left: 40, wide: true}
		w.statements()
		w.statements()
		code := wideProgram(w.b)
		a, b := rapid.Int32().Draw(t, "a"), rapid.Int64().Draw(t, "b")
		original := instantiate(t, interpreter, code)
		defer original.Close(context.Background())
		want, _ := run(t, original, a, b)
		least := int64(0)
		each := instantiate(t, interpreter, exact(t, code))
		defer each.Close(context.Background())
		if got, used := run(t, each, a, b); got != want {
			t.Fatalf("original %+v, charged by instruction %+v\n%x", want, got, w.b)
		} else if want.err == "" {
			least = used
		}
		burnt := int64(-1)
		for i, r := range []wazero.Runtime{interpreter, compiler} {
			m, err := Rewrite(code, Limits{Detach: i > 0})
			if err != nil {
				t.Fatalf("%v\n%x", err, code)
			}
			mod := instantiate(t, r, m.Code)
			if i > 0 {
				begin(t, mod, m)
			}
			got, used := run(t, mod, a, b)
			if want != got {
				t.Fatalf("original %+v, rewritten %+v\n%x", want, got, w.b)
			}
			if used < least || burnt >= 0 && used != burnt {
				t.Fatalf("used %d units of fuel, %d before, for what takes %d\n%x", used, burnt, least, w.b)
			}
			burnt = used
			if err := mod.Close(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func compiler(tb testing.TB) wazero.Runtime {
	r := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfig().WithCoreFeatures(features))
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

func TestRewrittenCodeDoesTheSame(t *testing.T) { rapid.Check(t, same(interpreter(t), compiler(t))) }

// FuzzSame draws its programs from the bytes.
func FuzzSame(f *testing.F) { f.Fuzz(rapid.MakeFuzz(same(interpreter(f), compiler(f)))) }
