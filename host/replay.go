package host

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// Replay is what a recorded stretch of a show is played to.
type Replay struct {
	Recording *replay.Recording
	DataDir   string // where plugins by their id are looked for, besides those that the program brings along
	Take      string // plugin or slot of the show that the other one is set against; the slot of the plugin's kind when empty
	With      string // plugin that is played, by id or folder; the one of the take when empty
	Resync    bool   // give the state of the take's plugin to the other one before each event
	Assets    fs.FS  // the embedded tree when nil

	seated *ReplayTake // instead of With: a plugin that is or was in a slot, by what it runs
	apart  *sandboxes  // where plugins run; in this process when nil
	at     func(seq, until uint64)
}

// ReplayTake is one stay of a plugin in a slot.
type ReplayTake = replay.Take

// ReplayReport is what a replay found.
type ReplayReport = replay.Report

// RecordingMagic is what the file of a recording begins with.
const RecordingMagic = replay.Magic

// ReadRecording reads a recording from a file.
func ReadRecording(path string) (*replay.Recording, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, failf(ErrBadInput, "recording: %w", err)
	}
	r, err := replay.Read(b)
	if err != nil {
		return nil, failf(ErrBadInput, "%s: %w", path, err)
	}
	return r, nil
}

// Run plays the recording and says what differs.
func (r Replay) Run(ctx context.Context) (replay.Report, error) {
	cfg, err := Config{DataDir: r.DataDir, Assets: r.Assets}.withDefaults()
	if err != nil {
		return replay.Report{}, err
	}
	l := loader{plugins: catalogueOf(cfg.Assets, cfg.DataDir), stores: r.Recording.Stores}
	if r.apart != nil {
		l.runtime = r.apart
	} else {
		rt, err := openRuntime(ctx, cfg, nil)
		if err != nil {
			return replay.Report{}, err
		}
		defer rt.Close(context.WithoutCancel(ctx))
		l.runtime = rt
	}
	p, take, err := r.cast(ctx, &l)
	if p.guest != nil {
		defer p.guest.Close(context.WithoutCancel(ctx))
	}
	if err != nil {
		return replay.Report{}, err
	}
	same, err := ranAs(p, take)
	if err != nil {
		return replay.Report{}, err
	}
	o, heir := replay.Options{AsOnAir: same}, p
	var doubts []string
	if r.Resync {
		live, err := l.loadTake(ctx, take)
		if err != nil {
			return replay.Report{}, err
		}
		defer live.guest.Close(context.WithoutCancel(ctx))
		if !live.manifest.State.CanHandTo(p.manifest.State) {
			return replay.Report{}, failf(ErrBadInput, "%s cannot take over the state of %s: their plugin.yaml must declare the same state {id, version}; play it without --resync", p.manifest.ID, live.manifest.ID)
		}
		if live.guest.Stats().SHA256 != take.SHA256 {
			doubts = append(doubts, fmt.Sprintf("%s %s, as it was on air, is not here any more; the memory is that of %s %s", take.Plugin, take.Version, live.manifest.ID, live.manifest.Version))
		}
		o, heir = (&follower{guest: live.guest, manifest: live.manifest}).options(o), live
	}
	more, err := l.succeed(ctx, r.Recording, take, heir)
	if err != nil {
		return replay.Report{}, err
	}
	doubts = append(doubts, more...)
	if until := cmp.Or(take.Until, r.Recording.To); r.at != nil {
		o.At = func(seq uint64) { r.at(min(max(seq, take.After), until)-take.After, until-take.After) }
	}
	moments, events, err := r.Recording.Play(ctx, take, p.guest, p.manifest, o)
	if err != nil {
		return replay.Report{}, err
	}
	out := replay.Summarise(moments)
	out.Take, out.Plugin, out.Events = take, p.manifest.ID+" "+p.manifest.Version, events
	out.Doubts = doubts
	out.SamePlugin = same
	return out, nil
}

// cast loads the plugin that is played, and finds the take that it is played. The plugin is to be closed after an error, too.
func (r Replay) cast(ctx context.Context, l *loader) (p shelved, take replay.Take, err error) {
	switch {
	case r.seated != nil:
		p, err = l.loadKept(ctx, *r.seated)
		if err == nil && p.guest.Stats().SHA256 != r.seated.SHA256 {
			err = failf(ErrBadInput, "%s %s is not kept as it runs", r.seated.Plugin, r.seated.Version)
		}
	case r.With != "":
		p, err = l.load(ctx, r.With)
	default:
		if take, err = r.Recording.Find(r.Take); err != nil {
			return p, take, ofKind(ErrBadInput, err)
		}
		p, err = l.loadTake(ctx, take)
		return p, take, err
	}
	if err == nil {
		if take, err = r.Recording.Find(cmp.Or(r.Take, string(p.manifest.Kind))); err != nil {
			err = ofKind(ErrBadInput, err)
		} else if take.Slot != string(p.manifest.Kind) {
			err = failf(ErrBadInput, "%s is a plugin for slot %s, and %s was in slot %s; set it against one of its kind", p.manifest.ID, p.manifest.Kind, take.Plugin, take.Slot)
		}
	}
	if err != nil {
		return p, take, err
	}
	same, err := ranAs(p, take)
	if err != nil {
		return p, take, err
	}
	if !same { // with another configuration it is another one
		p, err = l.stocked(ctx, p, take)
		return p, take, err
	}
	p, err = l.asOnAir(ctx, p, take)
	return p, take, err
}

// shelved is a plugin that is not on air.
type shelved struct {
	manifest *plugin.Manifest
	guest    plugin.Guest
	files    fs.FS
}

// loader loads plugins beside any show.
type loader struct {
	runtime plugin.Runtime
	plugins *catalogue
	stores  map[string]map[string][]byte // what stores held, by SHA-256
}

func (l *loader) load(ctx context.Context, name string) (shelved, error) {
	files, err := l.plugins.find(name)
	if err != nil {
		return shelved{}, err
	}
	return l.loadFiles(ctx, name, files)
}

// loadFolder loads the plugin in a folder, however its path is written.
func (l *loader) loadFolder(ctx context.Context, dir string) (shelved, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return shelved{}, ofKind(ErrBadInput, err)
	}
	return l.load(ctx, dir)
}

func (l *loader) loadFiles(ctx context.Context, name string, files fs.FS) (shelved, error) {
	m, err := plugin.LoadManifest(files)
	if err != nil {
		return shelved{}, failf(ErrBadInput, "%s: %w", name, err)
	}
	return l.loadWith(ctx, name, m, files, plugin.NewGate(m).Store())
}

func (l *loader) loadWith(ctx context.Context, name string, m *plugin.Manifest, files fs.FS, s plugin.Store) (shelved, error) {
	g, err := l.runtime.Load(ctx, plugin.Spec{Manifest: m, Files: files, Store: s})
	if err != nil {
		return shelved{}, failf(ErrBadInput, "load %s: %w", name, err)
	}
	return shelved{m, g, files}, nil
}

// follower is the show's plugin, which hears what it heard on air whenever its state is asked for.
type follower struct {
	guest    plugin.Guest
	manifest *plugin.Manifest
	events   []Event // that it is still to hear
}

// options are o with it.
func (f *follower) options(o replay.Options) replay.Options {
	o.Passes, o.Resync, o.Version = f.passes, f.state, f.manifest.State.Version
	return o
}

func (f *follower) passes(e abi.Recorded) {
	if k := e.EventKind(); slices.Contains(f.manifest.Subscribes, k) || slices.Contains(abi.AnswerKinds(), k) {
		f.events = append(f.events, Event{Seq: e.Seq(), At: e.Time(), Data: &e})
	}
}

// state is the state of the plugin before it hears what did not pass yet.
func (f *follower) state(ctx context.Context, _ abi.Recorded) ([]byte, error) {
	for i := range f.events {
		if _, err := f.guest.HandleBatch(ctx, f.events[i:i+1]); errors.Is(err, plugin.ErrDead) {
			return nil, err
		}
	}
	f.events = nil
	state, err := f.guest.Save(ctx)
	return bytes.Clone(state), err
}
