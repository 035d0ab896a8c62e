// Command extismgo is the rival's guest in Go, with the rival's kit: 300 bytes in, a key looked up with the host, 200
// bytes handed to the host.
package main

import (
	"encoding/binary"

	pdk "github.com/extism/go-pdk"
)

//go:wasmimport extism:host/user emit
func emit(offset uint64)

//go:wasmimport extism:host/user lookup
func lookup(offset uint64) uint64

func main() {}

//go:wasmexport handle
func handle() int32 {
	in := pdk.Input()
	sum := binary.LittleEndian.Uint64(in[24:])
	key := pdk.AllocateBytes(in[32:48])
	found := lookup(key.Offset())
	key.Free()
	if found != 0 {
		block := pdk.FindMemory(found)
		if b := block.ReadBytes(); len(b) >= 8 {
			sum += binary.LittleEndian.Uint64(b)
		}
		block.Free()
	}
	out := make([]byte, 200)
	copy(out, in)
	binary.LittleEndian.PutUint64(out[8:], sum)
	answer := pdk.AllocateBytes(out)
	emit(answer.Offset())
	answer.Free()
	return 0
}
