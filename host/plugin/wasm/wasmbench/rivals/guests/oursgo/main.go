// Command oursgo is our guest in Go that does the rivals' work: an event of 300 bytes, a key looked up in the store, a
// command of 200 bytes.
package main

import (
	"encoding/binary"

	guest "github.com/sothebais/sothebais/sdk/go"
)

func main() {}

func init() {
	guest.Register(guest.Plugin{Needs: guest.NeedsStore, Handle: handle})
}

// value is room for what is looked up.
var value [8]byte

func handle(e guest.Event, out *guest.Commands) {
	post, ok := e.AsPostReceived()
	if !ok {
		return
	}
	text := post.Text()
	sum := uint64(len(text))
	if v, err := guest.StoreAppend(value[:0], post.ID()[:16]); err == nil && len(v) >= 8 {
		sum += binary.LittleEndian.Uint64(v)
	}
	var b [176]byte
	copy(b[:], text)
	for i := range 8 {
		b[i] = 'a' + byte(sum>>(4*i)&15)
	}
	out.Post(string(b[:]))
}
