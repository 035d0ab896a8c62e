package intake_test

import (
	"testing"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/intake"
	"github.com/sothebais/sothebais/host/post"
)

// accepted are posts that bid, with the amount in wei.
var accepted = map[string]string{
	"1.5 ETH": "1500000000000000000", "2,5eth": "2500000000000000000", "Ξ3": "3000000000000000000", "1e18 wei": "1000000000000000000",
	"bid 0.75": "750000000000000000", "@SothebAIs I bid １．５ ＥＴＨ": "1500000000000000000", "bid: ١.٥ eth": "1500000000000000000",
	"3Ξ": "3000000000000000000", "Ξ 3": "3000000000000000000", "my bid is 1.5 eth, yes 1.50 ETH!": "1500000000000000000",
	"bid .5 eth": "500000000000000000", "1500000000 gwei": "1500000000000000000", "1.5e9 gwei": "1500000000000000000", "0,125 eth": "125000000000000000",
	"lot 7: bid 2 eth 🔥": "2000000000000000000", "#42 bid 2 eth": "2000000000000000000",
	"bid 1 eth from 0x52908400098527886E0F7030069857D2E4169EE7": "1000000000000000000", "1.500 ETH": "1500000000000000000",
	"0.000000000000000001 eth": "1", "bid 2 WETH": "2000000000000000000", "bid 2 $ETH": "2000000000000000000", "bid 2 #eth": "2000000000000000000", "bid 2 #SothebAIs": "2000000000000000000",
	"bid 2 @ann": "2000000000000000000", "bid 2 (for the moon)": "2000000000000000000", "bid 2 - for love": "2000000000000000000", "BID 2": "2000000000000000000", "Bid 2!!!": "2000000000000000000",
	"bid 2 ❤️": "2000000000000000000", "bid 2 eth ❤️‍🔥": "2000000000000000000", "@SothebAIs @ann bid 1.6 ETH": "1600000000000000000",
	"bid 2 for the moon": "2000000000000000000", "bid 2\nlove this": "2000000000000000000", "1.5 eth for the 2nd one": "1500000000000000000",
	"gm! bid 3 ether please": "3000000000000000000", "I'll bid 2.25 ETH": "2250000000000000000", "lot 3, 2 eth": "2000000000000000000",
	"Bidding 1.1 eth in the last 30s": "1100000000000000000", "bid 1 eth https://x.com/a/status/17354": "1000000000000000000",
	"bid १.५ eth": "1500000000000000000", "bid 1000000 eth": "1000000000000000000000000", "(bid 2 eth)": "2000000000000000000", "bid 5.": "5000000000000000000",
	"bid 1 eth": "1000000000000000000", "🔥1.5 eth🔥": "1500000000000000000", "007 eth": "7000000000000000000", "bid\t4\teth": "4000000000000000000",
}

// refused are posts that mean to bid and do not count.
var refused = map[string]auction.Reason{
	"1,500 ETH": auction.ReasonAmbiguous, "1,234.5 eth": auction.ReasonAmbiguous, "1.234.567 eth": auction.ReasonAmbiguous,
	"1 eth or 2 eth": auction.ReasonAmbiguous, "bid 1 eth or maybe 2 eth": auction.ReasonAmbiguous, "1 500 eth": auction.ReasonAmbiguous,
	"bid 1 500 eth": auction.ReasonAmbiguous, "1'500 eth": auction.ReasonAmbiguous, "1_500 eth": auction.ReasonAmbiguous,
	"1/2 eth": auction.ReasonAmbiguous, "bid 1-2 eth": auction.ReasonAmbiguous, "bid x1.5 eth": auction.ReasonAmbiguous, "lot7.5 eth": auction.ReasonAmbiguous,
	"@evil1.5 eth bid": auction.ReasonAmbiguous, "bid 5:30 eth": auction.ReasonAmbiguous, "1e18 eth": auction.ReasonAmbiguous,
	"bid 1e18": auction.ReasonAmbiguous, "bid 10% of 5 eth": auction.ReasonAmbiguous, "bid 1.eth": auction.ReasonAmbiguous, "bid 1🔥5 eth": auction.ReasonAmbiguous,
	"bid lot 7 eth": auction.ReasonAmbiguous, "not bidding 5 eth": auction.ReasonAmbiguous, "I would bid 5 eth": auction.ReasonAmbiguous,
	"bid 5 eth?": auction.ReasonAmbiguous, "current bid is 1.5 eth": auction.ReasonAmbiguous, "bid 1٬500 eth": auction.ReasonAmbiguous,
	"1O ETH": auction.ReasonUnit, "bid 2k": auction.ReasonUnit, "bid $500": auction.ReasonUnit, "bid 500$": auction.ReasonUnit, "bid -1 eth": auction.ReasonUnit,
	"bid +1 eth": auction.ReasonUnit, "bid 500 usd": auction.ReasonUnit, "bid 2 btc": auction.ReasonUnit, "bid 2 million": auction.ReasonUnit, "bid 0x5 eth": auction.ReasonUnit,
	"bid 500 $USDC": auction.ReasonUnit, "bid 500 #SOL": auction.ReasonUnit, "bid 500 €": auction.ReasonUnit, "bid 500 (usd)": auction.ReasonUnit,
	"bid 500 / doge": auction.ReasonUnit, "1.5ΞTH": auction.ReasonUnit,
	"bid 1.5eth2": auction.ReasonUnit, "bid 2m": auction.ReasonUnit, "bid 2x": auction.ReasonUnit,
	"1² ETH": auction.ReasonUnsafe, "1½ ETH": auction.ReasonUnsafe, "bid \u202e5.1 eth": auction.ReasonUnsafe, "1\u200b0 ETH": auction.ReasonUnsafe,
	"1.5 еth": auction.ReasonUnsafe, "bid 1.5 ЕТН": auction.ReasonUnsafe, "1.5\u0301 eth": auction.ReasonUnsafe, "①.5 eth": auction.ReasonUnsafe, "bid 3️⃣ eth": auction.ReasonUnsafe,
	"bid 1.5 \u200beth": auction.ReasonUnsafe, "\u2066bid 1.5 eth\u2069": auction.ReasonUnsafe, "bid 1\xff eth": auction.ReasonUnsafe,
	"0 eth": auction.ReasonRange, "bid 0": auction.ReasonRange, "999999999999999999999999 eth": auction.ReasonRange, "bid 1000000.1 eth": auction.ReasonRange,
	"0.0000000000000000001 eth": auction.ReasonPrecision, "bid 0.5 wei": auction.ReasonPrecision,
	"bid one eth": auction.ReasonFormat, "bid two": auction.ReasonFormat, "bid": auction.ReasonFormat, "bid eth 2": auction.ReasonFormat, "bid of 2": auction.ReasonFormat, "bid1 eth": auction.ReasonFormat, "bid2": auction.ReasonFormat, "bid Ξ": auction.ReasonFormat,
}

// talk are posts that want something else.
var talk = map[string]post.Intent{
	"gm wagmi": post.IntentGreeting, "Hello from Lisbon!": post.IntentGreeting, "@SothebAIs good morning": post.IntentGreeting,
	"see you at 5": post.IntentChat, "I have 3 cats": post.IntentChat, "1.5 usd": post.IntentChat, "sold for 1.5 ETH": post.IntentChat,
	"floor is 2 eth": post.IntentChat, "I paid 1,500 ETH for that": post.IntentChat, "what a bid!": post.IntentQuestion, "nice bid, wow": post.IntentChat,
	"we are 3️⃣ friends": post.IntentChat, "it's 10% off": post.IntentChat, "": post.IntentChat, "2x the fun": post.IntentChat, "I bid on lot 7": post.IntentChat, "ann bids 2 eth": post.IntentChat,
	"who painted this?": post.IntentQuestion, "what is the reserve": post.IntentQuestion, "is 1.5 eth enough?": post.IntentQuestion,
	"can I bid 2 eth": post.IntentQuestion, "@SothebAIs how do I bid?": post.IntentQuestion, "vitalik1.eth is here": post.IntentChat, "https://x.com/1.5eth": post.IntentChat,
	"gas is 30 gwei today": post.IntentChat, "I wish I had 5 eth": post.IntentChat,
}

func TestAccepted(t *testing.T) {
	for text, want := range accepted {
		r := intake.Parse(text)
		if r.Intent != post.IntentBid || r.Reason != "" || r.Amount.String() != want {
			t.Errorf("%q: %s %s wei, refused %q; want a bid of %s wei", text, r.Intent, r.Amount, r.Reason, want)
		}
		if r.Token == "" || r.Hint != "" {
			t.Errorf("%q: token %q, hint %q; want the piece that was read and no hint", text, r.Token, r.Hint)
		}
	}
}

func TestRefused(t *testing.T) {
	for text, want := range refused {
		r := intake.Parse(text)
		if r.Intent != post.IntentBid || r.Reason != want || !r.Amount.IsZero() {
			t.Errorf("%q: %s, reason %q, amount %s; want a refusal: %s", text, r.Intent, r.Reason, r.Amount, want)
		}
		if r.Reason != "" && r.Hint == "" {
			t.Errorf("%q: refused without a hint", text)
		}
	}
}

func TestTalk(t *testing.T) {
	for text, want := range talk {
		if r := intake.Parse(text); r.Intent != want || r.Reason != "" || !r.Amount.IsZero() {
			t.Errorf("%q: %s, reason %q, amount %s; want %s", text, r.Intent, r.Reason, r.Amount, want)
		}
	}
}
