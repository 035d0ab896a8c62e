package host

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/show"
)

// counting is a guest whose state is how many events it heard, or that it was given.
type counting struct {
	plugin.Guest
	heard int
	given []string
}

func (c *counting) HandleBatch(_ context.Context, events []Event) ([]plugin.Reaction, error) {
	c.heard += len(events)
	return nil, nil
}
func (c *counting) Save(context.Context) ([]byte, error) { return fmt.Append(nil, c.heard), nil }
func (c *counting) Restore(_ context.Context, state []byte) error {
	c.given = append(c.given, string(state))
	return nil
}

func (c *counting) Migrate(_ context.Context, version int, state []byte) error {
	c.given = append(c.given, fmt.Sprintf("%s of version %d", state, version))
	return nil
}

// TestResyncWithOtherEars: the show's plugin comes to the state that it had, whatever the one that is played subscribes to,
// and hands it over in its version.
func TestResyncWithOtherEars(t *testing.T) {
	m := replay.NewMaker("test", wasm.AppendEvent)
	for i, d := range []event.Data{show.PluginLoaded{Slot: "overlay", Plugin: "live", After: 1}, show.SceneShown{Scene: "a"}, show.OperatorActed{What: "x"},
		show.Ticked{SecondsLeft: 1}, show.SceneShown{Scene: "b"}} {
		m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1), Data: d})
	}
	rec := m.Recording()
	old, next := &counting{}, &counting{}
	f := &follower{guest: old, manifest: &plugin.Manifest{State: &plugin.StateSpec{ID: "n", Version: 1}, Subscribes: []event.Kind{show.KindSceneShown, show.KindOperatorActed}}}
	to := &plugin.Manifest{State: &plugin.StateSpec{ID: "n", Version: 2, Migrate: []int{1}}, Subscribes: []event.Kind{show.KindTicked, show.KindSceneShown}}
	_, _, err := rec.Play(t.Context(), rec.Takes[0], next, to, f.options(replay.Options{}))
	if want := []string{"0 of version 1", "2 of version 1", "2 of version 1"}; err != nil || !slices.Equal(next.given, want) { // before the first scene, the tick and the second scene
		t.Errorf("it was given %q, want %q; %v", next.given, want, err)
	}
}

// specs is a runtime that notes what it is to load.
type specs []plugin.Spec

func (s *specs) Load(_ context.Context, spec plugin.Spec) (plugin.Guest, error) {
	*s = append(*s, spec)
	return shutting{}, nil
}

type shutting struct{ plugin.Guest }

func (shutting) Close(context.Context) error { return nil }

// TestReplayWithTheConfigurationOfThatNight: what runs is the same, but its plugin.yaml was changed since.
func TestReplayWithTheConfigurationOfThatNight(t *testing.T) {
	m := &plugin.Manifest{ID: "ann", Config: map[string]any{"greeting": "ho"}, Limits: plugin.Limits{Fuel: 20, Commands: 3}}
	limits := &show.PluginLimits{Fuel: 20, Commands: 3}
	for _, c := range []struct {
		take replay.Take
		want string // "" for as it is
		fuel int64
	}{
		{replay.Take{}, "", 0}, // of a recording that does not tell
		{replay.Take{Config: []byte(`{"greeting":"ho"}`), Limits: limits}, "", 0},
		{replay.Take{Config: []byte(`{"greeting":"hi","n":12345678901234567890}`), Limits: limits}, `{"greeting":"hi","n":12345678901234567890}`, 20},
		{replay.Take{Limits: limits}, "nothing", 20},
		{replay.Take{Config: []byte(`{"greeting":"ho"}`), Limits: limits, Subscribes: []event.Kind{show.KindTicked}}, `{"greeting":"ho"}`, 20},
		{replay.Take{Config: []byte(`{"greeting":"ho"}`), Limits: &show.PluginLimits{Fuel: 10, Commands: 3}}, `{"greeting":"ho"}`, 10},
	} {
		var rt specs
		p, err := (&loader{runtime: &rt}).asOnAir(t.Context(), shelved{manifest: m, guest: shutting{}}, c.take)
		if err != nil || len(rt) != 0 != (c.want != "") {
			t.Errorf("%s: loaded %d times, %v", c.take.Config, len(rt), err)
			continue
		}
		if c.want == "" {
			continue
		}
		got, err := rt[0].Settings()
		if err != nil || string(got) != c.want && (c.want != "nothing" || len(got) > 0) || p.manifest.Limits.Fuel != c.fuel || rt[0].Manifest != p.manifest {
			t.Errorf("%s: %s, %+v, %v", c.take.Config, got, p.manifest.Limits, err)
		}
	}
}

// TestResyncFromAState: the show's plugin begins with what it had taken over, so that who has its state does the same.
func TestResyncFromAState(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir := filepath.Join(data, "plugins", "parrot")
	put(t, filepath.Join(dir, "plugin.yaml"), strings.NewReplacer("name: text", "name: say", "[post.received, operator.acted]", "[bid.accepted]").Replace(parrotManifest))
	put(t, filepath.Join(dir, "plugin.wasm"), string(read(t, parrotModule)))
	loaded := show.PluginLoaded{Slot: slotOverlay, Plugin: "parrot", Version: "1.0.0", SHA256: sumOf(read(t, parrotModule)), After: 1, Grants: []show.PluginGrant{{Name: "say"}}}
	heir := loaded
	heir.Version, heir.After, heir.State = "1.0.1", 4, sumOf([]byte{2, 0, 0, 0, 0, 0, 0, 0})
	bid := auction.BidAccepted{Handle: "ann"}
	m := replay.NewMaker("test", wasm.AppendEvent)
	for i, d := range []event.Data{show.Started{}, loaded, bid, bid, heir, bid, bid} {
		m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1), Data: d})
	}
	for i := range uint64(2) {
		said := cue.Cue{Verb: cue.Say, From: "parrot", Text: fmt.Sprintf("@ann bids 0, number %d", 3+i), Name: "excited", Priority: cue.Bid}
		m.Add(event.Event{Seq: 8 + i, Cause: 6 + i, At: time.UnixMilli(1), Data: cue.Raised{Cue: said}})
	}
	got, err := Replay{Recording: m.Recording(), DataDir: data, Take: "parrot@1.0.1", Resync: true, Assets: plainAssets(t)}.Run(t.Context())
	if err != nil || got.Events != 2 || got.Verdicts[replay.Same] != 2 || len(got.Doubts) != 0 {
		t.Errorf("%+v, %v", got, err)
	}

	// what was on air is another one than what has its name now
	m.Recording().Takes[1].SHA256 = strings.Repeat("0", 64)
	got, err = Replay{Recording: m.Recording(), DataDir: data, Take: "parrot@1.0.1", Resync: true, Assets: plainAssets(t)}.Run(t.Context())
	if err != nil || got.SamePlugin || len(got.Doubts) != 1 || !strings.Contains(got.Doubts[0], "parrot 1.0.1, as it was on air, is not here any more; the memory is that of parrot 1.0.0") {
		t.Errorf("%+v, %v", got.Doubts, err)
	}

	// with limits of its own it is another one, unless it is to be what was there
	m.Recording().Takes[0].Limits = &show.PluginLimits{Fuel: 1_000_000, MemoryMiB: 8, Commands: 8, StateBytes: 100, OutputBytes: 4096, LogLines: 1, Tables: 1024, HostCalls: 9}
	for with, same := range map[string]bool{"": true, dir: false} {
		got, err := Replay{Recording: m.Recording(), DataDir: data, Take: "parrot@1.0.0", With: with, Assets: plainAssets(t)}.Run(t.Context())
		if err != nil || got.SamePlugin != same {
			t.Errorf("with %q: the same %v, %v", with, got.SamePlugin, err)
		}
	}
}

// TestReplayOfAShutStore: a plugin that asks a store which is closed to it is told so on air; a replay tells it the same,
// closes the store to it as well, and finds nothing that differs.
func TestReplayOfAShutStore(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	dir := parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	s := live(t, data)
	if _, err := s.Revoke(t.Context(), "parrot", "store"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Swap(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	seq := s.tell("recall a") // twice: for the value, and why there is none
	s.says(seq, "recall a: -2")
	denied, d := await(s, seq, "denial", func(_ event.Event, d show.PowerDenied) bool { return d.Plugin == "parrot" })
	if d.Power != "store" || !strings.HasPrefix(d.Reason, "store is not granted to parrot;") || denied.Cause != seq {
		t.Errorf("denied %+v, by %d, want %d", d, denied.Cause, seq)
	}
	await(s, denied.Seq, "what it made of that", func(e event.Event, c cue.Raised) bool {
		return e.Cause == denied.Seq && c.Cue.Verb == cue.Text && strings.Contains(c.Cue.Text, "store is not granted")
	})
	if p, err := s.Plugin(t.Context(), "parrot", ""); err != nil || p.Denied == 0 {
		t.Errorf("plugin %+v, %v", p, err)
	}
	s.stop()

	rec := recordingOf(t, data)
	for _, with := range []string{"", dir} {
		got, err := Replay{Recording: rec, DataDir: data, Take: "parrot", With: with, Assets: plainAssets(t)}.Run(t.Context())
		if err != nil || !got.SamePlugin || got.Differences() != 0 || got.Verdicts[replay.Same] == 0 || len(got.Doubts) != 0 {
			t.Errorf("with %q: %+v, %v", with, got, err)
		}
	}
	take, err := rec.Find("parrot")
	if err != nil {
		t.Fatal(err)
	}
	recalls(t, data, rec, take, "recall a: -2")
	take.Powers = append(take.Powers, show.PluginGrant{Name: "store"})
	recalls(t, data, rec, take, "recall a: -1")
}

// TestReplayOfANightThatWentWrong: a plugin is stopped and comes back, another one gives way to it, and an event is tried
// again; who comes back knows what came by meanwhile, and all of them do the same again in a replay.
func TestReplayOfANightThatWentWrong(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	plain(t, data, "usurper")
	s := live(t, data)
	heard := func(n int) {
		t.Helper()
		seq := s.tell("hello")
		want := fmt.Sprint(n)
		_, d := await(s, seq, "count", func(e event.Event, d cue.Raised) bool {
			return e.Cause == seq && d.Cue.Name == "heard" && (d.Cue.From == "overlay" || d.Cue.From == "usurper")
		})
		if d.Cue.Text != want {
			t.Errorf("event %d is number %s, want %s", seq, d.Cue.Text, want)
		}
	}
	fails := func(times int) {
		for range times {
			s.tell("trap")
		}
	}
	heard(1)
	heard(2)
	fails(1)
	heard(3)
	since := s.bus.Last()
	fails(3)
	stop, _ := await(s, since, "stop", func(_ event.Event, d show.PluginStopped) bool { return d.Slot == slotOverlay })
	fails(1) // nobody is there
	s.tell("is anybody there?")
	await(s, stop.Seq, "restart", func(_ event.Event, d show.PluginLoaded) bool { return d.Slot == slotOverlay })
	heard(5)
	if _, err := s.Swap(t.Context(), "usurper"); err != nil {
		t.Fatal(err)
	}
	heard(7) // the swap is what an operator did, too
	fails(1)
	heard(8)
	since = s.bus.Last()
	fails(3)
	await(s, since, "roll-back", func(event.Event, show.PluginRolledBack) bool { return true })
	heard(9)
	list, err := wardrobe{s.Host}.Quarantine(t.Context(), slotOverlay)
	if err != nil || len(list) != 8 {
		t.Fatalf("quarantine %+v, %v", list, err)
	}
	if got, err := (wardrobe{s.Host}).Retry(t.Context(), slotOverlay, list[0].Seq, "test", 0); err != nil || got.OK {
		t.Errorf("retried %+v, %v", got, err)
	}
	heard(10)
	s.stop()
	replaysToTheBit(t, data)
}

// TestReplayOfAComebackAfterARetry: who comes back takes over what was before the first trap, without what a person tried
// again since.
func TestReplayOfAComebackAfterARetry(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	plain(t, data, "usurper")
	s := live(t, data)
	swap := func(name string) {
		t.Helper()
		if _, err := s.Swap(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	trapped := func(what string) {
		t.Helper()
		seq := s.tell(what)
		await(s, seq, "trap", func(_ event.Event, d show.PluginTrapped) bool { return d.Slot == slotOverlay && d.Event == seq })
	}
	swap("parrot")
	trapped("fail a 1") // which the others bear
	swap("overlay")
	swap("usurper")
	trapped("trap")
	list, err := wardrobe{s.Host}.Quarantine(t.Context(), slotOverlay)
	if err != nil || len(list) != 2 {
		t.Fatalf("quarantine %+v, %v", list, err)
	}
	if got, err := (wardrobe{s.Host}).Retry(t.Context(), slotOverlay, list[1].Seq, "test", 0); err != nil || !got.OK {
		t.Fatalf("retried %+v, %v", got, err)
	}
	since := s.bus.Last()
	for range 3 {
		s.tell("trap")
	}
	await(s, since, "roll-back", func(_ event.Event, d show.PluginRolledBack) bool { return d.To == "overlay" })
	seq := s.tell("hello")
	await(s, seq, "count", func(e event.Event, d cue.Raised) bool { return e.Cause == seq && d.Cue.From == "overlay" })
	s.stop()
	replaysToTheBit(t, data)
}

// recordingOf is all of the shows on a data directory.
func recordingOf(t *testing.T, data string) *replay.Recording {
	t.Helper()
	ledger, err := OpenLedger(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer ledger.Close()
	rec, err := ledger.Record(t.Context(), "test", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return rec
}

// loaderOf loads the plugins of a recording until the test ends.
func loaderOf(t *testing.T, data string, rec *replay.Recording) *loader {
	t.Helper()
	cfg, err := Config{DataDir: data, Assets: plainAssets(t), Logger: slog.New(slog.DiscardHandler)}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	rt, err := openRuntime(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rt.Close(context.WithoutCancel(t.Context())) })
	return &loader{runtime: rt, plugins: catalogueOf(cfg.Assets, data), stores: rec.Stores}
}

// replaysToTheBit plays each take of a show to the plugin that was there, which must do the same again.
func replaysToTheBit(t *testing.T, data string) *replay.Recording {
	t.Helper()
	rec := recordingOf(t, data)
	l := loaderOf(t, data, rec)
	for _, take := range rec.Takes {
		p, err := l.loadTake(t.Context(), take)
		if err != nil {
			t.Fatal(err)
		}
		doubts, err := l.succeed(t.Context(), rec, take, p)
		if err != nil {
			t.Fatal(err)
		}
		moments, events, err := rec.Play(t.Context(), take, p.guest, p.manifest, replay.Options{AsOnAir: true})
		if got := replay.Summarise(moments); err != nil || got.Differences() != 0 || len(doubts) > 0 || p.guest.Stats().SHA256 != take.SHA256 {
			t.Errorf("%+v: of %d events %s differ: %+v; doubts %q; %v", take, events, got.Counts(), got.Groups, doubts, err)
		}
		_ = p.guest.Close(t.Context())
	}
	return rec
}

// recalls says what the plugin of a take finds in its store.
func recalls(t *testing.T, data string, rec *replay.Recording, take replay.Take, want string) {
	t.Helper()
	p, err := loaderOf(t, data, rec).loadTake(t.Context(), take)
	if err != nil {
		t.Fatal(err)
	}
	defer p.guest.Close(context.WithoutCancel(t.Context()))
	got, err := p.guest.HandleBatch(t.Context(), []event.Event{{Seq: 1, Data: show.OperatorActed{Who: "test", What: "recall a"}}})
	if err != nil || len(got) != 1 || got[0].Log != want {
		t.Errorf("%+v, %v; want %q", got, err, want)
	}
}
