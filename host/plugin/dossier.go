package plugin

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// dossier is what the host remembers of a plugin under its id, whatever its version and wherever it runs.
type dossier struct {
	mu    sync.Mutex
	lines []LogLine   // the newest last
	traps []time.Time // of the last day
	would map[string]uint64
	spent bucket           // tokens of the language model
	grant map[string]Grant // what a person decided about its powers since the host began
}

// Bounds of a dossier.
const (
	keptLines = 200
	keptTraps = 4096
	trapsFor  = 24 * time.Hour
)

// LogLine is a line that a plugin wrote.
type LogLine struct {
	At     time.Time
	Seq    uint64 // event that it handled
	Level  slog.Level
	Shadow bool
	Text   string
}

func (d *dossier) write(l LogLine) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.lines) == keptLines {
		d.lines = slices.Delete(d.lines, 0, 1)
	}
	d.lines = append(d.lines, l)
}

func (d *dossier) log(limit int) []LogLine {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.lines[max(0, len(d.lines)-limit):])
}

func (d *dossier) trapped(at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.traps) == keptTraps {
		d.traps = slices.Delete(d.traps, 0, 1)
	}
	d.traps = append(d.traps, at)
}

func (d *dossier) trapsSince(at time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.traps = slices.DeleteFunc(d.traps, func(t time.Time) bool { return t.Before(at) })
	return len(d.traps)
}

// wouldUse counts a power that was asked for in shadow.
func (d *dossier) wouldUse(power string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.would == nil {
		d.would = map[string]uint64{}
	}
	d.would[power]++
}

func (d *dossier) usedInShadow(power string) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.would[power]
}

// decide notes what a person decided about a power.
func (d *dossier) decide(power string, g Grant) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.grant == nil {
		d.grant = map[string]Grant{}
	}
	d.grant[power] = g
}

// decided is what a person decided about a power since the host began.
func (d *dossier) decided(power string) (Grant, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	g, ok := d.grant[power]
	return g, ok
}

// spend takes tokens of the model in advance.
func (d *dossier) spend(at time.Time, tokens, perHour int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.spent.take(at, float64(tokens), float64(perHour), time.Hour)
}

// refund gives back what a question did not cost, or takes what it cost besides.
func (d *dossier) refund(tokens int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.spent.settle(float64(tokens))
}

// dossier of a plugin; made when it is first asked for.
func (h *Host) dossier(id string) *dossier {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.dossiers[id]
	if d == nil {
		d = &dossier{}
		h.dossiers[id] = d
	}
	return d
}

// Logs are the last lines that a plugin wrote, the newest last. Of whom nothing is known there are none.
func (h *Host) Logs(id string, limit int) []LogLine {
	h.mu.Lock()
	d := h.dossiers[id]
	h.mu.Unlock()
	if d == nil {
		return nil
	}
	return d.log(limit)
}

// TrapsInADay counts the events of the last 24 hours on which a plugin failed.
func (h *Host) TrapsInADay(id string) int { return h.dossier(id).trapsSince(time.Now().Add(-trapsFor)) }
