package admin

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// fakeReplays is where the fake show plays past ones: each takes as long as its plugin's holds say.
type fakeReplays struct {
	now  *ReplayState
	hold time.Duration // how long one takes
}

func (f *fakeShow) Sessions(context.Context) ([]ReplaySession, error) {
	on := time.Now().Add(-74 * time.Minute).UTC()
	before, until := on.Add(-26*time.Hour), on.Add(-23*time.Hour)
	host := ReplayTake{Slot: "personality", Plugin: "dusty-gavel", Version: "0.3.0", Events: 18_402}
	return []ReplaySession{
		{Session: "show:20482", Kind: "show", Title: "Summer Series · Day 15", Began: &on, Live: true, From: 20_482, To: 38_884, Takes: []ReplayTake{host, {Slot: "overlay", Plugin: "lower-third", Version: "1.0.0", Events: 18_402}}},
		{Session: "show:1", Kind: "show", Title: "Summer Series · Day 14", Began: &before, Ended: &until, From: 1, To: 20_481,
			Takes: []ReplayTake{{Slot: "personality", Plugin: "dusty-gavel", Version: "0.2.9", Events: 14_000}, {Slot: "personality", Plugin: "mina-vox", Version: "1.0.0", Events: 6_481}}},
		{Session: "recording:friday.sbrec", Kind: "recording", Title: "friday.sbrec", Ended: &until, From: 1, To: 9_000, Takes: []ReplayTake{host}},
		{Session: "recording:cut.sbrec", Kind: "recording", Title: "cut.sbrec", Takes: []ReplayTake{}, Problem: "bad recording: it does not begin like one; make one with sothebais record"},
	}, nil
}

func (f *fakeShow) Replay(ctx context.Context, q ReplayRequest, who string) (ReplayReport, error) {
	now := time.Now()
	f.mu.Lock()
	if f.shop.room.now != nil {
		f.mu.Unlock()
		return ReplayReport{}, fmt.Errorf("%w: one replay at a time, and mina-vox plays show:1 just now; end that one, or wait", ErrRefused)
	}
	f.shop.room.now = &ReplayState{Running: true, Plugin: q.Plugin, Session: q.Session, Who: who, Since: &now, Stage: "playing", Done: 7_300, Of: 18_402}
	hold := f.shop.room.hold
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.shop.room.now = nil
	}()
	select {
	case <-ctx.Done():
		return ReplayReport{}, ctx.Err()
	case <-time.After(hold):
	}
	if strings.HasPrefix(q.Session, "recording:") {
		return ReplayReport{}, fmt.Errorf("%w: load mina-vox: out of fuel while it started", ErrInvalid)
	}
	return ReplayReport{ID: "k3v9xq2m7a", Plugin: q.Plugin + " 1.1.0", Session: q.Session, Resync: q.Resync, Against: ReplayTake{Slot: "personality", Plugin: "dusty-gavel", Version: "0.3.0"}, Events: 18_402, Millis: 4_210,
		Summary: "same 288, different line 83, silent 12, mood differs 29, trap 1", Doubts: []string{"the store of dusty-gavel held something, which a recording does not have; it begins empty"},
		Verdicts: []ReplayCount{{"same", 288}, {"different line", 83}, {"silent", 12}, {"mood differs", 29}, {"trap", 1}}, Powers: []ReplayCount{{"reply", 9}},
		Groups: []ReplayGroup{
			{Trigger: "bid.accepted", Verdict: "different line", Count: 83, Rows: []ReplayRow{
				{Seq: 20_611, Cause: "bid 2.40 ETH @maria", Was: "excited “2.40 from @maria! Who tops it?”", Now: "sly “Maria, darling. 2.40.”", Needs: []string{}},
				{Seq: 20_640, Cause: "bid 2.55 ETH @0xkoi", Was: "excited “2.55 from @0xkoi!”", Now: "calm “2.55. I see you, koi.” [gesture lean]", Needs: []string{}}}},
			{Trigger: "bid.refused too_low", Verdict: "silent", Count: 12, Rows: []ReplayRow{{Seq: 20_702, Cause: "refused too_low @blockbob", Was: "calm “Close. Minimum is 2.40.”", Now: "— silent", Needs: []string{}}}},
			{Trigger: "post.received question", Verdict: "different line", Count: 9, Rows: []ReplayRow{{Seq: 20_733, Cause: "question @tomtom: is it rare?", Was: "“One of one.”", Now: "“One of one, like me.”", Needs: []string{"reply"}}}},
			{Trigger: "lot.closing", Verdict: "trap", Count: 1, Rows: []ReplayRow{{Seq: 20_790, Cause: "closing in 30 s", Was: "“Thirty seconds!”", Now: "— silent", Needs: []string{}, Trap: "out of fuel"}}},
		}}, nil
}

func (f *fakeShow) Replaying(context.Context) (ReplayState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.shop.room.now == nil {
		return ReplayState{}, nil
	}
	return *f.shop.room.now, nil
}

func (f *fakeShow) ReplayMarkdown(_ context.Context, id string) (string, error) {
	if id != "k3v9xq2m7a" {
		return "", fmt.Errorf("%w: there is no replay %q any more; the last 8 are kept", ErrUnknown, id)
	}
	return "# Replay: mina\\-vox 1.1.0\n", nil
}

// replaysTake sets how long they take.
func (f *fakeShow) replaysTake(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shop.room.hold = d
}
