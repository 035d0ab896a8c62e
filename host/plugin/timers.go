package plugin

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

// longestTimer bounds how far ahead a plugin may ask to be woken.
const longestTimer = 24 * time.Hour

// keptRung is how long it is known that a timer ran out: far longer than a successor takes to get ready.
const keptRung = 10 * time.Minute

// timers are those that a plugin waits for, by token. They are set under the turn and looked at by whoever wakes.
type timers struct {
	mu   sync.Mutex
	due  map[uint64]time.Time
	rung map[uint64]time.Time // when those were due that ran out
}

// set asks for a timer so many milliseconds after an event; 0 cancels it.
func (t *timers) set(token uint64, millis int64, from time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if millis <= 0 {
		delete(t.due, token)
		return
	}
	if t.due == nil {
		t.due = map[uint64]time.Time{}
	}
	t.due[token] = from.Add(min(time.Duration(min(millis, int64(longestTimer/time.Millisecond)))*time.Millisecond, longestTimer))
}

// room reports whether one more of a token fits.
func (t *timers) room(token uint64, most int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, again := t.due[token]
	return again || len(t.due) < most
}

// next is when the first of them is due; false when there is none.
func (t *timers) next() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var first time.Time
	for _, at := range t.due {
		if first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, len(t.due) > 0
}

// fired takes out what is due, the earliest first and the lower token before the higher.
func (t *timers) fired(now time.Time) []uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []uint64
	for token, at := range t.due {
		if !at.After(now) {
			out = append(out, token)
		}
	}
	sortTokens(out, t.due)
	maps.DeleteFunc(t.rung, func(_ uint64, at time.Time) bool { return now.Sub(at) > keptRung })
	if t.rung == nil {
		t.rung = map[uint64]time.Time{}
	}
	for _, token := range out {
		t.rung[token] = t.due[token]
		delete(t.due, token)
	}
	return out
}

// follow ends those of a predecessor of the same id: what ran out there is told to the successor, and runs out here no more.
func (t *timers) follow(old *timers) {
	old.mu.Lock()
	old.due = nil
	rung := maps.Clone(old.rung)
	old.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.DeleteFunc(t.due, func(token uint64, at time.Time) bool { return at.Equal(rung[token]) })
}

// pending are those of a predecessor, for whoever takes its state over.
func (t *timers) pending() map[uint64]time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.due)
}

// adopt takes timers over.
func (t *timers) adopt(due map[uint64]time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.due = due
}

func sortTokens(tokens []uint64, due map[uint64]time.Time) {
	slices.SortFunc(tokens, func(a, b uint64) int { return cmp.Or(due[a].Compare(due[b]), cmp.Compare(a, b)) })
}
