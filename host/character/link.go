package character

import "fmt"

// The slots that an expression fills.
const (
	slotEyes  = "eyes"
	slotBrows = "brows"
	slotMouth = "mouth"
)

// link resolves the names of parts to nodes and checks that the words every character must know are there.
func (r *reader) link(m *Manifest) {
	l := linker{reader: r, m: m, index: map[string]int{}}
	l.nodes()
	for _, slot := range []string{slotEyes, slotBrows, slotMouth} {
		if i, ok := l.index[slot]; !ok || !m.Nodes[i].Slot {
			r.bad(0, "parts", fmt.Sprintf("has no slot %q", slot), fmt.Sprintf(`add {"id": %q, "slot": true, …}`, slot))
		}
	}
	l.faces()
	l.gestures()
	l.moods()
	l.idle()
}

type linker struct {
	*reader
	m     *Manifest
	index map[string]int
	ids   []string
}

// node is the index of a part by name, or a problem and 0.
func (l *linker) node(id string, line int, at string) int {
	i, ok := l.index[id]
	if !ok {
		l.bad(line, at, fmt.Sprintf("names the part %q, which is not in parts", id), hint(id, l.ids))
		return 0
	}
	return i
}

func (l *linker) nodes() {
	for i, n := range l.m.Nodes {
		if _, twice := l.index[n.ID]; twice {
			l.bad(n.line, fmt.Sprintf("parts[%d].id", i), fmt.Sprintf("%q is there twice", n.ID), "")
		}
		l.index[n.ID] = i
		l.ids = append(l.ids, n.ID)
	}
	for i, n := range l.m.Nodes {
		at := fmt.Sprintf("parts[%d]", i)
		if n.Parent != "" && l.m.Nodes[l.node(n.Parent, n.line, at+".parent")].Like != "" {
			l.bad(n.line, at+".parent", fmt.Sprintf("%q has no motion of its own", n.Parent), "name the part that it is like")
		}
		if n.Slot && n.ID != slotEyes && n.ID != slotBrows && n.ID != slotMouth {
			l.bad(n.line, at+".slot", fmt.Sprintf("%q is no slot that an expression fills", n.ID), "the slots are eyes, brows and mouth")
		}
		if n.Like != "" {
			like := l.node(n.Like, n.line, at+".like")
			if l.m.Nodes[like].Like != "" || n.Parent != "" || n.Slot || n.Group {
				l.bad(n.line, at+".like", "may only name a part with a motion of its own, and stands alone", "drop parent, slot and group, and name that part")
			}
		}
	}
	for i := range l.m.Nodes {
		if l.circular(i) {
			l.bad(l.m.Nodes[i].line, fmt.Sprintf("parts[%d].parent", i), "leads back to the part itself", "parents form a tree")
		}
	}
}

func (l *linker) circular(i int) bool {
	at := i
	for range l.m.Nodes {
		parent := l.m.Nodes[at].Parent
		if parent == "" {
			return false
		}
		if at = l.index[parent]; at == i {
			return true
		}
	}
	return false
}

func (l *linker) faces() {
	for _, name := range RequiredExpressions {
		if l.m.Expressions[name] == nil {
			l.bad(0, "expressions."+name, "is missing", "every character has it")
		}
	}
	for name, e := range l.m.Expressions {
		at := "expressions." + name
		for _, id := range e.Show {
			e.show = append(e.show, l.hidden(id, e.line, at+".show"))
		}
		if len(e.Pose) == 0 {
			continue
		}
		e.pose = make([]Delta, len(l.m.Nodes))
		for id, d := range e.Pose {
			e.pose[l.node(id, e.line, at+".pose")] = d
		}
	}
}

func (l *linker) hidden(id string, line int, at string) int {
	i := l.node(id, line, at)
	if l.index[id] == i && !l.m.Nodes[i].Hidden {
		l.bad(line, at, fmt.Sprintf("%q is always visible", id), `give the part "hidden": true`)
	}
	return i
}

func (l *linker) gestures() {
	for _, name := range RequiredGestures {
		if l.m.Gestures[name] == nil {
			l.bad(0, "gestures."+name, "is missing", "every character has it")
		}
	}
	for name, g := range l.m.Gestures {
		for i := range g.Tracks {
			g.Tracks[i].node = l.node(g.Tracks[i].Node, g.Tracks[i].line, "gestures."+name+".parts")
		}
		for i := range g.Shows {
			s := &g.Shows[i]
			s.node, s.instead = l.hidden(s.Node, s.line, "gestures."+name+".shows"), -1
			if s.Instead != "" {
				s.instead = l.node(s.Instead, s.line, "gestures."+name+".shows")
			}
		}
	}
}

func (l *linker) moods() {
	names := make([]string, 0, len(l.m.Moods))
	for name := range l.m.Moods {
		names = append(names, name)
	}
	expressions := make([]string, 0, len(l.m.Expressions))
	for name := range l.m.Expressions {
		expressions = append(expressions, name)
	}
	for _, name := range RequiredMoods {
		if l.m.Moods[name] == nil {
			l.bad(0, "moods."+name, "is missing", "every character has it")
		}
	}
	for name, m := range l.m.Moods {
		if l.m.Expressions[m.Expression] == nil {
			l.bad(m.line, "moods."+name+".expression", fmt.Sprintf("%q is no expression", m.Expression), hint(m.Expression, expressions))
		}
		if m.DecayTo != "" && l.m.Moods[m.DecayTo] == nil {
			l.bad(m.line, "moods."+name+".decay.to", fmt.Sprintf("%q is no mood", m.DecayTo), hint(m.DecayTo, names))
		}
	}
	if l.m.Moods[l.m.FirstMood] == nil {
		l.bad(0, "mood", fmt.Sprintf("%q is no mood", l.m.FirstMood), hint(l.m.FirstMood, names))
	}
}

func (l *linker) idle() {
	d := &l.m.Idle
	d.Gaze.node, d.Talk.node = -1, -1
	if d.Gaze.Node != "" {
		d.Gaze.node = l.node(d.Gaze.Node, d.Gaze.line, "idle.gaze.part")
	}
	if d.Talk.Node != "" {
		d.Talk.node = l.node(d.Talk.Node, d.Talk.line, "idle.talk.part")
	}
	for i := range d.Waves {
		d.Waves[i].node = l.node(d.Waves[i].Node, d.Waves[i].line, fmt.Sprintf("idle.waves[%d].part", i))
	}
	for i := range d.Twitches {
		d.Twitches[i].node = l.node(d.Twitches[i].Node, d.Twitches[i].line, fmt.Sprintf("idle.twitches[%d].part", i))
	}
}
