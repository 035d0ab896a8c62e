package main

import (
	"context"

	"github.com/sothebais/sothebais/host"
)

type rollbackCmd struct {
	remoteFlags
	Slot string `arg:"" optional:"" enum:"personality,scene-rules,overlay" default:"personality" help:"Slot: ${enum}."`
}

// Run puts the last good plugin of a slot back on air.
func (c *rollbackCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	res, err := r.RollBack(ctx, c.Slot)
	if err != nil {
		return err
	}
	return c.print(t, res, func() error { return printSwap(t, res) })
}
