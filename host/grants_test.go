package host

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// decides: from the moment at which a person decides, a plugin that answers every post does so, or is told why not, and X
// sees no more than that.
func (s *liveShow) decides(t *testing.T) {
	await(s, 0, "connection to X", func(_ event.Event, d show.OutputUp) bool { return d.Output == "x" })
	var answered []string
	reads := func() (id string, seq uint64) {
		t.Helper()
		after := s.bus.Last()
		id = s.write("@sothebais good evening")
		e, _ := await(s, after, "post", func(_ event.Event, d post.Received) bool { return d.Post.ID == id })
		return id, e.Seq
	}
	allowed := func() {
		t.Helper()
		id, seq := reads()
		await(s, seq, "answer to the post", func(_ event.Event, d post.ReplySent) bool { return d.To == id })
		answered = append(answered, id)
	}
	denied := func(why string) time.Time {
		t.Helper()
		_, seq := reads()
		e, d := await(s, seq, "denial", func(e event.Event, _ show.PowerDenied) bool { return e.Cause == seq })
		if d.Power != "reply" || d.Plugin != "parrot" || d.Slot != slotOverlay || !strings.Contains(d.Reason, why) {
			t.Errorf("denied %+v; want %q", d, why)
		}
		await(s, e.Seq, "word of the plugin that it was denied", func(r event.Event, d cue.Raised) bool {
			return r.Cause == e.Seq && d.Cue.Name == "denied" && strings.Contains(d.Cue.Text, why)
		})
		return e.At
	}
	decide := func(_ Capability, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	first := denied("not granted") // nobody has decided yet
	decide(s.Grant(t.Context(), "parrot", "reply", GrantLimits{}))
	allowed()
	decide(s.Revoke(t.Context(), "parrot", "reply"))
	time.Sleep(time.Until(first.Truncate(time.Second).Add(time.Second))) // denials of a power are told once a second
	denied("sothebais plugin grant parrot reply")
	decide(s.Grant(t.Context(), "parrot", "reply", GrantLimits{PerMinute: 7}))
	allowed()
	_, sent := all[post.ReplySent](s)
	var to []string
	for _, d := range sent {
		to = append(to, d.To)
	}
	if got := s.answered(); !slices.Equal(to, answered) || !sameElements(got, answered) {
		t.Errorf("X was told to answer %q and shows answers to %q; allowed were %q", to, got, answered)
	}
	if _, failed := all[post.ReplyFailed](s); len(failed) > 0 {
		t.Errorf("failed %+v", failed)
	}
	if got, err := s.Revoke(t.Context(), "parrot", "text"); err != nil || got.Granted || got.GrantedBy != "cli" {
		t.Errorf("revoked %+v, %v", got, err)
	}
	if _, err := s.Grant(t.Context(), "parrot", "http", GrantLimits{}); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "parrot does not ask for http; it asks for reply, store, text, log") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Revoke(t.Context(), "nobody", "text"); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), `there is no plugin "nobody"; there are: `) {
		t.Errorf("error %v", err)
	}
}

func sameElements(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
