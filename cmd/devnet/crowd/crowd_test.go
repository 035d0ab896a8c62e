package crowd

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var handleForm = regexp.MustCompile(`^\w{4,15}$`)

func TestUsers(t *testing.T) {
	a, b := Users(1), Users(1)
	seen := map[string]bool{}
	tempers := map[Temper]int{}
	for i, u := range a {
		if u != b[i] {
			t.Errorf("one seed, two crowds: %+v and %+v", u, b[i])
		}
		if seen[u.ID] || seen[u.Handle] || !handleForm.MatchString(u.Handle) {
			t.Errorf("not an account: %+v", u)
		}
		seen[u.ID], seen[u.Handle] = true, true
		tempers[u.Temper]++
	}
	if len(tempers) != 7 || tempers[""] > 0 {
		t.Errorf("tempers %v", tempers)
	}
	if c := Users(2); c[0].ID != a[0].ID {
		t.Error("another seed brings other people")
	}
}

// posts is what a crowd writes in a while at a price.
func posts(t *testing.T, seed int64, rate float64, d time.Duration, lot Lot) (texts []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := New(Config{Seed: seed, Users: Users(seed), Host: "host", Rate: rate,
			Write: func(_, text string) error { texts = append(texts, text); return nil },
			Look:  func(context.Context) (Lot, bool) { return lot, true }})
		ctx, stop := context.WithTimeout(t.Context(), d)
		defer stop()
		if err := c.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Run ended with %v", err)
		}
	})
	return texts
}

func TestOneSeedOneCrowd(t *testing.T) {
	lot := Lot{ID: "l", Open: true, Minimum: 1.1, Left: time.Minute}
	a, b, c := posts(t, 3, 5, time.Minute, lot), posts(t, 3, 5, time.Minute, lot), posts(t, 4, 5, time.Minute, lot)
	if strings.Join(a, "\n") != strings.Join(b, "\n") {
		t.Error("one seed wrote two different things")
	}
	if strings.Join(a, "\n") == strings.Join(c, "\n") {
		t.Error("two seeds wrote the same")
	}
}

func TestRate(t *testing.T) {
	got := len(posts(t, 1, 20, 5*time.Minute, Lot{Open: true, Minimum: 1, Left: time.Minute}))
	if got < 5400 || got > 6600 {
		t.Errorf("%d posts in five minutes at 20 a second", got)
	}
}

func TestPostsAreWhatXTakesAndBidsFollowThePrice(t *testing.T) {
	bids := regexp.MustCompile(`^@host (?:bid|Bid|I bid|my bid:) ([0-9.]+) (?:ETH|eth)$`)
	good := 0
	for _, text := range posts(t, 5, 20, 2*time.Minute, Lot{ID: "l", Open: true, Minimum: 1.2345, Left: time.Minute}) {
		if n := utf8.RuneCountInString(text); n > 280 || !strings.HasPrefix(text, "@host ") {
			t.Errorf("%d characters: %q", n, text)
		}
		if m := bids.FindStringSubmatch(text); m != nil {
			if eth, err := strconv.ParseFloat(m[1], 64); err == nil && eth >= 1.2345 && eth < 1.6 {
				good++
			}
		}
	}
	if good < 50 {
		t.Errorf("%d bids that would lead", good)
	}
}

func TestPriceIsLearntFromTheHost(t *testing.T) {
	c := New(Config{})
	c.Heard("Your bid of 1 ETH leads. To beat it takes 1.575 ETH or more.")
	c.Heard("Lovely weather.")
	if got := c.known().Minimum; got != 1.575 {
		t.Errorf("learnt %v", got)
	}
}

func TestQuietCrowd(t *testing.T) {
	if got := posts(t, 1, 0, time.Minute, Lot{}); len(got) != 0 {
		t.Errorf("wrote %q", got)
	}
}
