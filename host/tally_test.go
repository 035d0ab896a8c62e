package host

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/sqlite"
)

// The figures of a show that lasts for weeks take no more room than those of an evening.
func TestTallyIsBounded(t *testing.T) {
	tally := newTally()
	const posts = millisKept + 100
	for i := range uint64(posts) {
		millis := 10.0
		if i >= 100 {
			millis = 20
		}
		tally.add(event.Event{Seq: 2*i + 1, Root: 2*i + 1, Data: post.Received{}})
		tally.add(event.Event{Seq: 2*i + 2, Root: 2*i + 1, Data: show.CueShown{Millis: millis}})
	}
	r := tally.Report()
	if len(tally.millis) > millisKept || r.PostToFrame != (Percentiles{P50: 20, P99: 20, N: posts}) || r.Events != 2*posts {
		t.Errorf("%d figures kept, report %+v", len(tally.millis), r)
	}
}

// What the other parts record before the followers have their turn is not lost to them.
func TestFollowersMissNothing(t *testing.T) {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), ledgerFile), Facts())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b, err := bus.New(ctx, db, bus.Config{})
	if err != nil {
		t.Fatal(err)
	}
	h := &Host{bus: b, tally: newTally(), board: newBoard()}
	parts := h.parts()
	ran := make(chan error, 2)
	go func() { ran <- b.Run(ctx) }()
	if _, err := b.Record(ctx, event.Draft{Data: show.OutputUp{Output: "encoder"}}); err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		if p.name == "board" {
			go func() { ran <- p.run(ctx) }()
		}
	}
	for h.board.linkError("encoder") != nil && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	if err := h.board.linkError("encoder"); err != nil {
		t.Error(err)
	}
	stop()
	<-ran
	<-ran
}
