package engine

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What ../README.md says of triggers, lines, facts and slots, tried.

func readmeOf(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestReadmeNamesFactsAndSlotsOfEachEvent holds the table of facts and the list of slots against those that there are.
func TestReadmeNamesFactsAndSlotsOfEachEvent(t *testing.T) {
	readme := readmeOf(t, "../README.md")
	word := regexp.MustCompile(`[a-z_]+`)
	facts := map[string][]string{}
	add := func(to map[string][]string, name string, on ...string) {
		for _, kind := range on {
			to[kind] = append(to[kind], name)
		}
	}
	_, table, _ := strings.Cut(readme, "| facts | |\n|---|---|\n")
	for row := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(row, "| \n"), " | ")
		if len(cells) != 2 {
			break
		}
		on := map[string][]string{"always": kinds, "of people": onPeople, "lot.sold, lot.unsold": {LotSold, LotUnsold}}[cells[0]]
		if slices.Contains(kinds, cells[0]) {
			on = []string{cells[0]}
		}
		for item := range strings.SplitSeq(regexp.MustCompile(`: [a-z_, ]+(;|$)`).ReplaceAllString(regexp.MustCompile(`\([^)]*\)`).ReplaceAllStringFunc(cells[1], func(s string) string {
			return strings.ReplaceAll(s, ",", "+")
		}), ";"), ",") {
			for _, item := range strings.Split(item, ";") {
				name := word.FindString(item)
				if name == "" || cells[0] == "of people" && !slices.ContainsFunc(factNames(BidAccepted), func(f string) bool { return f == name }) {
					continue
				}
				its := on
				if its == nil || strings.Contains(item, " of lot.") { // it names its events itself
					its = regexp.MustCompile(`[a-z]+\.[a-z]+|silence`).FindAllString(item, -1)
				}
				add(facts, name, its...)
			}
		}
	}
	for _, kind := range kinds {
		if got, want := slices.Sorted(slices.Values(facts[kind])), slices.Sorted(slices.Values(factNames(kind))); !slices.Equal(got, want) {
			t.Errorf("facts of %s: README.md says %v, there are %v", kind, got, want)
		}
	}
	said := map[string][]string{}
	_, list, _ := strings.Cut(readme, "Slots: ")
	list, _, _ = strings.Cut(list, "\n\n")
	for part := range strings.SplitSeq(strings.TrimSuffix(list, "."), ";") {
		names := regexp.MustCompile("`([a-z ]+)`([^`]*)").FindAllStringSubmatch(part, -1)
		for _, m := range names {
			where := part[:strings.Index(part, m[0])] + m[2]
			var on []string
			switch {
			case strings.Contains(m[2], " of "): // the event stands behind it
				on = regexp.MustCompile(`[a-z]+\.[a-z]+`).FindAllString(m[2], -1)
			case strings.Contains(where, "everywhere"):
				on = kinds
			case strings.Contains(where, "of people"):
				on = onPeople
			case strings.Contains(where, "of bids"):
				on = onBids
			}
			if strings.Contains(m[2], "accepted") {
				on = onAccept
			}
			if strings.Contains(m[2], "refused") {
				on = []string{BidRefused}
			}
			for _, name := range strings.Fields(m[1]) {
				add(said, name, on...)
			}
		}
	}
	for _, kind := range kinds {
		if got, want := slices.Compact(slices.Sorted(slices.Values(said[kind]))), slices.Sorted(slices.Values(slotNames(kind))); !slices.Equal(got, want) {
			t.Errorf("slots of %s: README.md says %v, there are %v", kind, got, want)
		}
	}
}

// TestOnce: in a lot, a session or a show.
func TestOnce(t *testing.T) {
	for once, want := range map[string]int{"lot": 4, "session": 2, "show": 1} {
		e := engineOf(t, "- {id: a, on: lot.closing, once: "+once+", gesture: nod}\n")
		nods := 0
		for i := range int64(2) {
			on(e, uint64(i*10+1), at(i*1000, Event{Kind: SessionOpened, Name: "the same name"}))
			for k := range int64(2) {
				lot := fmt.Sprint(i, k)
				got := on(e, uint64(i*10+k*4+2), at(i*1000+k*100, Event{Kind: LotOpened, Lot: lot}), at(i*1000+k*100+10, Event{Kind: LotClosing, Lot: lot}), at(i*1000+k*100+40, Event{Kind: LotClosing, Lot: lot}))
				nods += strings.Count(got, "nod")
			}
		}
		if nods != want {
			t.Errorf("once: %s fires %d times in two sessions of two lots, want %d", once, nods, want)
		}
	}
}

// TestChance: as often as it says, and the same in a replay.
func TestChance(t *testing.T) {
	play := func(chance int) string {
		e := engineOf(t, fmt.Sprintf("- {id: a, on: scene.shown, chance: %d, sound: chime}\n", chance))
		var events []Event
		for i := range int64(4000) {
			events = append(events, at(i, Event{Kind: SceneShown}))
		}
		return script(e, events...)
	}
	for _, chance := range []int{1, 30, 99, 100} {
		first := play(chance)
		if n := strings.Count(first, "chime"); n < 40*chance-130 || n > 40*chance+130 {
			t.Errorf("chance: %d fires %d times in 4000", chance, n)
		}
		if play(chance) != first {
			t.Errorf("chance: %d is another one in a replay", chance)
		}
	}
}

// TestWeight: a line of three times the weight is said three times as often, first.
func TestWeight(t *testing.T) {
	counts := map[string]int{}
	for seq := range uint64(2000) {
		e := engineOf(t, "- {id: a, on: lot.paused, say: [{text: one, weight: 3}, two, \"[three|three|three]\"]}\n")
		counts[strings.TrimSpace(strings.ReplaceAll(on(e, seq, at(0, Event{Kind: LotPaused})), "0 mood calm\n0 express neutral\n", ""))]++
	}
	if n := counts["0 say calm One"]; n < 1120 || n > 1280 || len(counts) != 3 {
		t.Errorf("%v, want three of five to be One", counts)
	}
}

// TestPriorities: what the event is worth, or what the trigger says.
func TestPriorities(t *testing.T) {
	want := map[int64][]string{
		idlePriority: {ClockTicked, Silence}, bidPriority: {BidAccepted, LotExtended}, chatPriority: {PostReceived, BidRefused, SpeechStarted, SpeechEnded, SceneShown, OperatorActed},
		lotPriority: {LotOpened, LotClosing, LotPaused, LotResumed, LotSold, LotUnsold, SessionOpened, SessionClosed},
	}
	tried := 0
	for value, on := range want {
		for _, kind := range on {
			tried++
			for name, own := range map[string]int64{"": value, "priority: idle, ": idlePriority, "priority: chat, ": chatPriority, "priority: bid, ": bidPriority, "priority: lot, ": lotPriority} {
				if kind == SpeechStarted && own == idlePriority {
					continue // somebody speaks
				}
				e := engineOf(t, "- {id: a, on: "+kind+", "+name+"say: hello}\n")
				ev := Event{Kind: kind, At: 1_000_000, Seq: 1}
				if kind == Silence {
					ev.Kind, ev.SilentMS = ClockTicked, 5000
				}
				cs := e.Handle(&ev)
				if last := cs[len(cs)-1]; last.Verb != Say || last.Value != own {
					t.Errorf("%s with %q: %+v, want a line worth %d", kind, name, last, own)
				}
			}
		}
	}
	if tried != len(kinds) {
		t.Errorf("%d events were tried, there are %d", tried, len(kinds))
	}
}

// TestFollowUpsTakeWhatTriggersDo tries each key of a follow-up.
func TestFollowUpsTakeWhatTriggersDo(t *testing.T) {
	for key, want := range map[string]string{
		"when: open, gesture: nod": "nod", "when: not open, gesture: nod": "", "chance: 100, gesture: nod": "nod", "mood: excited": "mood excited", "energy: 30": "mood calm",
		"express: sad, hold: 2s": "express sad", "gesture: wave": "gesture wave", "sound: chime": "sound chime", "say: well": "say calm Well (about event 2)", "reply: thanks": "reply p-ann Thanks (about event 2)",
		"priority: lot, say: well": "say calm Well (about event 2)",
	} {
		e := engineOf(t, "- {id: a, on: bid.accepted, then: {after: 3s, "+key+"}}\n")
		on(e, 1, Event{Kind: LotOpened, Lot: "l"}, bidOf(1, "ann"))
		if early := on(e, 3, at(3, Event{Kind: ClockTicked, Lot: "l"})); early != "" {
			t.Errorf("%s: too early: %s", key, early)
		}
		if got := on(e, 4, at(4, Event{Kind: ClockTicked, Lot: "l"})); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
		if again := on(e, 5, at(5, Event{Kind: ClockTicked, Lot: "l"})); strings.Contains(again, want) && want != "" {
			t.Errorf("%s: comes twice", key)
		}
	}
}

// TestAmountsBringTheirUnit: a line that adds another one is told so, in the README of the show as well.
func TestAmountsBringTheirUnit(t *testing.T) {
	_, err := Parse("f", []byte(small+"- {id: a, on: bid.accepted, say: ok}\n- {id: b, on: bid.accepted, say: \"{{handle}} leaps to {{amount}} ETH!\"}\n"))
	if want := "f:8:66: {{amount}} says ETH itself; leave it out here"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for _, fine := range []string{"{{amount}} Ethan", "{{handle}} ETH", "{{amount}}, ETH as it is", "{{bids}} ETH heads"} {
		if _, err := Parse("f", []byte(small+"- {id: b, on: bid.accepted, say: \""+fine+"\"}\n")); err != nil {
			t.Errorf("%s: %v", fine, err)
		}
	}
	for _, file := range []string{"../../../README.md", "../README.md", "../../../docs/first-character.md"} {
		for part := range strings.SplitSeq(readmeOf(t, file), "```yaml\n") {
			if example, _, _ := strings.Cut(part, "```"); strings.Contains(example, "triggers:\n") {
				if _, err := Parse(file, []byte(example)); err != nil {
					t.Errorf("%s: %v", file, err)
				}
			}
		}
	}
}

// TestLimits: what the README says a file may have is taken, and one more is told.
func TestLimits(t *testing.T) {
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const one = "- {id: a, on: lot.sold, gesture: nod}\n"
	pools := func(n int) string {
		return strings.Replace(small, "triggers:", "pools:\n"+repeat(n, "  p%d: [a]\n")+"triggers:", 1) + one
	}
	lines := func(n int) string {
		return strings.Replace(small, "triggers:", "pools: {p: ["+repeat(n, "l%d, ")+"]}\ntriggers:", 1) + one
	}
	when := func(n int) string {
		return small + "- {id: a, on: lot.sold, when: 'open" + strings.Repeat(" ", n-4) + "'}\n"
	}
	choices := func(n int) string {
		return small + "- {id: a, on: lot.sold, say: \"" + strings.Repeat("[a|", n) + strings.Repeat("]", n) + "b\"}\n"
	}
	size := func(n int) string { return small + one + strings.Repeat("#", n-len(small)-len(one)) }
	for name, c := range map[string]struct {
		most int
		file func(int) string
		want string
	}{
		"triggers": {300, func(n int) string { return small + repeat(n, "- {id: t%d, on: lot.sold, gesture: nod}\n") }, "f:7:1: more than 300 triggers"},
		"pools":    {300, pools, "f:7:3: more than 300 pools"}, "lines": {6000, lines, "f:1:1: more than 6000 lines"},
		"a condition":           {500, when, "f:7:31: when: longer than 500 characters; split the trigger in two"},
		"choices in each other": {4, choices, "f:7:43: choices nested deeper than 4"},
		"bytes":                 {512 << 10, size, "f: 524289 bytes are more than the 524288 a personality may have"},
	} {
		if _, err := Parse("f", []byte(c.file(c.most))); err != nil {
			t.Errorf("%d of %s: %v", c.most, name, err)
		}
		if _, err := Parse("f", []byte(c.file(c.most+1))); err == nil || err.Error() != c.want {
			t.Errorf("%d of %s: got %.300v\nwant %s", c.most+1, name, err, c.want)
		}
	}
	e := engineOf(t, repeat(20, "- {id: t%d, on: lot.paused, more: true, then: {after: 2s, gesture: nod, sound: chime}}\n"))
	if n := strings.Count(script(e, Event{Kind: LotPaused}, tickAt(2)), "chime"); n != maxPending {
		t.Errorf("%d follow-ups come, want %d", n, maxPending)
	}
}
