package meter

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// calling is a module of functions without parameters and results, by their bodies. All are in its table, or none; it
// exports the last one as run.
func calling(tabled bool, bodies ...[]byte) []byte {
	n := len(bodies)
	sec := func(out []byte, id byte, b []byte) []byte {
		return append(putU(append(out, id), uint64(len(b))), b...)
	}
	types, code, elements := putU(nil, uint64(n)), putU(nil, uint64(n)), putU([]byte{1, 0, opI32Const, 0, opEnd}, uint64(n))
	for i, b := range bodies {
		types = append(types, 0)
		elements = putU(elements, uint64(i))
		b = append(append([]byte{0}, b...), opEnd)
		code = append(putU(code, uint64(len(b))), b...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = sec(out, secType, []byte{1, 0x60, 0, 0})
	out = sec(out, secFunction, types)
	if tabled {
		out = sec(out, secTable, putU([]byte{1, 0x70, 0}, uint64(n)))
	}
	out = sec(out, secMemory, []byte{1, 0, 1})
	out = sec(out, secExport, putU(append(putName([]byte{1}, "run"), kindFunc), uint64(n-1)))
	if tabled {
		out = sec(out, secElement, elements)
	}
	return sec(out, secCode, code)
}

func call(i int) []byte { return putU([]byte{opCall}, uint64(i)) }

func twice(b []byte) []byte { return append(append([]byte{}, b...), b...) }

// TestCallsWithoutLoopsEnd: however functions call each other, they run out of fuel, and soon after it is used up.
func TestCallsWithoutLoopsEnd(t *testing.T) {
	nothing := []byte{}
	doubling := [][]byte{nothing}
	for i := range 40 {
		doubling = append(doubling, twice(call(i)))
	}
	wide := [][]byte{nothing}
	for i := range 3 { // a hundred calls of what makes a hundred calls of ...
		var b []byte
		for range 100 {
			b = append(b, call(i)...)
		}
		wide = append(wide, b)
	}
	const fuel = 50_000 // 1,400 calls, for which there is room on the stack
	for name, code := range map[string][]byte{
		"itself":          calling(false, call(0)),
		"a circle":        calling(false, call(2), call(0), call(1)),
		"two circles":     calling(false, call(1), append(call(0), call(2)...), append(call(1), call(2)...)),
		"doubling":        calling(false, doubling...),
		"wide":            calling(false, wide...),
		"through a table": calling(true, nothing, []byte{opI32Const, 1, opCallIndirect, 0, 0}),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Rewrite(code, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			ctx, r := context.Background(), interpreter(t)
			mod, err := r.Instantiate(ctx, m.Code)
			if err != nil {
				t.Fatal(err)
			}
			mod.ExportedGlobal(FuelExport).(api.MutableGlobal).Set(fuel)
			mod.ExportedGlobal(BudgetExport).(api.MutableGlobal).Set(0)
			if _, err = mod.ExportedFunction("run").Call(ctx); err == nil {
				t.Fatal("it ended by itself")
			}
			// What took the next slice found nothing to pay it with, nor what had been burnt past the last one.
			over := -int64(mod.ExportedGlobal(BudgetExport).Get()) - Slice
			if over <= 0 || over > 2*unlooked {
				t.Errorf("it burnt %d units more than it had, want 1 to %d (%v)", over, 2*unlooked, err)
			}
		})
	}
}

// TestCallersPayForSmallFunctions: what does not charge by itself is in the price of the call.
func TestCallersPayForSmallFunctions(t *testing.T) {
	spent := func(bodies ...[]byte) int64 {
		m, err := Rewrite(calling(false, bodies...), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, r := context.Background(), interpreter(t)
		mod, err := r.Instantiate(ctx, m.Code)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := mod.ExportedFunction("run").Call(ctx); err != nil {
			t.Fatal(err)
		}
		return Slice - int64(mod.ExportedGlobal(FuelExport).Get())
	}
	work := []byte{opI32Const, 0, 0x28, 2, 0, opDrop} // a load
	for range 3 {
		work = twice(work)
	}
	without := spent([]byte{}, twice(call(0)))
	with := spent(work, twice(call(0)))
	if got, want := with-without, int64(2*8*6); got != want {
		t.Errorf("two calls of a function that costs 48 more cost %d more, want %d", got, want)
	}
}
