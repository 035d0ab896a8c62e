// Command regulars is a personality that knows its bidders. What it does is written down, for every language, in
// sdk/tck/examples/README.md.
package main

import (
	"slices"
	"strconv"
	"strings"

	guest "github.com/sothebais/sothebais/sdk/go"
	"github.com/sothebais/sothebais/sdk/go/examples/internal/lines"
)

const (
	mostSeen    = 256
	mostWaiting = 4
	silence     = 2000 // milliseconds after which there is time for a newcomer
)

// regulars is the plugin.
type regulars struct {
	returned uint64
	seen     []string // accounts that have bid in this session
	waiting  []face   // that nobody has greeted yet
}

// face is somebody who is here for the first time.
type face struct {
	seq    uint64
	handle string
}

func main() {}

func init() { guest.Register(plugin()) }

func plugin() guest.Plugin {
	r := new(regulars)
	return guest.Plugin{Handle: r.handle, Save: r.save, Restore: r.restore, Needs: guest.NeedsStore}
}

func (r *regulars) handle(e guest.Event, out *guest.Commands) {
	switch e.Kind() {
	case guest.KindSessionOpened:
		*r = regulars{}
	case guest.KindBidAccepted:
		b, _ := e.AsBidAccepted()
		r.bid(b, out)
	case guest.KindLotSold:
		s, _ := e.AsLotSold()
		r.sold(s, out)
	case guest.KindClockTicked:
		if t, _ := e.AsClockTicked(); t.SilentMS() >= silence && len(r.waiting) > 0 {
			f := r.waiting[0]
			r.waiting = slices.Delete(r.waiting, 0, 1)
			out.SayAbout(f.seq, "A new face: welcome, @"+f.handle+".", "curious", guest.PriorityChat)
		}
	case guest.KindSessionClosed:
		out.Say(r.goodNight(), "calm", guest.PriorityLot)
		*r = regulars{}
	}
}

func (r *regulars) bid(b guest.BidAccepted, out *guest.Commands) {
	account, handle := b.Bidder(), b.Handle()
	if !usable(account) || !usable(handle) {
		return
	}
	k := lookUp(account)
	if !slices.Contains(r.seen, account) {
		r.seen = push(r.seen, account, mostSeen)
		k.visits++
		r.arrive(k.visits, b, out)
	}
	k.bids++
	switch k.bids {
	case 3, 10, 50, 100:
		out.Say("That was bid number "+decimal(k.bids)+" of @"+handle+".", "impressed", guest.PriorityBid)
	}
	k.keep(account, handle, out)
}

// arrive greets a bidder whose first bid of the session this is.
func (r *regulars) arrive(visits uint64, b guest.BidAccepted, out *guest.Commands) {
	h := b.Handle()
	switch {
	case visits == 1:
		r.waiting = push(r.waiting, face{b.Seq(), h}, mostWaiting)
	case visits < 5:
		r.returned++
		greetings := [...]string{
			"Welcome back, @" + h + ".",
			"@" + h + ", good to see you again.",
			"There you are, @" + h + ". Visit number " + decimal(visits) + ".",
		}
		out.Say(greetings[b.Random().N(len(greetings))], "happy", guest.PriorityChat)
	default:
		r.returned++
		out.Say("Our dear regular @"+h+" is here, visit number "+decimal(visits)+".", "delighted", guest.PriorityBid)
		out.Gesture("bow")
	}
}

func (r *regulars) sold(s guest.LotSold, out *guest.Commands) {
	account, handle := s.Winner(), s.Handle()
	if !usable(account) || !usable(handle) {
		return
	}
	k := lookUp(account)
	k.wins++
	if k.wins == 1 {
		out.Say("A first win for @"+handle+". Congratulations.", "happy", guest.PriorityLot)
	} else {
		out.Say("@"+handle+" takes another one, win number "+decimal(k.wins)+".", "impressed", guest.PriorityLot)
	}
	k.keep(account, handle, out)
}

func (r *regulars) goodNight() string {
	switch r.returned {
	case 0:
		return "Good night, and come back soon."
	case 1:
		return "Good night. One of you came back today."
	}
	return "Good night. " + decimal(r.returned) + " of you came back today."
}

func (r *regulars) save() []byte {
	w := lines.New("regulars")
	w.Number("returned", r.returned)
	for _, account := range r.seen {
		w.Text("seen", account)
	}
	for _, f := range r.waiting {
		w.Text("waiting", decimal(f.seq)+" "+f.handle)
	}
	return w.Bytes()
}

func (r *regulars) restore(state []byte) error {
	next := regulars{}
	err := lines.Read("regulars", state, func(key, value string) bool {
		switch key {
		case "returned":
			return lines.Take(value, &next.returned)
		case "seen":
			next.seen = push(next.seen, value, mostSeen)
			return value != ""
		case "waiting":
			n, handle, _ := strings.Cut(value, " ")
			seq, ok := lines.Number(n)
			next.waiting = push(next.waiting, face{seq, handle}, mostWaiting)
			return ok && handle != ""
		}
		return false
	})
	if err == nil {
		*r = next
	}
	return err
}

// known is what is kept of a bidder for good.
type known struct{ visits, bids, wins uint64 }

func lookUp(account string) known {
	value, err := guest.StoreGet("bidder/" + account)
	if err != nil {
		return known{} // told when it is kept
	}
	var n [3]uint64
	parts := strings.Split(string(value), " ")
	if len(parts) != len(n) {
		return known{}
	}
	for i, p := range parts {
		var ok bool
		if n[i], ok = lines.Number(p); !ok {
			return known{}
		}
	}
	return known{n[0], n[1], n[2]}
}

func (k known) keep(account, handle string, out *guest.Commands) {
	value := decimal(k.visits) + " " + decimal(k.bids) + " " + decimal(k.wins)
	err := guest.StorePut("bidder/"+account, []byte(value))
	if err == nil {
		return
	}
	why := "denied"
	switch err {
	case guest.StoreResultFull:
		why = "full"
	case guest.StoreResultBadKey:
		why = "bad key"
	}
	out.Log(guest.LevelWarn, "cannot remember @"+handle+": "+why)
}

// usable says whether a name can be kept in a line.
func usable(s string) bool { return s != "" && !strings.Contains(s, "\n") }

// push puts v at the end of a list, whose first entry makes room when it is full.
func push[T any](list []T, v T, most int) []T {
	if len(list) == most {
		list = slices.Delete(list, 0, 1)
	}
	return append(list, v)
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
