package engine

import (
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// A line is text with {{slots}}, <pools> and [one|of|these]. Pools are lists of further text; they may use each other
// but never themselves. A few short pools make thousands of lines.

// piece is one part of a line; exactly one of its fields is set.
type piece struct {
	lit    string
	slot   *slot
	pool   *pool
	choice []*fragment
}

// fragment is a line or a part of one that can be chosen.
type fragment struct {
	pieces []piece
	weight int
	id     uint64 // of its source text, stable over versions of the file
	last   int64  // when it was said last, unix ms; 0 never
	line   int    // where it stands in the file
	column int
	marked bool // its words are long enough to be known again, whatever is in its slots
}

// pool is a named list of fragments.
type pool struct {
	name      string
	fragments []*fragment
	line      int
}

// lineError is a mistake at a byte of a line.
type lineError struct {
	at  int
	msg string
}

func (e *lineError) Error() string { return e.msg }

type lineParser struct {
	src   string
	pos   int
	pools map[string]*pool
	depth int
}

// parseLine compiles a line; pools must hold an entry for every pool of the file.
func parseLine(src string, pools map[string]*pool) (*fragment, error) {
	p := &lineParser{src: src, pools: pools}
	pieces, err := p.pieces("")
	if err != nil {
		return nil, err
	}
	return newFragment(pieces, src), nil
}

// knownAgain is how many characters of fixed text people remember.
const knownAgain = 20

func newFragment(pieces []piece, src string) *fragment {
	f := &fragment{pieces: pieces, weight: 1, id: hash(hashSeed, src)}
	fixed := int64(0)
	for _, p := range pieces {
		if p.pool != nil || p.choice != nil {
			return f
		}
		fixed += characters(p.lit)
	}
	f.marked = fixed >= knownAgain
	return f
}

func fault(at int, format string, args ...any) error {
	return &lineError{at, fmt.Sprintf(format, args...)}
}

// pieces reads up to one of the bytes in stop, or the end.
func (p *lineParser) pieces(stop string) (out []piece, err error) {
	for p.pos < len(p.src) {
		rest := p.src[p.pos:]
		switch {
		case strings.IndexByte(stop, rest[0]) >= 0:
			return out, nil
		case strings.HasPrefix(rest, "{{"):
			err = p.add(&out, p.slot)
		case rest[0] == '<':
			err = p.add(&out, p.poolName)
		case rest[0] == '[':
			err = p.add(&out, p.choice)
		case strings.IndexByte("]|>{}", rest[0]) >= 0:
			err = fault(p.pos, "a lone %q; lines use {{slot}}, <pool> and [one|of|these]", rest[:1])
		default:
			n := strings.IndexAny(rest, "{}<>[]|")
			if n < 0 {
				n = len(rest)
			}
			if before := len(out) - 1; before >= 0 && out[before].slot != nil && out[before].slot.inETH && unitAgain(rest[:n]) {
				return nil, fault(p.pos+1, "{{%s}} says ETH itself; leave it out here", out[before].slot.name)
			}
			out = append(out, piece{lit: rest[:n]})
			p.pos += n
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// unitAgain says that a text behind an amount begins with the unit that the amount has.
func unitAgain(text string) bool {
	if len(text) < 4 || !strings.EqualFold(text[:4], " ETH") {
		return false
	}
	behind, _ := utf8.DecodeRuneInString(text[4:])
	return !inWord(behind)
}

func (p *lineParser) add(out *[]piece, read func() (piece, error)) error {
	x, err := read()
	*out = append(*out, x)
	return err
}

// until takes what stands between open at the position and the next end.
func (p *lineParser) until(open, end string) (string, error) {
	rest := p.src[p.pos+len(open):]
	n := strings.Index(rest, end)
	if n < 0 {
		return "", fault(p.pos, "this %q has no closing %q", open, end)
	}
	p.pos += len(open) + n + len(end)
	return strings.TrimSpace(rest[:n]), nil
}

func (p *lineParser) slot() (piece, error) {
	at := p.pos
	name, err := p.until("{{", "}}")
	if err != nil {
		return piece{}, err
	}
	for i := range slots {
		if slots[i].name == name {
			return piece{slot: &slots[i]}, nil
		}
	}
	all := make([]string, len(slots))
	for i := range slots {
		all[i] = slots[i].name
	}
	return piece{}, fault(at, "there is no slot {{%s}}; %s", name, did(name, all))
}

func (p *lineParser) poolName() (piece, error) {
	at := p.pos
	name, err := p.until("<", ">")
	if err != nil {
		return piece{}, err
	}
	if pl, ok := p.pools[name]; ok {
		return piece{pool: pl}, nil
	}
	names := make([]string, 0, len(p.pools))
	for n := range p.pools {
		names = append(names, n)
	}
	return piece{}, fault(at, "there is no pool <%s>; %s", name, did(name, names))
}

func (p *lineParser) choice() (piece, error) {
	at := p.pos
	if p.depth++; p.depth > 4 {
		return piece{}, fault(at, "choices nested deeper than 4")
	}
	defer func() { p.depth-- }()
	var x piece
	for {
		p.pos++ // the bracket or the bar
		from := p.pos
		pieces, err := p.pieces("|]")
		if err != nil {
			return piece{}, err
		}
		if p.pos >= len(p.src) {
			return piece{}, fault(at, `this "[" has no closing "]"`)
		}
		x.choice = append(x.choice, newFragment(pieces, p.src[from:p.pos]+"|"+p.src))
		if p.src[p.pos] == ']' {
			p.pos++
			return x, nil
		}
	}
}

// each goes through a fragment and the choices in it.
func (f *fragment) each(yield func(*fragment) bool) bool {
	if !yield(f) {
		return false
	}
	for _, p := range f.pieces {
		for _, c := range p.choice {
			if !c.each(yield) {
				return false
			}
		}
	}
	return true
}

// walk visits every piece that a fragment can lead to, each pool once. It stops early when visit returns false.
func (f *fragment) walk(seen map[*pool]bool, visit func(p *piece, via *pool) bool) bool {
	return walkPieces(f.pieces, nil, seen, visit)
}

func walkPieces(pieces []piece, via *pool, seen map[*pool]bool, visit func(*piece, *pool) bool) bool {
	for i := range pieces {
		p := &pieces[i]
		if !visit(p, via) {
			return false
		}
		within, fragments := via, p.choice
		if p.pool != nil {
			if seen[p.pool] {
				continue
			}
			seen[p.pool] = true
			within, fragments = p.pool, p.pool.fragments
		}
		for _, f := range fragments {
			if !walkPieces(f.pieces, within, seen, visit) {
				return false
			}
		}
	}
	return true
}

// loops reports whether a pool leads back to itself.
func (pl *pool) loops() bool {
	seen := map[*pool]bool{}
	for _, f := range pl.fragments {
		if !f.walk(seen, func(p *piece, _ *pool) bool { return p.pool != pl }) {
			return true
		}
	}
	return false
}

// space is how many different texts a fragment can make, slots aside. Pools must not loop.
func (f *fragment) space(known map[*pool]float64) float64 {
	n := 1.0
	for _, p := range f.pieces {
		switch {
		case p.pool != nil:
			if _, ok := known[p.pool]; !ok {
				known[p.pool] = spaceOf(p.pool.fragments, known)
			}
			n *= known[p.pool]
		case p.choice != nil:
			n *= spaceOf(p.choice, known)
		}
	}
	return min(n, math.MaxFloat32)
}

// least is how many characters a fragment has in its shortest form, each slot taken for one.
func (f *fragment) least(known map[*pool]int64) (n int64) {
	for _, p := range f.pieces {
		switch {
		case p.pool != nil:
			if _, ok := known[p.pool]; !ok {
				known[p.pool] = 0 // should it lead back to itself
				known[p.pool] = leastOf(p.pool.fragments, known)
			}
			n += known[p.pool]
		case p.choice != nil:
			n += leastOf(p.choice, known)
		case p.slot != nil:
			n++
		default:
			n += characters(strings.Join(strings.Fields(p.lit), " ")) // as spaces are told
		}
	}
	return n
}

func leastOf(fs []*fragment, known map[*pool]int64) int64 {
	n := int64(math.MaxInt32)
	for _, f := range fs {
		n = min(n, f.least(known))
	}
	return n
}

func spaceOf(fs []*fragment, known map[*pool]float64) (n float64) {
	for _, f := range fs {
		n += f.space(known)
	}
	return n
}
