package admin

import (
	"context"
	"runtime"
	"time"
)

// ShowView is the programme with what the page itself knows.
type ShowView struct {
	Show
	Now      time.Time `json:"now" doc:"by the program's clock"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Go       string    `json:"go"`
	Epoch    string    `json:"epoch"`
	LastSeq  uint64    `json:"last_seq" doc:"newest fact in the ledger"`
	Previews int64     `json:"previews" doc:"control rooms that watch"`
}

func (s *Server) show(context.Context, *struct{}) (*body[ShowView], error) {
	if s.cfg.Show == nil {
		return nil, absent("the stage")
	}
	v := ShowView{Show: s.cfg.Show(), Now: time.Now().UTC(), Name: s.cfg.Name, Version: s.cfg.Version, Go: runtime.Version(),
		Epoch: s.cfg.Epoch, Previews: s.previews.Load()}
	if s.cfg.Bus != nil {
		v.LastSeq = s.cfg.Bus.Last()
	}
	if v.Links == nil {
		v.Links = []Link{}
	}
	return &body[ShowView]{v}, nil
}

func (s *Server) stage(context.Context, *struct{}) (*body[Stage], error) {
	st := s.cfg.Stage()
	if st.Scenes == nil {
		st.Scenes = []Named{}
	}
	if st.Moods == nil {
		st.Moods = []string{}
	}
	if st.Gestures == nil {
		st.Gestures = []string{}
	}
	return &body[Stage]{st}, nil
}

// BlockView is the sale as JSON.
type BlockView struct {
	Now      time.Time  `json:"now"`
	Session  string     `json:"session,omitempty"`
	Campaign string     `json:"campaign,omitempty"`
	Name     string     `json:"name,omitempty" doc:"of the session"`
	Lot      *LotView   `json:"lot,omitempty" doc:"on the block; absent between lots"`
	Last     *LotView   `json:"last,omitempty" doc:"the one before"`
	Next     []LotView  `json:"next" nullable:"false"`
	Opens    *time.Time `json:"opens,omitempty" doc:"when the next lot opens"`
}

func (s *Server) block(context.Context, *struct{}) (*body[BlockView], error) {
	if s.cfg.Auctions == nil {
		return nil, absent("the auction")
	}
	return &body[BlockView]{viewBlock(s.cfg.Auctions.Block(), time.Now().UTC())}, nil
}

func viewBlock(b Block, now time.Time) BlockView {
	v := BlockView{Now: now, Session: b.Session, Campaign: b.Campaign, Name: b.Name, Opens: optional(b.Opens), Next: make([]LotView, len(b.Next))}
	for i, t := range b.Next {
		v.Next[i] = viewTerms(t)
	}
	v.Lot, v.Last = optionalLot(b.Lot, now), optionalLot(b.Last, now)
	return v
}

func optionalLot(l *Lot, now time.Time) *LotView {
	if l == nil {
		return nil
	}
	v := viewLot(*l, now)
	return &v
}

// LotList is the lots of the session.
type LotList struct {
	Items []LotView `json:"items" nullable:"false"`
}

func (s *Server) listLots(ctx context.Context, _ *struct{}) (*body[LotList], error) {
	if s.cfg.Auctions == nil {
		return nil, absent("the auction")
	}
	lots, err := s.cfg.Auctions.Lots(ctx)
	if err != nil {
		return nil, s.readFailed(err)
	}
	now := time.Now()
	out := LotList{Items: make([]LotView, len(lots))}
	for i, l := range lots {
		out.Items[i] = viewLot(l, now)
	}
	return &body[LotList]{out}, nil
}

// BidList is bids, newest first.
type BidList struct {
	Items []BidView `json:"items" nullable:"false"`
}

type bidsInput struct {
	Lot   string `path:"lot" maxLength:"200" example:"s1-lot-3"`
	Limit int    `query:"limit" default:"50" minimum:"1" maximum:"500"`
}

func (s *Server) bids(ctx context.Context, in *bidsInput) (*body[BidList], error) {
	if s.cfg.Auctions == nil {
		return nil, absent("the auction")
	}
	bids, err := s.cfg.Auctions.Bids(ctx, in.Lot, in.Limit)
	if err != nil {
		return nil, s.readFailed(err)
	}
	return &body[BidList]{BidList{Items: viewBids(bids)}}, nil
}
