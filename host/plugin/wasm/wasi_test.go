package wasm

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/sys"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// TestBoundsDocumented: docs/plugin-abi.md names each function of WASI that does something and no other, and each limit.
func TestBoundsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/plugin-abi.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "All functions of preview 1 may be imported")
	table, _, _ = strings.Cut(table, "\n\n## ")
	for name := range wasiParams {
		if told := strings.Contains(table, "`"+name+"`"); told != (wasiFuncs[name] != nil) {
			t.Errorf("%s is told: %t", name, told)
		}
	}
	_, limits, _ := strings.Cut(string(doc), "`sothebais_plugin_limits_passed_total`: ")
	limits, _, _ = strings.Cut(limits, ".\n")
	var want []string
	for l := range plugin.Limit(plugin.NumLimits) {
		want = append(want, "`"+l.String()+"`")
	}
	if got := strings.Fields(strings.ReplaceAll(limits, ",", " ")); !slices.Equal(got, want) {
		t.Errorf("the limits are %v, want %v", got, want)
	}
}

// FuzzHostCalls: whatever a guest hands to a function of the host, and wherever it points, it gets an answer of the
// contract or a trap, and nothing is read or written that is not its own.
func FuzzHostCalls(f *testing.F) {
	c := newCore(f, newRuntime(f, Config{}), read(f, "echo.wasm"))
	if err := c.Start(nil); err != nil {
		f.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(wasiFuncs))
	for i := range len(names) + 2 {
		f.Add(byte(i), uint32(0), uint32(16), uint32(2), uint32(64), []byte("\x40\x00\x00\x00\x08\x00\x00\x00\x50\x00\x00\x00\xff\xff\xff\xff"))
		f.Add(byte(i), uint32(2), uint32(65528), uint32(0xffffffff), uint32(0xfffffff0), []byte("panic: fox\n"))
	}
	f.Fuzz(func(t *testing.T, which byte, a, b, p, q uint32, memory []byte) {
		box, mem := &c.g.box, c.g.inst.mem
		box.at(1, 1)
		box.store = newStore(plugin.Store{Granted: true, Quota: 1000, Content: map[string][]byte{"a": []byte("value")}})
		box.store.open = true
		mem.Write(0, memory[:min(len(memory), int(mem.Size()))])
		defer func() {
			switch r := recover().(type) {
			case nil, *plugin.TrapError, *sys.ExitError:
			default:
				t.Errorf("it panics with %v", r)
			}
			if s := &box.store; s.size > s.quota || len(box.words) > 2*maxLogLine || len(box.line) > maxLogLine {
				t.Errorf("the store has %d bytes, its words %d, its line %d", s.size, len(box.words), len(box.line))
			}
		}()
		stack := []uint64{uint64(a), uint64(b), uint64(p), uint64(q)}
		switch i := int(which) % (len(names) + 2); i - len(names) {
		case 0:
			if n := storeGet(box, mem, stack); n != abi.StoreAbsent && (n <= 0 || n > 1000) {
				t.Errorf("store_get gives %d", n)
			}
		case 1:
			if n := storePut(box, mem, stack); n != 0 && n != abi.StoreFull && n != abi.StoreBadKey {
				t.Errorf("store_put gives %d", n)
			}
		default:
			if n := wasiFuncs[names[i]](box, mem, stack); n != wasiOK && n != wasiBadF && n != wasiFault {
				t.Errorf("%s gives %d", names[i], n)
			}
		}
	})
}
