package main

import (
	"encoding/binary"
	"errors"
)

// stateVersion heads the state; others are refused.
const stateVersion = 1

var errState = errors.New("not a board of the overlay, version 1")

// encode writes the board: numbers as varints, texts with their length, in the order of visit.
func (b *board) encode() []byte {
	out := []byte{stateVersion}
	b.visit(func(n *int64) { out = binary.AppendVarint(out, *n) }, func(s *string) {
		out = binary.AppendUvarint(out, uint64(len(*s)))
		out = append(out, *s...)
	})
	return out
}

// decode reads what encode wrote.
func decode(state []byte) (b board, err error) {
	if len(state) == 0 || state[0] != stateVersion {
		return b, errState
	}
	in := state[1:]
	b.Ticker = make([]string, tickerLines)
	b.visit(func(n *int64) {
		v, used := binary.Varint(in)
		if used <= 0 {
			err, in = errState, nil
			return
		}
		*n, in = v, in[used:]
	}, func(s *string) {
		size, used := binary.Uvarint(in)
		if used <= 0 || size > uint64(len(in)-used) {
			err, in = errState, nil
			return
		}
		*s, in = string(in[used:used+int(size)]), in[used+int(size):]
	})
	if err != nil || len(in) > 0 {
		return board{}, errState
	}
	return b, nil
}

// visit goes through all that is saved. The ticker has room for all its lines by then.
func (b *board) visit(number func(*int64), text func(*string)) {
	paused := int64(0)
	if b.Paused {
		paused = 1
	}
	for _, n := range []*int64{&b.Lots, &b.Number, &b.Left, &b.Total, &paused} {
		number(n)
	}
	b.Paused = paused == 1
	for _, s := range []*string{&b.Lot, &b.Title, &b.Artist, &b.Image, &b.Price, &b.Bidder, &b.Reserve, &b.Headline, &b.Next, &b.Subtitle} {
		text(s)
	}
	for i := range tickerLines {
		line := ""
		if i < len(b.Ticker) {
			line = b.Ticker[i]
		}
		text(&line)
		if i < len(b.Ticker) {
			b.Ticker[i] = line
		}
	}
}
