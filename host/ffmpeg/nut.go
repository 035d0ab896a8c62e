package ffmpeg

import (
	"encoding/binary"
	"io"
)

// NUT is FFmpeg's own container. It is the cheapest way to hand over raw
// picture and sound with explicit timestamps in one pipe, so that a dropped
// frame cannot shift the sound. Only what one reader needs is written: a main
// header, two stream headers, and each frame behind a syncpoint.

const (
	nutMagic       = "nut/multimedia container\x00"
	nutMainStart   = 0x4E4D7A561F5F04AD
	nutStreamStart = 0x4E5311405BF2F9DB
	nutSyncStart   = 0x4E4BE4ADEECA4569

	nutVideo = 0 // stream and time base of the picture: 1/fps
	nutAudio = 1 // stream and time base of the sound: 1/rate

	// frame flags: key frame, stream, timestamp, size and checksum are all written out
	nutCoded = 1 | 8 | 16 | 32 | 64
)

// nutWriter writes one NUT stream. Each frame costs two writes: its headers, and its data straight from the caller's buffer.
type nutWriter struct {
	w   io.Writer
	buf []byte // scratch for headers
}

func newNUT(w io.Writer, width, height, fps, rate int) (*nutWriter, error) {
	b := []byte(nutMagic)
	b = appendNUTPacket(b, nutMainStart, nutMainHeader(fps, rate))
	b = appendNUTPacket(b, nutStreamStart, nutVideoHeader(width, height, fps))
	b = appendNUTPacket(b, nutStreamStart, nutAudioHeader(rate))
	_, err := w.Write(b)
	return &nutWriter{w: w, buf: make([]byte, 0, 128)}, err
}

func nutMainHeader(fps, rate int) []byte {
	b := nutInts(nil, 3, 2, 65536) // version, streams, largest distance of syncpoints
	b = nutInts(b, 2, 1, uint64(fps), 1, uint64(rate))
	b = nutInts(b, 1<<12, 6, 0, 1, 0, 0, 0, 255) // one frame code for all: everything is in the frame's header
	return nutInts(b, 0)
}

func nutVideoHeader(width, height, fps int) []byte {
	b := nutInts(nil, nutVideo, 0)
	b = nutString(b, "I420")
	b = nutInts(b, nutVideo, 0, uint64(fps), 0, 0) // time base, shift, largest distance, delay, flags
	b = nutString(b, "")
	return nutInts(b, uint64(width), uint64(height), 0, 0, 0)
}

func nutAudioHeader(rate int) []byte {
	b := nutInts(nil, nutAudio, 1)
	b = nutString(b, "PSD\x10") // signed, little endian, 16 bits
	b = nutInts(b, nutAudio, 0, uint64(rate), 0, 0)
	b = nutString(b, "")
	return nutInts(b, uint64(rate), 1, 2)
}

// frame writes one frame; pts counts in the stream's own time base.
func (n *nutWriter) frame(stream int, pts uint64, data []byte) error {
	var sync [20]byte
	b := appendNUTPacket(n.buf[:0], nutSyncStart, nutInts(sync[:0], pts*2+uint64(stream), 0))
	at := len(b)
	b = nutInts(append(b, 0), nutCoded, uint64(stream), pts+1, uint64(len(data)))
	b = binary.BigEndian.AppendUint32(b, nutCRC(b[at:]))
	n.buf = b
	if _, err := n.w.Write(b); err != nil {
		return err
	}
	_, err := n.w.Write(data)
	return err
}

// appendNUTPacket wraps a body with its start code, length and checksums.
func appendNUTPacket(b []byte, start uint64, body []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint64(b, start)
	b = nutInts(b, uint64(len(body)+4))
	if len(body)+4 > 4096 {
		b = binary.BigEndian.AppendUint32(b, nutCRC(b[at:]))
	}
	b = append(b, body...)
	return binary.BigEndian.AppendUint32(b, nutCRC(body))
}

// nutInts appends numbers as NUT writes them: seven bits a byte, the highest first.
func nutInts(b []byte, xs ...uint64) []byte {
	for _, x := range xs {
		shift := 0
		for y := x >> 7; y > 0; y >>= 7 {
			shift += 7
		}
		for ; shift > 0; shift -= 7 {
			b = append(b, byte(x>>shift)|0x80)
		}
		b = append(b, byte(x&0x7f))
	}
	return b
}

func nutString(b []byte, s string) []byte {
	return append(nutInts(b, uint64(len(s))), s...)
}

// nutCRC is NUT's checksum: CRC-32, high bit first, starting at 0. It covers headers only, so a nibble table is fast enough.
func nutCRC(b []byte) uint32 {
	var c uint32
	for _, x := range b {
		c ^= uint32(x) << 24
		c = c<<4 ^ nutTable[c>>28]
		c = c<<4 ^ nutTable[c>>28]
	}
	return c
}

// nutTable is the polynomial 0x04C11DB7 for four bits at a time.
var nutTable = [16]uint32{
	0x00000000, 0x04C11DB7, 0x09823B6E, 0x0D4326D9, 0x130476DC, 0x17C56B6B, 0x1A864DB2, 0x1E475005,
	0x2608EDB8, 0x22C9F00F, 0x2F8AD6D6, 0x2B4BCB61, 0x350C9B64, 0x31CD86D3, 0x3C8EA00A, 0x384FBDBD,
}
