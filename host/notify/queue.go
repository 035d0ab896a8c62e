package notify

import (
	"slices"
	"time"
)

// queue holds the letters that wait.
type queue struct{ letters []letter }

// drop is a letter that will not be sent, and why.
type drop struct {
	letter
	reason string
}

// Why a letter is not sent.
const (
	reasonBudget = "budget"     // others went first for as long as it was worth sending
	reasonNews   = "superseded" // a newer letter says what matters
	reasonAway   = "x_away"     // X took nothing for as long as it was worth sending

	reasonStranger = "unknown_post" // a plugin named a post that did not come to the show
)

// put adds a letter, unless a newer one that waits says what matters: one that X did not take comes back behind those.
// It drops the waiting ones that it makes needless, and the least useful one past the limit.
func (q *queue) put(l letter, limit int) []drop {
	if slices.ContainsFunc(q.letters, func(w letter) bool { return w.replaces(l) }) {
		return []drop{{l, reasonNews}}
	}
	var dropped []drop
	q.letters = slices.DeleteFunc(q.letters, func(w letter) bool {
		if !l.replaces(w) {
			return false
		}
		dropped = append(dropped, drop{w, reasonNews})
		return true
	})
	at, _ := slices.BinarySearchFunc(q.letters, l, order)
	q.letters = slices.Insert(q.letters, at, l)
	if len(q.letters) > limit {
		last := len(q.letters) - 1
		dropped = append(dropped, drop{q.letters[last], reasonBudget})
		q.letters = q.letters[:last]
	}
	return dropped
}

// order is how letters are sent: the most useful first, the newest of a kind first, since it is news for longer.
// Those that somebody asked for keep their order.
func order(a, b letter) int {
	if a.about != b.about {
		return int(a.about) - int(b.about)
	}
	newest := int(b.cause) - int(a.cause)
	if a.about == asked {
		return -newest
	}
	return newest
}

// replaces reports whether a letter makes an older one to the same person needless: whoever is outbid need not
// hear that they led, whoever bid again has seen the price, and of two refusals only the last is worth reading.
func (l letter) replaces(w letter) bool {
	if l.handle == "" || l.handle != w.handle || w.about == sold || l.about == sold || l.about == asked || w.about == asked {
		return false
	}
	if l.cause <= w.cause {
		return false
	}
	return l.about == outbid && w.about == accepted && l.to == w.to ||
		l.about == accepted && w.about != accepted ||
		l.about == refused && w.about == refused ||
		l.about == outbid && w.about == outbid
}

// pop takes the first letter.
func (q *queue) pop() letter {
	l := q.letters[0]
	q.letters = slices.Delete(q.letters, 0, 1)
	return l
}

// expire takes out what is not worth sending any more.
func (q *queue) expire(now time.Time, patience time.Duration, reason string) []drop {
	var dropped []drop
	q.letters = slices.DeleteFunc(q.letters, func(l letter) bool {
		if now.Before(l.expires(patience)) {
			return false
		}
		dropped = append(dropped, drop{l, reason})
		return true
	})
	return dropped
}

// expires is when a letter is not worth sending any more. A winner wants to know for longer.
func (l letter) expires(patience time.Duration) time.Time {
	if l.about == sold {
		patience *= 10
	}
	return l.at.Add(patience)
}
