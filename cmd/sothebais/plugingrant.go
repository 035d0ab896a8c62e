package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/sothebais/sothebais/host"
)

type pluginGrantCmd struct {
	remoteFlags
	Plugin        string   `arg:"" help:"Id of the plugin."`
	Power         string   `arg:"" help:"Power, such as reply, post, http, llm or store."`
	PerMinute     int      `help:"At most so often; as the plugin asks if not given."`
	Bytes         int      `help:"At most so many bytes; as the plugin asks if not given."`
	Pending       int      `help:"Of timer, at most so many at once; as the plugin asks if not given."`
	TokensPerHour int      `help:"Of llm, at most so many tokens; as the plugin asks if not given."`
	Ask           bool     `help:"Ask a person each time, in the control room or with plugin allow: reply, post, http and llm."`
	Shadow        bool     `help:"Grant what the one in shadow asks for where another version is on air."`
	Host          []string `name:"host" help:"Of http, a host of those that the plugin asks for; all of them if not given."`
}

// Run grants a power.
func (c *pluginGrantCmd) Run(ctx context.Context, t *talk) error {
	for _, l := range []struct {
		flag      string
		got, most int
	}{{"--per-minute", c.PerMinute, 100_000}, {"--bytes", c.Bytes, 4 << 20}, {"--tokens-per-hour", c.TokensPerHour, 1_000_000}, {"--pending", c.Pending, 256}} { // those of the API
		if l.got < 0 || l.got > l.most {
			return badFlag(l.flag, strconv.Itoa(l.got), fmt.Sprintf("want 1 to %d, or 0 for as much as the plugin asks for", l.most))
		}
	}
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	got, err := r.Grant(ctx, c.Plugin, c.Power, host.GrantLimits{State: shadowState(c.Shadow), Pending: c.Pending, Ask: c.Ask, PerMinute: c.PerMinute, Bytes: c.Bytes, TokensPerHour: c.TokensPerHour, Hosts: c.Host})
	if err != nil {
		return err
	}
	return c.print(t, got, func() error {
		may := "may use"
		if got.Ask {
			may = "may, when you allow it each time, use"
		}
		_, err := fmt.Fprintf(t.out, "%s %s %s: %s\n", c.Plugin, may, got.Name, got.Limit)
		return err
	})
}

type pluginRevokeCmd struct {
	remoteFlags
	Plugin string `arg:"" help:"Id of the plugin."`
	Power  string `arg:"" help:"Power, such as reply, post, http, llm or store."`
}

// Run takes a power away.
func (c *pluginRevokeCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	got, err := r.Revoke(ctx, c.Plugin, c.Power)
	if err != nil {
		return err
	}
	return c.print(t, got, func() error {
		_, err := fmt.Fprintf(t.out, "%s may not use %s any more\n", c.Plugin, got.Name)
		return err
	})
}
