package wasm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
)

// aPost is one whose record has 300 bytes.
func aPost() event.Event {
	return event.Event{Seq: 7, At: time.UnixMilli(1_700_000_000_000), Data: post.Received{Intent: post.IntentBid, Post: post.Post{
		ID: "1735400000000000001", Root: "1735400000000000001", AuthorID: "44196397", Handle: "ann_collects", Name: "Ann", Text: "bid 1.5 ETH " + strings.Repeat("for the fox ", 10)}}}
}

// BenchmarkParts is where an event of 300 bytes goes that is answered with a command of 200, each part by itself: to
// write its record, the guest with the way there and back, to read the command; and the whole, with the journal for a
// roll-back. The first of ten counts, because a busy machine does not make the code slower.
func BenchmarkParts(b *testing.B) {
	r, ctx := newRuntime(b, Config{}), context.Background()
	g, ok := load(b, r, "../wasmbench/pass.wasm", manifest(nil)).(*guest)
	if !ok {
		b.Fatal("not a guest of this package")
	}
	for _, n := range []int{1, 64} {
		events := slices.Repeat([]event.Event{aPost()}, n)
		var c Codec
		batch, _ := c.Encode(nil, events)
		out, err := g.run(batch, g.fuel(n))
		if err != nil {
			b.Fatal(err)
		}
		out = slices.Clone(out)
		for _, part := range []struct {
			name string
			do   func() error
		}{
			{"record", func() error { batch, _ = c.Encode(batch, events); return nil }},
			{"guest", func() error { _, err := g.run(batch, g.fuel(n)); return err }},
			{"command", func() error { _, _, _, err := c.Decode(out, g.limits.Commands); return err }},
			{"whole", func() error { _, err := g.HandleBatch(ctx, events); return err }},
		} {
			b.Run(fmt.Sprintf("%s/%d", part.name, n), func(b *testing.B) {
				var took spans
				for b.Loop() {
					start := time.Now()
					for range 16 {
						if err := part.do(); err != nil {
							b.Fatal(err)
						}
					}
					took.since(start)
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/10].Nanoseconds())/float64(16*n), "p10-ns/event")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
