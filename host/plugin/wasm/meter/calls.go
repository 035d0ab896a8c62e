package meter

const (
	// unlooked is the most that functions burn which look for no fuel, until somebody does.
	unlooked = 4096
	// smallFunction is what a function may cost that its callers pay for: with all its arms, whichever it takes.
	smallFunction = 64
)

// surveyCode decides, before any function is written, what each does about fuel; all bodies are in r.
//
// Most functions leave it to who called them to look whether there is fuel left, because they cannot go on for long:
// whatever calls itself, by however many others, meets one that looks, and so does what calls others that call others
// until it all adds up. Functions in tables look, because who calls them is not known. Inside of a function every loop
// looks by itself.
//
// A small one without a loop, and which the host does not call, does not even charge. It is in the price of the call.
func (w *rewriter) surveyCode(r reader) error {
	n := len(w.functions)
	g := callGraph{first: w.imported, ends: make([]int, n), cost: make([]int64, n), looks: make([]bool, n), begun: make([]bool, n), done: make([]bool, n)}
	loops := make([]bool, n)
	err := w.bodies(r, func(i int, f *function) error {
		g.cost[i], loops[i] = f.cost(), f.looped
		g.callees = append(g.callees, f.callees...)
		g.ends[i] = len(g.callees)
		return nil
	})
	if err != nil {
		return err
	}
	for _, f := range w.tabled {
		if i, ok := w.own(f); ok {
			g.looks[i] = true
		}
	}
	for i := range n {
		g.visit(i)
	}
	w.looks, w.prices = g.looks, make([]int64, n)
	for i, cost := range g.cost {
		if !g.looks[i] && !loops[i] && cost <= smallFunction {
			w.prices[i] = cost
		}
	}
	for _, f := range w.entries { // the host does not pay
		if i, ok := w.own(f); ok {
			w.prices[i] = 0
		}
	}
	return nil
}

// callGraph is who calls whom by number. Functions are numbered without those that are imported, but for callees.
type callGraph struct {
	first       int // number of the first function that is not imported
	callees     []uint32
	ends        []int   // where those of each function end
	cost        []int64 // with what it calls that does not look
	looks       []bool
	begun, done []bool
}

// visit decides about a function, and before that about all that it calls.
func (g *callGraph) visit(i int) {
	if g.begun[i] {
		return
	}
	g.begun[i] = true
	start := 0
	if i > 0 {
		start = g.ends[i-1]
	}
	for _, callee := range g.callees[start:g.ends[i]] {
		k := int(callee) - g.first
		if k < 0 { // what the host does is in the price of the call
			continue
		}
		g.visit(k)
		if !g.done[k] { // it is being visited: a circle
			g.looks[k] = true
		}
		if !g.looks[k] {
			g.cost[i] += g.cost[k]
		}
	}
	g.looks[i] = g.looks[i] || g.cost[i] > unlooked
	g.done[i] = true
}

// own gives the place of a function among those of the module itself, and false for one that is imported or not there.
func (w *rewriter) own(function uint32) (int, bool) {
	i := int64(function) - int64(w.imported)
	return int(i), i >= 0 && i < int64(len(w.functions))
}

// price is what a call of a function costs besides the instruction: nothing when it charges by itself, and while the
// prices are not known yet.
func (w *rewriter) price(function uint32) int64 {
	i, own := w.own(function)
	switch {
	case !own:
		return hostCall
	case w.prices == nil:
		return 0
	}
	return w.prices[i]
}
