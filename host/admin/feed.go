package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"
)

const (
	feedBatch     = 512                   // facts in one message at most
	feedPace      = 16 * time.Millisecond // one message a frame of the page is enough
	feedBeat      = 5 * time.Second       // how often an idle feed says that it lives
	feedWrite     = 5 * time.Second       // a reader that takes longer is gone
	feedBacklog   = 10_000                // further behind than this, starting over is cheaper than catching up
	feedFirst     = 10 * time.Second      // time to say what is wanted
	feedInput     = 4 << 10
	feedTopics    = 64
	closeLoggedIn = websocket.StatusCode(4401)
)

// subscription is what a reader asks for: {"op":"sub","topics":["bid.*"],"cursor":120} or, with "tail":500 in place of
// the cursor, from so many facts before now.
type subscription struct {
	Op     string   `json:"op"`
	Topics []string `json:"topics"`
	Cursor *uint64  `json:"cursor"`
	Tail   uint64   `json:"tail"`
}

// reader is one open feed.
type reader struct {
	s      *Server
	conn   *websocket.Conn
	who    visitor
	cursor uint64
	filter filter
	only   filter // of the port that it came by
	buf    []byte
}

// feed serves /ws/feed: {"op":"events","epoch","events":[{seq,topic,ts,cause,root,data}…]} in the order of the ledger,
// {"op":"at","epoch","seq","now"} now and then, {"op":"lagged","epoch","from","to"} before a jump, {"op":"error","detail"}.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Ledger == nil || s.cfg.Bus == nil {
		problem(w, http.StatusServiceUnavailable, "the ledger does not run in this process")
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.cfg.Origins})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow() //nolint:errcheck // the reader is gone either way
	conn.SetReadLimit(feedInput)
	s.metrics.readers.Inc()
	defer s.metrics.readers.Dec()
	rd := &reader{s: s, conn: conn, who: visitorOf(r.Context()), only: feedOf(r.Context())}
	rd.serve(r.Context())
}

func (rd *reader) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	asked := make(chan subscription)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer cancel()
		rd.listen(ctx, asked)
	}()
	rd.deliver(ctx, asked)
	cancel()
	_ = rd.conn.Close(websocket.StatusGoingAway, "")
	<-ended
}

// listen hands on what the page asks for until it goes away.
func (rd *reader) listen(ctx context.Context, asked chan<- subscription) {
	for {
		_, msg, err := rd.conn.Read(ctx)
		if err != nil {
			return
		}
		var sub subscription
		if err := json.Unmarshal(msg, &sub); err != nil || sub.Op != "sub" || len(sub.Topics) > feedTopics {
			rd.complain(ctx, `not understood; want {"op":"sub","topics":["*"],"cursor":0} with at most 64 topics`)
			continue
		}
		select {
		case asked <- sub:
		case <-ctx.Done():
			return
		}
	}
}

// deliver is the loop that owns the reader's cursor.
func (rd *reader) deliver(ctx context.Context, asked <-chan subscription) {
	select {
	case sub := <-asked:
		rd.begin(sub)
	case <-time.After(feedFirst):
		_ = rd.conn.Close(websocket.StatusPolicyViolation, "no subscription")
		return
	case <-ctx.Done():
		return
	}
	if rd.at(ctx) != nil {
		return
	}
	beat := time.NewTicker(feedBeat)
	defer beat.Stop()
	for {
		moved, sent, err := rd.send(ctx)
		if err != nil {
			return
		}
		var pace <-chan time.Time
		if sent {
			pace = time.After(feedPace)
			moved = nil
		}
		select {
		case <-ctx.Done():
			return
		case <-moved:
		case <-pace:
		case sub := <-asked:
			rd.begin(sub)
		case <-beat.C:
			if !rd.welcome() || rd.at(ctx) != nil {
				return
			}
		}
	}
}

// welcome reports whether the login that opened the feed still stands.
func (rd *reader) welcome() bool {
	if rd.who.who == whoCLI || rd.s.owner.alive(rd.who.cookie, time.Now()) {
		return true
	}
	_ = rd.conn.Close(closeLoggedIn, "logged out")
	return false
}

func (rd *reader) begin(sub subscription) {
	rd.filter = newFilter(sub.Topics)
	last := rd.s.cfg.Bus.Last()
	switch {
	case sub.Cursor != nil:
		rd.cursor = *sub.Cursor
	default:
		rd.cursor = last - min(last, min(sub.Tail, feedBacklog))
	}
	if rd.cursor > last { // a cursor of another ledger: the epoch tells the page
		rd.cursor = last
	}
}

// send writes the next facts, if there are any. moved is closed when there are more.
func (rd *reader) send(ctx context.Context) (moved <-chan struct{}, sent bool, err error) {
	if last := rd.s.cfg.Bus.Last(); last > rd.cursor && last-rd.cursor > feedBacklog {
		if err := rd.jump(ctx, last); err != nil {
			return nil, false, err
		}
	}
	lines, held, moved := rd.s.hub.after(rd.cursor, feedBatch)
	if !held {
		if lines, err = rd.older(ctx); err != nil {
			rd.s.log.Error("a feed could not be served from the ledger", "err", err)
			rd.complain(ctx, "the ledger could not be read; try again")
			return nil, false, err
		}
	}
	if len(lines) == 0 {
		return moved, false, nil
	}
	rd.cursor = lines[len(lines)-1].seq
	return moved, true, rd.write(ctx, rd.pack(lines))
}

// older reads from the ledger what the ring has let go.
func (rd *reader) older(ctx context.Context) ([]line, error) {
	batch, err := rd.s.cfg.Ledger.Read(ctx, rd.cursor, feedBatch)
	if err != nil {
		return nil, err
	}
	return encodeLines(batch)
}

// jump tells a reader what it misses and goes on from now.
func (rd *reader) jump(ctx context.Context, last uint64) error {
	rd.s.metrics.lagged.Inc()
	from := rd.cursor
	rd.cursor = last
	msg, err := json.Marshal(map[string]any{"op": "lagged", "epoch": rd.s.cfg.Epoch, "from": from + 1, "to": last})
	return errors.Join(err, rd.write(ctx, msg))
}

// pack puts encoded facts into one message; nil when none passes the filter.
func (rd *reader) pack(lines []line) []byte {
	b := append(rd.buf[:0], `{"op":"events","epoch":`...)
	b = strconv.AppendQuote(b, rd.s.cfg.Epoch)
	b = append(b, `,"events":[`...)
	n := 0
	for _, l := range lines {
		if !rd.filter.passes(l.topic) || !rd.only.passes(l.topic) {
			continue
		}
		if n > 0 {
			b = append(b, ',')
		}
		b = append(b, l.json...)
		n++
	}
	rd.buf = append(b, `]}`...)
	if n == 0 {
		return nil
	}
	rd.s.metrics.sent.Add(float64(n))
	return rd.buf
}

// at tells where the feed stands and what time it is.
func (rd *reader) at(ctx context.Context) error {
	msg, err := json.Marshal(map[string]any{"op": "at", "epoch": rd.s.cfg.Epoch, "seq": rd.cursor, "now": time.Now().UTC()})
	return errors.Join(err, rd.write(ctx, msg))
}

func (rd *reader) complain(ctx context.Context, detail string) {
	if msg, err := json.Marshal(map[string]string{"op": "error", "detail": detail}); err == nil {
		_ = rd.write(ctx, msg)
	}
}

func (rd *reader) write(ctx context.Context, msg []byte) error {
	if len(msg) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, feedWrite)
	defer cancel()
	return rd.conn.Write(ctx, websocket.MessageText, msg)
}
