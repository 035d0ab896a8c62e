package plugin

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/show"
)

// longestTimer bounds how far ahead a plugin may ask to be woken.
const longestTimer = 24 * time.Hour

// timers are those that a plugin waits for, by token. They are set under the turn and looked at by whoever wakes.
type timers struct {
	mu  sync.Mutex
	due map[uint64]time.Time
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
	for _, token := range out {
		delete(t.due, token)
	}
	return out
}

// heard forgets a timer that ran out, as a fact says: a successor takes over those of its predecessor, and one of them
// may run out meanwhile. One that was set anew since stays.
func (t *timers) heard(e event.Event) {
	f, is := e.Data.(show.TimerFired)
	if !is {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if due, waits := t.due[f.Token]; waits && !due.After(e.At) {
		delete(t.due, f.Token)
	}
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
