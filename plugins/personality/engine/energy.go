package engine

// liftFades is how long what a trigger gave or took is felt, in milliseconds; the stage is told in steps.
const (
	liftFades = 30_000
	fadeStep  = 10
)

// energy is that of the mood and what triggers gave lately, from 0 to 100. What was given fades evenly.
func (s *state) energy(now int64) int64 {
	return min(max(s.rest+s.lifted(now), 0), 100)
}

func (s *state) lifted(now int64) int64 {
	left := liftFades - max(now-s.liftAt, 0)
	if left <= 0 {
		return 0
	}
	return s.lift * left / liftFades
}

// liven gives or takes the energy of a trigger, and shows the stage how the mood is felt now.
func (e *Engine) liven(t *trigger, now int64) {
	if t.energy == 0 {
		return
	}
	e.s.lift, e.s.liftAt = min(max(e.s.lifted(now)+t.energy, -100), 100), now
	if t.mood == "" || t.mood == e.s.mood {
		e.showMood(now, t.id)
	}
}

// fade tells the stage when what was given has become noticeably less, and when it is gone.
func (e *Engine) fade(now int64) {
	gone := e.s.energy(now) - e.s.told
	if gone = max(gone, -gone); gone >= fadeStep || gone > 0 && e.s.lifted(now) == 0 {
		e.showMood(now, "fade")
	}
}

// showMood tells the stage the mood, and with what energy it is played.
func (e *Engine) showMood(now int64, why string) {
	e.s.told = e.s.energy(now)
	e.out = append(e.out, Command{Verb: Mood, Name: e.s.mood, Value: e.s.told, Why: why})
}
