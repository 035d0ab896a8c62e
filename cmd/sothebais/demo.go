package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sothebais/sothebais/host"
)

type demoCmd struct {
	showFlags
	For      time.Duration `placeholder:"60s" help:"Stop after this long and print a report; without it the demo runs until it is interrupted."`
	Devnet   string        `env:"DEVNET" placeholder:"FILE" help:"The devnet program; looked for beside this one and on PATH."`
	XPort    int           `name:"x-port" env:"DEVNET_X_PORT" default:"8090" help:"Port of the simulated X and its page; 0 takes a free one."`
	SinkPort int           `name:"sink-port" env:"DEVNET_RTMP_PORT" default:"1936" help:"Port of the simulated ingest of X; 0 takes a free one."`
	Posts    float64       `name:"posts-per-second" default:"0.7" help:"How much the crowd posts; 0 leaves the posting to you."`
}

// Run runs a show against the simulator.
func (c *demoCmd) Run(ctx context.Context, t *talk) error {
	cfg, err := c.config(t)
	if err != nil {
		return err
	}
	if c.For < 0 || c.Posts < 0 {
		return &exitError{exitUsage, errors.New("--for and --posts-per-second must not be negative")}
	}
	if c.For > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.For)
		defer cancel()
	}
	sim := &devnet{log: cfg.Logger, args: c.devnetArgs}
	if sim.bin, err = findDevnet(c.Devnet); err != nil {
		return err
	}
	if err := sim.start(ctx); err != nil {
		return err
	}
	defer sim.stop()
	if err := c.point(ctx, &cfg, sim.known()); err != nil {
		return err
	}
	cfg.OnAir = func(a host.Addresses) {
		announce(t, c.JSON, a)
		if err := sim.tellHost(ctx, a.ControlRoom); err != nil {
			cfg.Logger.Warn("the crowd was not told where the show is; it bids blindly", "err", err)
		}
	}
	h, err := host.New(ctx, cfg)
	if err != nil {
		return err
	}
	if err := h.Run(ctx); err != nil {
		return err
	}
	return c.report(t, h.Report())
}

// devnetArgs start the simulator; once it has run, on the ports that it had.
func (c *demoCmd) devnetArgs(had devnetPlaces) []string {
	x, sink := strconv.Itoa(c.XPort), strconv.Itoa(c.SinkPort)
	if had.X != "" {
		x, sink = portOf(had.X), portOf(had.RTMP)
	}
	return []string{"--x-port", x, "--rtmp-port", sink, "--seed", strconv.FormatInt(c.Seed, 10),
		"--posts-per-second", strconv.FormatFloat(c.Posts, 'g', -1, 64), "--host-url", had.Show, "--json"}
}

// point aims a show at the simulator.
func (c *demoCmd) point(ctx context.Context, cfg *host.Config, at devnetPlaces) error {
	cfg.Simulator = at.X
	cfg.Models = []host.Model{{BaseURL: at.X + "/v1", Key: "devnet", Model: "devnet"}}
	cfg.X = host.X{BaseURL: at.X, Account: at.Account, Bearer: at.Bearer, APIKey: at.APIKey, APISecret: at.APISecret, AccessToken: at.AccessToken, AccessSecret: at.AccessSecret,
		Budget: host.Budget{Posts: 20_000, Window: 15 * time.Minute}} // the simulator takes more than X
	cfg.Stream.Targets = append(cfg.Stream.Targets, host.Target{Name: "devnet", URL: at.RTMP, Key: at.StreamKey})
	users, err := at.users(ctx)
	if err != nil {
		return fmt.Errorf("ask the simulator who may bid: %w", err)
	}
	cfg.Show.Accounts, cfg.Show.Open = users, false
	return nil
}

func (c *demoCmd) report(t *talk, r host.Report) error {
	if c.JSON {
		return json.NewEncoder(t.out).Encode(r)
	}
	_, err := fmt.Fprintf(t.out, "%d lots closed, %d posts, %d bids taken, %d refused, %d lines and moves, %d frames (%d late), a post is in a frame after %.0f ms (p50) and %.0f ms (p99)\n",
		r.LotsClosed, r.Posts, r.BidsAccepted, r.BidsRefused, r.Cues, r.Frames, r.FramesLate, r.PostToFrame.P50, r.PostToFrame.P99)
	return err
}
