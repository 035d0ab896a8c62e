package admin

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/show"
)

func TestReads(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.f.crowd()
	if v := decode[ShowView](r, r.ask("GET", "/api/v1/show", "")); !v.OnAir || v.Scene != "lot" || v.LastSeq != r.f.Last() || len(v.Links) != 4 || v.Epoch != "ledger-1" {
		t.Errorf("show %+v", v)
	}
	if v := decode[Stage](r, r.ask("GET", "/api/v1/stage", "")); len(v.Scenes) != 6 || len(v.Moods) != 6 {
		t.Errorf("stage %+v", v)
	}
	b := decode[BlockView](r, r.ask("GET", "/api/v1/block", ""))
	if b.Lot == nil || b.Lot.Price.ETH != "2.4" || b.Lot.Minimum.Wei != "2520000000000000000" || b.Lot.Leader != "maria" || b.Lot.Reserve.ETH != "1.6" ||
		!b.Lot.ReserveMet || b.Lot.Image != "/art/nocturne.svg" || b.Lot.Step != "5 %, at least 0.05 ETH" || len(b.Next) != 2 || b.Lot.LeftMS <= 0 {
		t.Errorf("block %+v %+v", b, b.Lot)
	}
	if v := decode[LotList](r, r.ask("GET", "/api/v1/lots", "")); len(v.Items) != 3 || v.Items[1].State != LotWaiting {
		t.Errorf("lots %+v", v)
	}
	bids := decode[BidList](r, r.ask("GET", "/api/v1/lots/s1-lot-4/bids?limit=3", "")).Items
	if len(bids) != 3 || bids[0].Handle != "maria" || !bids[0].Accepted {
		t.Errorf("bids %+v", bids)
	}
	if v := decode[PluginList](r, r.ask("GET", "/api/v1/plugins", "")); len(v.Items) != 4 || v.Items[0].Capabilities[0].Why != "talks to bidders" || v.Items[1].Capabilities == nil {
		t.Errorf("plugins %+v", v)
	}
	img, err := png.Decode(bytes.NewReader(r.ask("GET", "/stream/frame", "").body))
	if err != nil || img.Bounds().Dx() != 64 {
		t.Errorf("frame: %v", err)
	}
}

func TestBadRequestsSayWhere(t *testing.T) {
	r := newRoom(t)
	r.login()
	for _, c := range []struct {
		method, path, body string
		status             int
		words              []string
	}{
		{"GET", "/api/v1/lots/none/bids", "", 404, []string{"none"}},
		{"GET", "/api/v1/lots/s1-lot-4/bids?limit=0", "", 422, []string{"query.limit"}},
		{"GET", "/api/v1/events?after=-1", "", 422, []string{"query.after"}},
		{"GET", "/api/v1/events/0/chain", "", 422, []string{"path.seq"}},
		{"GET", "/api/v1/events/999999/chain", "", 404, []string{"999999"}},
		{"POST", "/api/v1/stage/say", `{"text":"   "}`, 422, []string{"body.text", "write what"}},
		{"POST", "/api/v1/stage/say", `{"text":"` + strings.Repeat("x", 281) + `"}`, 422, []string{"body.text"}},
		{"POST", "/api/v1/stage/say", `{"txt":"hello"}`, 422, []string{"body.txt", "text"}},
		{"POST", "/api/v1/stage/say", `{"text":`, 400, nil},
		{"POST", "/api/v1/stage/say", `{"text":"hi","mood":"sulky"}`, 422, []string{"body.mood", "want one of calm"}},
		{"POST", "/api/v1/stage/mood", `{"mood":"sulky"}`, 422, []string{"body.mood", "want one of calm"}},
		{"POST", "/api/v1/stage/gesture", `{"gesture":"moonwalk"}`, 422, []string{"body.gesture", "nod"}},
		{"POST", "/api/v1/stage/scene", `{"scene":"beach"}`, 422, []string{"body.scene", "opening"}},
		{"POST", "/api/v1/block/extend", `{"seconds":0}`, 422, []string{"body.seconds"}},
		{"POST", "/api/v1/block/extend", `{}`, 422, []string{"seconds"}},
		{"POST", "/api/v1/plugins/swap", `{"plugin":"nobody"}`, 404, []string{"nobody", "installed are"}},
		{"POST", "/api/v1/stage/say", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 413, nil},
		{"GET", "/nowhere", "", 404, []string{"/docs"}},
		{"DELETE", "/api/v1/show", "", 405, []string{"DELETE"}},
	} {
		t.Run(c.method+c.path, func(t *testing.T) {
			r.T = t
			r.problem(r.ask(c.method, c.path, c.body), c.status, c.words...)
		})
	}
}

func TestLotActs(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.f.crowd()
	for _, c := range []struct{ path, body, did string }{
		{"pause", `{}`, "owner paused the lot"},
		{"resume", `{"lot":"s1-lot-4"}`, "owner resumed the lot"},
		{"extend", `{"seconds":90,"lot":"s1-lot-4"}`, "owner extended the lot by 1m30s"},
		{"hammer", `{"lot":"s1-lot-4"}`, "owner hammered the lot"},
	} {
		if got := r.ask("POST", "/api/v1/block/"+c.path, c.body); got.StatusCode != 200 || r.f.acts[len(r.f.acts)-1] != c.did {
			t.Errorf("%s: %d %s, did %v", c.path, got.StatusCode, got.body, r.f.acts)
		}
	}
	acts := len(r.f.acts)
	r.problem(r.ask("POST", "/api/v1/block/hammer", `{"lot":"s1-lot-3"}`), 409, "s1-lot-4 is on the block now")
	r.f.refuse = errors.New("the lot is paused already")
	r.problem(r.ask("POST", "/api/v1/block/pause", `{}`), 409, "paused already")
	r.f.refuse = fmt.Errorf("no ledger: %w", ErrAbsent)
	r.problem(r.ask("POST", "/api/v1/block/pause", `{}`), 503)
	r.f.block.Lot = nil
	r.problem(r.ask("POST", "/api/v1/block/withdraw", `{"lot":"s1-lot-4"}`), 409, "no lot is on the block")
	if len(r.f.acts) != acts {
		t.Errorf("refused acts were done: %v", r.f.acts)
	}
}

func TestCuesAreFactsFirst(t *testing.T) {
	r := newRoom(t)
	r.login()
	done := decode[Done](r, r.ask("POST", "/api/v1/stage/say", `{"text":"  Good \n evening. ","mood":"calm"}`))
	decode[Done](r, r.ask("POST", "/api/v1/stage/mood", `{"mood":"tense"}`))
	decode[Done](r, r.ask("POST", "/api/v1/stage/gesture", `{"gesture":"wave"}`))
	decode[Done](r, r.ask("POST", "/api/v1/stage/scene", `{"scene":"break"}`))
	want := []cue.Cue{
		{From: "operator", Verb: cue.Say, Text: "Good evening.", Name: "calm", Priority: cue.Urgent},
		{From: "operator", Verb: cue.Mood, Name: "tense", Value: 80, Priority: cue.Urgent},
		{From: "operator", Verb: cue.Gesture, Name: "wave", Priority: cue.Urgent},
		{From: "operator", Verb: cue.Scene, Name: "break", Priority: cue.Urgent},
	}
	if !slices.Equal(r.f.cues, want) {
		t.Errorf("cues %+v", r.f.cues)
	}
	// The cue follows from the operator's act, and all of it is one chain.
	chain := decode[Chain](r, r.ask("GET", fmt.Sprintf("/api/v1/events/%d/chain", done.Seq+1), ""))
	var topics []string
	for _, e := range chain.Items {
		topics = append(topics, e.Topic)
	}
	if chain.Root != done.Seq || !slices.Equal(topics, []string{"operator.acted", "cue.raised", "speech.started"}) {
		t.Errorf("chain of %d: %v", chain.Root, topics)
	}
}

// Scenes that were read again are listed; a mistake in one is told to whoever asked, and is a fact that the act caused.
func TestReloadOfScenes(t *testing.T) {
	r := newRoom(t)
	head := []string{"Authorization", "Bearer control-token"}
	r.problem(r.ask("POST", "/api/v1/stage/scenes/reload", "", head...), 422, "lot.scene.json:7: w: is missing")
	if got := decode[Scenes](r, r.ask("POST", "/api/v1/stage/scenes/reload", "", head...)); !slices.Equal(got.Own, []string{"lot"}) {
		t.Errorf("reloaded %+v", got)
	}
	facts, err := r.f.Read(t.Context(), r.f.Last()-4, 4)
	if err != nil || len(facts) != 4 || facts[1].Data.EventKind() != show.KindScenesRefused || facts[1].Cause != facts[0].Seq || facts[3].Data.EventKind() != show.KindScenesLoaded || facts[3].Cause != facts[2].Seq {
		t.Errorf("facts %+v, %v", facts, err)
	}
}

func TestSwap(t *testing.T) {
	r := newRoom(t)
	got := decode[Swap](r, r.ask("POST", "/api/v1/plugins/swap", `{"plugin":"mina-vox"}`, "Authorization", "Bearer control-token"))
	if got.From != "dusty-gavel" || got.To != "mina-vox" || got.PauseMicros != 42 {
		t.Errorf("swap %+v", got)
	}
	facts, err := r.f.Read(t.Context(), r.f.Last()-3, 3)
	if err != nil || len(facts) != 3 || facts[0].Data != (show.OperatorActed{Who: "cli", What: "swapped in mina-vox"}) || facts[1].Data.EventKind() != show.KindPluginSwapped || facts[1].Cause != facts[0].Seq {
		t.Errorf("a swap left the facts %+v, %v", facts, err)
	}
	folder := "/srv/" + strings.Repeat("x", 300)
	r.problem(r.ask("POST", "/api/v1/plugins/swap", `{"plugin":"`+folder+`"}`, "Authorization", "Bearer control-token"), 404, folder)
}

func TestEventsInPages(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.f.crowd()
	var all []uint64
	after, pages := uint64(0), 0
	for more := true; more; pages++ {
		p := decode[EventPage](r, r.ask("GET", fmt.Sprintf("/api/v1/events?limit=7&after=%d", after), ""))
		for _, e := range p.Items {
			all = append(all, e.Seq)
		}
		after, more = p.Next, p.More
	}
	if uint64(len(all)) != r.f.Last() || !slices.IsSorted(all) || pages != int(r.f.Last()+6)/7 {
		t.Errorf("%d events in %d pages, want %d", len(all), pages, r.f.Last())
	}
	var bids []EventView
	for after, more := uint64(0), true; more; {
		p := decode[EventPage](r, r.ask("GET", fmt.Sprintf("/api/v1/events?limit=4&topic=bid.*&topic=lot.opened&after=%d", after), ""))
		bids = append(bids, p.Items...)
		after, more = p.Next, p.More
	}
	if len(bids) != 13 {
		t.Errorf("%d of 13 filtered events", len(bids))
	}
	r.f.readErr = errors.New("disk on fire")
	got := r.ask("GET", "/api/v1/events", "")
	r.problem(got, 500, "log")
	if bytes.Contains(got.body, []byte("fire")) {
		t.Error("the inside of the program shows")
	}
}

func TestAbsentPartsSaySo(t *testing.T) {
	s := newRoom(t, func(c *Config) { *c = Config{Password: testPassword} })
	s.login()
	for _, g := range guarded {
		method, path, _ := strings.Cut(g, " ")
		switch path {
		case "/api/v1/me", "/api/v1/logout", "/api/v1/stage", "/api/v1/dev":
			continue
		}
		body := map[string]string{"/api/v1/stage/say": `{"text":"x"}`, "/api/v1/plugins/swap": `{"plugin":"x"}`, "/api/v1/plugins/shadow": `{"plugin":"x"}`, "/api/v1/block/extend": `{"seconds":1}`,
			"/api/v1/consents/7": `{"allow":true}`, "/api/v1/characters": `{"id":"x","plays":"y"}`, "/api/v1/packages/fetch": `{"address":"x"}`,
			"/api/v1/replays": `{"plugin":"x","session":"y"}`}[path]
		if body == "" && (method == http.MethodPost || method == http.MethodPut) {
			body = `{}`
		}
		if strings.HasPrefix(path, "/api/v1/stage/") && path != "/api/v1/stage/say" {
			continue // nothing can be chosen: 422
		}
		s.problem(s.ask(method, path, body), 503, "process")
	}
	s.problem(s.ask("GET", "/lot", ""), 503)
	s.problem(s.ask("GET", "/api/v1/public/lot", ""), 503)
}

func TestArtwork(t *testing.T) {
	r := newRoom(t)
	got := r.ask("GET", "/art/nocturne.svg", "")
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	for _, path := range []string{"/art/notes.txt", "/art/none.png", "/art/", "/art/../config.go", "/art/%2e%2e/config.go"} {
		if got := r.ask("GET", path, ""); got.StatusCode != 404 {
			t.Errorf("%s: %d", path, got.StatusCode)
		}
	}
}

func TestPages(t *testing.T) {
	r := newRoom(t, func(c *Config) { c.UI = fstest.MapFS{} })
	if got := r.ask("GET", "/", ""); got.StatusCode != 503 || !bytes.Contains(got.body, []byte("make build")) {
		t.Errorf("%d %s", got.StatusCode, got.body)
	}
	r = newRoom(t, func(c *Config) {
		c.UI = fstest.MapFS{"index.html": {Data: []byte("<title>room</title>")}, "index.html.br": {Data: []byte("brotli")}, "index.html.gz": {Data: []byte("gzip")},
			"assets/a.js": {Data: []byte("js")}}
	})
	for coding, want := range map[string]string{"br, gzip": "brotli", "gzip;q=0.5": "gzip", "br;q=0": "<title>", "": "<title>"} {
		got := r.ask("GET", "/login", "", "Accept-Encoding", coding)
		if !bytes.Contains(got.body, []byte(want)) || got.Header.Get("Content-Type") != "text/html; charset=utf-8" || got.Header.Get("Cache-Control") != "no-cache" {
			t.Errorf("%q: %s %v", coding, got.body, got.Header)
		}
	}
	if got := r.ask("GET", "/assets/a.js", ""); got.StatusCode != 200 || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%d %v", got.StatusCode, got.Header)
	}
	r.problem(r.ask("GET", "/assets/none.js", ""), 404)
	if got := r.ask("GET", "/docs", ""); got.StatusCode != 200 || !bytes.Contains(got.body, []byte("POST /api/v1/plugins/swap")) || !bytes.Contains(got.body, []byte("PUT /api/v1/plugins/{plugin}/grants/{power}")) {
		t.Errorf("docs: %d", got.StatusCode)
	}
	if got := r.ask("GET", "/api/v1/openapi.json", ""); got.StatusCode != 200 || !bytes.Contains(got.body, []byte(`"/api/v1/block/hammer"`)) {
		t.Errorf("openapi: %d", got.StatusCode)
	}
}
