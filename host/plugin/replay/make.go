package replay

import (
	"fmt"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// Maker makes a recording of facts that it is given in the order of the ledger.
type Maker struct {
	encode func(b []byte, e event.Event) ([]byte, bool)
	rec    Recording
	on     map[string]int // index of the take in each slot
}

// NewMaker makes a maker; encode writes an event in the form that guests hear, and says false for one that they do not.
func NewMaker(program string, encode func(b []byte, e event.Event) ([]byte, bool)) *Maker {
	return &Maker{encode: encode, rec: Recording{Head: Head{Program: program, Private: map[uint64]Address{}}}, on: map[string]int{}}
}

// Add takes the next fact.
func (m *Maker) Add(e event.Event) {
	if m.rec.From == 0 {
		m.rec.From = e.Seq
	}
	m.rec.To = e.Seq
	switch d := e.Data.(type) {
	case show.PluginLoaded:
		m.loaded(d)
	case show.Stopped, show.Started:
		for slot := range m.on {
			m.end(slot, e.Seq)
		}
	case cue.Raised:
		m.rec.Answers = append(m.rec.Answers, Answer{To: e.Cause, Cue: d.Cue})
	case cue.Dropped:
		m.rec.Answers = append(m.rec.Answers, Answer{To: e.Cause, Cue: d.Cue, Dropped: d.Reason})
	case show.TimerFired:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.FetchAnswered:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.ModelAnswered:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	case show.PowerDenied:
		m.rec.Private[e.Seq] = Address{d.Slot, d.Plugin}
	}
	m.rec.Records, _ = m.encode(m.rec.Records, e)
}

// loaded begins a take, and ends the one before in its slot.
func (m *Maker) loaded(d show.PluginLoaded) {
	m.end(d.Slot, d.After)
	m.on[d.Slot] = len(m.rec.Takes)
	m.rec.Takes = append(m.rec.Takes, Take{Slot: d.Slot, Plugin: d.Plugin, Version: d.Version, SHA256: d.SHA256, After: d.After, Caught: d.Caught, State: d.State})
}

func (m *Maker) end(slot string, at uint64) {
	if i, ok := m.on[slot]; ok {
		m.rec.Takes[i].Until = at
		delete(m.on, slot)
	}
}

// Recording is what was made so far.
func (m *Maker) Recording() *Recording { return &m.rec }

// Find gives the take of a plugin, or of a slot, that heard most; the name may be empty for the personality.
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
		if (t.Plugin == name || t.Slot == name) && (best < 0 || until-t.After > most) {
			best, most = i, until-t.After
		}
	}
	if best < 0 {
		return Take{}, fmt.Errorf("%w: nothing called %q was on air; there were: %v", ErrRecording, name, there)
	}
	return h.Takes[best], nil
}
