package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host"
)

type shadowCmd struct {
	remoteFlags
	Plugin string `arg:"" optional:"" help:"Id of a plugin, or a folder with a plugin.yaml; without it, the shadow that is there is reported."`
	Slot   string `placeholder:"SLOT" help:"Slot whose shadow is meant: personality, scene-rules or overlay; the one that has one if not given."`
	Drop   bool   `help:"End the shadow."`
}

// Run begins a shadow, reports it, or ends it.
func (c *shadowCmd) Run(ctx context.Context, t *talk) error {
	if c.Plugin != "" && (c.Drop || c.Slot != "") {
		return &exitError{exitUsage, fmt.Errorf("name a plugin to begin a shadow, or --slot and --drop for the one that is there, not both")}
	}
	if err := checkSlot(c.Slot); err != nil {
		return err
	}
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	if c.Plugin != "" {
		return c.begin(ctx, t, r)
	}
	slot := c.Slot
	if slot == "" {
		if slot, err = r.ShadowedSlot(ctx); err != nil {
			return err
		}
	}
	if c.Drop {
		return c.drop(ctx, t, r, slot)
	}
	return c.report(ctx, t, r, slot)
}

func (c *shadowCmd) begin(ctx context.Context, t *talk, r *host.Remote) error {
	s, err := r.Shadow(ctx, c.Plugin)
	if err != nil {
		return orFolder(err, c.Plugin)
	}
	return c.print(t, s, func() error {
		_, err := fmt.Fprintf(t.out, "%s: %s %s hears the show and says nothing; see it with: sothebais shadow, put it on air with: sothebais promote\n", s.Slot, s.Shadow.ID, s.Shadow.Version)
		return err
	})
}

func (c *shadowCmd) drop(ctx context.Context, t *talk, r *host.Remote, slot string) error {
	s, err := r.DropShadow(ctx, slot)
	if err != nil {
		return err
	}
	return c.print(t, s, func() error {
		_, err := fmt.Fprintf(t.out, "%s: the shadow is over\n", s.Slot)
		return err
	})
}

func (c *shadowCmd) report(ctx context.Context, t *talk, r *host.Remote, slot string) error {
	if c.JSON {
		rep, err := r.ShadowReport(ctx, slot)
		if err != nil {
			return err
		}
		return c.print(t, rep, nil)
	}
	text, err := r.ShadowMarkdown(ctx, slot)
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(t.out, text)
	return err
}

// checkSlot fails when --slot names no slot; it may be left out.
func checkSlot(slot string) error {
	if slots := host.Slots(); slot != "" && !slices.Contains(slots, slot) {
		return badFlag("--slot", slot, "want one of "+strings.Join(slots, ", "))
	}
	return nil
}
