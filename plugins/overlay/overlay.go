package main

import (
	"strings"
	"unicode"

	guest "github.com/sothebais/sothebais/sdk/go"
)

// overlay is the board and what the stage shows of it.
type overlay struct {
	board board
	shown map[string]string
	bar   int64
}

var tickerSlots = [tickerLines]string{"ticker.1", "ticker.2", "ticker.3", "ticker.4"}

// show asks for every slot whose text changed.
func (o *overlay) show(out *guest.Commands) {
	if o.shown == nil {
		o.shown, o.bar = map[string]string{}, -1
	}
	b := &o.board
	number := ""
	if b.Number > 0 {
		number = "LOT " + num(b.Number)
	}
	o.set(out, "price", ether(b.Price))
	o.set(out, "bidder", b.Bidder)
	o.set(out, "countdown", b.countdown())
	o.set(out, "lot.title", b.Title)
	o.set(out, "lot.artist", b.Artist)
	o.set(out, "lot.number", number)
	o.set(out, "artwork", b.Image)
	o.set(out, "reserve", b.Reserve)
	o.set(out, "headline", b.Headline)
	o.set(out, "next", b.Next)
	for i := range tickerLines {
		line := ""
		if i < len(b.Ticker) {
			line = b.Ticker[i]
		}
		o.set(out, tickerSlots[i], line)
	}
	o.set(out, "subtitle", b.Subtitle)
	if v := b.bar(); v != o.bar {
		o.bar = v
		out.Bar("time", v)
	}
}

func (o *overlay) set(out *guest.Commands, slot, text string) {
	if o.shown[slot] != text {
		o.shown[slot] = text
		out.Text(slot, text)
	}
}

func (o *overlay) save() []byte { return o.board.encode() }

func (o *overlay) restore(state []byte) error {
	b, err := decode(state)
	if err != nil {
		return err
	}
	o.board, o.shown = b, nil
	return nil
}

// at is a handle as it is shown: short, and without what could reorder the text around it.
func at(handle string) string {
	clean := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' { // the joiner holds emoji together
			return -1
		}
		return r
	}, handle))
	if len(clean) > 24 {
		clean = append(clean[:23], '…')
	}
	if len(clean) == 0 {
		return ""
	}
	return "@" + string(clean)
}

// ether is an amount as it is shown: six places at most, an ellipsis for the rest.
func ether(amount string) string {
	if amount == "" {
		return ""
	}
	if whole, places, ok := strings.Cut(amount, "."); ok && len(places) > 6 {
		amount = whole + "." + places[:6] + "…"
	}
	return amount + " ETH"
}
