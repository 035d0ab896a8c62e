package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sothebais/sothebais/host"
)

type replayCmd struct {
	DataDir   string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the show; it need not be running."`
	Recording string `placeholder:"FILE" help:"Play a recording, whole, instead of the ledger."`
	Since     uint64 `placeholder:"SEQ" help:"Begin behind this number of the ledger."`
	Until     uint64 `placeholder:"SEQ" help:"End with this number of the ledger."`
	Against   string `placeholder:"PLUGIN" help:"What was on air: a plugin (id or id@version) or a slot; without it the slot of the plugin's kind, or the personality."`
	Resync    bool   `help:"Give the state of the show's plugin to the other one before each event, so that a small difference stays small."`
	JSON      bool   `xor:"form" help:"Print the report as JSON."`
	Markdown  bool   `xor:"form" help:"Print the report as Markdown."`
	Plugin    string `arg:"" optional:"" help:"Id or folder of the plugin to play the show to. Without it, the one that was on air: nothing may differ then."`
}

// Run plays a show to a plugin and prints what would have been different.
func (c *replayCmd) Run(ctx context.Context, t *talk) error {
	r, err := c.replay(ctx)
	if err != nil {
		return err
	}
	report, err := r.Run(ctx)
	if err != nil {
		return orFolder(err, c.Plugin)
	}
	switch {
	case c.JSON:
		err = json.NewEncoder(t.out).Encode(report)
	case c.Markdown:
		_, err = io.WriteString(t.out, report.Markdown())
	default:
		err = printReplay(t.out, report)
	}
	if err == nil && report.SamePlugin && len(report.Doubts) == 0 && !c.Resync && report.Differences() > 0 {
		return fmt.Errorf("the plugin that was on air does not do the same again at %d of %d events", report.Differences(), report.Events)
	}
	return err
}

func (c *replayCmd) replay(ctx context.Context) (host.Replay, error) {
	if err := checkStretch(c.Since, c.Until); err != nil {
		return host.Replay{}, err
	}
	if c.Recording != "" && (c.Since != 0 || c.Until != 0) {
		return host.Replay{}, &exitError{exitUsage, errors.New("--since and --until are of the ledger, and a recording is played whole; give them to sothebais record")}
	}
	r := host.Replay{DataDir: c.DataDir, Take: c.Against, With: c.Plugin, Resync: c.Resync}
	if c.Recording != "" {
		var err error
		r.Recording, err = host.ReadRecording(c.Recording)
		return r, err
	}
	l, err := host.OpenLedger(ctx, c.DataDir)
	if err != nil {
		return r, err
	}
	defer l.Close()
	r.Recording, err = l.Record(ctx, version, c.Since, c.Until)
	if err == nil && r.Recording.To == 0 {
		err = nothingBehind(c.DataDir, c.Since)
	}
	return r, err
}

// printReplay writes a report for people.
func printReplay(w io.Writer, r host.ReplayReport) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s heard %d events that %s %s heard on air: %s\n", r.Plugin, r.Events, r.Take.Plugin, r.Take.Version, r.Counts())
	for _, d := range r.Doubts {
		fmt.Fprintf(&b, "doubt: %s\n", d)
	}
	for power, n := range r.Powers {
		fmt.Fprintf(&b, "it would use %s %d times, which it has no capability for\n", power, n)
	}
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "\n%s: %s, %d×\n", g.Trigger, g.Verdict, g.Count)
		for _, row := range g.Rows {
			fmt.Fprintf(&b, "  %8d  %s\n            was  %s\n            now  %s\n", row.Seq, row.Cause, row.Was, row.Now)
			if row.Trap != "" {
				fmt.Fprintf(&b, "            trap %s\n", row.Trap)
			}
		}
		if more := g.Count - len(g.Rows); more > 0 {
			fmt.Fprintf(&b, "            and %d more\n", more)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
