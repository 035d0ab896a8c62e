package plugin

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sothebais/sothebais/host/plugin/abi"
)

// power is a capability of an occupant: asked for, granted or not, metered. All but its counts and its grant belong to
// whoever has the turn.
type power struct {
	asked  Capability
	grant  atomic.Pointer[Grant]
	rate   bucket
	tells  bool      // whether the plugin was ever told that it was denied
	told   time.Time // second in which it was
	untold uint64    // how often it was not since

	used, denied atomic.Uint64
}

// limits are those that hold.
func (w *power) limits() Capability {
	most := budgetOf(w.asked.Name).most
	most.Hosts = nil
	return w.asked.withDefaults().within(most).within(w.grant.Load().Capability)
}

// newPower decides with the book's entry, if there is one.
func newPower(c Capability, g Grant, decided bool) *power {
	if !decided {
		g = c.byDefault()
	}
	w := &power{asked: c}
	w.grant.Store(&g)
	return w
}

// powers are those of a plugin, as they stand in the book. Without a book all that is asked for is granted.
func (h *Host) powers(ctx context.Context, m *Manifest) (map[string]*power, error) {
	out := make(map[string]*power, len(m.Capabilities))
	if h.cfg.Grants == nil {
		for _, c := range m.Capabilities {
			out[c.Name] = newPower(c, Grant{Granted: true, By: byDefault}, true)
		}
		return out, nil
	}
	book, err := h.cfg.Grants.Granted(ctx, m.ID)
	if err != nil {
		return nil, fmt.Errorf("read the grants of %s: %w", m.ID, err)
	}
	for _, c := range m.Capabilities {
		g, decided := book[c.Name]
		out[c.Name] = newPower(c, g, decided)
	}
	return out, nil
}

// Powers says how the powers that a plugin asks for stand, in the order of its manifest.
func (h *Host) Powers(ctx context.Context, m *Manifest) ([]PowerInfo, error) {
	powers, err := h.powers(ctx, m)
	if err != nil {
		return nil, err
	}
	p := occupant{manifest: m, powers: powers, dossier: h.dossier(m.ID)}
	return p.describe(0), nil
}

// heed lets decisions hold that a person made while the plugin got ready. Whoever is in a slot hears of them there.
func (p *occupant) heed() {
	for name, w := range p.powers {
		if g, ok := p.dossier.decided(name); ok {
			w.grant.Store(&g)
		}
	}
}

// spent takes over what is left of the rates of the same plugin, which must not be had anew by failing.
func (p *occupant) spent(before *occupant) {
	for name, w := range p.powers {
		if old := before.powers[name]; old != nil {
			w.rate = old.rate
		}
	}
}

// lacks says why the plugin does not have a power, or "".
func (p *occupant) lacks(power string) string {
	id := p.manifest.ID
	switch w := p.powers[power]; {
	case w == nil:
		return fmt.Sprintf("%s has no capability %s; its author lists {name: %s, why: ...} under capabilities in %s", id, power, power, ManifestFile)
	case !w.grant.Load().Granted:
		return fmt.Sprintf("%s is not granted to %s; a person grants it in the control room, or with: sothebais plugin grant %s %s", power, id, id, power)
	}
	return ""
}

// shutOut says why its store is closed to the guest, which got it, or did not, when it was loaded.
func (p *occupant) shutOut(keeps bool) string {
	switch why := p.lacks(PowerStore); {
	case why != "":
		return why
	case !keeps:
		return "this show keeps nothing for plugins"
	}
	return fmt.Sprintf("store was granted to %s after it was loaded, and is open to it when it is loaded again: sothebais swap %s", p.manifest.ID, p.manifest.ID)
}

// check says why a reaction may not be carried out, or "".
func (p *occupant) check(r *Reaction, at time.Time) string {
	if why := p.lacks(r.Power); why != "" {
		return why
	}
	w := p.powers[r.Power]
	l := w.limits()
	if why := p.tooLarge(r, l); why != "" {
		return why
	}
	if l.PerMinute > 0 && !w.rate.take(at, 1, float64(l.PerMinute), time.Minute) {
		return fmt.Sprintf("more than %d a minute", l.PerMinute) + p.ungranted(r.Power, func(c Capability) int { return c.PerMinute })
	}
	return ""
}

// tooLarge says why a reaction is over the size of its power, or "".
func (p *occupant) tooLarge(r *Reaction, l Capability) string {
	n := size(r)
	if l.Bytes == 0 || n <= l.Bytes {
		return ""
	}
	return fmt.Sprintf("%d bytes, %s has %d", n, r.Power, l.Bytes) + p.ungranted(r.Power, func(c Capability) int { return c.Bytes })
}

// barred says why a request goes to a host that the plugin asks for and was not granted, or "". One that it does not even
// ask for is for whoever sends it to refuse.
func (p *occupant) barred(r *Reaction) string {
	c, is := r.Call.(*abi.Fetch)
	if !is {
		return ""
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return ""
	}
	host, w := strings.ToLower(u.Host), p.powers[PowerHTTP]
	had := w.limits().Hosts
	if slices.Contains(had, host) || !slices.Contains(w.asked.Hosts, host) {
		return ""
	}
	return fmt.Sprintf("%s %s asks for host %s, which was not granted; granted are %s: sothebais plugin grant %s http", p.manifest.ID, p.manifest.Version, host,
		cmp.Or(strings.Join(had, ", "), "none"), p.manifest.ID)
}

// size is what a limit in bytes is about.
func size(r *Reaction) int {
	switch c := r.Call.(type) {
	case nil:
		return len(r.Cue.Text)
	case *abi.Fetch:
		return len(c.Body)
	}
	return 0
}

// token of a call, 0 where it has none.
func token(c abi.Call) uint64 {
	switch c := c.(type) {
	case *abi.Timer:
		return c.Token
	case *abi.Fetch:
		return c.Token
	case *abi.Ask:
		return c.Token
	}
	return 0
}

// mayTell reports whether the plugin is told now that it was denied, so many times, and the reason, which counts those
// since it was last told.
func (w *power) mayTell(at time.Time, why string, times uint64) (reason string, ok bool) {
	second := at.Truncate(time.Second)
	w.untold += times
	if w.tells && second.Equal(w.told) {
		return "", false
	}
	if before := w.untold - 1; before > 0 {
		why = fmt.Sprintf("%s (and %d times before)", why, before)
	}
	w.tells, w.told, w.untold = true, second, 0
	return why, true
}
