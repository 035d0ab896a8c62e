package admin

import (
	"context"
	"fmt"
	"time"
)

// ReplaySession is something that can be played to a plugin once more.
type ReplaySession struct {
	Session string       `json:"session" doc:"by which it is played" example:"show:1"`
	Kind    string       `json:"kind" enum:"show,recording"`
	Title   string       `json:"title" doc:"of its sessions, or the file of a recording"`
	Began   *time.Time   `json:"began,omitempty"`
	Ended   *time.Time   `json:"ended,omitempty" doc:"absent: it runs, or ended with the program"`
	Live    bool         `json:"live" doc:"it runs; it is played up to now"`
	From    uint64       `json:"from" doc:"first event"`
	To      uint64       `json:"to"`
	Takes   []ReplayTake `json:"takes" nullable:"false" doc:"who was in the slots, in order"`
	Problem string       `json:"problem,omitempty" doc:"why a recording cannot be played"`
}

// ReplayTake is one stay of a plugin in a slot.
type ReplayTake struct {
	Slot    string `json:"slot" enum:"personality,scene-rules,overlay"`
	Plugin  string `json:"plugin"`
	Version string `json:"version"`
	Events  uint64 `json:"events" doc:"of the ledger while it was there"`
}

// ReplayRequest says what is played to whom.
type ReplayRequest struct {
	Plugin  string `json:"plugin" minLength:"1" maxLength:"200" doc:"as the list of plugins names it" example:"mina-vox"`
	Version string `json:"version,omitempty" maxLength:"100" doc:"of two of the same id in a slot and in shadow"`
	Session string `json:"session" minLength:"1" maxLength:"300" example:"show:1"`
	Against string `json:"against,omitempty" maxLength:"300" doc:"what was on air then: a plugin (id or id@version) or a slot; the slot of the plugin's kind if left out" example:"dusty-gavel"`
	Resync  bool   `json:"resync,omitempty" doc:"give it the state of the show's plugin before each event, so that a small difference stays small"`
}

// ReplayState is how far a replay is.
type ReplayState struct {
	Running bool       `json:"running"`
	Plugin  string     `json:"plugin,omitempty"`
	Session string     `json:"session,omitempty"`
	Who     string     `json:"who,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Stage   string     `json:"stage,omitempty" enum:"reading,playing"`
	Done    uint64     `json:"done" doc:"events of this stage"`
	Of      uint64     `json:"of" doc:"0: not known yet"`
}

// ReplayReport is what a replay found.
type ReplayReport struct {
	ID         string        `json:"id" doc:"for the download; the last few are kept"`
	Plugin     string        `json:"plugin" doc:"that was played, with its version"`
	Session    string        `json:"session"`
	Against    ReplayTake    `json:"against" doc:"what was on air then"`
	Resync     bool          `json:"resync"`
	Events     int           `json:"events" doc:"that it heard"`
	Millis     int64         `json:"millis" doc:"that it took"`
	SamePlugin bool          `json:"same_plugin" doc:"it is, to the byte, what was on air: nothing may differ, but for the doubts"`
	Summary    string        `json:"summary" example:"same 288, different line 83"`
	Doubts     []string      `json:"doubts" nullable:"false" doc:"what could not be made as it was"`
	Verdicts   []ReplayCount `json:"verdicts" nullable:"false" doc:"how often it did the same, was silent, …"`
	Powers     []ReplayCount `json:"powers_missing" nullable:"false" doc:"that it would use and has no capability for"`
	Groups     []ReplayGroup `json:"groups" nullable:"false" doc:"what differs, by trigger, the most frequent first"`
}

// ReplayCount is how often something was.
type ReplayCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// ReplayGroup is all moments of one trigger with one verdict.
type ReplayGroup struct {
	Trigger string      `json:"trigger" example:"bid.refused too_low"`
	Verdict string      `json:"verdict" enum:"trap,silent,speaks,different line,mood differs,other,waiting,same"`
	Count   int         `json:"count"`
	Rows    []ReplayRow `json:"rows" nullable:"false" doc:"the first of them"`
}

// ReplayRow is one moment.
type ReplayRow struct {
	Seq   uint64   `json:"seq"`
	Cause string   `json:"cause"`
	Was   string   `json:"was" doc:"what came of it on air"`
	Now   string   `json:"now" doc:"what the plugin makes of it"`
	Needs []string `json:"needs" nullable:"false" doc:"powers that it has no capability for"`
	Trap  string   `json:"trap,omitempty"`
}

// replays plays past shows to plugins. Nothing of that reaches the show.
type replays interface {
	Sessions(ctx context.Context) ([]ReplaySession, error) // the newest first
	Replay(ctx context.Context, q ReplayRequest, who string) (ReplayReport, error)
	Replaying(ctx context.Context) (ReplayState, error)
	ReplayMarkdown(ctx context.Context, id string) (string, error)
}

// ReplaySessions is what can be played.
type ReplaySessions struct {
	Items []ReplaySession `json:"items" nullable:"false"`
}

func (s *Server) replaySessions(ctx context.Context, _ *struct{}) (*body[ReplaySessions], error) {
	return rehearse(s, func(r replays) (ReplaySessions, error) {
		list, err := r.Sessions(ctx)
		return ReplaySessions{append([]ReplaySession{}, list...)}, err
	})
}

// replay is no act: nothing of it is in the ledger, where plugins would hear of it.
func (s *Server) replay(ctx context.Context, in *struct{ Body ReplayRequest }) (*body[ReplayReport], error) {
	return rehearse(s, func(r replays) (ReplayReport, error) { return r.Replay(ctx, in.Body, visitorOf(ctx).who) })
}

func (s *Server) replaying(ctx context.Context, _ *struct{}) (*body[ReplayState], error) {
	return rehearse(s, func(r replays) (ReplayState, error) { return r.Replaying(ctx) })
}

func (s *Server) replayMarkdown(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"20"`
}) (*markdown, error) {
	got, err := rehearse(s, func(r replays) (string, error) { return r.ReplayMarkdown(ctx, in.ID) })
	if err != nil {
		return nil, err
	}
	return &markdown{Type: "text/markdown; charset=utf-8", Disposition: fmt.Sprintf("attachment; filename=%q", "replay-"+in.ID+".md"), Body: []byte(got.Body)}, nil
}

func rehearse[T any](s *Server, do func(replays) (T, error)) (*body[T], error) {
	if s.cfg.Replays == nil {
		return nil, absent("the plugin host")
	}
	got, err := do(s.cfg.Replays)
	if err != nil {
		return nil, s.readFailed(err)
	}
	return &body[T]{got}, nil
}
