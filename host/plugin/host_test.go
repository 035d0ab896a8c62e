package plugin_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// timeline is a ledger in memory.
type timeline struct {
	mu     sync.Mutex
	wake   chan struct{}
	events []event.Event
}

func newTimeline() *timeline { return &timeline{wake: make(chan struct{})} }

func (l *timeline) Record(_ context.Context, drafts ...event.Draft) ([]event.Event, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at := len(l.events)
	for i, d := range drafts {
		e := event.Event{Seq: uint64(at + i + 1), Cause: d.Cause, At: d.At, Data: d.Data}
		if d.Back > 0 {
			e.Cause = e.Seq - uint64(d.Back)
		}
		l.events = append(l.events, e)
	}
	close(l.wake)
	l.wake = make(chan struct{})
	return l.events[at:], nil
}

func (l *timeline) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return uint64(len(l.events))
}

func (l *timeline) after(seq uint64) ([]event.Event, chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[seq:], l.wake
}

func (l *timeline) say(text string) {
	_, _ = l.Record(context.Background(), event.Draft{Data: show.OperatorActed{What: text}})
}

// facts are the data of one type, in order.
func facts[T event.Data](l *timeline) []T {
	all, _ := l.after(0)
	var out []T
	for _, e := range all {
		if d, ok := e.Data.(T); ok {
			out = append(out, d)
		}
	}
	return out
}

type reader struct {
	l     *timeline
	at    uint64
	kinds []event.Kind
}

func (r *reader) Close() {}

func (r *reader) NextBatch(ctx context.Context, buf []event.Event) ([]event.Event, error) {
	buf = buf[:0]
	for {
		events, wake := r.l.after(r.at)
		for _, e := range events {
			if len(buf) == cap(buf) {
				break
			}
			r.at = e.Seq
			if slices.Contains(r.kinds, e.Kind()) {
				buf = append(buf, e)
			}
		}
		if len(buf) > 0 {
			return buf, nil
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// fake is a guest that answers each operator.acted as it is told.
type fake struct {
	name    string
	heard   []string
	answers []event.Data // events for it alone
	out     []plugin.Reaction
	dead    bool
	mended  bool // bears what it did not
	quirk   bool // differs from others where it is told to
	sum     string
	close   int
	acts    map[string][]plugin.Reaction // what it asks for when it is told a word
	spec    plugin.Spec
	slow    time.Duration // that it takes to restore
	full    uint64        // values that had no place in its store
	shut    uint64        // times that it found its store closed
	dropped uint64        // commands too many
}

func say(seq uint64, text, mood string) plugin.Reaction {
	return plugin.Reaction{Event: seq, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: text, Name: mood}}
}

// peculiar is where guests differ; nil is a trap.
func (f *fake) peculiar(seq uint64, what string) *[]plugin.Reaction {
	one := []plugin.Reaction{say(seq, f.name+" heard "+what, "")}
	switch {
	case what == "speak" && !f.quirk, what == "hush" && f.quirk:
		one = nil
	case what == "line" && f.quirk:
		one[0].Cue.Text = "quirk"
	case what == "mood" && f.quirk:
		one[0].Cue.Name = "sly"
	case what == "trap-2" && f.quirk:
		return nil
	}
	return &one
}

func (f *fake) HandleBatch(_ context.Context, events []event.Event) ([]plugin.Reaction, error) {
	if f.dead {
		return nil, plugin.ErrDead
	}
	f.out = f.out[:0]
	for _, e := range events {
		switch what := told(e); what {
		case "":
		case "trap":
			if f.mended {
				f.out = append(f.out, say(e.Seq, f.name+" heard trap", ""))
				continue
			}
			return nil, &plugin.TrapError{Reason: "unreachable"}
		case "die":
			f.dead = true
			return nil, errors.Join(&plugin.TrapError{Reason: "unreachable"}, plugin.ErrDead)
		case "overfill":
			f.full += 2
		case "overfill-much":
			f.full += 10_000
		case "too-much":
			f.dropped++
		case "shut":
			f.shut += 3
		case "shut-trap":
			f.shut++
			return nil, &plugin.TrapError{Reason: "unreachable"}
		case "chatter":
			for range 64 {
				f.out = append(f.out, plugin.Reaction{Event: e.Seq, Power: "log", Log: strings.Repeat("鳥", 1000)})
			}
		case "trap-2", "line", "mood", "hush", "speak":
			r := f.peculiar(e.Seq, what)
			if r == nil {
				return nil, &plugin.TrapError{Reason: "unreachable"}
			}
			f.out = append(f.out, *r...)
		case "reply":
			f.out = append(f.out, plugin.Reaction{Event: e.Seq, Power: "reply", Cue: cue.Cue{Verb: cue.Reply, Name: "1"}})
		default:
			if acts, ok := f.acts[what]; ok {
				for _, r := range acts {
					r.Event = e.Seq
					f.out = append(f.out, r)
				}
				continue
			}
			var about uint64 // when it is told "about 4"
			_, _ = fmt.Sscanf(what, "about %d", &about)
			f.out = append(f.out, plugin.Reaction{Event: e.Seq, About: about, Power: "say", Cue: cue.Cue{Verb: cue.Say, Text: f.name + " heard " + what, Priority: cue.Urgent}})
		}
	}
	for _, e := range events {
		if what := told(e); what != "" {
			f.heard = append(f.heard, what)
		} else {
			f.answers = append(f.answers, e.Data)
		}
	}
	return f.out, nil
}

// told is what the operator said, "" when it was somebody else.
func told(e event.Event) string {
	d, _ := e.Data.(show.OperatorActed)
	return d.What
}

func (f *fake) Save(context.Context) ([]byte, error) {
	if f.dead {
		return nil, plugin.ErrDead
	}
	return []byte(strings.Join(f.heard, ",")), nil
}

func (f *fake) Restore(_ context.Context, state []byte) error {
	closed := f.close
	if time.Sleep(f.slow); f.close != closed {
		panic("closed while it is in use")
	}
	if strings.Contains(string(state), "poison") {
		return fmt.Errorf("%w: poison", plugin.ErrState)
	}
	f.heard = strings.Split(string(state), ",")
	return nil
}

func (f *fake) Migrate(ctx context.Context, _ int, state []byte) error { return f.Restore(ctx, state) }

func (f *fake) Clone(context.Context) (plugin.Guest, error) {
	return &fake{name: f.name, heard: slices.Clone(f.heard)}, nil
}

func (f *fake) Stats() plugin.Stats {
	st := plugin.Stats{SHA256: cmp.Or(f.sum, "abc"), Memory: 1 << 16}
	st.Passed[plugin.LimitStore], st.Shut, st.Dropped = f.full, f.shut, f.dropped
	return st
}
func (f *fake) Close(context.Context) error { f.close++; return nil }

// fakes is a runtime; it keeps what it made.
type fakes struct {
	mu   sync.Mutex
	made []*fake
	fail error
	sum  string // of what it makes
	acts map[string][]plugin.Reaction
	slow time.Duration // that they take to restore
	load time.Duration // that it takes to make one
}

func (r *fakes) Load(_ context.Context, spec plugin.Spec) (plugin.Guest, error) {
	time.Sleep(r.load)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return nil, r.fail
	}
	f := &fake{name: spec.Manifest.ID, sum: r.sum, acts: r.acts, spec: spec, slow: r.slow}
	r.made = append(r.made, f)
	return f, nil
}

func described(id, extra string) fs.FS {
	return fstest.MapFS{"plugin.yaml": {Data: []byte(manifestText(id, extra))}}
}

func manifestText(id, extra string) string {
	return `id: ` + id + `
version: 1.0.0
kind: overlay
api: "1"
runtime: {wasm: p.wasm}
capabilities: [{name: say, why: to be heard}]
subscribes: [operator.acted]
` + extra
}

// stage is one host with everything around it.
type stage struct {
	began   chan struct{} // closed when Run knows where it begins
	l       *timeline
	rt      *fakes
	h       *plugin.Host
	mu      sync.Mutex
	offered []string
	change  func(*plugin.Config)
}

func newStage() *stage {
	return &stage{began: make(chan struct{}), l: newTimeline(), rt: &fakes{}, change: func(*plugin.Config) {}}
}

// configure changes the configuration of the host.
func (s *stage) configure(change func(*plugin.Config)) { s.change = change }

// build makes the host.
func (s *stage) build() {
	var once sync.Once
	last := func() uint64 {
		defer once.Do(func() { close(s.began) })
		return s.l.Last()
	}
	cfg := plugin.Config{Runtime: s.rt, Facts: s.l, Last: last, Metrics: prometheus.NewRegistry(),
		Subscribe: func(after uint64, kinds ...event.Kind) plugin.Source { return &reader{s.l, after, kinds} }, Offer: s.offer}
	s.change(&cfg)
	s.h = plugin.New(cfg)
}

func (s *stage) offer(_ context.Context, cause event.Event, cues []cue.Cue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range cues {
		s.offered = append(s.offered, fmt.Sprintf("%d %s %s", cause.Seq, c.From, c.Text))
	}
}

// play runs f beside the running host, under fake time.
func (s *stage) play(t *testing.T, f func(ctx context.Context)) {
	synctest.Test(t, func(t *testing.T) {
		s.l.wake, s.began = make(chan struct{}), make(chan struct{}) // of this bubble
		s.build()
		ctx, stop := context.WithCancel(context.Background())
		done := make(chan error)
		go func() { done <- s.h.Run(ctx) }()
		synctest.Wait()
		f(ctx)
		synctest.Wait()
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		time.Sleep(time.Minute) // for who was in the middle of something
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestEventsBecomeOffers(t *testing.T) {
	s := newStage()
	s.l.say("before") // happened before the show: not played
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "overlay", described("a", "")))
		_, _ = s.l.Record(ctx, event.Draft{Data: post.Received{}}) // not subscribed
		s.l.say("one")
		s.l.say("two")
	})
	if want := []string{"4 a a heard one", "5 a a heard two"}; !slices.Equal(s.offered, want) {
		t.Errorf("offered %q, want %q", s.offered, want)
	}
	if l := facts[show.PluginLoaded](s.l); len(l) != 1 || l[0].Slot != "overlay" || l[0].Plugin != "a" || l[0].Version != "1.0.0" || l[0].SHA256 != "abc" {
		t.Errorf("loaded %+v", l)
	}
	if s.rt.made[0].close != 1 {
		t.Error("the guest was not closed with the host")
	}
}

// TestALineThatWaited: what a guest says about an earlier event is offered as caused by it, as far as the slot remembers.
// TestWhatComesAsItIsLoaded: the first plugin of a slot does not hear what was over before it came, and hears all that
// comes from then on, also before anybody listens for it.
func TestWhatComesAsItIsLoaded(t *testing.T) {
	s := newStage()
	s.configure(func(c *plugin.Config) {
		subscribe := c.Subscribe
		c.Since = func() uint64 { return 0 }
		c.Subscribe = func(after uint64, kinds ...event.Kind) plugin.Source {
			s.l.sayNow("just now")
			return subscribe(after, kinds...)
		}
	})
	s.play(t, func(ctx context.Context) {
		s.l.say("long ago")
		synctest.Wait()
		must[plugin.Info](t)(s.h.Load(ctx, "", of("a", "1.0.0", "")))
	})
	if heard := s.rt.made[0].heard; !slices.Equal(heard, []string{"just now"}) {
		t.Errorf("heard %q", heard)
	}
}

func TestALineThatWaited(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "overlay", described("a", ""))) // 1
		synctest.Wait()
		s.l.say("trap") // 2; the trap is 3, the quarantine 4
		synctest.Wait()
		s.l.say("one")                                             // 5
		_, _ = s.l.Record(ctx, event.Draft{Data: post.Received{}}) // 6: not subscribed
		s.l.say("two")                                             // 7
		for _, about := range []int{5, 7, 6, 2, 11, 13, 1 << 40} { // 8 to 14; 6 and 2 it has not heard, 13 is itself, the last is to come
			s.l.say(fmt.Sprint("about ", about))
		}
		synctest.Wait()
		must[plugin.SwapResult](t)(s.h.Swap(ctx, described("b", ""), "operator", 0)) // 15 and 16
		s.l.say("about 5")                                                           // 17: its predecessor heard it
		for range 510 {
			s.l.say("x") // 18 to 527
		}
		s.l.say("about 5")  // 528: too long ago
		s.l.say("about 18") // 529: among the last 512
	})
	want := []string{"5 a a heard one", "7 a a heard two", "5 a a heard about 5", "7 a a heard about 7", "10 a a heard about 6", "11 a a heard about 2",
		"11 a a heard about 11", "13 a a heard about 13", "14 a a heard about 1099511627776", "5 b b heard about 5"}
	if got := s.offered[:len(want)]; !slices.Equal(got, want) {
		t.Errorf("offered\n%q, want\n%q", got, want)
	}
	if got, want := s.offered[len(s.offered)-2:], []string{"528 b b heard about 5", "18 b b heard about 18"}; !slices.Equal(got, want) {
		t.Errorf("offered %q, want %q", got, want)
	}
}

func TestWhatIsNotAllowedIsDroppedAndToldOnce(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", "")))
		for range 3 {
			s.l.say("reply")
		}
		s.l.say("fine")
		synctest.Wait()
		if p := s.h.Plugins()[0]; p.Denied != 3 || p.Commands != 4 || p.Events != 5 {
			t.Errorf("info %+v", p)
		}
	})
	if len(s.offered) != 1 {
		t.Errorf("offered %q", s.offered)
	}
	if d := facts[show.PowerDenied](s.l); len(d) != 1 || d[0].Plugin != "a" || !strings.Contains(d[0].Reason, "a has no capability reply") {
		t.Errorf("denied %+v", d)
	}
}

// TestChatterIsBounded: what a guest writes to the log is cut and counted.
func TestChatterIsBounded(t *testing.T) {
	s := newStage()
	var log strings.Builder
	s.configure(func(c *plugin.Config) { c.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	s.play(t, func(ctx context.Context) {
		chatty := strings.Replace(manifestText("a", ""), "why: to be heard}", "why: to be heard}, {name: log, why: to chatter}", 1)
		must[plugin.Info](t)(s.h.Load(ctx, "", fstest.MapFS{"plugin.yaml": {Data: []byte(chatty)}}))
		s.l.say("chatter")
		synctest.Wait()
		time.Sleep(2 * time.Second)
		s.l.say("chatter")
	})
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 41 || !strings.Contains(log.String(), "dropped=44") {
		t.Errorf("%d lines; want twice 20 and one that says what was dropped", len(lines))
	}
	for _, l := range lines {
		if len(l) > 1300 {
			t.Errorf("a line of %d bytes", len(l))
		}
	}
}

func TestATrapCostsOneEvent(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", "")))
		synctest.Wait()
		drafts := []event.Draft{}
		for _, what := range []string{"one", "trap", "two", "trap", "three"} { // one batch
			drafts = append(drafts, event.Draft{Data: show.OperatorActed{What: what}})
		}
		_, _ = s.l.Record(ctx, drafts...)
	})
	if want := []string{"2 a a heard one", "4 a a heard two", "6 a a heard three"}; !slices.Equal(s.offered, want) {
		t.Errorf("offered %q, want %q", s.offered, want)
	}
	traps := facts[show.PluginTrapped](s.l)
	if len(traps) != 2 || traps[0] != (show.PluginTrapped{Slot: "overlay", Plugin: "a", Event: 3, Reason: "unreachable", Traps: 1}) || traps[1].Traps != 2 {
		t.Errorf("traps %+v", traps)
	}
}

func TestADeadGuestIsStartedAnew(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", "")))
		synctest.Wait()
		s.l.say("die")
		s.l.say("after")
		synctest.Wait()
		s.rt.fail = errors.New("no memory")
		s.l.say("die")
		s.l.say("unheard")
		synctest.Wait()
		if p := s.h.Plugins(); len(p) != 0 {
			t.Errorf("slot holds %+v", p)
		}
		s.rt.fail = nil
		must[plugin.SwapResult](t)(s.h.Swap(ctx, described("b", ""), "operator", 0))
		s.l.say("again")
	})
	if len(s.offered) != 2 || !strings.HasSuffix(s.offered[0], "a heard after") || !strings.HasSuffix(s.offered[1], "b heard again") {
		t.Errorf("offered %q", s.offered)
	}
	if r := facts[show.PluginRefused](s.l); len(r) != 1 || !strings.Contains(r[0].Reason, "start it anew: no memory") {
		t.Errorf("refused %+v", r)
	}
	traps, l := facts[show.PluginTrapped](s.l), facts[show.PluginLoaded](s.l)
	if len(l) != 4 || l[2].Plugin != "a" || l[2].After != traps[0].Event || l[2].State != "" { // it had to be started anew for the batch already
		t.Errorf("loaded %+v, want a anew behind event %d", l, traps[0].Event)
	}
}

func TestSwapHandsStateOver(t *testing.T) {
	s := newStage()
	state := "state: {id: x, version: 1}\n"
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", state)))
		synctest.Wait()
		s.l.say("one")
		synctest.Wait()
		res := must[plugin.SwapResult](t)(s.h.Swap(ctx, described("b", state), "operator", 0))
		if res.From.ID != "a" || res.To.ID != "b" || res.StateBytes != 3 {
			t.Errorf("swap %+v", res)
		}
		s.l.say("two")
		synctest.Wait()
		if got := s.rt.made[1].heard; !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("successor knows %q", got)
		}
		other := must[plugin.SwapResult](t)(s.h.Swap(ctx, described("c", "state: {id: x, version: 2}\n"), "operator", 0))
		if other.StateBytes != 0 {
			t.Errorf("state of another version went over: %+v", other)
		}
	})
	if s.rt.made[0].close != 1 || s.rt.made[1].close != 1 {
		t.Error("a replaced guest was not closed")
	}
	swaps := facts[show.PluginSwapped](s.l)
	if len(swaps) != 2 || swaps[0].From != "a" || swaps[0].To != "b" || swaps[0].Why != "operator" {
		t.Errorf("swaps %+v", swaps)
	}
}

// What an operator's act led to is followed by numbers: act, plugin.loaded, plugin.swapped, or act, plugin.refused.
func TestASwapNamesItsCause(t *testing.T) {
	s := newStage()
	var act uint64
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", "")))
		s.l.say("swaps")
		act = s.l.Last()
		must[plugin.SwapResult](t)(s.h.Swap(ctx, described("b", ""), "operator", act))
		if _, err := s.h.Swap(ctx, described("B", ""), "operator", act); err == nil {
			t.Error("a broken description was taken")
		}
	})
	var got []string
	all, _ := s.l.after(act)
	for _, e := range all {
		got = append(got, fmt.Sprintf("%d %s by %d", e.Seq-act, e.Kind(), e.Cause-act))
	}
	if want := []string{"1 plugin.loaded by 0", "2 plugin.swapped by 1", "3 plugin.refused by 0"}; !slices.Equal(got, want) {
		t.Errorf("after the act: %q, want %q", got, want)
	}
}

func TestAFailedSwapKeepsTheOldOne(t *testing.T) {
	s := newStage()
	state := "state: {id: x, version: 1}\n"
	s.play(t, func(ctx context.Context) {
		must[plugin.Info](t)(s.h.Load(ctx, "", described("a", state)))
		synctest.Wait()
		s.l.say("poison")
		synctest.Wait()
		if _, err := s.h.Swap(ctx, described("b", state), "operator", 0); !errors.Is(err, plugin.ErrState) {
			t.Errorf("error %v; want ErrState", err)
		}
		if _, err := s.h.Swap(ctx, described("B", ""), "operator", 0); !errors.Is(err, plugin.ErrManifest) {
			t.Errorf("error %v; want ErrManifest", err)
		}
		s.rt.fail = fmt.Errorf("%w: broken", plugin.ErrModule)
		if _, err := s.h.Swap(ctx, described("c", ""), "operator", 0); !errors.Is(err, plugin.ErrModule) {
			t.Errorf("error %v; want ErrModule", err)
		}
		s.l.say("two")
	})
	if last := s.offered[len(s.offered)-1]; !strings.HasSuffix(last, "a a heard two") {
		t.Errorf("offered %q", s.offered)
	}
	if s.rt.made[1].close != 1 {
		t.Error("the refused guest was not closed")
	}
	if r := facts[show.PluginRefused](s.l); len(r) != 3 {
		t.Errorf("refused %+v", r)
	}
}

func TestSlots(t *testing.T) {
	s := newStage()
	s.play(t, func(ctx context.Context) {
		if _, err := s.h.Load(ctx, "personality", described("a", "")); !errors.Is(err, plugin.ErrSlot) {
			t.Errorf("error %v; want ErrSlot", err)
		}
		must[plugin.Info](t)(s.h.Load(ctx, "overlay", described("a", "")))
		if _, err := s.h.Load(ctx, "overlay", described("b", "")); !errors.Is(err, plugin.ErrTaken) {
			t.Errorf("error %v; want ErrTaken", err)
		}
	})
}

// TestSwapsUnderLoad: whoever is in the slot, each event is heard once and in order.
func TestSwapsUnderLoad(t *testing.T) {
	s := newStage()
	s.build()
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.h.Run(ctx) }()
	<-s.began
	must[plugin.Info](t)(s.h.Load(ctx, "", described("p0", "")))
	const events = 2000
	var writer sync.WaitGroup
	writer.Go(func() {
		for i := range events {
			s.l.say(fmt.Sprint(i))
		}
	})
	for i := range 50 {
		must[plugin.SwapResult](t)(s.h.Swap(ctx, described(fmt.Sprintf("p%d", i+1), ""), "test", 0))
	}
	writer.Wait()
	for len(heardByAll(s)) < events {
		time.Sleep(time.Millisecond)
	}
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i, what := range heardByAll(s) {
		if what != fmt.Sprint(i) {
			t.Fatalf("heard %s, want %d", what, i)
		}
	}
}

func heardByAll(s *stage) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]string, len(s.offered))
	for i, o := range s.offered {
		out[i] = o[strings.LastIndex(o, " ")+1:]
	}
	return out
}
