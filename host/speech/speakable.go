package speech

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Speakable rewrites a text as the words that a reader would say aloud: amounts, handles, tags and shouting
// become words, links and emoji are left out, and nothing remains that the voice could stumble on. The result
// is plain ASCII; a text of nothing but emoji, or in a script that the voice does not know, becomes empty.
func Speakable(text string) string {
	var words []string
	for _, token := range strings.Fields(fold(text)) {
		if w := speakToken(token); w != "" {
			words = append(words, w)
		}
	}
	return tidy(strings.Join(words, " "))
}

// fold brings look-alikes to plain letters and punctuation, and drops what cannot be heard.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.Map(noFigures, text)) {
		switch {
		case r < unicode.MaxASCII && unicode.IsPrint(r):
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Me, r):
			// accents, joiners, direction marks
		default:
			b.WriteString(substitute(r))
		}
	}
	return b.String()
}

// noFigures drops raised, circled and other odd figures before they are unfolded: 1² must not become 12.
func noFigures(r rune) rune {
	if unicode.Is(unicode.No, r) {
		return ' '
	}
	return r
}

// substitute is what a rune outside ASCII is read as; a space for all that has no sound.
func substitute(r rune) string {
	switch r {
	case '‘', '’', 'ʼ', '´', '`':
		return "'"
	case '“', '”', '«', '»', '„':
		return " "
	case '–', '‐', '‑', '−':
		return "-"
	case '—', '―', '、':
		return ", "
	case '。':
		return ". "
	case 'Ξ', '⟠':
		return "Ξ"
	case '€', '£', '¥':
		return string(r)
	case '×':
		return " times "
	case '÷':
		return " by "
	case '≈':
		return " about "
	case 'ß':
		return "ss"
	case 'æ', 'Æ':
		return "ae"
	case 'œ', 'Œ':
		return "oe"
	case 'ø', 'Ø':
		return "o"
	case 'ł', 'Ł':
		return "l"
	case 'đ', 'Đ', 'ð':
		return "d"
	case 'ı':
		return "i"
	case 'þ', 'Þ':
		return "th"
	}
	return " "
}

var (
	urlForm     = regexp.MustCompile(`(?i)^\W*(https?://|www\.)|(?i)^\W*[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|org|net|io|xyz|co|gg|tv|app|eth\.limo)/\S*$`)
	handleForm  = regexp.MustCompile(`^([^\w@]*)@(\w{1,30})('s)?(\W*)$`)
	tagForm     = regexp.MustCompile(`^([^\w#]*)#(\w*[A-Za-z_]\w*)(\W*)$`)
	addressForm = regexp.MustCompile(`(?i)^(\W*)0x[0-9a-f]{8,}(\W*)$`)
	numberForm  = regexp.MustCompile(`^([("'\[]*)([$€£¥Ξ#+~-]?)(\d[\d,]*)(\.\d+)?([A-Za-z%Ξ]*)([^\w%Ξ]*)$`)
	rangeForm   = regexp.MustCompile(`^(\d[\d,.]*)-(\d[\d,.]*[A-Za-z%]*\W*)$`)
)

// speakToken is one word of the text as words to say; empty when it is not to be said.
func speakToken(t string) string {
	if urlForm.MatchString(t) {
		return ""
	}
	if m := handleForm.FindStringSubmatch(t); m != nil {
		return speakName(m[2]) + m[3] + closing(m[4])
	}
	if m := tagForm.FindStringSubmatch(t); m != nil {
		return speakName(m[2]) + closing(m[3])
	}
	if m := addressForm.FindStringSubmatch(t); m != nil {
		return "a wallet" + closing(m[2])
	}
	if m := rangeForm.FindStringSubmatch(t); m != nil {
		return speakToken(m[1]) + " to " + speakToken(m[2])
	}
	if m := numberForm.FindStringSubmatch(t); m != nil {
		return speakAmount(m[2], m[3], m[4], m[5]) + closing(m[6])
	}
	return speakWord(t)
}

// closing is the punctuation that a voice can do something with.
func closing(p string) string {
	switch {
	case strings.Contains(p, ".."):
		return ","
	case strings.ContainsRune(p, '?'):
		return "?"
	case strings.ContainsRune(p, '!'):
		return "!"
	case strings.ContainsRune(p, '.'):
		return "."
	case strings.ContainsAny(p, ",;:)"):
		return ","
	}
	return ""
}

// spelled are words that are not said as they are written; the lexicon knows how those of one word sound.
var spelled = map[string]string{
	"eth": "eth", "nft": "N F T", "nfts": "N F Tees", "ai": "A I", "gm": "G M", "gn": "G N", "dao": "dow", "weth": "wrapped eth",
	"lfg": "let's go", "wagmi": "wag me", "ngmi": "not gonna make it", "imo": "in my opinion", "btw": "by the way",
	"tbh": "to be honest", "omg": "oh my god", "lol": "lol", "idk": "I don't know", "rn": "right now", "pls": "please",
	"w/": "with", "vs": "versus", "ok": "okay", "usd": "dollars", "usdc": "U S D C", "pfp": "P F P", "ath": "all time high",
}

// speakWord reads a word that is no number, handle or link.
func speakWord(t string) string {
	core := strings.TrimLeft(t, `("'[{<*_~|`)
	word := strings.TrimRight(core, `.,;:!?)"'-]}>*_~|/`)
	end := closing(core[len(word):])
	if word == "" {
		if t == "-" || strings.HasPrefix(t, "--") {
			return ","
		}
		return end
	}
	if s, ok := spelled[strings.ToLower(word)]; ok {
		return s + end
	}
	return calm(symbols.Replace(word)) + end
}

var symbols = strings.NewReplacer("&", " and ", "+", " plus ", "=", " equals ", "%", " percent ", "@", " at ", "#", " ", "_", " ", "/", " ",
	"*", " ", "~", " ", "^", " ", "|", " ", "<", " ", ">", " ", "\\", " ", "$", " ", "{", " ", "}", " ", "[", " ", "]", " ", "(", " ", ")", " ",
	`"`, " ", "`", "'", "Ξ", " eth ", "€", " euros ", "£", " pounds ", "¥", " yen ")

// calm takes the shouting out of a word, which the voice would spell letter by letter, and the drawl.
func calm(w string) string {
	if len(w) > 3 && w == strings.ToUpper(w) {
		w = strings.ToLower(w)
	}
	var b strings.Builder
	run := 0
	for i := range len(w) {
		if i > 0 && w[i] == w[i-1] {
			run++
		} else {
			run = 0
		}
		if run < 2 || (w[i] >= '0' && w[i] <= '9') {
			b.WriteByte(w[i])
		}
	}
	return b.String()
}

var (
	spaceBefore = regexp.MustCompile(`\s+([,.!?])`)
	spaces      = regexp.MustCompile(`\s+`)
)

// tidy leaves one space between words and one mark at the end of a clause.
func tidy(s string) string {
	s = spaces.ReplaceAllString(s, " ")
	s = spaceBefore.ReplaceAllString(s, "$1")
	s = clauseMarks(s)
	return strings.TrimSpace(strings.TrimLeft(s, " ,.!?-"))
}

// clauseMarks keeps the strongest of marks that stand together.
func clauseMarks(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && strings.IndexByte(",.!?", s[j]) >= 0 {
			j++
		}
		switch marks := s[i:j]; {
		case marks == "":
			b.WriteByte(s[i])
			i++
			continue
		case strings.Contains(marks, "?"):
			b.WriteByte('?')
		case strings.Contains(marks, "!"):
			b.WriteByte('!')
		case strings.Contains(marks, ".."):
			b.WriteByte(',')
		default:
			b.WriteByte(marks[len(marks)-1])
		}
		i = j
	}
	return b.String()
}

// clip cuts a text that is too long, at the end of a sentence if one is near, else between words.
func clip(s string, max int) string {
	if len(s) <= max {
		return s
	}
	s = s[:max]
	if i := strings.LastIndexAny(s, ".!?"); i > max/2 {
		return s[:i+1]
	}
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		s = s[:i]
	}
	return strings.TrimRight(s, " ,")
}
