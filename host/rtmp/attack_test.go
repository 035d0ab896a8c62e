package rtmp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/yutopp/go-rtmp/handshake"
)

// shake connects to a server and makes the handshake.
func shake(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	if err := handshake.HandshakeWithServer(c, c, &handshake.Config{SkipHandshakeVerification: true}); err != nil {
		t.Fatal(err)
	}
	return c
}

func amfNumber(v float64) []byte {
	return binary.BigEndian.AppendUint64([]byte{0}, math.Float64bits(v))
}

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// connectBody is a connect command whose object is left open for more.
func connectBody(more ...[]byte) []byte {
	open := cat(amfString("connect"), amfNumber(1), []byte{3, 0, 3}, []byte("app"), amfString("live"))
	return cat(append(append([][]byte{open}, more...), []byte{0, 0, 9})...)
}

func wire(kind byte, stream uint32, body []byte) []byte {
	return appendMessage(nil, message{csid: 3, kind: kind, stream: stream, body: body}, 128)
}

func commandWire(name string, id float64, stream uint32, args ...[]byte) []byte {
	return wire(msgCommand0, stream, cat(append([][]byte{amfString(name), amfNumber(id), {5}}, args...)...))
}

// nested is an AMF0 object inside an object and so on, to fill size bytes.
func nested(size int) []byte { return bytes.Repeat([]byte{0, 1, 'a', 3}, size/4) }

// ends reads until the server closes, and fails if it does not within a second or so.
func ends(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("connection still open after %v", patience)
	}
}

// TestAttacks sends what kills or burdens a stock server. Each time the server must close the connection and serve the next player.
func TestAttacks(t *testing.T) {
	hub := NewHub(HubConfig{})
	addr := listen(t, ServerConfig{Hub: hub, Handshake: 2 * time.Second, Idle: 2 * time.Second, PublishKey: "k"})
	for _, g := range sampleTags(t) {
		hub.Publish(g)
	}
	connect := wire(msgCommand0, 0, connectBody())
	big := appendMessage(nil, message{csid: 3, kind: msgCommand0, body: make([]byte, 0xfffff0)}, 1<<20)
	for name, b := range map[string][]byte{
		"array of 2^31-1 values in connect":   wire(msgCommand0, 0, connectBody([]byte{0, 1, 'x', 10, 0x7f, 0xff, 0xff, 0xff})),
		"array that claims what is not there": wire(msgCommand0, 0, connectBody([]byte{0, 1, 'x', 10, 0, 0, 1, 0})),
		"ecma array without an end":           wire(msgCommand0, 0, cat(amfString("connect"), amfNumber(1), []byte{8, 0xff, 0xff, 0xff, 0xff})),
		"nested objects":                      wire(msgCommand0, 0, cat(connectBody()[:30], nested(60_000))),
		"nested objects, 16 MB":               cat(wire(msgSetChunkSize, 0, []byte{0, 0xff, 0xff, 0xff}), big),
		"nested objects in metadata":          cat(connect, wire(msgData0, 0, cat(amfString("@setDataFrame"), []byte{3}, nested(4000)))),
		"string beyond the end":               wire(msgCommand0, 0, []byte{2, 0xff, 0xff, 'x'}),
		"long string beyond the end":          wire(msgCommand0, 0, connectBody([]byte{0, 1, 'x', 12, 0xff, 0xff, 0xff, 0xff})),
		"typed object":                        wire(msgCommand0, 0, connectBody([]byte{0, 1, 'x', 16})),
		"AMF3 value":                          wire(msgCommand0, 0, connectBody([]byte{0, 1, 'x', 17})),
		"AMF3 command":                        wire(msgCommand3, 0, cat([]byte{3}, connectBody())),
		"empty command":                       wire(msgCommand0, 0, nil),
		"command that is a number":            wire(msgCommand0, 0, amfNumber(1)),
		"object for a name":                   wire(msgCommand0, 0, []byte{3, 0, 0, 9}),
		"connect with an array":               wire(msgCommand0, 0, cat(amfString("connect"), amfNumber(1), []byte{10, 0, 0, 0, 0})),
		"connect twice":                       cat(connect, connect),
		"play before connect":                 commandWire("play", 4, 1, amfString("show")),
		"chunk size 0":                        wire(msgSetChunkSize, 0, []byte{0, 0, 0, 0}),
		"chunk size 2^32-1":                   wire(msgSetChunkSize, 0, []byte{0xff, 0xff, 0xff, 0xff}),
		"short chunk size":                    wire(msgSetChunkSize, 0, []byte{1}),
		"picture before publish":              cat(connect, wire(byte(Video), 1, make([]byte, 100_000))),
		"short header first":                  {0x43, 0, 0, 0, 0, 0, 4, 20},
		"message in a message":                cat([]byte{3, 0, 0, 0, 0, 1, 0, 20, 0, 0, 0, 0}, make([]byte, 128), []byte{3, 0, 0, 0, 0, 1, 0, 20, 0, 0, 0, 0}),
		"createStream x 20000":                cat(connect, bytes.Repeat(commandWire("createStream", 2, 0), 20_000)),
		"getStreamLength x 20000":             cat(connect, bytes.Repeat(commandWire("getStreamLength", 2, 0, amfString("x")), 20_000)),
		"stray sounds":                        cat(connect, bytes.Repeat(wire(byte(Audio), 7, []byte{0xaf, 1, 0}), 1000)),
		"publish with a wrong key":            cat(connect, commandWire("publish", 5, 1, amfString("x"), amfString("live"))),
		"publish without a name":              cat(connect, commandWire("publish", 5, 1)),
		"play of nothing":                     cat(connect, commandWire("play", 4, 1)),
		"too many chunk streams":              manyChunkStreams(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shake(t, addr)
			go c.Write(b)
			ends(t, c)
		})
	}
	t.Run("harmless oddities", func(t *testing.T) {
		t.Parallel()
		c := shake(t, addr)
		c.Write(cat(wire(msgCommand3, 0, cat([]byte{0}, connectBody())),
			wire(byte(Audio), 0, nil), wire(byte(Audio), 7, []byte{0xaf, 1, 0}), wire(99, 0, []byte("?")),
			wire(msgWindowAck, 0, []byte{0, 0, 0, 1}), wire(msgAbort, 0, []byte{0, 0, 0, 9}), wire(msgAbort, 0, nil), wire(msgUserControl, 0, []byte{0}),
			commandWire("_checkbw", 2, 0), commandWire("createStream", 3, 0), commandWire("play", 4, 1, amfString("show"), amfNumber(-2000))))
		wantPictures(t, reading(c), 10)
	})
	t.Cleanup(func() { // runs after the parallel ones
		c := shake(t, addr)
		c.Write(cat(connect, commandWire("createStream", 3, 0), commandWire("play", 4, 1, amfString("show"))))
		wantPictures(t, reading(c), 10)
	})
}

func manyChunkStreams() []byte {
	var b []byte
	for i := range 64 {
		b = append(b, byte(i), 0, 0, 0, 0, 1, 0, byte(Audio), 0, 0, 0, 0)
		if i == 0 {
			b = append(b[:1], append([]byte{0}, b[1:]...)...)
		}
		b = append(b, make([]byte, 128)...)
	}
	return b
}

// reading is the client's side of a connection.
func reading(c net.Conn) *conn {
	p := newConn(c, bufio.NewReader(c), time.Second, func(byte, uint32) error { return nil })
	p.in.most = maxHalfMedia
	return p
}

// wantPictures reads messages until n pictures have come.
func wantPictures(t testing.TB, p *conn, n int) {
	t.Helper()
	p.nc.SetReadDeadline(time.Now().Add(patience))
	for n > 0 {
		m, err := p.receive()
		if err != nil {
			t.Fatalf("%d pictures missing: %v", n, err)
		}
		if m.kind == byte(Video) {
			n--
		}
	}
}

func TestSilentPeers(t *testing.T) {
	t.Parallel()
	addr := listen(t, ServerConfig{Hub: NewHub(HubConfig{}), Handshake: time.Second, Idle: time.Second, MaxConnsAddr: 200, PublishKey: "k"})
	var conns []net.Conn
	for range 100 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	conns[0].Write([]byte{3, 1, 2, 3}) // half a handshake
	conns[1].Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	shaken := shake(t, addr) // then nothing
	publisher := shake(t, addr)
	publisher.Write(cat(wire(msgCommand0, 0, connectBody()), commandWire("publish", 5, 1, amfString("k"), amfString("live")), wire(byte(Audio), 1, []byte{0xaf, 1, 0})))
	for _, c := range append(conns, shaken, publisher) {
		ends(t, c)
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	t.Parallel()
	addr := listen(t, ServerConfig{Hub: NewHub(HubConfig{}), MaxConnsAddr: 3})
	for range 3 {
		shake(t, addr)
	}
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ends(t, c)
}

// TestHalfSentMessages leaves many large messages unfinished; memory must not follow the lengths that are claimed.
func TestHalfSentMessages(t *testing.T) {
	addr := listen(t, ServerConfig{Hub: NewHub(HubConfig{})})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range 16 {
		c := shake(t, addr)
		c.Write(wire(msgSetChunkSize, 0, []byte{0x7f, 0xff, 0xff, 0xff}))
		go func() {
			for i := range 20 {
				b := append([]byte{byte(3 + i), 0, 0, 0, 0, 0xff, 0xff, msgCommand0, 0, 0, 0, 0}, make([]byte, 60_000)...)
				if _, err := c.Write(b[:len(b)-i]); err != nil {
					return
				}
			}
		}()
	}
	time.Sleep(time.Second)
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 16*4*maxHalfDone {
		t.Errorf("16 peers tied up %d KiB", grown>>10)
	}
}

// TestViewerWhoStopsReading wants others untouched and the sleeper gone.
func TestViewerWhoStopsReading(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	addr := listen(t, ServerConfig{Hub: hub, WriteTimeout: time.Second})
	play := func() net.Conn {
		c := shake(t, addr)
		c.Write(cat(wire(msgCommand0, 0, connectBody()), commandWire("createStream", 3, 0), commandWire("play", 4, 1, amfString("show"))))
		return c
	}
	play().(*net.TCPConn).SetReadBuffer(4 << 10) // and never reads
	awake := reading(play())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // 12 Mbit/s, more than sockets hold for long
		for ts := uint32(0); ctx.Err() == nil; ts += 10 {
			hub.Publish(NewTag(Video, ts, append([]byte{0x17, 1, 0, 0, 0}, make([]byte, 15_000)...)))
			time.Sleep(10 * time.Millisecond)
		}
	}()
	wantPictures(t, awake, 250)
	eventually(t, "the sleeper gone", func() bool { return readers(hub) == 1 })
	wantPictures(t, awake, 50)
}

func TestPlayersAreCounted(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(ServerConfig{Hub: hub})
	stop := running(t, func(ctx context.Context) error { return s.Serve(ctx, ln) })
	t.Cleanup(stop)
	players := func(what string, n int) {
		t.Helper()
		eventually(t, what, func() bool { return s.Players() == n })
	}
	play := func(name string) net.Conn {
		c := shake(t, ln.Addr().String())
		c.Write(cat(wire(msgCommand0, 0, connectBody()), commandWire("play", 4, 1, amfString(name))))
		return c
	}
	shake(t, ln.Addr().String()) // asks for nothing
	first := play("show")
	play("show")
	ends(t, play("other"))
	players("two who play", 2)
	first.Close()
	players("one who stays", 1)
	stop()
	players("nobody once it is over", 0)
}

func TestServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, func(ctx context.Context) error { return NewServer(ServerConfig{Hub: hub}).Serve(ctx, ln) })
	c := shake(t, ln.Addr().String())
	c.Write(cat(wire(msgCommand0, 0, connectBody()), commandWire("play", 4, 1, amfString("show"))))
	stop()
	ends(t, c)
}

func TestEndOfTheShowIsTold(t *testing.T) {
	t.Parallel()
	hub := NewHub(HubConfig{})
	c := shake(t, listen(t, ServerConfig{Hub: hub}))
	c.Write(cat(wire(msgCommand0, 0, connectBody()), commandWire("play", 4, 1, amfString("show"))))
	eventually(t, "the player", func() bool { return readers(hub) == 1 })
	hub.Close()
	b, err := io.ReadAll(c)
	if err != nil || !strings.Contains(string(b), "NetStream.Play.Stop") {
		t.Errorf("%v, %d bytes", err, len(b))
	}
}
