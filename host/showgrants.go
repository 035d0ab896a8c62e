package host

import (
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

// grantFile is one entry under grants; its limits are tighter than what the plugin asks for.
type grantFile struct {
	Power         string   `yaml:"power"`
	Ask           bool     `yaml:"ask"`
	PerMinute     int      `yaml:"per_minute"`
	Bytes         int      `yaml:"bytes"`
	TokensPerHour int      `yaml:"tokens_per_hour"`
	Pending       int      `yaml:"pending"`
	Hosts         []string `yaml:"hosts"`
}

// grants reads which plugins may use which powers: {dusty-gavel: [reply, {power: http, hosts: [api.example.com]}]}.
func (p *showParser) grants(s *Show, n *yaml.Node) {
	if n.IsZero() {
		return
	}
	if n.Kind != yaml.MappingNode {
		p.fail(n.Line, "grants: want plugins with lists of powers, such as {dusty-gavel: [reply]}")
		return
	}
	s.Grants = map[string]map[string]plugin.Grant{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		s.Grants[n.Content[i].Value] = p.powers(n.Content[i].Value, n.Content[i+1])
	}
}

func (p *showParser) powers(id string, n *yaml.Node) map[string]plugin.Grant {
	out := map[string]plugin.Grant{}
	if n.Kind != yaml.SequenceNode {
		p.fail(n.Line, "grants: %s: want a list of powers, such as [reply]", id)
		return out
	}
	for _, item := range n.Content {
		f := grantFile{Power: item.Value}
		if item.Kind != yaml.ScalarNode && !p.strict("grants: "+id, item, &f) {
			continue
		}
		if !slices.Contains(abi.Capabilities(), f.Power) {
			p.fail(item.Line, "grants: %s: there is no power %q; there are: %v", id, f.Power, abi.Capabilities())
			continue
		}
		if f.Ask && !plugin.Askable(f.Power) {
			p.fail(item.Line, "grants: %s: %s cannot wait for a person each time; reply, post, http and llm can", id, f.Power)
			continue
		}
		g := plugin.Grant{Granted: true, By: byShowFile, Standing: true, Ask: f.Ask,
			Capability: plugin.Capability{PerMinute: f.PerMinute, Bytes: f.Bytes, TokensPerHour: f.TokensPerHour, Pending: f.Pending, Hosts: f.Hosts}}
		if err := g.Fits(f.Power); err != nil {
			p.fail(item.Line, "grants: %s: %v", id, err)
			continue
		}
		out[f.Power] = g
	}
	return out
}
