package character

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/cue"
)

// Animator moves one character. It is a pure function of its seed, the cues it got and the time that was ticked: the
// same three give the same pictures. It has no clock, starts nothing, and after its first ticks allocates nothing.
// It belongs to one goroutine.
type Animator struct {
	pack *Pack
	rng  *rand.Rand
	now  time.Duration

	face     *Expression // whose eyes, brows and mouth are on the picture
	wanted   *Expression // where the face is going
	turn     time.Duration
	held     *Expression // asked for by name; nil: the mood's
	heldTill time.Duration

	mood     *Mood
	moodTill time.Duration
	energy   spring
	percent  int64 // of the mood, with which it is played
	tempo    float64

	nodes    []joint
	shown    []float64 // opacity of hidden nodes
	gestures [4]playing
	waves    []float64 // phase of each wave, 0 to 1
	twitches []twitching
	blink    blinking
	gaze     gazing
	talk     talking

	mouth  int
	placed []Placed
}

// joint is a node in motion.
type joint struct {
	pose   [5]spring // towards the expression's pose: dx, dy, rot, sx, sy
	goal   Delta
	still  bool    // the pose is reached
	delta  Delta   // this tick's sum of everything
	px, py float64 // its pivot on the canvas
	rot    float64
	sx, sy float64
}

// How a face turns into another: the eyes close, the picture changes behind the lids, they open.
const (
	turnCut  = 45 * time.Millisecond
	turnDone = 120 * time.Millisecond
)

// step is the longest piece of time the springs are integrated over; longer ticks are cut up so that they stay stable.
const step = 8 * time.Millisecond

// longestTick keeps a stalled caller from being answered with seconds of motion at once.
const longestTick = 250 * time.Millisecond

// NewAnimator is a character at rest in its first mood.
func NewAnimator(p *Pack, seed int64) *Animator {
	a := &Animator{
		pack: p, rng: rand.New(rand.NewPCG(uint64(seed), 0x50071e)),
		nodes: make([]joint, len(p.Nodes)), shown: make([]float64, len(p.Nodes)),
		waves: make([]float64, len(p.Idle.Waves)), twitches: make([]twitching, len(p.Idle.Twitches)),
		placed: make([]Placed, 0, len(p.Nodes)),
	}
	for i := range a.waves {
		a.waves[i] = p.Idle.Waves[i].Phase
	}
	for i := range a.twitches {
		tw := &p.Idle.Twitches[i]
		a.twitches[i].next = a.between(tw.Min, tw.Max)
	}
	a.blink.next = a.between(p.Idle.Blink.Min, p.Idle.Blink.Max)
	a.setMood(p.Moods[p.FirstMood], 100)
	a.energy.at, a.tempo = a.energy.goal, a.mood.Tempo
	a.face, a.turn = a.wanted, turnDone
	a.snap()
	a.pose(Sil, false)
	return a
}

// Apply takes the cues meant for a character: express, mood, gesture, and the mood that say asks for. Others are not
// its business. A name it does not know changes nothing and is an error.
func (a *Animator) Apply(c cue.Cue) error {
	switch c.Verb {
	case cue.Express:
		return a.express(c.Name, time.Duration(c.Millis)*time.Millisecond)
	case cue.Mood:
		return a.moodNamed(c.Name, c.Value)
	case cue.Gesture:
		return a.gesture(c.Name)
	case cue.Say:
		if c.Name != "" {
			return a.moodNamed(c.Name, c.Value)
		}
	}
	return nil
}

func (a *Animator) express(name string, hold time.Duration) error {
	e := a.pack.Expressions[name]
	if e == nil {
		return a.unknown("expression", name, names(a.pack.Expressions))
	}
	a.held, a.heldTill = e, math.MaxInt64
	if hold > 0 {
		a.heldTill = a.now + hold
	}
	a.want(e)
	return nil
}

func (a *Animator) moodNamed(name string, value int64) error {
	m := a.pack.Moods[name]
	if m == nil {
		return a.unknown("mood", name, names(a.pack.Moods))
	}
	switch { // a cue that names no intensity
	case value <= 0 && m == a.mood: // goes on with it, as the lines spoken in it do
		value = a.percent
	case value <= 0: // means it in full
		value = 100
	}
	a.setMood(m, min(value, 100))
	return nil
}

// setMood lets a mood begin. A face that was asked for until further notice ends with the mood it was asked in.
func (a *Animator) setMood(m *Mood, percent int64) {
	rest := a.pack.Moods[a.pack.FirstMood]
	a.mood, a.percent, a.moodTill = m, percent, math.MaxInt64
	if m.DecayTo != "" {
		a.moodTill = a.now + m.DecayAfter
	}
	a.energy.goal = rest.Energy + (m.Energy-rest.Energy)*float64(percent)/100
	if a.held == nil || a.heldTill == math.MaxInt64 {
		a.held = nil
		a.want(a.pack.Expressions[m.Expression])
	}
}

func (a *Animator) want(e *Expression) {
	if e == a.wanted {
		return
	}
	a.wanted = e
	if a.turn >= turnCut { // in the first half of a turn the eyes are closing anyway
		a.turn = 0
	}
}

func (a *Animator) unknown(what, name string, known []string) error {
	return fmt.Errorf("%s has no %s %q (%s)", a.pack.ID, what, name, hint(name, known))
}

func names[T any](m map[string]T) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	return out
}

// Tick lets time pass. mouth is the shape the voice has now; it shows only while speaking.
func (a *Animator) Tick(dt time.Duration, mouth Viseme, speaking bool) {
	dt = min(max(dt, 0), longestTick)
	if int(mouth) >= len(a.pack.Visemes) {
		mouth = Sil
	}
	for left := dt; left > 0; {
		d := min(left, step)
		left -= d
		a.advance(d, mouth, speaking)
	}
	a.pose(mouth, speaking)
}

func (a *Animator) advance(dt time.Duration, mouth Viseme, speaking bool) {
	a.now += dt
	if a.held != nil && a.now >= a.heldTill {
		a.held = nil
		a.want(a.pack.Expressions[a.mood.Expression])
	}
	if a.now >= a.moodTill {
		a.setMood(a.pack.Moods[a.mood.DecayTo], 100)
	}
	sec := dt.Seconds()
	a.energy.follow(sec, 6, 1)
	a.tempo += (a.mood.Tempo - a.tempo) * approach(sec, 0.3)
	a.advanceFace(dt, sec)
	a.advanceIdle(dt, sec)
	a.talk.advance(sec, a.pack, mouth, speaking)
	for i := range a.gestures {
		a.gestures[i].advance(dt)
	}
}

func (a *Animator) advanceFace(dt time.Duration, sec float64) {
	if a.turn < turnDone {
		a.turn += dt
	}
	if a.turn >= turnCut {
		a.face = a.wanted
	}
	for i := range a.nodes {
		var goal Delta
		if a.wanted.pose != nil {
			goal = a.wanted.pose[i]
		}
		a.nodes[i].toward(goal, sec)
	}
	for _, i := range a.pack.fading {
		goal, cut := a.showing(i)
		if cut {
			a.shown[i] = goal
		}
		fade := 0.06
		if goal > a.shown[i] {
			fade = 0.015 // a burst must be there when the gavel lands
		}
		a.shown[i] += (goal - a.shown[i]) * approach(sec, fade)
	}
}

// showing is how opaque a node wants to be, and whether it gets there at once: what stands in for another part must
// not shine through it. Hidden nodes are shown by the face or by a gesture.
func (a *Animator) showing(node int) (goal float64, cut bool) {
	if hidden := a.pack.Nodes[node].Hidden; !hidden || slices.Contains(a.face.show, node) {
		goal = 1
	}
	for i := range a.gestures {
		shown, replaced := a.gestures[i].showing(node)
		if replaced {
			return 0, true
		}
		if shown {
			goal = 1
		}
	}
	return goal, a.pack.standIns[node]
}

// snap puts every spring where it is going, so that a character comes on stage without a jerk.
func (a *Animator) snap() {
	for i := range a.nodes {
		if a.wanted.pose != nil {
			a.nodes[i].set(a.wanted.pose[i])
		}
		a.shown[i], _ = a.showing(i)
	}
}

// Expression is the name of the face that is on the picture.
func (a *Animator) Expression() string { return a.face.Name }

// Mood is the name of the mood it is in.
func (a *Animator) Mood() string { return a.mood.Name }

// Placed is the character now, back to front. The slice is the animator's own and good until the next Tick.
func (a *Animator) Placed() []Placed { return a.placed }
