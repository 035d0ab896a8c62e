package admin

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Consent is a use of a power that waits for a person's yes or no.
type Consent struct {
	Seq      uint64        `json:"seq" doc:"of the fact that it was asked for; it is answered by this number"`
	Slot     string        `json:"slot" enum:"personality,scene-rules,overlay"`
	Plugin   string        `json:"plugin"`
	Version  string        `json:"version"`
	Power    string        `json:"power" enum:"reply,post,http,llm"`
	Why      string        `json:"why" doc:"what the power is for, in the words of its author"`
	Content  string        `json:"content" doc:"all that is to be done, in one text; characters that cannot be seen are written as ⟨U+202E⟩, here and in the parts"`
	Parts    []ConsentPart `json:"parts" nullable:"false" doc:"the same, part by part, so that none can pass for another"`
	Answers  *AnsweredPost `json:"answers,omitempty" doc:"of a reply: the post that it is to"`
	Event    uint64        `json:"event" doc:"that the plugin handled"`
	Cause    string        `json:"cause" doc:"that event, in words" example:"@tomtom \"is it rare?\""`
	Asked    time.Time     `json:"asked"`
	Deadline time.Time     `json:"deadline" doc:"then it is denied"`
}

// ConsentPart is one of the things that a use consists of.
type ConsentPart struct {
	Name string `json:"name" enum:"text,request,headers,body,instructions,question,form of the answer,length of the answer"`
	Text string `json:"text"`
}

// AnsweredPost is a post that a plugin wants to reply to. It may name any.
type AnsweredPost struct {
	ID     string `json:"id"`
	Read   bool   `json:"read" doc:"false: the show has not read such a post"`
	Handle string `json:"handle,omitempty"`
	Text   string `json:"text,omitempty"`
}

// ConsentList is what waits, the most urgent first.
type ConsentList struct {
	Items []Consent `json:"items" nullable:"false"`
}

func (s *Server) listConsents(ctx context.Context, _ *struct{}) (*body[ConsentList], error) {
	return look(s, func(p plugins) (ConsentList, error) {
		items, err := p.Consents(ctx)
		return ConsentList{Items: append([]Consent{}, items...)}, err
	})
}

func (s *Server) decide(ctx context.Context, in *struct {
	Seq  uint64 `path:"seq" minimum:"1"`
	Body struct {
		Allow bool `json:"allow"`
	}
}) (*body[Consent], error) {
	list, err := s.listConsents(ctx, nil)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list.Body.Items, func(c Consent) bool { return c.Seq == in.Seq })
	if i < 0 {
		return nil, actFailed(fmt.Errorf("request %d: %w among those that wait: it was decided already, or its time was up", in.Seq, ErrUnknown))
	}
	return change(ctx, s, list.Body.Items[i].decided(in.Body.Allow), func(p plugins, who string, act uint64) (Consent, error) {
		return p.Decide(ctx, in.Seq, in.Body.Allow, who, act)
	})
}

// decided says what an operator did, for the ledger.
func (c Consent) decided(allow bool) string {
	what := "refused"
	if allow {
		what = "allowed"
	}
	content := c.Content
	if r := []rune(content); len(r) > 120 {
		content = string(r[:119]) + "…"
	}
	return fmt.Sprintf("%s %s once for %s: %s", what, c.Power, c.Plugin, content)
}
