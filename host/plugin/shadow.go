package plugin

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/show"
	"github.com/sothebais/sothebais/host/telemetry"
)

// Bounds of a shadow.
const (
	shadowQueue = 256 // batches that may wait for it; the show never does
	keptRows    = 256
)

// shadow is a plugin that hears what the one on air hears. Nothing of what it asks for happens; it is kept, and set
// beside what the one on air made of the same events.
type shadow struct {
	slot  *slot
	p     *occupant
	who   string
	since time.Time
	queue chan heardBatch
	life  context.Context
	quit  context.CancelFunc
	runs  bool          // belongs to the turn of the slot
	done  chan struct{} // closed when it hears no more
	heard memory        // what came by last, for what is about an earlier event

	mu     sync.Mutex
	missed uint64
	info   Info
	counts map[Verdict]uint64
	used   map[string]uint64
	rows   []Row // the newest last
	costs  [2]cost
}

// heardBatch is events and what the plugin on air made of them.
type heardBatch struct {
	events   []event.Event
	outcomes []outcome
}

// Row is one event on which at least one of the two did something.
type Row struct {
	Seq          uint64
	At           time.Time
	Kind         event.Kind
	Cause        string
	Verdict      Verdict
	Live, Shadow Side
}

// cost sums up what events cost one of the two.
type cost struct {
	latency latencies
	fuel    int64
	events  int64
}

func (c *cost) add(s *Side) {
	c.events++
	c.fuel += s.Fuel
	c.latency.add(time.Duration(s.Micros * float64(time.Microsecond)))
}

// Cost is what an event costs.
type Cost struct {
	Fuel                 int64 // mean
	P50Micros, P95Micros float64
}

func (c *cost) mean() Cost {
	p50, p95, _ := c.latency.quantiles()
	return Cost{Fuel: c.fuel / max(1, c.events), P50Micros: p50, P95Micros: p95}
}

// Report sets a shadow beside the plugin on air.
type Report struct {
	Slot           Kind
	Live           *Info // nil while nobody is on air
	Shadow         Info
	Who            string
	Since          time.Time
	Missed         uint64 // events that it was too slow for
	Counts         map[Verdict]uint64
	Used           map[string]uint64 // powers that it would have used
	LiveCost, Cost Cost
	Rows           []Row // the newest first
}

func newShadow(s *slot, p *occupant, who string) *shadow {
	sh := &shadow{slot: s, p: p, who: who, since: time.Now().UTC(), queue: make(chan heardBatch, shadowQueue), done: make(chan struct{}),
		counts: map[Verdict]uint64{}, used: map[string]uint64{}, info: p.info()}
	sh.life, sh.quit = context.WithCancel(s.host.life)
	return sh
}

// push hands over a batch, unless the shadow is too far behind. The caller has the turn of the slot.
func (sh *shadow) push(events []event.Event, outcomes []outcome) {
	select {
	case sh.queue <- heardBatch{slices.Clone(events), slices.Clone(outcomes)}:
	default:
		sh.mu.Lock()
		sh.missed += uint64(len(events))
		sh.mu.Unlock()
		sh.slot.host.metrics.shadowMissed.Add(float64(len(events)))
	}
}

// start lets it hear until it is stopped. The caller has the turn of the slot.
func (sh *shadow) start() {
	sh.runs = true
	go func() {
		defer close(sh.done)
		sh.run(sh.life)
	}()
}

// stop ends it and waits until it has ended. It is in no slot any more. Before it was started its guest belongs to whoever
// gets it ready.
func (sh *shadow) stop() {
	if sh.quit(); sh.runs {
		<-sh.done
		sh.slot.dismiss(sh.p)
	}
}

// sha256 is that of what runs.
func (sh *shadow) sha256() string {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.info.SHA256
}

func (sh *shadow) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if at, ok := sh.p.timers.next(); ok {
			timer.Reset(max(0, time.Until(at)))
		}
		select {
		case <-ctx.Done():
			return
		case b := <-sh.queue:
			sh.hear(ctx, b)
		case now := <-timer.C:
			for _, token := range sh.p.timers.fired(now) {
				sh.answer(ctx, show.TimerFired{Slot: string(sh.slot.kind), Plugin: sh.p.manifest.ID, Token: token})
			}
		}
	}
}

// hear plays a batch to the shadow, one event after the other.
func (sh *shadow) hear(ctx context.Context, b heardBatch) {
	for _, e := range b.events {
		sh.heard.add([]event.Event{e})
		var live made
		for len(b.outcomes) > 0 && b.outcomes[0].seq < e.Seq {
			b.outcomes = b.outcomes[1:]
		}
		if len(b.outcomes) > 0 && b.outcomes[0].seq == e.Seq {
			live = b.outcomes[0].made
		}
		wants := sh.p.hears[e.Kind()]
		if !wants && live.silent() && len(live.late) == 0 {
			continue
		}
		var mine made
		var denied []show.PowerDenied
		if wants {
			mine, denied = sh.play(ctx, e)
		}
		sh.note(e, live, mine, wants)
		for _, d := range denied {
			sh.answer(ctx, d)
		}
	}
}

// answer tells the shadow what nobody else hears. The ledger does not know of it, so it has the number of what the
// shadow heard last.
func (sh *shadow) answer(ctx context.Context, d event.Data) {
	e := event.Event{Seq: sh.p.lastSeq, At: time.Now().UTC(), Data: d}
	mine, _ := sh.play(ctx, e) // what it asks for now is denied as well, but one answer is enough
	if !mine.silent() || len(mine.late) > 0 {
		sh.note(e, made{}, mine, true)
	}
}

// play gives one event to the shadow's guest.
func (sh *shadow) play(ctx context.Context, e event.Event) (made, []show.PowerDenied) {
	p := sh.p
	start := time.Now()
	reactions, err := p.guest.HandleBatch(ctx, []event.Event{e})
	mine := made{Side: Side{Micros: float64(time.Since(start)) / float64(time.Microsecond)}}
	p.lastSeq = e.Seq
	if err != nil {
		sh.trapped(ctx, err)
		mine.Trap = firstLine(err)
		return mine, nil
	}
	mine.Fuel = p.guest.Stats().Fuel
	p.events++
	var denied []show.PowerDenied
	for i := range reactions {
		r := &reactions[i]
		mine.add(p, r)
		if d, ok := sh.take(e, r); ok {
			denied = append(denied, d)
		}
	}
	if shut, _ := p.refused(); shut > 0 {
		if d, ok := sh.deny(e, &Reaction{Power: PowerStore}, p.shutOut(sh.slot.host.cfg.Store != nil), shut); ok {
			denied = append(denied, d)
		}
	}
	return mine, denied
}

// take counts a reaction, and says what the plugin is to be told when it would have to wait for an answer.
func (sh *shadow) take(e event.Event, r *Reaction) (show.PowerDenied, bool) {
	p := sh.p
	p.commands++
	p.dossier.wouldUse(r.Power)
	sh.mu.Lock()
	sh.used[r.Power]++
	sh.mu.Unlock()
	why := p.check(r, e.At)
	switch {
	case why == "" && r.Power == powerLog:
		p.line(e, r, true)
		return show.PowerDenied{}, false
	case why == "" && r.Power == PowerTimer:
		if p.roomFor(r.Call.(*abi.Timer)) {
			p.own(r, e)
			return show.PowerDenied{}, false
		}
		why = tooManyTimers
	case why == "" && (r.Power == PowerHTTP || r.Power == PowerLLM):
		why = "shadow: nothing is sent"
	case why == "":
		return show.PowerDenied{}, false
	}
	if _, is := r.Call.(*abi.StorePut); is {
		return show.PowerDenied{}, false // its store is a copy
	}
	return sh.deny(e, r, why, 1)
}

// deny counts what the shadow may not do, and gives what it is told of it, which is not always something.
func (sh *shadow) deny(e event.Event, r *Reaction, why string, times uint64) (show.PowerDenied, bool) {
	p := sh.p
	p.denied += times
	reason, ok := p.denial(r.Power).mayTell(e.At, why, times)
	return show.PowerDenied{Slot: string(sh.slot.kind), Plugin: p.manifest.ID, Token: token(r.Call), Power: r.Power, Reason: reason}, ok
}

func (sh *shadow) trapped(ctx context.Context, err error) {
	p := sh.p
	p.traps++
	p.lastTrap = firstLine(err)
	p.dossier.trapped(time.Now())
	sh.slot.host.metrics.shadowTraps.WithLabelValues(string(sh.slot.kind)).Inc()
	if !errors.Is(err, ErrDead) {
		return
	}
	dead := p.guest
	if startErr := p.start(ctx, sh.slot.host, nil); startErr != nil {
		p.guest = dead
		sh.slot.log.Warn("a shadow cannot be started anew", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, startErr)
		return
	}
	if closeErr := dead.Close(ctx); closeErr != nil {
		sh.slot.log.Warn("cannot close a dead shadow", telemetry.KeyPlugin, p.manifest.ID, telemetry.KeyErr, closeErr)
	}
}

// note keeps how the two compare, on e and on earlier events that one of them comes back to. Events on which neither did
// anything are counted and not kept.
func (sh *shadow) note(e event.Event, live, mine made, heard bool) {
	info := sh.p.info()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.info = info
	for i := range live.late {
		sh.late(e, &live.late[i], &live.Side, func(r *Row) *Side { return &r.Live })
	}
	for i := range mine.late {
		sh.late(e, &mine.late[i], &mine.Side, func(r *Row) *Side { return &r.Shadow })
	}
	v := compare(&live.Side, &mine.Side)
	sh.slot.host.metrics.shadowEvents.WithLabelValues(string(sh.slot.kind), string(v)).Inc()
	sh.counts[v]++
	if heard {
		sh.costs[1].add(&mine.Side)
	}
	if live.Micros > 0 {
		sh.costs[0].add(&live.Side)
	}
	if live.silent() && mine.silent() {
		return
	}
	if len(sh.rows) == keptRows {
		sh.rows = slices.Delete(sh.rows, 0, 1)
	}
	at := len(sh.rows)
	for at > 0 && sh.rows[at-1].Seq > e.Seq { // e may be what nobody else hears, with the number of an event
		at--
	}
	sh.rows = slices.Insert(sh.rows, at, rowOf(e, v, live.Side, mine.Side))
}

func rowOf(e event.Event, v Verdict, live, mine Side) Row {
	return Row{Seq: e.Seq, At: e.At, Kind: e.Kind(), Cause: summary(e), Verdict: v, Live: live, Shadow: mine}
}

// late adds what one of the two says about an earlier event than e to the row of that one, or to now when it is too old.
func (sh *shadow) late(e event.Event, l *late, now *Side, side func(*Row) *Side) {
	i := slices.IndexFunc(sh.rows, func(r Row) bool { return r.Seq >= l.about })
	if i >= 0 && sh.rows[i].Seq == l.about {
		sh.counts[sh.rows[i].Verdict]--
	} else if i = sh.quiet(e, l.about, i); i < 0 {
		now.merge(&l.side)
		return
	}
	r := &sh.rows[i]
	side(r).merge(&l.side)
	r.Verdict = compare(&r.Live, &r.Shadow)
	sh.counts[r.Verdict]++
}

// quiet makes a row of an event on which neither did anything, before that at i or behind all, and gives where it is; below
// 0 when the event is too old.
func (sh *shadow) quiet(e event.Event, about uint64, i int) int {
	of, full := sh.heard.cause(about, e), len(sh.rows) == keptRows
	if of.Seq != about || full && i == 0 {
		return -1
	}
	if i < 0 {
		i = len(sh.rows)
	}
	if full {
		sh.rows = slices.Delete(sh.rows, 0, 1)
		i--
	}
	if sh.p.hears[of.Kind()] {
		sh.counts[Same]-- // which is what it was taken for
	}
	sh.rows = slices.Insert(sh.rows, i, rowOf(of, Same, Side{}, Side{}))
	return i
}

func (sh *shadow) report() Report {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	r := Report{Slot: sh.slot.kind, Shadow: sh.p.filled(sh.info), Who: sh.who, Since: sh.since, Missed: sh.missed, Counts: maps.Clone(sh.counts), Used: maps.Clone(sh.used),
		LiveCost: sh.costs[0].mean(), Cost: sh.costs[1].mean(), Rows: slices.Clone(sh.rows)}
	slices.Reverse(r.Rows)
	c := r.Cost
	r.Shadow.P50Micros, r.Shadow.P95Micros = c.P50Micros, c.P95Micros
	return r
}
