package plugin

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// Names of the powers that reach beyond the stage, or keep something. Each needs the grant of a person.
const (
	PowerReply = "reply"
	PowerPost  = "post"
	PowerStore = "store"
	PowerTimer = "timer"
	PowerHTTP  = "http"
	PowerLLM   = "llm"
	powerLog   = "log"
)

// budget is how much of a power a plugin has when its manifest names no limit, and the most that it may ask for.
type budget struct{ usual, most Capability }

// stagePower is what everything that is shown or said has: the director has the finer say.
var stagePower = budget{Capability{PerMinute: 18_000}, Capability{PerMinute: 18_000, Bytes: 8192}}

// budgets are those of the other powers.
var budgets = map[string]budget{
	"say":      {Capability{PerMinute: 240}, Capability{PerMinute: 240, Bytes: 8192}},
	powerLog:   {Capability{PerMinute: 6000}, Capability{PerMinute: 6000, Bytes: maxLogLine}},
	PowerReply: {Capability{PerMinute: 60, Bytes: 1120}, Capability{PerMinute: 240, Bytes: 1120}},
	PowerPost:  {Capability{PerMinute: 6, Bytes: 1120}, Capability{PerMinute: 60, Bytes: 1120}},
	PowerStore: {Capability{PerMinute: 6000, Bytes: 64 << 10}, Capability{PerMinute: 60_000, Bytes: 4 << 20}},
	PowerTimer: {Capability{PerMinute: 600, Pending: 16}, Capability{PerMinute: 6000, Pending: 256}},
	PowerHTTP:  {Capability{PerMinute: 12, Bytes: 8192}, Capability{PerMinute: 120, Bytes: 8192}},
	PowerLLM:   {Capability{PerMinute: 6, TokensPerHour: 20_000}, Capability{PerMinute: 60, TokensPerHour: 1_000_000}},
}

func budgetOf(power string) budget {
	if b, ok := budgets[power]; ok {
		return b
	}
	return stagePower
}

// Outward reports whether a power reaches beyond the stage, so that a person has to grant it.
func (c Capability) Outward() bool {
	switch c.Name {
	case PowerReply, PowerPost, PowerHTTP, PowerLLM:
		return true
	case PowerStore:
		return c.Bytes > budgets[PowerStore].usual.Bytes
	}
	return false
}

// Limit says how much of the power there is, in words.
func (c Capability) Limit() string { return strings.Join(c.words(), ", ") }

// words are the limits, each in words.
func (c Capability) words() []string {
	var parts []string
	add := func(n int, format string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf(format, n))
		}
	}
	if len(c.Hosts) > 0 {
		parts = append(parts, strings.Join(c.Hosts, ", "))
	}
	add(c.PerMinute, "%d a minute")
	add(c.Bytes, "%d bytes")
	add(c.TokensPerHour, "%d tokens an hour")
	add(c.Pending, "%d at once")
	return parts
}

// within is the capability with the limits of another one where those are tighter, and the usual ones where it has none.
func (c Capability) within(most Capability) Capability {
	for _, v := range []struct {
		is  *int
		cap int
	}{{&c.PerMinute, most.PerMinute}, {&c.Bytes, most.Bytes}, {&c.TokensPerHour, most.TokensPerHour}, {&c.Pending, most.Pending}} {
		if v.cap > 0 && (*v.is == 0 || v.cap < *v.is) {
			*v.is = v.cap
		}
	}
	if len(most.Hosts) > 0 {
		c.Hosts = slices.DeleteFunc(slices.Clone(c.Hosts), func(h string) bool { return !slices.Contains(most.Hosts, h) })
	}
	return c
}

// atLeast is the capability with all of its limits, and with those of another one where they are wider.
func (c Capability) atLeast(other Capability) Capability {
	most := budgetOf(c.Name).most
	most.Hosts = nil
	c = c.withDefaults().within(most)
	c.PerMinute, c.Bytes = max(c.PerMinute, other.PerMinute), max(c.Bytes, other.Bytes)
	c.TokensPerHour, c.Pending = max(c.TokensPerHour, other.TokensPerHour), max(c.Pending, other.Pending)
	return c
}

// withDefaults fills in the usual limits.
func (c Capability) withDefaults() Capability {
	usual := budgetOf(c.Name).usual
	for _, v := range []struct {
		is    *int
		usual int
	}{{&c.PerMinute, usual.PerMinute}, {&c.Bytes, usual.Bytes}, {&c.TokensPerHour, usual.TokensPerHour}, {&c.Pending, usual.Pending}} {
		if *v.is == 0 {
			*v.is = v.usual
		}
	}
	return c
}

// checkLimitsOf holds the limits of a capability against those that its power has.
func (c *checker) checkLimitsOf(at string, got Capability) {
	most := budgetOf(got.Name).most
	for _, v := range []struct {
		name      string
		got, most int
	}{{"per_minute", got.PerMinute, most.PerMinute}, {"bytes", got.Bytes, most.Bytes}, {"tokens_per_hour", got.TokensPerHour, most.TokensPerHour},
		{"pending", got.Pending, most.Pending}} {
		switch {
		case v.got != 0 && v.most == 0:
			c.fail(at, "capability %s has no %s; leave it out", got.Name, v.name)
		case v.got < 0 || v.got > v.most:
			c.fail(at, "%s of capability %s is %d; want 1 to %d", v.name, got.Name, v.got, v.most)
		}
	}
	switch {
	case got.Name != PowerHTTP:
		c.require(len(got.Hosts) == 0, at, "capability %s has no hosts; leave them out", got.Name)
	case len(got.Hosts) == 0:
		c.fail(at, "capability http names no hosts; list them, such as hosts: [api.example.com]")
	}
	for _, h := range got.Hosts {
		c.require(validHost(h), at, "host %q is none; want a name such as api.example.com, with :port if it is not the usual one", h)
	}
}

// validHost takes a name, with a port if need be; a pattern, a path or a scheme is none.
func validHost(h string) bool {
	name, port, err := net.SplitHostPort(h)
	if err != nil {
		name, port = h, "443"
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 || name == "" || len(name) > 253 || strings.ToLower(name) != name {
		return false
	}
	if net.ParseIP(name) != nil {
		return true
	}
	for label := range strings.SplitSeq(name, ".") {
		if !idLabel.MatchString(label) {
			return false
		}
	}
	return true
}
