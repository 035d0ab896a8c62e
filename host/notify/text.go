package notify

import (
	"fmt"
	"strings"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
)

// What people are told. X puts the @handle of whoever is answered in front by itself; other people are named
// without the @, so that nobody is pinged by somebody else's bid. All end with what to do next.

func acceptedText(a auction.BidAccepted) string {
	text := fmt.Sprintf("Your bid of %s ETH leads.", a.Amount.ETH())
	if !a.ReserveMet {
		text += " The reserve is not met yet."
	}
	return clip(text + fmt.Sprintf(" To beat it takes %s ETH or more.", a.Minimum.ETH()))
}

func outbidText(a auction.BidAccepted) string {
	return clip(fmt.Sprintf("You are outbid: %s offers %s ETH. To lead again takes %s ETH or more. %s",
		plain(a.Handle), a.Amount.ETH(), a.Minimum.ETH(), howTo(a.Minimum)))
}

func refusedText(r auction.BidRefused) string {
	text := r.Hint
	if text == "" {
		text = "This bid does not count."
	}
	if !helpful(r.Reason) || r.Minimum.IsZero() || strings.Contains(text, r.Minimum.ETH()+" ETH") && strings.Contains(text, `"bid `) {
		return clip(text)
	}
	if !strings.Contains(text, r.Minimum.ETH()+" ETH") {
		text += fmt.Sprintf(" To lead takes %s ETH or more.", r.Minimum.ETH())
	}
	if !strings.Contains(text, `"bid `) {
		text += " " + howTo(r.Minimum)
	}
	return clip(text)
}

// helpful reports whether bidding again, better, is what the bidder can do.
func helpful(r auction.Reason) bool {
	switch r {
	case auction.ReasonOwnBid, auction.ReasonNoLot, auction.ReasonClosed, auction.ReasonPaused, auction.ReasonUnknown, auction.ReasonRateExceeded:
		return false
	}
	return true
}

func soldText(s auction.LotSold) string {
	return clip(fmt.Sprintf("Sold! “%s” is yours for %s ETH. Congratulations, and thank you for bidding.", s.Title, s.Amount.ETH()))
}

// howTo is the post that would do.
func howTo(minimum money.Wei) string { return fmt.Sprintf(`Just reply "bid %s ETH".`, minimum.ETH()) }

// plain is a handle that pings nobody.
func plain(handle string) string { return strings.TrimPrefix(handle, "@") }

// maxWeight is how much X takes in a post, counted its way: most scripts of Europe and common punctuation weigh
// 1, all else, such as CJK and emoji, 2.
const maxWeight = 280

// clip cuts a text to what X takes, between words where it can, and marks the cut.
func clip(text string) string {
	text = strings.TrimSpace(text)
	if weight(text) <= maxWeight {
		return text
	}
	left, cut, space := maxWeight-2, 0, 0 // the mark weighs 2
	for i, r := range text {
		if left -= runeWeight(r); left < 0 {
			break
		}
		cut = i + len(string(r))
		if r == ' ' {
			space = i
		}
	}
	if space > cut*2/3 {
		cut = space
	}
	return strings.TrimRight(text[:cut], " ") + "…"
}

func weight(text string) int {
	n := 0
	for _, r := range text {
		n += runeWeight(r)
	}
	return n
}

func runeWeight(r rune) int {
	switch {
	case r <= 0x10ff, r >= 0x2000 && r <= 0x200d, r >= 0x2010 && r <= 0x201f, r >= 0x2032 && r <= 0x2037:
		return 1
	}
	return 2
}
