package host

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/bus"
	"github.com/sothebais/sothebais/host/cue"
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

// What waits for its turn to be said does not count as slow to be seen; what is to be seen at once does, whatever is said.
func TestTallyOfWordsAlone(t *testing.T) {
	tally := newTally()
	add := func(root uint64, data event.Data) { tally.add(event.Event{Seq: root, Root: root, Data: data}) }
	raised := func(v cue.Verb) cue.Raised { return cue.Raised{Cue: cue.Cue{Verb: v}} }
	add(1, post.Received{})
	add(1, raised(cue.Say))
	add(1, show.SpeechStarted{})
	add(1, raised(cue.Text)) // its subtitle
	add(1, show.CueShown{Millis: 5000})
	add(2, post.Received{})
	add(2, raised(cue.Say))
	add(2, raised(cue.Express))
	add(2, show.SpeechStarted{})
	add(2, show.CueShown{Millis: 300})
	if got := tally.Report().PostToFrame; got != (Percentiles{P50: 300, P99: 300, N: 1}) {
		t.Error(got)
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
