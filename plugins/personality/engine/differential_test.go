package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"
)

// The schema that editors have and Parse must take the same documents. Documents are drawn from the schema itself, each
// with a slip or two now and then; what only Parse can know is listed.
var beyondTheSchema = regexp.MustCompile(`when: |comes from no post that could be answered|there are two triggers|is more than|comes within 120 seconds|must be longer than nothing`)

func TestSchemaAndParseAgree(t *testing.T) {
	schema := compiled(t)
	taken, refused := 0, 0
	for seed := range uint64(800) {
		w := &author{rng: rand.New(rand.NewPCG(seed, 7)), slips: int(seed % 3)}
		if bySchema := agree(t, schema, w.document()); bySchema {
			taken++
		} else {
			refused++
		}
	}
	if taken < 200 || refused < 200 {
		t.Errorf("%d were taken and %d refused, want many of both", taken, refused)
	}
}

// agree reports whether the schema takes a document, and complains when Parse does not see it the same way.
func agree(t *testing.T, schema *jsonschema.Schema, doc string) bool {
	t.Helper()
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(doc), &root); err != nil {
		t.Fatalf("%v in\n%s", err, doc)
	}
	bySchema := schema.Validate(asJSON(t, root.Content[0]))
	_, byParse := Parse("f", []byte(doc))
	switch {
	case byParse == nil && bySchema != nil:
		t.Errorf("Parse takes what the schema does not: %v\n%s", bySchema, doc)
	case byParse != nil && bySchema == nil:
		for line := range strings.Lines(byParse.Error()) {
			if !beyondTheSchema.MatchString(line) {
				t.Errorf("the schema takes what Parse does not: %s\n%s", line, doc)
			}
		}
	}
	return bySchema == nil
}

// asJSON is what an editor makes of YAML: a date is a text to it.
func asJSON(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = asJSON(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, asJSON(t, c))
		}
		return list
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	switch f := v.(type) {
	case nil, bool, string, int, int64, uint64:
		return v
	case float64:
		if !math.IsInf(f, 0) && !math.IsNaN(f) {
			return v
		}
	}
	return n.Value // JSON has no word for it
}

// author writes documents in flow style, which needs no indentation.
type author struct {
	rng   *rand.Rand
	slips int // that it may still make
	id    int
}

func (a *author) slip() bool {
	if a.slips > 0 && a.rng.IntN(40) == 0 {
		a.slips--
		return true
	}
	return false
}

func (a *author) of(words ...string) string { return words[a.rng.IntN(len(words))] }

func (a *author) maybe(fields *[]string, key string, value func() string) {
	if a.rng.IntN(3) == 0 {
		*fields = append(*fields, key+": "+value())
	}
}

// object writes fields in any order, at times one too few or too many.
func (a *author) object(fields []string) string {
	if a.slip() && len(fields) > 0 {
		fields = slices.Delete(fields, 0, 1)
	}
	if a.slip() {
		fields = append(fields, a.of("colour", "ID", "5")+": 1")
	}
	a.rng.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return "{" + strings.Join(fields, ", ") + "}"
}

// wrong is what may stand in place of any value.
func (a *author) wrong() string {
	return a.of("", "~", "null", "[]", "{}", `""`, "''", "0", "-1", "101", "5.5", "5.0", "1e1", "0x10", `"50"`, "true", "True", `"true"`, "no", "yes", "word", "8", "-3s", "1h1", "1.2.3s", ".s",
		".5s", "3.s", "5us", "+5s", "8 s", "8S", "2026-01-02", ".inf", ".nan", "[a, b]", "{text: x}", "{to: calm}", "30h", "0s", "Calm", "1_0", "9999999999999999999999h")
}

func (a *author) value(good func() string) string {
	if a.slip() {
		return a.wrong()
	}
	return good()
}

func (a *author) word(words []string) func() string {
	return func() string { return a.value(func() string { return a.of(words...) }) }
}

func (a *author) whole(least, most int) func() string {
	return func() string {
		return a.value(func() string {
			if a.rng.IntN(4) == 0 {
				return fmt.Sprint([]int{least, most}[a.rng.IntN(2)])
			}
			return fmt.Sprint(least + a.rng.IntN(most-least+1))
		})
	}
}

func (a *author) span() string {
	return a.value(func() string { return a.of("8s", "1m30s", "300ms", "1.5s", "0.25h", `"20s"`, "24h", "1m", "0.5m") })
}

func (a *author) text() string {
	return a.value(func() string {
		return a.of("word", "two words", `"quoted: text"`, "5", "1.5", "yes", "2026-01-02", "größer", "'it''s'", "競り")
	})
}

func (a *author) lines() string {
	line := func() string {
		if a.rng.IntN(3) > 0 {
			return a.text()
		}
		fields := []string{"text: " + a.text()}
		a.maybe(&fields, "weight", a.whole(1, 100))
		return a.object(fields)
	}
	if a.rng.IntN(2) == 0 {
		return a.value(line)
	}
	var list []string
	for range 1 + a.rng.IntN(3) {
		list = append(list, line())
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (a *author) yes() string { return a.value(func() string { return a.of("true", "false", "True") }) }

// deeds are the fields that triggers and follow-ups share.
func (a *author) deeds(fields *[]string) {
	a.maybe(fields, "when", a.word([]string{"open", "bids > 1", "not open", "'title == \"x\"'"}))
	a.maybe(fields, "chance", a.whole(1, 100))
	a.maybe(fields, "priority", a.word([]string{"idle", "chat", "bid", "lot"}))
	a.maybe(fields, "mood", a.word(Moods))
	a.maybe(fields, "energy", a.whole(-100, 100))
	a.maybe(fields, "express", a.word(Expressions))
	a.maybe(fields, "hold", a.span)
	a.maybe(fields, "gesture", a.word(Gestures))
	a.maybe(fields, "sound", a.word(Sounds))
	a.maybe(fields, "say", a.lines)
	a.maybe(fields, "reply", a.lines)
}

func (a *author) followUp() string {
	fields := []string{"after: " + a.span()}
	a.deeds(&fields)
	return a.object(fields)
}

func (a *author) trigger() string {
	a.id++
	fields := []string{fmt.Sprintf("id: t%d", a.id), "on: " + a.word(kinds)()}
	a.deeds(&fields)
	a.maybe(&fields, "cooldown", a.span)
	a.maybe(&fields, "once", a.word([]string{"lot", "session", "show"}))
	a.maybe(&fields, "more", a.yes)
	a.maybe(&fields, "then", func() string {
		if a.rng.IntN(2) == 0 {
			return a.value(a.followUp)
		}
		var list []string
		for range a.rng.IntN(maxFollowUps + 1) {
			list = append(list, a.followUp())
		}
		if a.slip() {
			list = append(list, "{after: 1s}", "{after: 1s}", "{after: 1s}", "{after: 1s}", "{after: 1s}")
		}
		return "[" + strings.Join(list, ", ") + "]"
	})
	return a.object(fields)
}

func (a *author) mood() string {
	var fields []string
	a.maybe(&fields, "expression", a.word(Expressions))
	a.maybe(&fields, "energy", a.whole(0, 100))
	a.maybe(&fields, "decay", func() string {
		return a.value(func() string { return a.object([]string{"to: " + a.of(Moods...), "after: " + a.span()}) })
	})
	return a.object(fields)
}

func (a *author) document() string {
	fields := []string{"id: " + a.text(), "name: " + a.text(), "moods: " + a.value(a.moods)}
	a.maybe(&fields, "start", a.word(Moods))
	a.maybe(&fields, "stranger", a.text)
	a.maybe(&fields, "memory", a.span)
	a.maybe(&fields, "silence", a.span)
	a.maybe(&fields, "rate", a.whole(4, 40))
	a.maybe(&fields, "longest", a.whole(20, 300))
	a.maybe(&fields, "pools", func() string {
		return a.value(func() string {
			var pools []string
			for i := range a.rng.IntN(3) {
				name := fmt.Sprint(a.of("wow", "a-b", "x9"), i)
				if a.slip() {
					name = a.of("Wow", "two words", strings.Repeat("x", 41), "_", "ö")
				}
				pools = append(pools, name+": "+a.lines())
			}
			return "{" + strings.Join(pools, ", ") + "}"
		})
	})
	fields = append(fields, "triggers: "+a.value(func() string {
		var list []string
		for range 1 + a.rng.IntN(3) {
			list = append(list, a.trigger())
		}
		return "[" + strings.Join(list, ", ") + "]"
	}))
	return a.object(fields)
}

// moods has all of them, so that none that is named is missing.
func (a *author) moods() string {
	var list []string
	for _, name := range Moods {
		if a.slip() {
			name = a.of("Calm", "cross", "5")
		}
		list = append(list, name+": "+a.mood())
	}
	return "{" + strings.Join(list, ", ") + "}"
}

// TestSchemaTellsEachValueAsParseDoes puts each odd value in each place, one at a time.
func TestSchemaTellsEachValueAsParseDoes(t *testing.T) {
	schema := compiled(t)
	a := &author{rng: rand.New(rand.NewPCG(1, 1))}
	odd := map[string]bool{}
	for range 2000 {
		odd[a.wrong()] = true
	}
	for value := range odd {
		for _, place := range []string{
			"id", "name", "start", "stranger", "memory", "silence", "rate", "longest", "moods", "pools", "triggers",
			"moods.calm", "moods.calm.expression", "moods.calm.energy", "moods.calm.decay", "moods.calm.decay.to", "moods.calm.decay.after", "pools.p", "pools.p.0", "pools.p.1.text", "pools.p.1.weight",
			"triggers.0", "triggers.0.on", "triggers.0.id", "triggers.0.chance", "triggers.0.priority", "triggers.0.mood", "triggers.0.energy", "triggers.0.express", "triggers.0.hold", "triggers.0.gesture",
			"triggers.0.sound", "triggers.0.say", "triggers.0.say.0", "triggers.0.say.1.text", "triggers.0.say.1.weight", "triggers.0.reply", "triggers.0.cooldown", "triggers.0.once", "triggers.0.more", "triggers.0.then",
			"triggers.0.then.0", "triggers.0.then.0.after", "triggers.0.then.0.hold", "triggers.0.then.0.say",
		} {
			agree(t, schema, with(t, place, value))
		}
	}
}

const complete = `{id: x, name: X, start: calm, stranger: guest, memory: 10m, silence: 3s, rate: 13, longest: 160,
moods: {calm: {expression: neutral, energy: 5, decay: {to: calm, after: 1s}}, playful: {}, excited: {}, tense: {}, triumphant: {}, dejected: {}}, pools: {p: [a, {text: b, weight: 2}]},
triggers: [{id: t, on: post.received, chance: 5, priority: bid, mood: calm, energy: 5, express: sad, hold: 1s, gesture: nod, sound: gavel, say: [a, {text: b, weight: 2}], reply: a,
cooldown: 1s, once: lot, more: true, then: [{after: 1s, hold: 1s, say: a}]}]}`

// with is the whole document with one value in place of another.
func with(t *testing.T, place, value string) string {
	t.Helper()
	var doc, put yaml.Node
	if err := yaml.Unmarshal([]byte(complete), &doc); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal([]byte("x: "+value), &put); err != nil {
		t.Fatal(err)
	}
	n := doc.Content[0]
	for step := range strings.SplitSeq(place, ".") {
		at := 0
		if n.Kind == yaml.SequenceNode {
			_, _ = fmt.Sscan(step, &at)
		} else {
			for at = 1; n.Content[at-1].Value != step; at += 2 {
			}
		}
		n = n.Content[at]
	}
	*n = *put.Content[0].Content[1]
	out, err := yaml.Marshal(&doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
