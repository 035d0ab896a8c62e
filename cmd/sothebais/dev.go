package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host"
)

// mostLast is how many events --last takes: an hour or more of a show, which are played in seconds.
const mostLast = 100_000

type devCmd struct {
	demoCmd
	Last int    `default:"200" placeholder:"N" help:"How many of the show's last events each version is played at once."`
	Once bool   `help:"Try it once, as it is now, and do not watch."`
	Dir  string `arg:"" optional:"" default:"." help:"Folder of the plugin."`
}

// Help says more.
func (devCmd) Help() string {
	return `Watches the folder of a plugin. At each save the plugin is built (by its build.sh, if it wants a compiler), checked, and played the last events of the show; what it asks for is printed, with how long that took after the save. Then it is the shadow of its slot: it hears the show and says nothing, and what it would do otherwise than the one on air is printed as it comes. A version that is broken is told with file and line, and the one before goes on.

The page /preview of the control room shows all that beside the programme, and the control room bears a DEV banner while the plugin is in a slot.

It goes with the show that runs on the data directory. Where none runs, it starts a demo in the manner of sothebais demo, with the flags of that.`
}

// Run watches a plugin until it is interrupted.
func (c *devCmd) Run(ctx context.Context, t *talk) error {
	if c.Last < 1 || c.Last > mostLast {
		return badFlag("--last", fmt.Sprint(c.Last), fmt.Sprintf("want 1 to %d", mostLast))
	}
	if err := host.OfPlugin(c.Dir); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := host.Connect(c.DataDir)
	ended := make(chan error, 1)
	if errors.Is(err, host.ErrUnavailable) {
		fmt.Fprintf(t.err, "\n  *** DEV *** no show runs on %s: a demo of its own begins; its bids and bidders are made up\n", c.DataDir)
		go func() { ended <- c.demoCmd.Run(ctx, t); cancel() }()
		r, err = c.join(ctx)
	} else {
		ended <- nil
	}
	if err == nil {
		err = c.work(ctx, t, r)
	}
	cancel()
	return errors.Join(err, <-ended)
}

// join waits for the show to be there.
func (c *devCmd) join(ctx context.Context) (*host.Remote, error) {
	for {
		if r, err := host.Connect(c.DataDir); err == nil {
			if slots, err := r.Slots(ctx); err == nil && slices.ContainsFunc(slots, func(s host.SlotInfo) bool { return s.OnAir != nil }) {
				return r, nil
			}
		}
		select {
		case <-ctx.Done():
			return nil, nil // why it ended is the show's to say
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *devCmd) work(ctx context.Context, t *talk, r *host.Remote) error {
	if r == nil {
		return nil
	}
	w, err := host.OpenWorkbench(ctx, c.DataDir)
	if err != nil {
		return err
	}
	defer w.Close(ctx)
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return err
	}
	d := &developer{devCmd: c, talk: t, remote: r, bench: w, dir: dir, loaded: make(chan load, 1)}
	if c.Once {
		trial, err := d.try(ctx, time.Time{})
		if err != nil {
			return err
		}
		return d.shadowed(ctx, d.load(ctx, load{trial: trial}))
	}
	defer d.left()
	return d.watch(ctx)
}

// developer tries a plugin again and again.
type developer struct {
	*devCmd
	talk   *talk
	remote *host.Remote
	bench  *host.Workbench
	dir    string // that is watched

	report host.DevReport // as the control room has it
	slot   string         // whose shadow it is
	seen   uint64         // last event of the shadow that was printed
	built  bool           // the last version wanted a compiler

	loaded  chan load // what became a shadow, or did not
	loading bool
	next    *load // what is to become one after that
}

// load is a version on its way into shadow.
type load struct {
	trial host.Trial
	saved time.Time // zero for what was there at the start
	err   error
}

// tell prints what went wrong; the next save may mend it.
func (d *developer) tell(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(d.talk.err, "✗ %s\n", host.Explain(err))
	}
}

// saved tries what was saved, and says how that went; what works goes on into shadow.
func (d *developer) saved(ctx context.Context, at time.Time) {
	d.report.Folder, d.report.At, d.report.Error = d.dir, at.UTC(), ""
	if d.report.Saves++; at.IsZero() {
		d.report.Saves, d.report.At = 0, time.Now().UTC()
	}
	trial, err := d.try(ctx, at)
	if err != nil {
		d.tell(err)
		if d.report.Error = host.Explain(err); d.slot != "" && ctx.Err() == nil {
			fmt.Fprintf(d.talk.err, "  the version before goes on as the shadow of %s\n", d.slot)
		}
		d.announce(ctx)
		return
	}
	d.report.Plugin, d.report.Version, d.report.Slot, d.report.InShadow = trial.Plugin, trial.Version, trial.Slot, false
	d.report.Events, d.report.Reactions = trial.Events, trial.Reactions
	if d.report.Millis = 0; !at.IsZero() {
		d.report.Millis = time.Since(at).Milliseconds()
	}
	d.announce(ctx)
	d.begin(ctx, load{trial: trial, saved: at})
}

// try builds the plugin and plays it what was last.
func (d *developer) try(ctx context.Context, saved time.Time) (host.Trial, error) {
	var err error
	if d.built, err = d.bench.Build(ctx, d.Dir, d.talk.err); err != nil {
		return host.Trial{}, err
	}
	trial, err := d.bench.Try(ctx, d.Dir, d.Last)
	if err != nil {
		return trial, err
	}
	when := ""
	if !saved.IsZero() {
		when = fmt.Sprintf(" %d ms after you saved", time.Since(saved).Milliseconds())
	}
	_, err = fmt.Fprintf(d.talk.out, "%s %s reacted%s to the last %d events:\n%s", trial.Plugin, trial.Version, when, trial.Events, trial.Reactions)
	return trial, err
}

// begin brings a version into shadow beside the watch, which takes longer than to try it. Of those that wait only the
// newest counts.
func (d *developer) begin(ctx context.Context, l load) {
	if d.loading {
		d.next = &l
		return
	}
	d.loading = true
	go func() { d.loaded <- d.load(ctx, l) }()
}

func (d *developer) load(ctx context.Context, l load) load {
	_, l.err = d.remote.Shadow(ctx, d.dir)
	return l
}

// arrived goes on after a version came into shadow, or did not.
func (d *developer) arrived(ctx context.Context, l load) {
	d.loading = false
	d.tell(d.shadowed(ctx, l))
	if next := d.next; next != nil {
		d.next = nil
		d.begin(ctx, *next)
	}
}

func (d *developer) shadowed(ctx context.Context, l load) error {
	if l.err != nil {
		return l.err
	}
	d.slot, d.seen = l.trial.Slot, 0
	when := ""
	if !l.saved.IsZero() {
		when = fmt.Sprintf(", %d ms after you saved", time.Since(l.saved).Milliseconds())
	}
	if _, err := fmt.Fprintf(d.talk.out, "%s: %s %s is the shadow%s\n", l.trial.Slot, l.trial.Plugin, l.trial.Version, when); err != nil {
		return err
	}
	d.report.InShadow = true
	if !d.Once {
		d.announce(ctx)
	}
	return nil
}

// What a report may hold at most; the rest is printed all the same.
const (
	mostReactions = 16 << 10
	mostError     = 8 << 10
)

// announce tells the control room how the plugin stands.
func (d *developer) announce(ctx context.Context) {
	if d.report.Folder == "" {
		return
	}
	r := d.report
	r.Reactions, r.Error = newest(r.Reactions, mostReactions), newest(r.Error, mostError)
	if err := d.remote.Developing(ctx, r); err != nil && ctx.Err() == nil {
		d.tell(fmt.Errorf("the control room does not show it: %w", err))
	}
}

// newest is the end of a text, from the beginning of a line.
func newest(text string, most int) string {
	if len(text) <= most {
		return text
	}
	_, text, _ = strings.Cut(text[len(text)-most:], "\n")
	return "…\n" + text
}

// left tells the control room that nobody watches any more; the shadow stays.
func (d *developer) left() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = d.remote.Developed(ctx, d.dir) // a show that is gone shows nothing
}

// differences prints what the shadow did otherwise since the last look.
func (d *developer) differences(ctx context.Context) error {
	if d.slot == "" || d.loading {
		return nil
	}
	report, err := d.remote.ShadowReport(ctx, d.slot)
	if err != nil {
		return d.gone(ctx, err)
	}
	for _, row := range slices.Backward(report.Rows) {
		if row.Seq <= d.seen {
			continue
		}
		if d.seen = row.Seq; row.Verdict != "same" {
			fmt.Fprintf(d.talk.out, "%8d  %s: %s\n          on air  %s\n          shadow  %s\n", row.Seq, row.Cause, row.Verdict, side(row.OnAir.Lines, row.OnAir.Mood, row.OnAir.Others, row.OnAir.Trap),
				side(row.Shadow.Lines, row.Shadow.Mood, row.Shadow.Others, row.Shadow.Trap))
		}
	}
	return nil
}

// gone says what became of the shadow, once.
func (d *developer) gone(ctx context.Context, why error) error {
	slot := d.slot
	d.slot, d.report.InShadow = "", false
	slots, err := d.remote.Slots(ctx)
	if err != nil {
		return err
	}
	for _, s := range slots {
		if s.Slot == slot && s.OnAir != nil && s.OnAir.ID == d.report.Plugin {
			_, err := fmt.Fprintf(d.talk.err, "\n  *** DEV *** %s %s is ON AIR, from a folder, signed by nobody\n\n", s.OnAir.ID, s.OnAir.Version)
			return err
		}
	}
	return why
}

// side is what one of the two did, on one line.
func side(lines []string, mood string, others []string, trap string) string {
	var out []string
	if mood != "" {
		out = append(out, mood)
	}
	for _, l := range lines {
		out = append(out, "“"+l+"”")
	}
	if out = append(out, others...); trap != "" {
		out = append(out, "fails: "+trap)
	}
	if len(out) == 0 {
		return "—"
	}
	return strings.Join(out, ", ")
}
