package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/sothebais/sothebais/host"
)

type testCmd struct {
	Update bool   `help:"Write what the plugin asks for into the golden files, to be read and committed."`
	Only   string `name:"run" placeholder:"PART" help:"Run only transcripts whose name holds this."`
	JSON   bool   `help:"Print the results as JSON."`
	Dir    string `arg:"" optional:"" default:"." help:"Folder of the plugin; its transcripts are tests/*.jsonl."`
}

// Run plays the transcripts of a plugin and compares what it asks for with the golden files beside them.
func (c *testCmd) Run(ctx context.Context, t *talk) error {
	results, err := host.PluginTests{Dir: c.Dir, Only: c.Only, Update: c.Update}.Run(ctx)
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		if !r.OK {
			failed++
		}
	}
	if c.JSON {
		if err := json.NewEncoder(t.out).Encode(results); err != nil {
			return err
		}
	} else {
		c.print(t, results)
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d transcripts failed; if what came is right, run again with --update", failed, len(results))
	}
	return nil
}

func (c *testCmd) print(t *talk, results []host.PluginTest) {
	for _, r := range results {
		how := "ok"
		switch {
		case r.Updated:
			how = "updated"
		case !r.OK:
			how = "FAILED"
		}
		fmt.Fprintf(t.out, "%-8s %s, %d events\n%s", how, r.Name, r.Events, r.Diff)
	}
}
