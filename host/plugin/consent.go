package plugin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/cue"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Bounds of what waits for a person's word.
const (
	mostConsents    = 8 // of one plugin at once
	tooManyConsents = "too many of its requests wait for a person already"
	usualConsent    = time.Minute
)

// ErrPower says that something cannot be had of that power.
var ErrPower = errors.New("not for this power")

// Askable reports whether a person can be asked about each use of a power: those that reach beyond the stage and can wait.
func Askable(power string) bool {
	switch power {
	case PowerReply, PowerPost, PowerHTTP, PowerLLM:
		return true
	}
	return false
}

// Consent is a use of a power that waits for a person's yes or no.
type Consent struct {
	Seq             uint64 // of the fact that it was asked for
	Slot            Kind
	Plugin, Version string
	Power, Why      string     // Why is the author's reason for the power
	Content         []Part     // all that is to be done, to the last word
	Answers         *post.Post // that a reply is to; all but its id is empty when the show has not read it
	Event           uint64     // that the plugin handled
	Cause           string     // that event, in words
	Asked, Deadline time.Time
	use             *use
	answer          chan decision
}

// Part is one of the things that a use consists of, such as the headers of a request.
type Part struct{ Name, Text string }

// decision is what a person said, or that nobody did.
type decision struct {
	allow bool
	who   string // "" for nobody
	cause uint64 // the act
	why   string // not allowed
}

// use is what a plugin wants to do.
type use struct {
	slot     *slot
	p        *occupant
	event    event.Event
	about    event.Event // the one that is named as the cause of a line
	nth      int         // of those that the event led to
	reaction Reaction
}

// consents are all that wait.
type consents struct {
	mu   sync.Mutex
	list []*Consent
}

func (c *consents) add(w *Consent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, w)
}

// take removes those that a person or the clock decides about, so that only one of them does.
func (c *consents) take(which func(*Consent) bool) []*Consent {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*Consent
	c.list = slices.DeleteFunc(c.list, func(w *Consent) bool {
		if which(w) {
			out = append(out, w)
			return true
		}
		return false
	})
	return out
}

// Consents are the uses that wait for a person, the most urgent first.
func (h *Host) Consents() []Consent {
	h.consents.mu.Lock()
	defer h.consents.mu.Unlock()
	var out []Consent
	for _, w := range h.consents.list {
		if w.use.slot.onAir() == w.use.p {
			out = append(out, *w)
		}
	}
	slices.SortFunc(out, func(a, b Consent) int { return a.Deadline.Compare(b.Deadline) })
	return out
}

// Decide answers for the use that was asked for by the fact numbered seq.
func (h *Host) Decide(seq uint64, allow bool, who string, cause uint64) (Consent, error) {
	d := decision{allow: allow, who: who, cause: cause}
	if !allow {
		d.why = who + " said no"
	}
	found := h.consents.take(func(w *Consent) bool { return w.Seq == seq })
	if len(found) == 0 {
		return Consent{}, fmt.Errorf("request %d: %w among those that wait: it was decided already, or its time was up", seq, ErrUnknown)
	}
	found[0].answer <- d
	return *found[0], nil
}

// regrant decides about what waits when the power is given or taken for good.
func (h *Host) regrant(plugin, power string, g Grant, cause uint64) {
	if g.Granted && g.Ask {
		return
	}
	d := g.decision(power, cause)
	for _, w := range h.consents.take(func(w *Consent) bool { return w.Plugin == plugin && w.Power == power }) {
		w.answer <- d
	}
}

// decision is what a grant for good, or its end, says of what waits.
func (g *Grant) decision(power string, cause uint64) decision {
	d := decision{allow: g.Granted, who: g.By, cause: cause}
	if !g.Granted {
		d.why = g.By + " took " + power + " away"
	}
	return d
}

// consult puts a use before a person. The caller has the turn.
func (s *slot) consult(p *occupant, e event.Event, r *Reaction) {
	if p.consulted.event != e.Seq {
		p.consulted.event, p.consulted.n = e.Seq, 0
	}
	p.consulted.n++ // before anything else, as a replay counts
	if why := p.barred(r); why != "" {
		s.deny(p, e, r, why)
		return
	}
	if p.waiting.Add(1) > mostConsents {
		p.waiting.Add(-1)
		s.deny(p, e, r, tooManyConsents)
		return
	}
	u := &use{slot: s, p: p, event: e, about: s.heard.cause(r.About, e), nth: p.consulted.n, reaction: *r}
	s.host.errands.Go(func() {
		defer p.waiting.Add(-1)
		u.wait(s.host.life)
	})
}

// wait asks, and does what is decided; when the show ends meanwhile, nothing.
func (u *use) wait(ctx context.Context) {
	h := u.slot.host
	w := u.consent(ctx, cmp.Or(h.cfg.Consent, usualConsent))
	asked, err := h.cfg.Facts.Record(ctx, event.Draft{Cause: u.event.Seq, At: w.Asked, Data: show.PowerAsked{Slot: string(w.Slot), Plugin: w.Plugin, Power: w.Power,
		Content: Whole(w.Content), To: u.to(), WaitMS: w.Deadline.Sub(w.Asked).Milliseconds()}})
	if err != nil {
		if ctx.Err() == nil {
			h.log.Error("cannot ask a person for a plugin", "plugin", w.Plugin, "power", w.Power, "err", err)
		}
		return
	}
	w.Seq = asked[0].Seq
	h.consents.add(w)
	this := func(o *Consent) bool { return o == w }
	if g := u.p.powers[w.Power].grant.Load(); !(g.Granted && g.Ask) && len(h.consents.take(this)) > 0 { // since before it waited
		u.settle(ctx, w, g.decision(w.Power, 0))
		return
	}
	timer := time.NewTimer(time.Until(w.Deadline))
	defer timer.Stop()
	select {
	case d := <-w.answer:
		u.settle(ctx, w, d)
	case <-timer.C:
		if len(h.consents.take(this)) == 0 { // somebody was faster
			u.settle(ctx, w, <-w.answer)
			return
		}
		u.settle(ctx, w, decision{cause: w.Seq, why: fmt.Sprintf("nobody allowed it within %v", w.Deadline.Sub(w.Asked).Round(time.Second))})
	case <-ctx.Done():
		h.consents.take(this)
	}
}

func (u *use) consent(ctx context.Context, within time.Duration) *Consent {
	m, now := u.p.manifest, time.Now().UTC()
	return &Consent{Slot: u.slot.kind, Plugin: m.ID, Version: m.Version, Power: u.reaction.Power, Why: u.p.powers[u.reaction.Power].asked.Why, Content: content(&u.reaction), Answers: u.answers(ctx),
		Event: u.event.Seq, Cause: summary(u.about), Asked: now, Deadline: now.Add(within), use: u, answer: make(chan decision, 1)}
}

// settle writes the decision down, then lets it come true.
func (u *use) settle(ctx context.Context, w *Consent, d decision) {
	s, p := u.slot, u.p
	if ctx.Err() != nil {
		return
	}
	if why := u.impossible(); why != "" && (d.allow || d.who == "") {
		d.allow, d.why = false, why
	}
	s.host.record(ctx, cmp.Or(d.cause, w.Seq), show.PowerDecided{Slot: string(s.kind), Plugin: p.manifest.ID, Power: w.Power, Asked: w.Seq, Event: u.event.Seq, Nth: u.nth,
		Allowed: d.allow, Who: d.who, Reason: d.why})
	s.turn.Lock()
	defer s.release(ctx)
	switch {
	case s.guest != p: // nobody is there to do it; who came in its place under its id may wait for the answer
		if s.guest != nil && s.guest.manifest.ID == p.manifest.ID {
			s.tell(p, u.event, &u.reaction, cmp.Or(d.why, u.gone()))
		}
	case d.allow:
		p.powers[w.Power].used.Add(1)
		u.carryOut(ctx)
	default:
		s.count(p, w.Power, 1)
		s.tell(p, u.event, &u.reaction, d.why)
	}
}

// impossible says why a use cannot be allowed any more, or "".
func (u *use) impossible() string {
	if u.slot.onAir() != u.p {
		return u.gone()
	}
	return cmp.Or(u.p.lacks(u.reaction.Power), u.p.tooLarge(&u.reaction, u.p.powers[u.reaction.Power].limits()), u.p.barred(&u.reaction))
}

func (u *use) gone() string { return u.p.manifest.ID + " left the air meanwhile" }

// carryOut does what was allowed. The caller has the turn.
func (u *use) carryOut(ctx context.Context) {
	if u.reaction.Call != nil {
		u.slot.perform(u.p, u.event, &u.reaction)
		return
	}
	u.slot.host.cfg.Offer(ctx, u.about, []cue.Cue{Tidy(u.reaction.Cue, u.p.manifest.ID)})
}

// content is all that a use consists of, for people.
func content(r *Reaction) []Part {
	var out []Part
	add := func(name, text string) {
		if text != "" {
			out = append(out, Part{name, text})
		}
	}
	switch c := r.Call.(type) {
	case *abi.Fetch:
		add("request", cmp.Or(c.Method, "GET")+" "+c.URL)
		add("headers", c.Headers)
		add("body", c.Body)
	case *abi.Ask:
		add("instructions", c.Instructions)
		add("question", c.Prompt)
		add("form of the answer", c.Schema)
		add("length of the answer", fmt.Sprintf("at most %d tokens", answerTokens(c)))
	default:
		add("text", r.Cue.Text)
	}
	return out
}

// Whole is all parts of a use in one text; each has its name when there are more than one.
func Whole(parts []Part) string {
	if len(parts) == 1 {
		return parts[0].Text
	}
	lines := make([]string, len(parts))
	for i, p := range parts {
		lines[i] = p.Name + ": " + p.Text
	}
	return strings.Join(lines, "\n")
}

// to is the id of the post that is to be answered, "" where none is.
func (u *use) to() string {
	if u.reaction.Cue.Verb == cue.Reply {
		return u.reaction.Cue.Name
	}
	return ""
}

// answers is the post that is to be answered: a plugin may name any.
func (u *use) answers(ctx context.Context) *post.Post {
	id := u.to()
	if id == "" {
		return nil
	}
	for _, e := range []event.Event{u.event, u.about} {
		if d, is := e.Data.(post.Received); is && d.Post.ID == id {
			return &d.Post
		}
	}
	if find := u.slot.host.cfg.Post; find != nil {
		p, ok, err := find(ctx, id)
		if err != nil && ctx.Err() == nil {
			u.slot.log.Warn("cannot look up the post that a plugin wants to answer", telemetry.KeyPlugin, u.p.manifest.ID, "post", id, telemetry.KeyErr, err)
		}
		if ok {
			return &p
		}
	}
	return &post.Post{ID: id}
}
