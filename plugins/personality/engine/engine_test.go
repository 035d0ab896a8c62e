package engine

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs from what was made; go test -update writes it anew. Made:\n%s", file, got)
	}
}

// small is a personality for one test; its triggers follow.
const small = `id: test
name: Test
moods:
  calm: {expression: neutral, energy: 20}
  excited: {expression: excited, energy: 90, decay: {to: calm, after: 5s}}
triggers:
`

func engineOf(t *testing.T, triggers string) *Engine {
	t.Helper()
	p, err := Parse("test.yaml", []byte(small+triggers))
	if err != nil {
		t.Fatal(err)
	}
	return New(p)
}

// script plays events a number of seconds apart and gives "second verb name text" for each command but the first mood.
func script(e *Engine, events ...Event) string {
	var b strings.Builder
	for i := range events {
		ev := events[i]
		ev.Seq, ev.At = uint64(i+1), ev.At*1000+1_000_000
		for _, c := range e.Handle(&ev) {
			if c.Why != "start" {
				fmt.Fprintf(&b, "%d %s\n", (ev.At-1_000_000)/1000, describe(c))
			}
		}
	}
	return b.String()
}

func describe(c Command) string {
	verb := [...]string{"say", "express", "mood", "gesture", "sound", "reply"}[c.Verb]
	if c.About != 0 {
		c.Text += fmt.Sprintf(" (about event %d)", c.About)
	}
	return strings.TrimSpace(strings.Join([]string{verb, c.Name, c.Text}, " "))
}

func expect(t *testing.T, got string, lines ...string) {
	t.Helper()
	if want := strings.Join(append(lines, ""), "\n"); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestCooldownAndFallThrough(t *testing.T) {
	e := engineOf(t, `
- {id: loud, on: lot.opened, cooldown: 10s, say: ["loud {{title}}", "again {{title}}"]}
- {id: soft, on: lot.opened, say: ["soft {{title}}"]}
`)
	got := script(e, Event{Kind: LotOpened, Title: "A"}, Event{Kind: LotOpened, Title: "B", At: 5}, Event{Kind: LotOpened, Title: "C", At: 15})
	if n := strings.Count(got, "\n"); n != 3 || !strings.Contains(got, "5 say calm Soft B") {
		t.Errorf("got:\n%swant the second opening to fall through to soft", got)
	}
}

func TestMoodsFade(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: lot.opened, mood: excited, express: surprised, hold: 1s, gesture: wave, sound: chime, say: "Hello {{title}}."}
`)
	got := script(e, Event{Kind: LotOpened, Title: "A"}, Event{Kind: SceneShown, At: 4}, Event{Kind: SceneShown, At: 6})
	expect(t, got, "0 mood excited", "0 express excited", "0 express surprised", "0 gesture wave", "0 sound chime", "0 say excited Hello A.", "6 mood calm", "6 express neutral")
}

func TestOnceALot(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: lot.closing, once: lot, say: ["one {{seconds}}", "two {{seconds}}", "three {{seconds}}"]}
`)
	got := script(e, Event{Kind: LotOpened, Lot: "1"}, Event{Kind: LotClosing, Lot: "1", Seconds: 60}, Event{Kind: LotClosing, Lot: "1", Seconds: 30, At: 9},
		Event{Kind: LotOpened, Lot: "2", At: 20}, Event{Kind: LotClosing, Lot: "2", Seconds: 60, At: 29})
	if n := strings.Count(got, "say"); n != 2 {
		t.Errorf("said %d times, want once in each lot:\n%s", n, got)
	}
}

func TestNoLineTwice(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: lot.paused, say: [one, two]}
`)
	var events []Event
	for i := range 8 {
		events = append(events, Event{Kind: LotPaused, At: int64(i) * 100})
	}
	got := script(e, events...)
	if strings.Count(got, "One") != 2 || strings.Count(got, "Two") != 2 {
		t.Errorf("in 700 s, two lines with a memory of 600 s are said twice each:\n%s", got)
	}
}

func TestEmptySlotKeepsItsLine(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: lot.closing, say: ["{{leader}} leads", "nobody leads"]}
`)
	expect(t, script(e, Event{Kind: LotClosing, Seconds: 30}), "0 say calm Nobody leads")
}

func TestStrangersWords(t *testing.T) {
	e := engineOf(t, `
- {id: angry, on: post.received, when: hostile, say: "steady now"}
- {id: hi, on: post.received, say: "{{handle}} is here"}
`)
	got := script(e, Event{Kind: PostReceived, Handle: "nice_one", Text: "hello"}, Event{Kind: PostReceived, Handle: "a<script>", Text: "hello", At: 620},
		Event{Kind: PostReceived, Handle: "F_u_c_K_you", Text: "hello", At: 1300}, Event{Kind: PostReceived, Handle: "x", Text: "this is a SCAM!", At: 1400})
	expect(t, got, "0 say calm nice one is here", "620 say calm Our guest is here", "1300 say calm Our guest is here", "1400 say calm Steady now")
}

func TestRepliesDoNotWaitForTheTalk(t *testing.T) {
	e := engineOf(t, `
- {id: q, on: post.received, cooldown: 10s, say: "yes {{handle}}", reply: "Bid away."}
`)
	got := script(e, Event{Kind: PostReceived, Handle: "ann", PostID: "1"}, Event{Kind: PostReceived, Handle: "bob", PostID: "2", At: 1},
		Event{Kind: SpeechStarted, Millis: 30_000, At: 2}, Event{Kind: PostReceived, Handle: "cat", PostID: "3", At: 12})
	expect(t, got, "0 say calm Yes ann", "0 reply 1 Bid away.", "12 reply 3 Bid away.")
}

func TestLastBidIsNotForgotten(t *testing.T) {
	e := engineOf(t, `
- {id: b, on: bid.accepted, say: ["{{handle}} bids", "{{handle}} again", "{{handle}} once more"]}
- {id: c, on: post.received, say: "hello"}
`)
	bid := func(at int64, who string) Event {
		return Event{Kind: BidAccepted, Lot: "l", Handle: who, Amount: gwei(1000), At: at}
	}
	got := script(e, bid(0, "ann"), Event{Kind: SpeechStarted, Millis: 9000}, bid(3, "bob"), bid(5, "cat"),
		Event{Kind: PostReceived, At: 6}, Event{Kind: SpeechEnded, At: 9}, Event{Kind: SpeechStarted, Millis: 1000, At: 9}, Event{Kind: PostReceived, At: 12})
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], "9 say calm cat") || !strings.HasSuffix(lines[1], " (about event 4)") || lines[2] != "12 say calm Hello" {
		t.Errorf("want ann at once, cat when ann's line ends, and then the greeting; got:\n%s", got)
	}
}

// A line is as long as it has characters, whatever its script.
func TestLongestCountsCharacters(t *testing.T) {
	line := strings.Repeat("競", 100)
	e := engineOf(t, "- {id: a, on: bid.accepted, say: \""+line+"\"}\n")
	expect(t, script(e, Event{Kind: BidAccepted, Handle: "ann", Amount: gwei(1000)}), "0 say calm "+line)
	if took := e.s.talkUntil - 1_000_000; took != 100*1000/e.p.rate+breath {
		t.Errorf("it is guessed to take %d ms", took)
	}
}

// A trigger that lets later ones have their turn has had its own, whether or not one of them takes it.
func TestMoreFiresOnce(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: lot.sold, more: true, sound: chime, say: ["one {{handle}}", "two {{handle}}", "three {{handle}}"], reply: "thanks"}
- {id: b, on: lot.sold, when: amount > 100, say: "never"}
`)
	got := script(e, Event{Kind: LotSold, Handle: "ann", PostID: "1", Amount: gwei(1000)})
	if strings.Count(got, "say") != 1 || strings.Count(got, "reply") != 1 || strings.Count(got, "sound") != 1 {
		t.Errorf("want one line, one reply and one sound, got:\n%s", got)
	}
}

// A bid that is spoken of late was answered when it came, and what needed no words was done then.
func TestHeldBidIsOnlySpokenOf(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: bid.accepted, more: true, sound: chime}
- {id: b, on: bid.accepted, say: ["{{handle}} bids", "{{handle}} again"], reply: "Thanks."}
`)
	bid := func(at int64, who string) Event {
		return Event{Kind: BidAccepted, Lot: "l", Handle: who, PostID: who, Amount: gwei(1000), At: at}
	}
	got := script(e, bid(0, "ann"), Event{Kind: SpeechStarted, Millis: 3000}, bid(1, "bob"), Event{Kind: SpeechEnded, At: 3})
	if strings.Count(got, "chime") != 2 || strings.Count(got, "reply ann") != 1 || strings.Count(got, "reply bob") != 1 || !strings.Contains(got, "3 say calm bob") {
		t.Errorf("want a chime and a reply for each bid when it comes, and bob's line at 3 s; got:\n%s", got)
	}
}

// A clock that was set back leaves a memory full of lines from the future; it must not keep the personality from ever
// speaking again.
func TestClockSetBack(t *testing.T) {
	s := newState(&Personality{})
	for i := range uint64(maxSaid) {
		s.said[i+10] = 1_000_000
	}
	if !s.remember(1, 2, 500, 600) || len(s.said) != 2 {
		t.Errorf("%d lines in memory, want the new one alone", len(s.said))
	}
}

func TestClockSetBackAnHour(t *testing.T) {
	e := engineOf(t, `
- {id: b, on: bid.accepted, cooldown: 5s, express: happy, mood: excited, say: ["{{handle}} bids", "{{handle}} again"]}
`)
	bid := func(at int64, who string) Event {
		return Event{Kind: BidAccepted, Lot: "l", Handle: who, Amount: gwei(1000), At: at}
	}
	got := script(e, bid(3600, "ann"), Event{Kind: SpeechStarted, Millis: 1000, At: 3600}, Event{Kind: SpeechEnded, At: 3601},
		bid(0, "bob"), Event{Kind: ClockTicked, Lot: "l", At: 6})
	if !strings.Contains(got, "\n0 say excited bob") || !strings.Contains(got, "\n6 mood calm") {
		t.Errorf("want bob's line and the end of the mood after five seconds, got:\n%s", got)
	}
}

func TestSilenceIsFilledOnceAtATime(t *testing.T) {
	e := engineOf(t, `
- {id: s, on: silence, say: ["one", "two", "three"]}
`)
	tick := func(at, silent int64) Event {
		return Event{Kind: ClockTicked, SilentMS: silent, Seconds: -1, At: at}
	}
	got := script(e, tick(1, 2900), tick(2, 3900), tick(3, 4900), Event{Kind: SpeechStarted, Millis: 2000, At: 3}, tick(4, 0), Event{Kind: SpeechEnded, At: 5}, tick(9, 3100))
	if n := strings.Count(got, "say"); n != 2 || !strings.HasPrefix(got, "2 say") || !strings.Contains(got, "\n9 say") {
		t.Errorf("want a line at 2 s and one at 9 s, got:\n%s", got)
	}
}

func TestCapitals(t *testing.T) {
	e := engineOf(t, `
- {id: a, on: bid.accepted, say: "well [now], ... {{handle}} bids. so be it!  {{amount}} , no less"}
`)
	expect(t, script(e, Event{Kind: BidAccepted, Handle: "ann", Amount: gwei(1500)}), "0 say calm Well now, ... ann bids. So be it! 1.5 ETH, no less")
}

func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		m            Money
		spoken, asks string
	}{
		{Money{Gwei: 15e8, Text: "1.5"}, "1.5 ETH", "1.5 ETH"},
		{Money{Gwei: 15e8}, "1.5 ETH", "1.5 ETH"},
		{Money{Gwei: 1234567891, Text: "1.234567891"}, "just over 1.2345 ETH", "1.234567891 ETH"},
		{Money{Gwei: 1, Text: "0.000000001"}, "0.000000001 ETH", "0.000000001 ETH"},
		{Money{Gwei: 2e9, Text: "2.000000000000000001"}, "just over 2 ETH", "2.000000000000000001 ETH"},
		{Money{Text: "0"}, "", ""},
	} {
		if got := spoken(c.m); got != c.spoken {
			t.Errorf("spoken(%+v) = %q, want %q", c.m, got, c.spoken)
		}
		if got := asked(c.m); got != c.asks {
			t.Errorf("asked(%+v) = %q, want %q", c.m, got, c.asks)
		}
	}
}

// What was saved and taken over goes on as if nothing had happened, wherever the cut is.
func TestSuccessorGoesOn(t *testing.T) {
	for _, id := range shipped {
		rng := rand.New(rand.NewPCG(4, 2))
		cuts := map[uint64]bool{}
		for range 10 {
			cuts[10+rng.Uint64N(900)] = true
		}
		one := newTheatre(New(loadShipped(t, id)), 3, 3)
		one.run(240)
		two := newTheatre(New(loadShipped(t, id)), 3, 3)
		two.before = func(th *theatre, e *Event) {
			if cuts[e.Seq] {
				next := New(loadShipped(t, id))
				if err := next.Restore(th.e.Save()); err != nil {
					t.Fatal(err)
				}
				next.s.shown = true // the stage is the same one
				th.e = next
			}
		}
		two.run(240)
		if a, b := transcript(one), transcript(two); a != b {
			t.Errorf("%s: the talk differs after being taken over:\n%s\nand\n%s", id, a, b)
		}
		if len(one.lines) < 30 {
			t.Errorf("%s: only %d lines were compared", id, len(one.lines))
		}
	}
}

func transcript(th *theatre) string {
	var b strings.Builder
	for _, l := range th.lines {
		fmt.Fprintf(&b, "%s [%s] %s", l.Why, l.Name, l.Text)
		if l.About != 0 {
			fmt.Fprintf(&b, " (about event %d, asked for at %d)", l.About, l.asked)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Another personality takes over people, price and memory, and starts in a mood of its own.
func TestAnotherPersonalityTakesOver(t *testing.T) {
	th := newTheatre(New(loadShipped(t, "dusty-gavel")), 9, 5)
	th.run(60)
	mina := New(loadShipped(t, "mina-vox"))
	if err := mina.Restore(th.e.Save()); err != nil {
		t.Fatal(err)
	}
	if mina.s.lot != th.e.s.lot || len(mina.s.people.known) != len(th.e.s.people.known) {
		t.Error("the lot or the regulars were lost")
	}
	th.e = mina
	th.tick()
	if th.moods[mina.s.mood] == 0 {
		t.Error("the stage was not told the mood")
	}
}

func TestRestoreRefusesNonsense(t *testing.T) {
	th := newTheatre(New(loadShipped(t, "dusty-gavel")), 9, 5)
	th.run(30)
	state := th.e.Save()
	e := New(loadShipped(t, "dusty-gavel"))
	fresh := e.Save()
	for _, b := range [][]byte{nil, {9}, state[:len(state)-1], append(bytes.Clone(state), 0), state[:1]} {
		if err := e.Restore(b); err == nil {
			t.Errorf("took over %d bytes", len(b))
		}
	}
	if !bytes.Equal(e.Save(), fresh) {
		t.Error("a refused state left its marks")
	}
}

func TestTranscripts(t *testing.T) {
	for _, id := range shipped {
		th := newTheatre(New(loadShipped(t, id)), 2, 2)
		th.run(150)
		golden(t, id+".txt", transcript(th))
	}
}

// Each shipped personality must have enough to say where it talks most.
func TestShippedSpace(t *testing.T) {
	for _, id := range shipped {
		space := loadShipped(t, id).Space()
		for trigger, least := range map[string]float64{"bid": 5000, "bid-quick": 50, "story": 5000, "hush-start": 1000, "hush-lead": 500, "regular": 40, "rivalry": 100, "low": 40, "hello": 60, "hostile": 25, "opened": 20, "sold": 8} {
			if space[trigger] < least {
				t.Errorf("%s: trigger %s has %.0f lines, want %.0f", id, trigger, space[trigger], least)
			}
		}
	}
}

func BenchmarkBid(b *testing.B) {
	e := New(loadShipped(b, "mina-vox"))
	ev := Event{Kind: BidAccepted, Lot: "a", Handle: "ann", Rival: "bob", Amount: gwei(1500), Minimum: gwei(1600), Previous: gwei(1400), Count: 5}
	for b.Loop() {
		ev.Seq++
		ev.At += 50
		e.Handle(&ev)
	}
}

// TestMuchThatWasToldIsTakenOver: a file has more parts of lines than lines, and on a long night all of them are told.
func TestMuchThatWasToldIsTakenOver(t *testing.T) {
	var lines strings.Builder
	for i := range 300 {
		fmt.Fprintf(&lines, "    - \"[%d", i)
		for k := range 30 {
			fmt.Fprintf(&lines, "|%d of %d", k, i)
		}
		lines.WriteString("]\"\n")
	}
	e := engineOf(t, "- id: a\n  on: bid.accepted\n  say:\n"+lines.String())
	for f := range e.p.eachFragment() {
		f.last = 7
	}
	b := e.Save()
	if err := e.Restore(b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(e.Save(), b) {
		t.Error("it forgot something")
	}
}
