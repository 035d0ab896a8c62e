//go:build wasip1

package guest

import "unsafe"

// le reads and writes numbers as the contract has them, which is how this machine has them: one instruction each,
// where the compiler makes eight of encoding/binary.
var le wasmOrder

type wasmOrder struct{}

func (wasmOrder) Uint16(b []byte) uint16 { _ = b[1]; return *(*uint16)(unsafe.Pointer(&b[0])) }
func (wasmOrder) Uint32(b []byte) uint32 { _ = b[3]; return *(*uint32)(unsafe.Pointer(&b[0])) }
func (wasmOrder) Uint64(b []byte) uint64 { _ = b[7]; return *(*uint64)(unsafe.Pointer(&b[0])) }

func (wasmOrder) PutUint16(b []byte, v uint16) { _ = b[1]; *(*uint16)(unsafe.Pointer(&b[0])) = v }
func (wasmOrder) PutUint32(b []byte, v uint32) { _ = b[3]; *(*uint32)(unsafe.Pointer(&b[0])) = v }
func (wasmOrder) PutUint64(b []byte, v uint64) { _ = b[7]; *(*uint64)(unsafe.Pointer(&b[0])) = v }
