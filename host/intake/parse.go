package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/post"
)

// Reading is what a post wants. A bid has either an amount, or a reason why it is refused and a hint how to mend it.
type Reading struct {
	Intent post.Intent
	Amount money.Wei
	Reason auction.Reason
	Hint   string
	Token  string // the piece of the post that was read as the amount, or that was in the way
}

// longest is how many runes of a post are read; a bid is short, and an amount beyond it could contradict one before it.
const longest = 1024

// Parse reads a post.
func Parse(s string) Reading {
	p := parser{text: foldText(clip(s))}
	p.tokens = p.text.scan()
	p.survey()
	r := p.read()
	if r.Intent == post.IntentBid && r.Reason == "" && !p.clear(s) {
		r = p.refused(auction.ReasonUnsafe, r.Token)
	}
	if r.Reason != "" {
		r.Hint = hint(r.Reason)
	}
	return r
}

// clip keeps a little more than is read, so that what is too long can be told.
func clip(s string) string {
	n := 0
	for i := range s {
		if n++; n > longest+1 {
			return s[:i]
		}
	}
	return s
}

type parser struct {
	text   text
	tokens []token

	bid      bool // the word is there
	doubt    bool
	price    bool
	reported bool
	question bool // a question mark
	first    int  // the first token that is no handle, tag or link; len(tokens) when there is none
	offer    bool // it begins with the word or with an amount
	numbers  int  // those that are not the number of a lot
}

// survey notes which kinds of words there are.
func (p *parser) survey() {
	p.first = len(p.tokens)
	for i, t := range p.tokens {
		if t.kind != skip && t.kind != other && i < p.first {
			p.first = i
		}
		switch t.kind {
		case word:
			p.bid = p.bid || bidWords[t.text]
			if rest, ok := strings.CutPrefix(t.text, "bid"); ok && rest != "" && isDigit(rune(rest[0])) { // bid2
				p.bid = true
				p.numbers++
			}
			p.doubt = p.doubt || doubts[t.text]
			p.price = p.price || priceTalk[t.text]
			p.reported = p.reported || reported[t.text] && p.aboutBids(i)
		case number:
			if !p.isLotNumber(i) {
				p.numbers++
			}
		case other:
			p.question = p.question || strings.ContainsAny(t.text, "?？؟")
		}
	}
	if p.first < len(p.tokens) {
		t := p.tokens[p.first]
		p.offer = t.kind == number || bidWords[t.text]
	}
}

func (p *parser) read() Reading {
	amounts, problem := p.amounts()
	switch {
	case len(amounts) == 0 && problem == nil:
		return p.withoutAmount()
	case !p.bid && (p.doubt || p.price || p.reported):
		return p.talk()
	case p.asks() && !p.offer:
		return Reading{Intent: post.IntentQuestion}
	case problem != nil:
		return p.refused(problem.num.reason, p.text.original(*problem))
	case p.question || p.doubt || p.reported:
		return p.refused(auction.ReasonAmbiguous, p.text.original(amounts[0]))
	}
	for _, a := range amounts[1:] {
		if a.num.value != amounts[0].num.value {
			return p.refused(auction.ReasonAmbiguous, p.text.original(a))
		}
	}
	return Reading{Intent: post.IntentBid, Amount: amounts[0].num.value, Token: p.text.original(amounts[0])}
}

// amounts lists what was offered, and the first number that is in the way of a reading.
func (p *parser) amounts() (read []token, problem *token) {
	for i := range p.tokens {
		t := &p.tokens[i]
		if t.kind != number {
			continue
		}
		if reason, counts := p.judge(i); !counts {
			continue
		} else if reason != "" {
			t.num.reason = reason
			if problem == nil {
				problem = t
			}
			continue
		}
		read = append(read, *t)
	}
	return read, problem
}

// judge says whether a number is offered as an amount, and what is wrong with it if it is.
func (p *parser) judge(i int) (reason auction.Reason, counts bool) {
	t := p.tokens[i]
	afterBid := p.followsBid(i)
	switch {
	case t.num.unit && p.isLotNumber(i): // "lot 7 eth": the lot's number, or an amount?
		return auction.ReasonAmbiguous, true
	case p.signed(i) && (t.num.unit || p.bid):
		return auction.ReasonUnit, true
	case t.num.unit && t.num.reason == "" && p.splits(i): // 1 500 eth
		return auction.ReasonAmbiguous, true
	case t.num.unit:
		return t.num.reason, true
	case t.num.aside && !afterBid, p.isLotNumber(i):
		return "", false
	case t.num.reason != "":
		return t.num.reason, p.bid || p.mistyped(i)
	case !afterBid:
		return "", false
	case !p.standsAlone(i):
		return auction.ReasonUnit, true
	}
	return "", true
}

// followsBid is true of "bid 2", "bid: 2" and "bid, 2".
func (p *parser) followsBid(i int) bool {
	for i--; i >= 0; i-- {
		t := p.tokens[i]
		if t.kind == word {
			return bidWords[t.text]
		}
		if t.kind != other || t.text != ":" && t.text != "," && t.text != "=" && t.text != "\"" {
			return false
		}
	}
	return false
}

func (p *parser) isLotNumber(i int) bool {
	return i > 0 && p.tokens[i-1].kind == word && lotWords[p.tokens[i-1].text]
}

// signed is true of a number right behind a sign that changes what it is worth: -1, +1, $1.
func (p *parser) signed(i int) bool {
	r := p.text.at(p.tokens[i].start - 1)
	return r == '-' || r == '+' || r == '−' || r == '–' || r == '~' || unicode.Is(unicode.Sc, r)
}

// splits is true when only space parts a number from the one before it, as in "1 500".
func (p *parser) splits(i int) bool {
	return i > 0 && p.tokens[i-1].kind == number && !p.isLotNumber(i-1) && !p.tokens[i-1].num.unit
}

// aboutBids is true of a word that says whose bid is meant: one just before "bid", or any when that word is not there.
func (p *parser) aboutBids(i int) bool {
	for k, t := range p.tokens {
		if t.kind == word && bidWords[t.text] {
			return k > i && k-i <= 3
		}
	}
	return true
}

// mistyped is true when a unit follows a number that cannot be read: "1½ eth" is meant as a bid.
func (p *parser) mistyped(i int) bool {
	for _, t := range p.tokens[i+1:] {
		if t.kind == other {
			continue
		}
		_, ok := places[t.text]
		return t.kind == word && (ok || looksLikeUnit(t.text))
	}
	return false
}

// standsAlone is true when what follows a bare number cannot be its unit. After "bid 500" come "usd", "(SOL)", "$DOGE"
// and "#BTC" as well.
func (p *parser) standsAlone(i int) bool {
	end := p.tokens[i].end
	if i+1 == len(p.tokens) || strings.ContainsRune(string(p.text.t[end:p.tokens[i+1].start]), '\n') {
		return true
	}
	next := p.tokens[i+1]
	switch next.kind {
	case word:
		return afterBare[next.text]
	case number:
		return next.num.unit // two bare numbers are none; with a unit the amounts are compared
	case skip:
		name, tag := strings.CutPrefix(next.text, "#")
		_, unit := places[name]
		return !tag || unit || len(name) > ticker
	}
	r := []rune(next.text)[0]
	if !unicode.Is(unicode.Sc, r) && !strings.ContainsRune("([{/|-–—", r) {
		return true
	}
	if i+2 == len(p.tokens) || p.tokens[i+2].kind != word {
		return !unicode.Is(unicode.Sc, r)
	}
	_, unit := places[p.tokens[i+2].text]
	return unit || afterBare[p.tokens[i+2].text]
}

// ticker is how long the short names of currencies are at most.
const ticker = 5

func (p *parser) asks() bool {
	if p.question {
		return true
	}
	return p.first < len(p.tokens) && questions[p.tokens[p.first].text]
}

// withoutAmount is a post that offers nothing that could be read.
func (p *parser) withoutAmount() Reading {
	switch {
	case !p.bid || p.asks() && !p.offer:
		return p.talk()
	case p.bid && (p.numbers > 0 || p.spelledOut()) && !p.doubt && !p.reported:
		return p.refused(auction.ReasonFormat, "")
	case p.offer && len(p.tokens)-p.first <= 3:
		return p.refused(auction.ReasonFormat, "")
	}
	return p.talk()
}

// spelledOut is true of "bid two" and of the word "bid" together with a unit.
func (p *parser) spelledOut() bool {
	for i, t := range p.tokens {
		if t.kind != word {
			continue
		}
		if _, unit := places[t.text]; unit {
			return true
		}
		if i > 0 && spelled[t.text] && len(t.text) > 2 && bidWords[p.tokens[i-1].text] {
			return true
		}
	}
	return false
}

// talk is a post that is no bid.
func (p *parser) talk() Reading {
	if p.asks() {
		return Reading{Intent: post.IntentQuestion}
	}
	for i := p.first; i < len(p.tokens) && i < p.first+3; i++ {
		if greetings[p.tokens[i].text] {
			return Reading{Intent: post.IntentGreeting}
		}
	}
	return Reading{Intent: post.IntentChat}
}

func (p *parser) refused(reason auction.Reason, token string) Reading {
	return Reading{Intent: post.IntentBid, Reason: reason, Token: token}
}

// clear is true when nothing in the post makes people see another amount than the program does.
func (p *parser) clear(s string) bool {
	if !utf8.ValidString(s) || len(p.text.t) > longest {
		return false
	}
	inEmoji := make([]bool, len(p.text.t))
	for _, t := range p.tokens {
		if t.kind == other && t.end-t.start > 1 {
			for i := t.start; i < t.end; i++ {
				inEmoji[i] = true
			}
		}
	}
	for i, r := range p.text.t {
		if turns(r) || deceives(r) && !inEmoji[i] && p.nearNumber(i) {
			return false
		}
	}
	return true
}

func (p *parser) nearNumber(i int) bool {
	for k := i - 3; k <= i+3; k++ {
		if r := p.text.at(k); isDigit(r) || r == 'Ξ' {
			return true
		}
	}
	return false
}

// hint is a sentence for the bidder: how to mend it.
func hint(r auction.Reason) string {
	switch r {
	case auction.ReasonAmbiguous:
		return `That can be read in more than one way. Write one plain amount, such as "bid 1.5 ETH".`
	case auction.ReasonUnsafe:
		return `There are characters around the amount that can deceive. Type it anew, such as "bid 1.5 ETH".`
	case auction.ReasonUnit:
		return `Bids are taken in ETH, gwei or wei, without signs or short forms. Write it as "bid 1.5 ETH".`
	case auction.ReasonPrecision:
		return `The smallest step is one wei, the 18th place after the point. Shorten the amount.`
	case auction.ReasonRange:
		return `A bid is more than nothing and at most ` + auction.MaxAmount.ETH() + ` ETH.`
	case auction.ReasonRateExceeded:
		return `That was a lot of bids at once. Take a breath, then send one.`
	case auction.ReasonUnknown:
		return `This account is not registered for bidding yet.`
	}
	return `To bid, reply with the word and an amount in digits, such as "bid 1.5 ETH".`
}
