package director

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/character"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// log is ledger and stage in one: it keeps what happened in the order in which it did.
type log struct {
	mu      sync.Mutex
	began   time.Time
	seq     uint64
	entries []string
	drafts  []event.Draft
	err     error
	speak   func(seq uint64, length time.Duration)
}

func (l *log) note(format string, args ...any) {
	l.entries = append(l.entries, fmt.Sprintf("%5.2f ", time.Since(l.began).Seconds())+fmt.Sprintf(format, args...))
}

func (l *log) Record(_ context.Context, drafts ...event.Draft) ([]event.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return nil, l.err
	}
	out := make([]event.Event, len(drafts))
	for i, d := range drafts {
		l.seq++
		out[i] = event.Event{Seq: l.seq, Cause: d.Cause, Root: d.Root, At: d.At, Data: d.Data}
		l.drafts = append(l.drafts, d)
		if x, ok := d.Data.(cue.Dropped); ok {
			l.note("drop %s %s: %s", x.Cue.Verb, text(x.Cue), x.Reason)
		}
	}
	return out, nil
}

func text(c cue.Cue) string { return strings.TrimSpace(c.Name + " " + c.Text) }

func (l *log) Apply(c cue.Cue, _ uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note("%s %s", c.Verb, text(c))
}

func (l *log) Speak(clip *character.Clip, c cue.Cue, seq uint64) {
	l.mu.Lock()
	l.note("say %s", c.Text)
	l.mu.Unlock()
	if l.speak != nil {
		l.speak(seq, time.Duration(len(clip.PCM))*time.Second/character.SampleRate)
	}
}

func (l *log) StopSpeaking() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.note("stop")
}

// mouth speaks 100 ms a letter after thinking for a while; "mute" cannot be spoken.
type mouth struct {
	takes time.Duration
	calls []string
}

func (m *mouth) Speak(ctx context.Context, who, text string) (*character.Clip, error) {
	m.calls = append(m.calls, who+": "+text)
	select {
	case <-time.After(m.takes):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if text == "mute" {
		return nil, errors.New("no such sound")
	}
	return &character.Clip{Text: text, PCM: make([]int16, len(text)*character.SampleRate/10)}, nil
}

// onStage runs a director in fake time; the stage reports the end of each line in time.
func onStage(t *testing.T, cfg Config, play func(d *Director, l *log)) *log {
	t.Helper()
	l := &log{}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		l.began = time.Now()
		cfg.Stage, cfg.Facts = l, l
		if cfg.Voice == nil {
			cfg.Voice = &mouth{takes: 100 * time.Millisecond}
		}
		d := New(cfg)
		if l.speak == nil {
			l.speak = func(seq uint64, length time.Duration) { time.AfterFunc(length, func() { d.SpeechEnded(seq) }) }
		}
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		synctest.Wait()
		play(d, l)
		synctest.Wait()
		cancel()
		if err := <-done; err != nil && l.err == nil {
			t.Errorf("Run: %v", err)
		}
		time.Sleep(time.Minute) // let the timers of the stage run out
	})
	return l
}

func say(p cue.Priority, text string) cue.Cue {
	return cue.Cue{From: "p", Verb: cue.Say, Text: text, Priority: p}
}

func want(t *testing.T, l *log, lines ...string) {
	t.Helper()
	if !slices.Equal(l.entries, lines) {
		t.Errorf("happened:\n%s\nwant:\n%s", strings.Join(l.entries, "\n"), strings.Join(lines, "\n"))
	}
}

func offer1(d *Director, cues ...cue.Cue) {
	d.Offer(context.Background(), event.Event{Seq: 7, Root: 3}, cues)
}

func TestCuesAreFactsWithTheirCause(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, cue.Cue{From: "p", Verb: cue.Express, Name: "happy"}, say(cue.Bid, "hello"))
		time.Sleep(time.Second)
	})
	want(t, l, " 0.00 express happy", " 0.10 say hello")
	for _, d := range l.drafts {
		if d.Cause != 7 || d.Root != 3 {
			t.Errorf("draft %+v: want cause 7 and root 3", d)
		}
	}
}

func TestLinesFollowEachOtherAfterTheGap(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Lot, "0123456789"), say(cue.Lot, "second"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 1.35 say second")
}

func TestMoreImportantLineGoesFirst(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Bid, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		offer1(d, say(cue.Chat, "chat"))
		time.Sleep(400 * time.Millisecond) // chat is voiced by now
		offer1(d, say(cue.Lot, "hammer"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 1.35 say hammer", " 2.20 say chat")
}

func TestNewestBidOvertakesOlderOnes(t *testing.T) {
	l := onStage(t, Config{Ahead: 300 * time.Millisecond}, func(d *Director, _ *log) {
		offer1(d, say(cue.Bid, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		offer1(d, say(cue.Bid, "one"))
		time.Sleep(100 * time.Millisecond)
		offer1(d, say(cue.Bid, "two"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 1.35 drop say one: overtaken", " 1.35 say two")
}

func TestHammerOvertakesBids(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Bid, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		offer1(d, say(cue.Bid, "bid"), say(cue.Chat, "chat"))
		time.Sleep(100 * time.Millisecond)
		offer1(d, say(cue.Lot, "sold"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 1.35 drop say bid: overtaken", " 1.35 say sold", " 2.00 say chat")
}

func TestStaleLineIsNotSaid(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Lot, strings.Repeat("x", 90)))
		time.Sleep(500 * time.Millisecond)
		offer1(d, say(cue.Chat, "too late"))
		time.Sleep(20 * time.Second)
	})
	want(t, l, " 0.10 say "+strings.Repeat("x", 90), " 6.50 drop say too late: stale")
}

func TestBidCutsAFillerAndNothingElse(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Idle, strings.Repeat("z", 40)))
		time.Sleep(time.Second)
		offer1(d, say(cue.Chat, "hi"))
		time.Sleep(500 * time.Millisecond)
		offer1(d, say(cue.Bid, strings.Repeat("b", 20)))
		time.Sleep(500 * time.Millisecond)
		offer1(d, say(cue.Lot, "sold"))
		time.Sleep(10 * time.Second)
	})
	want(t, l, " 0.10 say "+strings.Repeat("z", 40), " 1.60 stop", " 1.60 say "+strings.Repeat("b", 20), " 3.85 say sold", " 4.50 say hi")
}

func TestOnlyTheOperatorIsUrgent(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, say(cue.Lot, strings.Repeat("l", 30)))
		time.Sleep(time.Second)
		offer1(d, say(cue.Urgent, "me"))
		time.Sleep(100 * time.Millisecond)
		d.Offer(context.Background(), event.Event{}, []cue.Cue{{From: Operator, Verb: cue.Say, Text: "stop", Priority: cue.Urgent}})
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say "+strings.Repeat("l", 30), " 1.20 stop", " 1.20 say stop", " 1.85 say me")
}

func TestTooManyLinesWait(t *testing.T) {
	l := onStage(t, Config{Waiting: 2, Ahead: time.Millisecond}, func(d *Director, _ *log) {
		offer1(d, say(cue.Lot, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		offer1(d, say(cue.Chat, "a"), say(cue.Chat, "b"), say(cue.Lot, "c"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 0.20 drop say a: busy", " 1.35 say c", " 1.70 say b")
}

func TestSceneHasItsTime(t *testing.T) {
	scene := func(n string) cue.Cue { return cue.Cue{From: "p", Verb: cue.Scene, Name: n} }
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, scene("lot"))
		time.Sleep(100 * time.Millisecond)
		offer1(d, scene("sold"))
		time.Sleep(100 * time.Millisecond)
		offer1(d, scene("break"))
		time.Sleep(time.Second)
		offer1(d, scene("break"))
		time.Sleep(time.Second)
	})
	want(t, l, " 0.00 scene lot", " 0.20 drop scene sold: overtaken", " 0.50 scene break", " 1.20 drop scene break: already_shown")
}

func TestGesturesAreSpaced(t *testing.T) {
	nod := cue.Cue{From: "p", Verb: cue.Gesture, Name: "nod"}
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, nod, nod)
		time.Sleep(time.Second)
		offer1(d, nod)
	})
	want(t, l, " 0.00 drop gesture nod: cooldown", " 0.00 gesture nod", " 1.00 gesture nod")
}

func TestFloodIsRefused(t *testing.T) {
	l := onStage(t, Config{CueRate: 2}, func(d *Director, _ *log) {
		for range 10 {
			offer1(d, cue.Cue{From: "p", Verb: cue.Text, Name: "price"}, cue.Cue{From: Operator, Verb: cue.Text, Name: "headline"})
		}
	})
	counts := map[string]int{}
	for _, e := range l.entries {
		counts[e[6:]]++
	}
	if counts["text price"] != 4 || counts["drop text price: rate"] != 6 || counts["text headline"] != 10 {
		t.Errorf("got %v: want 4 of the plugin's 10 cues and all of the operator's", counts)
	}
}

func TestBadCuesAreDropped(t *testing.T) {
	l := onStage(t, Config{TextLimit: 5}, func(d *Director, _ *log) {
		offer1(d, say(cue.Bid, " "), say(cue.Bid, "123456"), cue.Cue{From: "p", Verb: "dance"}, cue.Cue{From: "p", Verb: cue.Mood}, say(cue.Bid, "mute"))
		time.Sleep(time.Second)
	})
	want(t, l, " 0.00 drop say : empty", " 0.00 drop say 123456: too_long", " 0.00 drop dance : unknown_verb", " 0.00 drop mood : empty", " 0.10 drop say mute: no_voice")
}

// TestLettersAreAsLongAsXTakesThem, in any script; a line is spoken, and shorter.
func TestLettersAreAsLongAsXTakesThem(t *testing.T) {
	long, over := strings.Repeat("競", 373), strings.Repeat("競", 374)
	letter := func(verb cue.Verb, text string) cue.Cue {
		return cue.Cue{From: "p", Verb: verb, Name: map[cue.Verb]string{cue.Reply: "1"}[verb], Text: text}
	}
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, letter(cue.Reply, long), letter(cue.Reply, over), letter(cue.Post, long), letter(cue.Post, over), say(cue.Bid, long))
		time.Sleep(time.Second)
	})
	want(t, l, " 0.00 drop reply 1 "+over+": too_long", " 0.00 drop post "+over+": too_long", " 0.00 drop say "+long+": too_long")
}

func TestSlowVoiceIsGivenUp(t *testing.T) {
	l := onStage(t, Config{Voice: &mouth{takes: time.Hour}, VoiceTimeout: time.Second}, func(d *Director, _ *log) {
		offer1(d, say(cue.Bid, "x"))
		time.Sleep(2 * time.Second)
	})
	want(t, l, " 1.00 drop say x: no_voice")
}

func TestForgottenSourceSaysNothing(t *testing.T) {
	m := &mouth{takes: 100 * time.Millisecond}
	l := onStage(t, Config{Voice: m, Character: "dusty"}, func(d *Director, _ *log) {
		offer1(d, say(cue.Lot, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		offer1(d, say(cue.Lot, "a"), say(cue.Lot, "b"), say(cue.Lot, "c"))
		time.Sleep(150 * time.Millisecond) // a is voiced
		d.Forget("p")
		d.SetCharacter("mina")
		d.Offer(context.Background(), event.Event{}, []cue.Cue{{From: "q", Verb: cue.Say, Text: "new"}})
		time.Sleep(2 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 0.35 stop", " 0.35 drop say b: source_left", " 0.35 drop say c: source_left", " 0.35 drop say a: source_left", " 0.60 say new")
	if got := m.calls[len(m.calls)-1]; got != "mina: new" {
		t.Errorf("last voiced %q, want mina's voice", got)
	}
}

// What a plugin asked for before it left is void even if nobody has looked at it yet; its successor may have its name.
func TestForgottenInTheInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &log{began: time.Now()}
		d := New(Config{Stage: l, Facts: l, Voice: &mouth{takes: 100 * time.Millisecond}})
		offer1(d, say(cue.Lot, "old"), cue.Cue{From: "p", Verb: cue.Text, Name: "price"})
		d.Forget("p")
		offer1(d, say(cue.Lot, "new"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
		want(t, l, " 0.00 drop say old: source_left", " 0.00 text price", " 0.10 say new")
	})
}

func TestMoodComesWithTheLine(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		offer1(d, cue.Cue{From: "p", Verb: cue.Say, Text: "yes", Name: "excited", Priority: cue.Bid})
		time.Sleep(time.Second)
	})
	want(t, l, " 0.10 mood excited", " 0.10 say yes")
}

func TestLostEndOfSpeechDoesNotSilenceTheShow(t *testing.T) {
	l := &log{}
	l = onStage(t, Config{}, func(d *Director, l *log) {
		l.speak = func(uint64, time.Duration) {}
		offer1(d, say(cue.Bid, "0123456789"))
		time.Sleep(2 * time.Second)
		offer1(d, say(cue.Bid, "b"))
		time.Sleep(5 * time.Second)
	})
	want(t, l, " 0.10 say 0123456789", " 3.35 say b")
}

func TestThePastIsShownButNotTalkedAbout(t *testing.T) {
	l := onStage(t, Config{}, func(d *Director, _ *log) {
		old := event.Event{Seq: 5, Root: 5, At: time.Now().Add(-time.Minute)}
		d.Offer(context.Background(), old, []cue.Cue{{From: "p", Verb: cue.Scene, Name: "lot"}, {From: "p", Verb: cue.Text, Name: "price"}, say(cue.Lot, "sold"), {From: "p", Verb: cue.Reply, Name: "1", Text: "hi"}})
		time.Sleep(time.Second)
	})
	want(t, l, " 0.00 drop say sold: stale", " 0.00 drop reply 1 hi: stale", " 0.00 text price", " 0.00 scene lot")
}

func TestSilent(t *testing.T) {
	onStage(t, Config{}, func(d *Director, _ *log) {
		time.Sleep(3 * time.Second)
		check := func(want time.Duration) {
			t.Helper()
			if got := d.Silent(); got != want {
				t.Errorf("Silent() = %v, want %v", got, want)
			}
		}
		check(3 * time.Second)
		offer1(d, say(cue.Bid, "0123456789"))
		time.Sleep(200 * time.Millisecond)
		check(0)
		time.Sleep(2 * time.Second)
		check(1100 * time.Millisecond)
	})
}

func TestLedgerFailureEndsTheRun(t *testing.T) {
	broken := errors.New("disk full")
	synctest.Test(t, func(t *testing.T) {
		l := &log{err: broken, began: time.Now()}
		d := New(Config{Stage: l, Facts: l, Voice: &mouth{}})
		offer1(d, cue.Cue{From: "p", Verb: cue.Mood, Name: "calm"})
		if err := d.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Run: %v, want %v", err, broken)
		}
		if len(l.entries) != 0 {
			t.Errorf("on stage without a fact: %v", l.entries)
		}
	})
}

// Whatever happens at once, each cue gets exactly one fact.
func TestEveryCueHasItsFact(t *testing.T) {
	l := &log{began: time.Now()}
	d := New(Config{Stage: l, Facts: l, Voice: &mouth{takes: time.Millisecond}, Gap: time.Millisecond, CueRate: 1e6, LineRate: 1e6})
	l.speak = func(seq uint64, _ time.Duration) { go d.SpeechEnded(seq) }
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	const sources, each = 8, 50
	var all sync.WaitGroup
	for i := range sources {
		all.Go(func() {
			for j := range each {
				from := fmt.Sprint("p", i)
				d.Offer(ctx, event.Event{}, []cue.Cue{{From: from, Verb: cue.Text, Name: "price"}, {From: from, Verb: cue.Say, Text: fmt.Sprint(j), Priority: cue.Priority(10 + j%80)}})
				d.Silent()
				if j == each/2 {
					d.Forget(from)
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	all.Wait()
	for deadline := time.Now().Add(time.Minute); l.facts() < 2*sources*each && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := l.facts(); n != 2*sources*each {
		t.Errorf("%d facts for %d cues", n, 2*sources*each)
	}
}

func (l *log) facts() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.drafts)
}

func TestOverflowIsDropped(t *testing.T) {
	d := New(Config{Inbox: 2})
	offer1(d, say(1, "a"), say(1, "b"), say(1, "c"))
	if n := len(d.takeInbox().offers); n != 2 {
		t.Errorf("inbox holds %d cues, want 2", n)
	}
}
