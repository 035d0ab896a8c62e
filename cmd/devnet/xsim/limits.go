package xsim

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// quota is how many calls X takes in a window, by endpoint; X's documents disagree with one another here and there.
var quota = map[string]int{
	"GET /2/tweets/search/stream":        50,
	"GET /2/tweets/search/stream/rules":  450,
	"POST /2/tweets/search/stream/rules": 100,
	"GET /2/users/me":                    75,
	"GET /2/users/by/username":           900,
	"GET /2/users/mentions":              300,
	"POST /2/tweets":                     100,
}

const windowLength = 15 * time.Minute

// limiter counts calls in windows that begin with the first call.
type limiter struct {
	mu    sync.Mutex
	quota map[string]int
	used  map[string]*usage
}

type usage struct {
	n     int
	reset time.Time
}

func newLimiter(other map[string]int) *limiter {
	l := &limiter{quota: make(map[string]int), used: make(map[string]*usage)}
	for k, n := range quota {
		l.quota[k] = n
	}
	for k, n := range other {
		l.quota[k] = n
	}
	return l
}

// take counts a call and writes the headers; false when there are none left.
func (l *limiter) take(w http.ResponseWriter, endpoint string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	u := l.used[endpoint]
	if u == nil || !now.Before(u.reset) {
		u = &usage{reset: now.Add(windowLength)}
		l.used[endpoint] = u
	}
	u.n++
	limit := l.quota[endpoint]
	w.Header().Set("x-rate-limit-limit", strconv.Itoa(limit))
	w.Header().Set("x-rate-limit-remaining", strconv.Itoa(max(0, limit-u.n)))
	w.Header().Set("x-rate-limit-reset", fmt.Sprint(u.reset.Unix()+1))
	return u.n <= limit
}
