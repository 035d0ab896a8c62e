package main

import (
	"context"
	"fmt"

	"github.com/sothebais/sothebais/host"
)

type pluginLogsCmd struct {
	remoteFlags
	Plugin string `arg:"" help:"Id of the plugin."`
	Lines  int    `short:"n" default:"100" help:"At most so many lines, the newest last."`
}

// Run prints lines of a plugin.
func (c *pluginLogsCmd) Run(ctx context.Context, t *talk) error {
	if c.Lines < 1 || c.Lines > 500 {
		return &exitError{exitUsage, fmt.Errorf("--lines %d cannot be used: want 1 to 500", c.Lines)}
	}
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	lines, err := r.PluginLogs(ctx, c.Plugin, c.Lines)
	if err != nil {
		return err
	}
	if len(lines) == 0 {
		fmt.Fprintf(t.err, "%s has written nothing to the log\n", c.Plugin)
	}
	return c.print(t, lines, func() error {
		for _, l := range lines {
			where := ""
			if l.Shadow {
				where = " (shadow)"
			}
			if _, err := fmt.Fprintf(t.out, "%s %8d %-5s%s %s\n", l.At.Local().Format("15:04:05.000"), l.Seq, l.Level, where, l.Text); err != nil {
				return err
			}
		}
		return nil
	})
}
