package notify

import (
	"cmp"
	"time"
)

// Budget is how much may be written: Posts in any span of Window. The zero value is X's own limit, 100 in 15 minutes.
type Budget struct {
	Posts  int
	Window time.Duration
}

func (b Budget) withDefaults() Budget {
	b.Posts, b.Window = cmp.Or(b.Posts, 100), cmp.Or(b.Window, 15*time.Minute)
	return b
}

// purse is a bucket of tokens. It holds 30 % of the budget and fills with the other 70 % over the window, so that
// however the two fall together, no span of the window sees more than the budget; and a burst of bids is answered
// at once without leaving a quarter of an hour of silence behind it.
type purse struct {
	full, tokens, each float64 // each: tokens a second
	at                 time.Time
}

func newPurse(b Budget, now time.Time) *purse {
	full := max(1, 0.3*float64(b.Posts))
	rest := max(0.5, float64(b.Posts)-full)
	return &purse{full: full, tokens: full, each: rest / b.Window.Seconds(), at: now}
}

// take spends a token, or says how long until there is one.
func (p *purse) take(now time.Time) time.Duration {
	if d := now.Sub(p.at); d > 0 {
		p.tokens = min(p.full, p.tokens+d.Seconds()*p.each)
		p.at = now
	}
	const nearly = 1 - 1e-9 // tokens are summed up in many small parts
	if p.tokens >= nearly {
		p.tokens--
		return 0
	}
	return time.Duration((1-p.tokens)/p.each*float64(time.Second)) + time.Microsecond
}

// giveBack returns a token that was not used.
func (p *purse) giveBack() { p.tokens = min(p.full, p.tokens+1) }
