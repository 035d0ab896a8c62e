package director

import (
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/cue"
)

// gates decide whether a cue may come in at all.
type gates struct {
	cfg     Config
	cues    map[string]*bucket
	lines   map[string]*bucket
	gesture time.Time // of the last one

	scene   string // on program
	sceneAt time.Time
	held    *offer // scene that waits until the one on program had its time
}

func newGates(cfg Config, now time.Time) *gates {
	return &gates{cfg: cfg, cues: map[string]*bucket{}, lines: map[string]*bucket{},
		gesture: now.Add(-cfg.GestureHold), sceneAt: now.Add(-cfg.SceneHold)}
}

// refuse says why a cue may not come in; "" lets it in.
func (g *gates) refuse(c cue.Cue, now time.Time) string {
	if reason := g.malformed(c); reason != "" || c.From == Operator {
		return reason
	}
	if !take(g.cues, c.From, g.cfg.CueRate, now) {
		return reasonRate
	}
	switch c.Verb {
	case cue.Say:
		if !take(g.lines, c.From, g.cfg.LineRate, now) {
			return reasonRate
		}
	case cue.Gesture:
		if now.Sub(g.gesture) < g.cfg.GestureHold {
			return reasonCooldown
		}
		g.gesture = now
	}
	return ""
}

func (g *gates) malformed(c cue.Cue) string {
	switch c.Verb {
	case cue.Say:
		return textFault(c.Text, g.cfg.TextLimit)
	case cue.Post:
		return textFault(c.Text, letterLimit)
	case cue.Reply:
		if c.Name == "" {
			return reasonEmpty
		}
		return textFault(c.Text, letterLimit)
	case cue.Express, cue.Mood, cue.Gesture, cue.Scene, cue.Text, cue.Show, cue.Bar, cue.Sound:
		if c.Name == "" {
			return reasonEmpty
		}
		return ""
	default:
		return reasonVerb
	}
}

// letterLimit is the bytes of a reply or a post: 280 characters, in any script.
const letterLimit = 1120

func textFault(text string, limit int) string {
	switch {
	case strings.TrimSpace(text) == "":
		return reasonEmpty
	case len(text) > limit:
		return reasonTooLong
	default:
		return ""
	}
}

// holdScene makes o the scene that comes next and returns the one it replaces.
func (g *gates) holdScene(o offer) (old offer, replaced bool) {
	if g.held != nil {
		old, replaced = *g.held, true
	}
	g.held = &o
	return old, replaced
}

// dueScene takes the held scene when the one on program had its time; the operator's comes at once.
func (g *gates) dueScene(now time.Time) (offer, bool) {
	if at, ok := g.nextScene(); !ok || now.Before(at) {
		return offer{}, false
	}
	o := *g.held
	g.held = nil
	return o, true
}

func (g *gates) nextScene() (time.Time, bool) {
	switch {
	case g.held == nil:
		return time.Time{}, false
	case g.held.cue.From == Operator:
		return g.held.at, true
	default:
		return g.sceneAt.Add(g.cfg.SceneHold), true
	}
}

func (g *gates) shown(scene string, now time.Time) { g.scene, g.sceneAt = scene, now }

// bucket is a budget that refills with time.
type bucket struct {
	left float64
	at   time.Time
}

// take spends one unit of a source's budget of rate a second, with bursts of twice the rate.
func take(m map[string]*bucket, source string, rate float64, now time.Time) bool {
	b, ok := m[source]
	if !ok {
		b = &bucket{left: 2 * rate, at: now}
		m[source] = b
	}
	b.left = min(2*rate, b.left+rate*now.Sub(b.at).Seconds())
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}
