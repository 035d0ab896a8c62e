package plugin

import (
	"io/fs"
	"slices"
	"sync"
	"time"
)

// keptTurns is how many turns of plugins a slot remembers.
const keptTurns = 12

// Turn is one turn of a plugin in a slot.
type Turn struct {
	Plugin, Version, Name, SHA256 string
	Since, Until                  time.Time // Until is zero for the one on air
	By                            string
	Reverted                      bool
	Why                           string // it was reverted
	Cause                         uint64 // event that led to that
	Good                          bool   // what a roll-back goes to
	Warm                          bool   // started, ready to take over

	manifest *Manifest
	files    fs.FS
}

// history is who was on air in a slot, the newest first.
type history struct {
	mu    sync.Mutex
	turns []Turn
	warm  *occupant // started and silent, for the last good turn; nil when there is none
	tried bool      // to start it
}

// begin starts the turn of a plugin. The one before was reverted when why is not empty.
func (h *history) begin(p *occupant, by, why string, cause uint64) (cold *occupant) {
	now := time.Now().UTC()
	m := p.manifest
	next := Turn{Plugin: m.ID, Version: m.Version, Name: m.Name, SHA256: p.guest.Stats().SHA256, Since: now, By: by, manifest: m, files: p.files}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(now, why, cause)
	h.turns = slices.Insert(h.turns, 0, next)
	h.turns = h.turns[:min(len(h.turns), keptTurns)]
	return h.cool()
}

// end ends the turn on air, if one is.
func (h *history) end(now time.Time, why string, cause uint64) {
	if len(h.turns) > 0 && h.turns[0].Until.IsZero() {
		t := &h.turns[0]
		t.Until, t.Reverted, t.Why, t.Cause = now, why != "", why, cause
	}
}

// stopped ends a turn that nobody follows.
func (h *history) stopped(why string, cause uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.end(time.Now().UTC(), why, cause)
}

// cool takes out what was kept warm: it is another one from now on.
func (h *history) cool() *occupant {
	cold := h.warm
	h.warm, h.tried = nil, false
	return cold
}

// takeWarm takes out what was kept warm, for good.
func (h *history) takeWarm() *occupant {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.cool()
}

// good is the turn that a roll-back goes to: the last that ended well, of something else than what is on air.
func (h *history) good() (Turn, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.goodAt()
	if i < 0 {
		return Turn{}, false
	}
	return h.turns[i], true
}

func (h *history) goodAt() int {
	if len(h.turns) == 0 {
		return -1
	}
	on := h.turns[0]
	for i, t := range h.turns[1:] {
		if same := t.Plugin == on.Plugin && t.Version == on.Version && t.SHA256 == on.SHA256; !t.Reverted && !same && !h.failed(t) {
			return i + 1
		}
	}
	return -1
}

// failed reports whether the same plugin was reverted in a later turn than this one.
func (h *history) failed(t Turn) bool {
	return slices.ContainsFunc(h.turns, func(o Turn) bool {
		return o.Reverted && o.SHA256 == t.SHA256 && o.Plugin == t.Plugin && o.Version == t.Version && o.Since.After(t.Since)
	})
}

// cold gives the turn that should be warm and is not, once.
func (h *history) cold() (Turn, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.goodAt()
	if i < 0 || h.warm != nil || h.tried {
		return Turn{}, false
	}
	h.tried = true
	return h.turns[i], true
}

// heat keeps a plugin warm, and reports whether it is still the one to keep.
func (h *history) heat(p *occupant) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := h.goodAt()
	if i < 0 || h.turns[i].manifest != p.manifest || h.warm != nil {
		return false
	}
	h.warm = p
	return true
}

// list is what pages see.
func (h *history) list() []Turn {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := slices.Clone(h.turns)
	if i := h.goodAt(); i >= 0 {
		out[i].Good, out[i].Warm = true, h.warm != nil
	}
	return out
}
