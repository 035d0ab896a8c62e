package host

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/show"
)

// TestSteering goes through what an operator may do to a slot of a show, and what a slot does by itself; then the show is
// stopped, and knows all of it when it is back.
func TestSteering(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := live(t, data)
	dir := parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	t.Run("what cannot be is told", s.refuses)
	t.Run("a shadow hears and has no say", s.shadows)
	t.Run("promote now", s.promotes)
	t.Run("powers are granted and revoked", s.decides)
	t.Run("a later version asks for more", s.asksForMore)
	t.Run("roll back by hand", s.rollsBack)
	t.Run("promote when quiet", s.promotesWhenQuiet)
	t.Run("a plugin that fails too often gives way", s.givesWay)
	t.Run("quarantine", s.retries)
	if _, err := s.Swap(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	change(t, filepath.Join(dir, "plugin.yaml"), "1.0.0", "1.0.1")
	s.stop()
	s = live(t, data)
	t.Run("after a restart", s.remembers)
	s.stop()
	t.Run("to the bit", func(t *testing.T) { replaysToTheBit(t, data) })
}

// whoIs gives the id and version of who is there.
func whoIs(i *plugin.Info) string {
	if i == nil {
		return "nobody"
	}
	return i.ID + " " + i.Version
}

func (s *liveShow) shadows(t *testing.T) {
	since := s.bus.Last()
	got, err := s.Remote.Shadow(t.Context(), "parrot")
	if err != nil || got.OnAir == nil || got.OnAir.ID != "overlay" || got.Shadow == nil || got.Shadow.State != admin.PluginShadow || got.Shadow.ID != "parrot" {
		t.Fatalf("slot %+v, %v", got, err)
	}
	e, _ := await(s, since, "shadow", func(_ event.Event, d show.PluginShadowed) bool { return d.Plugin == "parrot" && d.Slot == slotOverlay })
	s.caused(t, e, "put parrot in shadow")
	seq := s.tell("recall a")
	s.says(seq, "recall a: -1") // it hears, and its log is marked
	if lines, err := s.PluginLogs(t.Context(), "parrot", 10); err != nil || len(lines) != 1 || !lines[0].Shadow {
		t.Errorf("logs %+v, %v", lines, err)
	}
	r, err := s.ShadowReport(t.Context(), slotOverlay)
	if err != nil || r.OnAir.Plugin != "overlay" || r.Shadow.Plugin != "parrot" || r.Events == 0 || !slices.ContainsFunc(r.Rows, func(row admin.ShadowRow) bool {
		return row.Seq == seq && len(row.OnAir.Others) == 1 && strings.HasPrefix(row.OnAir.Others[0], "text heard ") && len(row.Shadow.Others) == 0
	}) {
		t.Errorf("report %+v, %v", r, err)
	}
	if slot, err := s.ShadowedSlot(t.Context()); err != nil || slot != slotOverlay {
		t.Errorf("%q has a shadow, %v", slot, err)
	}
}

// caused says that a fact has the act of an operator as its cause.
func (s *liveShow) caused(t *testing.T, e event.Event, act string) {
	t.Helper()
	by, err := s.find(t.Context(), e.Cause)
	if d, ok := by.Data.(show.OperatorActed); err != nil || !ok || !strings.HasPrefix(d.What, act) {
		t.Errorf("%s %d is by %+v, %v; want the act %q", e.Kind(), e.Seq, by.Data, err, act)
	}
}

func (s *liveShow) promotes(t *testing.T) {
	since := s.bus.Last()
	got, err := s.Remote.Promote(t.Context(), slotOverlay, PromoteWhen{When: "now"})
	if err != nil || got.Waiting != nil || got.Swap == nil || got.Swap.From != "overlay" || got.Swap.To != "parrot" || got.Swap.ToVersion != "1.0.0" {
		t.Fatalf("promoted %+v, %v", got, err)
	}
	e, d := await(s, since, "promotion", func(event.Event, show.PluginPromoted) bool { return true })
	s.caused(t, e, "promoted the shadow of overlay")
	if d.Moment != "now" {
		t.Errorf("promoted %+v", d)
	}
	if i := s.overlay(); whoIs(i.OnAir) != "parrot 1.0.0" || i.Shadow != nil || !i.History[1].Good || i.History[1].Plugin != "overlay" {
		t.Errorf("slot %+v", i)
	}
	s.says(s.tell("recall a"), "recall a: -1")
	if _, err := s.ShadowedSlot(t.Context()); !errors.Is(err, ErrNotNow) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Remote.Promote(t.Context(), slotOverlay, PromoteWhen{}); !errors.Is(err, ErrNotNow) {
		t.Errorf("error %v", err)
	}
}

func (s *liveShow) rollsBack(t *testing.T) {
	since := s.bus.Last()
	got, err := s.Remote.RollBack(t.Context(), slotOverlay)
	if err != nil || got.From != "parrot" || got.To != "overlay" {
		t.Fatalf("rolled back %+v, %v", got, err)
	}
	e, d := await(s, since, "roll-back", func(event.Event, show.PluginRolledBack) bool { return true })
	s.caused(t, e, "rolled back overlay")
	if d.From != "parrot" || d.To != "overlay" || d.Event != 0 || !strings.HasPrefix(d.Why, "rolled back by ") {
		t.Errorf("rolled back %+v", d)
	}
	if i := s.overlay(); whoIs(i.OnAir) != "overlay 1.0.0" {
		t.Errorf("slot %+v", i)
	}
}

// promotesWhenQuiet: with the hammer near no moment is quiet; with the clock stopped each is.
func (s *liveShow) promotesWhenQuiet(t *testing.T) {
	await(s, 0, "lot on the block", func(event.Event, auction.LotOpened) bool { return true })
	if _, err := s.Remote.Shadow(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	quiet := PromoteWhen{When: "quiet", DeadlineSeconds: 600}
	got, err := s.Remote.Promote(t.Context(), slotOverlay, quiet)
	if err != nil || got.Swap != nil || got.Waiting == nil || got.Waiting.Plugin != "parrot" || got.Waiting.Deadline.Sub(got.Waiting.Asked).Seconds() != 600 {
		t.Fatalf("promoted %+v, %v", got, err)
	}
	w := wardrobe{s.Host}
	if slot, err := w.CancelPromotion(t.Context(), slotOverlay, "test", 0); err != nil || slot.Promotion != nil || slot.Shadow == nil {
		t.Errorf("slot %+v, %v", slot, err)
	}
	if _, err := w.CancelPromotion(t.Context(), slotOverlay, "test", 0); !errors.Is(err, admin.ErrRefused) {
		t.Errorf("error %v", err)
	}
	since := s.bus.Last()
	if _, err := s.Remote.Promote(t.Context(), slotOverlay, quiet); err != nil {
		t.Fatal(err)
	}
	if i := s.overlay(); whoIs(i.OnAir) != "overlay 1.0.0" || i.Promotion == nil {
		t.Errorf("slot %+v", i)
	}
	if err := (rostrum{s.auctions}).Pause(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	e, d := await(s, since, "promotion", func(event.Event, show.PluginPromoted) bool { return true })
	s.caused(t, e, "promoted the shadow of overlay for a quiet moment")
	if d.Moment != "quiet" || d.Plugin != "parrot" {
		t.Errorf("promoted %+v", d)
	}
	await(s, e.Seq, "swap", func(_ event.Event, d show.PluginSwapped) bool { return d.To == "parrot" })
	if i := s.overlay(); whoIs(i.OnAir) != "parrot 1.0.0" || i.Promotion != nil {
		t.Errorf("slot %+v", i)
	}
}

func (s *liveShow) givesWay(t *testing.T) {
	s.says(s.tell("keep a 1"), "keep a: 0")
	since := s.bus.Last()
	var last uint64
	for range 4 {
		last = s.tell("fail a 2")
	}
	_, d := await(s, since, "roll-back", func(event.Event, show.PluginRolledBack) bool { return true })
	if d.From != "parrot" || d.To != "overlay" || d.Event != last || !strings.HasPrefix(d.Why, "4 traps in 1m0s, the last: told to fail") {
		t.Errorf("rolled back %+v; want because of %d", d, last)
	}
	if i := s.overlay(); whoIs(i.OnAir) != "overlay 1.0.0" || i.Quarantined != 4 || !i.History[1].Reverted {
		t.Errorf("slot %+v", i)
	}
}

func (s *liveShow) retries(t *testing.T) {
	w := wardrobe{s.Host}
	list, err := w.Quarantine(t.Context(), slotOverlay)
	if err != nil || len(list) != 4 || list[0].Plugin != "parrot" || list[0].Seq <= list[3].Seq || !strings.Contains(list[0].Reason, "told to fail") || !strings.Contains(list[0].Cause, "fail a 2") {
		t.Fatalf("quarantine %+v, %v", list, err)
	}
	if got, err := w.Retry(t.Context(), slotOverlay, list[0].Seq, "test", 0); err != nil || !got.OK || got.Plugin != "overlay" || got.Commands != 1 {
		t.Errorf("retried %+v, %v", got, err)
	}
	if left, err := w.Quarantine(t.Context(), slotOverlay); err != nil || !slices.Equal(left, list[1:]) {
		t.Errorf("quarantine %+v, %v", left, err)
	}
	for slot, want := range map[string]string{slotOverlay: "unknown in the quarantine", "attic": `slot "attic"`} {
		if _, err := w.Retry(t.Context(), slot, list[0].Seq, "test", 0); !errors.Is(err, admin.ErrUnknown) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	if _, err := w.Quarantine(t.Context(), "attic"); !errors.Is(err, admin.ErrUnknown) {
		t.Errorf("error %v", err)
	}
}

func (s *liveShow) remembers(t *testing.T) {
	p, err := s.Plugin(t.Context(), "parrot", "")
	if err != nil || p.State != admin.PluginOnAir || p.Version != "1.0.1" {
		t.Fatalf("plugin %+v, %v", p, err)
	}
	for _, c := range p.Capabilities {
		want := map[string]string{"reply": "true cli 7 a minute, 1120 bytes", "text": "false cli 18000 a minute, 8192 bytes", "store": "true default 6000 a minute, 65536 bytes", "log": "true default 6000 a minute, 1024 bytes"}
		if got := strings.Join([]string{map[bool]string{true: "true", false: "false"}[c.Granted], c.GrantedBy, c.Limit}, " "); got != want[c.Name] {
			t.Errorf("%s: %s; want %s", c.Name, got, want[c.Name])
		}
	}
	s.says(s.tell("recall a"), "recall a: 1") // and not 2, which it wrote for an event that it did not bear
	list, err := wardrobe{s.Host}.Quarantine(t.Context(), slotOverlay)
	if err != nil || len(list) != 3 || list[0].Plugin != "parrot" || list[0].Cause != "test fail a 2" || list[0].Kind != "operator.acted" {
		t.Fatalf("quarantine %+v, %v", list, err)
	}
	if _, err := s.Swap(t.Context(), "overlay"); err != nil {
		t.Fatal(err)
	}
	if got, err := (wardrobe{s.Host}).Retry(t.Context(), slotOverlay, list[0].Seq, "test", 0); err != nil || !got.OK {
		t.Errorf("retried %+v, %v", got, err)
	}
	// What it ran before the restart, and before its folder changed, is still there.
	events, loaded := all[show.PluginLoaded](s)
	var versions []string
	for i, d := range loaded {
		if d.Plugin != "parrot" {
			continue
		}
		versions = append(versions, d.Version)
		if _, ok := s.catalogue.keptAs(d.Plugin, d.Version, d.SHA256); !ok {
			t.Errorf("fact %d: parrot %s is not found by %s", events[i].Seq, d.Version, d.SHA256)
		}
	}
	if slices.Sort(versions); !slices.Equal(slices.Compact(versions), []string{"1.0.0", "1.0.1"}) {
		t.Errorf("loaded were %q", versions)
	}
}

// TestAnOperatorWasFaster: who put a plugin in a slot before the one that opens the show was ready has chosen; the show goes
// on with that one.
func TestAnOperatorWasFaster(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	s := live(t, data)
	if _, err := s.Swap(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	if err := s.loadSlot(t.Context(), slotOverlay); err != nil {
		t.Errorf("the show would end: %v", err)
	}
	if p, err := s.Plugin(t.Context(), "parrot", ""); err != nil || p.State != admin.PluginOnAir {
		t.Errorf("%+v, %v", p, err)
	}
}
