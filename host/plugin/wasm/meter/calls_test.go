package meter

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// unseenMost is the most that is ever burnt without a look: three times unlooked by a function (its regions so far, one
// more, and a call), and before that as much by the last one that it called, on its way out.
const unseenMost = 6 * unlooked

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

// exhaust rewrites a module and runs it with so much fuel, and no more.
func exhaust(t *testing.T, code []byte, fuel uint64) (api.Module, error) {
	t.Helper()
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
	_, err = mod.ExportedFunction("run").Call(ctx)
	return mod, err
}

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
			mod, err := exhaust(t, code, fuel)
			if err == nil {
				t.Fatal("it ended by itself")
			}
			// What took the next slice found nothing to pay it with, nor what had been burnt past the last one.
			over := -int64(mod.ExportedGlobal(BudgetExport).Get()) - Slice
			if over <= 0 || over > unseenMost {
				t.Errorf("it burnt %d units more than it had, want 1 to %d (%v)", over, unseenMost, err)
			}
		})
	}
}

// TestLittleIsDoneUnseen: however the work of a function and of what it calls is cut into pieces, not much of it is done
// past the fuel that there is.
func TestLittleIsDoneUnseen(t *testing.T) {
	const fuel, unit = 100_000, 100
	add := func(at byte) []byte { // one to a word of memory
		return []byte{opI32Const, 0, opI32Const, 0, 0x29, 3, at, opI64Const, 1, 0x7c, 0x37, 3, at}
	}
	one := slices.Concat(add(0), bytes.Repeat([]byte{opI32Const, 0, opDrop}, unit/2-6))
	work := func(units int) []byte { return bytes.Repeat(one, units) }
	pieces := func(n int, each []byte) []byte { // between which branches meet
		return bytes.Repeat(slices.Concat([]byte{opBlock, emptyBlock, opI32Const, 0, opBrIf, 0, opEnd}, each), n)
	}
	skipped := func(n int, each []byte) []byte { // a piece that looks stands before each, and is never entered
		return bytes.Repeat(slices.Concat([]byte{opI32Const, 0, opIf, emptyBlock}, pieces(5, work(10)), []byte{opEnd}, each), n)
	}
	maybe := []byte{opI32Const, 0, opBrIf, 0} // it is not taken, but what may be left is not paid before
	down := func(code ...[]byte) []byte {     // what is done five hundred times
		more := slices.Concat(maybe, add(8), []byte{opI32Const, 0, 0x29, 3, 8}, putS([]byte{opI64Const}, 500), []byte{opI64LtS, opIf, emptyBlock})
		return slices.Concat(more, slices.Concat(code...), []byte{opEnd})
	}
	const large = unlooked / 2 / unit
	for name, code := range map[string][]byte{
		"many small":          calling(false, add(0), bytes.Repeat(call(0), 20_000)),
		"many small, apart":   calling(false, add(0), pieces(20_000, call(0))),
		"many large":          calling(false, work(large), bytes.Repeat(call(0), 1000)),
		"many large, apart":   calling(false, work(large), pieces(200, call(0))),
		"large, and skipped":  calling(false, work(large), skipped(100, call(0))),
		"straight":            calling(false, work(7000)),
		"straight, later":     calling(false, pieces(1, work(7000))),
		"pieces":              calling(false, pieces(6000, work(1))),
		"pieces, and skipped": calling(false, skipped(60, work(50))),
		"deep":                calling(false, work(large), twice(twice(twice(call(0)))), twice(twice(twice(call(1)))), twice(twice(twice(call(2)))), twice(twice(twice(call(3))))),

		"on the way back":                 calling(false, append(down(call(0)), work(large)...)),
		"on the way back, called":         calling(false, work(large), down(call(1), call(0))),
		"on the way back, in a branch":    calling(false, down(call(0), []byte{opI32Const, 1, opIf, emptyBlock}, work(large), []byte{opEnd})),
		"on the way back, past a loop":    calling(false, slices.Concat([]byte{opBlock, emptyBlock}, down(call(0), []byte{opI32Const, 1, opIf, emptyBlock}, work(large), []byte{opBr, 2, opEnd}), []byte{opLoop, emptyBlock, opEnd, opEnd})),
		"on the way back of two":          calling(false, slices.Concat(maybe, call(1), pieces(large, work(1))), down(call(0))),
		"on the way back of three":        calling(false, call(2), call(0), append(down(call(1)), pieces(large, work(1))...)),
		"on the way back of two, called":  calling(false, work(large), call(2), down(call(1), call(0))),
		"on the way back through a table": calling(true, append(down([]byte{opI32Const, 0, opCallIndirect, 0, 0}), work(large)...)),
	} {
		t.Run(name, func(t *testing.T) {
			mod, err := exhaust(t, code, fuel)
			if err == nil {
				t.Fatal("it ended by itself")
			}
			done, _ := mod.Memory().ReadUint64Le(0)
			per := int64(unit)
			if strings.HasPrefix(name, "many small") {
				per = 48 // the function and the call
			}
			if units := int64(done) * per; units > fuel+unseenMost || units == 0 && strings.HasPrefix(name, "on") {
				t.Errorf("it did %d units of work with fuel for %d", units, fuel)
			}
		})
	}
}

// TestCallersPayForSmallFunctions: what does not charge by itself is in the price of the call.
func TestCallersPayForSmallFunctions(t *testing.T) {
	spent := func(bodies ...[]byte) int64 {
		mod, err := exhaust(t, calling(false, bodies...), Slice)
		if err != nil {
			t.Fatal(err)
		}
		return Slice - int64(mod.ExportedGlobal(FuelExport).Get())
	}
	work := []byte{opI32Const, 0, 0x28, 2, 0, opDrop} // a load
	for range 3 {
		work = twice(work)
	}
	without := spent([]byte{}, twice(call(0)))
	if calls := without - spent(nil, nil); calls != 2*(cost(opCall)+cost(opEnd)) {
		t.Errorf("two calls of nothing cost %d, want %d", calls, 2*(cost(opCall)+cost(opEnd)))
	}
	with := spent(work, twice(call(0)))
	if got, want := with-without, int64(2*8*6); got != want {
		t.Errorf("two calls of a function that costs 48 more cost %d more, want %d", got, want)
	}
}
