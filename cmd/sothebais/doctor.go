package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/sothebais/sothebais/host"
)

type doctorCmd struct {
	showFlags
}

// Run checks the machine and the settings; it fails when a show could not run.
func (c *doctorCmd) Run(ctx context.Context, t *talk) error {
	cfg, err := c.config(t)
	checks := host.Examine(ctx, cfg)
	if err != nil {
		checks = append(checks, host.Check{Name: "settings", Problem: err.Error(), Mend: "change the value named above"})
	}
	bad := 0
	for _, ch := range checks {
		if ch.Problem != "" && !ch.Warning {
			bad++
		}
		if !c.JSON {
			printCheck(t, ch)
		}
	}
	if c.JSON {
		if err := json.NewEncoder(t.out).Encode(checks); err != nil {
			return err
		}
	}
	if bad > 0 {
		return &exitError{exitUnavailable, errors.New(plural(bad, "thing") + " to mend before a show can run")}
	}
	return nil
}

func printCheck(t *talk, c host.Check) {
	mark := "ok  "
	switch {
	case c.Problem != "" && c.Warning:
		mark = "warn"
	case c.Problem != "":
		mark = "FAIL"
	}
	fmt.Fprintf(t.out, "%s  %-10s %s\n", mark, c.Name, c.Found)
	if c.Problem != "" {
		fmt.Fprintf(t.out, "      %-10s %s\n      %-10s → %s\n", "", c.Problem, "", c.Mend)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
