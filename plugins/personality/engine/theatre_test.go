package engine

import (
	"fmt"
	"math/rand/v2"
	"sort"
)

// theatre plays a show to an engine: an auction with a crowd, a clock, and a stage that speaks one line at a time and
// drops what has grown stale. It knows nothing of the real show but its manners.
type theatre struct {
	e      *Engine
	rng    *rand.Rand
	now    int64
	seq    uint64
	posts  float64 // a second
	lotFor int64   // seconds a lot is open

	lot                    int
	open                   bool
	closes                 int64
	price, minimum         uint64
	leader                 string
	bids                   int64
	speaking               bool
	endsAt, quiet          int64
	queue                  []spoken1
	lines                  []spoken1
	longest                int64 // silence
	reactions, says        int
	replies                int
	before                 func(*theatre, *Event)
	moods, faces, gestures map[string]int
}

// spoken1 is a line and when it was asked for.
type spoken1 struct {
	Command
	at    int64
	asked uint64 // event on which it was
}

func newTheatre(e *Engine, seed uint64, posts float64) *theatre {
	return &theatre{e: e, rng: rand.New(rand.NewPCG(seed, 1)), now: 1_800_000_000_000, posts: posts, lotFor: 120,
		moods: map[string]int{}, faces: map[string]int{}, gestures: map[string]int{}}
}

func gwei(milli uint64) Money { g := milli * 1e6; return Money{Gwei: g, Text: ethText(g)} }

func (th *theatre) send(e Event) {
	th.seq++
	e.Seq, e.At = th.seq, th.now
	if th.before != nil {
		th.before(th, &e)
	}
	for _, c := range th.e.Handle(&e) {
		th.reactions++
		switch c.Verb {
		case Say:
			th.says++
			th.queue = append(th.queue, spoken1{c, th.now, e.Seq})
		case Reply:
			th.replies++
		case Mood:
			th.moods[c.Name]++
		case Express:
			th.faces[c.Name]++
		case Gesture:
			th.gestures[c.Name]++
		}
	}
}

// run plays some seconds in steps of 50 ms.
func (th *theatre) run(seconds int64) {
	th.quiet = th.now
	th.send(Event{Kind: SessionOpened, Name: "Opening night", Count: 6})
	start := th.now
	nextLot := th.now + 3000
	for th.now < start+seconds*1000 {
		th.now += 50
		th.stage()
		if (th.now-start)%1000 == 0 {
			th.tick()
		}
		if !th.open && th.now >= nextLot {
			th.openLot()
		}
		if th.open && th.now >= th.closes {
			th.hammer()
			nextLot = th.now + 12_000
		}
		if th.rng.Float64() < th.posts/20 {
			th.post()
		}
	}
}

func (th *theatre) stage() {
	if th.speaking && th.now >= th.endsAt {
		th.speaking, th.quiet = false, th.now
		th.send(Event{Kind: SpeechEnded})
	}
	kept := th.queue[:0]
	for _, l := range th.queue {
		if th.now-l.at < 6000 {
			kept = append(kept, l)
		}
	}
	th.queue = kept
	if th.speaking || len(th.queue) == 0 || th.now < th.quiet+200 {
		return
	}
	sort.SliceStable(th.queue, func(i, j int) bool { return th.queue[i].Value > th.queue[j].Value })
	l := th.queue[0]
	th.queue = append(th.queue[:0], th.queue[1:]...)
	th.longest = max(th.longest, th.now-th.quiet)
	l.at = th.now
	th.lines = append(th.lines, l)
	length := int64(len(l.Text))*70 + 200
	th.speaking, th.endsAt = true, th.now+length
	th.send(Event{Kind: SpeechStarted, Millis: length})
}

func (th *theatre) tick() {
	e := Event{Kind: ClockTicked, Seconds: -1, Busy: int64(th.posts * 60)}
	if th.open {
		e.Lot, e.Seconds = fmt.Sprint("lot-", th.lot), (th.closes-th.now)/1000
	}
	if !th.speaking {
		e.SilentMS = th.now - th.quiet
	}
	th.send(e)
	if th.open && (e.Seconds == 60 || e.Seconds == 30 || e.Seconds == 10) {
		th.send(Event{Kind: LotClosing, Lot: e.Lot, Seconds: e.Seconds})
	}
}

var titles = []string{"Moonrise over Salt Flat No. 9", "Electric Lullaby", "The Patient Cactus", "Self Portrait as a Modem", "Blue Hour, Twice", "A Map of Nowhere"}
var artists = []string{"Ada Quill", "Jun Okabe", "Marisol Vane", "The Brothers Tin", "Ilse Krone", "Nobody Jones"}

func (th *theatre) openLot() {
	th.lot++
	th.open, th.closes, th.leader, th.bids = true, th.now+th.lotFor*1000, "", 0
	th.price, th.minimum = 0, 500
	n := (th.lot - 1) % len(titles)
	th.send(Event{Kind: LotOpened, Lot: fmt.Sprint("lot-", th.lot), Title: titles[n], Artist: artists[n], Number: int64(th.lot), Start: gwei(500)})
}

func (th *theatre) hammer() {
	th.open = false
	e := Event{Kind: LotSold, Lot: fmt.Sprint("lot-", th.lot), Title: titles[(th.lot-1)%len(titles)], Handle: th.leader, Rival: "second", Amount: gwei(th.price), Count: th.bids}
	if th.bids == 0 {
		e.Kind, e.Handle, e.Reason = LotUnsold, "", "no_bids"
	}
	th.send(e)
}

var crowd = []string{"ann", "bob_builds", "crypto_carol", "dave42", "eve_art", "fox_fan", "gus", "hana", "ivan_the_mild", "jo", "kit_kat", "luna", "shithead99", "moth", "nia_9", "otto"}
var chatter = []string{"gm everyone", "this is a scam", "how do I bid?", "what is the reserve?", "love the hat", "who made this?", "hello from Kyoto", "you idiots", "so pretty", "wen moon"}
var intents = []string{"greeting", "chat", "question", "question", "chat", "question", "greeting", "chat", "chat", "chat"}

func (th *theatre) post() {
	who := crowd[th.rng.IntN(len(crowd))]
	id := fmt.Sprint("p", th.seq)
	if th.rng.IntN(3) > 0 {
		n := th.rng.IntN(len(chatter))
		th.send(Event{Kind: PostReceived, PostID: id, Handle: who, Text: chatter[n], Intent: intents[n]})
		return
	}
	th.send(Event{Kind: PostReceived, PostID: id, Handle: who, Text: "bid 1 ETH", Intent: "bid"})
	refused := Event{Kind: BidRefused, Lot: fmt.Sprint("lot-", th.lot), PostID: id, Handle: who, Minimum: gwei(th.minimum)}
	switch n := th.rng.IntN(10); {
	case !th.open:
		refused.Lot, refused.Minimum, refused.Reason = "", Money{}, "no_lot"
	case who == th.leader:
		refused.Reason, refused.Amount = "already_leads", gwei(th.minimum)
	case n < 3:
		refused.Reason, refused.Amount = "too_low", gwei(th.minimum-50)
	case n < 4:
		refused.Reason = "bad_format"
	default:
		th.accept(who, id)
		return
	}
	th.send(refused)
}

func (th *theatre) accept(who, id string) {
	amount := th.minimum + uint64(th.rng.IntN(3))*50
	if th.rng.IntN(12) == 0 {
		amount = amount * 3 / 2
	}
	th.bids++
	e := Event{Kind: BidAccepted, Lot: fmt.Sprint("lot-", th.lot), PostID: id, Handle: who, Rival: th.leader, Amount: gwei(amount), Previous: gwei(th.price),
		Minimum: gwei(amount + 50), Count: th.bids, ReserveMet: amount >= 1200}
	th.price, th.minimum, th.leader = amount, amount+50, who
	th.send(e)
}
