package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sothebais/sothebais/host/plugin"
)

// isLost says that after this error a child is of no use any more.
func isLost(err error) bool {
	return errors.Is(err, errGone) || errors.Is(err, errLate) || errors.Is(err, errLie) || errors.Is(err, plugin.ErrDead)
}

func isModule(err error) bool { return errors.Is(err, plugin.ErrModule) }

// ask makes a call. When the child is lost over it, another one takes its place and is asked once more; when that is lost
// as well, the call is given up, and the guest stands where it stood before.
func (g *guest) ask(op uint32, at, size int, limit time.Duration) (answer, []byte, error) {
	g.asked = true
	for try := 1; ; try++ {
		if err := g.ensure(); err != nil {
			return answer{}, nil, err
		}
		a, out, err := g.call(op, at, size, limit)
		switch {
		case err == nil:
			return a, out, nil
		case !isLost(err):
			return a, nil, err // it was put back
		case try == 2:
			if op == opHandle {
				g.trapped()
			}
			return answer{}, nil, g.gaveUp(err)
		}
		g.bury(err)
	}
}

// gaveUp buries a child that was lost over a call, and puts another one to where the guest stood before.
func (g *guest) gaveUp(err error) error {
	why := g.bury(err)
	if err := g.ensure(); err != nil {
		return err
	}
	return &plugin.TrapError{Reason: "its process was lost: " + why, Err: err}
}

// call asks the child, and reads its answer without belief. It gives the bytes of the answer, and behind them what was
// written to the store.
func (g *guest) call(op uint32, at, size int, limit time.Duration) (answer, []byte, error) {
	r := g.cradle.ring
	if err := r.do(g.proc.next(), call{Op: op, At: uint32(at), Size: uint32(size), Keep: g.keep}, limit); err != nil {
		return answer{}, nil, err
	}
	a := *r.answer()
	total := uint64(a.Size) + uint64(a.Writes) + uint64(a.Lines)
	if total > answerRoom {
		return answer{}, nil, fmt.Errorf("%w: %d bytes", errLie, total)
	}
	g.out = append(g.out[:0], r.answers()[:total]...)
	readLines(g.out[a.Size+a.Writes:], func(line string) { g.log.Info("plugin printed", keyLine, clip(line, maxLine)) })
	g.count(&a)
	if a.Failed != 0 {
		return a, nil, readFailure(g.out[:a.Size], g.program.Original)
	}
	return a, g.out[:a.Size+a.Writes], nil
}

// count takes in the figures of an answer.
func (g *guest) count(a *answer) {
	st := &g.stats
	st.Memory, st.Fuel, st.Store = a.Memory, a.Fuel, int(a.Store)
	for i, n := range a.Passed {
		st.Passed[i] = g.passed[i] + n
	}
	st.Passed[plugin.LimitCommands] = st.Dropped
	st.Shut = g.shut + a.Shut
}

// bury kills a child that was lost, and says why in a word.
func (g *guest) bury(err error) string {
	p := g.proc
	g.hold(nil)
	why, label := err.Error(), whyDead
	switch {
	case errors.Is(err, errLate):
		label = whyLate
	case errors.Is(err, errLie):
		label = whyLie
	}
	if p != nil {
		p.end()
		if errors.Is(err, errGone) {
			why, label = p.epitaph(), whyGone
		}
	}
	g.runtime.metrics.kills.WithLabelValues(label).Inc()
	g.log.Warn("the process of a plugin was lost", "why", why)
	if now := time.Now(); now.Sub(g.since) > deathWindow {
		g.since, g.deaths = now, 0
	}
	if g.deaths++; g.deaths >= maxDeaths {
		g.dead = fmt.Errorf("%w: its process was lost %d times within %v, at last: %s", plugin.ErrDead, g.deaths, deathWindow, why)
	}
	return why
}

// ensure sees that there is a child which stands where the guest stands.
func (g *guest) ensure() error {
	if g.proc != nil && g.proc.ended.Load() {
		g.bury(errGone)
	}
	for g.proc == nil {
		if g.dead != nil {
			return g.dead
		}
		start := time.Now()
		if g.deaths > 1 {
			time.Sleep(min(firstPause<<(g.deaths-2), maxPause))
		}
		if err := g.succeed(); err != nil {
			g.bury(err)
			continue
		}
		g.runtime.metrics.restarts.Inc()
		g.runtime.metrics.back.Observe(time.Since(start).Seconds())
	}
	return g.dead
}

// succeed lets the spare child, or a new one, begin where the guest stands.
func (g *guest) succeed() error {
	p := g.spare
	g.spare = nil
	if p != nil && p.ended.Load() {
		p.end()
		p = nil
	}
	if p == nil {
		var err error
		if p, err = g.cradle.spawn(nil); err != nil {
			return err
		}
		if err := p.greet(context.Background(), g.runtime.cfg.LoadTime); err != nil {
			p.end()
			return err
		}
	}
	g.hold(p)
	if err := p.answer(g.cradle.ring); err != nil {
		return err
	}
	if p.place == placeGuest {
		_ = p.own.free() // nobody will begin there
		p.own = nil
	}
	stats := g.stats
	a, _, err := g.call(opResume, 0, g.journal.tail, g.runtime.cfg.LoadTime)
	g.stats = stats // what is played again was counted the first time
	for i, n := range a.Passed {
		g.passed[i] = stats.Passed[i] - n
	}
	g.shut = stats.Shut - a.Shut
	return err
}

// look sees after the guest while nobody asks it anything: that its child lives, and that another one stands by.
func (g *guest) look(ctx context.Context) {
	beat := time.NewTicker(g.runtime.cfg.Heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			g.beat()
			if g.runtime.cfg.Spare {
				g.standBy(ctx)
			}
		}
	}
}

// beat asks a child that was asked nothing for a while.
func (g *guest) beat() {
	if !g.mu.TryLock() {
		return // it is at work
	}
	defer g.mu.Unlock()
	if g.dead != nil {
		return
	}
	if g.proc == nil || g.proc.ended.Load() {
		_ = g.ensure() // whoever asks next is told
	}
	if !g.asked && g.dead == nil {
		_, _, _ = g.ask(opPing, 0, 0, g.runtime.cfg.BatchTime) // likewise
	}
	g.asked = false
}

// standBy prepares a spare child, if there is none.
func (g *guest) standBy(ctx context.Context) {
	g.mu.Lock()
	if g.spare != nil && g.spare.ended.Load() {
		g.spare.end()
		g.spare = nil
	}
	needed := g.spare == nil && g.dead == nil
	g.mu.Unlock()
	if !needed {
		return
	}
	p, err := g.spawnSpare(ctx)
	if err != nil {
		if ctx.Err() == nil {
			g.log.Warn("no second process for a plugin", "why", err)
		}
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.spare = p
}

func (g *guest) spawnSpare(ctx context.Context) (*process, error) {
	own, err := newGround(g.program.Manifest.Limits.MemoryMiB)
	if err != nil {
		return nil, err
	}
	p, err := g.cradle.spawn(own)
	if err != nil {
		return nil, errors.Join(err, own.free())
	}
	if err := p.greet(ctx, g.runtime.cfg.LoadTime); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}
