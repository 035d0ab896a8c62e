package wasm_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

// line hands events to one slot.
type line struct{ events chan event.Event }

func (l *line) Close() {}

func (l *line) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	select {
	case e := <-l.events:
		buf = append(buf[:0], e)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for len(buf) < cap(buf) {
		select {
		case e := <-l.events:
			buf = append(buf, e)
		default:
			return buf, nil
		}
	}
	return buf, nil
}

type nowhere struct{}

func (nowhere) Record(context.Context, ...event.Draft) ([]event.Event, error) { return nil, nil }

func fixture(t *testing.T) fs.FS {
	code, err := os.ReadFile("testdata/fixture.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return fstest.MapFS{"plugin.wasm": {Data: code}, plugin.ManifestFile: {Data: []byte(`
id: fixture
version: 1.0.0
kind: overlay
api: "1"
runtime: {wasm: plugin.wasm}
capabilities: [{name: text, why: shows how many events it heard}]
subscribes: [clock.ticked]
state: {id: fixture, version: 1}
`)}}
}

// TestSwapLosesNothing: real guests count the events; state goes from one to the next, so whatever happens around the
// swaps, the counts are 1, 2, 3 and so on.
func TestSwapLosesNothing(t *testing.T) {
	const events, swaps = 5000, 60
	ctx, stop := context.WithCancel(context.Background())
	rt, err := wasm.New(ctx, wasm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(context.Background())
	lines := make(chan *line, 3)
	var mu sync.Mutex
	var shown []string
	h := plugin.New(plugin.Config{Runtime: rt, Facts: nowhere{}, Last: func() uint64 { return 0 },
		Subscribe: func(uint64, ...event.Kind) plugin.Source {
			l := &line{make(chan event.Event, 64)}
			lines <- l
			return l
		},
		Offer: func(_ context.Context, _ event.Event, cues []cue.Cue) {
			mu.Lock()
			defer mu.Unlock()
			for _, c := range cues {
				shown = append(shown, c.Text)
			}
		}})
	plug := fixture(t)
	if _, err := h.Load(ctx, "", plug); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- h.Run(ctx) }()
	slots := []*line{<-lines, <-lines, <-lines}
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range events {
			for _, l := range slots {
				l.events <- event.Event{Seq: uint64(i + 1), At: time.UnixMilli(int64(i)), Data: show.Ticked{}}
			}
		}
	})
	var pauses []time.Duration
	for range swaps {
		res, err := h.Swap(ctx, plug, "test", 0)
		if err != nil {
			t.Fatal(err)
		}
		pauses = append(pauses, res.Pause)
	}
	writer.Wait()
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(shown) }
	for count() < events {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i, text := range shown {
		if text != fmt.Sprint(i+1) {
			t.Fatalf("place %d shows %s", i+1, text)
		}
	}
	slices.Sort(pauses)
	t.Logf("pause p50 %v, worst %v", pauses[len(pauses)/2], pauses[len(pauses)-1])
}
