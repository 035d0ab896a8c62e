package engine

import (
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/plugins/personality/yamlfile"
)

// What every character has; a personality may use no others.
var (
	Expressions = []string{"neutral", "happy", "excited", "surprised", "thinking", "smug", "sad", "sleepy"}
	Gestures    = []string{"nod", "shake", "bounce", "wave", "gavel", "lean"}
	Moods       = []string{"calm", "playful", "excited", "tense", "triumphant", "dejected"}
	Sounds      = []string{"gavel", "chime", "swell"}
)

// What a line may be of, the least first.
const (
	idlePriority = 10
	chatPriority = 30
	bidPriority  = 50
	lotPriority  = 70
)

var priorities = map[string]int64{"idle": idlePriority, "chat": chatPriority, "bid": bidPriority, "lot": lotPriority}

// Personality is a compiled file. Its lines remember when they were said, so it serves one Engine.
type Personality struct {
	ID, Name string

	start    string
	moods    map[string]*mood
	memory   int64 // ms for which no line is said again
	silence  int64 // ms after which it speaks up
	rate     int64 // characters spoken a second, to guess how long a line takes
	longest  int64 // characters of a line
	stranger string
	pools    map[string]*pool
	triggers []*trigger
	byKind   map[string][]*trigger
	follow   map[uint64]*trigger // follow-ups, by the hash of their id
}

// mood colours what is said and shown, and fades into another one.
type mood struct {
	expression string
	energy     int64
	decayTo    string
	decayAfter int64
}

// trigger says what happens on an event.
type trigger struct {
	id, on   string
	seed     uint64 // hash of id, which names it in the state and is where its dice begin
	when     func(*scope) bool
	chance   int64
	cooldown int64
	once     string
	priority int64
	mood     string
	express  string
	hold     int64
	gesture  string
	sound    string
	say      []*fragment
	reply    []*fragment
	more     bool  // later triggers may fire as well
	energy   int64 // what it gives or takes
	then     []*trigger
	after    int64 // of a follow-up: how long after its trigger

	last      int64  // when it fired, unix ms; 0 never
	lastReply int64  // and when it answered a post
	onceAt    uint64 // hash of the lot or session it fired in
}

// Parse compiles the file called name. All mistakes are reported at once, each as name:line:column: what.
func Parse(name string, data []byte) (*Personality, error) {
	doc, err := parseYAML(name, data)
	if err != nil {
		return nil, err
	}
	r := &reader{file: name, least: map[*pool]int64{}}
	p := &Personality{memory: 600_000, silence: 3_000, rate: 13, longest: 160, stranger: "our guest", start: "calm",
		moods: map[string]*mood{}, pools: map[string]*pool{}, byKind: map[string][]*trigger{}, follow: map[uint64]*trigger{}}
	p.read(r, doc)
	if r.lines > maxLines {
		r.fail(doc, 0, "more than %d lines", maxLines)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Personality) read(r *reader, doc *yaml.Node) {
	var moods, pools, triggers, start *yaml.Node
	given := r.object(doc, "a personality", fields{
		"id": r.text(&p.ID), "name": r.text(&p.Name), "start": keep(&start), "stranger": r.text(&p.stranger),
		"memory": r.duration(&p.memory), "silence": r.duration(&p.silence), "rate": r.integer(&p.rate, 4, 40), "longest": r.integer(&p.longest, 20, 300),
		"moods": keep(&moods), "pools": keep(&pools), "triggers": keep(&triggers),
	})
	if doc.Kind != yaml.MappingNode {
		return
	}
	r.needs(doc, "a personality", given, "id", "name", "moods", "triggers")
	if moods != nil {
		p.readMoods(r, moods)
		p.readStart(r, start, moods)
	}
	if pools != nil {
		p.readPools(r, pools)
	}
	if triggers != nil {
		p.readTriggers(r, triggers)
	}
}

func (p *Personality) readStart(r *reader, start, moods *yaml.Node) {
	if start != nil {
		r.key = "start"
		r.oneOf(&p.start, p.moodNames())(start)
	} else if p.moods[p.start] == nil && len(moods.Content) > 0 {
		r.fail(moods, 0, `no start is given and there is no mood "calm" to begin with`)
	}
}

// moodNames are the moods of the file; where it has none, all are as good.
func (p *Personality) moodNames() []string {
	if len(p.moods) == 0 {
		return Moods
	}
	return slices.Sorted(maps.Keys(p.moods))
}

func (p *Personality) readMoods(r *reader, n *yaml.Node) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		r.fail(n, 0, "a personality needs a mood; there is %s", listed(Moods))
	}
	var decays []*yaml.Node
	r.names(n, "moods", len(Moods), func(key, value *yaml.Node) {
		if !slices.Contains(Moods, key.Value) {
			r.fail(key, 0, "no character has the mood %q; %s", key.Value, did(key.Value, Moods))
		}
		m := &mood{expression: "neutral", energy: 50}
		if slices.Contains(Moods, key.Value) {
			p.moods[key.Value] = m
		}
		r.object(value, "a mood", fields{
			"expression": r.oneOf(&m.expression, Expressions), "energy": r.integer(&m.energy, 0, 100),
			"decay": func(n *yaml.Node) {
				given := r.object(n, "decay", fields{"to": func(n *yaml.Node) { m.decayTo = n.Value; decays = append(decays, n) },
					"after": func(n *yaml.Node) { r.someTime(&m.decayAfter, n) }})
				r.needs(n, "decay", given, "to", "after")
			},
		})
	})
	for _, d := range decays {
		var to string
		r.key = "to"
		r.oneOf(&to, p.moodNames())(d)
	}
}

func (p *Personality) readPools(r *reader, n *yaml.Node) {
	var keys, values []*yaml.Node
	r.names(n, "pools", maxPools, func(key, value *yaml.Node) {
		if !plainName(key.Value) {
			r.fail(key, 0, "%q cannot be the name of a pool; that is small letters, digits and dashes, 40 at most", key.Value)
		}
		p.pools[key.Value] = &pool{name: key.Value, line: key.Line}
		keys, values = append(keys, key), append(values, value)
	})
	for i, key := range keys {
		before, pl := len(r.errs), p.pools[key.Value]
		if pl.fragments = r.fragments(values[i], key.Value, p.pools, true); len(pl.fragments) == 0 && len(r.errs) == before {
			r.fail(key, 0, "pool %q holds no line", key.Value)
		}
	}
	for _, key := range keys {
		if p.pools[key.Value].loops() {
			r.fail(key, 0, "pool <%s> leads back to itself", key.Value)
		}
	}
}

func (p *Personality) readTriggers(r *reader, n *yaml.Node) {
	switch {
	case n.Kind != yaml.SequenceNode || len(n.Content) == 0:
		r.fail(n, 0, "expected a list of triggers, found %s", yamlfile.Describe(n))
		return
	case len(n.Content) > maxTriggers:
		r.fail(n, 0, "more than %d triggers", maxTriggers)
		return
	}
	seen := map[string]bool{}
	for _, c := range n.Content {
		t := p.readTrigger(r, c)
		if seen[t.id] && t.id != "" {
			r.fail(c, 0, "there are two triggers %q", t.id)
		}
		seen[t.id] = true
		p.triggers = append(p.triggers, t)
		p.byKind[t.on] = append(p.byKind[t.on], t)
	}
}

func (p *Personality) readTrigger(r *reader, n *yaml.Node) *trigger {
	t := &trigger{chance: 100, hold: 1800}
	var l later
	known := p.deeds(r, t, &l)
	known["id"], known["on"], known["more"], known["then"] = r.text(&t.id), r.oneOf(&t.on, kinds), r.yes(&t.more), keep(&l.then)
	known["cooldown"], known["once"] = r.duration(&t.cooldown), r.oneOf(&t.once, []string{"lot", "session", "show"})
	r.needs(n, "a trigger", r.object(n, "a trigger", known), "id", "on")
	if t.on == "" {
		return t // what it may say and ask depends on it
	}
	p.finish(r, t, l)
	if l.then != nil {
		p.readFollowUps(r, t, l.then)
	}
	return t
}

// later is what of a trigger can be read only when its event is known.
type later struct {
	when, say, reply, then *yaml.Node
	priority               string
}

func keep(to **yaml.Node) func(*yaml.Node) { return func(n *yaml.Node) { *to = n } }

// deeds are the keys that triggers and follow-ups share.
func (p *Personality) deeds(r *reader, t *trigger, l *later) fields {
	return fields{
		"when": keep(&l.when), "chance": r.integer(&t.chance, 1, 100), "priority": r.oneOf(&l.priority, []string{"idle", "chat", "bid", "lot"}),
		"mood": r.oneOf(&t.mood, p.moodNames()), "energy": r.integer(&t.energy, -100, 100),
		"express": r.oneOf(&t.express, Expressions), "hold": r.duration(&t.hold), "gesture": r.oneOf(&t.gesture, Gestures),
		"sound": r.oneOf(&t.sound, Sounds), "say": keep(&l.say), "reply": keep(&l.reply),
	}
}

// finish reads what depends on the event of the trigger.
func (p *Personality) finish(r *reader, t *trigger, l later) {
	t.seed = hash(hashSeed, t.id)
	t.priority = priorities[l.priority]
	if l.priority == "" {
		t.priority = usualPriority(t.on)
	}
	if l.when != nil {
		t.readWhen(r, l.when)
	}
	t.say, t.reply = p.readLines(r, t, l.say), p.readLines(r, t, l.reply)
	if l.reply != nil && !slices.Contains([]string{PostReceived, BidAccepted, BidRefused, LotSold}, t.on) {
		r.fail(l.reply, 0, "%s comes from no post that could be answered", t.on)
	}
}

// readFollowUps reads what comes after a trigger, in the scope of the same event.
func (p *Personality) readFollowUps(r *reader, t *trigger, n *yaml.Node) {
	r.list(n, func(n *yaml.Node) {
		f := &trigger{id: t.id + "/" + strconv.Itoa(len(t.then)+1), on: t.on, chance: 100, hold: 1800}
		var l later
		known := p.deeds(r, f, &l)
		known["after"] = func(n *yaml.Node) {
			if r.someTime(&f.after, n); f.after > maxFollowAfter {
				r.fail(n, 0, "a follow-up comes within %d seconds", maxFollowAfter/1000)
			}
		}
		r.needs(n, "a follow-up", r.object(n, "a follow-up", known), "after")
		if len(t.then) == maxFollowUps {
			r.fail(n, 0, "trigger %q has more than %d follow-ups", t.id, maxFollowUps)
			return
		}
		p.finish(r, f, l)
		t.then = append(t.then, f)
		p.follow[f.seed] = f
	})
}

// usualPriority is how a line ranks when its trigger does not say.
func usualPriority(on string) int64 {
	switch on {
	case Silence, ClockTicked:
		return idlePriority
	case BidAccepted, LotExtended:
		return bidPriority
	case LotOpened, LotClosing, LotSold, LotUnsold, LotPaused, LotResumed, SessionOpened, SessionClosed:
		return lotPriority
	default:
		return chatPriority
	}
}

func (t *trigger) readWhen(r *reader, n *yaml.Node) {
	var src string
	r.key = "when"
	if r.text(&src)(n); src == "" {
		return
	}
	when, err := compileWhen(src, t.on)
	var ee *exprError
	if errors.As(err, &ee) {
		r.fail(n, ee.at, "when: %s", ee.msg)
		return
	}
	t.when = when
}

// readLines reads the lines of a trigger and checks that its event has every slot they lead to.
func (p *Personality) readLines(r *reader, t *trigger, n *yaml.Node) []*fragment {
	if n == nil {
		return nil
	}
	before := len(r.errs)
	lines := r.fragments(n, t.id, p.pools, false)
	if len(lines) == 0 && len(r.errs) == before {
		r.fail(n, 0, "a list without a line; take it out, or give it one")
	}
	for _, f := range lines {
		if least := f.least(r.least); least > p.longest && least < math.MaxInt32 {
			r.fail(&yaml.Node{Line: f.line, Column: f.column}, 0, "this has %d characters at least and is never said; longest is %d", least, p.longest)
		}
		f.walk(map[*pool]bool{}, func(pc *piece, via *pool) bool {
			if pc.slot == nil || pc.slot.knownOn(t.on) {
				return true
			}
			where := ""
			if via != nil {
				where = " (used by <" + via.name + ">)"
			}
			r.fail(&yaml.Node{Line: f.line, Column: f.column}, 0, "trigger %q: %s has no {{%s}}%s; %s", t.id, t.on, pc.slot.name, where, did(pc.slot.name, slotNames(t.on)))
			return false
		})
	}
	return lines
}

// Space is how many different lines each trigger can make, slots aside.
func (p *Personality) Space() map[string]float64 {
	known, out := map[*pool]float64{}, map[string]float64{}
	for _, t := range p.triggers {
		if len(t.say) > 0 {
			out[t.id] = spaceOf(t.say, known)
		}
	}
	return out
}
