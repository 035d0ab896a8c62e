package host

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sothebais/sothebais/host/admin"
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

// asksForMore: a version in shadow asks for more than was granted to the one on air; that is told, and granted by looking at
// that version, under whatever name it has here.
func (s *liveShow) asksForMore(t *testing.T) {
	dir := parrot(t, filepath.Join(s.cfg.DataDir, "plugins", "parrot-two"), "2.0.0")
	change(t, filepath.Join(dir, "plugin.yaml"), "- {name: reply, why: answers every post}", "- {name: post, why: announces}\n  - {name: reply, why: answers every post, per_minute: 100}")
	reply := func(state string) (limit string, more []string) {
		t.Helper()
		p, err := s.Plugin(t.Context(), "parrot", state)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Capabilities, func(c Capability) bool { return c.Name == "reply" })
		return p.Capabilities[i].Limit, p.Capabilities[i].More
	}
	if got, err := s.Grant(t.Context(), "parrot-two", "post", GrantLimits{}); err != nil || !got.Granted || got.GrantedAs != "2.0.0" {
		t.Errorf("granted under the name of its folder: %+v, %v", got, err)
	}
	if _, err := s.Remote.Shadow(t.Context(), "parrot-two"); err != nil {
		t.Fatal(err)
	}
	if limit, more := reply(admin.PluginShadow); limit != "7 a minute, 1120 bytes" || !slices.Equal(more, []string{"100 a minute"}) {
		t.Errorf("in shadow: %q, %q more", limit, more)
	}
	if limit, more := reply(""); limit != "7 a minute, 1120 bytes" || more != nil {
		t.Errorf("on air: %q, %q more", limit, more)
	}
	if _, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{State: admin.PluginShadow, Version: "1.0.0"}); !errors.Is(err, ErrNotNow) || !strings.Contains(err.Error(), "parrot is 2.0.0 by now, not 1.0.0") {
		t.Errorf("error %v", err)
	}
	if got, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{State: admin.PluginShadow, Version: "2.0.0"}); err != nil || got.Limit != "100 a minute, 1120 bytes" || got.More != nil {
		t.Errorf("granted %+v, %v", got, err)
	}
	if limit, _ := reply(""); limit != "60 a minute, 1120 bytes" {
		t.Errorf("on air it has %q, more than it asks for", limit)
	}
	if got, err := s.Revoke(t.Context(), "parrot", "post"); err != nil || got.Granted {
		t.Errorf("revoked what only the shadow asks for: %+v, %v", got, err)
	}
	if _, err := s.Remote.DropShadow(t.Context(), slotOverlay); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{TokensPerHour: 5}); !errors.Is(err, ErrBadInput) || !strings.Contains(err.Error(), "reply has no tokens_per_hour") {
		t.Errorf("error %v", err)
	}
	if _, err := s.Grant(t.Context(), "parrot", "reply", GrantLimits{PerMinute: 7}); err != nil {
		t.Fatal(err)
	}
}
