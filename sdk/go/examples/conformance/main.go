// Command conformance is the conformance plugin in Go; sdk/tck/as holds its twin. Both must leave the same commands.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	guest "github.com/sothebais/sothebais/sdk/go"
)

type conformance struct {
	bids     uint64
	greeting string
}

func init() { guest.Register(plugin()) }

func main() {}

func plugin() guest.Plugin {
	c := &conformance{greeting: "hello"}
	return guest.Plugin{Configure: c.configure, Handle: c.handle, Save: c.save, Restore: c.restore, Migrate: c.migrate,
		Needs: guest.NeedsStore | guest.NeedsPowers}
}

func (c *conformance) configure(config []byte) error {
	if string(config) == "fail" {
		return errors.New("told to fail")
	}
	if len(config) > 0 {
		c.greeting = string(config)
	}
	return nil
}

func (c *conformance) handle(e guest.Event, out *guest.Commands) {
	switch e.Kind() {
	case guest.KindBidAccepted:
		b, _ := e.AsBidAccepted()
		c.bidAccepted(b, out)
	case guest.KindPostReceived:
		p, _ := e.AsPostReceived()
		text := p.Text()
		if text == "" {
			text = "nothing"
		}
		out.Reply(p.ID(), fmt.Sprintf("%s @%s: %s", c.greeting, p.Handle(), text))
	case guest.KindClockTicked:
		t, _ := e.AsClockTicked()
		c.clockTicked(t, out)
	case guest.KindOperatorActed:
		o, _ := e.AsOperatorActed()
		operatorActed(strings.Split(o.What(), " "), out)
	default:
		answered(e, out)
	}
}

// operatorActed does what it is told: with its store, or with its powers.
func operatorActed(words []string, out *guest.Commands) {
	switch {
	case words[0] == "keep" && len(words) == 3:
		out.Log(guest.LevelInfo, fmt.Sprintf("keep %s: %d", words[1], result(guest.StorePut(words[1], []byte(words[2])))))
	case words[0] == "recall" && len(words) == 2:
		v, err := guest.StoreGet(words[1])
		if text := string(v); v != nil {
			out.Log(guest.LevelInfo, fmt.Sprintf("recall %s: %s", words[1], text))
			return
		} else if err == nil {
			err = guest.StoreResultAbsent
		}
		out.Log(guest.LevelInfo, fmt.Sprintf("recall %s: %d", words[1], result(err)))
	case words[0] == "fail" && len(words) == 3:
		_ = guest.StorePut(words[1], []byte(words[2]))
		panic("told to fail")
	case words[0] == "powers":
		out.Timer(1, 1500)
		out.Fetch(2, "POST", "https://a.example/b", "Accept: text/plain", "what is sent")
		out.Ask(3, "be kind", "hello", "{}", 100)
	}
}

// result is the number of what the store answered, 0 when it did what it was asked for.
func result(err error) int64 {
	var r guest.StoreResult
	errors.As(err, &r)
	return int64(r)
}

func answered(e guest.Event, out *guest.Commands) {
	if t, ok := e.AsTimerFired(); ok {
		out.Text("timer", strconv.FormatUint(t.Token(), 10))
	} else if f, ok := e.AsFetchAnswered(); ok {
		out.Text("fetch", fmt.Sprintf("%d %t %d %s %s %s", f.Token(), f.OK(), f.Status(), f.Type(), f.Body(), f.Reason()))
	} else if m, ok := e.AsModelAnswered(); ok {
		out.Text("ask", fmt.Sprintf("%d %t %s %d %s", m.Token(), m.OK(), m.Text(), m.Tokens(), m.Reason()))
	} else if d, ok := e.AsPowerDenied(); ok {
		out.Text("denied", fmt.Sprintf("%d %s %s", d.Token(), d.Power(), d.Reason()))
	}
}

func (c *conformance) bidAccepted(b guest.BidAccepted, out *guest.Commands) {
	c.bids++
	out.Say(fmt.Sprintf("@%s bids %s, number %d", b.Handle(), b.Amount(), c.bids), "excited", guest.PriorityBid)
	out.Text("price", b.Amount()+" ETH")
	out.Text("bidder", b.Handle())
	out.Bar("time", b.Count()*100)
	out.Show("reserve-met", b.ReserveMet())
	out.Gesture("bounce")
}

func (c *conformance) clockTicked(t guest.ClockTicked, out *guest.Commands) {
	out.Text("countdown", strconv.FormatInt(t.SecondsLeft(), 10))
	random := t.Random()
	out.Log(guest.LevelDebug, fmt.Sprintf("random %d at %d of %d", random.N(0)+random.N(1000), t.At(), t.Seq()))
	if t.SilentMS() > 3000 {
		out.Express("sleepy", 500)
		out.Mood("calm", 40)
		out.Scene("break", "fade", 250)
		out.Sound("gavel")
		out.Post("still here")
		out.SayAbout(t.Seq()-1, "about what was", "calm", guest.PriorityIdle)
		out.ReplyAbout(1<<63, "17", "about what is not")
	}
}

func (c *conformance) save() []byte { return binary.LittleEndian.AppendUint64(nil, c.bids) }

func (c *conformance) restore(state []byte) error {
	if len(state) != 8 {
		return fmt.Errorf("state of %d bytes, want 8", len(state))
	}
	c.bids = binary.LittleEndian.Uint64(state)
	return nil
}

// migrate takes the state of a version whose count had four bytes.
func (c *conformance) migrate(version int, state []byte) error {
	if version != 1 || len(state) != 4 {
		return fmt.Errorf("state of version %d and %d bytes, want 1 and 4", version, len(state))
	}
	c.bids = uint64(binary.LittleEndian.Uint32(state))
	return nil
}
