package meter

// function rewrites one body.
//
// A body is cut into regions: stretches of code that run at most once for each time that their beginning is passed. A
// region begins at the entry, at the head of a loop, at either arm of an if, after the end of a block, where branches
// join, and before a call or a return that needs a look. It is charged at its beginning for the whole of it, even when a branch leaves it half-way.
//
// The counter is a global. Where a body charges more often than it calls, most of all in loops, it holds the counter in
// a local meanwhile, which the compiler keeps in a register, and puts it back before it calls, leaves or takes the next
// slice.
type function struct {
	r        *reader
	w        *rewriter
	locals   uint64
	code     int // where the instructions begin
	groups   uint32
	regions  []region
	frames   []frame
	marks    []mark // in the order of their places
	held     bool   // the counter is in a local
	loops    int    // open ones
	looped   bool   // there was one
	calls    int
	callees  []uint32 // functions that it calls by their numbers
	indirect bool     // it calls others through a table
	self     *node    // nil when nothing is known of it yet
	path              // to the place at hand
	late     bool     // it owes a look for what was called in the region at hand
	gain     int64    // of holding the counter: charges, each as often as its loops are guessed to go round
	loss     int64    // the same of what it has to be put back for
	out      []byte
	charges  int
	edges    int64  // branches, taken or not
	written  []bool // locals, by number
	writes   int64  // how many of them
}

// mark is a place in the body where something is put in.
type mark struct {
	at     int
	kind   markKind
	region int // that begins there
}

type markKind uint8

const (
	markRegion markKind = iota
	markBulk            // a length on the stack is charged
	markBack            // a held counter is put back
	markTake            // and taken again
)

type region struct {
	cost   int64
	check  bool // whether fuel is compared with nothing as well
	parent int  // region that surely ran before, once for each run of this one; -1 if none
	merged int64
	gone   bool // its cost is charged elsewhere
	path        // to where it begins
	exits  bool // the function may return in it
}

// look has it look for fuel where it begins.
func (g *region) look() {
	if !g.check {
		g.check = true
		g.cost += checkCost
	}
}

// path is what is known of a place, whichever way it was reached.
type path struct {
	unseen int64 // what was burnt, at most, since the function looked for fuel
	owes   bool  // whether, after that, it called something that looks
	went   bool  // and burnt something since
}

func (p path) or(o path) path {
	return path{max(p.unseen, o.unseen), p.owes || o.owes, p.went || o.went}
}

// frame is an open block.
type frame struct {
	op     int
	region int // in which it was opened; none when that was dead code
	target bool
	opened path
	leaves path // where branches leave it
}

const (
	none = -1 // no region: the code cannot be reached
	// Charging takes about as long as five instructions: a region smaller than that is charged with its parent,
	// as long as the parent does not pay for too many that it may not enter.
	smallRegion = 6
	mergeBudget = 24
	// A loop is guessed to go round so often, one inside of it as often each time.
	roundsShift = 3
	deepLoops   = 5
	// A body of many branches has no register to spare, and a value more at each of them is work for the compiler.
	heldBranches = 512
)

func (f *function) reset(w *rewriter, i int, body *reader) {
	*f = function{r: body, w: w, locals: uint64(w.params[w.functions[i]]), regions: f.regions[:0], frames: f.frames[:0], marks: f.marks[:0], out: f.out[:0], written: f.written, callees: f.callees[:0]}
	if w.nodes != nil {
		f.self = &w.nodes[i]
	}
}

// read finds the regions.
func (f *function) read() error {
	f.readLocals()
	f.code = f.r.i
	f.readCode()
	return f.r.err
}

// cost is that of all regions together.
func (f *function) cost() (sum int64) {
	for i := range f.regions {
		sum += f.regions[i].cost
	}
	return sum
}

// meter writes a body that was read, of a function that is known.
func (f *function) meter() {
	f.settle()
	if f.self.small() {
		clear(f.regions)
		f.held = false
	}
	f.write()
}

func (f *function) readLocals() {
	own := uint64(0)
	f.groups = f.r.u32()
	for n := f.groups; n > 0 && f.r.err == nil; n-- {
		own += uint64(f.r.u32())
		f.r.byte()
	}
	f.locals += own
	f.r.bound(tooBig(Locals, own, uint64(f.w.limits.Locals)))
	if f.r.err == nil {
		f.written = append(f.written[:0], make([]bool, f.locals)...)
	}
}

// compile estimates what the function costs the compiler.
func (f *function) compile() int64 { return f.edges * (f.writes + 1) }

func (f *function) readCode() {
	cur := f.begin(f.code, true, none)
	f.frames = append(f.frames, frame{op: opBlock, region: cur})
	for f.r.more() && len(f.frames) > 0 {
		start := f.r.i
		in := f.r.instruction()
		if f.r.err != nil {
			return
		}
		if cur != none {
			switch in.op {
			case opCall:
				cur = f.call(in.index, start, cur)
			case opCallIndirect: // whose callees look
				f.indirect = true
				f.owe()
			}
			if f.exits(in) {
				cur = f.exit(start, cur)
			}
			f.spend(cur, cost(in.op))
		}
		live := cur != none
		if live && f.leaves(in) {
			f.mark(start, markBack)
		}
		cur = f.step(in, start, cur)
		if live && calls(in.op) {
			f.mark(f.r.i, markTake)
			f.calls++
		}
	}
	if f.r.err == nil && (len(f.frames) > 0 || f.r.i != len(f.r.b)) {
		f.r.fail("blocks and ends do not match")
	}
}

// spend charges a region.
func (f *function) spend(cur int, units int64) {
	f.regions[cur].cost += units
	f.unseen += units
}

func calls(op int) bool { return op == opCall || op == opCallIndirect }

// leaves reports whether somebody else may look at the counter after an instruction.
func (f *function) leaves(in instr) bool { return calls(in.op) || in.op != opEnd && f.exits(in) }

// exits reports whether the function may return by an instruction. That of br_table is taken for granted: its labels are
// read later.
func (f *function) exits(in instr) bool {
	switch in.op {
	case opReturn, opBrTable:
		return true
	case opBr, opBrIf:
		return int64(in.index) == int64(len(f.frames)-1)
	case opEnd:
		return len(f.frames) == 1
	}
	return false
}

// mark notes a place, and what it costs if the counter is held.
func (f *function) mark(at int, kind markKind) {
	f.marks = append(f.marks, mark{at: at, kind: kind})
	if kind != markBulk {
		f.loss += f.often()
	}
}

// often is a guess of how often the code at hand runs for one call of the function.
func (f *function) often() int64 { return 1 << (roundsShift * min(f.loops, deepLoops)) }

// step follows one instruction and gives the region of the next one.
func (f *function) step(in instr, start, cur int) int {
	switch in.op {
	case opBlock, opLoop, opIf:
		return f.open(in.op, cur)
	case opElse:
		return f.otherwise(cur)
	case opEnd:
		return f.close(cur)
	case opBr, opBrIf:
		f.branch(in.index)
	case opBrTable:
		f.branchTable()
	case opCall:
		if uint64(in.index) >= f.w.refuel() {
			f.r.fail("function %d of %d", in.index, f.w.refuel())
		}
	case opLocalGet, opLocalSet, opLocalTee:
		if uint64(in.index) >= f.locals {
			f.r.fail("local %d of %d", in.index, f.locals)
		} else if in.op != opLocalGet && !f.written[in.index] {
			f.written[in.index] = true
			f.writes++
		}
	case opGlobalGet, opGlobalSet:
		if int64(in.index) >= int64(f.w.globals) {
			f.r.fail("global %d of %d", in.index, f.w.globals)
		}
	case opTableSet:
		f.r.unsupported("table.set")
	case opMemoryGrow, opMemoryInit, opMemoryCopy, opMemoryFill:
		f.mark(start, markBulk)
	}
	if in.op == opBr || in.op == opBrTable || in.op == opReturn || in.op == opUnreachable {
		return none
	}
	return cur
}

// begin begins a region, which looks for fuel when it has to or too much may have been burnt unseen.
func (f *function) begin(at int, check bool, parent int) int {
	g := region{check: check || f.unseen > unlooked, parent: parent}
	if g.check {
		g.cost, f.path = checkCost, path{}
	}
	f.went = f.went || f.late
	g.path = f.path
	f.went, f.late = f.owes, false
	f.marks = append(f.marks, mark{at, markRegion, len(f.regions)})
	f.gain += f.often()
	f.regions = append(f.regions, g)
	return len(f.regions) - 1
}

func (f *function) open(op, cur int) int {
	f.frames = append(f.frames, frame{op: op, region: cur, opened: f.path})
	f.r.bound(tooBig(Depth, len(f.frames), f.w.limits.Depth))
	if op != opBlock {
		f.edges += 2
	}
	if op == opLoop {
		f.loops++
		f.looped = true
	}
	switch {
	case cur == none || op == opBlock:
		return cur
	case op == opLoop:
		return f.begin(f.r.i, true, none)
	default:
		return f.begin(f.r.i, false, cur)
	}
}

func (f *function) otherwise(cur int) int {
	top := &f.frames[len(f.frames)-1]
	if top.op != opIf {
		f.r.fail("else without if")
		return none
	}
	top.op, top.target = opElse, true // both arms join at the end
	if top.region == none {
		return none
	}
	if cur != none {
		top.leaves = top.leaves.or(f.path)
	}
	f.path = top.opened
	return f.begin(f.r.i, false, top.region)
}

func (f *function) close(cur int) int {
	top := f.frames[len(f.frames)-1]
	f.frames = f.frames[:len(f.frames)-1]
	if top.op == opLoop {
		f.loops--
	}
	joins := top.target || top.op == opIf // an if without else is left by its condition
	if cur == none {
		f.path = path{}
	}
	f.path = f.path.or(top.leaves)
	if top.op == opIf {
		f.path = f.path.or(top.opened)
	}
	switch {
	case len(f.frames) == 0, top.region == none:
		return none
	case top.op == opLoop: // branches to a loop go to its head: only its last instruction leads here
		if cur == none {
			return none
		}
		return f.begin(f.r.i, false, top.region)
	case joins:
		return f.begin(f.r.i, false, top.region)
	}
	return cur // a block that no branch leaves is straight code
}

func (f *function) branch(depth uint32) {
	if int64(depth) >= int64(len(f.frames)) {
		f.r.fail("branch to label %d of %d", depth, len(f.frames))
		return
	}
	to := &f.frames[len(f.frames)-1-int(depth)]
	to.target = true
	if to.op != opLoop { // whose head looks
		to.leaves = to.leaves.or(f.path)
	}
	f.edges++
}

func (f *function) branchTable() {
	n := f.r.u32()
	for i := uint64(0); i <= uint64(n) && f.r.err == nil; i++ {
		f.branch(f.r.u32())
	}
}

// settle decides which regions are charged by themselves, and which look. One in which the function returns, and which is
// the first since what it owes a look for, may be paid before that, with its parent: then nothing was done unseen.
func (f *function) settle() {
	for i := len(f.regions) - 1; i > 0; i-- {
		g := &f.regions[i]
		if g.check || g.parent < 0 || g.cost > smallRegion || g.exits && g.went {
			continue
		}
		if p := &f.regions[g.parent]; p.merged+g.cost <= mergeBudget {
			p.merged += g.cost
			p.cost += g.cost
			g.gone = true
		}
	}
	for i := range f.regions {
		if g := &f.regions[i]; !g.gone && (g.cost > unlooked || g.owes && g.exits) { // it is paid before it runs
			g.look()
		}
	}
	first := &f.regions[0]
	if !f.self.looks {
		first.check = false
		first.cost -= checkCost
	}
	// A function that begins with a loop is charged inside of it.
	if len(f.regions) > 1 && f.regions[1].check && first.cost <= checkCost+1 && f.r.b[f.code] == opLoop {
		f.regions[1].cost++
		first.gone = true
	}
	f.held = f.gain > f.loss+2 && f.edges <= heldBranches
}

// write puts the charges into the body. The locals that it adds come last, so no number changes.
func (f *function) write() {
	b := f.r.b
	f.out = putU(f.out, uint64(f.groups)+2)
	f.out = append(f.out, skipNumber(b[:f.code])...)
	f.out = append(f.out, 1, typeI64, 1, typeI32)
	done := f.code
	if f.held {
		f.out = f.take(f.out)
	}
	for _, m := range f.marks {
		f.out = append(f.out, b[done:m.at]...)
		done = m.at
		switch {
		case m.kind == markRegion:
			f.charge(f.regions[m.region])
		case m.kind == markBulk:
			f.chargeLength(b[m.at])
		case f.held && m.kind == markBack:
			f.out = f.back(f.out)
		case f.held && m.kind == markTake:
			f.out = f.take(f.out)
		}
	}
	end := len(b) - 1
	f.out = append(f.out, b[done:end]...)
	if f.held {
		f.out = f.back(f.out)
	}
	f.out = append(f.out, b[end:]...)
}

// skipNumber is what follows the number at the beginning of b.
func skipNumber(b []byte) []byte {
	for i, c := range b {
		if c < 0x80 {
			return b[i+1:]
		}
	}
	return nil
}

// number of the local that holds the counter, or has it while it is checked.
func (f *function) local() uint64 { return f.locals }

// take writes: local = fuel.
func (f *function) take(o []byte) []byte {
	o = putU(append(o, opGlobalGet), f.w.fuel())
	return putU(append(o, opLocalSet), f.local())
}

// back writes: fuel = local.
func (f *function) back(o []byte) []byte {
	o = putU(append(o, opLocalGet), f.local())
	return putU(append(o, opGlobalSet), f.w.fuel())
}

// counter puts the counter on the stack.
func (f *function) counter(o []byte) []byte {
	if f.held {
		return putU(append(o, opLocalGet), f.local())
	}
	return putU(append(o, opGlobalGet), f.w.fuel())
}

// charge writes: fuel -= cost; and for a check: if fuel < 0 { refuel }.
func (f *function) charge(g region) {
	if g.gone || (g.cost == 0 && !g.check) {
		return
	}
	f.charges++
	o := putS(append(f.counter(f.out), opI64Const), g.cost)
	o = append(o, opI64Sub)
	switch {
	case g.check:
		f.out = f.check(o)
	case f.held:
		f.out = putU(append(o, opLocalSet), f.local())
	default:
		f.out = putU(append(o, opGlobalSet), f.w.fuel())
	}
}

// check writes: fuel = top of the stack; if fuel < 0 { refuel }.
func (f *function) check(o []byte) []byte {
	o = putU(append(o, opLocalTee), f.local())
	if !f.held {
		o = putU(append(o, opGlobalSet), f.w.fuel())
		o = putU(append(o, opLocalGet), f.local())
	}
	o = append(o, opI64Const, 0, opI64LtS, opIf, emptyBlock)
	if f.held {
		o = f.back(o)
	}
	o = putU(append(o, opCall), f.w.refuel())
	if f.held {
		o = f.take(o)
	}
	return append(o, opEnd)
}

// chargeLength charges for what a bulk instruction moves, whose number is on top of the stack: a unit for each eight
// bytes, or two for each eight bytes of new memory, which has to be cleared and may be moved.
func (f *function) chargeLength(op byte) {
	f.charges++
	shift, by := byte(opI64ShrU), byte(3)
	if op == opMemoryGrow {
		shift, by = opI64Shl, 14
	}
	length := f.local() + 1
	o := f.counter(putU(append(f.out, opLocalTee), length))
	o = putU(append(o, opLocalGet), length)
	o = append(o, opI64ExtendU, opI64Const, by, shift, opI64Sub)
	f.out = f.check(o)
}
