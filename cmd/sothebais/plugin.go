package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/sothebais/sothebais/host"
)

type pluginCmd struct {
	Ls         pluginLsCmd         `cmd:"" help:"List the plugins of a running show: those in a slot and those that could be."`
	Show       pluginShowCmd       `cmd:"" help:"Show all about a plugin: what it asks for, what it may, what it costs."`
	Grant      pluginGrantCmd      `cmd:"" help:"Let a plugin use a power that it asks for."`
	Revoke     pluginRevokeCmd     `cmd:"" help:"Take a power from a plugin."`
	Quarantine pluginQuarantineCmd `cmd:"" help:"List the events on which plugins failed."`
	Retry      pluginRetryCmd      `cmd:"" help:"Play an event in quarantine to the plugin on air again."`
	Asks       pluginAsksCmd       `cmd:"" help:"List what plugins want to do and wait for your word about."`
	Allow      pluginAllowCmd      `cmd:"" help:"Allow what a plugin waits for."`
	Refuse     pluginRefuseCmd     `cmd:"" help:"Refuse what a plugin waits for."`
	Logs       pluginLogsCmd       `cmd:"" help:"Print what a plugin wrote to the log."`
	Bench      pluginBenchCmd      `cmd:"" help:"Measure what a plugin costs, on its own transcripts."`
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
	return c.print(t, list, func() error {
		w := table(t.out)
		fmt.Fprintln(w, "ID\tVERSION\tKIND\tSTATE\tCHARACTER\tEVENTS\tP95\tMEMORY\tTRAPS 24 H")
		for _, p := range list {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%.0f µs\t%.1f MiB\t%d\n", p.ID, p.Version, p.Kind, p.State, p.Character, p.Events, p.P95Micros, mib(p.MemoryBytes), p.Traps24h)
		}
		return w.Flush()
	})
}

func table(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 0, 2, ' ', 0) }

func mib(b uint64) float64 { return float64(b) / (1 << 20) }

type pluginShowCmd struct {
	remoteFlags
	Plugin string `arg:"" help:"Id of the plugin."`
	Shadow bool   `help:"Show the one in shadow where another version is on air."`
}

// Run shows one plugin.
func (c *pluginShowCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	p, err := r.Plugin(ctx, c.Plugin, shadowState(c.Shadow))
	if err != nil {
		return err
	}
	return c.print(t, p, func() error { return printPlugin(t.out, p) })
}

func printPlugin(out io.Writer, p host.PluginDetail) error {
	fmt.Fprintf(out, "%s %s, %s, %s\n", p.ID, p.Version, p.Kind, p.State)
	if p.Description != "" {
		fmt.Fprintln(out, p.Description)
	}
	w := table(out)
	fmt.Fprintf(w, "\nruns\t%s %s\n", p.Runtime, p.File)
	fmt.Fprintf(w, "events\t%d, p50 %.0f µs, p95 %.0f µs\n", p.Events, p.P50Micros, p.P95Micros)
	fmt.Fprintf(w, "memory\t%.1f of %.0f MiB\n", mib(p.MemoryBytes), mib(p.MemoryLimit))
	fmt.Fprintf(w, "fuel\t%d of %d for an event\n", p.Fuel, p.FuelLimit)
	fmt.Fprintf(w, "traps\t%d, %d in 24 hours", p.Traps, p.Traps24h)
	if p.LastTrap != "" {
		fmt.Fprintf(w, ", the last: %s", p.LastTrap)
	}
	fmt.Fprint(w, "\n\nPOWER\tGRANTED\tBY\tUSED\tIN SHADOW\tDENIED\tLIMIT\tWHY\n")
	for _, c := range p.Capabilities {
		granted := "no"
		switch {
		case c.Ask:
			granted = "ask"
		case c.Granted:
			granted = "yes"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%d\t%s\t%s\n", c.Name, granted, c.GrantedBy, c.Used, c.UsedInShadow, c.Denied, c.Limit, c.Why)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return printMore(out, p.Plugin)
}

// printMore says what a version asks for beyond what was granted to an earlier one.
func printMore(out io.Writer, p host.PluginInfo) error {
	for _, c := range p.Capabilities {
		if len(c.More) > 0 {
			flag := ""
			if p.State == "shadow" {
				flag = " --shadow"
			}
			fmt.Fprintf(out, "\n%s: %s asks for more than was granted: %s. To grant it: sothebais plugin grant%s %s %s\n", c.Name, p.Version, strings.Join(c.More, ", "), flag, p.ID, c.Name)
		}
		if c.WhyGranted != "" {
			fmt.Fprintf(out, "\n%s: the reason was another one when it was granted: %s\n", c.Name, c.WhyGranted)
		}
	}
	return nil
}

// shadowState is how the API names whom a flag means.
func shadowState(shadow bool) string {
	if shadow {
		return "shadow"
	}
	return ""
}
