package plugin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

var (
	// ErrNothing says that there is nothing that an operation could be done to.
	ErrNothing = errors.New("nothing there")
	// ErrUnknown says that a slot, plugin, power or event of that name is not known.
	ErrUnknown = errors.New("unknown")
)

// nothingError is an ErrNothing. Its text says what is missing, and does not name the kind.
type nothingError string

func (e nothingError) Error() string        { return string(e) }
func (e nothingError) Is(target error) bool { return target == ErrNothing }

func nothing(format string, args ...any) error { return nothingError(fmt.Sprintf(format, args...)) }

// SlotInfo is a slot and all who may take it.
type SlotInfo struct {
	Slot        Kind
	OnAir       *Info
	Shadow      *Report
	Promotion   *PromotionInfo
	Restart     *RestartInfo
	History     []Turn
	Quarantined int
	Supervision Supervision
}

// PromotionInfo is a promotion that waits for a quiet moment.
type PromotionInfo struct {
	Plugin, Who     string
	Asked, Deadline time.Time
}

// RestartInfo is a plugin that was stopped.
type RestartInfo struct {
	Plugin, Version, Why string
	Attempts             int
	At                   time.Time
}

// Slots describes all slots.
func (h *Host) Slots() []SlotInfo {
	out := make([]SlotInfo, len(h.slots))
	for i, s := range h.slots {
		out[i] = s.describeAll()
	}
	return out
}

// Slot describes one.
func (h *Host) Slot(k Kind) (SlotInfo, error) {
	s, err := h.known(k)
	if err != nil {
		return SlotInfo{}, err
	}
	return s.describeAll(), nil
}

func (h *Host) known(k Kind) (*slot, error) {
	if !slices.Contains(kinds[:], k) {
		return nil, fmt.Errorf("slot %q: %w; there are %v", k, ErrUnknown, kinds)
	}
	return h.slot(k), nil
}

func (s *slot) describeAll() SlotInfo {
	out := SlotInfo{Slot: s.kind, History: s.past.list(), Quarantined: len(s.host.aside.list(s.kind)), Supervision: s.host.cfg.Supervision}
	if info, ok := s.describe(); ok {
		out.OnAir = &info
	}
	if r, err := s.host.Report(s.kind); err == nil {
		out.Shadow = &r
	}
	p, r := s.agenda.plans()
	if p != nil {
		i := p.info()
		out.Promotion = &i
	}
	if r != nil {
		out.Restart = &RestartInfo{Plugin: r.p.manifest.ID, Version: r.p.manifest.Version, Why: r.why, Attempts: r.attempts, At: r.at}
	}
	return out
}

// Shadow lets a plugin hear the show beside the one on air of its kind. It begins with the state of that one when it
// can take it. Whoever was in shadow there is not any more.
func (h *Host) Shadow(ctx context.Context, fsys fs.FS, who string, cause uint64) (SlotInfo, error) {
	p, s, err := h.prepare(ctx, "", fsys, cause)
	if err != nil {
		return SlotInfo{}, err
	}
	s.ops.Lock()
	defer s.ops.Unlock()
	s.unshadow(ctx, cause, "replaced by "+p.manifest.ID+" "+p.manifest.Version)
	sh := newShadow(s, p, who)
	if err := s.attach(ctx, sh); err != nil {
		err = fmt.Errorf("shadow with %s %s: %w", p.manifest.ID, p.manifest.Version, err)
		h.refused(ctx, cause, string(s.kind), p.manifest.ID, err)
		return SlotInfo{}, errors.Join(err, p.guest.Close(ctx))
	}
	h.record(ctx, cause, show.PluginShadowed{Slot: string(s.kind), Plugin: p.manifest.ID, Version: p.manifest.Version, SHA256: sh.sha256(), Why: who})
	return s.describeAll(), nil
}

// attach hands the state over and lets the shadow hear from there on.
func (s *slot) attach(ctx context.Context, sh *shadow) error {
	s.turn.Lock()
	if s.closed {
		s.turn.Unlock()
		return fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	}
	s.open()
	old := s.guest
	from := s.standOf(ctx, old, sh.p)
	s.shadow = sh
	s.turn.Unlock()
	_, err := s.inherit(ctx, sh.p, old, from)
	if errors.Is(err, ErrChanged) { // it failed on an event just then; what the shadow is to hear is kept from before
		s.cannotSave(old, err)
		err = nil
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	switch {
	case err != nil:
		s.shadow = nil
		return err
	case s.shadow != sh: // the host stopped
		return fmt.Errorf("slot %s: %w", s.kind, context.Canceled)
	}
	sh.p.heed()
	sh.start()
	return nil
}

// DropShadow ends the shadow of a slot.
func (h *Host) DropShadow(ctx context.Context, k Kind, who string, cause uint64) (SlotInfo, error) {
	s, err := h.known(k)
	if err != nil {
		return SlotInfo{}, err
	}
	s.ops.Lock()
	defer s.ops.Unlock()
	if !s.unshadow(ctx, cause, who) {
		return SlotInfo{}, noShadow(k)
	}
	return s.describeAll(), nil
}

func noShadow(k Kind) error { return nothing("nothing is in shadow of slot %s", k) }

// unshadow ends the shadow, if there is one, and what waits for it. The caller has ops.
func (s *slot) unshadow(ctx context.Context, cause uint64, why string) bool {
	s.turn.Lock()
	s.agenda.plan(nil)
	sh := s.shadow
	s.shadow = nil
	s.turn.Unlock()
	if sh == nil {
		return false
	}
	sh.stop()
	m := sh.p.manifest
	s.host.record(ctx, cause, show.PluginUnshadowed{Slot: string(s.kind), Plugin: m.ID, Version: m.Version, Events: sh.p.events, Why: why})
	return true
}

// Report sets the shadow of a slot beside the plugin on air.
func (h *Host) Report(k Kind) (Report, error) {
	s, err := h.known(k)
	if err != nil {
		return Report{}, err
	}
	s.turn.Lock()
	sh := s.shadow
	s.turn.Unlock()
	if sh == nil {
		return Report{}, noShadow(k)
	}
	r := sh.report()
	if info, ok := s.describe(); ok {
		r.Live = &info
	}
	return r, nil
}

// Promote puts the shadow of a slot on air now. It begins anew, with the state of the one on air: what it did in shadow
// did not happen.
func (h *Host) Promote(ctx context.Context, k Kind, who string, cause uint64) (SwapResult, error) {
	s, err := h.known(k)
	if err != nil {
		return SwapResult{}, err
	}
	return s.promote(ctx, nil, who, cause, show.PluginPromoted{Moment: "now", Why: who})
}

// PromoteWhenQuiet puts the shadow of a slot on air when the moment is quiet, at the deadline at the latest.
func (h *Host) PromoteWhenQuiet(k Kind, within time.Duration, who string, cause uint64) (PromotionInfo, error) {
	s, err := h.known(k)
	if err != nil {
		return PromotionInfo{}, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	sh := s.shadow
	if sh == nil {
		return PromotionInfo{}, noShadow(k)
	}
	now := time.Now().UTC()
	p := &promotion{who: who, cause: cause, asked: now, deadline: now.Add(within), shadow: sh}
	s.agenda.plan(p)
	s.nudge()
	return p.info(), nil
}

// CancelPromotion forgets a promotion that waits.
func (h *Host) CancelPromotion(k Kind) (SlotInfo, error) {
	s, err := h.known(k)
	if err != nil {
		return SlotInfo{}, err
	}
	if s.agenda.plan(nil) == nil {
		return SlotInfo{}, nothing("no promotion waits in slot %s", k)
	}
	return s.describeAll(), nil
}

func (p *promotion) info() PromotionInfo {
	return PromotionInfo{Plugin: p.shadow.p.manifest.ID, Who: p.who, Asked: p.asked, Deadline: p.deadline}
}

// tryPromotion promotes when the moment is quiet or there is no more time to wait for one.
func (s *slot) tryPromotion(ctx context.Context, p *promotion, now time.Time) {
	quiet := s.host.cfg.Quiet == nil || s.host.cfg.Quiet()
	late := !p.deadline.After(now)
	if !quiet && !late || s.agenda.plan(nil) != p {
		return
	}
	moment := "quiet"
	if !quiet {
		moment = "deadline"
	}
	_, err := s.promote(ctx, p.shadow, p.who, p.cause, show.PluginPromoted{Moment: moment, Waited: now.Sub(p.asked).Milliseconds(), Why: p.who})
	if err != nil {
		s.log.Error("the shadow cannot be promoted", "err", err)
	}
}

// promote puts a shadow on air, nil for the one that is there. The one that was asked for may be gone by now.
func (s *slot) promote(ctx context.Context, want *shadow, who string, cause uint64, fact show.PluginPromoted) (SwapResult, error) {
	s.ops.Lock()
	defer s.ops.Unlock()
	s.turn.Lock()
	sh := s.shadow
	s.turn.Unlock()
	if sh == nil || want != nil && sh != want {
		return SwapResult{}, noShadow(s.kind)
	}
	next, err := s.fresh(ctx, sh)
	if err != nil {
		s.host.refused(ctx, cause, string(s.kind), sh.p.manifest.ID, err)
		return SwapResult{}, err
	}
	m := next.manifest
	fact.Slot, fact.Plugin, fact.Version = string(s.kind), m.ID, m.Version
	res, err := s.replace(ctx, next, order{by: who, cause: cause, first: func(SwapResult) event.Data { return fact }})
	if err != nil {
		return SwapResult{}, err
	}
	s.unshadow(ctx, cause, "promoted")
	return res, nil
}

// fresh is the plugin of the shadow once more, as it was before it heard anything.
func (s *slot) fresh(ctx context.Context, sh *shadow) (*occupant, error) {
	next, err := s.host.load(ctx, sh.p.manifest, sh.p.files, nil)
	if err != nil {
		return nil, err
	}
	if was, is := sh.sha256(), next.guest.Stats().SHA256; was != is {
		s.dismiss(next)
		return nil, fmt.Errorf("promote %s: %w: its files changed since it went in shadow (%.12s is now %.12s); put it in shadow again", sh.p.manifest.ID, ErrChanged, was, is)
	}
	return next, nil
}

// RollBack puts the last good plugin of a slot back on air, with the state of the one that is there now when it takes it.
func (h *Host) RollBack(ctx context.Context, k Kind, who string, cause uint64) (SwapResult, error) {
	s, err := h.known(k)
	if err != nil {
		return SwapResult{}, err
	}
	s.ops.Lock()
	defer s.ops.Unlock()
	next := s.standIn(ctx, nil)
	if next == nil {
		return SwapResult{}, nothing("slot %s has nothing to go back to", k)
	}
	back := order{by: who, why: "rolled back by " + who, cause: cause}
	back.first = func(res SwapResult) event.Data {
		fact := show.PluginRolledBack{Slot: string(k), From: res.From.ID, FromVersion: res.From.Version, To: res.To.ID, ToVersion: res.To.Version, Why: back.why, State: stateNone}
		if next.state != "" {
			fact.State = stateHanded
		}
		return fact
	}
	res, err := s.exchange(ctx, next, back)
	if errors.Is(err, ErrState) { // go back all the same, without it
		s.log.Warn("the state is not taken on the way back; the last good plugin begins anew", "err", err)
		next.manifest = stateless(next.manifest)
		res, err = s.exchange(ctx, next, back)
	}
	if err != nil {
		s.dismiss(next)
		return SwapResult{}, fmt.Errorf("roll back %s: %w", k, err)
	}
	h.metrics.pause.Observe(res.Pause.Seconds())
	return res, nil
}

func stateless(m *Manifest) *Manifest {
	c := *m
	c.State = nil
	return &c
}

// Quarantine is what was put aside in a slot, the newest first.
func (h *Host) Quarantine(k Kind) ([]Quarantined, error) {
	if _, err := h.known(k); err != nil {
		return nil, err
	}
	return h.aside.list(k), nil
}

// RetryResult says how an event that was put aside went the second time.
type RetryResult struct {
	Plugin   string
	Err      string // why it failed again
	Commands int
}

// Retry gives an event that was put aside to the plugin on air. When it goes well, what it asks for is carried out, and
// the event is aside no more.
func (h *Host) Retry(ctx context.Context, k Kind, seq uint64, cause uint64) (RetryResult, error) {
	s, err := h.known(k)
	if err != nil {
		return RetryResult{}, err
	}
	if err := s.isAside(seq); err != nil {
		return RetryResult{}, err
	}
	if h.cfg.Find == nil {
		return RetryResult{}, nothing("no ledger to read the event from")
	}
	e, err := h.cfg.Find(ctx, seq)
	if err != nil {
		return RetryResult{}, fmt.Errorf("read event %d: %w", seq, err)
	}
	return s.retry(ctx, e, cause)
}

func (s *slot) isAside(seq uint64) error {
	if _, ok := s.host.aside.find(s.kind, seq); !ok {
		return fmt.Errorf("event %d: %w in the quarantine of slot %s", seq, ErrUnknown, s.kind)
	}
	return nil
}

func (s *slot) retry(ctx context.Context, e event.Event, cause uint64) (RetryResult, error) {
	s.ops.Lock()
	defer s.ops.Unlock()
	if err := s.isAside(e.Seq); err != nil { // somebody else was faster
		return RetryResult{}, err
	}
	s.turn.Lock()
	defer s.release(ctx)
	p := s.guest
	if p == nil {
		return RetryResult{}, nothing("slot %s is empty", s.kind)
	}
	if !p.wants(e) {
		return RetryResult{}, nothing("%s, which is on air, does not hear %s of event %d", p.manifest.ID, e.Kind(), e.Seq)
	}
	before := p.commands
	s.one[0] = e
	reactions, err := p.guest.HandleBatch(ctx, s.one[:])
	res := RetryResult{Plugin: p.manifest.ID}
	if err != nil {
		res.Err = firstLine(err)
	}
	// Before anything that follows from it: the plugin may have to give way to another one, who was not given the event.
	s.note(cause, show.PluginRetried{Slot: string(s.kind), Plugin: p.manifest.ID, Version: p.manifest.Version, Event: e.Seq, After: s.passed, Reason: res.Err})
	shut, full := p.refused()
	s.refused(p, e, shut, full)
	if err != nil {
		s.trapped(ctx, e, err)
	} else {
		s.host.aside.drop(s.kind, e.Seq)
		s.deliver(ctx, p, s.one[:], reactions)
		s.keep(p)
	}
	res.Commands = int(p.commands - before)
	s.refresh()
	return res, nil
}

// Grant lets a plugin use a power, at once when it is loaded. What g leaves out is as the capability asks for it that was
// shown; a later version does not get more by asking for it.
func (h *Host) Grant(ctx context.Context, plugin, power string, g Grant, cause uint64) error {
	if g.Ask && !Askable(power) {
		return fmt.Errorf("%w: %s cannot wait for a person each time; what reaches beyond the stage can: reply, post, http and llm", ErrPower, power)
	}
	if err := g.Fits(power); err != nil {
		return err
	}
	g.Granted, g.At = true, time.Now().UTC()
	why := ""
	if g.Shown != nil {
		g, why = g.covering(*g.Shown, g.Version), g.Shown.Why
	}
	named := g
	named.Name = power
	err := h.decide(ctx, plugin, power, g, cause, func(after uint64) event.Data {
		return show.PluginGranted{Plugin: plugin, Power: power, Limit: named.Limit(), Limits: named.json(), Ask: g.Ask, Version: g.Version, Why: why, Who: g.By, After: after}
	})
	if err != nil {
		return err
	}
	h.regrant(plugin, power, g, cause)
	return nil
}

// Revoke takes a power from a plugin, at once when it is loaded.
func (h *Host) Revoke(ctx context.Context, plugin, power, who string, cause uint64) error {
	g := Grant{By: who, At: time.Now().UTC()}
	err := h.decide(ctx, plugin, power, g, cause, func(after uint64) event.Data {
		return show.PluginRevoked{Plugin: plugin, Power: power, Who: who, After: after}
	})
	if err != nil {
		return err
	}
	h.regrant(plugin, power, g, cause)
	return nil
}

// decide keeps a decision, lets it hold, and records it as of the event behind which it does.
func (h *Host) decide(ctx context.Context, plugin, power string, g Grant, cause uint64, fact func(after uint64) event.Data) error {
	if h.cfg.Grants == nil {
		return nothing("this host keeps no grants")
	}
	h.deciding.Lock() // the book and the slots hear of two in the same order
	defer h.deciding.Unlock()
	if err := h.cfg.Grants.Put(ctx, plugin, power, g); err != nil {
		return fmt.Errorf("keep the decision about %s of %s: %w", power, plugin, err)
	}
	h.dossier(plugin).decide(power, g)
	told := false
	for _, s := range h.slots {
		told = s.decided(ctx, plugin, power, g, func(after uint64) {
			if !told {
				s.note(cause, fact(after))
			}
		}) || told
	}
	if !told {
		h.record(ctx, cause, fact(0))
	}
	return nil
}

// decided lets a decision hold for all who are loaded under that id, and tells behind which event it does for the one on
// air. It reports whether that one is meant.
func (s *slot) decided(ctx context.Context, plugin, power string, g Grant, tell func(after uint64)) bool {
	s.turn.Lock()
	defer s.release(ctx)
	there := []*occupant{s.guest, s.past.kept()}
	if s.shadow != nil {
		there = append(there, s.shadow.p)
	}
	for _, p := range there {
		if p == nil || p.manifest.ID != plugin {
			continue
		}
		if w := p.powers[power]; w != nil {
			w.grant.Store(&g)
		}
	}
	onAir := s.guest != nil && s.guest.manifest.ID == plugin
	if onAir {
		tell(s.passed)
	}
	return onAir
}

// kept is who is kept warm.
func (h *history) kept() *occupant {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.warm
}
