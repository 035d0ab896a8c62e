package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host"
)

type eventsCmd struct {
	Tail tailCmd `cmd:"" help:"Print events as they come."`
}

type tailCmd struct {
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the show; it need not be running."`
	Since   int64  `default:"-1" placeholder:"SEQ" help:"Begin behind this number; 0 is the very first. Without it, with the last ten."`
	Follow  bool   `negatable:"" default:"true" help:"Wait for more."`
	JSON    bool   `help:"One JSON object a line."`
}

// Run prints events until the end of the ledger, or for ever.
func (c *tailCmd) Run(ctx context.Context, t *talk) error {
	l, err := host.OpenLedger(ctx, c.DataDir)
	if err != nil {
		return err
	}
	defer l.Close()
	after, err := c.start(ctx, l)
	if err != nil {
		return err
	}
	for {
		events, err := l.Read(ctx, after, 1000)
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := c.print(t, e); err != nil {
				return err
			}
			after = e.Seq
		}
		if len(events) > 0 {
			continue
		}
		if !c.Follow {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (c *tailCmd) start(ctx context.Context, l *host.Ledger) (uint64, error) {
	if c.Since >= 0 {
		return uint64(c.Since), nil
	}
	last, err := l.Last(ctx)
	if err != nil || last < 10 {
		return 0, err
	}
	return last - 10, nil
}

func (c *tailCmd) print(t *talk, e host.Event) error {
	if c.JSON {
		return json.NewEncoder(t.out).Encode(e)
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		return fmt.Errorf("event %d: %w", e.Seq, err)
	}
	_, err = fmt.Fprintf(t.out, "%8d  %s  %-16s %s\n", e.Seq, e.At.Format("15:04:05.000"), e.Kind(), data)
	return err
}
