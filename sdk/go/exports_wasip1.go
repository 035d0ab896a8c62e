//go:build wasip1

package guest

import (
	"runtime"
	"unsafe"
)

// turnEvery is how many events go by before the runtime gets a turn. A reactor never returns to the scheduler by
// itself, and without a turn now and then the collector's work is never done and memory grows without end.
const turnEvery = 64

//go:wasmexport sothebais_abi_v1
func abiV1(host uint64) uint64 { return uint64(current.plugin.Needs) }

//go:wasmexport alloc
func alloc(n uint32) uint32 {
	if int(n) > len(current.in) {
		current.in = make([]byte, n)
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(current.in))))
}

//go:wasmexport configure
func configure(ptr, n uint32) uint64 { return current.fail(current.configure(current.input(n))) }

//go:wasmexport restore
func restore(ptr, n uint32) uint64 { return current.fail(current.restore(current.input(n))) }

//go:wasmexport migrate
func migrate(version, ptr, n uint32) uint64 {
	return current.fail(current.migrate(int(version), current.input(n)))
}

//go:wasmexport save
func save() uint64 {
	current.text = current.save()
	return packed(current.text)
}

//go:wasmexport handle_batch
func handleBatch(ptr, n uint32) uint64 {
	out := packed(current.handle(current.in[:n]))
	if current.events >= turnEvery {
		current.events = 0
		runtime.Gosched()
	}
	return out
}

// input is a copy of the first n bytes of the input buffer, which the plugin may keep.
func (g *instance) input(n uint32) []byte { return append([]byte(nil), g.in[:n]...) }

func (g *instance) fail(err error) uint64 {
	if err == nil {
		return 0
	}
	g.text = []byte(err.Error())
	if len(g.text) == 0 {
		g.text = []byte("failed without a reason")
	}
	return packed(g.text)
}

func packed(b []byte) uint64 {
	if len(b) == 0 {
		return 0
	}
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))<<32 | uint64(len(b))
}
