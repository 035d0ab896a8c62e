package admin

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
)

func TestLotPageWithoutJavaScript(t *testing.T) {
	r := newRoom(t)
	page := func() string { time.Sleep(lotFresh); return string(r.ask("GET", "/lot", "").body) }
	if p := page(); !strings.Contains(p, "Starting price") || !strings.Contains(p, `<span id="price">0.8</span>`) || !strings.Contains(p, "Nobody has bid") {
		t.Errorf("before the first bid: %s", p)
	}
	r.f.crowd()
	r.f.bid("<script>", "2.6", "")
	p := page()
	for _, want := range []string{"Nocturne for a Dial-up Modem", `<span id="price">2.6</span>`, "@&lt;script&gt;", "/art/nocturne.svg", "Moon Garden", "@dustygavel bid 2.73 ETH",
		"https://x.com/intent/post?text=%40dustygavel%20bid%202.73%20ETH", "Current bid", "Open for bids"} {
		if !strings.Contains(p, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(p, "1.81") || strings.Contains(p, "1.6 ETH") {
		t.Error("the page tells of refused bids, or of the reserve")
	}
	r.f.burst(200)
	if p := page(); !strings.Contains(p, "@pixelpaul") {
		t.Error("a crowd that mistypes hides the bids that count")
	}
	r.f.block.Lot.State = LotSold
	if p := page(); !strings.Contains(p, "Sold for") || !strings.Contains(p, `id="bid" hidden`) {
		t.Errorf("after the hammer: %s", p)
	}
	r.f.block.Last, r.f.block.Lot = r.f.block.Lot, nil
	if p := page(); !strings.Contains(p, "Sold for") {
		t.Error("between lots, the page should show the one before")
	}
	r.f.block.Last = nil
	if p := page(); !strings.Contains(p, "No lot is on the block") {
		t.Errorf("with nothing: %s", p)
	}
	for _, file := range []string{"lot.css", "lot.js", "inter.woff2"} {
		if got := r.ask("GET", "/lot/"+file, ""); got.StatusCode != 200 {
			t.Errorf("%s: %d", file, got.StatusCode)
		}
	}
	r.problem(r.ask("GET", "/lot/lot.html", ""), 404)
}

func TestPublicLotKeepsTheReserve(t *testing.T) {
	r := newRoom(t)
	r.f.crowd()
	got := r.ask("GET", "/api/v1/public/lot", "")
	v := decode[PublicLot](r, got)
	if v.Lot.Reserve != nil || v.Next[0].Reserve != nil || strings.Contains(string(got.body), `"reserve":`) {
		t.Error("the reserve is public")
	}
	if !v.Lot.ReserveMet || v.Lot.Price.ETH != "2.4" || len(v.Bids) != 9 || v.BidText != "@dustygavel bid 2.52 ETH" || got.Header.Get("ETag") == "" {
		t.Errorf("%+v %+v", v, v.Lot)
	}
	if b := decode[PublicLot](r, r.ask("GET", "/api/v1/public/lot", "")); b.Rev != v.Rev {
		t.Error("nothing changed, yet the revision did")
	}
}

func TestBidWords(t *testing.T) {
	for _, c := range []struct{ handle, page, text, link string }{
		{"dustygavel", "", "@dustygavel bid 2.5 ETH", "https://x.com/intent/post?text=%40dustygavel%20bid%202.5%20ETH"},
		{"@dustygavel", "http://127.0.0.1:9", "@dustygavel bid 2.5 ETH", "http://127.0.0.1:9?text=%40dustygavel%20bid%202.5%20ETH"},
		{"", "http://127.0.0.1:9/?a=b", "bid 2.5 ETH", "http://127.0.0.1:9/?a=b&text=bid%202.5%20ETH"},
	} {
		s := &Server{cfg: Config{Handle: c.handle, PostURL: c.page}.withDefaults()}
		if text, link := s.bidWords(amount(money.MustETH("2.5"))); text != c.text || link != c.link {
			t.Errorf("to %q at %q: %q, %s", c.handle, c.page, text, link)
		}
	}
}

func TestLotStream(t *testing.T) {
	r := newRoom(t)
	resp, err := r.client.Get(r.url + "/api/v1/public/lot/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatal(resp.Header)
	}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	next := func() PublicLot {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var v PublicLot
				if err := json.Unmarshal([]byte(data), &v); err != nil {
					t.Fatal(err)
				}
				return v
			}
		}
		t.Fatal("the stream ended")
		return PublicLot{}
	}
	if v := next(); v.Lot.Bids != 0 {
		t.Errorf("began with %+v", v.Lot)
	}
	r.f.bid("ann", "1", "")
	for v := next(); v.Lot.Leader != "ann"; v = next() {
	}
}

func TestWords(t *testing.T) {
	for ms, want := range map[int64]string{0: "00:00", 1: "00:01", 61_000: "01:01", 3_661_000: "1:01:01"} {
		if got := clock(ms); got != want {
			t.Errorf("clock(%d) = %s", ms, got)
		}
	}
	now := time.Now()
	for d, want := range map[time.Duration]string{0: "now", 5 * time.Second: "5 s", 3 * time.Minute: "3 min", 5 * time.Hour: "5 h"} {
		if got := ago(now, now.Add(-d)); got != want {
			t.Errorf("ago(%v) = %s", d, got)
		}
	}
	for want, i := range map[string]auction.Increment{"0.1 ETH": {Fixed: money.MustETH("0.1")}, "2.5 %": {BasisPoints: 250}} {
		if got := step(i); got != want {
			t.Errorf("step %q, want %q", got, want)
		}
	}
}
