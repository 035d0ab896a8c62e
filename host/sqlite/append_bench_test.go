package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
)

// bidDrafts is a batch of n bids as the auction house records them.
func bidDrafts(first, n int) []event.Draft {
	var out []event.Draft
	for i := first; i < first+n; i++ {
		id := strconv.Itoa(1_735_400_000_000_000_000 + i)
		who := "bidder" + strconv.Itoa(i%32)
		amount := money.FromGwei(uint64(i + 1))
		out = append(out,
			event.Draft{Origin: "x:" + id, At: time.Now(), Data: post.Received{Intent: post.IntentBid, Post: post.Post{
				ID: id, Root: id, AuthorID: who, Handle: who, Name: who, Text: "@SothebAIs bid " + amount.ETH() + " ETH", At: time.Now()}}},
			event.Draft{Back: 1, At: time.Now(), Data: auction.BidAccepted{Lot: "s1-lot-1", Bidder: who, Handle: who, Amount: amount,
				Minimum: amount, Count: i + 1, PostID: id, Closes: time.Now(), PreviousBidder: who, PreviousHandle: who, PreviousPostID: id}})
	}
	return out
}

// BenchmarkAppend is the durable price of one bid, by how many share a transaction.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 32, 256} {
		b.Run(fmt.Sprintf("bids=%d", n), func(b *testing.B) {
			db := open(b, filepath.Join(b.TempDir(), "show.db"))
			opened := auction.LotOpened{Session: "s1", Terms: auction.Terms{Lot: "s1-lot-1"}}
			if _, err := db.Append(b.Context(), []event.Draft{{At: time.Now(), Data: opened}}); err != nil {
				b.Fatal(err)
			}
			done := 0
			for b.Loop() {
				if _, err := db.Append(b.Context(), bidDrafts(done, n)); err != nil {
					b.Fatal(err)
				}
				done += n
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(done), "µs/bid")
		})
	}
}
