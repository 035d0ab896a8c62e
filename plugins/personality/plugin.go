package main

import (
	"errors"

	"github.com/sothebais/sothebais/plugins/personality/engine"
	guest "github.com/sothebais/sothebais/sdk/go"
)

// fileName is how errors call the file; the guest does not learn its path.
const fileName = "personality.yaml"

var errNotConfigured = errors.New("no personality is loaded")

// regularsKey is where the store keeps what a personality knows of people.
const regularsKey = "regulars"

// plugin ties the engine to the show.
func plugin() guest.Plugin {
	var e *engine.Engine
	var keeps bool         // the store is open to this personality
	var heard engine.Event // which is large: each anew would be most of what the collector has to do
	return guest.Plugin{
		Needs: guest.NeedsStore,
		Configure: func(config []byte) error {
			p, err := engine.Parse(fileName, config)
			if err != nil {
				return err
			}
			e = engine.New(p)
			known, err := guest.StoreGet(regularsKey)
			if keeps = err == nil; keeps && known != nil {
				// What cannot be read is of another version: people are strangers again, which nobody notices but they.
				_ = e.Recall(known)
			}
			return nil
		},
		Handle: func(ev guest.Event, out *guest.Commands) {
			if e == nil {
				return
			}
			if !translate(ev, &heard) {
				return
			}
			for _, c := range e.Handle(&heard) {
				ask(c, out)
			}
			if keeps && partOfTheNightIsOver(heard.Kind) {
				// A full store keeps what it had; the show does not suffer.
				_ = guest.StorePut(regularsKey, e.Regulars())
			}
		},
		Save: func() []byte {
			if e == nil {
				return nil
			}
			return e.Save()
		},
		Restore: func(state []byte) error {
			if e == nil {
				return errNotConfigured
			}
			return e.Restore(state)
		},
	}
}

// partOfTheNightIsOver says when it is time to keep what was learned of people: often enough that a crash costs a lot,
// seldom enough that nobody waits for it.
func partOfTheNightIsOver(kind string) bool {
	return kind == engine.LotSold || kind == engine.LotUnsold || kind == engine.SessionClosed
}

func ask(c engine.Command, out *guest.Commands) {
	switch c.Verb {
	case engine.Say:
		out.SayAbout(c.About, c.Text, c.Name, guest.Priority(c.Value))
	case engine.Express:
		out.Express(c.Name, c.Value)
	case engine.Mood:
		out.Mood(c.Name, max(c.Value, 1)) // 0 is no number, with which a mood is played in full
	case engine.Gesture:
		out.Gesture(c.Name)
	case engine.Sound:
		out.Sound(c.Name)
	case engine.Reply:
		out.ReplyAbout(c.About, c.Name, c.Text)
	}
}
