package host

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestDefaultShowIsValid(t *testing.T) {
	s, err := ParseShow("default.show.yaml", DefaultShow)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Lots) != 6 || !s.Open || !s.Loop || s.Gap != 14*time.Second {
		t.Errorf("got %d lots, open %v, loop %v, gap %v", len(s.Lots), s.Open, s.Loop, s.Gap)
	}
	if lot := s.Lots[0]; lot.Start.ETH() != "0.5" || lot.Increment.Fixed.ETH() != "0.05" || lot.Increment.BasisPoints != 500 || lot.SoftCap != 6 {
		t.Errorf("terms of the first lot: %+v", lot)
	}
}

func TestShowFileOfTheDocsIsValid(t *testing.T) {
	doc, err := os.ReadFile("../docs/show-file.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(doc), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/show-file.md has no example")
	}
	if _, err := ParseShow("docs/show-file.md", []byte(example)); err != nil {
		t.Fatal(err)
	}
}

func TestShowFileErrorsNameTheLine(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"no lots":         {"campaign: c\n", "s:1: lots: a show needs at least one lot"},
		"unknown field":   {"campaign: c\ncolour: red\n", `s:2: show: there is no field "colour"; there are: bidders, `},
		"in a lot":        {"lots:\n  - title: A\n    prize: 3\n", `s:3: lot 1: there is no field "prize"; there are: artist, `},
		"in soft close":   {"lots:\n  - title: A\n    soft_close:\n      windw: 3s\n", `s:4: lot 1: soft_close: there is no field "windw"`},
		"amount":          {"lots:\n  - title: A\n    start: 1,5\n", `s:3: lot 1: start: "1,5" is not an amount`},
		"share":           {"lots:\n  - title: A\n    increment: 300%\n", `s:3: lot 1: increment: "300%" is not a share`},
		"no title":        {"lots:\n  - {start: 1}\n", "s:2: lot 1: title is missing"},
		"too short":       {"lots:\n  - {title: A, duration: 10ms}\n", "s:2: lot 1: duration 10ms is too short"},
		"no time at all":  {"lots:\n  - {title: A, duration: 0s}\n", "s:2: lot 1: duration 0s is too short"},
		"lot is a word":   {"lots: [A]\n", "s:1: lot 1: want a list of fields"},
		"bidders":         {"bidders: all\nlots: [{title: A}]\n", "s:1: bidders: want `open` or a list"},
		"bidder":          {"bidders: [{handle: a}]\nlots: [{title: A}]\n", `s:1: bidders: "a" has no author_id`},
		"trusted":         {"trusted: [dusty-gavel]\nlots: [{title: A}]\n", `s:1: trusted: "dusty-gavel" is no SHA-256`},
		"pending":         {"grants: {moth: [{power: reply, pending: 3}]}\nlots: [{title: A}]\n", "s:1: grants: moth: not for this power: reply has no pending; leave it out"},
		"no limit":        {"grants: {moth: [{power: timer, pending: -3}]}\nlots: [{title: A}]\n", "s:1: grants: moth: not for this power: pending of timer is -3; want 1 or more"},
		"asked each time": {"grants: {moth: [{power: say, ask: true}]}\nlots: [{title: A}]\n", "s:1: grants: moth: say cannot wait for a person each time"},
		"not YAML":        {"lots: [", "show file: s:1: the [ that opens here is not closed"},
		"tab":             {"lots:\n\t- title: A\n", "show file: s:2: a tab stands here; indent with spaces"},
		"no colon":        {"lots:\n  - title A\n    start: 1\n", "show file: s:2: this line has no colon; write key: value"},
		"open quote":      {"campaign: \"c\nlots: [{title: \"A\"}]\n", "show file: s:1: the quote that opens here is closed in line 2; does it lack its end?"},
		"two documents":   {"lots: [{title: A}]\n---\nlots: [{title: B}]\n", "show file: s:2: this line begins a second document"},
		"alias":           {"lots:\n  - {title: &a A}\n  - {title: *a}\n", "show file: s:3: *a: aliases are not taken"},
		"field twice":     {"campaign: c\nlots: [{title: A}]\ncampaign: d\n", "s:3: show: campaign stands in line 1 already"},
		"no list":         {"lots: 3\n", `s:1: show: lots is "3"; want a list`},
		"no number":       {"lots:\n  - title: A\n    soft_close:\n      cap: some\n", `s:4: lot 1: soft_close: cap is "some"; want a whole number`},
		"no yes":          {"loop: maybe\nlots: [{title: A}]\n", `s:1: show: loop is "maybe"; want true or false`},
		"no text":         {"campaign: [c]\nlots: [{title: A}]\n", "s:1: show: campaign is a list; want a text"},
		"no host":         {"grants: {moth: [{power: http, hosts: [{a: b}]}]}\nlots: [{title: A}]\n", "s:1: grants: moth: an entry of hosts is key: value pairs; want a text"},
		"empty":           {"", "s:1: the file is empty"},
		"negative pause":  {"gap: -3s\nlots: [{title: A}]\n", `s:1: gap: "-3s" is not a time`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseShow("s", []byte(tc.file))
			if !errors.Is(err, ErrShowFile) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got  %v\nwant %s", err, tc.want)
			}
		})
	}
}

func FuzzParseShow(f *testing.F) {
	f.Add(DefaultShow)
	f.Add([]byte("lots: [{title: A, start: 1 ETH, increment: 5% or 1 ETH, soft_close: {cap: 3}}]\nbidders: [{handle: a, author_id: '1'}]\n"))
	f.Add([]byte("lots: &a [*a]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseShow("f", b)
		if (s == nil) == (err == nil) {
			t.Fatal("neither a show nor an error, or both")
		}
		if err != nil && !errors.Is(err, ErrShowFile) {
			t.Fatalf("%v is not a show file error", err)
		}
	})
}
