package wasm

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// store is what a guest keeps by key. It is part of the guest: its writes are seen at once, are undone with the batch
// that made them, and are made again when that is played again. The host hears of them to keep them.
type store struct {
	granted bool
	open    bool // from the moment at which the guest said that it needs it
	quota   int
	size    int               // bytes of keys and values
	values  map[string][]byte // never changed in place, so that clones may share them
	undo    map[string][]byte // what the keys written since the last mark held then; nil for nothing
	written []string          // keys of which the host has not heard, in the order of their first writes
	untold  map[string]bool   // those in written
}

func newStore(s plugin.Store) store {
	st := store{granted: s.Granted, quota: s.Quota, values: make(map[string][]byte, len(s.Content)), undo: map[string][]byte{}, untold: map[string]bool{}}
	if st.quota == 0 {
		st.quota = plugin.DefaultStoreBytes
	}
	for k, v := range s.Content {
		st.values[k] = slices.Clone(v)
		st.size += len(k) + len(v)
	}
	return st
}

// clone shares the values and nothing else.
func (s *store) clone() store {
	c := *s
	c.values, c.undo, c.written, c.untold = maps.Clone(s.values), maps.Clone(s.undo), slices.Clone(s.written), maps.Clone(s.untold)
	return c
}

// mark makes what there is now the state to which back returns.
func (s *store) mark() { clear(s.undo) }

// back undoes all writes since the mark; written is how many of them the host was still to hear of by then.
func (s *store) back(written int) {
	for k, old := range s.undo {
		s.set(k, old)
	}
	s.mark()
	s.untell(written)
}

// note remembers that a key was written. However often a guest writes to it, it is kept once: a write costs the guest the
// same, whatever there was before.
func (s *store) note(key string) {
	if !s.untold[key] {
		s.untold[key] = true
		s.written = append(s.written, key)
	}
}

// untell leaves so many of the keys of which the host has not heard.
func (s *store) untell(written int) {
	for _, k := range s.written[written:] {
		delete(s.untold, k)
	}
	clear(s.written[written:])
	s.written = s.written[:written]
}

// heard says that the host has heard of all that was written.
func (s *store) heard() { s.untell(0) }

func (s *store) set(key string, value []byte) {
	if old, ok := s.values[key]; ok {
		s.size -= len(key) + len(old)
	}
	if len(value) == 0 {
		delete(s.values, key)
		return
	}
	s.values[key] = value
	s.size += len(key) + len(value)
}

func (s *store) put(key, value []byte) int64 {
	if !validKey(key) {
		return abi.StoreBadKey
	}
	old, had := s.values[string(key)]
	grows := len(value) - len(old)
	if !had {
		grows += len(key)
	}
	if len(value) > 0 && s.size+grows > s.quota {
		return abi.StoreFull
	}
	if !had && len(value) == 0 {
		return 0
	}
	k := string(key)
	if _, is := s.undo[k]; !is {
		s.undo[k] = old
	}
	s.note(k)
	s.set(k, slices.Clone(value))
	return 0
}

func validKey(key []byte) bool {
	return len(key) > 0 && len(key) <= abi.MaxKeyBytes && utf8.Valid(key)
}

// writes gives what the host has not heard of, the last value of each key, in the order of the first writes.
func (s *store) writes(out []plugin.Reaction, event uint64) []plugin.Reaction {
	for _, k := range s.written {
		out = append(out, plugin.Reaction{Event: event, Power: abi.PowerStore, Call: &abi.StorePut{Key: k, Value: slices.Clone(s.values[k])}})
	}
	s.heard()
	return out
}

// offered are the functions that guests may import besides WASI.
var offered = map[string]func(s *sandbox, m api.Memory, stack []uint64) int64{
	"store_get": storeGet,
	"store_put": storePut,
}

func instantiateHost(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(abi.ImportModule)
	for _, im := range abi.Imports() {
		f := offered[im.Name]
		call := func(ctx context.Context, m api.Module, stack []uint64) {
			s, _ := ctx.Value(sandboxKey{}).(*sandbox)
			s.called()
			stack[0] = uint64(f(s, m.Memory(), stack))
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(call), valueTypes(im.Params), valueTypes("l")).Export(im.Name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

// storeGet copies as much of a value as there is room for, and gives its whole length.
func storeGet(s *sandbox, m api.Memory, st []uint64) int64 {
	if !s.store.open {
		return s.shut()
	}
	value, ok := s.store.values[string(mustReadKey(m, st[0], st[1]))]
	if !ok {
		return abi.StoreAbsent
	}
	room := mustRead(m, "room for a value", st[2], min(uint64(uint32(st[3])), uint64(len(value))))
	s.charge(copy(room, value))
	return int64(len(value))
}

func storePut(s *sandbox, m api.Memory, st []uint64) int64 {
	switch {
	case !s.store.open:
		return s.shut()
	case int64(uint32(st[3])) > int64(s.store.quota):
		s.stats.Passed[plugin.LimitStore]++
		return abi.StoreFull
	}
	value := mustRead(m, "value", st[2], st[3])
	s.charge(len(value))
	res := s.store.put(mustReadKey(m, st[0], st[1]), value)
	if res == abi.StoreFull {
		s.stats.Passed[plugin.LimitStore]++
	}
	return res
}

// shut is the answer of a store that is closed. It counts where that is for want of a grant.
func (s *sandbox) shut() int64 {
	if !s.store.granted {
		s.stats.Shut++
	}
	return abi.StoreDenied
}

// mustReadKey is mustRead for a key. Of one that is too long it gives no more than shows that it is: to look for a key takes
// time for each of its bytes, and the guest pays for the call alone.
func mustReadKey(m api.Memory, at, n uint64) []byte {
	return mustRead(m, "key", at, min(uint64(uint32(n)), abi.MaxKeyBytes+1))
}

// mustRead gives a part of a guest's memory; what is outside of it ends the call like any access out of bounds.
func mustRead(m api.Memory, what string, at, n uint64) []byte {
	b, ok := m.Read(uint32(at), uint32(n))
	if !ok {
		panic(&plugin.TrapError{Reason: fmt.Sprintf("store: %s at %#x, %d bytes long, is outside of its memory", what, uint32(at), uint32(n))})
	}
	return b
}
