package host

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
)

// pastShow is one run of the program, as the ledger has it; the last may go on still.
type pastShow struct {
	from, to     uint64 // events
	after        uint64 // its plugins heard what came behind it, which may be from the show before
	began, ended time.Time
	titles       []string      // of its sessions
	takes        []replay.Take // in order
}

// pastShows are the shows in a ledger, the oldest first.
func pastShows(ctx context.Context, db *sqlite.DB) ([]pastShow, error) {
	facts, err := db.Shows(ctx)
	if err != nil {
		return nil, err
	}
	last, err := db.Last(ctx)
	if err != nil {
		return nil, err
	}
	var out []pastShow
	takes := replay.NewMaker("", func(b []byte, _ *event.Event) ([]byte, bool) { return b, false })
	for _, e := range facts {
		takes.Add(e)
		if _, ok := e.Data.(show.Started); ok {
			if n := len(out); n > 0 {
				out[n-1].to = e.Seq - 1
			}
			out = append(out, pastShow{from: e.Seq, to: last, after: e.Seq - 1, began: e.At})
			continue
		}
		if len(out) == 0 {
			continue // of a ledger that was begun otherwise
		}
		s := &out[len(out)-1]
		switch d := e.Data.(type) {
		case show.Stopped:
			s.ended = e.At
		case auction.SessionOpened:
			if !slices.Contains(s.titles, d.Name) {
				s.titles = append(s.titles, d.Name)
			}
		}
	}
	for _, t := range takes.Recording().Takes {
		i := slices.IndexFunc(out, func(s pastShow) bool { return s.from == t.Began })
		if i < 0 {
			continue
		}
		s := &out[i]
		if t.Until == 0 {
			t.Until = s.to
		}
		s.takes, s.after = append(s.takes, t), min(s.after, t.After)
	}
	return out, nil
}

// recordShow makes a recording of one show in the ledger, by the number of the fact that it started.
func (l *Ledger) recordShow(ctx context.Context, version string, from uint64, at func(done, of uint64)) (*replay.Recording, error) {
	shows, err := pastShows(ctx, l.DB)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(shows, func(s pastShow) bool { return s.from == from })
	if i < 0 {
		return nil, failf(ErrBadInput, "no show began with event %d", from)
	}
	s := shows[i]
	if n := s.to - s.after; n > mostReplayed {
		return nil, failf(ErrBadInput, "the show has %d events, at most %d are played here; play a stretch of it with: sothebais replay --since %d --until %d", n, mostReplayed, s.after, s.after+mostReplayed)
	}
	r, err := l.record(ctx, version, s.after, s.to, func(seq uint64) { at(seq-s.after, s.to-s.after) })
	if err != nil {
		return nil, err
	}
	r.Takes = slices.DeleteFunc(r.Takes, func(t replay.Take) bool { return t.Seated < from }) // of the show before
	return r, nil
}

// Where recordings lie in a data directory for the control room to find them.
const (
	recordingsFolder = "recordings"
	recordingExt     = ".sbrec"
	mostRecording    = 2 << 30
)

// recordings are the names of those in a data directory.
func recordings(dataDir string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(dataDir, recordingsFolder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), recordingExt) {
			out = append(out, e.Name())
		}
	}
	return out, err
}

// openRecording opens a recording in a data directory, and nothing else.
func openRecording(dataDir, name string) (fs.File, error) {
	f, err := folder(filepath.Join(dataDir, recordingsFolder)).Open(name)
	if err != nil || !strings.HasSuffix(name, recordingExt) {
		return nil, errors.Join(failf(ErrBadInput, "there is no recording %q in %s", name, filepath.Join(dataDir, recordingsFolder)), err)
	}
	return f, nil
}

// headOf is what a recording in a data directory says about itself.
func headOf(dataDir, name string) (replay.Head, error) {
	f, err := openRecording(dataDir, name)
	if err != nil {
		return replay.Head{}, err
	}
	defer f.Close()
	return replay.ReadHead(f)
}

// Sessions that can be played once more have names: show:<number of the fact that it started>, or recording:<file>.
const (
	showPrefix      = "show:"
	recordingPrefix = "recording:"
)

// readSession reads what a name of a session stands for.
func readSession(ctx context.Context, dataDir, version, session string, at func(done, of uint64)) (*replay.Recording, error) {
	if name, ok := strings.CutPrefix(session, recordingPrefix); ok {
		f, err := openRecording(dataDir, name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || info.Size() > mostRecording {
			return nil, errors.Join(failf(ErrBadInput, "recording %s has more than %d bytes; play it with: sothebais replay --recording", name, mostRecording), err)
		}
		rec, err := ReadRecording(filepath.Join(dataDir, recordingsFolder, name))
		if err == nil && rec.To-min(rec.From, rec.To) >= mostReplayed {
			return nil, failf(ErrBadInput, "recording %s has %d events, at most %d are played here; play it with: sothebais replay --recording", name, rec.To-rec.From+1, mostReplayed)
		}
		return rec, err
	}
	from, err := strconv.ParseUint(strings.TrimPrefix(session, showPrefix), 10, 64)
	if err != nil || !strings.HasPrefix(session, showPrefix) {
		return nil, failf(ErrBadInput, "there is no session %q", session)
	}
	l, err := OpenLedger(ctx, dataDir)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	return l.recordShow(ctx, version, from, at)
}
