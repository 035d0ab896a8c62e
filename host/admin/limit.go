package admin

import (
	"sync"
	"time"
)

// Login attempts: a person mistypes a few times; a program that guesses gets twelve seconds an attempt, over all addresses one.
const (
	loginBurst       = 5
	loginEvery       = 12 * time.Second
	loginGlobalBurst = 30
	loginGlobalEvery = time.Second
	limitAddresses   = 4096 // remembered at a time
)

// bucket holds tokens that come back one at a time.
type bucket struct {
	tokens float64
	at     time.Time
}

// take uses a token, or says how long until there is one.
func (b *bucket) take(now time.Time, burst int, every time.Duration) time.Duration {
	if b.at.IsZero() {
		b.tokens = float64(burst)
	} else {
		b.tokens = min(float64(burst), b.tokens+float64(now.Sub(b.at))/float64(every))
	}
	b.at = now
	if b.tokens >= 1 {
		b.tokens--
		return 0
	}
	return time.Duration((1 - b.tokens) * float64(every))
}

// loginLimit bounds guesses by address and altogether.
type loginLimit struct {
	mu     sync.Mutex
	all    bucket
	byAddr map[string]*bucket
}

// take allows an attempt, or says how long to wait.
func (l *loginLimit) take(addr string, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.byAddr[addr]
	if b == nil {
		if l.byAddr == nil || len(l.byAddr) >= limitAddresses {
			l.byAddr = map[string]*bucket{} // the bucket over all addresses still holds
		}
		b = &bucket{}
		l.byAddr[addr] = b
	}
	if wait := b.take(now, loginBurst, loginEvery); wait > 0 {
		return wait
	}
	return l.all.take(now, loginGlobalBurst, loginGlobalEvery)
}

// forgive gives an address its attempts back after a right password.
func (l *loginLimit) forgive(addr string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.byAddr, addr)
}
