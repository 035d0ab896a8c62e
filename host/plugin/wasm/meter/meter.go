// Package meter rewrites WebAssembly modules so that they pay for what they execute.
//
// A rewritten module has a fuel counter, an exported mutable global. Code subtracts its cost from it and traps when
// it falls below nothing: at the entry of a function and at the head of a loop it is checked, in between only
// charged, so a module overruns by one stretch of straight code at most. No host call and no timer is involved, the
// same input always costs the same, and after a refill the instance goes on.
//
// The rewriter also exports all mutable globals, so that an instance at rest can be copied as its memory and its
// globals; it refuses what such a copy would miss (changing tables, dropping segments).
//
// Reading trusts nothing: whatever the bytes are, Rewrite ends, allocates in proportion to them and gives a module
// or an error. What it gives is valid whenever the original is; it looks itself after the two ways in which an
// invalid module could become valid by the rewrite (naming the fuel counter, or a local that was added).
package meter

import (
	"errors"
	"fmt"
)

// FuelExport is the name under which the counter is exported.
const FuelExport = "sothebais:fuel"

// GlobalExport is the name under which mutable global i is exported.
func GlobalExport(i int) string { return fmt.Sprintf("sothebais:global:%d", i) }

var (
	// ErrModule says that the bytes are not a module in the binary format.
	ErrModule = errors.New("not a valid module")
	// ErrUnsupported says that a module uses what plugins may not.
	ErrUnsupported = errors.New("plugins may not use it")
	// ErrTooBig says that a module exceeds a limit.
	ErrTooBig = errors.New("too big")
)

// Limits bound what a module may hold; fields that are zero take the defaults.
type Limits struct {
	Bytes     int // of the module
	Functions int
	Body      int // bytes of one function
	Locals    int // of one function; the compiler's work grows with them
	Depth     int // of nested blocks
	Table     int // entries of all tables
	Fuel      int64
}

// Defaults fit the largest guests seen (a standard Go program, a JavaScript engine) with room to spare.
func (l Limits) withDefaults() Limits {
	set := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	set(&l.Bytes, 16<<20)
	set(&l.Functions, 65536)
	set(&l.Body, 1<<20)
	set(&l.Locals, 8192)
	set(&l.Depth, 16384)
	set(&l.Table, 1<<17)
	if l.Fuel == 0 {
		l.Fuel = 1 << 32
	}
	return l
}

// Module is a rewritten module.
type Module struct {
	Code     []byte
	Globals  []string // names under which the mutable globals of the original are exported
	Memory   uint32   // pages that it starts with
	Original int      // bytes of the original
	Charges  int      // places where fuel is charged
}

// Rewrite gives the metered form of a module. Limits.Fuel is what it starts with, for its start function.
func Rewrite(wasm []byte, limits Limits) (*Module, error) {
	limits = limits.withDefaults()
	if len(wasm) > limits.Bytes {
		return nil, fmt.Errorf("module of %d bytes, at most %d are allowed: %w", len(wasm), limits.Bytes, ErrTooBig)
	}
	secs, err := split(wasm)
	if err != nil {
		return nil, err
	}
	w := &rewriter{limits: limits, out: Module{Original: len(wasm)}}
	if err := w.survey(secs); err != nil {
		return nil, err
	}
	if err := w.emit(secs); err != nil {
		return nil, err
	}
	return &w.out, nil
}
