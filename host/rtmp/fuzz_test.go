package rtmp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

func FuzzChunks(f *testing.F) {
	f.Add(wire(msgCommand0, 0, connectBody()))
	f.Add(appendMessage(nil, message{csid: 4, kind: 9, ts: 0x1000000, body: make([]byte, 300)}, 128))
	f.Add(cat(wire(msgSetChunkSize, 0, []byte{0, 0, 0, 1}), wire(byte(Audio), 1, []byte{0xaf, 1, 2, 3})))
	f.Add(cat([]byte{3, 0, 0, 10, 0, 0, 1, 8, 1, 0, 0, 0, 0xaf}, []byte{0xc3, 0xaf}, []byte{0x83, 0, 0, 5, 0xaf}))
	f.Add([]byte{0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 9, 0, 0, 0, 0, 1, 2, 3, 4})
	f.Add(cat([]byte{3, 0, 0, 0, 0, 1, 0, 8, 1, 0, 0, 0}, make([]byte, 128), wire(msgAbort, 0, []byte{0, 0, 0, 3})))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := newChunkReader(bufio.NewReaderSize(bytes.NewReader(b), 16), func(_ byte, size uint32) error {
			if size > maxMediaBody {
				return ErrProtocol
			}
			return nil
		})
		total := 0
		for {
			m, err := c.next()
			if c.held < 0 || c.held > c.most+(64<<10) {
				t.Fatalf("%d bytes held", c.held)
			}
			if err != nil {
				if !errors.Is(err, ErrProtocol) && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Fatalf("unexpected kind of error: %v", err)
				}
				return
			}
			if total += len(m.body); total > len(b) {
				t.Fatalf("%d bytes out of %d", total, len(b))
			}
		}
	})
}

// FuzzChunkRoundTrip cuts a message up and puts it together again.
func FuzzChunkRoundTrip(f *testing.F) {
	f.Add(uint32(0), uint16(128), []byte("hello"))
	f.Add(uint32(0xffffff), uint16(1), []byte("extended"))
	f.Add(uint32(1<<31), uint16(3), bytes.Repeat([]byte{0x80}, 100))
	f.Fuzz(func(t *testing.T, ts uint32, chunk uint16, body []byte) {
		size := max(int(chunk), 1)
		in := message{csid: 6, kind: 9, stream: 1, ts: ts, body: body}
		b := appendMessage(nil, control(msgSetChunkSize, uint32(size)), 128)
		for range 2 {
			b = appendMessage(b, in, size)
		}
		c := newChunkReader(bufio.NewReader(bytes.NewReader(b)), func(byte, uint32) error { return nil })
		for range 2 {
			out, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if out.ts != ts || out.kind != 9 || out.stream != 1 || !bytes.Equal(out.body, body) {
				t.Fatalf("got %+v, want %+v", out, in)
			}
		}
	})
}

// FuzzCommand holds that what the guard lets through neither kills nor holds up the decoder behind it.
func FuzzCommand(f *testing.F) {
	f.Add(connectBody())
	f.Add(connectBody([]byte{0, 1, 'x', 10, 0x7f, 0xff, 0xff, 0xff}))
	f.Add([]byte("\n0\x05\x00\x00\x01\x05"))
	f.Add([]byte("\x02\x00\aconnect\n?\xf0\x00\x00\x00\x00\x00\x00\x03\x00\x03app\x02\x00\x10live\x00\x00\t"))
	f.Add(cat(amfString("publish"), amfNumber(4), []byte{5}, amfString("k"), []byte{8, 0, 0, 0, 1, 0, 1, 'a', 5, 0, 0, 9, 10, 0, 0, 0, 2, 5, 6, 11}, make([]byte, 10)))
	f.Add(cat(amfString("x"), amfNumber(1), nested(200)))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeCommand(b)
		if err != nil && !errors.Is(err, ErrProtocol) {
			t.Fatalf("unexpected kind of error: %v", err)
		}
		if err == nil {
			_, _, _, _ = c.text(0), c.status(), c.info(), field(c.obj, "app")
			number(c, 0)
		}
		if body, err := metaBody(b); err == nil && len(body) > len(b) {
			t.Fatal("metadata grew")
		}
	})
}

// FuzzSession is a whole connection after the handshake: whatever comes, it ends when the peer goes.
func FuzzSession(f *testing.F) {
	connect := wire(msgCommand0, 0, connectBody())
	f.Add(connect)
	f.Add(cat(connect, commandWire("createStream", 2, 0), commandWire("play", 3, 1, amfString("show"))))
	f.Add(cat(connect, commandWire("publish", 3, 1, amfString("k"), amfString("live")), wire(msgData0, 1, cat(amfString(dataFrame), amfString(metaData), []byte{8, 0, 0, 0, 0, 0, 0, 9})),
		wire(byte(Video), 1, []byte{0x17, 0, 0, 0, 0, 1, 2, 3}), wire(byte(Audio), 1, []byte{0xaf, 1, 0})))
	f.Fuzz(func(t *testing.T, b []byte) {
		hub := NewHub(HubConfig{Packets: 64})
		s := NewServer(ServerConfig{Hub: hub, PublishKey: "k", Handshake: 5 * time.Second, Flush: -1})
		ours, theirs := net.Pipe()
		done := make(chan error, 1)
		go func() { done <- s.serve(t.Context(), ours) }()
		go io.Copy(io.Discard, theirs)
		theirs.SetDeadline(time.Now().Add(5 * time.Second))
		hello := make([]byte, 1537+1536)
		hello[0] = 3
		theirs.Write(hello)
		theirs.Write(b)
		theirs.Close()
		select {
		case <-done:
		case <-time.After(8 * time.Second):
			t.Fatal("session outlives its peer")
		}
		hub.Close()
	})
}

// FuzzHeaders: decoder configuration comes from publishers, and goes to browsers.
func FuzzHeaders(f *testing.F) {
	f.Add([]byte{0x17, 0, 0, 0, 0, 1, 0x64, 0, 0x0d, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x0d}, []byte{0xaf, 0, 0x11, 0x90})
	f.Add([]byte{0x17, 0, 0, 0, 0, 1, 66, 0, 30, 0xff, 0xe1, 0, 9, 0x67, 66, 0, 30, 0xab, 0x40, 0x50, 0x1e, 0xc8, 1}, []byte{0xaf, 0, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, video, audio []byte) {
		i, err := NewInit(&Headers{Video: video, Audio: audio})
		if err != nil {
			if !errors.Is(err, ErrCodec) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		if i.Video.Width <= 0 || i.Video.Width > 8192 || i.Video.Height <= 0 || i.Video.Height > 8192 {
			t.Fatalf("%dx%d", i.Video.Width, i.Video.Height)
		}
		if b := i.Bytes(); len(b) < 400 || i.Codecs() == "" {
			t.Fatalf("init of %d bytes", len(b))
		}
	})
}

// FuzzFragments: no order of timestamps may upset the cutter.
func FuzzFragments(f *testing.F) {
	f.Add([]byte{9, 0, 0, 8, 0, 21, 9, 0, 33, 9, 1, 0})
	f.Add([]byte{9, 255, 255, 9, 0, 0, 8, 255, 0, 8, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newFragmenter(&Init{Audio: &AudioInfo{Rate: 48000}}, len(b)%2 == 0)
		for ; len(b) >= 3; b = b[3:] {
			ts := uint32(b[1])<<24 | uint32(b[2])
			if b[0]%2 == 0 {
				m.add(NewTag(Audio, ts, []byte{0xaf, 1, 0}))
			} else {
				m.add(NewTag(Video, ts, []byte{0x17, 1, 0, 0, 0, 9}))
			}
			if b[0]%8 == 0 {
				checkBoxes(t, m.flush())
			}
		}
		checkBoxes(t, m.flush())
	})
}

// checkBoxes wants boxes that fill their bytes exactly.
func checkBoxes(t *testing.T, b []byte) {
	for len(b) > 0 {
		if len(b) < 8 {
			t.Fatalf("%d bytes behind the last box", len(b))
		}
		n := int(uint24(b[1:])) | int(b[0])<<24
		if n < 8 || n > len(b) {
			t.Fatalf("box of %d bytes in %d", n, len(b))
		}
		b = b[n:]
	}
}
