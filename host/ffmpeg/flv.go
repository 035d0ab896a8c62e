package ffmpeg

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Kinds of tags in an FLV stream.
const (
	TagAudio  byte = 8
	TagVideo  byte = 9
	TagScript byte = 18
)

// Tag is one message of the encoded programme, in FLV's form.
type Tag struct {
	Type    byte
	TS      uint32 // milliseconds since frame 0; wraps after 49 days, as RTMP's do
	Payload []byte // the receiver owns it
}

// maxTag bounds what one tag may claim to hold. A key frame of 1080p at 12 Mbit/s stays under 1 MiB.
const maxTag = 8 << 20

// ErrFLV says that the bytes are not the FLV that an encoder writes.
var ErrFLV = errors.New("not a valid FLV stream")

// flvReader takes tags off an FLV stream. It trusts no length: memory grows only with bytes that came.
type flvReader struct {
	r      *bufio.Reader
	offset int64
}

func newFLVReader(r io.Reader) (*flvReader, error) {
	f := &flvReader{r: bufio.NewReaderSize(r, 64<<10)}
	var h [9]byte
	if err := f.full(h[:]); err != nil {
		return nil, err
	}
	if string(h[:3]) != "FLV" || h[3] != 1 {
		return nil, fmt.Errorf("%w: header is % x, want 46 4c 56 01", ErrFLV, h[:4])
	}
	size := binary.BigEndian.Uint32(h[5:])
	if size < 9 || size > 1024 {
		return nil, fmt.Errorf("%w: header claims %d bytes", ErrFLV, size)
	}
	return f, f.skip(int(size) - 9 + 4)
}

// next returns the next tag, or io.EOF when the stream ends between two tags.
func (f *flvReader) next() (Tag, error) {
	var h [11]byte
	at := f.offset
	if err := f.full(h[:]); err != nil {
		return Tag{}, err
	}
	if h[0]&0xc0 != 0 {
		return Tag{}, fmt.Errorf("%w: reserved bits set in tag at byte %d", ErrFLV, at)
	}
	if h[0]&0x20 != 0 {
		return Tag{}, fmt.Errorf("%w: encrypted tag at byte %d", ErrFLV, at)
	}
	size := int(h[1])<<16 | int(h[2])<<8 | int(h[3])
	if size > maxTag {
		return Tag{}, fmt.Errorf("%w: tag at byte %d claims %d bytes, limit is %d", ErrFLV, at, size, maxTag)
	}
	t := Tag{Type: h[0] & 0x1f, TS: uint32(h[7])<<24 | uint32(h[4])<<16 | uint32(h[5])<<8 | uint32(h[6])}
	var err error
	if t.Payload, err = f.payload(size); err != nil {
		return Tag{}, err
	}
	return t, f.trailer(at, size+11)
}

// payload reads n bytes, in steps so that a false length costs no more than what was sent.
func (f *flvReader) payload(n int) ([]byte, error) {
	const step = 256 << 10
	b := make([]byte, 0, min(n, step))
	for len(b) < n {
		k := min(n-len(b), step)
		b = append(b, make([]byte, k)...)
		if err := f.full(b[len(b)-k:]); err != nil {
			return nil, noEOF(err)
		}
	}
	return b, nil
}

func (f *flvReader) trailer(at int64, want int) error {
	var b [4]byte
	if err := f.full(b[:]); err != nil {
		return noEOF(err)
	}
	if got := binary.BigEndian.Uint32(b[:]); got != uint32(want) {
		return fmt.Errorf("%w: tag at byte %d is %d bytes long, its trailer says %d", ErrFLV, at, want, got)
	}
	return nil
}

func (f *flvReader) skip(n int) error {
	k, err := f.r.Discard(n)
	f.offset += int64(k)
	return noEOF(err)
}

func (f *flvReader) full(b []byte) error {
	n, err := io.ReadFull(f.r, b)
	f.offset += int64(n)
	return err
}

// noEOF turns an end in the middle of something into the error it is.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
