package meter

import "fmt"

// Opcodes that the rewriter looks at or writes.
const (
	opUnreachable  = 0x00
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opTableGet     = 0x25
	opTableSet     = 0x26
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opI64LtS       = 0x53
	opI64Sub       = 0x7d
	opI64Shl       = 0x86
	opI64ShrU      = 0x88
	opI64ExtendU   = 0xad
	opRefFunc      = 0xd2
	opPrefix       = 0xfc
	emptyBlock     = 0x40
)

// Opcodes behind opPrefix, with 0xfc00 added.
const (
	opMemoryInit = 0xfc08 + iota
	opDataDrop
	opMemoryCopy
	opMemoryFill
	opTableInit
	opElemDrop
	opTableCopy
	opTableGrow
	opTableSize
	opTableFill
)

// instr is an instruction; its bytes were passed over.
type instr struct {
	op    int
	index uint32 // of the local, global or label that it names
}

// instruction reads one instruction. The cases are the immediates of the binary format.
func (r *reader) instruction() instr {
	in := instr{op: int(r.byte())}
	switch op := in.op; {
	case op == opBlock, op == opLoop, op == opIf:
		r.skipLEB(5)
	case op == opBr, op == opBrIf, op == opCall, op >= opLocalGet && op <= opTableSet, op == opRefFunc:
		in.index = r.u32()
	case op == opBrTable:
		// the labels are read by the caller, who needs them all
	case op == opCallIndirect:
		r.u32()
		r.u32()
	case op >= 0x28 && op <= 0x3e: // loads and stores
		r.u32()
		r.u32()
	case op == opMemorySize, op == opMemoryGrow, op == 0xd0:
		r.byte()
	case op == opI32Const:
		r.skipLEB(5)
	case op == opI64Const:
		r.skipLEB(10)
	case op == 0x43:
		r.bytes(4)
	case op == 0x44:
		r.bytes(8)
	case op == 0x1c:
		r.bytes(r.u32())
	case op == opPrefix:
		in.op = r.prefixed()
	case op <= 0x01, op == opElse, op == opEnd, op == opReturn, op == opDrop, op == 0x1b, op >= 0x45 && op <= 0xc4, op == 0xd1:
	default:
		r.unsupported(fmt.Sprintf("instruction 0x%02x", op))
	}
	return in
}

// prefixed reads the rest of an instruction of two bytes.
func (r *reader) prefixed() int {
	sub := r.u32()
	op := 0xfc00 + int(min(sub, 0xff))
	switch {
	case sub <= 7: // conversions
	case op == opMemoryInit:
		r.u32()
		r.byte()
	case op == opMemoryCopy:
		r.byte()
		r.byte()
	case op == opMemoryFill:
		r.byte()
	case op == opTableSize:
		r.u32()
	default:
		r.unsupported(fmt.Sprintf("instruction 0xfc %d (it changes a table or drops a segment, or is unknown)", sub))
	}
	return op
}

func (r *reader) unsupported(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("byte %d: %s: %w", r.base+r.i-1, what, ErrUnsupported)
	}
	r.i = len(r.b)
}

const (
	// hostCall is the cost of calling the host: leaving compiled code and some bounded work.
	hostCall = 1000
	// checkCost is the cost of looking whether there is fuel left, which is most of what a tight loop does.
	checkCost = 8
)

// cost of an instruction, in units of about a tenth of a nanosecond: a compiler makes three or four of them into one.
func cost(op int) int64 {
	switch {
	case op == opBlock: // of which the loop of an interpreter opens one for each of its instructions
		return 0
	case op >= 0x28 && op <= 0x3e:
		return 4
	case op == opGlobalGet, op == opGlobalSet:
		return 2
	case op == opCall, op == opCallIndirect: // and a frame on the stack, of which deep recursion makes very many
		return 36
	case op == opBrTable, op == opTableGet:
		return 10
	case op >= 0x6d && op <= 0x70, op >= 0x7f && op <= 0x82: // integer division
		return 40
	case op == 0x91, op == 0x95, op == 0x9f, op == 0xa3: // square roots and division of floats
		return 30
	case op == opMemoryGrow:
		return 256
	case op >= opMemoryInit && op <= opMemoryFill:
		return 16
	}
	return 1
}
