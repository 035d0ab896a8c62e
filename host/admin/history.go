package admin

import (
	"context"
	"path"

	"github.com/sothebais/sothebais/host/event"
)

// scanLimit bounds how many facts one page of a filtered list looks at, so that a rare topic cannot hold the ledger.
const scanLimit = 20_000

type eventsInput struct {
	After uint64   `query:"after" doc:"cursor: facts with a greater number"`
	Limit int      `query:"limit" default:"100" minimum:"1" maximum:"1000"`
	Topic []string `query:"topic,explode" maxItems:"32" doc:"names or patterns such as bid.*; none: all"`
}

// EventPage is a part of what happened.
type EventPage struct {
	Items []EventView `json:"items" nullable:"false"`
	Next  uint64      `json:"next" doc:"cursor for the page after this one"`
	More  bool        `json:"more" doc:"there is a page after this one now"`
}

func (s *Server) events(ctx context.Context, in *eventsInput) (*body[EventPage], error) {
	if s.cfg.Ledger == nil {
		return nil, absent("the ledger")
	}
	page, err := s.page(ctx, in.After, in.Limit, newFilter(in.Topic))
	if err != nil {
		return nil, s.readFailed(err)
	}
	return &body[EventPage]{page}, nil
}

// page reads until it has limit facts that pass, the ledger ends, or scanLimit is used up.
func (s *Server) page(ctx context.Context, after uint64, limit int, f filter) (EventPage, error) {
	page := EventPage{Items: []EventView{}, Next: after}
	for scanned := 0; scanned < scanLimit; {
		batch, err := s.cfg.Ledger.Read(ctx, page.Next, limit)
		if err != nil {
			return page, err
		}
		for _, e := range batch {
			if len(page.Items) == limit {
				page.More = true
				return page, nil
			}
			page.Next = e.Seq
			if !f.passes(string(e.Kind())) {
				continue
			}
			v, err := viewEvent(e)
			if err != nil {
				return page, err
			}
			page.Items = append(page.Items, v)
		}
		scanned += len(batch)
		if page.More = len(batch) == limit; !page.More || len(page.Items) == limit {
			return page, nil
		}
	}
	return page, nil
}

type chainInput struct {
	Seq uint64 `path:"seq" minimum:"1" doc:"number of any fact of the chain"`
}

// Chain is one cause with all that followed.
type Chain struct {
	Root  uint64      `json:"root"`
	Items []EventView `json:"items" nullable:"false"`
}

func (s *Server) chain(ctx context.Context, in *chainInput) (*body[Chain], error) {
	if s.cfg.Ledger == nil {
		return nil, absent("the ledger")
	}
	root, err := s.rootOf(ctx, in.Seq)
	if err != nil {
		return nil, s.readFailed(err)
	}
	list, err := s.cfg.Ledger.Chain(ctx, root)
	if err != nil {
		return nil, s.readFailed(err)
	}
	out := Chain{Root: root, Items: make([]EventView, len(list))}
	for i, e := range list {
		if out.Items[i], err = viewEvent(e); err != nil {
			return nil, s.readFailed(err)
		}
	}
	return &body[Chain]{out}, nil
}

// rootOf finds the first fact of the chain that seq belongs to.
func (s *Server) rootOf(ctx context.Context, seq uint64) (uint64, error) {
	batch, err := s.cfg.Ledger.Read(ctx, seq-1, 1)
	if err != nil {
		return 0, err
	}
	if len(batch) == 0 || batch[0].Seq != seq {
		return 0, unknownEvent(seq)
	}
	return rootOr(batch[0]), nil
}

func rootOr(e event.Event) uint64 {
	if e.Root != 0 {
		return e.Root
	}
	return e.Seq
}

// filter passes facts by name; empty passes all.
type filter []string

func newFilter(patterns []string) filter {
	for _, p := range patterns {
		if p == "*" {
			return nil
		}
	}
	return patterns
}

func (f filter) passes(topic string) bool {
	if len(f) == 0 {
		return true
	}
	for _, p := range f {
		if ok, err := path.Match(p, topic); ok && err == nil {
			return true
		}
	}
	return false
}
