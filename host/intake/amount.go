package intake

import (
	"strings"
	"unicode"

	"github.com/holiman/uint256"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/money"
)

// amount is what one number token says. A reason is set when it cannot be trusted.
type amount struct {
	value  money.Wei
	unit   bool           // it names its unit
	reason auction.Reason // why it cannot be read
	aside  bool           // it counts something else, as "2nd" or "30s" do; no amount unless it follows "bid"
}

// places is how many decimal places each unit has.
var places = map[string]int{"eth": 18, "ether": 18, "ethers": 18, "ethereum": 18, "weth": 18, "Ξ": 18, "gwei": 9, "wei": 0}

// asides are endings of numbers that are no amounts.
var asides = map[string]bool{"st": true, "nd": true, "rd": true, "th": true, "s": true, "sec": true, "secs": true, "min": true, "mins": true,
	"h": true, "hr": true, "hrs": true, "am": true, "pm": true, "x": true}

// digits is a number as it stands in the text.
type digits struct {
	whole, frac []byte
	comma       bool
	groups      int // decimal signs
	exp         int
	hasExp      bool
}

// amount reads the number that begins at i, with its unit, and returns where it ends. Whatever is wrong with it, it ends
// after the last character that belongs to it.
func (x text) amount(i int) (amount, int) {
	begin, sign := i, x.at(i) == 'Ξ'
	if sign {
		i = x.while(i+1, func(r rune) bool { return r == ' ' })
		if !isDigit(x.at(i)) && !(x.at(i) == '.' && isDigit(x.at(i+1))) {
			return amount{unit: true, reason: auction.ReasonFormat}, begin + 1
		}
	}
	d, i := x.digits(i)
	a := amount{unit: sign}
	dec, end, reason, aside := x.unit(i)
	if dec >= 0 {
		a.unit = true
	}
	a.aside = aside && !sign
	switch {
	case deceives(x.at(begin-1)) && x.at(begin-1) != 0xFE0F:
		a.reason = auction.ReasonUnsafe
	case !x.cleanBefore(begin):
		a.reason = auction.ReasonAmbiguous
	case reason != "":
		a.reason = reason
	case sign && dec >= 0 && dec != 18:
		a.reason = auction.ReasonUnit
	default:
		a.value, a.reason = d.value(dec)
	}
	return a, end
}

// digits reads digits with decimal signs between them, and an exponent.
func (x text) digits(i int) (digits, int) {
	var d digits
	for ; ; i++ {
		r := x.at(i)
		switch {
		case isDigit(r) && d.groups == 0:
			d.whole = append(d.whole, byte(r))
		case isDigit(r):
			d.frac = append(d.frac, byte(r))
		case (r == '.' || r == ',') && isDigit(x.at(i+1)):
			d.groups++
			d.comma = r == ','
		default:
			return x.exponent(d, i)
		}
	}
}

func (x text) exponent(d digits, i int) (digits, int) {
	if x.at(i) != 'e' || !isDigit(x.at(i+1)) {
		return d, i
	}
	d.hasExp = true
	for i++; isDigit(x.at(i)); i++ {
		d.exp = min(d.exp*10+int(x.at(i)-'0'), 1000)
	}
	return d, i
}

// unit reads what follows the digits that end before i: the places of the unit, or -1 when there is none, and the end of
// the amount.
func (x text) unit(i int) (dec, end int, reason auction.Reason, aside bool) {
	if r := x.at(i); !isLetter(r) && r != 'Ξ' && i < len(x.t) {
		if reason := x.glued(i); reason != "" {
			return -1, i, reason, false
		}
	}
	j := x.while(i, func(r rune) bool { return r == ' ' || r == '\t' })
	if j < len(x.t) && deceives(x.t[j]) {
		return -1, i, auction.ReasonUnsafe, false
	}
	if x.at(j) == 'Ξ' {
		if isName(x.at(j + 1)) { // 1.5ΞTH
			return 18, x.wordEnd(j + 1), auction.ReasonUnit, false
		}
		return 18, j + 1, "", false
	}
	k := x.wordEnd(j)
	w := string(x.t[j:k])
	if dec, ok := places[w]; ok {
		if k < len(x.t) && deceives(x.t[k]) {
			return dec, k, auction.ReasonUnsafe, false
		}
		return dec, k, "", false
	}
	switch {
	case looksLikeUnit(w):
		return 18, k, auction.ReasonUnsafe, false
	case j == i && k > i: // glued to the number: 1o, 2k, 3usd
		return -1, k, auction.ReasonUnit, asides[w]
	}
	return -1, i, "", false
}

// glued says what is wrong when the character at i touches the number before it.
func (x text) glued(i int) auction.Reason {
	r, next := x.at(i), x.at(i+1)
	switch {
	case deceives(r):
		return auction.ReasonUnsafe
	case r == '%' || r == '^' || r == '*' || r == '×':
		return auction.ReasonAmbiguous
	case unicode.Is(unicode.Sc, r):
		return auction.ReasonUnit
	case !isSpace(r) && (isDigit(next) || (next == '.' || next == '-' || next == '+') && isDigit(x.at(i+2))): // 5/2, 1-2, 1'500, 1:30
		return auction.ReasonAmbiguous
	case (r == '.' || r == ',') && isLetter(next): // 1.eth is a name, not a bid
		return auction.ReasonAmbiguous
	}
	return ""
}

// cleanBefore is true when nothing touches the number that begins at i which could be part of it.
func (x text) cleanBefore(i int) bool {
	r, before := x.at(i-1), x.at(i-2)
	switch {
	case isSpace(r):
		return true
	case isDigit(before): // 1'500, 5/2
		return false
	case r == ':', strings.ContainsRune("([\"“„«!…", r):
		return true
	case strings.ContainsRune("',;.=>", r):
		return !isLetter(before)
	}
	return unicode.In(r, unicode.So, unicode.Sk) || r == 0xFE0F
}

// value is the amount in wei; dec is -1 when no unit was named.
func (d digits) value(dec int) (money.Wei, auction.Reason) {
	switch {
	case d.groups > 1: // 1,234.5 and 1.234.567
		return money.Wei{}, auction.ReasonAmbiguous
	case d.comma && len(d.frac) == 3 && !(len(d.whole) == 1 && d.whole[0] == '0'): // 1,500
		return money.Wei{}, auction.ReasonAmbiguous
	case d.hasExp && dec != 0 && dec != 9: // 1e18 ETH is a slip for 1e18 wei
		return money.Wei{}, auction.ReasonAmbiguous
	}
	if dec < 0 {
		dec = 18
	}
	dec += d.exp
	frac := d.frac
	for len(frac) > 0 && frac[len(frac)-1] == '0' {
		frac = frac[:len(frac)-1]
	}
	if len(frac) > dec {
		return money.Wei{}, auction.ReasonPrecision
	}
	return shift(append(append([]byte{}, d.whole...), frac...), dec-len(frac))
}

// shift is the number with so many zeros behind it, in range.
func shift(number []byte, zeros int) (money.Wei, auction.Reason) {
	for len(number) > 0 && number[0] == '0' {
		number = number[1:]
	}
	if len(number) == 0 || len(number)+zeros > 40 { // MaxAmount has 25 digits
		return money.Wei{}, auction.ReasonRange
	}
	v, ten := new(uint256.Int), uint256.NewInt(10)
	for _, c := range number {
		v.Mul(v, ten)
		v.AddUint64(v, uint64(c-'0'))
	}
	for range zeros {
		v.Mul(v, ten)
	}
	w := money.FromUint256(v)
	if w.Cmp(auction.MaxAmount) > 0 {
		return money.Wei{}, auction.ReasonRange
	}
	return w, ""
}
