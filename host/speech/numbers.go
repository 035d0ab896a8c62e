package speech

import "strings"

// units are what may stand behind a number, as they are said of one and of many.
var units = map[string][2]string{
	"":    {"", ""},
	"eth": {"eth", "eth"}, "ether": {"ether", "ether"}, "Ξ": {"eth", "eth"}, "ξ": {"eth", "eth"}, "weth": {"wrapped eth", "wrapped eth"},
	"gwei": {"gwei", "gwei"}, "wei": {"wei", "wei"},
	"%": {"percent", "percent"},
	"s": {"second", "seconds"}, "sec": {"second", "seconds"}, "m": {"minute", "minutes"}, "min": {"minute", "minutes"}, "h": {"hour", "hours"},
	"k": {"thousand", "thousand"}, "x": {"times", "times"}, "usd": {"dollar", "dollars"},
	"$": {"dollar", "dollars"}, "€": {"euro", "euros"}, "£": {"pound", "pounds"}, "¥": {"yen", "yen"},
	"st": {"", ""}, "nd": {"", ""}, "rd": {"", ""}, "th": {"", ""},
}

// speakAmount says a number: sign is what stands before it, whole its digits (commas allowed), frac ".5" or
// nothing, unit what is glued to it.
func speakAmount(sign, whole, frac, unit string) string {
	whole = strings.ReplaceAll(whole, ",", "")
	low := strings.ToLower(unit)
	said, known := units[low]
	if !known {
		return digits(whole) + decimals(frac) + " " + speakName(unit)
	}
	if said == ([2]string{}) && low != "" {
		return ordinal(whole) + decimals(frac)
	}
	before := map[string]string{"#": "number ", "+": "plus ", "-": "minus ", "~": "about "}[sign]
	if u, ok := units[sign]; ok && sign != "" {
		said = u
	}
	out := before + cardinal(whole) + decimals(frac)
	name := said[1]
	if strings.TrimLeft(whole, "0") == "1" && decimals(frac) == "" {
		name = said[0]
	}
	if name != "" {
		out += " " + name
	}
	return out
}

// decimals says the places behind the point one by one; zeros at the end are not worth saying, and past six
// places nobody listens.
func decimals(frac string) string {
	d := strings.TrimRight(strings.TrimPrefix(frac, "."), "0")
	if d == "" {
		return ""
	}
	if len(d) > 6 {
		d = strings.TrimRight(d[:6], "0")
	}
	if d == "" {
		return " point nothing"
	}
	return " point " + digits(d)
}

// digits says a number digit by digit.
func digits(s string) string {
	out := make([]string, 0, len(s))
	for i := range len(s) {
		out = append(out, small[s[i]-'0'])
	}
	return strings.Join(out, " ")
}

var (
	small = [20]string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
		"thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"}
	tens   = [10]string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
	scales = [6]string{"", " thousand", " million", " billion", " trillion", " quadrillion"}
)

// cardinal says a whole number: "1234" is "one thousand two hundred thirty four". Too long a number is read
// digit by digit.
func cardinal(s string) string {
	trimmed := strings.TrimLeft(s, "0")
	switch {
	case trimmed == "":
		return "zero"
	case len(trimmed) > 18:
		if len(s) > 24 {
			s = s[:24]
		}
		return digits(s)
	}
	var parts []string
	for len(trimmed) > 0 {
		n := (len(trimmed)-1)%3 + 1
		group := trimmed[:n]
		trimmed = trimmed[n:]
		if said := hundreds(group); said != "" {
			parts = append(parts, said+scales[len(trimmed)/3])
		}
	}
	return strings.Join(parts, " ")
}

// hundreds says a group of up to three digits; nothing for zero.
func hundreds(g string) string {
	n := 0
	for i := range len(g) {
		n = n*10 + int(g[i]-'0')
	}
	var parts []string
	if n >= 100 {
		parts = append(parts, small[n/100]+" hundred")
		n %= 100
	}
	switch {
	case n == 0:
	case n < 20:
		parts = append(parts, small[n])
	case n%10 == 0:
		parts = append(parts, tens[n/10])
	default:
		parts = append(parts, tens[n/10]+" "+small[n%10])
	}
	return strings.Join(parts, " ")
}

var oddOrdinals = map[string]string{"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth"}

// ordinal says a place in an order: "22" is "twenty second".
func ordinal(s string) string {
	c := cardinal(s)
	i := strings.LastIndexByte(c, ' ') + 1
	last := c[i:]
	if odd, ok := oddOrdinals[last]; ok {
		return c[:i] + odd
	}
	if strings.HasSuffix(last, "y") {
		return c[:i] + strings.TrimSuffix(last, "y") + "ieth"
	}
	return c + "th"
}
