package auction_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
)

// The language is described in testdata/README.md.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.auction")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts:", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".auction"), func(t *testing.T) { runScript(t, f) })
	}
}

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// script is a house under test.
type script struct {
	plan  auction.Session
	state auction.State
	begun bool
	now   time.Time
	facts []fact
	seen  int // facts that an expectation went by
	err   error
	posts int
}

type fact struct {
	at   time.Time
	data event.Data
}

func runScript(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := &script{now: epoch}
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line, _, _ := strings.Cut(in.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		if err := s.line(words); err != nil {
			t.Fatalf("%s:%d: %s: %v", file, n, strings.TrimSpace(line), err)
		}
	}
	if replayed := replay(s.plan, s.facts); !reflect.DeepEqual(replayed, s.state) {
		t.Errorf("%s: the replayed facts lead to another state:\nlive   %+v\nreplay %+v", file, s.state, replayed)
	}
}

func replay(plan auction.Session, facts []fact) auction.State {
	s := auction.NewState(plan)
	for _, f := range facts {
		s = s.Apply(f.at, f.data)
	}
	return s
}

func (s *script) line(w []string) error {
	switch w[0] {
	case "session":
		return s.session(w[1:])
	case "lot":
		return s.lot(w[1:])
	}
	if err := s.begin(); err != nil {
		return err
	}
	if w[0] == "at" {
		d, err := time.ParseDuration(w[1])
		if err != nil {
			return err
		}
		if epoch.Add(d).Before(s.now) {
			return fmt.Errorf("time goes back from %s", s.now.Sub(epoch))
		}
		s.advance(epoch.Add(d))
		w = w[2:]
	}
	if len(w) == 0 {
		return nil
	}
	if w[0] == "expect" {
		return s.expect(w[1:])
	}
	return s.act(w)
}

func (s *script) begin() error {
	if s.begun {
		return nil
	}
	s.begun = true
	if err := s.plan.Validate(); err != nil {
		return err
	}
	s.state = auction.NewState(s.plan)
	s.do(auction.Tick{})
	return nil
}

// advance lets everything happen that comes due until then, at its own time.
func (s *script) advance(to time.Time) {
	for {
		due, ok := s.state.Due()
		if !ok || due.After(to) {
			s.now = to
			return
		}
		if due.After(s.now) {
			s.now = due
		}
		s.do(auction.Tick{})
	}
}

func (s *script) do(c auction.Command) {
	facts, err := s.state.Decide(s.now, c)
	s.err = err
	for _, d := range facts {
		s.facts = append(s.facts, fact{s.now, d})
		s.state = s.state.Apply(s.now, d)
	}
}

func (s *script) session(w []string) error {
	for len(w) > 0 {
		if w[0] == "loop" {
			s.plan.Loop, w = true, w[1:]
			continue
		}
		d, err := time.ParseDuration(w[1])
		if err != nil {
			return err
		}
		switch w[0] {
		case "gap":
			s.plan.Gap = d
		case "opening":
			s.plan.Opening = d
		default:
			return fmt.Errorf("unknown word %q", w[0])
		}
		w = w[2:]
	}
	return nil
}

func (s *script) lot(w []string) error {
	t := auction.Terms{Lot: auction.LotID(w[0]), Title: w[0]}
	var err error
	for w = w[1:]; len(w) > 1 && err == nil; w = w[2:] {
		switch w[0] {
		case "start":
			t.Start, err = money.ParseETH(w[1])
		case "reserve":
			t.Reserve, err = money.ParseETH(w[1])
		case "increment":
			t.Increment, err = increment(w[1])
		case "duration":
			t.Duration, err = time.ParseDuration(w[1])
		case "soft":
			err = soft(&t, w[1], w[2])
			w = w[1:]
		default:
			err = fmt.Errorf("unknown word %q", w[0])
		}
	}
	s.plan.Lots = append(s.plan.Lots, t)
	return err
}

func increment(text string) (inc auction.Increment, err error) {
	for _, part := range strings.Split(text, "+") {
		percent, isShare := strings.CutSuffix(part, "%")
		if !isShare {
			inc.Fixed, err = money.ParseETH(part)
		} else {
			var f float64
			f, err = strconv.ParseFloat(percent, 64)
			inc.BasisPoints = uint64(f*100 + 0.5)
		}
		if err != nil {
			return inc, err
		}
	}
	return inc, nil
}

func soft(t *auction.Terms, times, limit string) (err error) {
	window, extend, _ := strings.Cut(times, "/")
	if t.SoftWindow, err = time.ParseDuration(window); err != nil {
		return err
	}
	if t.SoftExtend, err = time.ParseDuration(extend); err != nil {
		return err
	}
	t.SoftCap, err = strconv.Atoi(strings.TrimPrefix(limit, "x"))
	return err
}

func (s *script) act(w []string) error {
	switch w[0] {
	case "pause":
		s.do(auction.Pause{})
	case "resume":
		s.do(auction.Resume{})
	case "hammer":
		s.do(auction.Hammer{})
	case "withdraw":
		s.do(auction.Withdraw{})
	case "house":
		s.do(auction.Recover{Grace: 30 * time.Second})
	case "extend":
		d, err := time.ParseDuration(w[1])
		if err != nil {
			return err
		}
		s.do(auction.Extend{By: d})
	default:
		if len(w) != 3 || w[1] != "bids" {
			return fmt.Errorf("unknown line")
		}
		amount, err := money.ParseETH(w[2])
		if err != nil {
			return err
		}
		s.posts++
		b := auction.Bid{Bidder: w[0], Handle: w[0], Amount: amount, PostID: strconv.Itoa(s.posts)}
		if b.Bidder == "nobody" {
			b.Bidder = ""
		}
		s.do(b)
	}
	err := s.err
	s.do(auction.Tick{}) // a hammer may close the session
	s.err = err
	return nil
}

// expect finds a fact by the words that describe it.
func (s *script) expect(w []string) error {
	rest := s.facts[s.seen:]
	switch w[0] {
	case "nothing":
		if len(rest) > 0 {
			return fmt.Errorf("there is %s", describe(rest[0]))
		}
		return nil
	case "error":
		want := strings.Join(w[1:], " ")
		if s.err == nil || !strings.Contains(s.err.Error(), want) {
			return fmt.Errorf("the operator is told: %w", s.err)
		}
		return nil
	case "only":
		if len(rest) == 0 || !matches(describe(rest[0]), w[1:]) {
			return fmt.Errorf("there is %s", list(rest))
		}
		s.seen++
		return nil
	}
	for i, f := range rest {
		got := describe(f)
		if strings.Fields(got)[0] != w[0] {
			continue
		}
		if !matches(got, w) {
			return fmt.Errorf("it is: %s", got)
		}
		s.seen += i + 1
		return nil
	}
	return fmt.Errorf("there is %s", list(rest))
}

func list(facts []fact) string {
	if len(facts) == 0 {
		return "nothing"
	}
	var out []string
	for _, f := range facts {
		out = append(out, describe(f))
	}
	return strings.Join(out, "; ")
}

// matches reports whether the wanted words are in the description, in order.
func matches(got string, want []string) bool {
	words := strings.Fields(got)
	for _, w := range want {
		for len(words) > 0 && words[0] != w {
			words = words[1:]
		}
		if len(words) == 0 {
			return false
		}
		words = words[1:]
	}
	return true
}

func short(id auction.LotID) string { return string(id[strings.IndexByte(string(id), '-')+1:]) }

func since(t time.Time) string {
	s := t.Sub(epoch).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	return strings.Replace(s, "h0m", "h", 1)
}

// describe writes a fact in the words of the language.
func describe(f fact) string {
	switch d := f.data.(type) {
	case auction.SessionOpened:
		return "session opened " + d.Session
	case auction.SessionClosed:
		return fmt.Sprintf("session closed %d sold %d unsold for %s", d.Sold, d.Unsold, d.Total.ETH())
	case auction.LotOpened:
		return fmt.Sprintf("opened %s until %s", short(d.Terms.Lot), since(d.Closes))
	case auction.LotExtended:
		if d.Last {
			return fmt.Sprintf("extended %s count %d last", since(d.Closes), d.Count)
		}
		return fmt.Sprintf("extended %s count %d", since(d.Closes), d.Count)
	case auction.LotClosing:
		return fmt.Sprintf("closing %d", d.Seconds)
	case auction.LotPaused:
		return "paused " + since(epoch.Add(d.Left))
	case auction.LotResumed:
		return "resumed " + since(d.Closes)
	case auction.LotSold:
		out := fmt.Sprintf("sold %s %s", d.Winner, d.Amount.ETH())
		if d.RunnerUp != "" {
			out += fmt.Sprintf(" over %s %s", d.RunnerUp, d.RunnerAmount.ETH())
		}
		return out
	case auction.LotUnsold:
		return fmt.Sprintf("unsold %s highest %s", d.Reason, d.Highest.ETH())
	case auction.BidAccepted:
		out := fmt.Sprintf("accepted %s %s next %s", d.Bidder, d.Amount.ETH(), d.Minimum.ETH())
		if d.ReserveMet {
			out += " reserve met"
		}
		if d.PreviousBidder != "" {
			out += fmt.Sprintf(" over %s %s", d.PreviousBidder, d.Previous.ETH())
		}
		return out
	case auction.BidRefused:
		return fmt.Sprintf("%s minimum %s", d.Reason, d.Minimum.ETH())
	}
	return fmt.Sprintf("%T", f.data)
}
