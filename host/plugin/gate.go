package plugin

import (
	"encoding/json"
	"time"

	"github.com/sothebais/sothebais/host/show"
)

// Gate says what a plugin may, by the rules that hold on air, for whoever plays to it what was recorded.
type Gate struct{ p occupant }

// NewGate makes one for a plugin that has all that it asks for.
func NewGate(m *Manifest) *Gate {
	g := &Gate{occupant{manifest: m, powers: map[string]*power{}}}
	for _, c := range m.Capabilities {
		g.p.powers[c.Name] = newPower(c, Grant{Granted: true, By: byDefault}, true)
	}
	return g
}

// Hold leaves it the powers that plugin.loaded lists, within their limits, also those for which its plugin.yaml asks no more,
// or for less than then.
func (g *Gate) Hold(grants []show.PluginGrant) {
	for _, w := range g.p.powers {
		w.grant.Store(&Grant{})
	}
	for _, had := range grants {
		limits := Capability{Name: had.Name}
		if len(had.Limit) > 0 && json.Unmarshal(had.Limit, &limits) != nil {
			continue
		}
		if w := g.p.powers[had.Name]; w == nil {
			g.p.powers[had.Name] = newPower(limits, Grant{}, true)
		} else {
			w.asked = w.asked.atLeast(limits)
		}
		g.Change(had.Name, true, had.Ask, had.Limit)
	}
}

// Change gives or takes a power, within limits if there are any; ask says that a person is asked each time.
func (g *Gate) Change(name string, granted, ask bool, limits json.RawMessage) {
	if w := g.p.powers[name]; w != nil {
		given := &Grant{Granted: granted, Ask: ask}
		if len(limits) == 0 || json.Unmarshal(limits, &given.Capability) == nil {
			w.grant.Store(given)
		}
	}
}

// Asks reports whether the plugin asks for a power at all.
func (g *Gate) Asks(name string) bool { return g.p.powers[name] != nil }

// Consults reports whether a person is asked about each use of a power.
func (g *Gate) Consults(name string) bool {
	w := g.p.powers[name]
	return w != nil && w.grant.Load().Ask && Askable(name)
}

// Allows reports whether a reaction to an event of that time may be carried out; it counts.
func (g *Gate) Allows(r *Reaction, at time.Time) bool { return g.p.check(r, at) == "" }

// Store is an empty store, as the plugin may have one.
func (g *Gate) Store() Store {
	w := g.p.powers[PowerStore]
	if w == nil || !w.grant.Load().Granted {
		return Store{}
	}
	return Store{Granted: true, Quota: w.limits().Bytes}
}
