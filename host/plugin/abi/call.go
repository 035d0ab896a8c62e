package abi

import (
	"cmp"
	"fmt"
)

// Call is what a guest asks of a power that answers later, or of its store: *Timer, *Fetch, *Ask or *StorePut.
type Call interface{ call() }

// StorePut is a value that a guest wrote to its store. It is no command: the guest's own reads see it at once, and the
// host hears of it with what else the batch asks for, to keep it.
type StorePut struct {
	Key   string
	Value []byte // nil when the key was deleted
}

func (*StorePut) call() {}

// PowerStore is the capability that opens the store.
const PowerStore = "store"

// Import is a function that the host offers.
type Import struct {
	Name    string
	Params  string // i for i32, l for i64; the result is an i64
	Feature uint64 // that the guest must need
}

// ImportModule is the name under which guests import what the host offers.
const ImportModule = "sothebais_v1"

// Imports are the functions that the host offers besides WASI.
func Imports() []Import { return append([]Import(nil), imports[:]...) }

// Features are all bits that this host has.
const Features = 1<<len(features) - 1

// FeatureNames names bits for people, the unknown ones by number.
func FeatureNames(bits uint64) []string {
	var out []string
	for i := range 64 {
		if bits>>i&1 == 0 {
			continue
		}
		name := fmt.Sprintf("bit %d", i)
		if i < len(features) {
			name = cmp.Or(features[i], name)
		}
		out = append(out, name)
	}
	return out
}

// callReader reads the fields of a command that asks for a power. The first thing that is wrong sticks.
type callReader struct {
	rec    []byte
	fields int
	err    error
}

func (r *callReader) u64(_ string, i int) uint64 {
	if i >= r.fields {
		return 0
	}
	return le.Uint64(r.rec[commandHeader+slot*i:])
}

func (r *callReader) i64(name string, i int) int64 { return int64(r.u64(name, i)) }

func (r *callReader) str(name string, i int) string {
	v := r.u64(name, i)
	b, err := textAt(r.rec, uint32(v), uint32(v>>32), r.fields)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", name, err)
	}
	return string(b)
}
