package rtmp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/yutopp/go-rtmp/handshake"
)

// conn is one RTMP connection after its handshake, from either side.
type conn struct {
	nc     net.Conn
	in     *chunkReader
	window uint64 // acknowledge after so many bytes; 0 until the peer asks
	acked  uint64

	mu       sync.Mutex    // of writing
	chunk    int           // size of the chunks we send
	patience time.Duration // for one write
}

// leastWindow keeps a peer from asking for an acknowledgement of every chunk.
const leastWindow = 256 << 10

// accept answers a client's handshake; everything must come before the deadline that is set on nc.
func accept(nc net.Conn, patience time.Duration, allow func(byte, uint32) error) (*conn, error) {
	br := bufio.NewReaderSize(nc, 16<<10)
	first, err := br.Peek(1)
	if err != nil {
		return nil, fmt.Errorf("waiting for the handshake: %w", err)
	}
	if first[0] != 3 {
		return nil, fmt.Errorf("%w: first byte is %#02x, RTMP begins with 0x03 (TLS with 0x16: use an rtmps listener)", ErrProtocol, first[0])
	}
	// The echo is not verified: clients with the digest handshake send something else there, as all servers accept.
	if err := handshake.HandshakeWithClient(br, nc, &handshake.Config{SkipHandshakeVerification: true}); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return newConn(nc, br, patience, allow), nil
}

// open makes a client's handshake.
func open(nc net.Conn, patience time.Duration, allow func(byte, uint32) error) (*conn, error) {
	br := bufio.NewReaderSize(nc, 16<<10)
	if err := handshake.HandshakeWithServer(br, nc, &handshake.Config{SkipHandshakeVerification: true}); err != nil {
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return newConn(nc, br, patience, allow), nil
}

func newConn(nc net.Conn, br *bufio.Reader, patience time.Duration, allow func(byte, uint32) error) *conn {
	return &conn{nc: nc, in: newChunkReader(br, allow), chunk: 128, patience: patience}
}

// receive returns the next message, and acts on those about the connection itself.
func (c *conn) receive() (message, error) {
	for {
		m, err := c.in.next()
		if err != nil {
			return m, err
		}
		if err := c.acknowledge(); err != nil {
			return m, err
		}
		switch m.kind {
		case msgWindowAck:
			if len(m.body) >= 4 {
				c.window = max(uint64(binary.BigEndian.Uint32(m.body)), leastWindow)
			}
		case msgUserControl:
			if err := c.pong(m.body); err != nil {
				return m, err
			}
		case msgAck, msgPeerBand:
		default:
			return m, nil
		}
	}
}

func (c *conn) acknowledge() error {
	if c.window == 0 || c.in.read-c.acked < c.window/2 {
		return nil
	}
	c.acked = c.in.read
	return c.send(control(msgAck, uint32(c.acked)))
}

// pong answers a ping (event 6) with its own time (event 7).
func (c *conn) pong(body []byte) error {
	if len(body) < 6 || binary.BigEndian.Uint16(body) != 6 {
		return nil
	}
	return c.send(userControl(7, binary.BigEndian.Uint32(body[2:])))
}

// send writes messages in one go.
func (c *conn) send(ms ...message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var b []byte
	for _, m := range ms {
		b = appendMessage(b, m, c.chunk)
		if m.kind == msgSetChunkSize { // holds from the next message on
			c.chunk = int(binary.BigEndian.Uint32(m.body))
		}
	}
	return c.write(net.Buffers{b})
}

// sendWire writes bytes that are chunked already.
func (c *conn) sendWire(b net.Buffers) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.write(b)
}

func (c *conn) write(b net.Buffers) error {
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return err
	}
	_, err := b.WriteTo(c.nc)
	return err
}

func control(kind byte, values ...uint32) message {
	m := message{csid: csControl, kind: kind}
	for _, v := range values {
		m.body = binary.BigEndian.AppendUint32(m.body, v)
	}
	return m
}

func userControl(event uint16, value uint32) message {
	body := binary.BigEndian.AppendUint16(nil, event)
	return message{csid: csControl, kind: msgUserControl, body: binary.BigEndian.AppendUint32(body, value)}
}
