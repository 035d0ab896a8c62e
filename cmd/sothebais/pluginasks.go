package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host"
)

type pluginAsksCmd struct{ remoteFlags }

// Help says more.
func (pluginAsksCmd) Help() string {
	return `A power that is granted with --ask waits for a person each time. What is not answered in time is denied.

  sothebais plugin grant dusty-gavel reply --ask
  sothebais plugin asks
  sothebais plugin allow 4711`
}

// Run lists what waits.
func (c *pluginAsksCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	list, err := r.Consents(ctx)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(t.err, "nothing waits for your word")
	}
	return c.print(t, list, func() error {
		w := table(t.out)
		fmt.Fprintln(w, "NUMBER\tPLUGIN\tPOWER\tLEFT\tBECAUSE OF\tWHAT")
		for _, a := range list {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", a.Seq, a.Plugin, a.Power, time.Until(a.Deadline).Round(time.Second), a.Cause, strings.Join(strings.Fields(a.Content), " "))
		}
		return w.Flush()
	})
}

type decideFlags struct {
	remoteFlags
	Number uint64 `arg:"" help:"Number of the request, as plugin asks prints it."`
}

type pluginAllowCmd struct{ decideFlags }

// Run allows a use.
func (c *pluginAllowCmd) Run(ctx context.Context, t *talk) error { return c.decide(ctx, t, true) }

type pluginRefuseCmd struct{ decideFlags }

// Run refuses a use.
func (c *pluginRefuseCmd) Run(ctx context.Context, t *talk) error { return c.decide(ctx, t, false) }

func (c *decideFlags) decide(ctx context.Context, t *talk, allow bool) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	got, err := r.Decide(ctx, c.Number, allow)
	if err != nil {
		return err
	}
	may := "may not"
	if allow {
		may = "may"
	}
	return c.print(t, got, func() error {
		_, err := fmt.Fprintf(t.out, "%s %s use %s this time\n", got.Plugin, may, got.Power)
		return err
	})
}
