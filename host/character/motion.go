package character

import (
	"math"
	"time"
)

// spring follows a goal the way a body does: it starts gently and may run past it.
type spring struct{ at, speed, goal float64 }

// follow moves on by a short time. hz is how quick it is in radians a second, damping 1 is without overshoot.
func (s *spring) follow(sec, hz, damping float64) {
	s.speed += (hz*hz*(s.goal-s.at) - 2*damping*hz*s.speed) * sec
	s.at += s.speed * sec
	if math.Abs(s.goal-s.at) < 1e-6 && math.Abs(s.speed) < 1e-6 {
		s.at, s.speed = s.goal, 0 // or it would creep through denormals for ever
	}
}

// A pose is reached in a fifth of a second and overshoots a little: the snap that makes a drawn face feel alive.
const (
	poseSpeed   = 26
	poseDamping = 0.62
)

func (j *joint) toward(d Delta, sec float64) {
	if j.still && d == j.goal {
		return
	}
	j.goal, j.still = d, true
	for i, goal := range [5]float64{d.DX, d.DY, d.Rot, d.SX, d.SY} {
		s := &j.pose[i]
		s.goal = goal
		s.follow(sec, poseSpeed, poseDamping)
		j.still = j.still && s.at == goal && s.speed == 0
	}
}

func (j *joint) set(d Delta) {
	j.goal, j.still = d, true
	for i, v := range [5]float64{d.DX, d.DY, d.Rot, d.SX, d.SY} {
		j.pose[i] = spring{at: v, goal: v}
	}
}

func (j *joint) posed() Delta {
	return Delta{j.pose[0].at, j.pose[1].at, j.pose[2].at, j.pose[3].at, j.pose[4].at}
}

// approach is the share of the way that an exponential with this time constant goes in a time.
func approach(sec, constant float64) float64 { return 1 - math.Exp(-sec/constant) }

// between is a time drawn evenly from a range.
func (a *Animator) between(lo, hi time.Duration) time.Duration {
	return lo + time.Duration(a.rng.Float64()*float64(hi-lo))
}

// twitching is a twitch: when the next begins and, when one is going on, how far it is.
type twitching struct {
	next time.Duration
	t    time.Duration
	on   bool
}

func (a *Animator) advanceIdle(dt time.Duration, sec float64) {
	for i := range a.waves {
		p := a.waves[i] + sec*a.tempo/a.pack.Idle.Waves[i].Period.Seconds()
		a.waves[i] = p - math.Floor(p)
	}
	for i := range a.twitches {
		t, w := &a.twitches[i], &a.pack.Idle.Twitches[i]
		if t.on {
			t.t += dt
			t.on = t.t < w.Length
		}
		if a.now >= t.next {
			t.on, t.t = true, 0
			t.next = a.now + w.Length + a.between(w.Min, w.Max)
		}
	}
	a.advanceBlink()
	a.advanceGaze(sec)
}

// at is how far a twitch is out: there and back with a smaller swing to the other side.
func (t *twitching) at(length time.Duration) float64 {
	if !t.on {
		return 0
	}
	u := float64(t.t) / float64(length)
	return math.Sin(u*3*math.Pi) * (1 - u)
}

// A blink closes quickly, stays shut and opens more slowly.
const (
	lidsDown = 50 * time.Millisecond
	lidsUp   = 80 * time.Millisecond
)

// blinking is when the lids come down next, and since when they have been on the way.
type blinking struct {
	next   time.Duration
	begun  time.Duration
	on     bool
	double bool // the blink that is on is a second one
}

func (a *Animator) advanceBlink() {
	b, idle := &a.blink, &a.pack.Idle.Blink
	if b.on && a.now-b.begun >= lidsDown+idle.Closed+lidsUp {
		b.on = false
	}
	if a.now < b.next {
		return
	}
	b.on, b.begun = a.face.Blinks, a.now
	length := lidsDown + idle.Closed + lidsUp
	if !b.double && a.rng.Float64() < idle.Double {
		b.double = true
		b.next = a.now + length + 90*time.Millisecond
		return
	}
	b.double = false
	b.next = a.now + length + a.between(idle.Min, idle.Max)
}

// lids is how far the eyes are open, and whether the picture of closed ones is shown.
func (a *Animator) lids() (open float64, shut bool) {
	open = 1
	if a.blink.on && a.face.Blinks {
		open, shut = lidsAt(a.now-a.blink.begun, a.pack.Idle.Blink.Closed)
	}
	if a.turn < turnDone { // the face is changing: the lids hide the cut
		if t := a.turn; t < turnCut {
			open = min(open, 1-0.75*float64(t)/float64(turnCut))
		} else {
			open = min(open, 0.25+0.75*float64(t-turnCut)/float64(turnDone-turnCut))
		}
	}
	return open, shut
}

func lidsAt(t, closed time.Duration) (open float64, shut bool) {
	switch {
	case t < lidsDown:
		return 1 - 0.8*float64(t)/float64(lidsDown), false
	case t < lidsDown+closed:
		return 1, true
	case t < lidsDown+closed+lidsUp:
		return 0.35 + 0.65*float64(t-lidsDown-closed)/float64(lidsUp), false
	}
	return 1, false
}

// gazing is where the face looks.
type gazing struct {
	next time.Duration
	x, y spring
}

func (a *Animator) advanceGaze(sec float64) {
	g, idle := &a.gaze, &a.pack.Idle.Gaze
	if idle.node < 0 {
		return
	}
	if a.now >= g.next {
		g.next = a.now + a.between(idle.Min, idle.Max)
		// every third look goes back to the viewer
		g.x.goal, g.y.goal = 0, 0
		if a.rng.IntN(3) > 0 {
			g.x.goal = (2*a.rng.Float64() - 1) * idle.DX
			g.y.goal = (2*a.rng.Float64() - 1) * idle.DY
		}
	}
	g.x.follow(sec, 9, 0.9)
	g.y.follow(sec, 9, 0.9)
}

// talking is what the words do to the head.
type talking struct {
	open, level float64
	phase       float64
}

func (t *talking) advance(sec float64, p *Pack, mouth Viseme, speaking bool) {
	open, level := 0.0, 0.0
	if speaking {
		open, level = p.Visemes[mouth].Open, 1
	}
	t.open += (open - t.open) * approach(sec, 0.045)
	t.level += (level - t.level) * approach(sec, 0.2)
	if period := p.Idle.Talk.Period; period > 0 {
		t.phase += sec / period.Seconds()
		t.phase -= math.Floor(t.phase)
	}
}
