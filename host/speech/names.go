package speech

import "strings"

// speakName says a handle or a tag: parts are told apart by underscores, case and digits, so that
// "minaTheCat_42" is "mina The Cat forty two".
func speakName(name string) string {
	var out []string
	for _, part := range split(name) {
		out = append(out, speakPart(part))
	}
	return strings.Join(out, " ")
}

// speakPart says a run of letters or a run of digits.
func speakPart(p string) string {
	if isDigit(p[0]) {
		if p[0] != '0' && (len(p) <= 2 || len(p) <= 6 && strings.HasSuffix(p, "00")) {
			return cardinal(p)
		}
		return digits(p[:min(len(p), 12)])
	}
	if s, ok := spelled[strings.ToLower(p)]; ok {
		return s
	}
	if len(p) > 1 && !strings.ContainsAny(strings.ToLower(p), "aeiouy") {
		return spell(p)
	}
	return calm(p)
}

// spell reads letters one by one, as many as anybody would.
func spell(p string) string {
	return strings.Join(strings.Split(strings.ToUpper(p[:min(len(p), 6)]), ""), " ")
}

// split cuts a name at underscores, between letters and digits, and where a capital follows a small letter or
// begins the last word of a run of capitals ("NFTCat" is "NFT", "Cat").
func split(name string) []string {
	var out []string
	start := 0
	flush := func(end int) {
		if end > start {
			out = append(out, name[start:end])
		}
	}
	for i := range len(name) {
		switch {
		case name[i] == '_':
			flush(i)
			start = i + 1
		case i > start && boundary(name, i):
			flush(i)
			start = i
		}
	}
	flush(len(name))
	return out
}

func boundary(s string, i int) bool {
	a, b := s[i-1], s[i]
	switch {
	case isDigit(a) != isDigit(b):
		return true
	case isUpper(b) && !isUpper(a):
		return true
	case isUpper(a) && isUpper(b):
		return i+1 < len(s) && s[i+1] != '_' && !isDigit(s[i+1]) && !isUpper(s[i+1]) && i+2 < len(s)
	}
	return false
}

func isDigit(b byte) bool { return b >= '0' && b <= '9' }
func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
