package speech

import (
	"strings"
	"testing"
	"unicode"
)

func TestSpeakable(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"Going once…", "Going once,"},
		{"bid 1.5 ETH", "bid one point five eth"},
		{"bid 1.50ETH now!", "bid one point five eth now!"},
		{"1 ETH, 2 eth", "one eth, two eth"},
		{"Ξ2.25", "two point two five eth"},
		{"1,500 ETH?!", "one thousand five hundred eth?"},
		{"0.000000000000000001 ETH", "zero point nothing eth"},
		{"3 bids in 30s", "three bids in thirty seconds"},
		{"up 5% to 12.0", "up five percent to twelve"},
		{"lot #4 of 10", "lot number four of ten"},
		{"the 22nd, the 3rd, the 20th", "the twenty second, the third, the twentieth"},
		{"between 5-10 ETH", "between five to ten eth"},
		{"$1,000,000", "one million dollars"},
		{"2026", "two thousand twenty six"},
		{"@mina_the_cat42 leads", "mina the cat forty two leads"},
		{"thanks @CryptoPunk2049's friend!", "thanks Crypto Punk two zero four nine's friend!"},
		{"@bnz!", "B N Z!"},
		{"@BigWhale9000, @vhs_dreams, @nightowl77", "Big Whale nine thousand, V H S dreams, nightowl seventy seven"},
		{"Lot 3: “Ember Dunes” by Ada Quill — from 0.5 ETH!", "Lot three, Ember Dunes by Ada Quill, from zero point five eth!"},
		{"3.4755 ETH or more", "three point four seven five five eth or more"},
		{"@xX_NFTCat_Xx", "x X N F T Cat X X"},
		{"#GoingTwice", "Going Twice"},
		{"look https://x.com/a?b=c now", "look now"},
		{"see opensea.io/assets/1 for it", "see for it"},
		{"0x52908400098527886E0F7030069857D2E4169EE7 sent it", "a wallet sent it"},
		{"🔥🔥🔥", ""},
		{"sold 🎉 to her", "sold to her"},
		{"GOING TWICE!!!", "going twice!"},
		{"soooooo goooood", "soo good"},
		{"Wait -- what?!?!", "Wait, what?"},
		{"“quoted” ‘it’s’", "quoted it's"},
		{"café Ünïcode", "cafe Unicode"},
		{"１．５ ＥＴＨ", "one point five eth"},
		{"1² ETH", "one eth"},
		{"\u202ebid 1\u202c", "bid one"},
		{"買います", ""},
		{"gm frens, wagmi", "G M frens, wag me"},
		{"a & b", "a and b"},
		{"-t /etc/passwd", "t etc passwd"},
		{"--setf x=y", "setf x equals y"},
		{"(really)", "really,"},
		{"", ""},
	} {
		if got := Speakable(c.text); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

func TestClipCutsBetweenSentencesOrWords(t *testing.T) {
	for _, c := range []struct {
		text string
		max  int
		want string
	}{
		{"short", 10, "short"},
		{"One sentence. Two sentences.", 20, "One sentence."},
		{"one two three four", 9, "one two"},
		{"abcdefghij", 4, "abcd"},
	} {
		if got := clip(c.text, c.max); got != c.want {
			t.Errorf("clip(%q, %d) = %q, want %q", c.text, c.max, got, c.want)
		}
	}
}

func FuzzSpeakable(f *testing.F) {
	for _, s := range []string{"bid 1.5 ETH @mina 🔥", "…", "#_", "@_", "1-2-3", "\x00\xff", "Ξ", "1Ξ", "0x" + strings.Repeat("f", 40), "00000000000000000000000000000001", "1,,,2", "A_", "__A9__"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := Speakable(s)
		for _, r := range out {
			if r > unicode.MaxASCII || r < ' ' {
				t.Fatalf("%q: rune %q is left in %q", s, r, out)
			}
		}
		if strings.Contains(out, "  ") || strings.HasPrefix(out, "-") || out != strings.TrimSpace(out) {
			t.Fatalf("%q: untidy: %q", s, out)
		}
		if len(out) > 64*(len(s)+1) {
			t.Fatalf("%q: %d bytes grew to %d", s, len(s), len(out))
		}
	})
}
