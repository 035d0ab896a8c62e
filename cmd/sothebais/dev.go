package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/sothebais/sothebais/host"
)

type devCmd struct {
	demoCmd
	Last int    `default:"200" placeholder:"N" help:"How many of the show's last events each version is played at once."`
	Once bool   `help:"Try it once, as it is now, and do not watch."`
	Dir  string `arg:"" optional:"" default:"." help:"Folder of the plugin."`
}

// Help says more.
func (devCmd) Help() string {
	return `Watches the folder of a plugin. At each save the plugin is built (by its build.sh, if it wants a compiler), checked, and played the last events of the show; what it asks for is printed. Then it is the shadow of its slot: it hears the show and says nothing, and what it would do otherwise than the one on air is printed as it comes.

It goes with the show that runs on the data directory. Where none runs, it starts a demo in the manner of sothebais demo, with the flags of that.`
}

// Run watches a plugin until it is interrupted.
func (c *devCmd) Run(ctx context.Context, t *talk) error {
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
	d := &developer{devCmd: c, talk: t, remote: r, bench: w}
	if c.Once {
		return d.try(ctx, time.Now())
	}
	return d.watch(ctx)
}

// developer tries a plugin again and again.
type developer struct {
	*devCmd
	talk   *talk
	remote *host.Remote
	bench  *host.Workbench
	slot   string // whose shadow it is
	seen   uint64 // last event of the shadow that was printed
}

const (
	settle = 50 * time.Millisecond  // editors write a file in several steps
	look   = 250 * time.Millisecond // between two looks at the shadow
)

func (d *developer) watch(ctx context.Context) error {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("%w: watch %s: %w", host.ErrUnavailable, d.Dir, err)
	}
	defer files.Close()
	if err := watchTree(files, d.Dir); err != nil {
		return fmt.Errorf("%w: watch %s: %w", host.ErrBadInput, d.Dir, err)
	}
	fmt.Fprintf(d.talk.err, "\n  *** DEV *** %s is watched; save it to try it. The control room is at %s\n\n", d.Dir, d.remote.URL)
	d.tell(d.try(ctx, time.Now()))
	saved := time.NewTimer(time.Hour)
	saved.Stop()
	shadow := time.NewTicker(look)
	defer shadow.Stop()
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-files.Events:
			if ours(e) {
				if since.IsZero() {
					since = time.Now()
				}
				saved.Reset(settle)
			}
		case err := <-files.Errors:
			d.tell(err)
		case <-saved.C:
			d.tell(d.try(ctx, since))
			since = time.Time{}
			forget(files)
		case <-shadow.C:
			d.tell(d.differences(ctx))
		}
	}
}

// tell prints what went wrong; the next save may mend it.
func (d *developer) tell(err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(d.talk.err, "✗ %v\n", err)
	}
}

// try builds the plugin, plays it what was last, and makes it the shadow.
func (d *developer) try(ctx context.Context, saved time.Time) error {
	if _, err := d.bench.Build(ctx, d.Dir, d.talk.err); err != nil {
		return err
	}
	trial, err := d.bench.Try(ctx, d.Dir, d.Last)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.talk.out, "%s %s, %d ms after the save, of the last %d events:\n%s", trial.Plugin, trial.Version, time.Since(saved).Milliseconds(), trial.Events, trial.Reactions)
	dir, err := filepath.Abs(d.Dir)
	if err != nil {
		return err
	}
	if _, err := d.remote.Shadow(ctx, dir); err != nil {
		return err
	}
	d.slot, d.seen = trial.Slot, 0
	fmt.Fprintf(d.talk.out, "%s: %s %s is the shadow, %d ms after the save\n", trial.Slot, trial.Plugin, trial.Version, time.Since(saved).Milliseconds())
	return nil
}

// differences prints what the shadow did otherwise since the last look.
func (d *developer) differences(ctx context.Context) error {
	if d.slot == "" {
		return nil
	}
	report, err := d.remote.ShadowReport(ctx, d.slot)
	if err != nil {
		d.slot = "" // somebody promoted or dropped it; once is enough to say
		return err
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

// watchTree watches a folder and those below it, but for those that hold what others made.
func watchTree(w *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.IsDir() {
			return err
		}
		if path != dir && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || e.Name() == "target") {
			return fs.SkipDir
		}
		return w.Add(path)
	})
}

// ours says whether an event is about what an author wrote: not a change of rights, nor a file of an editor.
func ours(e fsnotify.Event) bool {
	name := filepath.Base(e.Name)
	return e.Op != fsnotify.Chmod && !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "~") && !strings.HasSuffix(name, ".tmp")
}

// forget drops what a build wrote into the folder, which is no save.
func forget(w *fsnotify.Watcher) {
	for {
		select {
		case <-w.Events:
		case <-time.After(5 * time.Millisecond):
			return
		}
	}
}
