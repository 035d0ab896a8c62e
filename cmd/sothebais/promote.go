package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host"
)

type promoteCmd struct {
	remoteFlags
	Slot    string        `placeholder:"SLOT" help:"Slot whose shadow is meant: personality, scene-rules or overlay; the one that has one if not given."`
	When    string        `enum:"now,quiet" default:"now" help:"Now, or at a quiet moment: nobody speaks and no lot is about to close."`
	Within  time.Duration `default:"2m" help:"With --when quiet: when it happens at the latest."`
	CallOff bool          `help:"Wait for the quiet moment no longer; the shadow stays."`
}

// Run puts the shadow of a slot on air.
func (c *promoteCmd) Run(ctx context.Context, t *talk) error {
	if c.Within < time.Second || c.Within > time.Hour {
		return &exitError{exitUsage, fmt.Errorf("--within %v cannot be used: want 1s to 1h", c.Within)}
	}
	if err := checkSlot(c.Slot); err != nil {
		return err
	}
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	slot := c.Slot
	if slot == "" {
		if slot, err = r.ShadowedSlot(ctx); err != nil {
			return err
		}
	}
	if c.CallOff {
		return c.callOff(ctx, t, r, slot)
	}
	res, err := r.Promote(ctx, slot, host.PromoteWhen{When: c.When, DeadlineSeconds: int(c.Within / time.Second)})
	if err != nil {
		return err
	}
	return c.print(t, res, func() error {
		if res.Swap != nil {
			return printSwap(t, *res.Swap)
		}
		_, err := fmt.Fprintf(t.out, "%s: %s goes on air at the next quiet moment, at %s at the latest\n", slot, res.Waiting.Plugin, res.Waiting.Deadline.Local().Format("15:04:05"))
		return err
	})
}

func (c *promoteCmd) callOff(ctx context.Context, t *talk, r *host.Remote, slot string) error {
	s, err := r.CallOff(ctx, slot)
	if err != nil {
		return err
	}
	return c.print(t, s, func() error {
		_, err := fmt.Fprintf(t.out, "%s: the promotion is called off\n", s.Slot)
		return err
	})
}
