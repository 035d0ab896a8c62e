//go:build !wasip1

package guest

import (
	"slices"
	"unicode/utf8"
)

// testStore stands in for the host's store in tests, which run natively.
var testStore = map[string][]byte{}

// StoreQuota is how much the store of tests takes, keys and values together: what a plugin has whose plugin.yaml names no bytes
// of its store.
var StoreQuota = 64 << 10

// ResetStore empties the store that tests of a plugin see.
func ResetStore() { clear(testStore) }

func storeGet(key string, room []byte) int64 {
	v, ok := testStore[key]
	if !ok {
		return int64(StoreResultAbsent)
	}
	copy(room, v)
	return int64(len(v))
}

func storePut(key string, value []byte) int64 {
	switch {
	case key == "" || len(key) > MaxKeyBytes || !utf8.ValidString(key):
		return int64(StoreResultBadKey)
	case len(value) == 0:
		delete(testStore, key)
	case sizeWith(key, value) > StoreQuota:
		return int64(StoreResultFull)
	default:
		testStore[key] = slices.Clone(value)
	}
	return 0
}

// sizeWith is what the store holds once value is under key.
func sizeWith(key string, value []byte) int {
	size := len(key) + len(value)
	for k, v := range testStore {
		if k != key {
			size += len(k) + len(v)
		}
	}
	return size
}
