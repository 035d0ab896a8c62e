package meter

const (
	// unlooked is the most that may be burnt before somebody looks for whether there is fuel left: by the regions of a
	// function, one after the other, by one of them, and by a call.
	unlooked = 16384
	// smallFunction is what a function may cost that its callers pay for: with all its arms, whichever it takes.
	smallFunction = 64
)

// surveyCode decides, before any function is written, what each does about fuel; all bodies are in r.
//
// Most functions leave it to who called them to look whether there is fuel left, because they cannot go on for long:
// whatever calls itself, by however many others, meets one that looks, and so does what calls so much that it adds up.
// Functions in tables look, because who calls them is not known. Inside of a function every loop looks by itself.
//
// There may be very many to return to, so those that look do it again before they return, if they called one that looks
// and went on. What does not look may not: it is a part of its callers, and burns no more in all than a call may.
//
// A small function without a loop, which the host does not call, does not even charge. It is in the price of the call.
func (w *rewriter) surveyCode(r reader) error {
	g := callGraph{w: w, nodes: make([]node, len(w.functions))}
	err := w.bodies(r, func(i int, f *function) error {
		n := &g.nodes[i]
		n.cost, n.loops, n.deep = f.cost(), f.looped, f.indirect
		g.callees = append(g.callees, f.callees...)
		n.callees = len(g.callees)
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range w.tabled {
		if i, own := w.own(f); own {
			g.nodes[i].looks = true
		}
	}
	for _, f := range w.entries {
		if i, own := w.own(f); own {
			g.nodes[i].entry = true
		}
	}
	for i := range g.nodes {
		g.visit(i)
	}
	w.nodes = g.nodes
	return nil
}

// node is what is known of a function and what it calls.
type node struct {
	callees     int   // where those of it end
	cost        int64 // with what it calls that does not look
	loops       bool
	entry       bool // the host calls it
	looks       bool // for fuel, where it begins
	deep        bool // it may have called something that looks before it returns
	begun, done bool
}

// small reports whether the callers of a function pay for it. The host does not pay.
func (n *node) small() bool {
	return !n.looks && !n.deep && !n.loops && !n.entry && n.cost <= smallFunction
}

// callGraph is who calls whom by number. Nodes are numbered without functions that are imported.
type callGraph struct {
	w       *rewriter
	nodes   []node
	callees []uint32
}

// visit decides about a function, and before that about all that it calls.
func (g *callGraph) visit(i int) {
	n := &g.nodes[i]
	if n.begun {
		return
	}
	n.begun = true
	start := 0
	if i > 0 {
		start = g.nodes[i-1].callees
	}
	for _, callee := range g.callees[start:n.callees] {
		k, own := g.w.own(callee)
		if !own { // what the host does is in the price of the call
			continue
		}
		g.visit(k)
		to := &g.nodes[k]
		if !to.done { // it is being visited: a circle
			to.looks = true
		}
		if !to.looks {
			n.cost += to.cost
		}
		n.deep = n.deep || to.looks || to.deep
	}
	n.looks = n.looks || n.cost > unlooked
	if !n.looks {
		n.cost -= checkCost
	}
	n.done = true
}

// own gives the place of a function among those of the module itself, and false for one that is imported or not there.
func (w *rewriter) own(function uint32) (int, bool) {
	i := int64(function) - int64(w.imported)
	return int(i), i >= 0 && i < int64(len(w.functions))
}

// call is what a call of a function costs besides the instruction. It gives the region that goes on, which is one that
// looks when the function does not, and too much may have been burnt before it.
func (f *function) call(callee uint32, start, cur int) int {
	i, own := f.w.own(callee)
	if !own {
		f.spend(cur, hostCall)
		return cur
	}
	f.callees = append(f.callees, callee)
	if f.self == nil { // nothing is known yet
		return cur
	}
	n := &f.w.nodes[i]
	switch {
	case n.small():
		f.spend(cur, n.cost)
	case n.looks:
		f.owe()
	default:
		if f.unseen > unlooked {
			cur = f.begin(start, true, none)
		}
		f.unseen += n.cost
		if n.deep {
			f.owe()
		}
		f.late = f.owes // for what was burnt since
	}
	return cur
}

// owe notes that a function was called that looks, or one by which one was.
func (f *function) owe() { f.owes = f.owes || f.self != nil && f.self.looks }

// exit notes that the function may be left by the instruction at hand, and gives the region that does it.
func (f *function) exit(start, cur int) int {
	if f.late {
		return f.begin(start, true, none)
	}
	f.regions[cur].exits = true
	return cur
}
