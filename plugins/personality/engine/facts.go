package engine

import (
	"slices"
	"strconv"
	"strings"
)

// typ is the type of a fact or an expression.
type typ uint8

const (
	number typ = iota + 1
	words
	yesNo
)

func (t typ) String() string { return [...]string{"nothing", "a number", "a text", "yes or no"}[t] }

// scope is what a condition or a slot can see.
type scope struct {
	e *Event
	s *state
}

// fact is a name that conditions may use. on lists the events that have it; none means that it is always there.
type fact struct {
	name string
	typ  typ
	on   []string
	num  func(*scope) float64
	text func(*scope) string
	flag func(*scope) bool
	of   []string // the words that a text can be; none when it can be any
}

// factOn is the fact of a name on a kind of event, nil when there is none.
func factOn(name, kind string) *fact {
	for i := range facts {
		if facts[i].name == name && facts[i].knownOn(kind) {
			return &facts[i]
		}
	}
	return nil
}

// Words that a text of the show can be, as the contract says.
var (
	purposes = []string{"bid", "question", "greeting", "chat"}
	refusals = []string{"too_low", "below_start", "already_leads", "no_lot", "closed", "paused", "unknown_bidder", "ambiguous", "unsafe_text", "unknown_unit",
		"too_fine", "out_of_range", "edited", "bad_format", "too_many"}
	unsold = []string{"no_bids", "reserve_not_met", "withdrawn"}
)

func (f *fact) knownOn(kind string) bool { return f.on == nil || slices.Contains(f.on, kind) }

var (
	onPeople = []string{PostReceived, BidAccepted, BidRefused, LotSold}
	onBids   = []string{BidAccepted, BidRefused, LotSold, LotUnsold}
	onAccept = []string{BidAccepted}
	onClock  = []string{ClockTicked, Silence}
)

func eth(gwei uint64) float64 { return float64(gwei) / 1e9 }

// facts is the whole vocabulary of conditions; amounts are in ETH, times in seconds.
var facts = []fact{
	// about the event
	{name: "amount", typ: number, on: onBids, num: func(s *scope) float64 { return eth(s.e.Amount.Gwei) }},
	{name: "previous", typ: number, on: onAccept, num: func(s *scope) float64 { return eth(s.e.Previous.Gwei) }},
	{name: "rival", typ: words, on: []string{BidAccepted, LotSold}, text: func(s *scope) string { return s.e.Rival }},
	{name: "handle", typ: words, on: onPeople, text: func(s *scope) string { return s.e.Handle }},
	{name: "reserve_just_met", typ: yesNo, on: onAccept, flag: func(s *scope) bool { return s.e.past.reserveJustMet }},
	{name: "comeback", typ: yesNo, on: onAccept, flag: func(s *scope) bool { return s.e.past.comeback }},
	{name: "reason", typ: words, on: []string{BidRefused}, of: refusals, text: func(s *scope) string { return s.e.Reason }},
	{name: "reason", typ: words, on: []string{LotUnsold}, of: unsold, text: func(s *scope) string { return s.e.Reason }},
	{name: "intent", typ: words, on: []string{PostReceived}, of: purposes, text: func(s *scope) string { return s.e.Intent }},
	{name: "hostile", typ: yesNo, on: []string{PostReceived}, flag: func(s *scope) bool { return hostile(s.e.Text) }},
	{name: "length", typ: number, on: []string{PostReceived}, num: func(s *scope) float64 { return float64(s.e.past.length) }},
	{name: "seconds", typ: number, on: []string{LotClosing}, num: func(s *scope) float64 { return float64(s.e.Seconds) }},
	{name: "extensions", typ: number, on: []string{LotExtended}, num: func(s *scope) float64 { return float64(s.e.Count) }},
	{name: "last", typ: yesNo, on: []string{LotExtended}, flag: func(s *scope) bool { return s.e.Last }},
	{name: "what", typ: words, on: []string{OperatorActed}, text: func(s *scope) string { return s.e.Text }},
	{name: "scene", typ: words, on: []string{SceneShown}, text: func(s *scope) string { return s.e.Name }},
	{name: "cut", typ: yesNo, on: []string{SpeechEnded}, flag: func(s *scope) bool { return s.e.Cut }},

	// about the person of the event, as far as this personality remembers
	{name: "met", typ: number, on: onPeople, num: func(s *scope) float64 { return float64(s.e.past.person.met) }},
	{name: "bids_by", typ: number, on: onPeople, num: func(s *scope) float64 { return float64(s.e.past.person.bids) }},
	{name: "misses_by", typ: number, on: onPeople, num: func(s *scope) float64 { return float64(s.e.past.person.misses) }},
	{name: "sessions_by", typ: number, on: onPeople, num: func(s *scope) float64 { return float64(s.e.past.person.sessions) }},
	{name: "days_away", typ: number, on: onPeople, num: func(s *scope) float64 { return s.e.past.person.daysAway(s.e.At) }},
	{name: "wins_by", typ: number, on: onPeople, num: func(s *scope) float64 { return float64(s.e.past.person.wins) }},

	// about the show
	{name: "open", typ: yesNo, flag: func(s *scope) bool { return s.s.lot.id != "" }},
	{name: "price", typ: number, num: func(s *scope) float64 { return eth(s.s.lot.price.Gwei) }},
	{name: "minimum", typ: number, num: func(s *scope) float64 { return eth(minimum(s).Gwei) }},
	{name: "bids", typ: number, num: func(s *scope) float64 { return float64(s.s.lot.bids) }},
	{name: "reserve_met", typ: yesNo, flag: func(s *scope) bool { return s.s.lot.reserveMet || s.e.ReserveMet }},
	{name: "leader", typ: words, text: func(s *scope) string { return s.s.lot.leader }},
	{name: "title", typ: words, text: func(s *scope) string { return s.s.lot.title }},
	{name: "seconds_left", typ: number, num: func(s *scope) float64 { return float64(s.s.secondsLeft) }},
	{name: "sold", typ: number, num: func(s *scope) float64 { return float64(s.s.sold) }},
	{name: "silent", typ: number, on: onClock, num: func(s *scope) float64 { return float64(s.e.SilentMS) / 1000 }},
	{name: "busy", typ: number, num: func(s *scope) float64 { return float64(s.s.busy) }},
	{name: "energy", typ: number, num: func(s *scope) float64 { return float64(s.s.energy(s.e.At)) }},
	{name: "mood", typ: words, of: Moods, text: func(s *scope) string { return s.s.mood }},
}

// slot is a name that lines may use in {{…}}.
type slot struct {
	name  string
	on    []string
	inETH bool // it is an amount, and says so
	text  func(*scope) string
}

func (l *slot) knownOn(kind string) bool { return l.on == nil || slices.Contains(l.on, kind) }

// slots is the whole vocabulary of lines. An empty one keeps its line from being chosen.
var slots = []slot{
	{name: "handle", on: onPeople, text: func(s *scope) string { return s.s.called(s.e.Handle) }},
	{name: "rival", on: []string{BidAccepted, LotSold}, text: func(s *scope) string { return s.s.called(s.e.Rival) }},
	{name: "amount", inETH: true, on: onBids, text: func(s *scope) string { return spoken(s.e.Amount) }},
	{name: "previous", inETH: true, on: onAccept, text: func(s *scope) string { return spoken(s.e.Previous) }},
	{name: "raise", inETH: true, on: onAccept, text: func(s *scope) string { return difference(s.e.Amount, s.e.Previous) }},
	{name: "short", inETH: true, on: []string{BidRefused}, text: func(s *scope) string { return difference(s.e.Minimum, s.e.Amount) }},
	{name: "seconds", on: []string{LotClosing}, text: func(s *scope) string { return strconv.FormatInt(s.e.Seconds, 10) }},
	{name: "total", inETH: true, on: []string{SessionClosed}, text: func(s *scope) string { return spoken(s.e.Total) }},
	{name: "session", on: []string{SessionOpened}, text: func(s *scope) string { return s.e.Name }},
	{name: "lots", on: []string{SessionOpened}, text: func(s *scope) string { return count(s.e.Count) }},
	{name: "start", inETH: true, on: []string{LotOpened}, text: func(s *scope) string { return spoken(s.e.Start) }},
	{name: "minimum", inETH: true, text: func(s *scope) string { return asked(minimum(s)) }},
	{name: "price", inETH: true, text: func(s *scope) string { return spoken(s.s.lot.price) }},
	{name: "leader", text: func(s *scope) string { return s.s.called(s.s.lot.leader) }},
	{name: "title", text: func(s *scope) string { return s.s.lot.title }},
	{name: "artist", text: func(s *scope) string { return s.s.lot.artist }},
	{name: "number", text: func(s *scope) string { return count(s.s.lot.number) }},
	{name: "bids", text: func(s *scope) string { return count(s.s.lot.bids) }},
	{name: "sold", text: func(s *scope) string { return count(s.s.sold) }},
}

func factNames(kind string) (out []string) {
	for i := range facts {
		if facts[i].knownOn(kind) {
			out = append(out, facts[i].name)
		}
	}
	return out
}

func slotNames(kind string) (out []string) {
	for i := range slots {
		if slots[i].knownOn(kind) {
			out = append(out, slots[i].name)
		}
	}
	return out
}

// minimum is the least the next bid must offer: the event's word for it, or the last one heard.
func minimum(s *scope) Money {
	if s.e.Minimum.Gwei > 0 {
		return s.e.Minimum
	}
	return s.s.lot.minimum
}

func count(n int64) string {
	if n <= 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// spoken is an amount as one says it: four places at most, and honest about the rest.
func spoken(m Money) string {
	text := m.Text
	if text == "" {
		text = ethText(m.Gwei)
	}
	if text == "0" {
		return ""
	}
	whole, places, _ := strings.Cut(text, ".")
	if len(places) <= 4 {
		return text + " ETH"
	}
	cut := strings.TrimRight(strings.TrimRight(whole+"."+places[:4], "0"), ".")
	if cut == "0" {
		return text + " ETH"
	}
	return "just over " + cut + " ETH"
}

// asked is an amount that must not be understated: exact, however long.
func asked(m Money) string {
	switch {
	case m.Gwei == 0:
		return ""
	case m.Text != "":
		return m.Text + " ETH"
	default:
		return ethText(m.Gwei) + " ETH"
	}
}

// difference is how much more a is than b; nothing when b is not known, or nothing.
func difference(a, b Money) string {
	if b.Gwei == 0 || a.Gwei <= b.Gwei {
		return ""
	}
	return spoken(Money{Gwei: a.Gwei - b.Gwei})
}

func ethText(gwei uint64) string {
	whole, rest := gwei/1e9, gwei%1e9
	if rest == 0 {
		return strconv.FormatUint(whole, 10)
	}
	places := strconv.FormatUint(rest, 10)
	places = strings.Repeat("0", 9-len(places)) + places
	return strconv.FormatUint(whole, 10) + "." + strings.TrimRight(places, "0")
}
