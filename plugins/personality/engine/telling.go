package engine

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// telling is one attempt to make a line.
type telling struct {
	scope   *scope
	dice    *dice
	now     int64
	memory  int64
	longest int64

	buf      []byte
	sentence bool // the next letter begins one
	id       uint64
	picks    []*fragment
	empty    bool // a slot had nothing to say
	stale    bool // a marked part was said within the memory
}

func (t *telling) reset() {
	t.buf, t.picks = t.buf[:0], t.picks[:0]
	t.sentence, t.id, t.empty, t.stale = true, hashSeed, false, false
}

// longestTelling bounds the pools that one line may go through: a file could nest them so that they multiply.
const longestTelling = 100

// tell writes a fragment. Depth is bounded, for pools do not loop.
func (t *telling) tell(f *fragment) {
	if int64(len(t.buf)) > utf8.UTFMax*t.longest || len(t.picks) > longestTelling {
		t.empty = true
		return
	}
	t.id = (t.id ^ f.id) * 1099511628211
	for i := range f.pieces {
		switch p := &f.pieces[i]; {
		case p.slot != nil:
			t.fill(p.slot)
		case p.pool != nil:
			t.take(p.pool.fragments)
		case p.choice != nil:
			t.take(p.choice)
		default:
			t.write(p.lit)
		}
	}
}

func (t *telling) fill(s *slot) {
	text := s.text(t.scope)
	switch {
	case text == "":
		t.empty = true
	case t.sentence && text == t.scope.s.stranger: // a phrase of the file, where handles stay as they are
		t.write(text)
	default:
		t.buf = append(t.buf, text...)
		t.sentence = false
	}
}

func (t *telling) take(from []*fragment) {
	f := t.pick(from)
	t.stale = t.stale || f.marked && f.last != 0 && within(t.memory, f.last, t.now)
	t.picks = append(t.picks, f)
	t.tell(f)
}

// pick throws the dice over what was not said lately; when all was, over what was said longest ago.
func (t *telling) pick(fs []*fragment) *fragment {
	if len(fs) == 1 {
		return fs[0]
	}
	limit := t.now - t.memory
	if oldest := freshest(fs); oldest > limit {
		limit = oldest
	}
	total := 0
	for _, f := range fs {
		if f.last <= limit {
			total += f.weight
		}
	}
	n := t.dice.below(total)
	for _, f := range fs {
		if f.last > limit {
			continue
		}
		if n -= f.weight; n < 0 {
			return f
		}
	}
	return fs[len(fs)-1] // the weights add up to total, so it does not come to this
}

// freshest is the age bound below which the longer unsaid half of fs lies.
func freshest(fs []*fragment) int64 {
	var ages [64]int64
	n := 0
	step := (len(fs) + len(ages) - 1) / len(ages)
	for i := 0; i < len(fs); i += step {
		ages[n] = fs[i].last
		n++
	}
	slices.Sort(ages[:n])
	return ages[(n-1)/2]
}

// write appends text of the file, with one space where there are several and a capital where a sentence begins.
func (t *telling) write(text string) {
	for i, r := range text {
		switch {
		case r == ' ' || r == '\n' || r == '\t':
			if n := len(t.buf); n == 0 || t.buf[n-1] == ' ' {
				continue
			}
			t.sentence = t.sentence || ends(t.buf)
			r = ' '
		case t.sentence && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			r, t.sentence = unicode.ToUpper(r), false
		case hugs(text[i:]) && len(t.buf) > 0 && t.buf[len(t.buf)-1] == ' ':
			t.buf = t.buf[:len(t.buf)-1]
		}
		t.buf = utf8.AppendRune(t.buf, r)
	}
}

// hugs reports whether a text begins with a mark that follows a word without a space; an ellipsis may stand alone.
func hugs(text string) bool {
	return strings.IndexByte(",.!?", text[0]) >= 0 && !strings.HasPrefix(text, "..")
}

// ends reports whether a sentence ends here; an ellipsis does not end one.
func ends(b []byte) bool {
	n := len(b)
	return n > 0 && (b[n-1] == '!' || b[n-1] == '?' || b[n-1] == '.' && (n < 2 || b[n-2] != '.'))
}
