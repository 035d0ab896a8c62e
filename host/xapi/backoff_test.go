package xapi

import (
	"errors"
	"testing"
	"time"
)

func TestReconnectsFollowTheRules(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	network, http503, rate := errors.New("reset"), &APIError{Code: 503}, &RateError{}
	ms := func(n ...int) (out []time.Duration) {
		for _, x := range n {
			out = append(out, time.Duration(x)*time.Millisecond)
		}
		return out
	}
	for _, c := range []struct {
		name string
		errs []error
		want []time.Duration
	}{
		{"network: at once, then 250 ms more each time", []error{network, network, network, network}, ms(0, 250, 500, 750)},
		{"http: 5 s doubled to 320 s", []error{http503, http503, http503, http503, http503, http503, http503, http503}, ms(5000, 10000, 20000, 40000, 80000, 160000, 320000, 320000)},
		{"429: a minute doubled", []error{rate, rate, rate}, ms(60000, 120000, 240000)},
		{"429 with a reset: until then", []error{&RateError{Known: true, Until: now.Add(7 * time.Second)}}, ms(7000)},
		{"a reset that has passed: a second", []error{&RateError{Known: true, Until: now.Add(-time.Hour)}}, ms(1000)},
		{"another kind starts anew", []error{network, network, http503, network}, ms(0, 250, 5000, 0)},
		{"a silent stream and a word of X are the network's", []error{errSilent, &disconnectError{}}, ms(0, 250)},
	} {
		var b backoff
		for i, err := range c.errs {
			if got := b.next(err, now); got != c.want[i] {
				t.Errorf("%s: wait %d is %v, want %v", c.name, i+1, got, c.want[i])
			}
		}
	}
	var b backoff
	for range 100 {
		b.next(network, now)
	}
	if got := b.next(network, now); got != 16*time.Second {
		t.Errorf("network: at most 16 s, got %v", got)
	}
	b.good()
	if got := b.next(network, now); got != 0 {
		t.Errorf("after a good connection: at once, got %v", got)
	}
}
