package intake_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/holiman/uint256"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/intake"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
)

// FuzzParse: whatever people write, a reading is whole, in range, and not changed in silence by what nobody sees.
func FuzzParse(f *testing.F) {
	for s := range accepted {
		f.Add(s)
	}
	for s := range refused {
		f.Add(s)
	}
	for s := range talk {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := intake.Parse(s)
		checkWhole(t, s, r)
		if r.Intent != post.IntentBid || r.Reason != "" {
			return
		}
		for _, hidden := range []string{"\u200b", "\u202e", "\u2060", "\u0301", "²", "½", "'", "/", ","} {
			checkHidden(t, s, r, hidden)
		}
		for _, more := range []string{" or 77.7 eth", "\nbid 77.7", ", 77.7Ξ", " 77.7e9 gwei"} {
			if again := intake.Parse(s + more); again.Reason == "" && again.Intent == post.IntentBid && again.Amount != money.MustETH("77.7") && r.Amount != money.MustETH("77.7") {
				t.Errorf("%q bids %s; with another amount behind it, %q bids %s", s, r.Amount, s+more, again.Amount)
			}
		}
	})
}

func checkWhole(t *testing.T, s string, r intake.Reading) {
	t.Helper()
	switch {
	case r.Intent != post.IntentBid:
		if !r.Amount.IsZero() || r.Reason != "" || r.Hint != "" {
			t.Errorf("%q is %s, but has %+v", s, r.Intent, r)
		}
	case r.Reason != "":
		if r.Hint == "" || !r.Amount.IsZero() {
			t.Errorf("%q is refused, but has %+v", s, r)
		}
	case r.Amount.IsZero() || r.Amount.Cmp(auction.MaxAmount) > 0 || r.Hint != "":
		t.Errorf("%q is accepted, but has %+v", s, r)
	case !utf8.ValidString(s) || r.Token == "" || !strings.Contains(s, r.Token):
		t.Errorf("%q is accepted, but %q is not in it", s, r.Token)
	}
}

// checkHidden puts something between two digits: the bid must be refused, or be another number that people see as well.
func checkHidden(t *testing.T, s string, r intake.Reading, hidden string) {
	t.Helper()
	for i := 1; i < len(s); i++ {
		if !digit(s[i-1]) || !digit(s[i]) {
			continue
		}
		changed := s[:i] + hidden + s[i:]
		again := intake.Parse(changed)
		if again.Intent == post.IntentBid && again.Reason == "" && again.Amount != r.Amount && hidden != "," {
			t.Errorf("%q bids %s, %q bids %s", s, r.Amount, changed, again.Amount)
		}
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// Every amount that can be bid is read back from every way in which it is written.
func TestEveryAmountReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		max := auction.MaxAmount.Uint256()
		n := new(uint256.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 1, 11).Draw(t, "wei"))
		if n.IsZero() || n.Gt(&max) {
			t.Skip("out of range")
		}
		want := money.FromUint256(n)
		eth := want.ETH()
		texts := []string{"bid " + eth, eth + " ETH", "Ξ" + eth, "bid: " + eth + "eth", want.String() + " wei", "@a_b I bid " + eth + " ether for lot 3!"}
		if whole, frac, ok := strings.Cut(eth, "."); ok && (len(frac) != 3 || whole == "0") {
			texts = append(texts, "bid "+whole+","+frac)
		}
		for _, s := range texts {
			if r := intake.Parse(s); r.Reason != "" || r.Amount != want {
				t.Errorf("%q: %+v; want %s wei", s, r, want)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, s := range map[string]string{
		"bid":  "@SothebAIs my bid is 1.5 ETH for lot seven",
		"talk": "gm everyone, what a lovely piece, I adore the boy with apple",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				intake.Parse(s)
			}
		})
	}
}
