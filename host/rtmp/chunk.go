package rtmp

import "encoding/binary"

// OutChunk is the size of the chunks we send to players: few headers, and still small beside a socket's buffer.
const OutChunk = 65536

// message is one RTMP message.
type message struct {
	csid   uint32 // chunk stream, 2 to 63 when we send
	kind   byte
	stream uint32
	ts     uint32
	body   []byte
}

// Kinds of messages that are not media.
const (
	msgSetChunkSize = 1
	msgAbort        = 2
	msgAck          = 3
	msgUserControl  = 4
	msgWindowAck    = 5
	msgPeerBand     = 6
	msgCommand3     = 17 // AMF3: a zero byte, then AMF0 in practice
	msgData0        = 18
	msgCommand0     = 20
)

// Chunk streams we send on. A kind keeps to its own, so that sound is not stuck behind a picture.
const (
	csControl = 2
	csCommand = 3
	csAudio   = 4
	csData    = 5
	csVideo   = 6
)

// mediaStream is the message stream of media in a connection; players ask for one and are given this.
const mediaStream = 1

func outMessage(t Tag) message {
	m := message{kind: byte(t.Kind), stream: mediaStream, ts: t.TS, body: t.Payload, csid: csData}
	switch t.Kind {
	case Audio:
		m.csid = csAudio
	case Video:
		m.csid = csVideo
	}
	return m
}

const extended = 0xffffff // a timestamp of this value says that 32 bits follow

// appendMessage cuts a message into chunks. Each begins with a full header, so its bytes do not depend on what went before.
func appendMessage(b []byte, m message, chunk int) []byte {
	short := min(m.ts, extended)
	n := len(m.body)
	b = append(b, byte(m.csid), byte(short>>16), byte(short>>8), byte(short), byte(n>>16), byte(n>>8), byte(n), m.kind)
	b = binary.LittleEndian.AppendUint32(b, m.stream)
	b = appendExtended(b, m.ts)
	for body := m.body; ; {
		k := min(len(body), chunk)
		b = append(b, body[:k]...)
		if body = body[k:]; len(body) == 0 {
			return b
		}
		b = append(b, 0xc0|byte(m.csid))
		b = appendExtended(b, m.ts)
	}
}

func appendExtended(b []byte, ts uint32) []byte {
	if ts < extended {
		return b
	}
	return binary.BigEndian.AppendUint32(b, ts)
}
