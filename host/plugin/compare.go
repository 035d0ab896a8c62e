package plugin

import (
	"cmp"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// Side is what one of two plugins made of an event.
type Side struct {
	Lines  []string // that it said, replied or posted
	Mood   string   // that it was in, if it said so
	Others []string // what else it did, in words
	Needs  []string // powers that it has no grant for
	Trap   string   // why it failed
	Fuel   int64
	Micros float64
	did    uint64 // all of it to the byte, in whatever order
}

// made is what one of two plugins made of an event: of it, and what it says is about earlier ones.
type made struct {
	Side
	late []late
}

// late is what is about an earlier event.
type late struct {
	about uint64
	side  Side
}

// outcome is what the plugin on air made of one event.
type outcome struct {
	seq  uint64
	made made
}

// appendOutcomes adds what a guest made of each event of a batch, at its share of the cost.
func appendOutcomes(out []outcome, p *occupant, events []event.Event, reactions []Reaction, took time.Duration) []outcome {
	n := len(events)
	fuel, micros := p.guest.Stats().Fuel/int64(n), float64(took)/float64(time.Microsecond)/float64(n)
	for _, e := range events {
		o := outcome{seq: e.Seq}
		for len(reactions) > 0 && reactions[0].Event == e.Seq {
			o.made.add(p, &reactions[0])
			reactions = reactions[1:]
		}
		o.made.Fuel, o.made.Micros = fuel, micros
		out = append(out, o)
	}
	return out
}

// add notes one reaction with what it is about.
func (m *made) add(p *occupant, r *Reaction) {
	if r.About == 0 || r.About >= r.Event {
		m.Side.add(p, r)
		return
	}
	i := slices.IndexFunc(m.late, func(l late) bool { return l.about == r.About })
	if i < 0 {
		i = len(m.late)
		m.late = append(m.late, late{about: r.About})
	}
	m.late[i].side.add(p, r)
}

// merge adds what o made of the same event.
func (s *Side) merge(o *Side) {
	s.Lines, s.Others, s.Mood = append(s.Lines, o.Lines...), append(s.Others, o.Others...), cmp.Or(o.Mood, s.Mood)
	s.did += o.did
	for _, n := range o.Needs {
		if !slices.Contains(s.Needs, n) {
			s.Needs = append(s.Needs, n)
		}
	}
}

// add notes one reaction. Lines of the log and writes to the store are nobody's business but the plugin's.
func (s *Side) add(p *occupant, r *Reaction) {
	w := p.powers[r.Power]
	if (w == nil || !w.grant.Load().Granted) && !slices.Contains(s.Needs, r.Power) {
		s.Needs = append(s.Needs, r.Power)
	}
	if r.Power == powerLog || r.Power == PowerStore {
		return
	}
	s.did += hashOf(r)
	c := r.Cue
	switch {
	case r.Call != nil:
		s.Others = append(s.Others, callInWords(r))
	case c.Verb == cue.Reply || c.Verb == cue.Post:
		s.Lines = append(s.Lines, c.Text)
		s.Others = append(s.Others, strings.TrimSpace(string(c.Verb)+" "+c.Name))
	case c.Verb == cue.Say:
		s.Lines = append(s.Lines, c.Text)
		if c.Name != "" {
			s.Mood = c.Name
		}
	case c.Verb == cue.Mood:
		s.Mood = c.Name
	default:
		s.Others = append(s.Others, inWords(c))
	}
}

// hashOf is a number of what is asked for, whatever led to it.
func hashOf(r *Reaction) uint64 {
	n := maphash.Comparable(seed, r.Cue)
	if r.Call != nil {
		n += maphash.Comparable(seed, reflect.ValueOf(r.Call).Elem().Interface())
	}
	return n
}

var seed = maphash.MakeSeed()

func callInWords(r *Reaction) string {
	switch c := r.Call.(type) {
	case *abi.Fetch:
		return strings.TrimSpace(r.Power+" "+c.Method) + " " + clip(c.URL)
	case *abi.Ask:
		return r.Power + " " + clip(c.Prompt)
	case *abi.Timer:
		return fmt.Sprintf("%s %d ms", r.Power, c.Millis)
	}
	return r.Power
}

func inWords(c cue.Cue) string {
	words := []string{string(c.Verb)}
	for _, w := range []string{c.Name, c.Text} {
		if w != "" {
			words = append(words, w)
		}
	}
	if c.Verb == cue.Bar || c.Verb == cue.Show {
		words = append(words, fmt.Sprint(c.Value))
	}
	if c.Millis > 0 {
		words = append(words, fmt.Sprintf("%d ms", c.Millis))
	}
	return strings.Join(words, " ")
}

// silent reports whether nothing came of the event.
func (s *Side) silent() bool {
	return len(s.Lines) == 0 && s.Mood == "" && len(s.Others) == 0 && s.Trap == ""
}

// Verdict says how a shadow compares with the plugin on air on one event.
type Verdict string

// The verdicts, the one that matters most first.
const (
	Trapped   Verdict = "trapped"
	Silent    Verdict = "silent" // it is, where the one on air spoke
	Spoke     Verdict = "spoke"  // it did, where the one on air was silent
	Line      Verdict = "line"   // another one
	Mood      Verdict = "mood"   // another one
	Otherwise Verdict = "otherwise"
	Same      Verdict = "same"
)

func compare(live, shadow *Side) Verdict {
	switch {
	case shadow.Trap != "":
		return Trapped
	case len(live.Lines) > 0 && len(shadow.Lines) == 0:
		return Silent
	case len(live.Lines) == 0 && len(shadow.Lines) > 0:
		return Spoke
	case !slices.Equal(live.Lines, shadow.Lines):
		return Line
	case live.Mood != shadow.Mood:
		return Mood
	case !slices.Equal(live.Others, shadow.Others), live.did != shadow.did:
		return Otherwise
	}
	return Same
}

// summary says in a few words what happened.
func summary(e event.Event) string {
	switch d := e.Data.(type) {
	case post.Received:
		return fmt.Sprintf("@%s %q", d.Post.Handle, clip(d.Post.Text))
	case auction.BidAccepted:
		return fmt.Sprintf("bid %s ETH @%s", d.Amount.ETH(), d.Handle)
	case auction.BidRefused:
		why := strings.ReplaceAll(string(d.Reason), "_", " ")
		if d.Amount.IsZero() { // what it is could not be read
			return fmt.Sprintf("bid @%s refused: %s", d.Handle, why)
		}
		return fmt.Sprintf("bid %s ETH @%s refused: %s", d.Amount.ETH(), d.Handle, why)
	case auction.LotOpened:
		return "opened " + clip(d.Terms.Title)
	case auction.LotSold:
		return fmt.Sprintf("sold for %s ETH to @%s", d.Amount.ETH(), d.Handle)
	case auction.LotUnsold:
		return "unsold: " + d.Reason
	case auction.LotClosing:
		return fmt.Sprintf("closing in %d s", d.Seconds)
	case show.Ticked:
		if d.SecondsLeft < 0 {
			return fmt.Sprintf("no lot, silent for %d s", d.SilentMS/1000)
		}
		return fmt.Sprintf("%d s left, silent for %d s", d.SecondsLeft, d.SilentMS/1000)
	case show.SpeechStarted:
		return fmt.Sprintf("says %q", clip(d.Text))
	case show.OperatorActed:
		return d.Who + " " + clip(d.What)
	}
	return strings.ReplaceAll(string(e.Kind()), ".", " ")
}

// clip keeps the first 80 characters.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
