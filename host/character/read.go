package character

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// ReadManifest reads a character.json. Everything wrong with it comes back at once, as Problems.
func ReadManifest(data []byte) (*Manifest, error) {
	if len(data) > 1<<20 {
		return nil, Problems{{File: ManifestFile, What: "is larger than 1 MiB", Hint: "pictures belong into art/, not into it"}}
	}
	t, err := parseTree(ManifestFile, data)
	if err != nil {
		return nil, err
	}
	r := &reader{file: ManifestFile}
	m := r.manifest(t)
	if len(r.problems) == 0 {
		r.link(m)
	}
	if len(r.problems) > 0 {
		sort.SliceStable(r.problems, func(i, j int) bool { return r.problems[i].Line < r.problems[j].Line })
		return nil, r.problems
	}
	return m, nil
}

func (r *reader) manifest(t *tree) *Manifest {
	m := &Manifest{Expressions: map[string]*Expression{}, Gestures: map[string]*Gesture{}, Moods: map[string]*Mood{}}
	o := r.object(t, "")
	m.ID = o.str("id", true)
	if m.ID != "" && !idLike(m.ID) {
		r.bad(t.line, "id", fmt.Sprintf("%q is no id", m.ID), "small letters, digits and dashes, such as dusty")
	}
	m.Name = o.str("name", true)
	m.Description = o.str("description", false)
	m.Licence = o.str("licence", true)
	if c := o.get("canvas", true); c != nil {
		co := r.object(c, "canvas")
		m.Width = co.whole("width", 16, 4096)
		m.Height = co.whole("height", 16, 4096)
		m.Bleed = int(co.num("bleed", 0, 0, 1024))
		co.done()
	}
	if v := o.get("voice", true); v != nil {
		m.Voice = r.voice(v)
	}
	for i, p := range o.list("parts", true) {
		m.Nodes = append(m.Nodes, r.node(p, fmt.Sprintf("parts[%d]", i)))
	}
	o.each("expressions", true, func(name string, v *tree, at string) { m.Expressions[name] = r.expression(name, v, at) })
	r.visemes(o, m)
	o.each("gestures", true, func(name string, v *tree, at string) { m.Gestures[name] = r.gesture(name, v, at) })
	o.each("moods", true, func(name string, v *tree, at string) { m.Moods[name] = r.mood(name, v, at) })
	m.FirstMood = o.str("mood", true)
	if v := o.get("idle", true); v != nil {
		m.Idle = r.idle(v)
	}
	o.done()
	return m
}

func idLike(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (r *reader) voice(t *tree) Voice {
	o := r.object(t, "voice")
	v := Voice{
		Engine: o.str("engine", true),
		Name:   o.str("name", true),
		Rate:   o.num("rate", 1, 0.3, 3),
		Pitch:  o.num("pitch", 1, 0.3, 3),
		Volume: o.num("volume", 1, 0, 4),
	}
	o.done()
	return v
}

func (r *reader) node(t *tree, at string) Node {
	o := r.object(t, at)
	n := Node{
		ID: o.str("id", true), Parent: o.str("parent", false), Like: o.str("like", false),
		Slot: o.flag("slot", false), Group: o.flag("group", false), Hidden: o.flag("hidden", false), line: t.line,
	}
	if p := o.list("pivot", n.Like == ""); p != nil {
		if len(p) != 2 {
			r.bad(t.line, o.path("pivot"), "needs two numbers, x and y on the canvas", "")
		} else {
			n.PivotX = r.number(p[0], o.path("pivot[0]"), -4096, 8192)
			n.PivotY = r.number(p[1], o.path("pivot[1]"), -4096, 8192)
		}
	}
	o.done()
	return n
}

func (o *obj) delta() Delta {
	return Delta{
		DX: o.num("dx", 0, -2000, 2000), DY: o.num("dy", 0, -2000, 2000), Rot: o.num("rot", 0, -720, 720),
		SX: o.num("sx", 0, -1, 4), SY: o.num("sy", 0, -1, 4),
	}
}

func (o *obj) ms(key string, def, lo, hi float64) time.Duration {
	return time.Duration(o.num(key, def, lo, hi) * float64(time.Millisecond))
}

func (r *reader) expression(name string, t *tree, at string) *Expression {
	o := r.object(t, at)
	e := &Expression{
		Name: name, Eyes: o.str("eyes", true), Brows: o.str("brows", true), Mouth: o.str("mouth", true),
		Closed: o.str("closed", false), Blinks: o.flag("blinks", true), line: t.line, Pose: map[string]Delta{},
	}
	for i, s := range o.list("show", false) {
		if id, ok := s.scalar.(string); ok {
			e.Show = append(e.Show, id)
		} else {
			r.bad(s.line, fmt.Sprintf("%s.show[%d]", at, i), "found "+s.kind()+" where the name of a part is expected", "")
		}
	}
	o.each("pose", false, func(node string, v *tree, at string) {
		po := r.object(v, at)
		e.Pose[node] = po.delta()
		po.done()
	})
	o.done()
	return e
}

func (r *reader) visemes(o *obj, m *Manifest) {
	t := o.get("visemes", true)
	if t == nil {
		return
	}
	vo := r.object(t, "visemes")
	for i, name := range VisemeNames {
		v := vo.get(name, true)
		if v == nil {
			continue
		}
		mo := r.object(v, vo.path(name))
		m.Visemes[i] = Mouth{Mouth: mo.str("mouth", true), Open: mo.num("open", 0, 0, 1), line: v.line}
		mo.done()
	}
	vo.done()
}

func (r *reader) gesture(name string, t *tree, at string) *Gesture {
	o := r.object(t, at)
	g := &Gesture{Name: name, Length: o.ms("ms", 0, 0, 10_000), line: t.line}
	if g.Length <= 0 && t.fields["ms"] == nil {
		r.bad(t.line, o.path("ms"), "is missing", "how long the gesture takes")
	}
	o.each("parts", true, func(node string, v *tree, at string) {
		tr := Track{Node: node, line: v.line}
		if v.list == nil {
			r.bad(v.line, at, "found "+v.kind()+" where a list of keys is expected", "")
		}
		for i, k := range v.list {
			tr.Keys = append(tr.Keys, r.key(k, fmt.Sprintf("%s[%d]", at, i)))
		}
		r.keysInOrder(g, tr, at)
		g.Tracks = append(g.Tracks, tr)
	})
	for i, s := range o.list("shows", false) {
		so := r.object(s, fmt.Sprintf("%s.shows[%d]", at, i))
		g.Shows = append(g.Shows, Appearance{Node: so.str("part", true), Instead: so.str("instead", false), From: so.ms("from", 0, 0, 10_000), To: so.ms("to", 0, 0, 10_000), line: s.line})
		so.done()
	}
	o.done()
	return g
}

func (r *reader) key(t *tree, at string) Key {
	o := r.object(t, at)
	k := Key{At: o.ms("at", 0, 0, 10_000), Delta: o.delta()}
	if s := o.str("ease", false); s != "" {
		e, ok := easeNamed(s)
		if !ok {
			r.bad(t.line, o.path("ease"), fmt.Sprintf("%q is no easing", s), hint(s, easeNames[:]))
		}
		k.Ease = e
	}
	o.done()
	return k
}

func (r *reader) keysInOrder(g *Gesture, tr Track, at string) {
	var last time.Duration
	for i, k := range tr.Keys {
		if k.At < last || k.At > g.Length {
			r.bad(tr.line, fmt.Sprintf("%s[%d].at", at, i), "is before the key above it or past the gesture's end", "keys go forward in time, up to ms")
		}
		last = k.At
	}
	if n := len(tr.Keys); n == 0 || tr.Keys[n-1].Delta != (Delta{}) {
		r.bad(tr.line, at, "does not end at rest", `close it with {"at": ms} alone`)
	}
}

func (r *reader) mood(name string, t *tree, at string) *Mood {
	o := r.object(t, at)
	m := &Mood{Name: name, Expression: o.str("expression", true), Energy: o.num("energy", 0.5, 0, 1), Tempo: o.num("tempo", 1, 0.1, 4), line: t.line}
	if d := o.get("decay", false); d != nil {
		do := r.object(d, o.path("decay"))
		m.DecayTo = do.str("to", true)
		m.DecayAfter = do.ms("after", 10_000, 500, 600_000)
		do.done()
	}
	o.done()
	return m
}

func (r *reader) idle(t *tree) Idle {
	var idle Idle
	o := r.object(t, "idle")
	if b := o.get("blink", true); b != nil {
		bo := r.object(b, "idle.blink")
		idle.Blink = Blink{Min: bo.ms("min", 2000, 200, 60_000), Max: bo.ms("max", 6000, 200, 60_000), Closed: bo.ms("closed", 110, 30, 1000), Double: bo.num("double", 0, 0, 1), Eyes: bo.str("eyes", true), line: b.line}
		bo.inOrder(idle.Blink.Min, idle.Blink.Max)
		bo.done()
	}
	if g := o.get("gaze", false); g != nil {
		gz := r.object(g, "idle.gaze")
		idle.Gaze = Gaze{Node: gz.str("part", true), DX: gz.num("dx", 0, 0, 100), DY: gz.num("dy", 0, 0, 100), Min: gz.ms("min", 1500, 200, 60_000), Max: gz.ms("max", 4500, 200, 60_000), line: g.line}
		gz.inOrder(idle.Gaze.Min, idle.Gaze.Max)
		gz.done()
	}
	if k := o.get("talk", false); k != nil {
		ko := r.object(k, "idle.talk")
		idle.Talk = Talk{Node: ko.str("part", true), Delta: ko.delta(), Swing: ko.num("swing", 0, -45, 45), Period: ko.ms("ms", 1200, 100, 60_000), line: k.line}
		ko.done()
	}
	for i, w := range o.list("waves", false) {
		wo := r.object(w, fmt.Sprintf("idle.waves[%d]", i))
		idle.Waves = append(idle.Waves, Wave{Node: wo.str("part", true), Period: wo.ms("ms", 4000, 100, 120_000), Phase: wo.num("phase", 0, 0, 1), Delta: wo.delta(), line: w.line})
		wo.done()
	}
	for i, w := range o.list("twitches", false) {
		wo := r.object(w, fmt.Sprintf("idle.twitches[%d]", i))
		tw := Twitch{Node: wo.str("part", true), Length: wo.ms("ms", 300, 50, 5000), Min: wo.ms("min", 3000, 200, 120_000), Max: wo.ms("max", 9000, 200, 120_000), Delta: wo.delta(), line: w.line}
		wo.inOrder(tw.Min, tw.Max)
		idle.Twitches = append(idle.Twitches, tw)
		wo.done()
	}
	o.done()
	return idle
}

func (o *obj) inOrder(lo, hi time.Duration) {
	if lo > hi {
		o.r.bad(o.t.line, o.path("max"), "is less than min", "")
	}
}
