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

func TestConditions(t *testing.T) {
	ev := &Event{Kind: BidAccepted, Handle: "ann", Rival: "bob", Amount: gwei(1500), Previous: gwei(1000), Count: 3, ReserveMet: true}
	s := newState(&Personality{start: "calm"})
	s.lot = lot{id: "l", bids: 3, leader: "bob", price: gwei(1500)}
	sc := &scope{e: ev, s: s, r: regular{bids: 4}}
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
		{"amount", BidAccepted, 0, "expected yes or no, found a number"},
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
