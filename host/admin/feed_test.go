package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// message is anything that the feed sends.
type message struct {
	Op     string      `json:"op"`
	Epoch  string      `json:"epoch"`
	Events []EventView `json:"events"`
	Seq    uint64      `json:"seq"`
	From   uint64      `json:"from"`
	To     uint64      `json:"to"`
	Detail string      `json:"detail"`
}

type feedClient struct {
	*testing.T
	conn *websocket.Conn
}

// dial opens a socket with the client's cookies.
func (r *room) dial(path string, head http.Header) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return websocket.Dial(ctx, "ws"+strings.TrimPrefix(r.url, "http")+path, &websocket.DialOptions{HTTPClient: r.client, HTTPHeader: head})
}

// feed opens a feed and asks for something.
func (r *room) feed(ask string) *feedClient {
	r.Helper()
	conn, _, err := r.dial("/ws/feed", nil)
	if err != nil {
		r.Fatal(err)
	}
	conn.SetReadLimit(4 << 20)
	r.Cleanup(func() { conn.CloseNow() })
	c := &feedClient{r.T, conn}
	c.say(ask)
	return c
}

func (c *feedClient) say(text string) {
	c.Helper()
	if err := c.conn.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		c.Fatal(err)
	}
}

func (c *feedClient) read() (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, b, err := c.conn.Read(ctx)
	if err != nil {
		return message{}, err
	}
	var m message
	return m, json.Unmarshal(b, &m)
}

// next reads up to a message of one kind.
func (c *feedClient) next(op string) message {
	c.Helper()
	for {
		m, err := c.read()
		if err != nil {
			c.Fatalf("waiting for %s: %v", op, err)
		}
		if m.Op == op {
			return m
		}
	}
}

// until reads facts until the one numbered last, and demands that none is missing when whole.
func (c *feedClient) until(last uint64, whole bool) []EventView {
	c.Helper()
	var all []EventView
	for len(all) == 0 || all[len(all)-1].Seq < last {
		all = append(all, c.next("events").Events...)
	}
	for i := 1; i < len(all); i++ {
		if all[i].Seq <= all[i-1].Seq || whole && all[i].Seq != all[i-1].Seq+1 {
			c.Fatalf("event %d after %d", all[i].Seq, all[i-1].Seq)
		}
	}
	return all
}

func (f *fakeShow) tick(n int) {
	drafts := make([]event.Draft, n)
	for i := range drafts {
		drafts[i].Data = show.Ticked{SecondsLeft: int64(i)}
	}
	f.record(drafts...)
}

func TestFeedIsLiveAndWhole(t *testing.T) {
	r := newRoom(t)
	r.login()
	c := r.feed(`{"op":"sub","topics":["*"],"cursor":0}`)
	if at := c.next("at"); at.Epoch != "ledger-1" || at.Seq != 0 {
		t.Errorf("at %+v", at)
	}
	r.f.crowd()
	all := c.until(r.f.Last(), true)
	if all[0].Seq != 1 || all[0].Topic != "show.started" || !strings.Contains(string(all[1].Data), "Nocturne") {
		t.Errorf("began with %+v", all[0])
	}
	for range 50 {
		r.f.tick(100)
	}
	c.until(r.f.Last(), true)
}

func TestFeedResumesWhereItWas(t *testing.T) {
	r := newRoom(t)
	r.login()
	first := r.feed(`{"op":"sub","topics":["*"],"cursor":0}`)
	seen := first.until(2, true)
	first.conn.CloseNow()
	r.f.crowd()
	second := r.feed(fmt.Sprintf(`{"op":"sub","cursor":%d}`, seen[len(seen)-1].Seq))
	if got := second.until(r.f.Last(), true); got[0].Seq != 3 {
		t.Errorf("resumed at %d", got[0].Seq)
	}
	// A cursor that is older than the ring is served from the ledger.
	for range 5 {
		r.f.tick(ringSize / 2)
		second.until(r.f.Last(), true)
	}
	last := r.f.Last()
	third := r.feed(fmt.Sprintf(`{"op":"sub","cursor":%d}`, last-9000))
	if got := third.until(last, true); got[0].Seq != last-9000+1 {
		t.Errorf("resumed at %d, want %d", got[0].Seq, last-9000+1)
	}
}

func TestFeedSaysWhenItJumps(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.f.tick(feedBacklog + 500)
	last := r.f.Last()
	c := r.feed(`{"op":"sub","cursor":5}`)
	if m := c.next("lagged"); m.From != 6 || m.To != last || m.Epoch != "ledger-1" {
		t.Errorf("lagged %+v", m)
	}
	r.f.tick(3)
	if got := c.until(last+3, true); got[0].Seq != last+1 {
		t.Errorf("went on at %d", got[0].Seq)
	}
	// More than the backlog cannot be asked for by tail, either.
	c = r.feed(`{"op":"sub","tail":1000000}`)
	if got := c.until(last+3, true); got[0].Seq != last+3-feedBacklog+1 {
		t.Errorf("tail began at %d", got[0].Seq)
	}
	// A cursor of another ledger goes on from now.
	c = r.feed(`{"op":"sub","cursor":99999999}`)
	if m := c.next("at"); m.Seq != last+3 {
		t.Errorf("at %+v", m)
	}
}

func TestFeedFilters(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.f.crowd()
	c := r.feed(`{"op":"sub","topics":["bid.*"],"cursor":0}`)
	n := 0
	for n < 12 {
		for _, e := range c.next("events").Events {
			if !strings.HasPrefix(e.Topic, "bid.") {
				t.Fatalf("got %s", e.Topic)
			}
			n++
		}
	}
	// Asking again on the same socket changes what comes.
	c.say(`{"op":"sub","topics":["lot.opened"],"cursor":0}`)
	if e := c.next("events").Events; len(e) != 1 || e[0].Topic != "lot.opened" {
		t.Errorf("got %+v", e)
	}
	c.say(`{"op":"dance"}`)
	if m := c.next("error"); !strings.Contains(m.Detail, `"op":"sub"`) {
		t.Errorf("error %+v", m)
	}
	c.say(`nonsense`)
	c.next("error")
}

func TestFeedRefusesOtherSites(t *testing.T) {
	r := newRoom(t)
	r.login()
	for _, path := range []string{"/ws/feed", "/ws/preview"} {
		if path == "/ws/preview" {
			r.s.cfg.Preview = func(context.Context) (Preview, error) { return Preview{}, ErrAbsent }
		}
		_, resp, err := r.dial(path, http.Header{"Origin": {"https://evil.example"}})
		if err == nil || resp == nil || resp.StatusCode != 403 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestFeedEndsWithTheLogin(t *testing.T) {
	r := newRoom(t)
	r.login()
	c := r.feed(`{"op":"sub"}`)
	c.next("at")
	r.ask("POST", "/api/v1/logout", "")
	for {
		_, err := c.read()
		if err == nil {
			continue
		}
		if code := websocket.CloseStatus(err); code != closeLoggedIn {
			t.Errorf("closed with %v: %v", code, err)
		}
		return
	}
}

// A page that does not read may not slow the ledger, nor another page.
func TestSilentReaderHurtsNobody(t *testing.T) {
	r := newRoom(t)
	r.login()
	r.feed(`{"op":"sub","cursor":0}`) // and never reads
	good := r.feed(`{"op":"sub","cursor":0}`)
	for range 100 { // far more than sockets hold
		r.f.tick(200)
		good.until(r.f.Last(), true)
	}
}

func TestPreview(t *testing.T) {
	frames := make(chan []byte, 2)
	ended := make(chan struct{})
	r := newRoom(t, func(c *Config) {
		c.Preview = func(ctx context.Context) (Preview, error) {
			context.AfterFunc(ctx, func() { close(ended) })
			return Preview{Codec: "avc1.42c01f,mp4a.40.2", Init: []byte("ftypmoov"), Fragments: frames}, nil
		}
	})
	r.login()
	conn, _, err := r.dial("/ws/preview", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	frames <- []byte("moofmdat")
	for i, want := range []string{`{"codec":"avc1.42c01f,mp4a.40.2"}`, "ftypmoov", "moofmdat"} {
		kind, b, err := conn.Read(context.Background())
		if err != nil || string(b) != want || (kind == websocket.MessageText) != (i == 0) {
			t.Fatalf("message %d: %v %q %v", i, kind, b, err)
		}
	}
	if v := decode[ShowView](r, r.ask("GET", "/api/v1/show", "")); v.Previews != 1 {
		t.Errorf("%d previews", v.Previews)
	}
	close(frames) // the stream starts anew: the page connects again
	if _, _, err := conn.Read(context.Background()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("end: %v", err)
	}
	<-ended
}

func TestPreviewWithoutAStream(t *testing.T) {
	r := newRoom(t, func(c *Config) {
		c.Preview = func(context.Context) (Preview, error) {
			return Preview{}, fmt.Errorf("no key frame yet: %w", ErrAbsent)
		}
	})
	r.login()
	conn, _, err := r.dial("/ws/preview", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if _, _, err := conn.Read(context.Background()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
		t.Errorf("closed with %v", err)
	}
}

func TestServeOnTwoPorts(t *testing.T) {
	s, err := New(t.Context(), newFakeShow().config())
	if err != nil {
		t.Fatal(err)
	}
	var lns []net.Listener
	for range 2 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		lns = append(lns, ln)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Serve(ctx, lns...) }()
	for _, ln := range lns {
		r := &room{T: t, url: "http://" + ln.Addr().String(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
		if got := r.ask("GET", "/api/v1/public/lot", ""); got.StatusCode != 200 {
			t.Errorf("%s: %d %s", r.url, got.StatusCode, got.body)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
}

func TestServeEndsWithSocketsOpen(t *testing.T) {
	s, err := New(t.Context(), newFakeShow().config())
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- s.Serve(ctx, ln) }()
	r := &room{T: t, url: "http://" + ln.Addr().String(), client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	conn, _, err := r.dial("/ws/feed", http.Header{"Authorization": {"Bearer control-token"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	stream, err := r.client.Get(r.url + "/api/v1/public/lot/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Body.Close()
	cancel()
	select {
	case err := <-ran:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("the server does not end while pages are open")
	}
	taken := s.Serve(t.Context(), ln) // closed by now
	if taken == nil || !strings.Contains(taken.Error(), "answer requests") {
		t.Errorf("a listener that is closed: %v", taken)
	}
}
