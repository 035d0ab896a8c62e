//go:build wasip1

package guest

import "unsafe"

//go:wasmimport sothebais_v1 store_get
func hostStoreGet(key unsafe.Pointer, keyLen uint32, val unsafe.Pointer, valCap uint32) int64

//go:wasmimport sothebais_v1 store_put
func hostStorePut(key unsafe.Pointer, keyLen uint32, val unsafe.Pointer, valLen uint32) int64

// storeGet copies what fits of a value into room and gives the length of the value, or a StoreResult.
func storeGet(key string, room []byte) int64 {
	return hostStoreGet(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(room)), uint32(len(room)))
}

func storePut(key string, value []byte) int64 {
	return hostStorePut(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value)))
}
