package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/sothebais/sothebais/host"
)

// remoteFlags say which running show is meant.
type remoteFlags struct {
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the running show."`
	JSON    bool   `help:"Print JSON."`
}

type swapCmd struct {
	remoteFlags
	Plugin string `arg:"" help:"Id of a plugin that is shipped or installed, id@version, a folder with a plugin.yaml, or a package (.sbx)."`
}

// Run swaps a plugin of the show that runs on the data directory.
func (c *swapCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	res, err := r.Swap(ctx, c.Plugin)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(res)
	}
	_, err = fmt.Fprintf(t.out, "%s: %s %s → %s %s, pause %.1f µs, %d bytes of state handed over\n", res.Slot, res.From, res.FromVersion, res.To, res.ToVersion, res.PauseMicros, res.StateBytes)
	return err
}

type pluginCmd struct {
	Ls pluginLsCmd `cmd:"" help:"List the plugins of a running show: those in a slot and those that could be."`
}

type pluginLsCmd struct{ remoteFlags }

// Run lists plugins.
func (c *pluginLsCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	list, err := r.Plugins(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(list)
	}
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tVERSION\tKIND\tON AIR\tCHARACTER\tEVENTS\tTRAPS")
	for _, p := range list {
		on := ""
		if p.Active {
			on = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%d\n", p.ID, p.Version, p.Kind, on, p.Character, p.Events, p.Traps)
	}
	return w.Flush()
}
