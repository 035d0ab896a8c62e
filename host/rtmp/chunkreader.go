package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrProtocol says that a peer broke the rules of RTMP or went over a limit.
var ErrProtocol = errors.New("rtmp protocol error")

// Bounds on what a peer can make us hold.
const (
	maxChunkStreams = 24       // senders use half a dozen
	maxControlBody  = 64 << 10 // commands and metadata
	maxMediaBody    = 8 << 20
	maxHalfDone     = 256 << 10 // all messages under way in one connection
	maxHalfMedia    = 12 << 20  // the same, once the peer may send media
	maxChunk        = 1 << 20   // what a chunk size counts for at most in one read
)

// chunkReader takes messages off a chunk stream. Memory grows with bytes that came, never with lengths that were claimed.
type chunkReader struct {
	r       *bufio.Reader
	chunk   uint32
	streams map[uint32]*chunkStream
	held    int                                // bytes of unfinished messages
	most    int                                // what held may grow to
	read    uint64                             // bytes taken off the wire
	allow   func(kind byte, size uint32) error // asked before a byte of a message is kept
}

// chunkStream is what a chunk's short header leaves out: that of the chunk before it.
type chunkStream struct {
	ts, delta uint32
	ext       uint32 // last extended timestamp, when hasExt
	hasExt    bool
	size      uint32
	kind      byte
	stream    uint32
	body      []byte
	open      bool // a message is under way
	begun     bool // a full header has been seen
}

func newChunkReader(r *bufio.Reader, allow func(kind byte, size uint32) error) *chunkReader {
	return &chunkReader{r: r, chunk: 128, most: maxHalfDone, streams: map[uint32]*chunkStream{}, allow: allow}
}

// next returns the next whole message. Chunk size and aborts are dealt with here.
func (c *chunkReader) next() (message, error) {
	for {
		csid, s, err := c.readChunk()
		if err != nil {
			return message{}, err
		}
		if s.open {
			continue
		}
		m := message{csid: csid, kind: s.kind, stream: s.stream, ts: s.ts, body: s.body}
		c.held -= len(s.body)
		s.body = nil
		done, err := c.control(m)
		if err != nil || !done {
			return m, err
		}
	}
}

// control acts on messages about the chunk stream itself.
func (c *chunkReader) control(m message) (bool, error) {
	switch m.kind {
	case msgSetChunkSize:
		if len(m.body) < 4 {
			return true, fmt.Errorf("%w: chunk size of %d bytes", ErrProtocol, len(m.body))
		}
		n := binary.BigEndian.Uint32(m.body)
		if n == 0 || n > 1<<31-1 {
			return true, fmt.Errorf("%w: chunk size %d", ErrProtocol, n)
		}
		c.chunk = n
		return true, nil
	case msgAbort:
		if len(m.body) >= 4 {
			c.abort(binary.BigEndian.Uint32(m.body))
		}
		return true, nil
	}
	return false, nil
}

func (c *chunkReader) abort(csid uint32) {
	if s := c.streams[csid]; s != nil {
		c.held -= len(s.body)
		s.body, s.open = nil, false
	}
}

// readChunk reads one chunk into its stream; the stream is no longer open when that ended a message.
func (c *chunkReader) readChunk() (uint32, *chunkStream, error) {
	form, csid, err := c.basicHeader()
	if err != nil {
		return 0, nil, err
	}
	s := c.streams[csid]
	if s == nil {
		if len(c.streams) >= maxChunkStreams {
			return 0, nil, fmt.Errorf("%w: more than %d chunk streams", ErrProtocol, maxChunkStreams)
		}
		s = &chunkStream{}
		c.streams[csid] = s
	}
	if err := c.messageHeader(form, csid, s); err != nil {
		return 0, nil, noEOF(err)
	}
	return csid, s, noEOF(c.payload(s))
}

func (c *chunkReader) basicHeader() (form byte, csid uint32, err error) {
	var b [3]byte
	if err := c.full(b[:1]); err != nil {
		return 0, 0, err
	}
	form, csid = b[0]>>6, uint32(b[0]&0x3f)
	switch csid {
	case 0:
		err = c.full(b[1:2])
		csid = 64 + uint32(b[1])
	case 1:
		err = c.full(b[1:3])
		csid = 64 + uint32(b[1]) + uint32(b[2])<<8
	}
	return form, csid, noEOF(err)
}

// headerSize is the length of a message header by its form.
var headerSize = [4]int{11, 7, 3, 0}

func (c *chunkReader) messageHeader(form byte, csid uint32, s *chunkStream) error {
	if s.open && form != 3 {
		return fmt.Errorf("%w: chunk stream %d begins a message inside another", ErrProtocol, csid)
	}
	if !s.begun && form != 0 {
		return fmt.Errorf("%w: chunk stream %d begins with a short header", ErrProtocol, csid)
	}
	if form == 3 {
		return c.continued(s)
	}
	var h [11]byte
	if err := c.full(h[:headerSize[form]]); err != nil {
		return err
	}
	stamp := uint24(h[:])
	if s.hasExt = stamp == extended; s.hasExt {
		var b [4]byte
		if err := c.full(b[:]); err != nil {
			return err
		}
		stamp = binary.BigEndian.Uint32(b[:])
		s.ext = stamp
	}
	if form <= 1 {
		s.size, s.kind = uint24(h[3:]), h[6]
	}
	// The specification lets a type 3 chunk after a type 0 repeat its timestamp as the delta, and FFmpeg does.
	if s.delta = stamp; form == 0 {
		s.ts, s.stream = stamp, binary.LittleEndian.Uint32(h[7:])
	} else {
		s.ts += stamp
	}
	return c.begin(s)
}

// continued is a chunk without a header: more of a message, or another one like the last.
func (c *chunkReader) continued(s *chunkStream) error {
	if s.hasExt {
		// some senders leave the timestamp out here; taken only if it is the one expected
		b, err := c.r.Peek(4)
		if err != nil {
			return err
		}
		if binary.BigEndian.Uint32(b) == s.ext {
			_ = c.full(b[:4:4])
		}
	}
	if s.open {
		return nil
	}
	s.ts += s.delta
	return c.begin(s)
}

func (c *chunkReader) begin(s *chunkStream) error {
	if err := c.allow(s.kind, s.size); err != nil {
		return err
	}
	s.open, s.begun, s.body = true, true, nil
	return nil
}

func (c *chunkReader) payload(s *chunkStream) error {
	want := int(min(s.size-uint32(len(s.body)), c.chunk))
	for want > 0 {
		k := min(want, 64<<10)
		if c.held += k; c.held > c.most {
			return fmt.Errorf("%w: %d bytes of unfinished messages", ErrProtocol, c.held)
		}
		at := len(s.body)
		s.body = append(s.body, make([]byte, k)...)
		if err := c.full(s.body[at:]); err != nil {
			return err
		}
		want -= k
	}
	s.open = uint32(len(s.body)) < s.size
	return nil
}

func (c *chunkReader) full(b []byte) error {
	n, err := io.ReadFull(c.r, b)
	c.read += uint64(n)
	return err
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
