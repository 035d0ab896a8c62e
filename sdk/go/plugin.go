// Package guest is how a plugin of the show is written in Go.
//
// A plugin is a pure function of its state and its events: it hears events one after the other, in order, and leaves
// commands behind. It has no files, no network and no clock but Event.At; the same events always give the same
// commands. Register it in an init function and build with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o plugin.wasm .
//
// Outside of wasip1 nothing of the host is needed: Play runs a plugin against events in an ordinary test.
//
// Limits: about one to two milliseconds for an event, the memory that plugin.yaml asks for. A plugin that panics or
// runs on is put back to where it stood before the event, and hears the next one.
package guest

import (
	"errors"
	"strconv"
)

// Plugin is what the show calls. Nil functions do nothing.
type Plugin struct {
	// Configure takes the configuration once, before anything else: the `config` of plugin.yaml as JSON, or the body
	// of a declarative plugin. An error keeps the plugin from being loaded and is shown to whoever loads it.
	Configure func(config []byte) error
	// Handle hears one event and asks for what it wants.
	Handle func(e Event, out *Commands)
	// Save gives the state that a successor of this plugin may take over.
	Save func() []byte
	// Restore takes what Save of a predecessor gave; an error keeps the swap from happening.
	Restore func(state []byte) error
	// Migrate takes, in place of Restore, what Save gave in a plugin whose state has an older version, which plugin.yaml
	// lists under state.migrate.
	Migrate func(version int, state []byte) error
	// Needs names what the plugin cannot do without, such as NeedsStore|NeedsPowers; a host that lacks it refuses the
	// plugin. StoreGet and StorePut work with NeedsStore alone.
	Needs Feature
}

// Feature is something that a plugin may need of its host.
type Feature uint64

// Register names the plugin of this module; call it in an init function.
func Register(p Plugin) { current.plugin = p }

// current is the module's one plugin: the exports of a module are functions without a receiver.
var current instance

// instance is a plugin with its buffers.
type instance struct {
	plugin   Plugin
	commands Commands
	events   int // since the runtime was last given a turn
	in       []byte
	text     []byte // what was returned last; kept from the collector until the next call
}

func (g *instance) configure(config []byte) error {
	if g.plugin.Configure == nil {
		return nil
	}
	return g.plugin.Configure(config)
}

func (g *instance) restore(state []byte) error {
	if g.plugin.Restore == nil {
		return nil
	}
	return g.plugin.Restore(state)
}

func (g *instance) migrate(version int, state []byte) error {
	if g.plugin.Migrate == nil {
		return errors.New("takes no state of version " + strconv.Itoa(version))
	}
	return g.plugin.Migrate(version, state)
}

func (g *instance) save() []byte {
	if g.plugin.Save == nil {
		return nil
	}
	return g.plugin.Save()
}

// handle runs the plugin over a batch and gives the buffer of commands, nil when there are none.
func (g *instance) handle(batch []byte) []byte {
	g.commands.reset()
	if g.plugin.Handle == nil || len(batch) < batchHeader {
		return nil
	}
	count := le.Uint32(batch)
	rest := batch[batchHeader:]
	for i := range count {
		size := le.Uint32(rest)
		g.commands.event = i
		g.plugin.Handle(Event{rest[:size:size]}, &g.commands)
		rest = rest[size:]
	}
	g.events += int(count)
	return g.commands.bytes()
}
