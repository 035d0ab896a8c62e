package rtmp

import "sync"

// Kind is the kind of a media message; the numbers are RTMP's and FLV's.
type Kind byte

// Kinds of media messages.
const (
	Audio Kind = 8
	Video Kind = 9
	Data  Kind = 18 // metadata (onMetaData)
)

// Tag is one message of the programme. Its payload is shared and must not be changed.
type Tag struct {
	Kind    Kind
	TS      uint32 // milliseconds; wraps after 49 days
	Payload []byte
	Key     bool // a picture that needs none before it
	Header  bool // decoder configuration (AVC or AAC sequence header)
}

// NewTag tells from the payload what a message is. It keeps the payload.
func NewTag(kind Kind, ts uint32, payload []byte) Tag {
	t := Tag{Kind: kind, TS: ts, Payload: payload}
	switch {
	case len(payload) < 2:
	case kind == Video && payload[0]&0x0f == 7: // AVC
		t.Header = payload[1] == 0
		t.Key = payload[0]>>4 == 1 && payload[1] == 1
	case kind == Audio && payload[0]>>4 == 10: // AAC
		t.Header = payload[1] == 0
	}
	return t
}

// Packet is a tag in the hub: with its decoder configuration, and its bytes on the wire, made once for all players.
type Packet struct {
	Tag
	Headers *Headers // what a decoder needs to know before this tag

	once sync.Once
	wire []byte
}

// Wire is the tag as chunks of an RTMP connection with chunk size OutChunk and message stream 1. It is shared.
func (p *Packet) Wire() []byte {
	p.once.Do(func() { p.wire = appendMessage(nil, outMessage(p.Tag), OutChunk) })
	return p.wire
}

// Headers is the configuration of the decoders at one moment. A new value is made when any of it changes.
type Headers struct {
	Meta, Video, Audio []byte // payloads; nil when unknown
}

// Tags are the headers as messages, in the order in which a receiver wants them.
// Metadata is always at 0: FFmpeg takes it for a stream of its own anywhere else.
func (h *Headers) Tags(ts uint32) []Tag {
	var out []Tag
	if h == nil {
		return nil
	}
	if h.Meta != nil {
		out = append(out, Tag{Kind: Data, Payload: h.Meta})
	}
	if h.Video != nil {
		out = append(out, Tag{Kind: Video, TS: ts, Payload: h.Video, Header: true})
	}
	if h.Audio != nil {
		out = append(out, Tag{Kind: Audio, TS: ts, Payload: h.Audio, Header: true})
	}
	return out
}
