// Command pricebug is an overlay: what is sold, for how much, and how long it still goes. What it does is written down,
// for every language, in sdk/tck/examples/README.md.
package main

import (
	"strconv"
	"strings"

	guest "github.com/sothebais/sothebais/sdk/go"
	"github.com/sothebais/sothebais/sdk/go/examples/internal/lines"
)

const (
	mostTicker  = 3
	flashTicks  = 5
	hurryBelow  = 10 // seconds
	calmAbove   = 15
	mostSeconds = 1_000_000
	full        = 1000 // of a bar
	noBar       = -1
)

// pricebug is the plugin.
type pricebug struct {
	headline       string
	start, reserve uint64 // gwei
	duration       int64  // milliseconds
	met, hurry     bool
	flash          int64 // ticks until the headline comes back
	countdown      string
	bar            int64    // of the time, as it was last shown
	ticker         []string // last bids, newest first
}

func main() {}

func init() { guest.Register(plugin()) }

func plugin() guest.Plugin {
	p := &pricebug{bar: noBar}
	return guest.Plugin{Handle: p.handle, Save: p.save, Restore: p.restore}
}

func (p *pricebug) handle(e guest.Event, out *guest.Commands) {
	switch e.Kind() {
	case guest.KindSessionOpened:
		s, _ := e.AsSessionOpened()
		*p = pricebug{bar: noBar}
		out.Text("headline", lines.Clean(s.Name()))
		clearTexts(out, "price", "leader", "ticker")
	case guest.KindLotOpened:
		l, _ := e.AsLotOpened()
		p.lotOpened(l, out)
	case guest.KindBidAccepted:
		b, _ := e.AsBidAccepted()
		p.bid(b, out)
	case guest.KindClockTicked:
		t, _ := e.AsClockTicked()
		p.tick(t, out)
	case guest.KindLotExtended:
		x, _ := e.AsLotExtended()
		out.Text("headline", extended(x.Count(), x.Last()))
		p.flash = flashTicks
	case guest.KindLotPaused:
		p.flash = 0
		out.Text("headline", "Paused")
	case guest.KindLotResumed:
		out.Text("headline", p.headline)
	case guest.KindLotSold:
		s, _ := e.AsLotSold()
		out.Text("headline", "Sold to @"+lines.Clean(s.Handle())+" for "+lines.Clean(s.Amount())+" ETH")
		out.Sound("hammer")
		p.lotOver(out)
	case guest.KindLotUnsold:
		u, _ := e.AsLotUnsold()
		out.Text("headline", unsold(u.Reason()))
		p.lotOver(out)
	case guest.KindSessionClosed:
		s, _ := e.AsSessionClosed()
		*p = pricebug{bar: noBar}
		lots := " lots"
		if s.Sold() == 1 {
			lots = " lot"
		}
		out.Text("headline", decimal(s.Sold())+lots+" sold for "+lines.Clean(s.Total())+" ETH")
	}
}

func (p *pricebug) lotOpened(l guest.LotOpened, out *guest.Commands) {
	*p = pricebug{bar: noBar, start: l.StartGwei(), reserve: l.ReserveGwei(), duration: max(l.DurationMS(), 0)}
	p.headline = "Lot " + decimal(l.Number()) + ": " + lines.Clean(l.Title())
	if artist := l.Artist(); artist != "" {
		p.headline += " by " + lines.Clean(artist)
	}
	out.Text("headline", p.headline)
	out.Text("price", "from "+lines.Clean(l.Start())+" ETH")
	clearTexts(out, "leader", "ticker", "rise")
	out.Bar("reserve", 0)
	out.Show("reserve-met", false)
	out.Show("hurry", false)
}

func (p *pricebug) bid(b guest.BidAccepted, out *guest.Commands) {
	amount, handle := lines.Clean(b.Amount()), lines.Clean(b.Handle())
	out.Text("price", amount+" ETH")
	out.Text("leader", "@"+handle)
	p.ticker = append([]string{"@" + handle + " " + amount}, p.ticker[:min(len(p.ticker), mostTicker-1)]...)
	out.Text("ticker", strings.Join(p.ticker, " · "))
	out.Text("rise", p.rise(b.AmountGwei()))
	out.Bar("reserve", p.ofReserve(b.AmountGwei()))
	if b.ReserveMet() && !p.met {
		p.met = true
		out.Show("reserve-met", true)
		out.Sound("chime")
	}
}

// rise is how far a bid is above the start.
func (p *pricebug) rise(gwei uint64) string {
	if p.start == 0 || gwei <= p.start {
		return ""
	}
	percent := (gwei - p.start) / 1000 * 100 / max(p.start/1000, 1)
	if percent == 0 {
		return ""
	}
	return "+" + strconv.FormatUint(percent, 10) + " %"
}

// ofReserve is how much of the reserve a bid is, in thousandths.
func (p *pricebug) ofReserve(gwei uint64) int64 {
	a, r := gwei/1000, max(p.reserve/1000, 1)
	if a >= r {
		return full
	}
	return int64(a * full / r)
}

func (p *pricebug) tick(t guest.ClockTicked, out *guest.Commands) {
	if p.flash > 0 {
		p.flash--
		if p.flash == 0 {
			out.Text("headline", p.headline)
		}
	}
	n := min(t.SecondsLeft(), mostSeconds)
	if c := countdown(n); c != p.countdown {
		p.countdown = c
		out.Text("countdown", c)
	}
	if n >= 0 && p.duration != 0 {
		if v := min(n*1000*full/p.duration, full); v != p.bar {
			p.bar = v
			out.Bar("time", v)
		}
	}
	if !p.hurry && n >= 0 && n <= hurryBelow {
		p.setHurry(true, out)
	} else if p.hurry && (n < 0 || n > calmAbove) {
		p.setHurry(false, out)
	}
}

func (p *pricebug) setHurry(on bool, out *guest.Commands) {
	p.hurry = on
	out.Show("hurry", on)
}

func (p *pricebug) lotOver(out *guest.Commands) {
	p.flash, p.headline = 0, ""
	if p.countdown != "" {
		p.countdown = ""
		out.Text("countdown", "")
	}
	if p.hurry {
		p.setHurry(false, out)
	}
}

func (p *pricebug) save() []byte {
	w := lines.New("pricebug")
	w.Text("headline", p.headline)
	w.Number("start", p.start)
	w.Number("reserve", p.reserve)
	w.Int("duration", p.duration)
	w.Flag("met", p.met)
	w.Flag("hurry", p.hurry)
	w.Int("flash", p.flash)
	w.Text("countdown", p.countdown)
	if p.bar != noBar {
		w.Int("bar", p.bar)
	}
	for _, t := range p.ticker {
		w.Text("ticker", t)
	}
	return w.Bytes()
}

func (p *pricebug) restore(state []byte) error {
	next := pricebug{bar: noBar}
	err := lines.Read("pricebug", state, next.take)
	if err == nil {
		*p = next
	}
	return err
}

// take reads a line of a state.
func (p *pricebug) take(key, value string) bool {
	switch key {
	case "headline":
		p.headline = value
	case "start":
		return lines.Take(value, &p.start)
	case "reserve":
		return lines.Take(value, &p.reserve)
	case "duration":
		return lines.Take(value, &p.duration)
	case "met":
		return lines.TakeFlag(value, &p.met)
	case "hurry":
		return lines.TakeFlag(value, &p.hurry)
	case "flash":
		return lines.Take(value, &p.flash)
	case "countdown":
		p.countdown = value
	case "bar":
		return lines.Take(value, &p.bar)
	case "ticker":
		if len(p.ticker) < mostTicker {
			p.ticker = append(p.ticker, value)
		}
	default:
		return false
	}
	return true
}

// countdown is minutes and seconds, empty when nothing is open.
func countdown(seconds int64) string {
	if seconds < 0 {
		return ""
	}
	s := strconv.FormatInt(seconds%60, 10)
	if len(s) < 2 {
		s = "0" + s
	}
	return strconv.FormatInt(seconds/60, 10) + ":" + s
}

func extended(count int64, last bool) string {
	s := "Extended once"
	if count != 1 {
		s = "Extended " + decimal(count) + " times"
	}
	if last {
		s += ", for the last time"
	}
	return s
}

func unsold(reason string) string {
	switch reason {
	case "no_bids":
		return "No bids"
	case "reserve_not_met":
		return "The reserve was not met"
	case "withdrawn":
		return "Withdrawn"
	}
	return "Not sold"
}

func clearTexts(out *guest.Commands, slots ...string) {
	for _, s := range slots {
		out.Text(s, "")
	}
}

// decimal is a number, which is 0 for one below that.
func decimal(n int64) string { return strconv.FormatInt(max(n, 0), 10) }
