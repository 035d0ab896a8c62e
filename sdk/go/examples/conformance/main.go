// Command conformance is the conformance plugin in Go; sdk/tck/as holds its twin. Both must leave the same commands.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

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
	return guest.Plugin{Configure: c.configure, Handle: c.handle, Save: c.save, Restore: c.restore}
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
	out.Log(guest.LevelDebug, fmt.Sprintf("random %d at %d of %d", t.Random().N(1000), t.At(), t.Seq()))
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
