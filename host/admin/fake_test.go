package admin

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"io"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// fakeShow is a whole show in memory: ledger, bus, sale, stage and plugins.
type fakeShow struct {
	mu      sync.Mutex
	facts   []event.Event
	moved   chan struct{}
	block   Block
	bids    []Bid // newest first
	broken  bool  // scenes
	plugins []Plugin
	cast    fakeCast
	shop    fakeShop
	acts    []string
	cues    []cue.Cue
	refuse  error // what the next operator act answers
	readErr error // what the ledger answers
	down    bool  // the encoder
}

func newFakeShow() *fakeShow {
	terms := auction.Terms{Lot: "s1-lot-4", Number: 4, Title: "Nocturne for a Dial-up Modem", Artist: "Ines Okafor",
		Description: "One of one. 4,096 frames of phosphor snow, hand-dithered.", Image: "nocturne.svg",
		Start: money.MustETH("0.8"), Reserve: money.MustETH("1.6"), Increment: auction.Increment{BasisPoints: 500, Fixed: money.MustETH("0.05")},
		Duration: 5 * time.Minute, SoftWindow: 30 * time.Second, SoftExtend: 30 * time.Second, SoftCap: 5}
	next := terms
	next.Lot, next.Number, next.Title, next.Artist, next.Image = "s1-lot-5", 5, "Gradient with Regrets", "Tomás Vidal", ""
	after := terms
	after.Lot, after.Number, after.Title, after.Artist, after.Image = "s1-lot-6", 6, "月の庭 (Moon Garden)", "白石 ゆき", ""
	now := time.Now()
	f := &fakeShow{cast: newFakeCast(), plugins: fakePlugins(), moved: make(chan struct{}), block: Block{Session: "s1", Campaign: "summer", Name: "Summer Series · Day 15", Next: []auction.Terms{next, after},
		Lot: &Lot{Terms: terms, State: LotOpen, Minimum: terms.Start, Opened: now, Closes: now.Add(4*time.Minute + 42*time.Second)}}}
	f.record(event.Draft{Data: show.Started{Version: "0.1.0"}})
	f.record(event.Draft{Data: auction.LotOpened{Session: "s1", Terms: terms, Closes: f.block.Lot.Closes}})
	return f
}

// record appends facts as the ledger does.
func (f *fakeShow) record(drafts ...event.Draft) []event.Event {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.append(drafts...)
}

func (f *fakeShow) append(drafts ...event.Draft) []event.Event {
	var out []event.Event
	for _, d := range drafts {
		e := event.Event{Seq: uint64(len(f.facts) + 1), Cause: d.Cause, Root: d.Root, Origin: d.Origin, At: d.At, Data: d.Data}
		if d.Back > 0 {
			e.Cause = e.Seq - uint64(d.Back)
		}
		if e.At.IsZero() {
			e.At = time.Now().UTC()
		}
		if e.Root == 0 {
			e.Root = e.Seq
			if e.Cause > 0 {
				e.Root = f.facts[e.Cause-1].Root
			}
		}
		f.facts = append(f.facts, e)
		out = append(out, e)
	}
	close(f.moved)
	f.moved = make(chan struct{})
	return out
}

func (f *fakeShow) Record(_ context.Context, drafts ...event.Draft) ([]event.Event, error) {
	return f.record(drafts...), nil
}

func (f *fakeShow) Last() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return uint64(len(f.facts))
}

func (f *fakeShow) Read(_ context.Context, after uint64, limit int) ([]event.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.readErr != nil {
		return nil, f.readErr
	}
	after = min(after, uint64(len(f.facts)))
	rest := f.facts[after:]
	return slices.Clone(rest[:min(limit, len(rest))]), nil
}

func (f *fakeShow) Chain(_ context.Context, root uint64) ([]event.Event, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []event.Event
	for _, e := range f.facts {
		if e.Root == root {
			out = append(out, e)
		}
	}
	return out, f.readErr
}

type fakeSub struct {
	f  *fakeShow
	at uint64
}

func (f *fakeShow) subscribe(after uint64) Subscription { return &fakeSub{f, after} }

func (s *fakeSub) Close() {}

func (s *fakeSub) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	for {
		s.f.mu.Lock()
		rest, moved := s.f.facts[s.at:], s.f.moved
		s.f.mu.Unlock()
		if len(rest) > 0 {
			s.at += uint64(len(rest))
			return append(buf[:0], rest...), nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (f *fakeShow) Block() Block {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.block
	if b.Lot != nil {
		lot := *b.Lot
		b.Lot = &lot
	}
	return b
}

func (f *fakeShow) Lots(context.Context) ([]Lot, error) {
	b := f.Block()
	lots := []Lot{*b.Lot}
	for _, t := range b.Next {
		lots = append(lots, Lot{Terms: t, State: LotWaiting, Minimum: t.Start})
	}
	return lots, nil
}

func (f *fakeShow) Bids(_ context.Context, lot string, limit int) ([]Bid, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if lot != "s1-lot-4" {
		return nil, fmt.Errorf("lot %q: %w", lot, ErrUnknown)
	}
	return slices.Clone(f.bids[:min(limit, len(f.bids))]), nil
}

// act remembers an operator's act, unless the next one is to be refused.
func (f *fakeShow) act(who, what string, do func(l *Lot) event.Data) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		return f.refuse
	}
	f.acts = append(f.acts, who+" "+what)
	done := f.append(event.Draft{Data: show.OperatorActed{Who: who, What: what}})
	if d := do(f.block.Lot); d != nil {
		f.append(event.Draft{Cause: done[0].Seq, Data: d})
	}
	return nil
}

func (f *fakeShow) Pause(_ context.Context, who string) error {
	return f.act(who, "paused the lot", func(l *Lot) event.Data {
		l.State, l.Left = LotPaused, time.Until(l.Closes)
		return auction.LotPaused{Lot: l.Terms.Lot, Left: l.Left}
	})
}

func (f *fakeShow) Resume(_ context.Context, who string) error {
	return f.act(who, "resumed the lot", func(l *Lot) event.Data {
		l.State, l.Closes = LotOpen, time.Now().Add(l.Left)
		return auction.LotResumed{Lot: l.Terms.Lot, Closes: l.Closes}
	})
}

func (f *fakeShow) ExtendFor(_ context.Context, who string, by time.Duration) error {
	return f.act(who, "extended the lot by "+by.String(), func(l *Lot) event.Data {
		l.Closes = l.Closes.Add(by)
		l.Extensions++
		return auction.LotExtended{Lot: l.Terms.Lot, Closes: l.Closes, Count: l.Extensions}
	})
}

func (f *fakeShow) Hammer(_ context.Context, who string) error {
	return f.act(who, "hammered the lot", func(l *Lot) event.Data {
		l.State = LotSold
		return auction.LotSold{Lot: l.Terms.Lot, Title: l.Terms.Title, Handle: l.Leader, Amount: l.Price, Bids: l.Bids}
	})
}

func (f *fakeShow) Withdraw(_ context.Context, who string) error {
	return f.act(who, "withdrew the lot", func(l *Lot) event.Data {
		l.State = LotUnsold
		return auction.LotUnsold{Lot: l.Terms.Lot, Title: l.Terms.Title, Reason: "withdrawn", Highest: l.Price, Bids: l.Bids}
	})
}

func (f *fakeShow) Offer(_ context.Context, cause event.Event, cues []cue.Cue) {
	f.mu.Lock()
	f.cues = append(f.cues, cues...)
	f.mu.Unlock()
	for _, c := range cues {
		f.perform(cause.Seq, c)
	}
}

// perform lets a cue through to a frame.
func (f *fakeShow) perform(cause uint64, c cue.Cue) {
	raised := f.record(event.Draft{Cause: cause, Data: cue.Raised{Cue: c}})[0]
	if c.Verb != cue.Say || c.From != cueFrom { // what an operator has said changes nothing else in the picture
		f.record(event.Draft{Cause: raised.Seq, Data: show.CueShown{Frame: 134_000 + raised.Seq, Millis: 62 + float64(raised.Seq%40)}})
	}
	switch c.Verb {
	case cue.Say:
		f.record(event.Draft{Cause: raised.Seq, Data: show.SpeechStarted{From: c.From, Text: c.Text, Millis: 2400, Frame: 134_000 + raised.Seq}})
	case cue.Scene:
		f.record(event.Draft{Cause: raised.Seq, Data: show.SceneShown{Scene: c.Name}})
	}
}

// bid takes a bid as the auction does, with all that follows.
func (f *fakeShow) bid(handle, eth, line string) {
	f.mu.Lock()
	l, amount := f.block.Lot, money.MustETH(eth)
	id := fmt.Sprintf("19%06d", len(f.facts))
	p := post.Post{ID: id, Root: id, AuthorID: "u-" + handle, Handle: handle, Name: handle, Text: "bid " + eth + " ETH"}
	received := f.append(event.Draft{Origin: "x:" + id, Data: post.Received{Post: p, Intent: post.IntentBid}})[0]
	if amount.Cmp(l.Minimum) < 0 {
		hint := "The least is " + l.Minimum.ETH() + " ETH."
		e := f.append(event.Draft{Cause: received.Seq, Data: auction.BidRefused{Lot: l.Terms.Lot, Handle: handle, Amount: amount, Minimum: l.Minimum,
			Reason: auction.ReasonTooLow, Hint: hint, PostID: id}})[0]
		f.bids = slices.Insert(f.bids, 0, Bid{Seq: e.Seq, At: e.At, Handle: handle, Amount: amount, Reason: auction.ReasonTooLow, Hint: hint, PostID: id})
		f.append(event.Draft{Cause: e.Seq, Data: post.ReplySent{To: id, Handle: handle, ID: id + "r", Text: hint}})
		f.mu.Unlock()
		return
	}
	previous, leader := l.Price, l.Leader
	l.Price, l.Leader, l.Bids = amount, handle, l.Bids+1
	l.Minimum = amount.Add(amount.MulDiv(5, 100))
	l.ReserveMet = amount.Cmp(l.Terms.Reserve) >= 0
	e := f.append(event.Draft{Cause: received.Seq, Data: auction.BidAccepted{Lot: l.Terms.Lot, Bidder: "a-" + handle, Handle: handle, Amount: amount, Minimum: l.Minimum,
		Previous: previous, PreviousHandle: leader, Count: l.Bids, ReserveMet: l.ReserveMet, Closes: l.Closes, PostID: id}})[0]
	f.bids = slices.Insert(f.bids, 0, Bid{Seq: e.Seq, At: e.At, Handle: handle, Amount: amount, Accepted: true, PostID: id})
	f.mu.Unlock()
	if line != "" {
		f.perform(e.Seq, cue.Cue{From: "dusty-gavel", Verb: cue.Say, Text: line, Priority: cue.Bid})
	}
	f.record(event.Draft{Cause: e.Seq, Data: post.ReplySent{To: id, Handle: handle, ID: id + "r", Text: "You lead with " + eth + " ETH."}})
}

func (f *fakeShow) show() Show {
	f.mu.Lock()
	defer f.mu.Unlock()
	since := f.facts[0].At.Add(-74 * time.Minute)
	character := "dusty"
	if f.plugins[1].Active {
		character = "mina"
	}
	frames := uint64(time.Since(since).Seconds() * 30)
	return Show{OnAir: true, Since: since, Scene: "lot", Character: character, Mood: "playful", Width: 1280, Height: 720, FPS: 30, Frames: frames, Late: 2, Repeated: 2, Viewers: 3,
		Links: []Link{{Name: "x", Up: true, Detail: "filtered stream", Since: since}, {Name: "encoder", Up: !f.down, Detail: "libx264 superfast", Since: since},
			{Name: "rtmp", Up: true, Detail: "1 target, 2 readers", Since: since}, {Name: "recording", Up: true, Detail: "show.mp4", Since: since}}}
}

func (f *fakeShow) frame() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 64, 36))
	img.Set(3, 3, color.White)
	return img
}

func (f *fakeShow) stage() Stage {
	return Stage{Scenes: []Named{{"opening", "Opening"}, {"lot", "Lot"}, {"closing", "Closing"}, {"sold", "Sold"}, {"unsold", "Unsold"}, {"break", "Break"}},
		Moods: []string{"calm", "playful", "excited", "tense", "triumphant", "dejected"}, Gestures: []string{"nod", "shake", "bounce", "wave", "gavel", "lean"}}
}

// reload is that of a show whose scenes are broken every other time.
func (f *fakeShow) reload(_ context.Context, cause uint64) (Scenes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken = !f.broken; f.broken {
		f.append(event.Draft{Cause: cause, Data: show.ScenesRefused{Reason: "lot.scene.json:7: w: is missing"}})
		return Scenes{}, fmt.Errorf("%w: lot.scene.json:7: w: is missing", ErrInvalid)
	}
	f.append(event.Draft{Cause: cause, Data: show.ScenesLoaded{Scenes: []string{"lot"}, Own: []string{"lot"}}})
	return Scenes{Scenes: []string{"lot"}, Own: []string{"lot"}}, nil
}

// config puts the show behind every interface.
func (f *fakeShow) config() Config {
	return Config{Ledger: f, Bus: f, Subscribe: f.subscribe, Auctions: f, Operator: f, Director: f, Plugins: f, Packages: f, Replays: f, Show: f.show, Frame: f.frame,
		Stage: f.stage, Reload: f.reload,
		Artwork: fstest.MapFS{"nocturne.svg": {Data: []byte(nocturne)}, "notes.txt": {Data: []byte("private")}},
		Store:   &memoryStore{}, Password: testPassword, Token: "control-token", Handle: "dustygavel", Epoch: "ledger-1", Version: "0.1.0"}
}

const testPassword = "correct horse battery"

const nocturne = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400"><defs><linearGradient id="g" x2="0" y2="1">
<stop stop-color="#131437"/><stop offset=".55" stop-color="#5b2a86"/><stop offset="1" stop-color="#ff7a59"/></linearGradient></defs>
<rect width="400" height="400" fill="url(#g)"/><circle cx="200" cy="190" r="78" fill="#ffe9c7"/><circle cx="232" cy="168" r="70" fill="#3b1f6b" opacity=".85"/>
<g fill="none" stroke="#fff" stroke-width="3" opacity=".55"><path d="M0 300q50-40 100 0t100 0 100 0 100 0"/><path d="M0 330q50-40 100 0t100 0 100 0 100 0"/>
<path d="M0 360q50-40 100 0t100 0 100 0 100 0"/></g></svg>`

// testStream plays a test picture with a tone as fragmented MP4, as the encoder's preview does.
func testStream(t *testing.T) func(ctx context.Context) (Preview, error) {
	t.Helper()
	bin, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("this test plays real video: install ffmpeg (apt-get install ffmpeg)")
	}
	return func(ctx context.Context) (Preview, error) {
		cmd := exec.CommandContext(ctx, bin, "-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30",
			"-re", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
			"-profile:v", "baseline", "-level", "3.1", "-g", "30", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2", "-b:a", "96k",
			"-movflags", "empty_moov+default_base_moof+frag_every_frame", "-f", "mp4", "pipe:1")
		out, err := cmd.StdoutPipe()
		if err != nil {
			return Preview{}, err
		}
		if err := cmd.Start(); err != nil {
			return Preview{}, err
		}
		init, err := readUntil(out, "moov")
		if err != nil {
			return Preview{}, errors.Join(err, cmd.Wait())
		}
		fragments := make(chan []byte)
		go func() {
			defer cmd.Wait() //nolint:errcheck // it is killed with the context
			defer close(fragments)
			for {
				f, err := readUntil(out, "mdat")
				if err != nil {
					return
				}
				select {
				case fragments <- f:
				case <-ctx.Done():
					return
				}
			}
		}()
		return Preview{Codec: "avc1.42c01f,mp4a.40.2", Init: init, Fragments: fragments}, nil
	}
}

// readUntil reads MP4 boxes up to and with one of the given kind.
func readUntil(r io.Reader, kind string) ([]byte, error) {
	var b bytes.Buffer
	for {
		var head [8]byte
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return nil, err
		}
		b.Write(head[:])
		if _, err := io.CopyN(&b, r, int64(binary.BigEndian.Uint32(head[:4]))-8); err != nil {
			return nil, err
		}
		if string(head[4:]) == kind {
			return b.Bytes(), nil
		}
	}
}
