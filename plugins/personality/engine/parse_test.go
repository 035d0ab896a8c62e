package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Each broken file names in its first comment lines what is expected of the error.
func TestBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no broken files", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(name, data)
			if err == nil || p != nil {
				t.Fatal("it loads")
			}
			golden(t, "broken/"+strings.TrimSuffix(name, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

// TestSyntax are slips of those who write a personality; package yamlfile of the host has more of them.
func TestSyntax(t *testing.T) {
	const sample = `id: moth
name: Night Moth
moods:
  calm: {expression: neutral, decay: {to: calm, after: 8s}}
pools:
  wings: [my wings, oh my]
triggers:
  - id: open
    on: lot.opened
    say:
      - "{{title}}, <wings>"
      - up it goes
  - {id: sold, on: lot.sold, say: sold}
`
	edit := func(old, new string) string {
		if !strings.Contains(sample, old) {
			t.Fatalf("no %q in the sample", old)
		}
		return strings.Replace(sample, old, new, 1)
	}
	crlf := strings.ReplaceAll(sample, "\n", "\r\n")
	for _, text := range []string{sample, crlf, "\ufeff" + sample} {
		if _, err := Parse("f", []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, text, want string }{
		{"tab", edit("    on: lot.opened", "\ton: lot.opened"), "9:1: a tab stands here; indent with spaces"},
		{"no colon", edit("name: N", "name N"), "2:1: this line has no colon; write key: value, or put a text of several lines in quotes"},
		{"no colon in a list", edit("- id: open", "- id open"), "8:3: this line has no colon; write key: value, or put a text of several lines in quotes"},
		{"no space", edit("id: moth", "id:moth"), "1:1: there is no space behind the colon; write key: value"},
		{"quote not closed", edit(`<wings>"`, "<wings>"), "11:9: the quote that opens here is not closed"},
		{"quote not closed before another", edit(`<wings>"`, "<wings>") + "  - {id: b, on: lot.sold, say: \"b\"}\n", "11:9: the quote that opens here is closed in line 14; does it lack its end?"},
		{"apostrophe", edit("up it goes", "'up it's gone'"), `12:16: this stands behind a closing quote; inside of "…" write \" for a quote, inside of '…' write ''`},
		{"bracket not closed", edit("oh my]", "oh my"), "6:10: the [ that opens here is not closed"},
		{"brace not closed", edit("after: 8s}}", "after: 8s}"), "4:9: the { that opens here is not closed"},
		{"brace too many", edit("say: sold}", "say: sold}}"), "13:40: there is one } too many"},
		{"indented entry", edit("  - {id: sold", "   - {id: sold"), "13:4: this line begins in column 4, like none above that it could belong to; indent it like its neighbours"},
		{"indented key", edit("    on: lot.opened", "     on: lot.opened"), "9:6: this line is indented deeper than line 8, which has its value already; let both begin in the same column"},
		{"key twice", edit("pools:", "name: Moth\npools:"), `5:1: "name" stands in line 2 already`},
		{"name twice", edit("  wings: [", "  wings: [a]\n  wings: ["), `7:3: "wings" stands in line 6 already`},
		{"alias of nothing", edit("up it goes", "*up* it goes"), "12:9: *up*: aliases are not taken; write it out, or put a text that begins with * in quotes"},
		{"percent", edit("up it goes", "%d"), `12:9: a text cannot begin with "%"; put it in quotes`},
		{"at", edit("up it goes", "@host bid 1"), `12:9: a text cannot begin with "@"; put it in quotes`},
		{"exclamation", edit("up it goes", "!up it goes"), "12:9: !up: tags are not taken; leave it out, or put a text that begins with ! in quotes"},
		{"colon", edit("up it goes", "say: up: it goes"), "12:16: a colon stands inside of a text; put the text in quotes"},
		{"colon after a word", edit("up it goes", "up: it goes"), `12:9: a line has no "up"; there is text, weight`},
		{"slot first", edit("up it goes", "{{title}} goes up"), "12:19: this stands behind a closing bracket; put a text that begins with { or [ in quotes"},
		{"slot alone", edit("up it goes", "{{title}}"), "12:10: a key is a word, here it is key: value pairs; put a text that begins with { or [ in quotes"},
		{"choice first", edit("up it goes", "[up|off] it goes"), "12:18: this stands behind a closing bracket; put a text that begins with { or [ in quotes"},
		{"wrong type", edit("moods:\n  calm: {expression: neutral, decay: {to: calm, after: 8s}}", "moods: calm"), `3:8: expected moods as name: … pairs, found "calm"`},
		{"wrong number", edit("after: 8s", "after: [8s]"), "4:56: after: expected a time such as 8s or 1m30s, found a list"},
		{"unknown key", edit("pools:", "pool:"), `5:1: a personality has no "pool"; did you mean "pools"?`},
		{"two documents", sample + "---\n" + sample, "14:1: this line begins a second document; a file holds one, so take the line out"},
		{"empty", "", "1:1: the file is empty; the least is id, name, moods and triggers"},
		{"a mark and no more", "\ufeff---\n", "1:1: the file is empty; the least is id, name, moods and triggers"},
		{"mark at the beginning", "\ufeff" + edit("Night Moth", "@moth"), `2:7: a text cannot begin with "@"; put it in quotes`},
		{"ends of lines", strings.Replace(crlf, "up it goes", "@moth", 1), `12:9: a text cannot begin with "@"; put it in quotes`},
		{"no UTF-8", edit("up it goes", "up it g\xf6es"), "12:16: this is not UTF-8; save the file as UTF-8"},
		{"deep", edit("up it goes", strings.Repeat("[", 20)+strings.Repeat("]", 20)), "12:18: this is nested deeper than anything in a personality"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse("f", []byte(c.text))
			if err == nil {
				t.Fatal("it loads")
			}
			if got, _, _ := strings.Cut(err.Error(), "\n"); got != "f:"+c.want {
				t.Errorf("got  %s\nwant f:%s", err, c.want)
			}
		})
	}
}

// TestLaughs: aliases of aliases are refused before they become much.
func TestLaughs(t *testing.T) {
	b := []byte("id: x\npools:\n  a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n")
	for i := range 12 {
		b = fmt.Appendf(b, "  a%d: &a%d [%s*a%d]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 8), i)
	}
	_, err := Parse("f", b)
	if want := "f:4:12: *a0: aliases are not taken; write it out, or put a text that begins with * in quotes"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestConditions(t *testing.T) {
	ev := &Event{Kind: BidAccepted, Handle: "ann", Rival: "bob", Amount: gwei(1500), Previous: gwei(1000), Count: 3, ReserveMet: true}
	s := newState(&Personality{start: "calm"})
	s.lot = lot{id: "l", bids: 3, leader: "bob", price: gwei(1500)}
	ev.past = s.past(ev)
	ev.past.person = regular{bids: 4}
	sc := &scope{e: ev, s: s}
	for src, want := range map[string]bool{
		"amount >= previous * 1.25":                           true,
		"amount > previous + 0.5":                             false,
		"amount - previous == 0.5 and bids == 3":              true,
		"not open or mood == 'calm'":                          true,
		`rival in ("bob", "cat")`:                             true,
		`rival in ("cat")`:                                    false,
		`!(reserve_met) || bids_by > 3 && leader != "x"`:      true,
		"amount / 0 == 0":                                     true,
		"-amount < 0":                                         true,
		"(amount + 1) * 2 == 5":                               true,
		"true":                                                true,
		"reserve_just_met == false":                           false,
		"seconds_left < 0 and handle == \"ann\" and amount<2": true,
	} {
		when, err := compileWhen(src, BidAccepted)
		if err != nil {
			t.Errorf("%s: %v", src, err)
		} else if got := when(sc); got != want {
			t.Errorf("%s = %v, want %v", src, got, want)
		}
	}
}

func TestBrokenConditions(t *testing.T) {
	for _, c := range []struct {
		src, kind string
		at        int
		msg       string
	}{
		{"amout > 1", BidAccepted, 0, `did you mean "amount"?`},
		{"seconds > 1", BidAccepted, 0, "it belongs to lot.closing"},
		{"amount", BidAccepted, 0, "this is a number"},
		{"amount > 'x'", BidAccepted, 9, "expected a number, found a text"},
		{"amount = 1", BidAccepted, 7, `did you mean "=="?`},
		{"amount > 1 1", BidAccepted, 11, "expected the end"},
		{"(amount > 1", BidAccepted, 11, `expected ")"`},
		{`rival == "bob`, BidAccepted, 9, "no closing"},
		{`rival < "bob"`, BidAccepted, 0, "compares numbers"},
		{`says("x")`, BidAccepted, 0, "belongs to post.received"},
		{`rival in "bob"`, BidAccepted, 9, `expected "("`},
		{`rival in (bob)`, BidAccepted, 10, "text in quotes"},
		{"1.2.3 > 1", BidAccepted, 0, "not a number"},
		{"", BidAccepted, 0, "found the end"},
		{strings.Repeat("(", 60) + "true", BidAccepted, 41, "nested deeper"},
		{strings.Repeat("not ", 60) + "true", BidAccepted, 164, "nested deeper"},
	} {
		_, err := compileWhen(c.src, c.kind)
		var ee *exprError
		if !errors.As(err, &ee) {
			t.Errorf("%q: %v", c.src, err)
		} else if ee.at != c.at || !strings.Contains(ee.msg, c.msg) {
			t.Errorf("%q: at %d: %s; want at %d: …%s…", c.src, ee.at, ee.msg, c.at, c.msg)
		}
	}
}

func TestSays(t *testing.T) {
	for _, c := range []struct {
		text, phrase string
		want         bool
	}{{"what's the Reserve?", "reserve", true}, {"reserved", "reserve", false}, {"gm!", "gm", true}, {"algm", "gm", false}, {"algm gm", "gm", true}, {"", "gm", false}, {"x", "", false}} {
		if got := says(c.text, c.phrase); got != c.want {
			t.Errorf("says(%q, %q) = %v", c.text, c.phrase, got)
		}
	}
}

func TestHostile(t *testing.T) {
	for text, want := range map[string]bool{"this is a scam": true, "SC4M!": true, "what an id1ot": true, "fucking hell": true, "a skilled analysis of dickens": false, "gm, lovely piece": false, "I hate to miss this": true, "bid 1.5 ETH": false} {
		if got := hostile(text); got != want {
			t.Errorf("hostile(%q) = %v", text, got)
		}
	}
}

func TestPoolsThatMultiply(t *testing.T) {
	var b strings.Builder
	b.WriteString(small[:strings.Index(small, "triggers:")])
	b.WriteString("pools:\n  p0: [\"\"]\n")
	for i := range 60 {
		b.WriteString("  p" + itoa(i+1) + ": [\"<p" + itoa(i) + "><p" + itoa(i) + ">\"]\n")
	}
	b.WriteString("triggers:\n- {id: a, on: lot.paused, say: \"<p60>\"}\n")
	p, err := Parse("deep.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got := script(New(p), Event{Kind: LotPaused}); got != "" {
		t.Errorf("said %q", got)
	}
}

func itoa(n int) string { return fmt.Sprint(n) }

func FuzzParse(f *testing.F) {
	for _, id := range shipped {
		data, err := os.ReadFile(filepath.Join("..", "..", id, "personality.yaml"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:len(data)/4])
	}
	f.Add([]byte(small + "- {id: a, on: bid.accepted, when: amount > 1, say: \"[a|b] {{handle}}\"}\n"))
	files, _ := filepath.Glob("testdata/broken/*.yaml")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("f.yaml", data)
		if err != nil {
			return
		}
		th := newTheatre(New(p), 1, 20)
		th.run(20)
		for _, l := range th.lines {
			if characters(l.Text) > p.longest || l.Text == "" {
				t.Errorf("said %q", l.Text)
			}
		}
		p.Space()
	})
}

func FuzzWhen(f *testing.F) {
	f.Add("amount >= previous * 1.25 and not (rival in (\"a\", 'b'))", uint8(1))
	f.Add(`says("gm") or hostile`, uint8(0))
	f.Fuzz(func(t *testing.T, src string, kind uint8) {
		k := kinds[int(kind)%len(kinds)]
		when, err := compileWhen(src, k)
		if err == nil {
			when(&scope{e: &Event{Kind: k}, s: newState(&Personality{})})
		}
	})
}

func FuzzRestore(f *testing.F) {
	p, err := Parse("f.yaml", []byte(small+"- {id: a, on: lot.paused, say: [one, two]}\n"))
	if err != nil {
		f.Fatal(err)
	}
	e := New(p)
	e.Handle(&Event{Kind: LotPaused, Handle: "ann", At: 5, Seq: 1})
	f.Add(e.Save())
	f.Fuzz(func(t *testing.T, data []byte) {
		e := New(p)
		if e.Restore(data) != nil {
			return
		}
		again := New(p)
		if err := again.Restore(e.Save()); err != nil {
			t.Errorf("cannot take over its own state: %v", err)
		}
		e.Handle(&Event{Kind: ClockTicked, SilentMS: 9000})
	})
}

// The example of the README must load, and talk.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(data), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```")
	p, err := Parse("README.md", []byte(example))
	if err != nil {
		t.Fatal(err)
	}
	th := newTheatre(New(p), 1, 2)
	th.run(60)
	if len(th.lines) < 3 {
		t.Errorf("said only %d lines", len(th.lines))
	}
	for _, name := range factNames(BidAccepted) {
		if !strings.Contains(string(data), name) {
			t.Errorf("README.md does not tell of the fact %s", name)
		}
	}
	for i := range slots {
		if !strings.Contains(string(data), slots[i].name) {
			t.Errorf("README.md does not tell of the slot %s", slots[i].name)
		}
	}
}

// A line that can never be said is a mistake; one that can in one of its forms is none.
func TestLinesThatAreTooLong(t *testing.T) {
	const head = "id: x\nname: X\nlongest: 20\nmoods: {calm: {}}\npools: {long: [one two three four five, six seven eight nine], loop: ['<pool>'], pool: ['<loop>'], mixed: [one two three four five, six]}\ntriggers:\n- id: t\n  on: lot.sold\n"
	for line, want := range map[string]string{
		`say: one two three four five six`:                    "f:9:8: this has 27 characters at least and is never said; longest is 20",
		`say: [ok, "one two <long>"]`:                         "f:9:13: this has 27 characters at least and is never said; longest is 20",
		`reply: "one two [three four five|six seven eight]"`:  "f:9:10: this has 22 characters at least and is never said; longest is 20",
		`then: {after: 2s, say: one two three four five six}`: "f:9:26: this has 27 characters at least and is never said; longest is 20",
		`say: "one two <mixed>"`:                              "",
		`say: "競競競競競競競競競競競競競競競競競競競競"`:                         "",
		`say: "one two {{handle}}"`:                           "",
		`say: "one            two               three"`:       "",
	} {
		_, err := Parse("f", []byte(strings.Replace(head, "loop: ['<pool>'], pool: ['<loop>'], ", "", 1)+"  "+line+"\n"))
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s\ngot  %v\nwant %s", line, err, want)
		}
	}
	if _, err := Parse("f", []byte(head+"  say: \"<loop> one two three four five\"\n")); err == nil {
		t.Error("pools that lead back to themselves are taken")
	}
}
