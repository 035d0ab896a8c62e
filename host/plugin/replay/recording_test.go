package replay

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
)

// encode is what the host does for the kinds of these tests.
func encode(b []byte, e *event.Event) ([]byte, bool) {
	at := e.At.UnixMilli()
	switch d := e.Data.(type) {
	case show.Ticked:
		r := abi.ClockTicked{Lot: d.Lot, SecondsLeft: d.SecondsLeft, SilentMS: d.SilentMS}
		return r.Append(b, e.Seq, at), true
	case show.SceneShown:
		r := abi.SceneShown{Scene: d.Scene}
		return r.Append(b, e.Seq, at), true
	case show.TimerFired:
		r := abi.TimerFired{Token: d.Token}
		return r.Append(b, e.Seq, at), true
	}
	return b, false
}

// night is a short show: a plugin comes, is asked twice, gets a private answer, and is replaced.
func night() *Recording {
	m := NewMaker("test", encode)
	at := time.UnixMilli(1_790_000_000_000).UTC()
	for i, d := range []event.Data{
		show.Started{Version: "test"},
		show.SceneShown{Scene: "lot"},
		show.Ticked{SecondsLeft: 9}, // 3: of its moment
		show.PluginLoaded{Slot: "personality", Plugin: "ann", Version: "1.0.0", SHA256: "aa", After: 1, Caught: 3},
		show.Ticked{SecondsLeft: 8}, // 5
		cue.Raised{Cue: cue.Cue{From: "ann", Verb: cue.Say, Text: "eight"}},
		show.TimerFired{Slot: "personality", Plugin: "ann", Token: 4}, // 7
		show.TimerFired{Slot: "overlay", Plugin: "ann", Token: 5},
		show.PluginLoaded{Slot: "personality", Plugin: "bob", Version: "2.0.0", SHA256: "bb", After: 8},
		show.Ticked{SecondsLeft: 7}, // 10
		cue.Dropped{Cue: cue.Cue{From: "bob", Verb: cue.Say, Text: "seven"}, Reason: "stale"},
		show.Stopped{},
	} {
		e := event.Event{Seq: uint64(i + 1), At: at.Add(time.Duration(i) * 3 * time.Second), Data: d}
		if i > 0 {
			e.Cause = uint64(i)
		}
		m.Add(e)
	}
	return m.Recording()
}

func file(t testing.TB, r *Recording) []byte {
	t.Helper()
	var b bytes.Buffer
	if n, err := r.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	return b.Bytes()
}

func TestRecordingIsReadAsItWasWritten(t *testing.T) {
	want := night()
	got, err := Read(file(t, want))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := file(t, got); !bytes.Equal(again, file(t, want)) {
		t.Error("written again it has other bytes")
	}
}

// TestStoresAreKept in the file as they were, and only those that a plugin began with.
func TestStoresAreKept(t *testing.T) {
	r := night()
	r.Takes[0].Store, r.Takes[1].Store = "known", "unknown"
	content := plugin.Store{Content: map[string][]byte{"a<b": {0, 255}, "c": nil}}.JSON()
	if err := r.Keep(func(sha string) ([]byte, bool, error) { return content, sha == "known", nil }); err != nil {
		t.Fatal(err)
	}
	got, err := Read(file(t, r))
	if err != nil || len(got.Stores) != 1 || len(got.Stores["known"]) != 2 || !bytes.Equal(got.Stores["known"]["a<b"], []byte{0, 255}) {
		t.Errorf("stores %v, %v", got.Stores, err)
	}
	if err := r.Keep(func(string) ([]byte, bool, error) { return nil, false, errors.New("no disk") }); err == nil || !strings.Contains(err.Error(), "store of bob: no disk") {
		t.Errorf("error %v", err)
	}
}

func TestTakes(t *testing.T) {
	want := []Take{
		{Slot: "personality", Plugin: "ann", Version: "1.0.0", SHA256: "aa", After: 1, Caught: 3, Until: 8, Seated: 1, Began: 1, End: 1_790_000_030_000},
		{Slot: "personality", Plugin: "bob", Version: "2.0.0", SHA256: "bb", After: 8, Until: 12, Seated: 9, Began: 1, End: 1_790_000_030_000},
	}
	if diff := cmp.Diff(want, night().Takes); diff != "" {
		t.Error(diff)
	}
	for name, plugin := range map[string]string{"": "ann", "personality": "ann", "bob": "bob"} {
		if take, err := night().Find(name); err != nil || take.Plugin != plugin {
			t.Errorf("%q is %q, %v; want %q", name, take.Plugin, err, plugin)
		}
	}
	if _, err := night().Find("carl"); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), "bob 2.0.0 (personality, events 9 to 12)") {
		t.Errorf("error %v; want what there is", err)
	}
}

// TestTakeOfOneThatWasStopped ends where it was stopped, though nobody came in its place for a while.
func TestTakeOfOneThatWasStopped(t *testing.T) {
	m := NewMaker("test", encode)
	for i, d := range []event.Data{
		show.Started{Version: "test"},
		show.PluginLoaded{Slot: "personality", Plugin: "ann", After: 1},
		show.Ticked{SecondsLeft: 9},
		show.PluginStopped{Slot: "personality", Plugin: "ann", Event: 3},
		show.Ticked{SecondsLeft: 8}, // 5: nobody is there
		show.PluginLoaded{Slot: "personality", Plugin: "ann", After: 5, State: "aa"},
		show.Ticked{SecondsLeft: 7},
		show.PluginStopped{Slot: "personality", Plugin: "ann", Event: 7},
		show.Ticked{SecondsLeft: 6},
		show.Stopped{}, // 10
	} {
		m.Add(event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1), Data: d})
	}
	takes := m.Recording().Takes
	want := []Take{
		{Slot: "personality", Plugin: "ann", After: 1, Until: 3, Seated: 1, Began: 1, End: 1},
		{Slot: "personality", Plugin: "ann", After: 5, Until: 7, Seated: 6, Began: 1, End: 1, State: "aa"},
	}
	if diff := cmp.Diff(want, takes); diff != "" {
		t.Error(diff)
	}
	if before, ok := m.Recording().Before(takes[1]); !ok || before.Seated != 1 {
		t.Errorf("before it was %+v, %v", before, ok)
	}
}

func TestDamagedRecordings(t *testing.T) {
	good := file(t, night())
	sign := func(b []byte) []byte {
		sum := sha256.Sum256(b[:len(b)-sha256.Size])
		return append(bytes.Clone(b[:len(b)-sha256.Size]), sum[:]...)
	}
	edit := func(f func(b []byte)) []byte { b := bytes.Clone(good); f(b); return b }
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":             {nil, "does not begin like one"},
		"something else":    {[]byte(strings.Repeat("{}", 100)), "does not begin like one"},
		"cut short":         {good[:len(good)-9], "checksum does not fit"},
		"a changed byte":    {edit(func(b []byte) { b[100] ^= 1 }), "checksum does not fit"},
		"a part too long":   {sign(edit(func(b []byte) { binary.LittleEndian.PutUint64(b[8:], 1<<40) })), "part 1 of 3 says"},
		"a head that is no": {sign(edit(func(b []byte) { b[16] = 'x' })), "head:"},
		"nothing behind it": {sign(append([]byte(Magic), make([]byte, sha256.Size)...)), "ends before part 1 of 3"},
	} {
		if _, err := Read(c.file); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v; want %q", name, err, c.want)
		}
	}
}

// TestHeadOfALongShow: that a plugin set many timers is no reason not to tell what a recording is.
func TestHeadOfALongShow(t *testing.T) {
	want := night()
	for i := range uint64(400_000) {
		want.Private[100+i] = Address{"personality", "ann"}
	}
	b := file(t, want)
	got, err := ReadHead(bytes.NewReader(b))
	if got.Private = want.Private; err != nil || cmp.Diff(want.Head.Takes, got.Takes) != "" || got.To != want.To || got.From != want.From || got.End != want.End || got.Program != want.Program {
		t.Errorf("%+v, %v", got.Takes, err)
	}
	if _, err := ReadHead(bytes.NewReader(b[:40])); !errors.Is(err, ErrRecording) || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("cut short: %v", err)
	}
}

// FuzzRead: whatever the bytes are, they are read as what is written again, or refused.
func FuzzRead(f *testing.F) {
	good := file(f, night())
	f.Add(good[:len(good)-sha256.Size])
	f.Add(append(good[:len(good)-sha256.Size:len(good)-sha256.Size], part([]byte("{\"sha256\": \"aa\", \"store\": [ {\"key\": \"<\", \"value\": \"AA==\"} ]}\n{\"store\": null}\n"))...))
	f.Add([]byte(Magic))
	f.Add(append([]byte(Magic), 2, 0, 0, 0, 0, 0, 0, 0, '{', '}', ' ', ' ', ' ', ' ', ' ', ' '))
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		r, err := Read(append(bytes.Clone(body), sum[:]...)) // signed, so that the parts are reached
		if _, err := ReadHead(bytes.NewReader(body)); err != nil && !errors.Is(err, ErrRecording) {
			t.Fatalf("%v is not ErrRecording", err)
		}
		if err != nil {
			if !errors.Is(err, ErrRecording) {
				t.Fatalf("%v is not ErrRecording", err)
			}
			return
		}
		_ = r.Each(func(rec abi.Recorded) error {
			_ = describe(rec) + trigger(rec)
			return nil
		})
		written := file(t, r)
		again, err := Read(written)
		if err != nil {
			t.Fatal(err)
		}
		head, err := ReadHead(bytes.NewReader(written))
		if head.Private = again.Private; err != nil || cmp.Diff(again.Head, head) != "" {
			t.Error(err, cmp.Diff(again.Head, head))
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTriggers(t *testing.T) {
	var b []byte
	b = (&abi.BidRefused{Reason: "too_low"}).Append(b, 1, 0)
	b = (&abi.PowerDenied{Power: "say", Reason: "more than 6 a minute (and 17 times before)"}).Append(b, 2, 0)
	b = (&abi.PostReceived{Intent: "greeting"}).Append(b, 3, 0)
	var got []string
	r := &Recording{Records: b}
	if err := r.Each(func(rec abi.Recorded) error { got = append(got, trigger(rec)); return nil }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bid.refused too_low", "plugin.power_denied", "post.received greeting"}, got); diff != "" {
		t.Error(diff)
	}
}

// BenchmarkRead reads what is in the form of guests; the figure that counts is events/s.
func BenchmarkRead(b *testing.B) {
	const events = 100_000
	r := &Recording{}
	for i := range uint64(events) {
		bid := abi.BidAccepted{Lot: "s1-lot-1", Bidder: "x:123456789", Handle: "priya_s", Amount: "12.5", Minimum: "13.125", Previous: "11.9", PreviousHandle: "frostbyte", PostID: "2125715813020205056"}
		r.Records = bid.Append(r.Records, i+1, int64(i))
	}
	raw := file(b, r)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		r, err := Read(raw)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := r.Each(func(rec abi.Recorded) error {
			if rec.EventKind() != "" && rec.Seq() > 0 {
				n++
			}
			return nil
		}); err != nil || n != events {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(float64(events)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
