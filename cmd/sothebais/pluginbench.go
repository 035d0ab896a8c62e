package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sothebais/sothebais/host"
)

type pluginBenchCmd struct {
	Events int    `default:"5000" placeholder:"N" help:"How many events to measure at least on each transcript, which is played over and over."`
	JSON   bool   `help:"Print JSON."`
	Dir    string `arg:"" optional:"" default:"." help:"Folder of the plugin; its transcripts are tests/*.jsonl."`
}

// Run measures a plugin.
func (c *pluginBenchCmd) Run(ctx context.Context, t *talk) error {
	if c.Events < 1 {
		return badFlag("--events", fmt.Sprint(c.Events), "measure one at least")
	}
	list, err := host.PluginBench{Dir: c.Dir, Least: c.Events}.Run(ctx)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(t.out).Encode(list)
	}
	w := table(t.out)
	fmt.Fprintln(w, "TRANSCRIPT\tEVENTS\tEVENTS/S\tP50\tP99\tFUEL\tMOST FUEL\tOF")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%d\t%.0f\t%.1f µs\t%.1f µs\t%d\t%d\t%d\n", r.Name, r.Events, r.EventsPerSecond, r.P50Micros, r.P99Micros, r.FuelPerEvent, r.MostFuel, r.FuelLimit)
	}
	return w.Flush()
}
