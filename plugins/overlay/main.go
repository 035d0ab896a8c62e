// Command overlay is the guest that fills the text slots and bars of the scenes.
//
// It keeps a board of what the audience should read, and after every event asks only for what changed on it. A stage
// that saw nothing yet, at the start or after a swap, is told everything.
package main

import guest "github.com/sothebais/sothebais/sdk/go"

func main() {}

func init() { guest.Register(plugin()) }

func plugin() guest.Plugin {
	o := &overlay{}
	return guest.Plugin{
		Handle: func(e guest.Event, out *guest.Commands) {
			o.board.hear(e)
			o.show(out)
		},
		Save:    o.save,
		Restore: o.restore,
	}
}
