package plugin

import (
	"cmp"
	"errors"
	"fmt"
)

// Limit is one of the bounds within which plugins live.
type Limit uint8

// The limits. Those of a module keep it from being loaded; an event on which fuel, host calls or output is passed is
// lost to the guest; past the others the guest gets less than it asked for, and the host counts.
const (
	LimitModule    Limit = iota // bytes of the module
	LimitFunctions              // of the module
	LimitFunction               // bytes of one function
	LimitLocals                 // of one function
	LimitDepth                  // blocks inside of each other
	LimitTables                 // entries of all tables
	LimitCompile                // work for the compiler
	LimitMemory                 // bytes
	LimitFuel                   // of an event
	LimitHostCalls              // for an event
	LimitCommands               // for an event
	LimitOutput                 // bytes of the commands of a batch
	LimitState                  // bytes that save gives
	LimitStore                  // bytes of keys and values
	LimitLog                    // lines printed for a batch

	NumLimits = int(iota)
)

var limitNames = [NumLimits]string{"module_bytes", "functions", "function_bytes", "locals", "depth", "tables", "compile", "memory", "fuel", "host_calls",
	"commands", "output_bytes", "state_bytes", "store_bytes", "log_lines"}

// String is the name of the limit, for metrics and, where a plugin may set it, in plugin.yaml.
func (l Limit) String() string { return limitNames[l] }

// WithDefaults fills in what a manifest leaves open.
func (l Limits) WithDefaults() Limits {
	l.StateBytes = cmp.Or(l.StateBytes, DefaultStateBytes)
	l.OutputBytes = min(cmp.Or(l.OutputBytes, DefaultOutputBytes), DefaultOutputBytes)
	l.LogLines = cmp.Or(l.LogLines, DefaultLogLines)
	l.Tables = cmp.Or(l.Tables, DefaultTables)
	l.HostCalls = cmp.Or(l.HostCalls, DefaultHostCalls)
	return l
}

// Passed counts how often each limit was passed.
type Passed [NumLimits]uint64

// ErrLimit says that a plugin passed one of its limits; the error is a LimitError.
var ErrLimit = errors.New("limit passed")

// LimitError says which limit a plugin passed.
type LimitError struct {
	Limit Limit
	Got   int64 // 0 when nobody knows how much more it would have been
	Most  int64
}

func (e *LimitError) Error() string {
	switch {
	case e.Limit == LimitFuel:
		return "out of fuel"
	case e.Got == 0:
		return fmt.Sprintf("%s: more than %d", e.Limit, e.Most)
	}
	return fmt.Sprintf("%s: %d, at most %d are allowed", e.Limit, e.Got, e.Most)
}

// Is makes it an ErrLimit, and an ErrFuel where it is about fuel.
func (e *LimitError) Is(target error) bool {
	return target == ErrLimit || target == ErrFuel && e.Limit == LimitFuel
}
