package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host"
)

type pluginQuarantineCmd struct {
	remoteFlags
	Slot string `placeholder:"SLOT" help:"Slot that is meant: personality, scene-rules or overlay; all if not given."`
}

// Help says more.
func (pluginQuarantineCmd) Help() string {
	return `An event on which a plugin fails is put aside, and the plugin hears the next one. When the plugin is mended, or another one is on air, it can be played again.

  sothebais plugin quarantine
  sothebais plugin retry 4711`
}

// Run lists what is in quarantine.
func (c *pluginQuarantineCmd) Run(ctx context.Context, t *talk) error {
	list, _, err := aside(ctx, c.DataDir, c.Slot)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintln(t.err, "no event is in quarantine")
	}
	return c.print(t, list, func() error {
		w := table(t.out)
		fmt.Fprintln(w, "EVENT\tSLOT\tAT\tPLUGIN\tWHAT\tWHY IT FAILED")
		for _, q := range list {
			fmt.Fprintf(w, "%d\t%s\t%s\t%s %s\t%s\t%s\n", q.Seq, q.Slot, q.At.Local().Format("15:04:05"), q.Plugin, q.Version, oneLine(q.Cause), oneLine(q.Reason))
		}
		return w.Flush()
	})
}

type pluginRetryCmd struct {
	remoteFlags
	Event uint64 `arg:"" complete:"aside" help:"Number of the event, as plugin quarantine prints it."`
	Slot  string `placeholder:"SLOT" help:"Slot that is meant: personality, scene-rules or overlay; the one that has the event in quarantine if not given."`
}

// Help says more.
func (pluginRetryCmd) Help() string {
	return `The plugin on air hears the event now, and what it answers goes on air. When it fails again the event stays in quarantine, the failure counts like any other, and the exit code is 1.

  sothebais plugin quarantine
  sothebais plugin retry 4711`
}

// Run plays an event again.
func (c *pluginRetryCmd) Run(ctx context.Context, t *talk) error {
	list, r, err := aside(ctx, c.DataDir, c.Slot)
	if err != nil {
		return err
	}
	slot, err := c.slotOf(list)
	if err != nil {
		return err
	}
	got, err := r.Retry(ctx, slot, c.Event)
	if err != nil {
		return err
	}
	if !got.OK {
		again := &exitError{exitFailed, fmt.Errorf("%s failed on event %d again: %s; it stays in quarantine", got.Plugin, c.Event, got.Reason)}
		if err := c.print(t, got, func() error { return nil }); err != nil {
			return err
		}
		return again
	}
	return c.print(t, got, func() error {
		_, err := fmt.Fprintf(t.out, "%s: %s heard event %d, %s\n", slot, got.Plugin, c.Event, plural(got.Commands, "command"))
		return err
	})
}

// slotOf is the slot that has the event in quarantine.
func (c *pluginRetryCmd) slotOf(list []host.Aside) (string, error) {
	var slots []string
	for _, q := range list {
		if q.Seq == c.Event && !slices.Contains(slots, q.Slot) {
			slots = append(slots, q.Slot)
		}
	}
	switch len(slots) {
	case 1:
		return slots[0], nil
	case 0:
		return "", &exitError{exitData, fmt.Errorf("event %d is not in quarantine; see what is: sothebais plugin quarantine", c.Event)}
	}
	return "", &exitError{exitUsage, fmt.Errorf("event %d is in quarantine of %s; name one with --slot", c.Event, strings.Join(slots, " and "))}
}

// aside asks the show of a data directory what is in quarantine of a slot, or of all.
func aside(ctx context.Context, dataDir, slot string) ([]host.Aside, *host.Remote, error) {
	if err := checkSlot(slot); err != nil {
		return nil, nil, err
	}
	r, err := host.Connect(dataDir)
	if err != nil {
		return nil, nil, err
	}
	slots := host.Slots()
	if slot != "" {
		slots = []string{slot}
	}
	list, err := r.Quarantine(ctx, slots...)
	return list, r, err
}

// suggestAside are the events in quarantine, for a shell that completes: it does not wait long for a show.
func suggestAside(dataDir string) []suggestion {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	list, _, err := aside(ctx, dataDir, "")
	if err != nil {
		return nil
	}
	var out []suggestion
	for _, q := range list {
		out = append(out, suggestion{strconv.FormatUint(q.Seq, 10), q.Plugin + ": " + oneLine(q.Cause)})
	}
	return out
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
