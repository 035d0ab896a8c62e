package notify

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sothebais/sothebais/host/auction"
)

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		r    auction.BidRefused
		want string
	}{
		{auction.BidRefused{Reason: auction.ReasonTooLow, Hint: "The next bid must be at least 2 ETH.", Minimum: eth("2")}, `The next bid must be at least 2 ETH. Just reply "bid 2 ETH".`},
		{auction.BidRefused{Reason: auction.ReasonAmbiguous, Hint: `Write one plain amount, such as "bid 1.5 ETH".`, Minimum: eth("2")}, `Write one plain amount, such as "bid 1.5 ETH". To lead takes 2 ETH or more.`},
		{auction.BidRefused{Reason: auction.ReasonClosed, Hint: "The hammer has fallen.", Minimum: eth("2")}, "The hammer has fallen."},
		{auction.BidRefused{Reason: auction.ReasonFormat, Minimum: eth("2")}, `This bid does not count. To lead takes 2 ETH or more. Just reply "bid 2 ETH".`},
		{auction.BidRefused{Reason: auction.ReasonFormat}, "This bid does not count."},
	} {
		if got := refusedText(c.r); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.r.Reason, got, c.want)
		}
	}
}

func TestAcceptedTellsOfTheReserve(t *testing.T) {
	a := bid("ann", "1", "1.1", "1", "", "")
	a.ReserveMet = false
	if got, want := acceptedText(a), "Your bid of 1 ETH leads. The reserve is not met yet. To beat it takes 1.1 ETH or more."; got != want {
		t.Errorf("got %s", got)
	}
}

func TestClipKeepsToTheLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.RuneFrom([]rune("ab c日🔥—\n")), 0, 600, -1).Draw(t, "text")
		got := clip(s)
		if weight(got) > maxWeight {
			t.Fatalf("weight %d", weight(got))
		}
		if weight(strings.TrimSpace(s)) <= maxWeight && got != strings.TrimSpace(s) {
			t.Fatalf("cut without need: %q", got)
		}
	})
}

func TestNoWindowSeesMoreThanTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Budget{Posts: rapid.IntRange(4, 200).Draw(t, "posts"), Window: time.Duration(rapid.IntRange(1, 1000).Draw(t, "seconds")) * time.Second}
		now := time.Unix(1000, 0)
		p := newPurse(b, now)
		var spent []time.Time
		for range 500 {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(b.Window/20)).Draw(t, "pause")))
			if wait := p.take(now); wait == 0 {
				spent = append(spent, now)
			} else if w := p.take(now.Add(wait)); w != 0 {
				t.Fatalf("after the wait it named there is another of %v", w)
			} else {
				now = now.Add(wait)
				spent = append(spent, now)
			}
		}
		for i := b.Posts; i < len(spent); i++ {
			if span := spent[i].Sub(spent[i-b.Posts]); span < b.Window*99/100 {
				t.Fatalf("%d posts in %v, want no more than %d in %v", b.Posts+1, span, b.Posts, b.Window)
			}
		}
	})
}
