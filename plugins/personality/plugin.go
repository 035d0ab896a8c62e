package main

import (
	"errors"

	"github.com/sothebais/sothebais/plugins/personality/engine"
	guest "github.com/sothebais/sothebais/sdk/go"
)

// fileName is how errors call the file; the guest does not learn its path.
const fileName = "personality.yaml"

var errNotConfigured = errors.New("no personality is loaded")

// plugin ties the engine to the show.
func plugin() guest.Plugin {
	var e *engine.Engine
	return guest.Plugin{
		Configure: func(config []byte) error {
			p, err := engine.Parse(fileName, config)
			if err != nil {
				return err
			}
			e = engine.New(p)
			return nil
		},
		Handle: func(ev guest.Event, out *guest.Commands) {
			if e == nil {
				return
			}
			heard, ok := translate(ev)
			if !ok {
				return
			}
			for _, c := range e.Handle(&heard) {
				ask(c, out)
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

func ask(c engine.Command, out *guest.Commands) {
	switch c.Verb {
	case engine.Say:
		out.SayAbout(c.About, c.Text, c.Name, guest.Priority(c.Value))
	case engine.Express:
		out.Express(c.Name, c.Value)
	case engine.Mood:
		out.Mood(c.Name, c.Value)
	case engine.Gesture:
		out.Gesture(c.Name)
	case engine.Sound:
		out.Sound(c.Name)
	case engine.Reply:
		out.ReplyAbout(c.About, c.Name, c.Text)
	}
}
