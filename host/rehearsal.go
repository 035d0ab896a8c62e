package host

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// rehearsal plays past shows to plugins for the control room, beside the show that runs.
type rehearsal struct{ h *Host }

const (
	replayWait  = 10 * time.Minute
	replaysKept = 8 // to be downloaded
)

// replayRoom is where that happens: one replay at a time. The zero value is empty.
type replayRoom struct {
	mu   sync.Mutex
	now  *admin.ReplayState // nil when nothing is played
	done []rehearsed        // the latest last
}

type rehearsed struct{ id, markdown string }

// enter takes the room, if nobody has it.
func (r *replayRoom) enter(s admin.ReplayState) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil {
		return fmt.Errorf("%w: one replay at a time, and %s plays %s just now; end that one, or wait", admin.ErrRefused, r.now.Plugin, r.now.Session)
	}
	r.now = &s
	return nil
}

func (r *replayRoom) leave() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = nil
}

func (r *replayRoom) at(stage string, done, of uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Stage, r.now.Done, r.now.Of = stage, done, of
}

// keep keeps a report to be downloaded and gives its name.
func (r *replayRoom) keep(report replay.Report) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	id := strings.ToLower(rand.Text()[:10])
	r.done = append(r.done, rehearsed{id, report.Markdown()})
	r.done = r.done[max(0, len(r.done)-replaysKept):]
	return id
}

// Replaying is how far the replay is that runs.
func (r rehearsal) Replaying(context.Context) (admin.ReplayState, error) {
	room := &r.h.replays
	room.mu.Lock()
	defer room.mu.Unlock()
	if room.now == nil {
		return admin.ReplayState{}, nil
	}
	return *room.now, nil
}

// ReplayMarkdown is what a replay found, to read and to keep.
func (r rehearsal) ReplayMarkdown(_ context.Context, id string) (string, error) {
	room := &r.h.replays
	room.mu.Lock()
	defer room.mu.Unlock()
	for _, d := range room.done {
		if d.id == id {
			return d.markdown, nil
		}
	}
	return "", fmt.Errorf("%w: there is no replay %.20q any more; the last %d are kept", admin.ErrUnknown, id, replaysKept)
}

// Sessions are the shows in the ledger, the newest first, and the recordings in the data directory.
func (r rehearsal) Sessions(ctx context.Context) ([]admin.ReplaySession, error) {
	shows, err := pastShows(ctx, r.h.ledger)
	if err != nil {
		return nil, err
	}
	var out []admin.ReplaySession
	for i, s := range slices.Backward(shows) {
		v := admin.ReplaySession{Session: fmt.Sprintf("%s%d", showPrefix, s.from), Kind: "show", Title: strings.Join(s.titles, ", "), Began: &s.began, From: s.from, To: s.to,
			Live: i == len(shows)-1 && s.ended.IsZero(), Takes: viewTakes(s.takes, s.to)}
		if !s.ended.IsZero() {
			v.Ended = &s.ended
		}
		out = append(out, v)
	}
	names, err := recordings(r.h.cfg.DataDir)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		v := admin.ReplaySession{Session: recordingPrefix + name, Kind: "recording", Title: name, Takes: []admin.ReplayTake{}}
		if head, err := headOf(r.h.cfg.DataDir, name); err != nil {
			v.Problem = err.Error()
		} else {
			ended := time.UnixMilli(head.End).UTC()
			v.Ended, v.From, v.To, v.Takes = &ended, head.From, head.To, viewTakes(head.Takes, head.To)
		}
		out = append(out, v)
	}
	return out, nil
}

func viewTakes(takes []replay.Take, to uint64) []admin.ReplayTake {
	out := []admin.ReplayTake{}
	for _, t := range takes {
		if t.Until != 0 {
			to = t.Until
		}
		out = append(out, admin.ReplayTake{Slot: t.Slot, Plugin: t.Plugin, Version: t.Version, Events: max(to, t.After) - t.After})
	}
	return out
}

// Replay plays a session to a plugin until it is done or ctx ends.
func (r rehearsal) Replay(ctx context.Context, q admin.ReplayRequest, who string) (admin.ReplayReport, error) {
	t := replayTask{DataDir: r.h.cfg.DataDir, Version: r.h.cfg.Version, Session: q.Session, Take: q.Against, With: q.Plugin, Resync: q.Resync, Trusted: r.h.trusted(), Runners: r.h.cfg.runners}
	for _, s := range r.h.plugins.Slots() {
		for _, p := range running(s) {
			if p.info.ID == q.Plugin && (q.Version == "" || p.info.Version == q.Version) && t.Seated == nil {
				t.Seated, t.With = &ReplayTake{Plugin: p.info.ID, Version: p.info.Version, SHA256: p.info.SHA256}, ""
			}
		}
	}
	if strings.ContainsAny(q.Plugin, `/\`) {
		return admin.ReplayReport{}, fmt.Errorf("%w: name the plugin as the list of plugins does; a folder is played with: sothebais replay %s", admin.ErrInvalid, q.Plugin)
	}
	began := time.Now()
	if err := r.h.replays.enter(admin.ReplayState{Running: true, Plugin: q.Plugin, Session: q.Session, Since: &began, Who: who, Stage: stageReading}); err != nil {
		return admin.ReplayReport{}, err
	}
	defer r.h.replays.leave()
	patient, cancel := context.WithTimeout(ctx, replayWait)
	defer cancel()
	report, err := replayApart(patient, t, r.h.replays.at)
	switch {
	case ctx.Err() != nil:
		return admin.ReplayReport{}, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return admin.ReplayReport{}, fmt.Errorf("%w: it was not done within %d minutes; play a shorter stretch: sothebais replay --since --until", admin.ErrRefused, replayWait/time.Minute)
	case errors.Is(err, ErrBadInput):
		return admin.ReplayReport{}, ofKind(admin.ErrInvalid, err)
	case errors.Is(err, ErrUnavailable):
		return admin.ReplayReport{}, ofKind(admin.ErrAbsent, err)
	case err != nil:
		return admin.ReplayReport{}, ofKind(admin.ErrRefused, err)
	}
	v := viewReplay(report)
	v.ID, v.Session, v.Resync, v.Millis = r.h.replays.keep(report), q.Session, q.Resync, time.Since(began).Milliseconds()
	r.h.part("plugins").Info("a session was played once more", "plugin", report.Plugin, "session", q.Session, "who", who, "events", report.Events, "millis", v.Millis)
	return v, nil
}

// verdictsShown are the verdicts in the order in which people read them.
var verdictsShown = []replay.Verdict{replay.Same, replay.Waiting, replay.Line, replay.Silent, replay.Speaks, replay.Mood, replay.Other, replay.Trapped}

func viewReplay(r replay.Report) admin.ReplayReport {
	v := admin.ReplayReport{Plugin: r.Plugin, Against: admin.ReplayTake{Slot: r.Take.Slot, Plugin: r.Take.Plugin, Version: r.Take.Version}, Events: r.Events, SamePlugin: r.SamePlugin,
		Summary: r.Counts(), Doubts: append([]string{}, r.Doubts...), Verdicts: []admin.ReplayCount{}, Powers: []admin.ReplayCount{}, Groups: []admin.ReplayGroup{}}
	for _, k := range verdictsShown {
		if n := r.Verdicts[k]; n > 0 {
			v.Verdicts = append(v.Verdicts, admin.ReplayCount{Name: string(k), Count: n})
		}
	}
	for _, p := range slices.Sorted(maps.Keys(r.Powers)) {
		v.Powers = append(v.Powers, admin.ReplayCount{Name: p, Count: r.Powers[p]})
	}
	for _, g := range r.Groups {
		shown := admin.ReplayGroup{Trigger: g.Trigger, Verdict: string(g.Verdict), Count: g.Count, Rows: []admin.ReplayRow{}}
		for _, row := range g.Rows {
			shown.Rows = append(shown.Rows, admin.ReplayRow{Seq: row.Seq, Cause: row.Cause, Was: row.Was, Now: row.Now, Needs: append([]string{}, row.Powers...), Trap: row.Trap})
		}
		v.Groups = append(v.Groups, shown)
	}
	return v
}
