package plugin

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Grant is what a person, the show file or a default decided about a power of a plugin.
type Grant struct {
	Granted    bool      `json:"granted"`
	Ask        bool      `json:"ask,omitempty"` // granted, and a person is asked each time
	By         string    `json:"by"`
	At         time.Time `json:"at"`
	Capability           // limits that hold, however much a later version asks for; 0 and none are as it asks
	// Shown is what the plugin asked for when it was granted, and Version the one that did. What a later version asks for
	// beyond it was not granted. Nil is a grant that nobody looked at a plugin for.
	Shown   *Capability `json:"shown,omitempty"`
	Version string      `json:"version,omitempty"`
	// Standing grants are for whatever versions ask for, as somebody wrote down beforehand.
	Standing bool `json:"-"`
}

// byDefault signs grants that nobody had to make.
const byDefault = "default"

// book keeps grants.
type book interface {
	// Granted are the decisions about a plugin, by power; what nobody decided is missing.
	Granted(ctx context.Context, plugin string) (map[string]Grant, error)
	Put(ctx context.Context, plugin, power string, g Grant) error
}

// byDefault is the grant that nobody had to make: what stays on the stage, and a store of the
// usual size.
func (c Capability) byDefault() Grant {
	g := Grant{Granted: !c.Outward(), By: byDefault}
	if c.Name == PowerStore {
		usual := Capability{Bytes: budgets[PowerStore].usual.Bytes}
		g = Grant{Granted: true, By: byDefault, Capability: usual, Shown: &usual}
	}
	return g
}

// starred is the part of a capability that a person has to grant, with all of its limits; none of what stays on the stage.
func (c Capability) starred() (Capability, bool) {
	most := budgetOf(c.Name).most
	switch c.Name {
	case PowerReply, PowerPost, PowerHTTP, PowerLLM:
		c = c.withDefaults().within(most)
		c.Hosts = slices.Clone(c.Hosts)
		return c, true
	case PowerStore: // as often as it likes; the usual size is everybody's
		return Capability{Name: c.Name, Why: c.Why, Bytes: max(c.Bytes, budgets[PowerStore].usual.Bytes)}, true
	}
	return Capability{}, false
}

// covering is the grant for what a version of the plugin asks for, and no more.
func (g Grant) covering(c Capability, version string) Grant {
	shown, is := c.starred()
	if !is {
		g.Shown = nil
		return g
	}
	given := g.Capability
	g.Capability = shown.within(given)
	if g.Name, g.Why = given.Name, given.Why; len(g.Hosts) == 0 {
		g.Hosts = given.Hosts // none of them is asked for; no hosts would be all
	}
	g.Shown, g.Version = &shown, version
	return g
}

// open says that a grant does not say yet what it covers, as those of older ledgers do not.
func (g Grant) open() bool { return g.Granted && !g.Standing && g.Shown == nil }

// hold lets grants that do not say what they cover be for what m asks for: it is the first to be loaded under them since it
// is kept.
func (h *Host) hold(ctx context.Context, m *Manifest) error {
	if h.cfg.Grants == nil {
		return nil
	}
	h.deciding.Lock()
	defer h.deciding.Unlock()
	book, err := h.cfg.Grants.Granted(ctx, m.ID)
	if err != nil {
		return fmt.Errorf("read the grants of %s: %w", m.ID, err)
	}
	for _, c := range m.Capabilities {
		g, decided := book[c.Name]
		if _, is := c.starred(); !decided || !is || !g.open() {
			continue
		}
		if err := h.cfg.Grants.Put(ctx, m.ID, c.Name, g.covering(c, m.Version)); err != nil {
			return fmt.Errorf("keep what the grant of %s to %s covers: %w", c.Name, m.ID, err)
		}
	}
	return nil
}

// More says what is asked for beyond what was granted, in words; nothing of a power that is not granted at all.
func (w *power) more() []string {
	g := w.grant.Load()
	if !g.Granted || g.Shown == nil {
		return nil
	}
	asked, _ := w.asked.starred()
	return asked.beyond(*g.Shown).words()
}

// beyond are the limits that are wider than those of another capability.
func (c Capability) beyond(shown Capability) Capability {
	var out Capability
	for _, v := range []struct {
		out      *int
		is, most int
	}{{&out.PerMinute, c.PerMinute, shown.PerMinute}, {&out.Bytes, c.Bytes, shown.Bytes}, {&out.TokensPerHour, c.TokensPerHour, shown.TokensPerHour}, {&out.Pending, c.Pending, shown.Pending}} {
		if v.most > 0 && v.is > v.most {
			*v.out = v.is
		}
	}
	out.Hosts = slices.DeleteFunc(slices.Clone(c.Hosts), func(h string) bool { return slices.Contains(shown.Hosts, h) })
	return out
}

// whyThen is the reason that was shown when the power was granted, if it is another one by now.
func (w *power) whyThen() string {
	if g := w.grant.Load(); g.Granted && g.Shown != nil && g.Shown.Why != "" && !sameWords(g.Shown.Why, w.asked.Why) {
		return g.Shown.Why
	}
	return ""
}

func sameWords(a, b string) bool { return slices.Equal(strings.Fields(a), strings.Fields(b)) }

// ungranted is how a denial goes on that would not be one if all were granted that is asked for; "" for any other.
func (p *occupant) ungranted(name string, limit func(Capability) int) string {
	w := p.powers[name]
	g := w.grant.Load()
	if g.Shown == nil {
		return ""
	}
	asked, _ := w.asked.starred()
	if is, most := limit(asked), limit(*g.Shown); most == 0 || is <= most {
		return ""
	}
	return fmt.Sprintf("; %s %s asks for %s, which was not granted yet: sothebais plugin grant %s %s", p.manifest.ID, p.manifest.Version, strings.Join(w.more(), ", "), p.manifest.ID, name)
}

// Fits says which limits a grant has that the power does not.
func (g Grant) Fits(power string) error {
	most := budgetOf(power).most
	for _, v := range []struct {
		name      string
		got, most int
	}{{"per_minute", g.PerMinute, most.PerMinute}, {"bytes", g.Bytes, most.Bytes}, {"tokens_per_hour", g.TokensPerHour, most.TokensPerHour}, {"pending", g.Pending, most.Pending}} {
		switch {
		case v.got != 0 && v.most == 0:
			return fmt.Errorf("%w: %s has no %s; leave it out", ErrPower, power, v.name)
		case v.got < 0:
			return fmt.Errorf("%w: %s of %s is %d; want 1 or more", ErrPower, v.name, power, v.got)
		}
	}
	if power != PowerHTTP && len(g.Hosts) > 0 {
		return fmt.Errorf("%w: %s has no hosts; leave them out", ErrPower, power)
	}
	return nil
}
