package runner

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
)

// How a hostile module ends.
const (
	asModule = "bad module"
	asConfig = "refused its configuration"
	asState  = "refused the state"
	asFuel   = "out of fuel"
	asTrap   = "trap"
	asNothin = "nothing" // it can do no harm
	asAny    = "any"     // of the above; what it is hardly matters
	asBomb   = "bomb"    // nothing, where it compiles within the limits; else a bad module
)

// hostile is a module, and how it has to end.
type hostile struct {
	family, name string
	code         []byte
	want         string
}

// corpus gives all hostile modules, the same each time.
func corpus() []hostile {
	var all []hostile
	for _, f := range []struct {
		name string
		make func(add func(name, want string, code []byte))
	}{
		{"loops", loops}, {"exponential calls", exponential}, {"recursion", recursion}, {"bulk memory", bulk}, {"memory", memories}, {"tables", tables},
		{"compile bombs", bombs}, {"floods", floods}, {"lies of handle_batch", liesOfHandle}, {"lies of others", liesOfOthers}, {"malformed", malformed}, {"flipped", flipped},
		{"data", datas}, {"imports", importing}, {"wasi", calling}, {"output", printing}, {"traps", trapping}, {"names", naming}, {"store", storing},
	} {
		f.make(func(name, want string, code []byte) { all = append(all, hostile{f.name, name, code, want}) })
	}
	return all
}

func in(where string, body ...[]byte) mod {
	return mod{bodies: map[string][]byte{where: join(body...)}}
}

// ends is what an error in an export becomes.
var ends = map[string]string{"sothebais_abi_v1": asModule, "alloc": asTrap, "configure": asConfig, "handle_batch": asTrap, "save": asTrap, "restore": asState}

func loops(add func(string, string, []byte)) {
	for _, e := range exports {
		want := ends[e.name]
		if e.name == "handle_batch" || e.name == "save" {
			want = asFuel
		}
		if e.name == "alloc" {
			want = asAny // asked when there is something to write
		}
		add("in "+e.name, want, in(e.name, forever(), trap).bytes())
		add("with loads in "+e.name, want, in(e.name, forever(i32(8), []byte{0x28, 2, 0}, drop), trap).bytes())
	}
	add("in the start function", asModule, mod{start: forever()}.bytes())
	add("in _initialize", asModule, mod{init: forever()}.bytes())
	add("of divisions", asFuel, in("handle_batch", forever(i64(7), i64(3), []byte{0x7f}, drop), trap).bytes())
}

// exponential are functions that call the next one twice, without a loop anywhere.
func exponential(add func(string, string, []byte)) {
	for _, where := range []string{"configure", "handle_batch", "restore"} {
		for _, depth := range []int{24, 32, 40, 64, 200} {
			m := in(where, call_(firstExtra), i64(0))
			for i := range depth {
				m.extra = append(m.extra, function{typeNone, nil, join(call_(firstExtra+i+1), call_(firstExtra+i+1))})
			}
			m.extra = append(m.extra, function{typeNone, nil, nil})
			want := ends[where]
			if where == "handle_batch" {
				want = asFuel
			}
			add(fmt.Sprintf("%d deep in %s", depth, where), want, m.bytes())
		}
	}
}

func recursion(add func(string, string, []byte)) {
	for _, locals := range []uint64{0, 1, 100, 1000, 8000} {
		m := in("handle_batch", call_(firstExtra), i64(0))
		m.extra = []function{{typeNone, join([]byte{1}, u(locals), []byte{0x7e}), call_(firstExtra)}}
		add(fmt.Sprintf("with %d locals", locals), asTrap, m.bytes())
		m = in("handle_batch", i64(0), []byte{0x1a}, i64(1), i64(2), call_(firstExtra))
		m.extra = []function{{typeBinary, join([]byte{1}, u(locals), []byte{0x7e}), join(i64(1), i64(2), call_(firstExtra), i64(1), []byte{0x7c})}}
		add(fmt.Sprintf("with %d locals and a sum", locals), asTrap, m.bytes())
	}
	m := mod{start: call_(firstExtra)}
	m.extra = []function{{typeNone, nil, call_(firstExtra)}}
	add("in the start function", asModule, m.bytes())
	m = in("handle_batch", i32(0), []byte{0x11, typeNone, 0}, i64(0))
	m.table, m.elems = 1, join([]byte{1, 0}, i32(0), []byte{0x0b, 1, firstExtra})
	m.extra = []function{{typeNone, nil, join(i32(0), []byte{0x11, typeNone, 0})}}
	add("through a table", asTrap, m.bytes())
}

func bulk(add func(string, string, []byte)) {
	fill := func(n int32) []byte { return join(i32(0), i32(0xff), i32(n), []byte{0xfc, 11, 0}) }
	copy := func(n int32) []byte { return join(i32(0), i32(8), i32(n), []byte{0xfc, 10, 0, 0}) }
	for _, pages := range []uint64{1, 16, 64} {
		n := int32(pages*65536) - 16
		for name, op := range map[string][]byte{"fill": fill(n), "copy": copy(n)} {
			m := in("handle_batch", forever(op), trap)
			m.pages = pages
			add(fmt.Sprintf("endless %s of %d pages", name, pages), asFuel, m.bytes())
			m = in("handle_batch", repeat(300, op), i64(0))
			m.pages = pages
			want := asFuel
			if pages == 1 {
				want = asAny
			}
			add(fmt.Sprintf("300 times %s of %d pages", name, pages), want, m.bytes())
		}
	}
	m := in("handle_batch", forever(fill(32<<20-16)), trap)
	m.pages = 512
	add("endless fill of all that it may have", asFuel, m.bytes())
	add("fill outside", asTrap, in("handle_batch", fill(1<<30), i64(0)).bytes())
	add("copy outside", asTrap, in("handle_batch", copy(-1), i64(0)).bytes())
}

func memories(add func(string, string, []byte)) {
	grow := func(pages int32) []byte { return join(i32(pages), []byte{0x40, 0}, drop) }
	for _, pages := range []int32{0, 1, 16, 100, 511, 65535, -1} {
		add(fmt.Sprintf("endless growth by %d", pages), asFuel, in("handle_batch", forever(grow(pages)), trap).bytes())
	}
	add("growth in the start function", asModule, mod{start: forever(grow(1))}.bytes())
	add("growth until there is no more, in configure", asConfig, in("configure", forever(grow(1)), trap).bytes())
	for _, pages := range []uint64{513, 4096, 65536, 65537, 1 << 31} {
		add(fmt.Sprintf("begins with %d pages", pages), asModule, mod{pages: pages}.bytes())
	}
	add("two memories", asModule, mod{sect: []section{{5, []byte{2, 0, 1, 0, 1}}}}.bytes())
	add("no memory", asModule, mod{sect: []section{{5, []byte{0}}}}.bytes())
	add("memory with less at most than at least", asModule, mod{sect: []section{{5, []byte{1, 1, 9, 1}}}}.bytes())
}

func tables(add func(string, string, []byte)) {
	for _, n := range []uint64{1<<17 + 1, 10_000_000, 1 << 31, 1<<32 - 1} {
		add(fmt.Sprintf("of %d entries", n), asModule, mod{table: n}.bytes())
	}
	many := append(u(1000), repeat(1000, join([]byte{0x70, 0}, u(100_000)))...)
	add("a thousand", asModule, mod{sect: []section{{4, many}}, table: 1}.bytes())
	m := in("handle_batch", forever([]byte{0xd0, 0x70}, i32(1<<20), []byte{0xfc, 15, 0}, drop), trap)
	m.table = 1
	add("that grows", asModule, m.bytes())
	m = in("handle_batch", forever(i32(0), []byte{0xd0, 0x70}, i32(1000), []byte{0xfc, 17, 0}), trap)
	m.table = 1000
	add("that is filled", asModule, m.bytes())
	m = in("handle_batch", i32(0), []byte{0xd0, 0x70, 0x26, 0}, i64(0))
	m.table = 1
	add("that is written to", asModule, m.bytes())
	m = in("handle_batch", i32(77), []byte{0x11, typeNone, 0}, i64(0))
	m.table = 1
	add("call outside", asTrap, m.bytes())
	m = in("handle_batch", i32(0), []byte{0x11, typeNone, 0}, i64(0))
	m.table = 1
	add("call of nothing", asTrap, m.bytes())
	m = in("handle_batch", i32(0), []byte{0x11, typeNone, 0}, i64(0))
	m.table, m.elems = 1, join([]byte{1, 0}, i32(0), []byte{0x0b, 1, 0})
	add("call with a wrong type", asTrap, m.bytes())
}

// bombs are small or plain, and hard on a compiler. What the limits let through has to compile in time.
func bombs(add func(string, string, []byte)) {
	sum := func(n int) []byte { return join(i64(1), repeat(n, join(i64(3), []byte{0x7c}))) }
	for _, n := range []int{10_000, 300_000} {
		add(fmt.Sprintf("a sum of %d terms", n), asBomb, withBody(join(sum(n), drop)))
	}
	add("a function of two megabytes", asModule, withBody(join(sum(700_000), drop)))
	for _, n := range []uint64{8000, 8193, 50_000, 50_000_000, 1<<32 - 1} {
		want := asModule
		if n <= 8192 {
			want = asNothin
		}
		m := mod{}
		m.extra = []function{{typeNone, join([]byte{1}, u(n), []byte{0x7e}), nil}}
		add(fmt.Sprintf("%d locals", n), want, m.bytes())
	}
	m := mod{}
	m.extra = []function{{typeNone, join(u(2000), repeat(2000, []byte{4, 0x7f})), repeat(2000, join([]byte{0x20, 1}, []byte{0x21, 2}))}}
	add("locals in 2000 groups", asAny, m.bytes())
	for _, n := range []int{1000, 16_000, 16_400, 300_000} {
		want := asModule
		if n <= 16_384 {
			want = asBomb
		}
		add(fmt.Sprintf("%d blocks deep", n), want, withBody(join(repeat(n, []byte{0x02, 0x40}), repeat(n, []byte{0x0b}))))
	}
	for _, n := range []int{1000, 200_000} {
		body := join([]byte{0x02, 0x40}, i32(0), []byte{0x0e}, u(uint64(n)), repeat(n, []byte{0}), []byte{0}, []byte{0x0b})
		add(fmt.Sprintf("br_table with %d targets", n), asBomb, withBody(body))
	}
	for _, n := range []int{200, 2000} {
		arm := join([]byte{0x02, 0x40}, i32(0), []byte{0x0e}, u(200), repeat(200, []byte{0}), []byte{0}, []byte{0x0b})
		add(fmt.Sprintf("%d tables of branches", n), asBomb, withBody(repeat(n, arm)))
	}
	for _, n := range []int{10_000, 60_000, 70_000} {
		want := asBomb
		if n > 65_536 {
			want = asModule
		}
		m := mod{extra: make([]function, n)}
		for i := range m.extra {
			m.extra[i] = function{typ: typeNone}
		}
		add(fmt.Sprintf("%d functions", n), want, m.bytes())
	}
	ifs := join(i32(1), []byte{0x04, 0x40}, i32(8), i32(1), []byte{0x36, 2, 0, 0x0b})
	add("20000 conditions", asBomb, withBody(repeat(20_000, ifs)))
	live := join(repeat(900, []byte{0x20, 0}), i64(1), repeat(900, []byte{0x7c}), drop)
	m = mod{types: []string{"l:"}}
	m.extra = []function{{byte(len(types)), nil, repeat(60, live)}}
	add("many values alive at once", asBomb, m.bytes())
	calls := repeat(20_000, join(i64(1), i64(2), call_(firstExtra+1), drop))
	m = mod{extra: []function{{typeNone, nil, calls}, {typeBinary, nil, i64(0)}}}
	add("20000 calls", asBomb, m.bytes())
	m = mod{types: slices.Repeat([]string{strings.Repeat("l", 1000) + ":"}, 50)}
	add("types of a thousand parameters", asAny, m.bytes())
	m = mod{types: slices.Repeat([]string{":l"}, 100_000)}
	add("a hundred thousand types", asAny, m.bytes())
	globals := append(u(100_000), repeat(100_000, join([]byte{0x7e, 1}, i64(1), []byte{0x0b}))...)
	add("a hundred thousand globals", asModule, mod{sect: []section{{6, globals}}}.bytes())
}

func withBody(body []byte) []byte {
	return mod{extra: []function{{typeNone, nil, body}}}.bytes()
}

// answering is a plugin that leaves bytes behind and says where.
func answering(out []byte, at, size uint32, pages uint64) []byte {
	m := in("handle_batch", i64(int64(uint64(at)<<32|uint64(size))))
	m.pages = pages
	if len(out) > 0 {
		m.data = [][]byte{join([]byte{0}, i32(4096), []byte{0x0b}, u(uint64(len(out))), out)}
	}
	return m.bytes()
}

// command is the shortest one of a kind; events, fields and size may lie.
func command(kind uint16, fields byte, size, event uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, size)
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = append(b, fields, 0)
	b = binary.LittleEndian.AppendUint32(b, event)
	return append(b, 0, 0, 0, 0)
}

func batchOf(count uint32, cmds ...[]byte) []byte {
	body := join(cmds...)
	b := binary.LittleEndian.AppendUint32(nil, count)
	b = binary.LittleEndian.AppendUint32(b, uint32(8+len(body)))
	return append(b, body...)
}

func floods(add func(string, string, []byte)) {
	for _, n := range []uint32{64, 129, 1000, 16_000} {
		out := batchOf(n, repeat(int(n), command(2, 0, 16, 0)))
		add(fmt.Sprintf("%d commands", n), asNothin, answering(out, 4096, uint32(len(out)), 8))
		out = batchOf(n, repeat(int(n), command(999, 0, 16, 0)))
		add(fmt.Sprintf("%d unknown commands", n), asNothin, answering(out, 4096, uint32(len(out)), 8))
	}
	out := batchOf(20_000, repeat(20_000, command(2, 0, 16, 0)))
	add("more than may be answered", asTrap, answering(out, 4096, uint32(len(out)), 8))
	add("all of its memory", asTrap, answering(nil, 0, 32<<20, 512))
}

func liesOfHandle(add func(string, string, []byte)) {
	for _, p := range [][2]uint32{{0, 8}, {65536, 8}, {65535, 2}, {65532, 8}, {0xffffffff, 1}, {0xffffffff, 0xffffffff}, {0, 0xffffffff}, {0, 0x80000000}, {0x80000000, 16},
		{4096, 1}, {4096, 7}, {1, 0}, {0, 1}, {65528, 8}, {3, 8}} {
		add(fmt.Sprintf("%#x bytes at %#x", p[1], p[0]), asTrap, answering(nil, p[0], p[1], 1))
	}
	one := command(2, 0, 16, 0)
	for name, out := range map[string][]byte{
		"more commands than there are": batchOf(5, one), "fewer commands than there are": batchOf(0, one), "four thousand million commands": batchOf(0xffffffff, one),
		"size of nothing": batchOf(1, command(2, 0, 0, 0)), "odd size": batchOf(1, command(2, 0, 17, 0)), "great size": batchOf(1, command(2, 0, 0xfffffff8, 0)),
		"more fields than fit": batchOf(1, command(2, 255, 16, 0)), "an event that was not heard": batchOf(1, command(2, 0, 16, 64)),
		"the last event of all": batchOf(1, command(2, 0, 16, 0xffffffff)), "half a command": batchOf(1, one[:12]),
		"text outside":           batchOf(1, command(1, 1, 24, 0), []byte{0, 0, 0, 0x40, 8, 0, 0, 0}),
		"text that ends outside": batchOf(1, command(1, 1, 24, 0), []byte{24, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}),
		"text in the head":       batchOf(1, command(1, 1, 24, 0), []byte{0, 0, 0, 0, 16, 0, 0, 0}),
		"text that is no text":   batchOf(1, command(1, 1, 32, 0), []byte{24, 0, 0, 0, 4, 0, 0, 0, 0xff, 0xfe, 0xff, 0xfe, 0, 0, 0, 0}),
	} {
		add(name, asTrap, answering(out, 4096, uint32(len(out)), 1))
	}
	short := batchOf(1, one)
	binary.LittleEndian.PutUint32(short[4:], 4)
	add("a buffer that says it is shorter", asTrap, answering(short, 4096, uint32(len(short)), 1))
}

func liesOfOthers(add func(string, string, []byte)) {
	add("configure gives nothing at 0x100", asNothin, in("configure", i64(1<<40)).bytes())
	for _, v := range []int64{1, -1, 1<<32 | 9000, -1 << 32, 0xffff<<32 | 100} {
		add(fmt.Sprintf("configure gives %#x", uint64(v)), asConfig, in("configure", i64(v)).bytes())
		add(fmt.Sprintf("restore gives %#x", uint64(v)), asState, in("restore", i64(v)).bytes())
	}
	for _, v := range []int64{-1, -0xffff<<32 | 100, 1<<32 | 0xffffffff, 2 << 20} {
		add(fmt.Sprintf("save gives %#x", uint64(v)), asTrap, in("save", i64(v)).bytes())
	}
	for _, v := range []int32{0, -1, 65536, 65535, -65536} {
		add(fmt.Sprintf("alloc gives %#x", uint32(v)), asTrap, in("alloc", i32(v)).bytes())
	}
	for _, v := range []int64{4, -1, 1 << 62} {
		add(fmt.Sprintf("needs %#x", uint64(v)), asModule, in("sothebais_abi_v1", i64(v)).bytes())
	}
}

func malformed(add func(string, string, []byte)) {
	whole := mod{}.bytes()
	for n := 0; n < len(whole); n += max(1, len(whole)/24) {
		add(fmt.Sprintf("the first %d bytes", n), asModule, whole[:n:n])
	}
	add("zeros", asModule, make([]byte, 4096))
	add("another version", asModule, append([]byte("\x00asm\x02\x00\x00\x00"), whole[8:]...))
	add("a component", asModule, append([]byte("\x00asm\x0d\x00\x01\x00"), whole[8:]...))
	add("something behind", asModule, append(slices.Clone(whole), 1, 2, 3))
	add("a section that is longer than the module", asModule, append(slices.Clone(whole), 0, 0xff, 0xff, 0xff, 0x7f, 0))
	add("a length of six bytes", asModule, append(slices.Clone(whole), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f))
	add("an unknown section", asModule, append(slices.Clone(whole), 77, 0))
	add("sections twice", asModule, append(slices.Clone(whole), whole[8:]...))
	add("more functions than code", asModule, mod{sect: []section{{3, append(u(7), typeNone, 0, 0, 0, 0, 0, 0)}}}.bytes())
	add("four thousand million types", asModule, mod{sect: []section{{1, u(1<<32 - 1)}}}.bytes())
	add("an invalid body", asModule, in("handle_batch", i32(1)).bytes())
	add("an unknown instruction", asModule, in("handle_batch", []byte{0xff}).bytes())
	add("vectors", asModule, in("handle_batch", []byte{0xfd, 12}, make([]byte, 16), drop, i64(0)).bytes())
	add("atomics", asModule, in("handle_batch", []byte{0xfe, 3, 0}, i64(0)).bytes())
	add("tail calls", asModule, in("handle_batch", i64(0), []byte{0x12, 0}).bytes())
	add("exports that are not there", asModule, mod{leave: []string{"handle_batch"}}.bytes())
	add("nothing exported", asModule, mod{sect: []section{{7, []byte{0}}}}.bytes())
	add("an empty module", asModule, []byte("\x00asm\x01\x00\x00\x00"))
}

// flipped have some bits of a real guest the other way.
func flipped(add func(string, string, []byte)) {
	rng := rand.New(rand.NewPCG(7, 7))
	base := in("handle_batch", forever(i32(8), []byte{0x28, 2, 0}, drop), trap)
	base.table, base.elems = 4, join([]byte{1, 0}, i32(0), []byte{0x0b, 1, 0})
	whole := base.bytes()
	for i := range 24 {
		b := slices.Clone(whole)
		for range 1 + i%4 {
			b[8+rng.IntN(len(b)-8)] ^= 1 << rng.IntN(8)
		}
		add(fmt.Sprintf("variant %d", i), asAny, b)
	}
}

func datas(add func(string, string, []byte)) {
	segment := func(at int32, n int) []byte {
		return join([]byte{0}, i32(at), []byte{0x0b}, u(uint64(n)), make([]byte, n))
	}
	add("15 megabytes", asNothin, mod{pages: 256, data: [][]byte{segment(0, 15<<20)}}.bytes())
	add("17 megabytes", asModule, mod{pages: 512, data: [][]byte{segment(0, 17<<20)}}.bytes())
	add("outside of memory", asModule, mod{data: [][]byte{segment(65530, 100)}}.bytes())
	add("at a negative place", asModule, mod{data: [][]byte{segment(-8, 8)}}.bytes())
	add("a hundred thousand pieces", asAny, mod{data: slices.Repeat([][]byte{segment(0, 1)}, 100_000)}.bytes())
}

func importing(add func(string, string, []byte)) {
	fn := func(module, name string) mod {
		return mod{imports: []imported{{module, name, []byte{0, typeNone}}}}
	}
	for _, im := range [][2]string{{"env", "abort"}, {"env", "system"}, {"wasi_snapshot_preview1", "no_such"}, {"wasi_snapshot_preview1", "fd_write"}, {"wasi_unstable", "fd_write"},
		{"sothebais_v1", "no_such"}, {"sothebais_v1", "store_get"}, {"", ""}} {
		add(fmt.Sprintf("function %s.%s", im[0], im[1]), asModule, fn(im[0], im[1]).bytes())
	}
	add("memory", asModule, mod{imports: []imported{{"env", "memory", []byte{2, 0, 1}}}}.bytes())
	add("table", asModule, mod{imports: []imported{{"env", "table", []byte{1, 0x70, 0, 1}}}}.bytes())
	add("global", asModule, mod{imports: []imported{{"env", "g", []byte{3, 0x7e, 1}}}}.bytes())
	add("ten thousand", asModule, mod{imports: slices.Repeat([]imported{{"env", "f", []byte{0, typeNone}}}, 10_000)}.bytes())
}

// calling are all functions of WASI, called for ever with numbers that are not meant for them.
func calling(add func(string, string, []byte)) {
	for name, params := range map[string]string{
		"args_get": "ii", "environ_get": "ii", "clock_time_get": "ili", "clock_res_get": "ii", "fd_write": "iiii", "fd_read": "iiii", "fd_fdstat_get": "ii", "path_open": "iiiiillii",
		"poll_oneoff": "iiii", "random_get": "ii", "sched_yield": "", "sock_send": "iiiii", "fd_readdir": "iiili", "fd_prestat_get": "ii", "proc_raise": "i", "fd_seek": "ilii",
	} {
		for _, v := range []int64{0, 1, 65535, -1} {
			var args []byte
			for _, p := range params {
				if p == 'l' {
					args = append(args, i64(v)...)
				} else {
					args = append(args, i32(int32(v))...)
				}
			}
			m := in("handle_batch", forever(args, call_(0), drop), trap)
			m.types = []string{params + ":i"}
			m.imports = []imported{{"wasi_snapshot_preview1", name, []byte{0, byte(len(types))}}}
			add(fmt.Sprintf("%s(%d)", name, v), asFuel, m.bytes())
		}
	}
	for _, code := range []int32{0, 1, 255, -1} {
		m := in("handle_batch", i32(code), call_(0), i64(0))
		m.types = []string{"i:"}
		m.imports = []imported{{"wasi_snapshot_preview1", "proc_exit", []byte{0, byte(len(types))}}}
		add(fmt.Sprintf("proc_exit(%d)", code), asTrap, m.bytes())
	}
	m := mod{start: join(i32(0), call_(0)), types: []string{"i:"}, imports: []imported{{"wasi_snapshot_preview1", "proc_exit", []byte{0, byte(len(types))}}}}
	add("proc_exit in the start function", asModule, m.bytes())
}

func printing(add func(string, string, []byte)) {
	for _, size := range []uint32{1, 1000, 60_000, 0xffffffff} {
		iov := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, 4096), size)
		m := in("handle_batch", forever(i32(1), i32(0), i32(16), i32(8192), call_(0), drop), trap)
		m.types, m.imports = []string{"iiii:i"}, []imported{{"wasi_snapshot_preview1", "fd_write", []byte{0, byte(len(types))}}}
		m.data = [][]byte{join([]byte{0}, i32(0), []byte{0x0b}, u(128), repeat(16, iov)), join([]byte{0}, i32(4096), []byte{0x0b}, u(4000), repeat(400, []byte("a line\n\xff\x00\x1b")))}
		add(fmt.Sprintf("endless lines of %d bytes", size), asFuel, m.bytes())
	}
}

func trapping(add func(string, string, []byte)) {
	for name, code := range map[string][]byte{
		"unreachable": trap, "division by zero": join(i64(1), i64(0), []byte{0x7f}), "division of the least": join(i64(-1<<63), i64(-1), []byte{0x7f}),
		"load outside": join(i32(-8), []byte{0x29, 3, 0}), "load with a great offset": join(i32(-1), []byte{0x29, 3, 0xff, 0xff, 0xff, 0xff, 0x0f}),
		"store outside": join(i32(65536), i64(1), []byte{0x37, 3, 0}, i64(0)),
	} {
		for _, where := range []string{"configure", "handle_batch", "save", "restore"} {
			add(name+" in "+where, ends[where], in(where, code).bytes())
		}
	}
}

func naming(add func(string, string, []byte)) {
	add("the host's own names", asModule, mod{names: []string{"sothebais:fuel"}}.bytes())
	add("the same name twice", asModule, mod{names: []string{"alloc"}}.bytes())
	add("a name of a megabyte", asAny, mod{names: []string{strings.Repeat("n", 1<<20)}}.bytes())
	add("a name that is no text", asModule, mod{names: []string{"\xff\xfe"}}.bytes())
	add("fifty thousand names", asAny, mod{names: numbered(50_000)}.bytes())
}

func numbered(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprint("n", i)
	}
	return out
}

func storing(add func(string, string, []byte)) {
	put := mod{types: []string{"iiii:l"}, imports: []imported{{"sothebais_v1", "store_put", []byte{0, byte(len(types))}}}}
	for name, args := range map[string][4]int32{"bytes": {0, 1, 0, 1}, "nothing": {0, 0, 0, 0}, "all memory": {0, -1, 0, -1}, "outside": {65535, 100, 65535, 100}} {
		m := put
		call := forever(i32(args[0]), i32(args[1]), i32(args[2]), i32(args[3]), call_(0), drop)
		m.bodies = map[string][]byte{"handle_batch": join(call, trap)}
		add("without saying so: "+name, asModule, m.bytes())
		m.bodies = map[string][]byte{"handle_batch": join(call, trap), "sothebais_abi_v1": i64(1)}
		add("without permission: "+name, asFuel, m.bytes())
	}
}

// hostileConfig ends what would take long, sooner.
func hostileConfig() Config {
	return Config{LoadFuel: 50_000_000, CompileCPU: 2 * time.Second, LoadTime: 30 * time.Second, BatchTime: 30 * time.Second, Heartbeat: time.Hour}
}

func hostileManifest() *plugin.Manifest {
	m := manifest()
	m.Limits.Fuel = 1_000_000
	return m
}

// end plays a module as a show would, and says how that ends.
func end(ctx context.Context, r *Runtime, h hostile) (string, error) {
	pg, err := r.Load(ctx, plugin.Spec{Manifest: hostileManifest(), Files: files(h.code)})
	if err != nil {
		return class(err), err
	}
	g := pg.(*guest)
	defer func() { _ = g.Close(ctx) }()
	steps := []func() error{
		func() error {
			_, err := g.HandleBatch(ctx, []event.Event{tick(1), ask(2, "x")})
			return err
		},
		func() error { _, err := g.Save(ctx); return err },
		func() error { return g.Restore(ctx, []byte("state")) },
	}
	var first error
	for _, step := range steps {
		if err := step(); err != nil && first == nil {
			first = err
		}
	}
	if first == nil {
		return asNothin, nil
	}
	return class(first), first
}

func class(err error) string {
	var trap *plugin.TrapError
	switch {
	case errors.Is(err, plugin.ErrDead):
		return "dead"
	case errors.Is(err, plugin.ErrModule):
		return asModule
	case errors.Is(err, plugin.ErrConfig):
		return asConfig
	case errors.Is(err, plugin.ErrState):
		return asState
	case errors.Is(err, plugin.ErrFuel):
		return asFuel
	case errors.As(err, &trap):
		return asTrap
	}
	return "unknown"
}

// TestHostile: whatever a module tries, it ends with the error that tells of it, and nothing else does. In short mode it
// is one in five.
func TestHostile(t *testing.T) {
	all := corpus()
	if len(all) < 200 {
		t.Fatalf("%d modules, want 200", len(all))
	}
	if testing.Short() {
		all = slices.DeleteFunc(all, func(h hostile) bool { return len(h.code)%5 != 0 || h.family == "compile bombs" })
	}
	r := newRuntime(t, hostileConfig())
	work := make(chan hostile)
	var done sync.WaitGroup
	for range 2 * runtime.NumCPU() {
		done.Go(func() {
			for h := range work {
				start := time.Now()
				got, err := end(t.Context(), r, h)
				if took := time.Since(start); took > 3*time.Second {
					t.Logf("%s, %s: took %v", h.family, h.name, took)
				}
				fits := got == h.want || h.want == asBomb && (got == asNothin || got == asModule) || h.want == asTrap && got == asFuel || h.want == asAny && got != "dead" && got != "unknown"
				if !fits || err != nil && strings.Contains(err.Error(), "process was lost") {
					t.Errorf("%s, %s: %s (%v); want %s", h.family, h.name, got, err, h.want)
				}
			}
		})
	}
	for _, h := range all {
		work <- h
	}
	close(work)
	done.Wait()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d modules, %.1f s of processor time", len(all), time.Duration(used.Utime.Nano()+used.Stime.Nano()).Seconds())
}

// BenchmarkHostileStall is how late a ticker of a millisecond comes, at worst and in one of a hundred cases, while hostile
// modules run in processes of their own, and for as long while nothing does. On a machine with other work both are late.
func BenchmarkHostileStall(b *testing.B) {
	all := slices.DeleteFunc(corpus(), func(h hostile) bool { return len(h.code)%7 != 0 })
	r := newRuntime(b, hostileConfig())
	for b.Loop() {
		start := time.Now()
		with := late(func() {
			for _, h := range all {
				_, _ = end(b.Context(), r, h) // how it ends is TestHostile's
			}
		})
		took := time.Since(start)
		without := late(func() { time.Sleep(took) })
		b.ReportMetric(with[len(with)-1], "hostile_stall_ms")
		b.ReportMetric(with[len(with)*99/100], "hostile_p99_ms")
		b.ReportMetric(without[len(without)-1], "control_stall_ms")
		b.ReportMetric(without[len(without)*99/100], "control_p99_ms")
	}
}

// late gives by how many milliseconds each tick came late while f ran, in order of that.
func late(f func()) []float64 {
	stop, res := make(chan struct{}), make(chan []float64)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		var out []float64
		for last := time.Now(); ; {
			select {
			case <-stop:
				slices.Sort(out)
				res <- out
				return
			case <-tick.C:
				out = append(out, max(0, float64(time.Since(last)-time.Millisecond)/1e6))
				last = time.Now()
			}
		}
	}()
	f()
	close(stop)
	return <-res
}
