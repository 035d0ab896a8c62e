package guest

import "slices"

// Error says why the store did not do what it was asked for.
func (r StoreResult) Error() string {
	switch r {
	case StoreResultAbsent:
		return "the store has nothing under that key"
	case StoreResultDenied:
		return "the store is closed: the plugin has no capability store"
	case StoreResultFull:
		return "the value does not fit the quota of the store"
	case StoreResultBadKey:
		return "a key of the store has 1 to 128 bytes of UTF-8"
	}
	return "the store failed"
}

// StoreGet gives the value that the plugin kept under key, nil when there is none. What a plugin keeps outlives it: a
// later version of the same plugin finds it again. It is for Configure, Handle, Save, Restore and Migrate, and needs
// NeedsStore and the capability store.
func StoreGet(key string) ([]byte, error) {
	b, err := StoreAppend(make([]byte, 0, 64), key)
	if len(b) == 0 {
		return nil, err
	}
	return b, nil
}

// StoreAppend appends the value that the plugin kept under key to b, and nothing when there is none.
func StoreAppend(b []byte, key string) ([]byte, error) {
	n := storeGet(key, b[len(b):cap(b)])
	switch {
	case n == int64(StoreResultAbsent):
		return b, nil
	case n < 0:
		return b, StoreResult(n)
	}
	at, short := len(b), int64(cap(b)-len(b)) < n
	b = slices.Grow(b, int(n))[:at+int(n)]
	if short {
		storeGet(key, b[at:])
	}
	return b, nil
}

// StorePut keeps a value under key; a value of no bytes deletes it. When the plugin fails on the event at hand, what
// it kept for it is forgotten.
func StorePut(key string, value []byte) error {
	if n := storePut(key, value); n < 0 {
		return StoreResult(n)
	}
	return nil
}
