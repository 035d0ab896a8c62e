package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// Maker makes a recording of facts that it is given in the order of the ledger.
type Maker struct {
	encode func(b []byte, e *event.Event) ([]byte, bool)
	rec    Recording
	on     map[string]int      // index of the take in each slot
	failed map[string][]uint64 // what was failed on in each slot, in this show
	again  map[string]bool     // slots whose next plugin comes in place of one that failed
	began  uint64              // the fact that the show started
}

// NewMaker makes a maker; encode writes an event in the form that guests hear, and says false for one that they do not.
func NewMaker(program string, encode func(b []byte, e *event.Event) ([]byte, bool)) *Maker {
	return &Maker{encode: encode, rec: Recording{Head: Head{Program: program, Private: map[uint64]Address{}}}, on: map[string]int{}, failed: map[string][]uint64{}, again: map[string]bool{}}
}

// Add takes the next fact.
func (m *Maker) Add(e event.Event) {
	if m.rec.From == 0 {
		m.rec.From = e.Seq
	}
	m.rec.To = e.Seq
	switch d := e.Data.(type) {
	case show.PluginLoaded:
		m.loaded(e.Seq, d)
	case show.PluginTrapped:
		m.failed[d.Slot] = append(m.failed[d.Slot], d.Event)
		if i, ok := m.on[d.Slot]; ok {
			m.rec.Takes[i].Failed = append(m.rec.Takes[i].Failed, d.Event)
		}
	case show.PluginRetried:
		if i, ok := m.on[d.Slot]; ok && d.After > 0 {
			m.rec.Takes[i].Retried = append(m.rec.Takes[i].Retried, Retried{At: e.Seq, After: d.After, Event: d.Event})
		}
	case show.PluginRolledBack:
		m.again[d.Slot] = d.Event > 0 // by itself, not because somebody asked
	case show.PluginStopped:
		m.again[d.Slot] = true
		if i, ok := m.on[d.Slot]; ok { // who comes next follows it, later on
			m.rec.Takes[i].Until = cmp.Or(d.Event, e.Seq)
		}
	case show.Stopped:
		m.over(e.Seq, d.Heard)
	case show.Started:
		m.over(e.Seq, nil)
	case cue.Raised:
		m.rec.Answers = append(m.rec.Answers, Answer{To: e.Cause, At: e.Seq, Cue: d.Cue})
	case cue.Dropped:
		m.rec.Answers = append(m.rec.Answers, Answer{To: e.Cause, At: e.Seq, Cue: d.Cue, Dropped: d.Reason})
	case show.PluginGranted:
		m.changed(d.Plugin, Change{At: e.Seq, After: d.After, Power: d.Power, Granted: true, Ask: d.Ask, Limits: d.Limits})
	case show.PluginRevoked:
		m.changed(d.Plugin, Change{At: e.Seq, After: d.After, Power: d.Power})
	case show.PowerDecided:
		if i, ok := m.on[d.Slot]; ok && d.Allowed && m.rec.Takes[i].Plugin == d.Plugin {
			m.rec.Takes[i].Allowed = append(m.rec.Takes[i].Allowed, Allowed{Event: d.Event, Nth: d.Nth})
		}
	case show.TimerFired:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.FetchAnswered:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.ModelAnswered:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.PowerDenied:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	}
	m.rec.End = e.At.UnixMilli()
	m.rec.Records, _ = m.encode(m.rec.Records, &e)
}

// over ends a show, at a fact; heard is what had come by in each slot, as far as it is known.
func (m *Maker) over(at uint64, heard map[string]uint64) {
	for slot := range m.on {
		m.end(slot, cmp.Or(heard[slot], at))
	}
	for i := range m.rec.Takes {
		if t := &m.rec.Takes[i]; t.Began == m.began {
			t.End = m.rec.End
		}
	}
	m.began = at
	clear(m.failed)
	clear(m.again)
}

// loaded begins a take, and ends the one before in its slot.
func (m *Maker) loaded(seq uint64, d show.PluginLoaded) {
	t := Take{Slot: d.Slot, Plugin: d.Plugin, Version: d.Version, SHA256: d.SHA256, After: d.After, Caught: d.Caught, Rehearsed: d.Rehearsed,
		Seated: seq, Began: m.began, Powers: d.Grants, State: d.State, Stood: d.Stood, Store: d.Store, Config: d.Config, Limits: d.Limits, Subscribes: d.Subscribes}
	if _, swapped := m.on[d.Slot]; !swapped && m.began > 0 {
		t.Seated = m.began // it may have answered before it was written down that it is there
	}
	if m.again[d.Slot] {
		for _, seq := range m.failed[d.Slot] {
			if seq > t.After && seq <= t.Rehearsed {
				t.Skips = append(t.Skips, seq)
			}
		}
		delete(m.again, d.Slot)
	}
	m.end(d.Slot, t.begins())
	m.on[d.Slot] = len(m.rec.Takes)
	m.rec.Takes = append(m.rec.Takes, t)
}

// changed notes what a person decided with whom it concerns.
func (m *Maker) changed(plugin string, c Change) {
	for _, i := range m.on {
		if t := &m.rec.Takes[i]; t.Plugin == plugin {
			t.Changes = append(t.Changes, c)
		}
	}
}

func (m *Maker) end(slot string, at uint64) {
	if i, ok := m.on[slot]; ok {
		t := &m.rec.Takes[i]
		t.Until = cmp.Or(t.Until, at)
		delete(m.on, slot)
	}
}

// Recording is what was made so far.
func (m *Maker) Recording() *Recording { return &m.rec }

// Find gives the take of a plugin (id, or id@version), or of a slot, that heard most; the name may be empty for the
// personality.
func (h Head) Find(name string) (Take, error) {
	if name == "" {
		name = "personality"
	}
	best, most := -1, uint64(0)
	var there []string
	for i, t := range h.Takes {
		until := t.Until
		if until == 0 {
			until = h.To
		}
		there = append(there, fmt.Sprintf("%s %s (%s, events %d to %d)", t.Plugin, t.Version, t.Slot, t.After+1, until))
		if (t.Plugin == name || t.Slot == name || t.Plugin+"@"+t.Version == name) && (best < 0 || until-t.After > most) {
			best, most = i, until-t.After
		}
	}
	if best < 0 {
		return Take{}, fmt.Errorf("%w: nothing called %q was on air; there were: %v", ErrRecording, name, there)
	}
	return h.Takes[best], nil
}

// Before is the take before one in its slot, whose state it took over.
func (h Head) Before(t Take) (Take, bool) {
	for _, o := range slices.Backward(h.Takes) {
		if o.Slot == t.Slot && o.Began == t.Began && o.Seated < t.Seated {
			return o, true
		}
	}
	return Take{}, false
}
