// Package meter rewrites WebAssembly modules so that they pay for what they execute.
//
// A rewritten module has a fuel counter, an exported mutable global. Code subtracts its cost from it: at the head of a
// loop, and at the entry of functions that might go on for long, it is compared with nothing, in between only charged,
// so a module overruns by less than a hundred thousand units. Fuel comes in slices from a budget, which is exported as
// well. When a slice is used up, a function that the rewrite adds takes the next one; when the budget cannot pay for it,
// it traps. The same input always costs the same, and after both are set anew the instance goes on.
//
// Between two slices the module leaves compiled code for a moment (it grows its memory by nothing). That is when Go's
// scheduler and collector get their turn: without it a long call, such as the start of a guest, would hold up every
// goroutine of the program that waits for the collector.
//
// The rewriter also exports all mutable globals, so that an instance at rest can be copied as its memory and its
// globals; it refuses what such a copy would miss (changing tables, dropping segments).
//
// Reading trusts nothing: whatever the bytes are, Rewrite ends, allocates in proportion to them and gives a module
// or an error. What it gives is valid whenever the original is. Validate the original first: an invalid module may
// become valid by what the rewrite adds.
package meter

import (
	"errors"
	"fmt"
)

// Names of exports.
const (
	FuelExport   = "sothebais:fuel"   // what is left of the slice
	BudgetExport = "sothebais:budget" // what is left besides; below nothing after a module ran out
	StartExport  = "sothebais:start"  // the start function of a detached module, if it has one
)

// Slice is how much fuel a module burns before it leaves compiled code for a moment: some tens of microseconds.
const Slice = 300_000

// GlobalExport is the name under which mutable global i is exported.
func GlobalExport(i int) string { return fmt.Sprintf("sothebais:global:%d", i) }

var (
	// ErrModule says that the bytes are not a module in the binary format.
	ErrModule = errors.New("not a valid module")
	// ErrUnsupported says that a module uses what plugins may not.
	ErrUnsupported = errors.New("plugins may not use it")
	// ErrTooBig says that a module exceeds a limit; the error is a TooBigError.
	ErrTooBig = errors.New("too big")
)

// Bound is one of the Limits.
type Bound string

// The bounds.
const (
	Bytes     Bound = "bytes of the module"
	Functions Bound = "functions"
	Body      Bound = "bytes of code in one function"
	Locals    Bound = "locals of one function"
	Depth     Bound = "blocks inside of each other"
	Table     Bound = "entries of tables"
	Compile   Bound = "work for the compiler"
)

// TooBigError says which limit a module exceeds.
type TooBigError struct {
	Bound     Bound
	Got, Most int64
}

func (e *TooBigError) Error() string {
	return fmt.Sprintf("%s: %d, at most %d are allowed", e.Bound, e.Got, e.Most)
}

// Is makes it an ErrTooBig.
func (e *TooBigError) Is(target error) bool { return target == ErrTooBig }

// tooBig gives an error when a limit is exceeded.
func tooBig[N int | int64 | uint64](b Bound, got, most N) error {
	if got <= most {
		return nil
	}
	return &TooBigError{b, int64(got), int64(most)}
}

// Limits bound what a module may hold; fields that are zero take the defaults.
type Limits struct {
	Bytes     int // of the module
	Functions int
	Body      int   // bytes of one function
	Locals    int   // of one function; the compiler's work grows with them
	Depth     int   // of nested blocks
	Table     int   // entries of all tables
	Compile   int64 // work for the compiler, see Module.Compile
	Fuel      int64 // that it starts with, for its start function
	// Detach leaves the beginning to the caller, so that an instance which becomes a copy of another one skips it: the
	// active data segments are given as Data, and the start function is exported as StartExport.
	Detach bool
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
	if l.Compile == 0 {
		l.Compile = 6 << 20
	}
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
	Tables   uint64   // entries of all its tables
	Original int      // bytes of the original
	Charges  int      // places where fuel is charged
	Data     []Segment
	// Compile estimates what the module costs its compiler, which holds the values of all locals that change at every
	// place where branches meet: the branches of each function times the locals that it writes to. The compiler takes
	// up to 1.3 us and 70 bytes for each, besides what grows with the size of the code.
	Compile int64
}

// Segment is what a module puts into its memory at the start.
type Segment struct {
	Offset uint32
	Bytes  []byte
}

// Rewrite gives the metered form of a module.
func Rewrite(wasm []byte, limits Limits) (*Module, error) {
	limits = limits.withDefaults()
	if err := tooBig(Bytes, len(wasm), limits.Bytes); err != nil {
		return nil, err
	}
	secs, err := split(wasm)
	if err != nil {
		return nil, err
	}
	w := &rewriter{limits: limits, start: -1, out: Module{Original: len(wasm)}}
	if err := w.survey(secs); err != nil {
		return nil, err
	}
	if err := w.emit(secs); err != nil {
		return nil, err
	}
	return &w.out, nil
}
