package tck

import (
	"strings"
	"time"

	"github.com/sothebais/sothebais/host/auction"
	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/money"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/post"
	"github.com/sothebais/sothebais/host/show"
)

// example is one of the plugins of examples/README.md.
type example struct {
	name       string
	kind       plugin.Kind
	transcript []moment // at most a batch
}

// moment is an event and how many milliseconds after the one before it happens.
type moment struct {
	after int64
	data  event.Data
}

// examples are the plugins that every SDK has. Their transcripts hold what each rule is about, the marks just met and
// just missed, and what nobody would expect.
func examples() []example {
	return []example{
		{"regulars", plugin.Personality, regularsTranscript()},
		{"pricebug", plugin.Overlay, pricebugTranscript()},
		{"pacer", plugin.SceneRules, pacerTranscript()},
	}
}

// events is the transcript as it stands in a ledger.
func (x example) events() []event.Event {
	out := make([]event.Event, len(x.transcript))
	at := int64(1_700_000_000_000)
	for i, m := range x.transcript {
		at += m.after
		out[i] = event.Event{Seq: uint64(i)*3 + 2, At: time.UnixMilli(at).UTC(), Data: m.data}
	}
	return out
}

func regularsTranscript() []moment {
	bid := func(account, handle string) moment {
		return moment{700, auction.BidAccepted{Lot: "s1-lot-1", Bidder: account, Handle: handle, Amount: money.MustETH("1.5"), Count: 1}}
	}
	sold := func(account, handle string) moment {
		return moment{900, auction.LotSold{Lot: "s1-lot-1", Title: "Fox", Winner: account, Handle: handle, Amount: money.MustETH("2")}}
	}
	tick := func(silent int64) moment { return moment{1000, show.Ticked{SecondsLeft: 30, SilentMS: silent}} }
	opened := moment{0, auction.SessionOpened{Session: "s1", Name: "First"}}
	closed := moment{60_000, auction.SessionClosed{Session: "s1"}}
	out := []moment{tick(9000), opened,
		bid("acc-1", "ann"), bid("acc-1", "ann"), bid("acc-1", "ann"), // the third is told
		tick(1999), tick(2000), tick(2000),
		bid("acc-2", "bo"), bid("acc-3", "cy"), bid("acc-4", "日本語"), bid("acc-5", "émile 🦊"), bid("acc-6", "zed"), // bo has to go
		tick(5000),
		bid("", "nobody"), bid("acc-7", ""), bid("a\nb", "feed"), bid("acc-8", "line\nfeed"), // passed over
		bid(strings.Repeat("k", 121), "long"), bid(strings.Repeat("k", 122), "longer"), // 128 bytes of a key, and one more
		sold("acc-1", "ann"), sold("acc-1", "ann"), sold("acc-9", "stranger"), sold("", "nobody"),
		{0, post.Received{Post: post.Post{ID: "1", Handle: "ann", Text: "hello"}}}, {0, auction.BidRefused{Bidder: "acc-1", Handle: "ann"}},
		closed, tick(9000), closed,
	}
	for range 4 { // to the fifth visit
		out = append(out, opened, bid("acc-1", "ann"), bid("acc-2", "bo"), tick(2500), closed)
	}
	out = append(out, opened, bid("acc-1", "ann"), bid("acc-1", "Ann, renamed"), bid("acc-9", "stranger"))
	for _, account := range []string{"x", "y"} {
		out = append(out, bid(account, "new "+account))
	}
	return append(out, tick(2001), bid("acc-2", "bo"))
}

func pricebugTranscript() []moment {
	bid := func(handle string, amount money.Wei, met bool) moment {
		return moment{700, auction.BidAccepted{Lot: "s1-lot-1", Handle: handle, Amount: amount, ReserveMet: met}}
	}
	lot := func(number int, title, artist, start, reserve string, d time.Duration) moment {
		return moment{100, auction.LotOpened{Terms: auction.Terms{Lot: "s1-lot-1", Number: number, Title: title, Artist: artist,
			Start: money.MustETH(start), Reserve: money.MustETH(reserve), Duration: d}}}
	}
	tick := func(left int64) moment { return moment{1000, show.Ticked{Lot: "s1-lot-1", SecondsLeft: left}} }
	return []moment{
		tick(30), // before anything was opened
		{0, auction.SessionOpened{Session: "s1", Name: "An evening\nof foxes"}},
		tick(-1),
		lot(1, "Fox at\nNight", "", "1", "2.5", 2*time.Minute),
		tick(121), tick(120), tick(119), tick(119),
		bid("ann", money.MustETH("1"), false), bid("bo", money.MustETH("1.000000001"), false), bid("日本語", money.MustETH("1.25"), false),
		bid("line\nfeed", money.MustETH("2.499999999999999999"), false), bid("ann", money.MustETH("2.5"), true), bid("bo", money.MustETH("1000"), true),
		{0, auction.LotExtended{Lot: "s1-lot-1", Count: 1}},
		tick(90), tick(61), tick(60), tick(59), tick(11), tick(10), tick(9), // the headline comes back with the fifth
		{0, auction.LotExtended{Count: 2}}, tick(15), tick(16),
		{0, auction.LotExtended{Count: 12, Last: true}}, {0, auction.LotPaused{Left: time.Second}}, tick(16),
		{0, auction.LotResumed{}}, tick(0), tick(5_000_000),
		{0, auction.LotSold{Title: "Fox", Handle: "b\no", Amount: money.MustETH("1000.000000000000000001")}},
		tick(-1),
		lot(-2, "Second", "Eve \"of\" \\ Lines", "0", "0", 0), // no start, no reserve, no end
		bid("cy", money.MustETH("0.000000000000000001"), true), tick(10), bid("", money.MustETH("3"), false),
		{0, auction.LotUnsold{Reason: "reserve_not_met"}},
		lot(3, "", "Ann", "0.0000009", "0.0000009", time.Second), // less than a thousand gwei
		bid("dee", money.MustETH("0.000002"), false), tick(1),
		{0, auction.LotUnsold{Reason: "no_bids"}}, {0, auction.LotUnsold{Reason: "withdrawn"}}, {0, auction.LotUnsold{Reason: "eaten"}},
		lot(4, "Large", "", "0.5", "9000000", 24*time.Hour), bid("whale", money.MustETH("8999999.9"), false), tick(86_399),
		{0, auction.LotExtended{Count: -1, Last: true}}, {0, post.Received{Post: post.Post{Text: "hi"}}}, {0, show.SceneShown{Scene: "lot"}},
		{0, auction.SessionClosed{Sold: 1, Unsold: 3, Total: money.MustETH("1000.000000000000000001")}},
		{0, auction.SessionClosed{Sold: 2}}, {0, auction.SessionClosed{Sold: -1, Total: money.MustETH("0.5")}},
		{0, auction.SessionOpened{Name: ""}},
		lot(5, "Last", "Bo", "1", "2", time.Minute), bid("ann", money.MustETH("1.5"), false), bid("bo", money.MustETH("1.6"), false), tick(7),
		{0, auction.LotExtended{Count: 1}}, tick(6),
	}
}

func pacerTranscript() []moment {
	bid := func(after int64) moment { return moment{after, auction.BidAccepted{Lot: "s1-lot-1", Handle: "ann"}} }
	tick := func(posts int64) moment { return moment{1000, show.Ticked{SecondsLeft: 30, Posts: posts}} }
	fired := func(after int64, token uint64) moment {
		return moment{after, show.TimerFired{Slot: "scene-rules", Plugin: "pacer", Token: token}}
	}
	denied := func(power string) moment {
		return moment{0, show.PowerDenied{Slot: "scene-rules", Plugin: "pacer", Power: power, Reason: "not\ngranted"}}
	}
	shown := func(after int64, scene string) moment { return moment{after, show.SceneShown{Scene: scene}} }
	opened, sold := moment{0, auction.LotOpened{}}, moment{0, auction.LotSold{}}
	return []moment{
		fired(0, 1), shown(0, ""), {0, auction.SessionOpened{}}, shown(0, "welcome"),
		opened, bid(100), bid(100), bid(100), bid(100), // hot, but the scene is new
		bid(4600), bid(0), // hot and old enough: a duel
		tick(0), tick(119), tick(120), tick(120), tick(120), tick(200), // the chat comes
		tick(60), tick(59), tick(59), tick(60), tick(0), tick(0), tick(0), tick(0), tick(0), tick(0), // and goes
		tick(0), tick(0), tick(0), tick(0), // cool: no duel any more
		bid(0), fired(44_999, 2), fired(1, 2), fired(0, 2), // a lull, told too early and twice
		bid(10), sold, fired(6000, 1),
		opened, sold, opened, // the next lot does not wait for the timer
		shown(100, "close\nup"), bid(7000), bid(0), bid(0), bid(0), // somebody else chose: nothing moves
		tick(130), {0, auction.LotPaused{}}, {0, auction.LotResumed{}}, shown(0, "close up"),
		tick(130), tick(130),
		{30_000, show.OperatorActed{Who: "me", What: "nothing"}}, // what is due is done before any event
		denied("llm"), denied("timer"), denied("timer"), fired(0, 99),
		{0, auction.LotUnsold{}}, opened, shown(50, "other"), {0, auction.SessionClosed{}},
	}
}
