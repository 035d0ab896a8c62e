package meter

// function rewrites one body.
//
// A body is cut into regions: stretches of code that run at most once for each time that their beginning is passed. A
// region begins at the entry, at the head of a loop, at either arm of an if, after the end of a block, where branches
// join, and before a call, a branch or a return that needs a look. It is charged at its beginning for the whole of it, even
// when a branch leaves it half-way; many are charged with another one.
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
	entries  []entry // of the ends of blocks; the first is none
	marks    []mark  // in the order of their places
	held     bool    // the counter is in a local
	loops    int     // open ones
	looped   bool    // there was one
	calls    int
	callees  []uint32 // functions that it calls by their numbers
	indirect bool     // it calls others through a table
	self     *node    // nil when nothing is known of it yet
	path              // to the place at hand
	late     bool     // it owes a look for what was called in the region at hand
	loss     int64    // of holding the counter: what it has to be put back for, each as often as its loops are guessed to go round
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
	cost      int64
	check     bool  // whether fuel is compared with nothing as well
	parent    int   // region that surely ran before, once for each run of this one; -1 if none
	surely    bool  // whether that one leads here, whatever it does
	entries   int   // the first of the regions that lead here; 0 when they are not known
	merged    int64 // what it pays for others to which it may not lead
	often     int64 // a guess of how often it runs
	gone      bool  // it is charged before it runs, with others
	postponed bool  // or after, with each of the regions to which its branch table leads
	arms      int   // how many of these were not found yet
	left      bool  // a branch may leave it before its end
	path            // to where it begins
	exits     bool  // the function may return in it
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

// entry is a region that leads to the end of a block.
type entry struct {
	region int
	surely bool // it leads nowhere else
	next   int  // entry of the same block; 0 for none
}

// frame is an open block.
type frame struct {
	op      int
	region  int  // in which it was opened; none when that was dead code
	surely  bool // whoever entered that region came here
	entries int  // the latest branch to its end
	target  bool
	least   int // the outermost frame to which a branch from inside of it leads
	opened  path
	leaves  path // where branches leave it
}

const (
	none = -1 // no region: the code cannot be reached
	// Charging takes about as long as five instructions: a region smaller than that is charged with its parent, and one
	// not much larger with all that lead to it, as long as none pays for too many that it may not enter.
	smallRegion = 6
	smallEnd    = 12
	mergeBudget = 24
	// postponedCost is the most that is charged after it was burnt.
	postponedCost = 64
	// A loop is guessed to go round so often, one inside of it as often each time.
	roundsShift = 3
	deepLoops   = 5
	// A body of many branches has no register to spare, and a value more at each of them is work for the compiler.
	heldBranches = 2048
)

func (f *function) reset(w *rewriter, i int, body *reader) {
	*f = function{r: body, w: w, locals: uint64(w.params[w.functions[i]]), regions: f.regions[:0], frames: f.frames[:0], entries: append(f.entries[:0], entry{}), marks: f.marks[:0], out: f.out[:0], written: f.written, callees: f.callees[:0]}
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
			if f.unseen > unlooked && f.joins(in) {
				cur = f.begin(start, true, none)
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

// joins reports whether an instruction leads to where branches meet. Who has burnt much looks before that, so that the
// others need not do it there.
func (f *function) joins(in instr) bool {
	top := len(f.frames) - 1
	switch in.op {
	case opBr, opBrIf:
		at := int64(top) - int64(in.index)
		return at > 0 && f.frames[at].op != opLoop // whose head looks
	case opBrTable, opElse:
		return true
	case opEnd:
		return top > 0 && (f.frames[top].target || f.frames[top].op == opIf)
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
		f.branch(in.index, cur, in.op == opBr)
	case opBrTable:
		f.branchTable(cur)
	case opReturn:
		f.leave(0)
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
	g.often = f.often()
	f.marks = append(f.marks, mark{at, markRegion, len(f.regions)})
	f.regions = append(f.regions, g)
	return len(f.regions) - 1
}

func (f *function) open(op, cur int) int {
	f.frames = append(f.frames, frame{op: op, region: cur, surely: cur != none && !f.regions[cur].left, least: len(f.frames), opened: f.path})
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
		f.enter(top, cur, true)
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
	f.leave(top.least)
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
		top.entries = 0
		return f.join(top, cur)
	case joins:
		return f.join(top, cur)
	}
	return cur // a block that no branch leaves is straight code
}

// join begins the region after the end of a block, to which cur leads besides the branches.
func (f *function) join(top frame, cur int) int {
	if cur != none {
		f.enter(&top, cur, true)
	}
	next := f.begin(f.r.i, false, top.region)
	g := &f.regions[next]
	g.surely = top.surely && top.least >= len(f.frames)
	if top.op != opIf { // to whose end its condition leads
		g.entries = top.entries
	}
	return next
}

// enter notes that a region leads to the end of a block.
func (f *function) enter(to *frame, cur int, surely bool) {
	surely = surely && !f.regions[cur].left
	if last := &f.entries[to.entries]; to.entries > 0 && last.region == cur {
		last.surely = last.surely && surely
		return
	}
	f.entries = append(f.entries, entry{cur, surely, to.entries})
	to.entries = len(f.entries) - 1
}

// leave notes that what is open at the moment may be left for the outside of all but so many frames.
func (f *function) leave(least int) {
	if n := len(f.frames); n > 0 {
		f.frames[n-1].least = min(f.frames[n-1].least, least)
	}
}

func (f *function) branch(depth uint32, cur int, surely bool) {
	if int64(depth) >= int64(len(f.frames)) {
		f.r.fail("branch to label %d of %d", depth, len(f.frames))
		return
	}
	at := len(f.frames) - 1 - int(depth)
	to := &f.frames[at]
	to.target = true
	if to.op != opLoop { // whose head looks
		to.leaves = to.leaves.or(f.path)
	}
	f.edges++
	if cur == none {
		return
	}
	f.leave(at)
	f.enter(to, cur, surely)
	f.regions[cur].left = true
}

func (f *function) branchTable(cur int) {
	n, before := f.r.u32(), len(f.entries)
	postponed := cur != none && !f.regions[cur].left
	for i := uint64(0); i <= uint64(n) && f.r.err == nil; i++ {
		depth := f.r.u32()
		f.branch(depth, cur, false)
		at := int64(len(f.frames)-1) - int64(depth)
		postponed = postponed && at > 0 && f.frames[at].op == opBlock
	}
	if postponed {
		f.regions[cur].postponed, f.regions[cur].arms = true, len(f.entries)-before
	}
}

// settle decides which regions are charged by themselves, and which look. One in which the function returns, and which is
// the first since what it owes a look for, may be paid before that, with its parent: then nothing was done unseen.
//
// What is charged elsewhere goes to regions before it, whose turn comes later, so that the cost of a chain of ends adds up.
func (f *function) settle() {
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
	f.postpone()
	for i := len(f.regions) - 1; i > 0; i-- {
		g := &f.regions[i]
		if g.check || g.parent < 0 || g.exits && g.went {
			continue
		}
		p := &f.regions[g.parent]
		switch {
		case p.gone || p.postponed:
		case g.surely:
			p.cost += g.cost
			g.gone = true
		case f.pay(g):
			g.gone = true
		case g.cost <= smallRegion && p.merged+g.cost <= mergeBudget:
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
	gain := int64(0)
	for i := range f.regions {
		if g := &f.regions[i]; !g.gone && !g.postponed {
			gain += 2 * g.often // a load and a store
		}
	}
	f.held = gain > f.loss+2 && f.edges <= heldBranches
}

// postpone has what a branch table leads to pay for a small region that it ends, as in the loop of an interpreter: its
// head looks, and no more. What is left of the fuel is known a little later.
func (f *function) postpone() {
	for i := range f.regions {
		for e := f.regions[i].entries; e > 0; e = f.entries[e].next {
			f.regions[f.entries[e].region].arms--
		}
	}
	for i := range f.regions { // of two that follow each other, the first before the second
		g := &f.regions[i]
		for e := g.entries; e > 0; e = f.entries[e].next {
			if from := &f.regions[f.entries[e].region]; from.postponed {
				g.cost += from.cost
			}
		}
		g.postponed = g.postponed && g.arms == 0 && g.cost <= postponedCost
	}
}

// pay has all regions that lead to a small one pay for it, if they can: each leads to it at most once for each time that
// it runs. None of them is in a loop that the small one is not in, where it would pay each time around.
func (f *function) pay(g *region) bool {
	if g.entries == 0 || g.cost > smallEnd || g.exits {
		return false
	}
	for i := g.entries; i > 0; i = f.entries[i].next {
		e := f.entries[i]
		if p := &f.regions[e.region]; p.gone || p.postponed || p.often > g.often || !e.surely && p.merged+g.cost > mergeBudget {
			return false
		}
	}
	for i := g.entries; i > 0; i = f.entries[i].next {
		e := f.entries[i]
		p := &f.regions[e.region]
		p.cost += g.cost
		if !e.surely {
			p.merged += g.cost
		}
	}
	return true
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

// charge writes: fuel -= cost; and for a check: if fuel < 0 { refuel }. A check may cost nothing.
func (f *function) charge(g region) {
	if g.postponed {
		g.cost = 0
	}
	if g.gone || (g.cost == 0 && !g.check) {
		return
	}
	f.charges++
	if g.cost == 0 {
		f.out = f.look(f.counter(f.out))
		return
	}
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
	return f.look(o)
}

// look writes: if top of the stack < 0 { refuel }.
func (f *function) look(o []byte) []byte {
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
