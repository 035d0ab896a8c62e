package main

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/sothebais/sothebais/host"
)

const (
	settle = 50 * time.Millisecond  // editors write a file in several steps
	look   = 250 * time.Millisecond // between two looks at the shadow
	renew  = 5 * time.Second        // of the word to the control room that somebody watches
)

// watch tries the plugin now and at each save, until ctx ends.
func (d *developer) watch(ctx context.Context) error {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return &host.Error{Kind: host.ErrUnavailable, Err: fmt.Errorf("watch %s: %w", d.Dir, err)}
	}
	defer files.Close()
	now, err := scan(files, d.Dir)
	if err != nil {
		return &host.Error{Kind: host.ErrBadInput, Err: fmt.Errorf("watch %s: %w", d.Dir, err)}
	}
	fmt.Fprintf(d.talk.err, "\n  *** DEV *** %s is watched; save it to try it\n  Control room   %s\n  Preview        %s/preview\n\n", d.Dir, d.remote.URL, d.remote.URL)
	w := &watcher{developer: d, files: files, tried: now, made: map[string]bool{}}
	defer func() {
		if d.loading {
			<-d.loaded
		}
	}()
	w.try(ctx, time.Time{}, now)
	return w.run(ctx)
}

// watcher hears of saves.
type watcher struct {
	*developer
	files *fsnotify.Watcher
	tried tree            // that was tried last, with what its build wrote
	made  map[string]bool // files that a build wrote
	since time.Time       // first word of a save that is not tried yet
}

func (w *watcher) run(ctx context.Context) error {
	saved := time.NewTimer(time.Hour)
	saved.Stop()
	shadow, lease := time.NewTicker(look), time.NewTicker(renew)
	defer shadow.Stop()
	defer lease.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.files.Events:
			if !ours(e) {
				break
			}
			if w.since.IsZero() {
				w.since = time.Now()
			}
			saved.Reset(settle)
		case err := <-w.files.Errors:
			w.tell(err)
		case <-saved.C:
			w.look(ctx)
		case l := <-w.loaded:
			w.arrived(ctx, l)
		case <-shadow.C:
			w.tell(w.differences(ctx))
		case <-lease.C:
			w.announce(ctx)
		}
	}
}

// look tries what there is, if that is something else than what was tried.
func (w *watcher) look(ctx context.Context) {
	since := w.since
	w.since = time.Time{}
	now, err := scan(w.files, w.Dir)
	if err != nil {
		w.tell(fmt.Errorf("look at %s: %w", w.Dir, err))
		return
	}
	if !maps.Equal(now, w.tried) {
		w.try(ctx, since, now)
	}
}

// try tries a tree. What its build writes is no save; but what somebody saves meanwhile is, and will be looked at.
func (w *watcher) try(ctx context.Context, since time.Time, now tree) {
	w.tried = now
	w.saved(ctx, since)
	if !w.built {
		return
	}
	after, err := scan(w.files, w.Dir)
	if err != nil {
		w.tell(err)
		return
	}
	for name, is := range after {
		was, old := now[name]
		if !old || was != is && (w.made[name] || filepath.Ext(name) == ".wasm") {
			now[name], w.made[name] = is, true
		} else if was != is {
			w.made[name] = true // the build's or somebody's: if it is the build's, it is known from now on
		}
	}
}

// tree is the files of a folder, as far as it matters whether one has changed.
type tree map[string]stamp

type stamp struct {
	size int64
	at   int64 // nanoseconds
}

// scan lists the files of a folder and those below it, but for those that hold what others made, and watches the folders.
func scan(w *fsnotify.Watcher, dir string) (tree, error) {
	out := tree{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir():
			if path != dir && (strings.HasPrefix(e.Name(), ".") || e.Name() == "node_modules" || e.Name() == "target") {
				return fs.SkipDir
			}
			return w.Add(path)
		case !authored(e.Name()):
			return nil
		}
		if info, err := e.Info(); err == nil { // else it is gone again
			out[path] = stamp{info.Size(), info.ModTime().UnixNano()}
		}
		return nil
	})
	return out, err
}

// ours says whether an event is about what an author wrote, and more than a change of rights.
func ours(e fsnotify.Event) bool { return e.Op != fsnotify.Chmod && authored(filepath.Base(e.Name)) }

// authored tells files of an author from those that an editor puts beside them.
func authored(name string) bool {
	return !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, "~") && !strings.HasSuffix(name, ".tmp")
}
