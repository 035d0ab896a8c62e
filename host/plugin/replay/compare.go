package replay

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/host/cue"
)

// Verdict says how what a plugin asks for differs from what another one did.
type Verdict string

// The verdicts, from the gravest to none.
const (
	Trapped Verdict = "trap"           // it failed
	Silent  Verdict = "silent"         // it says nothing where the other one spoke
	Speaks  Verdict = "speaks"         // it speaks where the other one said nothing
	Line    Verdict = "different line" // both speak, in other words
	Mood    Verdict = "mood differs"   // the same words, another mood or face
	Other   Verdict = "other"          // something else differs: scene, text, gesture, reply
	Waiting Verdict = "waiting"        // the show ended before the director decided on all of it
	Same    Verdict = "same"
)

// Compare judges one moment.
func Compare(m Moment) Verdict {
	m.Was, m.Now = arranged(m.Was), arranged(m.Now)
	was, now := said(m.Was), said(m.Now)
	switch {
	case m.Trap != "" && !m.Failed:
		return Trapped
	case m.Open && len(m.Was) < len(m.Now) && within(m.Was, m.Now):
		return Waiting
	case was != "" && now == "":
		return Silent
	case was == "" && now != "":
		return Speaks
	case was != now:
		return Line
	case !slices.Equal(moods(m.Was), moods(m.Now)):
		return Mood
	case !slices.Equal(m.Was, m.Now):
		return Other
	}
	return Same
}

// arranged are cues in an order that says nothing of when the director decided on them: first what it decides on at once,
// as it was asked for, then scenes and lines, which wait for their turn and may overtake each other.
func arranged(cues []cue.Cue) []cue.Cue {
	rank := func(c cue.Cue) int {
		switch c.Verb {
		case cue.Scene:
			return 1
		case cue.Say:
			return 2
		}
		return 0
	}
	out := slices.Clone(cues)
	slices.SortStableFunc(out, func(a, b cue.Cue) int {
		if r := rank(a); r == 0 || r != rank(b) {
			return cmp.Compare(r, rank(b))
		}
		return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Millis, b.Millis))
	})
	return out
}

// within reports whether all of a is in b, in that order.
func within(a, b []cue.Cue) bool {
	for _, c := range b {
		if len(a) > 0 && a[0] == c {
			a = a[1:]
		}
	}
	return len(a) == 0
}

// said is all that is spoken.
func said(cues []cue.Cue) string {
	var lines []string
	for _, c := range cues {
		if c.Verb == cue.Say {
			lines = append(lines, c.Text)
		}
	}
	return strings.Join(lines, " ")
}

// moods are the moods and faces that are asked for.
func moods(cues []cue.Cue) (out []string) {
	for _, c := range cues {
		switch {
		case c.Verb == cue.Mood, c.Verb == cue.Express:
			out = append(out, string(c.Verb)+" "+c.Name)
		case c.Verb == cue.Say && c.Name != "":
			out = append(out, "say "+c.Name)
		}
	}
	return out
}

// Group is all moments of one trigger with one verdict.
type Group struct {
	Trigger string  `json:"trigger"` // kind of the event, and what sets it apart: a reason, an intent
	Verdict Verdict `json:"verdict"`
	Count   int     `json:"count"`
	Rows    []Row   `json:"rows"` // the first of them
}

// Row is a moment as people read it.
type Row struct {
	Seq    uint64   `json:"seq"`
	Cause  string   `json:"cause"`
	Was    string   `json:"was"`
	Now    string   `json:"now"`
	Powers []string `json:"powers,omitempty"` // that the plugin would use without having them
	Trap   string   `json:"trap,omitempty"`
}

// Report is what a replay found.
type Report struct {
	Take   Take   `json:"take"`
	Plugin string `json:"plugin"` // that was played, with its version
	Events int    `json:"events"` // that it heard
	// SamePlugin says that it is, to the byte, what was on air; then nothing may differ, but for the doubts.
	SamePlugin bool            `json:"same_plugin"`
	Doubts     []string        `json:"doubts,omitempty"` // why it cannot be the same, even so
	Verdicts   map[Verdict]int `json:"verdicts"`
	Powers     map[string]int  `json:"powers_missing,omitempty"`
	Groups     []Group         `json:"groups"` // what differs, most frequent first
}

// Differences is how many moments were not the same.
func (r Report) Differences() (n int) {
	for v, k := range r.Verdicts {
		if v != Same && v != Waiting {
			n += k
		}
	}
	return n
}

// Counts is the verdicts in words, such as "same 288, different line 83".
func (r Report) Counts() string {
	var out []string
	for _, v := range []Verdict{Same, Waiting, Line, Silent, Speaks, Mood, Other, Trapped} {
		if n := r.Verdicts[v]; n > 0 {
			out = append(out, fmt.Sprintf("%s %d", v, n))
		}
	}
	if len(out) == 0 {
		return "nobody had anything to say"
	}
	return strings.Join(out, ", ")
}

// rowsKept is how many moments a group shows.
const rowsKept = 5

// Summarise groups the moments that differ by trigger.
func Summarise(moments []Moment) Report {
	r := Report{Verdicts: map[Verdict]int{}, Powers: map[string]int{}}
	at := map[[2]string]int{}
	for _, m := range moments {
		v := Compare(m)
		r.Verdicts[v]++
		for _, p := range m.Powers {
			r.Powers[p]++
		}
		if (v == Same || v == Waiting) && len(m.Powers) == 0 {
			continue
		}
		key := [2]string{trigger(m.Event), string(v)}
		i, ok := at[key]
		if !ok {
			i = len(r.Groups)
			at[key] = i
			r.Groups = append(r.Groups, Group{Trigger: key[0], Verdict: v})
		}
		g := &r.Groups[i]
		if g.Count++; len(g.Rows) < rowsKept {
			was := readable(m.Was)
			if m.Failed && len(m.Was) == 0 {
				was = "— failed"
			}
			g.Rows = append(g.Rows, Row{Seq: m.Event.Seq(), Cause: describe(m.Event), Was: was, Now: readable(m.Now), Powers: m.Powers, Trap: m.Trap})
		}
	}
	slices.SortStableFunc(r.Groups, func(a, b Group) int { return cmp.Compare(b.Count, a.Count) })
	return r
}

// readable is what is asked for in one line: the mood before the words, and the rest in brackets.
func readable(cues []cue.Cue) string {
	var mood, line, rest []string
	for _, c := range cues {
		switch c.Verb {
		case cue.Say:
			line = append(line, "“"+c.Text+"”")
		case cue.Mood, cue.Express:
			mood = append(mood, c.Name)
		case cue.Reply, cue.Post, cue.Text:
			rest = append(rest, strings.TrimSpace(string(c.Verb)+" "+c.Name+" “"+c.Text+"”"))
		default:
			rest = append(rest, strings.TrimSpace(string(c.Verb)+" "+c.Name))
		}
	}
	out := slices.Concat(mood, line)
	if len(rest) > 0 {
		out = append(out, "["+strings.Join(rest, ", ")+"]")
	}
	if len(out) == 0 {
		return "— silent"
	}
	return strings.Join(out, " ")
}
