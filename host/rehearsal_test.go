package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/admin"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// replayed waits until a replay is done.
func replayed(t *testing.T, r rehearsal, q admin.ReplayRequest) admin.ReplayReport {
	t.Helper()
	got, err := r.Replay(t.Context(), q, "ann")
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return got
}

// TestAPastShowIsPlayedToAPlugin beside one that runs: the plugin that was on air does the same again, another one is set
// beside it, and what cannot be is told.
func TestAPastShowIsPlayedToAPlugin(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	parrot(t, filepath.Join(data, "plugins", "parrot"), "1.0.0")
	plain(t, data, "mute")
	plain(t, data, "broken")
	put(t, filepath.Join(data, "plugins", "broken", "plugin.wasm"), "\x00asm")
	s := live(t, data)
	if _, err := s.Swap(t.Context(), "parrot"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{}); err != nil {
		t.Fatal(err)
	}
	s.write("@sothebais hello")
	await(s, 0, "answer of the parrot", func(_ Event, d cue.Raised) bool { return d.Cue.From == "parrot" && d.Cue.Verb == cue.Reply })
	r := rehearsal{s.Host}
	sessions, err := r.Sessions(t.Context())
	if err != nil || len(sessions) != 1 || !sessions[0].Live || sessions[0].Title != "Night" || !slices.ContainsFunc(sessions[0].Takes, func(k admin.ReplayTake) bool { return k.Plugin == "parrot" && k.Slot == slotOverlay }) {
		t.Fatalf("sessions %+v, %v", sessions, err)
	}
	now := sessions[0].Session

	same := replayed(t, r, admin.ReplayRequest{Plugin: "parrot", Session: now, Against: "parrot"})
	if !same.SamePlugin || len(same.Groups) != 0 || same.Events == 0 || len(same.Verdicts) == 0 || same.Verdicts[0].Name != "same" {
		t.Errorf("the parrot once more: %+v", same)
	}
	other := replayed(t, r, admin.ReplayRequest{Plugin: "mute", Session: now, Against: "parrot@1.0.0"})
	// what the mute says to the grant counts when the recording goes on for long enough behind it, so there may be two groups
	post := slices.IndexFunc(other.Groups, func(g admin.ReplayGroup) bool { return strings.HasPrefix(g.Trigger, "post.received") })
	if other.SamePlugin || post < 0 || !strings.Contains(other.Groups[post].Rows[0].Was, "hello @ann") || other.Plugin != "mute 1.0.0" {
		t.Errorf("the mute instead of the parrot: %+v", other)
	}
	md, err := r.ReplayMarkdown(t.Context(), other.ID)
	if err != nil || !strings.HasPrefix(md, "# Replay: mute 1.0.0\n") || !strings.Contains(md, "## post.received") || !strings.Contains(md, "hello @ann") {
		t.Errorf("%s, %v", md, err)
	}
	t.Run("with the parrot's state before each event", func(t *testing.T) {
		got := replayed(t, r, admin.ReplayRequest{Plugin: "parrot", Session: now, Against: "parrot", Resync: true})
		if len(got.Groups) != 0 || !got.Resync {
			t.Errorf("%+v", got)
		}
	})
	for _, k := range []struct {
		q    admin.ReplayRequest
		kind error
		want string
	}{
		{admin.ReplayRequest{Plugin: "parrot", Session: "show:999999"}, admin.ErrInvalid, "no show began with event 999999"},
		{admin.ReplayRequest{Plugin: "parrot", Session: "friday"}, admin.ErrInvalid, `there is no session "friday"`},
		{admin.ReplayRequest{Plugin: "parrot", Session: "recording:../ledger.sbrec"}, admin.ErrInvalid, "there is no recording"},
		{admin.ReplayRequest{Plugin: "nobody", Session: now}, admin.ErrInvalid, `there is no plugin "nobody"`},
		{admin.ReplayRequest{Plugin: "parrot", Session: now, Against: slotPersonality}, admin.ErrInvalid, "parrot is a plugin for slot overlay, and dusty-gavel was in slot personality"},
		{admin.ReplayRequest{Plugin: "parrot", Session: now, Against: "nobody"}, admin.ErrInvalid, "parrot 1.0.0 (overlay, events"},
		{admin.ReplayRequest{Plugin: "broken", Session: now}, admin.ErrInvalid, "load broken"},
		{admin.ReplayRequest{Plugin: "mute", Session: now, Against: "parrot", Resync: true}, admin.ErrInvalid, "mute cannot take over the state of parrot"},
		{admin.ReplayRequest{Plugin: data, Session: now}, admin.ErrInvalid, "a folder is played with"},
	} {
		if _, err := r.Replay(t.Context(), k.q, "ann"); !errors.Is(err, k.kind) || !strings.Contains(err.Error(), k.want) {
			t.Errorf("%+v: %v; want %q", k.q, err, k.want)
		}
	}
	ends(t, r, now)
	recorded(t, s, r)
	afterARestart(t, s, data)
}

// ends: who hangs up ends it, and there is one at a time.
func ends(t *testing.T, r rehearsal, session string) {
	t.Helper()
	ctx, hangUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := r.Replay(ctx, admin.ReplayRequest{Plugin: "parrot", Session: session}, "ann")
		done <- err
	}()
	for now := (admin.ReplayState{}); !now.Running; {
		var err error
		if now, err = r.Replaying(t.Context()); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-done:
			t.Fatalf("it ended before anybody saw it: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if _, err := r.Replay(t.Context(), admin.ReplayRequest{Plugin: "parrot", Session: session}, "bob"); !errors.Is(err, admin.ErrRefused) || !strings.Contains(err.Error(), "one replay at a time") {
		t.Errorf("two at a time: %v", err)
	}
	hangUp()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("hung up: %v", err)
	}
	if now, err := r.Replaying(t.Context()); err != nil || now.Running {
		t.Errorf("it runs on: %+v, %v", now, err)
	}
}

// TestARecordingThatIsTooLong for the page is refused there, as a show is.
func TestARecordingThatIsTooLong(t *testing.T) {
	data := t.TempDir()
	for to, fits := range map[uint64]bool{mostReplayed + 6: true, mostReplayed + 7: false} {
		var b bytes.Buffer
		if _, err := (&replay.Recording{Head: replay.Head{From: 7, To: to}}).WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(data, recordingsFolder, "long.sbrec"), b.String())
		_, err := readSession(t.Context(), data, "test", recordingPrefix+"long.sbrec", nil)
		if (err == nil) != fits || err != nil && (!errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "has 5000001 events, at most 5000000")) {
			t.Errorf("to %d: %v", to, err)
		}
	}
}

// recorded: a recording in the data directory is a session, and a broken one says why it is none.
func recorded(t *testing.T, s *liveShow, r rehearsal) {
	t.Helper()
	l, err := OpenLedger(t.Context(), s.cfg.DataDir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	rec, err := l.Record(t.Context(), "test", 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.cfg.DataDir, recordingsFolder)
	put(t, filepath.Join(dir, "broken.sbrec"), "PK")
	f, err := os.Create(filepath.Join(dir, "night.sbrec"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rec.WriteTo(f); errors.Join(err, f.Close()) != nil {
		t.Fatal(err)
	}
	sessions, err := r.Sessions(t.Context())
	if err != nil || len(sessions) != 3 || sessions[1].Session != "recording:broken.sbrec" || sessions[1].Problem == "" || sessions[2].Title != "night.sbrec" || sessions[2].To != rec.To {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
	got := replayed(t, r, admin.ReplayRequest{Plugin: "parrot", Session: "recording:night.sbrec", Against: "parrot"})
	if !got.SamePlugin || len(got.Groups) != 0 {
		t.Errorf("a recording: %+v", got)
	}
	if _, err := r.Replay(t.Context(), admin.ReplayRequest{Plugin: "parrot", Session: "recording:broken.sbrec"}, "ann"); !errors.Is(err, admin.ErrInvalid) || !strings.Contains(err.Error(), "does not begin like one") {
		t.Errorf("a broken recording: %v", err)
	}
}

// afterARestart there are two shows, each with its own takes.
func afterARestart(t *testing.T, s *liveShow, data string) {
	t.Helper()
	s.stop()
	again := live(t, data)
	r := rehearsal{again.Host}
	sessions, err := r.Sessions(t.Context())
	if err != nil || len(sessions) != 4 || !sessions[0].Live || sessions[1].Live || sessions[1].Ended == nil || sessions[1].To+1 != sessions[0].From {
		t.Fatalf("sessions %+v, %v", sessions, err)
	}
	for _, k := range sessions[:2] {
		if from, _ := strconv.ParseUint(strings.TrimPrefix(k.Session, showPrefix), 10, 64); from != k.From {
			t.Errorf("%s begins with %d", k.Session, k.From)
		}
		if got := replayed(t, r, admin.ReplayRequest{Plugin: "parrot", Session: k.Session}); got.Against.Slot != slotOverlay || got.Against.Plugin == "parrot" && len(got.Groups) != 0 {
			t.Errorf("%s: %+v", k.Session, got)
		}
	}
	again.stop()
	replaysToTheBit(t, data)
}
