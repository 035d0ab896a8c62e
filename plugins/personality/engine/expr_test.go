package engine

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
)

// TestEveryNumberHasAnOrder: whatever is computed is a number, so that no comparison is true of something that is none.
func TestEveryNumberHasAnOrder(t *testing.T) {
	const huge = "amount * 1e308 * 1e308"
	sc := &scope{e: &Event{Kind: BidAccepted, Amount: gwei(1000)}, s: newState(&Personality{})}
	for src, want := range map[string]bool{
		huge + " > 5": true, huge + " == 5": false, huge + " < 5": false,
		huge + " - " + huge + " == 0": true, huge + " * 0 == 0": true, "-(" + huge + ") < 0": true,
		huge + " / (" + huge + ") == 1": true, "amount / (amount - amount) == 0": true, "amount / 1e-0": false,
	} {
		when, err := compileWhen(src, BidAccepted)
		if err != nil {
			if !strings.Contains(src, "1e-0") {
				t.Errorf("%s: %v", src, err)
			}
		} else if got := when(sc); got != want {
			t.Errorf("%s = %v, want %v", src, got, want)
		}
	}
}

// TestAmountsAreComparedAsPeopleCount: 0.33 is ten percent more than 0.3, whatever a computer makes of it; a gwei is
// still a gwei.
func TestAmountsAreComparedAsPeopleCount(t *testing.T) {
	for _, c := range []struct {
		amount, previous uint64 // gwei
		when             string
		want             bool
	}{
		{330_000_000, 300_000_000, "amount >= previous * 1.1", true},
		{330_000_000, 300_000_000, "amount > previous * 1.1", false},
		{330_000_000, 300_000_000, "amount == previous * 1.1", true},
		{300_000_000, 200_000_000, "amount - previous >= 0.1", true},
		{300_000_000, 200_000_000, "amount - previous == 0.1", true},
		{300_000_000, 200_000_000, "amount - previous > 0.1", false},
		{300_000_000, 200_000_000, "amount - previous <= 0.1", true},
		{300_000_000, 200_000_000, "amount - previous < 0.1 or amount - previous != 0.1", false},
		{329_999_999, 300_000_000, "amount >= previous * 1.1", false},
		{1_000_000_001, 1_000_000_000, "amount > previous", true},
		{1_000_000_001, 1_000_000_000, "amount == previous", false},
		{1_234_567_000_000_001, 1_234_567_000_000_000, "amount > previous", true},
		{math.MaxUint64, 1, "amount > 18446744073 and amount < 18446744074", true},
		{1, 0, "amount == 0", false},
		{1, 0, "amount > 0", true},
	} {
		when, err := compileWhen(c.when, BidAccepted)
		if err != nil {
			t.Fatal(err)
		}
		if got := when(&scope{e: &Event{Amount: Money{Gwei: c.amount}, Previous: Money{Gwei: c.previous}}}); got != c.want {
			t.Errorf("%d after %d: %s = %v", c.amount, c.previous, c.when, got)
		}
	}
}

// TestSlipsInConditions are those of people who do not program.
func TestSlipsInConditions(t *testing.T) {
	for _, c := range []struct{ src, on, want string }{
		{`amount >= 1 AND bids > 2`, BidAccepted, `0: expected the end or an operator, found "AND"; did you mean "and"?`},
		{`amount >= 1 adn bids > 2`, BidAccepted, `12: expected the end or an operator, found "adn"; did you mean "and"?`},
		{`amount => 1`, BidAccepted, `7: "=>" is no operator; did you mean ">="?`},
		{`amount =< 1`, BidAccepted, `7: "=<" is no operator; did you mean "<="?`},
		{`amount <> 1`, BidAccepted, `7: "<>" is no operator; did you mean "!="?`},
		{`amount ≥ 1`, BidAccepted, `7: "≥" is no operator; did you mean ">="?`},
		{`amount ≤ 1`, BidAccepted, `7: "≤" is no operator; did you mean "<="?`},
		{`amount × 2 > 1`, BidAccepted, `7: "×" is no operator; did you mean "*"?`},
		{`amount > previous – 1`, BidAccepted, `18: "–" is no operator; did you mean "-"?`},
		{`leader == “ann”`, BidAccepted, `10: “ is no quote here; write "…" with straight quotes`},
		{`leader == ‘ann’`, BidAccepted, `10: ‘ is no quote here; write "…" with straight quotes`},
		{`leader == "ann”`, BidAccepted, `10: this text has no closing "`},
		{`leader "ann"`, BidAccepted, `7: expected the end or an operator, found "ann"`},
		{`leader == ann`, BidAccepted, `10: bid.accepted has no "ann"; put a text in quotes, or use `},
		{`leader == é`, BidAccepted, `10: expected a fact, a number or a text, found "é"`},
		{`amount > 1,5`, BidAccepted, `10: expected the end or an operator, found ","; a number is written like 1.5`},
		{`mood == "exited"`, BidAccepted, `8: mood is never "exited"; did you mean "excited"?`},
		{`"exited" != mood`, BidAccepted, `0: mood is never "exited"; did you mean "excited"?`},
		{`intent == "greting"`, PostReceived, `10: intent is never "greting"; did you mean "greeting"?`},
		{`intent in ("bid", "questoin")`, PostReceived, `18: intent is never "questoin"; did you mean "question"?`},
		{`reason == "to_low"`, BidRefused, `10: reason is never "to_low"; did you mean "too_low"?`},
		{`reason == "too_low"`, LotUnsold, `10: reason is never "too_low"; there is no_bids, reserve_not_met, withdrawn`},
		{`reason == "too_low"`, BidAccepted, `0: bid.accepted has no "reason"; it belongs to bid.refused, lot.unsold`},
		{`amount`, BidAccepted, `0: this is a number, and a condition is a yes or a no; compare it, as in amount > 1`},
		{`leader`, BidAccepted, `0: this is a text, and a condition is a yes or a no; compare it, as in leader == "ann"`},
		{`not amount`, BidAccepted, `4: this is a number, and a condition is a yes or a no; compare it, as in amount > 1`},
		{`open and amount`, BidAccepted, `9: this is a number, and a condition is a yes or a no; compare it, as in amount > 1`},
		{`says("gm" "gn")`, PostReceived, `10: expected a comma or ")", found "gn"`},
		{`says(gm)`, PostReceived, `5: expected a text in quotes, found "gm"`},
	} {
		_, err := compileWhen(c.src, c.on)
		var ee *exprError
		if !errors.As(err, &ee) {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		at, want, _ := strings.Cut(c.want, ": ")
		if !strings.HasPrefix(ee.msg, want) || c.src != `amount >= 1 AND bids > 2` && at != itoa(ee.at) {
			t.Errorf("%s\ngot  %d: %s\nwant %s", c.src, ee.at, ee.msg, c.want)
		}
	}
	for _, src := range []string{`mood == "Excited"`, `mood == leader`, `not (leader in ("ann"))`} {
		if _, err := compileWhen(src, BidAccepted); err != nil {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// TestWordsOfTheShow holds the words that facts may be against the contract.
func TestWordsOfTheShow(t *testing.T) {
	body, err := os.ReadFile("../../../sdk/schema/v1.json")
	if err != nil {
		t.Fatal(err)
	}
	var contract struct {
		Events []struct {
			Name   string
			Fields []struct{ Name, Doc string }
		}
	}
	if err := json.Unmarshal(body, &contract); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, e := range contract.Events {
		for _, f := range e.Fields {
			known := factOn(f.Name, e.Name)
			if known == nil || known.of == nil {
				continue
			}
			compared++
			if got := strings.ReplaceAll(f.Doc, " or ", ", "); got != strings.Join(known.of, ", ") {
				t.Errorf("%s of %s is %s; here it is %v", f.Name, e.Name, f.Doc, known.of)
			}
			for _, word := range known.of {
				if !strings.Contains(string(readme), word) {
					t.Errorf("README.md does not tell that %s of %s may be %s", f.Name, e.Name, word)
				}
			}
		}
	}
	if compared != 3 {
		t.Errorf("%d facts were compared, want intent and both reasons", compared)
	}
}

// TestSaysInEveryScript: a word ends where no letter follows, be it a sign of whatever kind.
func TestSaysInEveryScript(t *testing.T) {
	for _, c := range []struct {
		text, phrase string
		want         bool
	}{
		{"gm🚀", "gm", true}, {"🚀gm…", "gm", true}, {"“gm”", "gm", true}, {"gm—all", "gm", true},
		{"gmé", "gm", false}, {"égm", "gm", false}, {"e\u0301gm", "gm", false}, {"gm\u0301", "gm", false},
		{"CAFÉ!", "café", true}, {"שלום!", "שלום", true}, {"שלומות", "שלום", false}, {"gm_", "gm", false},
		{"皆さんこんにちは！", "こんにちは", true}, {"ΣΊΣΥΦΟΣ", "σίσυφοσ", true},
	} {
		if got := says(c.text, strings.ToLower(c.phrase)); got != c.want {
			t.Errorf("says(%q, %q) = %v", c.text, c.phrase, got)
		}
	}
}

// TestCapitalsInEveryScript: a sentence begins with a capital where its script has them, and behind what is no letter.
func TestCapitalsInEveryScript(t *testing.T) {
	for line, want := range map[string]string{
		"élan! über alles. ñandú": "Élan! Über alles. Ñandú", "🎉 sold! ¿qué? \\\"so\\\"": "🎉 Sold! ¿Qué? \\\"So\\\"",
		"жми. 競り is on": "Жми. 競り is on", "e\u0301lan": "E\u0301lan", "שלום gm": "שלום gm", "ßo": "ßo", "2 more. 3rd": "2 more. 3rd",
	} {
		e := engineOf(t, "- {id: a, on: lot.paused, say: \""+line+"\"}\n")
		if got := script(e, Event{Kind: LotPaused}); got != "0 say calm "+strings.ReplaceAll(want, `\"`, `"`)+"\n" {
			t.Errorf("%s: %s", line, got)
		}
	}
}

// TestColumnsCountCharacters: an editor does, whatever the script.
func TestColumnsCountCharacters(t *testing.T) {
	for line, want := range map[string]string{
		`- {id: a, on: lot.paused, say: "été {{titel}}"}`:         `f:7:37: there is no slot {{titel}}; did you mean "title"?`,
		`- {id: a, on: lot.paused, say: été <b>}`:                 `f:7:36: there is no pool <b>; the file has none`,
		`- {id: a, on: lot.paused, when: 'leader == "é" && bid'}`: `f:7:51: when: lot.paused has no "bid"; did you mean "bids"?`,
	} {
		_, err := Parse("f", []byte(small+line+"\n"))
		if err == nil || err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", line, err, want)
		}
	}
}
