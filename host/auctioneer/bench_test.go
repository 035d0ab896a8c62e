package auctioneer_test

import (
	"testing"

	"github.com/sothebais/sothebais/host/auctioneer/auctioneerbench"
)

// BenchmarkBids reports the durable bids a second of the house and of one transaction a bid, and their ratios.
func BenchmarkBids(b *testing.B) {
	for b.Loop() {
		r, err := auctioneerbench.Compare(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.House, "bids/s")
		b.ReportMetric(r.Naive, "naive-bids/s")
		b.ReportMetric(r.Queued, "queued-bids/s")
		b.ReportMetric(r.House/r.Naive, "vs-naive")
		b.ReportMetric(r.House/r.Queued, "vs-queued")
	}
}
