package rtmp

import (
	"bufio"
	"bytes"
	"fmt"
	"testing"
)

// BenchmarkRelay is a message on its way to so many readers, short of their sockets.
func BenchmarkRelay(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprint(n, " readers"), func(b *testing.B) {
			h := NewHub(HubConfig{})
			readers := make([]*Reader, n)
			h.Publish(picture(0, true))
			for i := range readers {
				readers[i] = h.Subscribe()
			}
			t := NewTag(Video, 0, append([]byte{0x27, 1, 0, 0, 0}, make([]byte, 12_000)...))
			buf := make([]*Packet, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				h.Publish(t)
				for _, r := range readers {
					ps, _, _ := r.take(buf[:0])
					for _, p := range ps {
						_ = p.Wire()
					}
				}
			}
		})
	}
}

// BenchmarkChunks is a picture read off a connection.
func BenchmarkChunks(b *testing.B) {
	wire := appendMessage(nil, message{csid: 6, kind: 9, stream: 1, body: make([]byte, 12_000)}, 4096)
	set := appendMessage(nil, control(msgSetChunkSize, 4096), 128)
	b.SetBytes(int64(len(wire)))
	b.ReportAllocs()
	for b.Loop() {
		c := newChunkReader(bufio.NewReader(bytes.NewReader(append(set, wire...))), func(byte, uint32) error { return nil })
		if _, err := c.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPreview is a picture with its sound cut into a fragment.
func BenchmarkPreview(b *testing.B) {
	f := newFragmenter(&Init{Audio: &AudioInfo{Rate: 48000}}, false)
	body := append([]byte{0x27, 1, 0, 0, 0}, make([]byte, 12_000)...)
	b.ReportAllocs()
	for ts := uint32(0); b.Loop(); ts += 33 {
		f.add(aac(ts))
		f.add(NewTag(Video, ts, body))
		f.flush()
	}
}
