package rtmp

import "encoding/binary"

// flvHeader begins a file with sound and picture.
var flvHeader = []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")

// appendFLV appends a tag as FLV files hold it.
func appendFLV(b []byte, t Tag) []byte {
	n := len(t.Payload)
	b = append(b, byte(t.Kind), byte(n>>16), byte(n>>8), byte(n),
		byte(t.TS>>16), byte(t.TS>>8), byte(t.TS), byte(t.TS>>24), 0, 0, 0)
	b = append(b, t.Payload...)
	return binary.BigEndian.AppendUint32(b, uint32(n+11))
}
