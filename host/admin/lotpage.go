package admin

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"
)

//go:embed lotpage
var lotFiles embed.FS

const (
	lotFresh   = 250 * time.Millisecond // one look at the sale serves everybody for so long
	lotBeat    = 5 * time.Second        // how often an unchanged page hears that the show lives
	lotBids    = 12                     // accepted ones that are shown
	lotLook    = 500                    // how many bids are looked through for them: a crowd that mistypes must not hide the rest
	lotReaders = 5000                   // open streams at a time
)

// PublicLot is what everyone may know of the sale.
type PublicLot struct {
	Rev     uint64    `json:"rev" doc:"changes with anything below"`
	Now     time.Time `json:"now"`
	Show    string    `json:"show"`
	Session string    `json:"session,omitempty"`
	State   string    `json:"state" enum:"open,paused,sold,unsold,between" doc:"between: no lot has been on the block yet, or the session is over"`
	Lot     *LotView  `json:"lot,omitempty" doc:"on the block, or else the one before"`
	Bids    []BidView `json:"bids" nullable:"false" doc:"accepted ones, newest first"`
	Next    []LotView `json:"next" nullable:"false"`
	BidText string    `json:"bid_text,omitempty" doc:"words of the least bid that would lead"`
	BidURL  string    `json:"bid_url,omitempty" doc:"where to post them"`
}

// lotPage shows the sale to everyone who asks, at the cost of four looks a second.
type lotPage struct {
	s       *Server
	tmpl    *template.Template
	readers atomic.Int64

	mu   sync.Mutex
	at   time.Time
	rev  uint64
	seen []byte // JSON without rev and now: what a change is measured by
	lot  PublicLot
	text []byte
}

func newLotPage(s *Server) (*lotPage, error) {
	t, err := template.New("lot.html").Funcs(template.FuncMap{"ago": ago, "clock": clock}).ParseFS(lotFiles, "lotpage/lot.html")
	return &lotPage{s: s, tmpl: t}, err
}

// current is the sale as of at most lotFresh ago, and its JSON.
func (p *lotPage) current(ctx context.Context) (PublicLot, []byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.text != nil && now.Sub(p.at) < lotFresh {
		return p.lot, p.text, nil
	}
	lot, err := p.look(ctx, now.UTC())
	if err != nil {
		return PublicLot{}, nil, err
	}
	seen, err := json.Marshal(still(lot))
	if err != nil {
		return PublicLot{}, nil, fmt.Errorf("encode the lot: %w", err)
	}
	if !bytes.Equal(seen, p.seen) {
		p.rev, p.seen = p.rev+1, seen
	}
	lot.Rev, lot.Now = p.rev, now.UTC()
	if p.text, err = json.Marshal(lot); err != nil {
		return PublicLot{}, nil, fmt.Errorf("encode the lot: %w", err)
	}
	p.at, p.lot = now, lot
	return p.lot, p.text, nil
}

// still is the lot without what changes as time goes by.
func still(l PublicLot) PublicLot {
	if l.Lot != nil && l.State == LotOpen {
		lot := *l.Lot
		lot.LeftMS = 0
		l.Lot = &lot
	}
	return l
}

func (p *lotPage) look(ctx context.Context, now time.Time) (PublicLot, error) {
	if p.s.cfg.Auctions == nil {
		return PublicLot{}, absent("the auction")
	}
	b := viewBlock(p.s.cfg.Auctions.Block(), now)
	out := PublicLot{Show: p.s.cfg.Name, Session: b.Name, State: "between", Lot: b.Lot, Bids: []BidView{}, Next: b.Next}
	if out.Lot == nil {
		out.Lot = b.Last
	}
	for i := range out.Next {
		out.Next[i].Reserve = nil
	}
	if out.Lot == nil {
		return out, nil
	}
	out.State, out.Lot.Reserve = out.Lot.State, nil
	bids, err := p.s.cfg.Auctions.Bids(ctx, out.Lot.ID, lotLook)
	if err != nil {
		return out, fmt.Errorf("read the bids of %s: %w", out.Lot.ID, err)
	}
	for _, v := range viewBids(bids) {
		if v.Accepted && len(out.Bids) < lotBids {
			out.Bids = append(out.Bids, v)
		}
	}
	if out.State == LotOpen {
		out.BidText, out.BidURL = p.s.bidWords(out.Lot.Minimum)
	}
	return out, nil
}

// bidWords is what a bidder has to post, and where.
func (s *Server) bidWords(least Amount) (text, link string) {
	text = "bid " + least.ETH + " ETH"
	if s.cfg.Handle != "" {
		text = "@" + strings.TrimPrefix(s.cfg.Handle, "@") + " " + text
	}
	join := "?"
	if strings.Contains(s.cfg.PostURL, "?") {
		join = "&"
	}
	return text, s.cfg.PostURL + join + "text=" + strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

type publicLotOutput struct {
	ETag         string `header:"ETag"`
	CacheControl string `header:"Cache-Control"`
	Body         PublicLot
}

func (p *lotPage) json(ctx context.Context, _ *struct{}) (*publicLotOutput, error) {
	lot, _, err := p.current(ctx)
	if err != nil {
		return nil, p.failed(err)
	}
	return &publicLotOutput{ETag: fmt.Sprintf("%q", p.s.cfg.Epoch[:min(8, len(p.s.cfg.Epoch))]+"-"+strconv.FormatUint(lot.Rev, 10)),
		CacheControl: "no-cache", Body: lot}, nil
}

// failed passes on an answer that is one already.
func (p *lotPage) failed(err error) error {
	if isAnswer(err) {
		return err
	}
	return p.s.readFailed(err)
}

// page renders the lot for readers without JavaScript; with it, the page keeps itself up to date.
func (p *lotPage) page(w http.ResponseWriter, r *http.Request) {
	lot, _, err := p.current(r.Context())
	if err != nil {
		answer(w, p.failed(err))
		return
	}
	var b bytes.Buffer
	if err := p.tmpl.Execute(&b, lot); err != nil {
		answer(w, p.s.readFailed(fmt.Errorf("render the lot page: %w", err)))
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(b.Bytes())
}

// asset serves the page's own files.
func (p *lotPage) asset(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "file")
	if !strings.HasSuffix(name, ".css") && !strings.HasSuffix(name, ".js") && !strings.HasSuffix(name, ".woff2") {
		problem(w, http.StatusNotFound, "there is no file "+name)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	http.ServeFileFS(w, r, lotFiles, "lotpage/"+name)
}

// stream sends the lot as server-sent events: when it changed, at most four times a second, and now and then in any case.
func (p *lotPage) stream(w http.ResponseWriter, r *http.Request) {
	defer p.readers.Add(-1)
	if p.readers.Add(1) > lotReaders {
		w.Header().Set("Retry-After", "10")
		problem(w, http.StatusServiceUnavailable, "too many readers; GET "+apiPath+"/public/lot every few seconds instead")
		return
	}
	if _, _, err := p.current(r.Context()); err != nil {
		answer(w, p.failed(err))
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	beat := time.NewTicker(lotBeat)
	defer beat.Stop()
	for rev := uint64(0); ; {
		moved := p.s.hub.wait()
		lot, text, err := p.current(r.Context())
		if err != nil {
			return
		}
		if lot.Rev != rev {
			rev = lot.Rev
			if !sendEvent(w, lot.Rev, text) {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-beat.C:
			rev = 0
		case <-moved:
			if !pause(r.Context(), lotFresh) {
				return
			}
		}
	}
}

// sendEvent writes one event; a reader that does not take it in time is gone.
func sendEvent(w http.ResponseWriter, rev uint64, text []byte) bool {
	rc := http.NewResponseController(w)
	_ = rc.SetWriteDeadline(time.Now().Add(feedWrite))
	if _, err := fmt.Fprintf(w, "id: %d\nevent: lot\ndata: %s\n\n", rev, text); err != nil {
		return false
	}
	return rc.Flush() == nil
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// clock prints time left as people count it down.
func clock(ms int64) string {
	s := (ms + 999) / 1000
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%02d:%02d", s/60, s%60)
}

func ago(now, at time.Time) string {
	switch d := now.Sub(at); {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	default:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
}
