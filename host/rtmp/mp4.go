package rtmp

import (
	"encoding/binary"
	"fmt"
)

// Fragmented MP4: an init segment that names the codecs, then fragments that each
// carry their own place in time. What was written before a crash stays playable.

const (
	trackVideo = 1
	trackAudio = 2
	videoScale = 90000 // ticks a second; milliseconds fit without rounding
)

// Init is the first part of a fragmented MP4.
type Init struct {
	Video VideoInfo
	Audio *AudioInfo // nil when there is no sound
}

// NewInit reads the decoders' configuration.
func NewInit(h *Headers) (*Init, error) {
	v, err := ParseVideo(h.Video)
	if err != nil {
		return nil, err
	}
	i := &Init{Video: v}
	if h.Audio == nil {
		return i, nil
	}
	a, err := ParseAudio(h.Audio)
	if err != nil {
		return nil, err
	}
	i.Audio = &a
	return i, nil
}

// Codecs is the codecs parameter of the stream's media type.
func (i *Init) Codecs() string {
	if i.Audio == nil {
		return i.Video.Codec()
	}
	return i.Video.Codec() + "," + i.Audio.Codec()
}

// Bytes is the init segment.
func (i *Init) Bytes() []byte {
	tracks := [][]byte{mvhd(), i.videoTrack()}
	extends := box("trex", u32(0, trackVideo, 1, 0, 0, 0))
	if i.Audio != nil {
		tracks = append(tracks, i.audioTrack())
		extends = append(extends, box("trex", u32(0, trackAudio, 1, 0, 0, 0))...)
	}
	tracks = append(tracks, box("mvex", extends))
	return append(box("ftyp", []byte("iso6"), u32(1), []byte("iso6iso5mp41avc1")), box("moov", tracks...)...)
}

func (i *Init) videoTrack() []byte {
	w, h := uint16(i.Video.Width), uint16(i.Video.Height)
	entry := box("avc1", make([]byte, 6), u16(1), make([]byte, 16), u16(w, h), u32(0x480000, 0x480000, 0), u16(1),
		make([]byte, 32), u16(24, 0xffff), box("avcC", i.Video.Config))
	return trak(trackVideo, videoScale, "vide", box("vmhd", u32(1, 0, 0)), entry, w, h)
}

func (i *Init) audioTrack() []byte {
	a := i.Audio
	entry := box("mp4a", make([]byte, 6), u16(1), make([]byte, 8), u16(uint16(a.Channels), 16, 0, 0), u32(uint32(a.Rate)<<16), esds(a.Config))
	return trak(trackAudio, uint32(a.Rate), "soun", box("smhd", u32(0, 0)), entry, 0, 0)
}

// esds wraps the AAC configuration in MPEG-4 descriptors.
func esds(config []byte) []byte {
	specific := append([]byte{0x05, byte(len(config))}, config...)
	decoder := append([]byte{0x04, byte(13 + len(specific)), 0x40, 0x15}, make([]byte, 11)...)
	decoder = append(decoder, specific...)
	es := append([]byte{0x03, byte(3 + len(decoder) + 3), 0, 0, 0}, decoder...)
	return box("esds", u32(0), append(es, 0x06, 1, 2))
}

func mvhd() []byte {
	return box("mvhd", u32(0, 0, 0, 1000, 0, 0x10000), u16(0x100, 0), u32(0, 0), matrix(), make([]byte, 24), u32(3))
}

func trak(id, scale uint32, handler string, kind, entry []byte, w, h uint16) []byte {
	volume := uint16(0)
	if handler == "soun" {
		volume = 0x100
	}
	tkhd := box("tkhd", u32(3, 0, 0, id, 0, 0, 0, 0), u16(0, 0, volume, 0), matrix(), u32(uint32(w)<<16, uint32(h)<<16))
	stbl := box("stbl", box("stsd", u32(0, 1), entry), box("stts", u32(0, 0)), box("stsc", u32(0, 0)), box("stsz", u32(0, 0, 0)), box("stco", u32(0, 0)))
	data := box("dinf", box("dref", u32(0, 1), box("url ", u32(1))))
	mdia := box("mdia",
		box("mdhd", u32(0, 0, 0, scale, 0), u16(0x55c4, 0)),
		box("hdlr", u32(0, 0), []byte(handler), u32(0, 0, 0), []byte("sothebais\x00")),
		box("minf", kind, data, stbl))
	return box("trak", tkhd, mdia)
}

func matrix() []byte { return u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000) }

// sample is one coded picture or frame of sound in a fragment.
type sample struct {
	dur  uint32 // in the track's ticks
	cto  int32  // presentation after decoding, in ticks
	sync bool
	data []byte
}

// run is consecutive samples of one track.
type run struct {
	track uint32
	time  uint64 // decode time of the first, in ticks
	s     []sample
}

const (
	flagSync    = 0x02000000
	flagNonSync = 0x01010000
)

// appendFragment appends a moof and its mdat.
func appendFragment(b []byte, seq uint32, runs ...run) []byte {
	size := len(fragmentHeader(seq, 0, runs)) // the offsets inside are fixed in width, so two passes suffice
	b = append(b, fragmentHeader(seq, uint32(size+8), runs)...)
	total := 8
	for _, r := range runs {
		for _, s := range r.s {
			total += len(s.data)
		}
	}
	b = append(binary.BigEndian.AppendUint32(b, uint32(total)), "mdat"...)
	for _, r := range runs {
		for _, s := range r.s {
			b = append(b, s.data...)
		}
	}
	return b
}

func fragmentHeader(seq, offset uint32, runs []run) []byte {
	parts := [][]byte{box("mfhd", u32(0, seq))}
	for _, r := range runs {
		trun := u32(0x01000f01, uint32(len(r.s)), offset) // version 1: signed composition offsets
		for _, s := range r.s {
			flags := uint32(flagNonSync)
			if s.sync {
				flags = flagSync
			}
			trun = append(trun, u32(s.dur, uint32(len(s.data)), flags, uint32(s.cto))...)
			offset += uint32(len(s.data))
		}
		parts = append(parts, box("traf",
			box("tfhd", u32(0x020000, r.track)), // offsets count from this moof
			box("tfdt", u32(0x01000000, uint32(r.time>>32), uint32(r.time))),
			box("trun", trun)))
	}
	return box("moof", parts...)
}

// videoSample takes the picture out of a message.
func videoSample(payload []byte) (sample, error) {
	if len(payload) < 5 || payload[0]&0x0f != 7 || payload[1] != 1 {
		return sample{}, fmt.Errorf("%w: not a coded AVC picture", ErrCodec)
	}
	cto := int32(uint24(payload[2:])<<8) >> 8
	return sample{cto: cto * (videoScale / 1000), sync: payload[0]>>4 == 1, data: payload[5:]}, nil
}

// audioSample takes a frame of sound out of a message.
func audioSample(payload []byte) (sample, error) {
	if len(payload) < 3 || payload[0]>>4 != 10 || payload[1] != 1 {
		return sample{}, fmt.Errorf("%w: not a frame of AAC", ErrCodec)
	}
	return sample{dur: aacFrame, sync: true, data: payload[2:]}, nil
}

// aacFrame is the length of a frame of AAC-LC in samples.
const aacFrame = 1024

func box(kind string, parts ...[]byte) []byte {
	n := 8
	for _, p := range parts {
		n += len(p)
	}
	b := append(binary.BigEndian.AppendUint32(make([]byte, 0, n), uint32(n)), kind...)
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

func u32(vs ...uint32) []byte {
	b := make([]byte, 0, 4*len(vs))
	for _, v := range vs {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

func u16(vs ...uint16) []byte {
	b := make([]byte, 0, 2*len(vs))
	for _, v := range vs {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}
