package rtmp

import (
	"errors"
	"fmt"
)

// ErrCodec says that decoder configuration cannot be understood.
var ErrCodec = errors.New("unusable decoder configuration")

// VideoInfo is what a decoder configuration record tells about H.264.
type VideoInfo struct {
	Width, Height int
	Profile       byte
	Compat        byte
	Level         byte
	Config        []byte // AVCDecoderConfigurationRecord, as in an MP4's avcC
}

// Codec is the name for browsers, such as avc1.64001f.
func (v VideoInfo) Codec() string {
	return fmt.Sprintf("avc1.%02x%02x%02x", v.Profile, v.Compat, v.Level)
}

// ParseVideo reads an AVC sequence header (a video message with packet type 0).
func ParseVideo(payload []byte) (VideoInfo, error) {
	if len(payload) < 5+11 || payload[0]&0x0f != 7 || payload[1] != 0 {
		return VideoInfo{}, fmt.Errorf("%w: no AVC sequence header", ErrCodec)
	}
	c := payload[5:]
	v := VideoInfo{Profile: c[1], Compat: c[2], Level: c[3], Config: c}
	if c[0] != 1 || c[4]&3 != 3 || c[5]&31 == 0 {
		return v, fmt.Errorf("%w: AVC record of version %d, %d sets of parameters, lengths of %d bytes", ErrCodec, c[0], c[5]&31, c[4]&3+1)
	}
	n := int(c[6])<<8 | int(c[7])
	if n < 4 || 8+n > len(c) {
		return v, fmt.Errorf("%w: parameters of %d bytes in %d", ErrCodec, n, len(c))
	}
	return v, v.size(c[8 : 8+n])
}

// size reads the picture's size off a sequence parameter set.
func (v *VideoInfo) size(sps []byte) error {
	r := &bits{b: unescape(sps[1:])}
	profile := r.u(8)
	r.u(16) // constraints, level
	r.ue()  // id
	chroma := 1
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128:
		chroma = r.highProfile()
	}
	r.ue() // log2_max_frame_num
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.pictureOrder()
	}
	r.ue() // reference frames
	r.u(1)
	w, h := (r.ue()+1)*16, (r.ue()+1)*16
	frames := r.u(1)
	if frames == 0 {
		h *= 2
		r.u(1)
	}
	r.u(1)
	if r.u(1) == 1 {
		unitX, unitY := cropUnit(chroma, frames)
		w -= (r.ue() + r.ue()) * unitX
		h -= (r.ue() + r.ue()) * unitY
	}
	if r.short || w <= 0 || h <= 0 || w > 8192 || h > 8192 {
		return fmt.Errorf("%w: parameters of %d bytes give %dx%d", ErrCodec, len(sps), w, h)
	}
	v.Width, v.Height = w, h
	return nil
}

func cropUnit(chroma, frames int) (x, y int) {
	x, y = 1, 2-frames
	if chroma == 1 || chroma == 2 {
		x = 2
	}
	if chroma == 1 {
		y *= 2
	}
	return x, y
}

// bits reads a parameter set bit by bit. Past the end it gives zeros and remembers.
type bits struct {
	b     []byte
	at    int
	short bool
}

func (r *bits) u(n int) int {
	v := 0
	for range n {
		v <<= 1
		if i := r.at >> 3; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.at&7)) & 1
		} else {
			r.short = true
		}
		r.at++
	}
	return v
}

// ue is an unsigned Exp-Golomb number; what is too large for any picture counts as cut short.
func (r *bits) ue() int {
	zeros := 0
	for r.u(1) == 0 {
		if zeros++; zeros > 24 || r.short {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.u(zeros)
}

func (r *bits) highProfile() (chroma int) {
	if chroma = r.ue(); chroma == 3 {
		r.u(1)
	}
	r.ue()
	r.ue()
	r.u(1)
	if r.u(1) == 0 {
		return chroma
	}
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if r.u(1) == 1 {
			size := 16
			if i >= 6 {
				size = 64
			}
			r.scaling(size)
		}
	}
	return chroma
}

func (r *bits) scaling(size int) {
	last, next := 8, 8
	for range size {
		if next != 0 {
			next = (last + r.se() + 256) & 255
		}
		if next != 0 {
			last = next
		}
	}
}

func (r *bits) se() int {
	v := r.ue()
	if v&1 == 1 {
		return (v + 1) / 2
	}
	return -v / 2
}

func (r *bits) pictureOrder() {
	r.u(1)
	r.ue()
	r.ue()
	for n := r.ue(); n > 0 && !r.short; n-- {
		r.ue()
	}
}

// unescape removes the bytes that keep start codes out of a parameter set.
func unescape(b []byte) []byte {
	out := make([]byte, 0, len(b))
	zeros := 0
	for _, x := range b {
		if zeros >= 2 && x == 3 {
			zeros = 0
			continue
		}
		if zeros++; x != 0 {
			zeros = 0
		}
		out = append(out, x)
	}
	return out
}

// AudioInfo is what an AAC configuration tells.
type AudioInfo struct {
	Object   int
	Rate     int
	Channels int
	Config   []byte // AudioSpecificConfig
}

// Codec is the name for browsers: mp4a.40.2 for AAC-LC.
func (a AudioInfo) Codec() string { return fmt.Sprintf("mp4a.40.%d", a.Object) }

var aacRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// ParseAudio reads an AAC sequence header (a sound message with packet type 0).
func ParseAudio(payload []byte) (AudioInfo, error) {
	if len(payload) < 4 || payload[0]>>4 != 10 || payload[1] != 0 {
		return AudioInfo{}, fmt.Errorf("%w: no AAC sequence header", ErrCodec)
	}
	c := payload[2:]
	r := &bits{b: c}
	a := AudioInfo{Object: r.u(5), Config: c}
	if i := r.u(4); i < len(aacRates) {
		a.Rate = aacRates[i]
	}
	a.Channels = r.u(4)
	if r.short || a.Rate == 0 || a.Object == 0 || a.Object == 31 || a.Channels == 0 || a.Channels > 8 {
		return a, fmt.Errorf("%w: AAC object %d, rate %d, %d channels", ErrCodec, a.Object, a.Rate, a.Channels)
	}
	return a, nil
}
