package main

import (
	"context"
	"fmt"
	"io"
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
		for i, a := range list {
			if i > 0 {
				fmt.Fprintln(t.out)
			}
			if err := printAsk(t.out, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// printAsk shows all that a use consists of: what is not shown cannot be said yes to.
func printAsk(out io.Writer, a host.Consent) error {
	fmt.Fprintf(out, "%d: %s %s wants to use %s, %s left\n", a.Seq, a.Plugin, a.Version, a.Power, time.Until(a.Deadline).Round(time.Second))
	w := table(out)
	row := func(name, text string) {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
			fmt.Fprintf(w, "  %s\t%s\n", name, strings.ReplaceAll(line, "\t", "    "))
			name = ""
		}
	}
	row("because of", a.Cause)
	row("it needs it for", a.Why)
	if to := a.Answers; to != nil {
		row("answers", answered(to))
	}
	for _, p := range a.Parts {
		row(p.Name, p.Text)
	}
	return w.Flush()
}

func answered(to *host.AnsweredPost) string {
	if !to.Read {
		return "post " + to.ID + ", which this show has not read"
	}
	return fmt.Sprintf("post %s of @%s: %s", to.ID, to.Handle, to.Text)
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
