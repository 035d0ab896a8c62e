package meter

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"pgregory.net/rapid"
)

// samples are the modules of the neighbourhood.
func samples(tb testing.TB) map[string][]byte {
	tb.Helper()
	out := map[string][]byte{}
	for _, pattern := range []string{"../testdata/*.wasm", "../wasmbench/*.wasm", "../../../../sdk/tck/testdata/assemblyscript/conformance.wasm"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				tb.Fatal(err)
			}
			out[filepath.Base(name)] = b
		}
	}
	return out
}

// features are those that the runtime gives to guests.
const features = api.CoreFeaturesV2 &^ api.CoreFeatureSIMD

func interpreter(tb testing.TB) wazero.Runtime {
	r := wazero.NewRuntimeWithConfig(context.Background(), wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(features))
	tb.Cleanup(func() { _ = r.Close(context.Background()) })
	return r
}

func valid(r wazero.Runtime, code []byte) error {
	c, err := r.CompileModule(context.Background(), code)
	if err != nil {
		return err
	}
	return c.Close(context.Background())
}

func TestLimits(t *testing.T) {
	big := samples(t)["conformance.wasm"]
	for _, c := range []struct {
		limits Limits
		want   Bound
	}{
		{Limits{Bytes: 100}, Bytes},
		{Limits{Functions: 3}, Functions},
		{Limits{Body: 50}, Body},
		{Limits{Locals: 2}, Locals},
		{Limits{Depth: 2}, Depth},
		{Limits{Compile: 100}, Compile},
	} {
		_, err := Rewrite(big, c.limits)
		var big *TooBigError
		if !errors.As(err, &big) || big.Bound != c.want || big.Got <= big.Most || !errors.Is(err, ErrTooBig) {
			t.Errorf("%+v: error %v, want %q", c.limits, err, c.want)
		}
	}
}

// FuzzRewrite: any bytes give a module or an error, and a valid module stays valid.
func FuzzRewrite(f *testing.F) {
	for _, b := range samples(f) {
		if len(b) < 4096 {
			f.Add(b)
		}
	}
	f.Add(program([]byte{opLoop, emptyBlock, opBr, 0, opEnd}))
	r := interpreter(f)
	f.Fuzz(func(t *testing.T, code []byte) {
		m, err := Rewrite(code, Limits{Bytes: 1 << 16, Table: 1 << 12})
		if err != nil {
			return
		}
		if valid(r, code) != nil {
			return
		}
		if err := valid(r, m.Code); err != nil {
			t.Error(err)
		}
	})
}

// program is a module with one function run(i32, i64) -> i64 of this body (which leaves nothing on the stack), two
// globals, a memory, and locals 2 to 5 of its own: i32, i32, i64, i64. It gives local 5.
func program(body []byte) []byte {
	code := append([]byte{2, 2, 0x7f, 2, 0x7e}, body...)
	code = append(code, opLocalGet, 5, opEnd)
	sec := func(out []byte, id byte, b []byte) []byte {
		return append(putU(append(out, id), uint64(len(b))), b...)
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = sec(out, secType, []byte{1, 0x60, 2, 0x7f, 0x7e, 1, 0x7e})
	out = sec(out, secFunction, []byte{1, 0})
	out = sec(out, secMemory, []byte{1, 0, 1})
	out = sec(out, secGlobal, []byte{2, 0x7f, 1, opI32Const, 7, opEnd, 0x7e, 1, opI64Const, 9, opEnd})
	out = sec(out, secExport, append(append(putName([]byte{2}, "run"), 0, 0), append(putName(nil, "memory"), 2, 0)...))
	return sec(out, secCode, append(putU([]byte{1}, uint64(len(code))), code...))
}

// writer draws valid bodies.
type writer struct {
	t     *rapid.T
	b     []byte
	depth int
	left  int  // statements
	wide  bool // whether statements may be of those that widely writes, for wideProgram
}

func (w *writer) n(most int) int { return rapid.IntRange(0, most-1).Draw(w.t, "n") }

// i32 and i64 push a value.
func (w *writer) i32() {
	switch w.n(4) {
	case 0:
		w.b = append(w.b, opI32Const, byte(w.n(64)))
	case 1:
		w.b = append(w.b, opLocalGet, byte([]int{0, 2, 3}[w.n(3)]))
	case 2:
		w.b = append(w.b, opGlobalGet, 0)
	default: // a load from the first bytes
		w.b = append(w.b, opI32Const, byte(w.n(60)), 0x28, 0, 0)
	}
}

func (w *writer) i64() {
	switch w.n(3) {
	case 0:
		w.b = append(w.b, opI64Const, byte(w.n(64)))
	case 1:
		w.b = append(w.b, opLocalGet, byte([]int{1, 4, 5}[w.n(3)]))
	default:
		w.b = append(w.b, opGlobalGet, 1)
	}
}

func (w *writer) statement() {
	w.left--
	if w.wide && w.n(3) == 0 {
		w.widely()
		return
	}
	switch w.n(11) {
	case 0, 1: // local = i32 op i32; the division may trap
		w.i32()
		w.i32()
		w.b = append(w.b, []byte{0x6a, 0x6b, 0x6c, 0x6e, 0x71, 0x73, 0x48}[w.n(7)], 0x21, byte(2+w.n(2)))
	case 2, 3:
		w.i64()
		w.i64()
		w.b = append(w.b, []byte{0x7c, 0x7d, 0x7e, 0x83, 0x85, 0x89}[w.n(6)], 0x21, byte(4+w.n(2)))
	case 4:
		w.i64()
		w.b = append(w.b, opGlobalSet, 1)
	case 5: // memory.fill of at most 60 bytes
		w.b = append(w.b, opI32Const, byte(w.n(60)))
		w.i32()
		w.b = append(w.b, opI32Const, byte(w.n(60)), opPrefix, 11, 0)
	case 6:
		w.block(opBlock)
	case 7:
		w.i32()
		w.block(opIf)
	case 8:
		w.loop()
	case 9: // leave some block around
		if w.depth == 0 {
			return
		}
		w.i32()
		w.b = append(w.b, opBrIf, byte(w.n(w.depth)))
	default:
		w.leave()
	}
}

func (w *writer) statements() {
	for n := w.n(5); n > 0 && w.left > 0; n-- {
		w.statement()
	}
}

func (w *writer) block(op byte) {
	w.b = append(w.b, op, emptyBlock)
	w.depth++
	w.statements()
	if op == opIf && w.n(2) == 0 {
		w.b = append(w.b, opElse)
		w.statements()
	}
	w.depth--
	w.b = append(w.b, opEnd)
}

// loop goes on while a draw says so; its head leaves it when the counter of all loops, global 0, has run out, since any
// statement may branch back to it.
func (w *writer) loop() {
	w.b = append(w.b, opBlock, emptyBlock, opLoop, emptyBlock)
	w.b = append(w.b, opGlobalGet, 0, opI32Const, 1, 0x6b, opLocalTee, 3, opGlobalSet, 0, opLocalGet, 3, opI32Const, 0, 0x4c, opBrIf, 1)
	w.depth += 2
	w.statements()
	w.i32()
	w.b = append(w.b, opBrIf, 0)
	w.depth -= 2
	w.b = append(w.b, opEnd, opEnd)
}

// leave ends the block, by branch, by return, by branch table or by trap; what follows is dead.
func (w *writer) leave() {
	switch w.n(5) {
	case 0:
		w.b = append(w.b, opBlock, emptyBlock, opBr)
		w.b = append(w.b, w.label(1), opEnd)
	case 1:
		w.b = append(w.b, opBlock, emptyBlock, opBlock, emptyBlock)
		w.i32()
		w.b = append(w.b, opBrTable, 2, w.label(2), w.label(2), w.label(2), opEnd)
		w.statements2(1)
		w.b = append(w.b, opEnd)
	case 2:
		w.i64()
		w.b = append(w.b, opReturn)
		w.statements()
	case 3: // as an interpreter does it
		w.b = append(w.b, opBlock, emptyBlock, opBlock, emptyBlock)
		w.i32()
		w.b = append(w.b, opBrTable, 1, 0, 1, opEnd)
		w.statements2(1)
		w.b = append(w.b, opEnd)
	default:
		w.b = append(w.b, opUnreachable)
		w.statements()
	}
}

// label is that of a block that is open, of which so many were not counted.
func (w *writer) label(more int) byte { return byte(w.n(w.depth + more)) }

func (w *writer) statements2(more int) {
	w.depth += more
	w.statements()
	w.depth -= more
}

func ExampleRewrite() {
	spin := program([]byte{opLoop, emptyBlock, opBr, 0, opEnd})
	m, _ := Rewrite(spin, Limits{Fuel: 1000})
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	mod, _ := r.Instantiate(ctx, m.Code)
	_, err := mod.ExportedFunction("run").Call(ctx, 0, 0)
	fmt.Println(strings.SplitN(err.Error(), "\n", 2)[0])
	fmt.Println(int64(mod.ExportedGlobal(BudgetExport).Get()) < 0)
	// Output:
	// wasm error: unreachable
	// true
}
