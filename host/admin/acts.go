package admin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// cueFrom marks what a person asked for; it is the name of no plugin.
const cueFrom = "operator"

// Done says which fact an act became.
type Done struct {
	Seq uint64 `json:"seq,omitempty" doc:"number of the fact in the ledger, if the act has one of its own"`
}

// OnLot names the lot an act is meant for, so that a click that comes late does not hit the next one.
type OnLot struct {
	Lot string `json:"lot,omitempty" maxLength:"200" doc:"refuse when another lot is on the block by now"`
}

type lotInput struct {
	Body OnLot
}

func (s *Server) pause(ctx context.Context, in *lotInput) (*body[Done], error) {
	return s.lotAct(ctx, in.Body, operator.Pause)
}

func (s *Server) resume(ctx context.Context, in *lotInput) (*body[Done], error) {
	return s.lotAct(ctx, in.Body, operator.Resume)
}

func (s *Server) hammer(ctx context.Context, in *lotInput) (*body[Done], error) {
	return s.lotAct(ctx, in.Body, operator.Hammer)
}

func (s *Server) withdraw(ctx context.Context, in *lotInput) (*body[Done], error) {
	return s.lotAct(ctx, in.Body, operator.Withdraw)
}

type extendInput struct {
	Body struct {
		OnLot
		Seconds int `json:"seconds" minimum:"1" maximum:"3600" doc:"how much later the hammer falls"`
	}
}

func (s *Server) extend(ctx context.Context, in *extendInput) (*body[Done], error) {
	return s.lotAct(ctx, in.Body.OnLot, func(o operator, ctx context.Context, who string) error {
		return o.ExtendFor(ctx, who, time.Duration(in.Body.Seconds)*time.Second)
	})
}

// lotAct does one act to the lot on the block, if it is still the one that was meant.
func (s *Server) lotAct(ctx context.Context, on OnLot, act func(operator, context.Context, string) error) (*body[Done], error) {
	if s.cfg.Operator == nil {
		return nil, absent("the auction")
	}
	if err := s.stillOn(on.Lot); err != nil {
		return nil, err
	}
	if err := act(s.cfg.Operator, ctx, visitorOf(ctx).who); err != nil {
		return nil, actFailed(err)
	}
	return &body[Done]{}, nil
}

func (s *Server) stillOn(lot string) error {
	if lot == "" || s.cfg.Auctions == nil {
		return nil
	}
	on := s.cfg.Auctions.Block().Lot
	switch {
	case on == nil:
		return huma.Error409Conflict("no lot is on the block; " + lot + " has left it")
	case string(on.Terms.Lot) != lot:
		return huma.Error409Conflict(fmt.Sprintf("%s is on the block now, not %s; nothing was done", on.Terms.Lot, lot))
	}
	return nil
}

type sayInput struct {
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"280" doc:"the line, as it is to be spoken"`
		Mood string `json:"mood,omitempty" maxLength:"40" doc:"mood while speaking"`
	}
}

func (s *Server) say(ctx context.Context, in *sayInput) (*body[Done], error) {
	text := strings.Join(strings.Fields(in.Body.Text), " ")
	if text == "" {
		return nil, huma.Error422UnprocessableEntity("the line is empty",
			&huma.ErrorDetail{Location: "body.text", Message: "write what the character is to say", Value: in.Body.Text})
	}
	if err := oneOf("body.mood", in.Body.Mood, s.cfg.Stage().Moods); in.Body.Mood != "" && err != nil {
		return nil, err
	}
	return s.cue(ctx, fmt.Sprintf("had the character say %q", text), cue.Cue{Verb: cue.Say, Text: text, Name: in.Body.Mood})
}

type moodInput struct {
	Body struct {
		Mood      string `json:"mood" maxLength:"40"`
		Intensity int64  `json:"intensity,omitempty" default:"80" minimum:"0" maximum:"100"`
	}
}

func (s *Server) mood(ctx context.Context, in *moodInput) (*body[Done], error) {
	if err := oneOf("body.mood", in.Body.Mood, s.cfg.Stage().Moods); err != nil {
		return nil, err
	}
	return s.cue(ctx, "put the character in the mood "+in.Body.Mood, cue.Cue{Verb: cue.Mood, Name: in.Body.Mood, Value: in.Body.Intensity})
}

type gestureInput struct {
	Body struct {
		Gesture string `json:"gesture" maxLength:"40"`
	}
}

func (s *Server) gesture(ctx context.Context, in *gestureInput) (*body[Done], error) {
	if err := oneOf("body.gesture", in.Body.Gesture, s.cfg.Stage().Gestures); err != nil {
		return nil, err
	}
	return s.cue(ctx, "asked for the gesture "+in.Body.Gesture, cue.Cue{Verb: cue.Gesture, Name: in.Body.Gesture})
}

type takeInput struct {
	Body struct {
		Scene string `json:"scene" maxLength:"80"`
	}
}

func (s *Server) take(ctx context.Context, in *takeInput) (*body[Done], error) {
	var ids []string
	for _, sc := range s.cfg.Stage().Scenes {
		ids = append(ids, sc.ID)
	}
	if err := oneOf("body.scene", in.Body.Scene, ids); err != nil {
		return nil, err
	}
	return s.cue(ctx, "took the scene "+in.Body.Scene, cue.Cue{Verb: cue.Scene, Name: in.Body.Scene})
}

// Scenes are the scenes of a show after they were read again.
type Scenes struct {
	Scenes []string `json:"scenes" nullable:"false" doc:"ids of all there are"`
	Own    []string `json:"own" nullable:"false" doc:"those that are not the program's"`
}

func (s *Server) reload(ctx context.Context, _ *struct{}) (*body[Scenes], error) {
	if s.cfg.Bus == nil || s.cfg.Reload == nil {
		return nil, absent("the stage")
	}
	act, err := s.acted(ctx, "had the scenes read again")
	if err != nil {
		return nil, err
	}
	got, err := s.cfg.Reload(ctx, act.Seq)
	if err != nil {
		return nil, actFailed(err)
	}
	return &body[Scenes]{got}, nil
}

// cue records what the operator did and offers the cue to the director with that as its cause.
func (s *Server) cue(ctx context.Context, what string, c cue.Cue) (*body[Done], error) {
	if s.cfg.Bus == nil || s.cfg.Director == nil {
		return nil, absent("the stage")
	}
	c.From, c.Priority = cueFrom, cue.Urgent
	act, err := s.acted(ctx, what)
	if err != nil {
		return nil, err
	}
	s.cfg.Director.Offer(ctx, act, []cue.Cue{c})
	return &body[Done]{Done{Seq: act.Seq}}, nil
}

// acted records what the operator is about to do.
func (s *Server) acted(ctx context.Context, what string) (event.Event, error) {
	done, err := s.cfg.Bus.Record(ctx, event.Draft{At: time.Now().UTC(), Data: show.OperatorActed{Who: visitorOf(ctx).who, What: what}})
	if err != nil {
		return event.Event{}, s.readFailed(fmt.Errorf("record the operator's act: %w", err))
	}
	return done[0], nil
}

// oneOf refuses what is not on a list, and says what is.
func oneOf(where, got string, list []string) error {
	for _, v := range list {
		if v == got {
			return nil
		}
	}
	return huma.Error422UnprocessableEntity("there is no such choice", &huma.ErrorDetail{
		Location: where, Value: got, Message: "want one of " + strings.Join(list, ", ")})
}

func unknownEvent(seq uint64) error { return fmt.Errorf("event %d: %w", seq, ErrUnknown) }
