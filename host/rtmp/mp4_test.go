package rtmp

import (
	"encoding/binary"
	"fmt"
	"os/exec"
	"testing"
)

// TestParameters compares what we read off parameter sets with what FFmpeg was told to encode.
func TestParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		w, h    int
		options []string
		codec   string
	}{
		{1920, 1080, []string{"-profile:v", "high"}, "avc1.640028"},
		{1280, 720, []string{"-profile:v", "main"}, "avc1.4d401f"},
		{720, 1280, []string{"-profile:v", "baseline"}, "avc1.42c01f"},
		{322, 182, []string{"-pix_fmt", "yuv422p", "-profile:v", "high422"}, "avc1.7a000d"},
		{642, 362, []string{"-pix_fmt", "yuv444p", "-profile:v", "high444"}, "avc1.f4001e"},
		{640, 480, []string{"-flags", "+ildct", "-x264-params", "interlaced=1:cqm=jvt"}, "avc1.64001e"},
	} {
		args := append([]string{"-v", "error", "-f", "lavfi", "-i", fmt.Sprintf("color=size=%dx%d:rate=30:duration=0.1", c.w, c.h), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "superfast"}, c.options...)
		b, err := exec.Command("ffmpeg", append(args, "-f", "flv", "pipe:1")...).Output()
		if err != nil {
			t.Fatalf("ffmpeg %v: %v", c.options, err)
		}
		for _, g := range tagsOf(b) {
			if !g.Header {
				continue
			}
			v, err := ParseVideo(g.Payload)
			if err != nil || v.Width != c.w || v.Height != c.h || v.Codec() != c.codec {
				t.Errorf("%dx%d %v: %dx%d %s, %v", c.w, c.h, c.options, v.Width, v.Height, v.Codec(), err)
			}
		}
	}
}

func aac(ts uint32) Tag { return NewTag(Audio, ts, []byte{0xaf, 1, 0}) }

// placed is where a run of a fragment lies.
type placed struct{ from, to uint64 }

// runsOf reads time and length of each run out of a fragment, by track.
func runsOf(t *testing.T, b []byte) map[uint32]placed {
	t.Helper()
	out := map[uint32]placed{}
	moof := b[8:binary.BigEndian.Uint32(b)]
	for len(moof) > 0 {
		n := binary.BigEndian.Uint32(moof)
		if string(moof[4:8]) == "traf" {
			traf := moof[8:n] // tfhd of 16 bytes, tfdt of 20, trun
			p := placed{from: binary.BigEndian.Uint64(traf[16+12:])}
			p.to = p.from
			trun := traf[36:]
			for i := range binary.BigEndian.Uint32(trun[12:]) {
				p.to += uint64(binary.BigEndian.Uint32(trun[20+16*i:]))
			}
			out[binary.BigEndian.Uint32(traf[12:])] = p
		}
		moof = moof[n:]
	}
	return out
}

// TestHolesAreCovered feeds two tracks with a hole in each, cut as the preview does, and wants neither to have one.
func TestHolesAreCovered(t *testing.T) {
	for name, hole := range map[string]uint32{"none": 0, "an encoder's death": 130, "most of a second": 900} {
		t.Run(name, func(t *testing.T) {
			f := newFragmenter(&Init{Audio: &AudioInfo{Rate: 48000}}, false)
			last := map[uint32]uint64{}
			shift := uint32(5_000_000)
			for n := uint32(0); n < 60; n++ {
				if n == 30 {
					shift += hole
				}
				f.add(aac(shift + n*100/3))
				if n%2 == 0 {
					f.add(aac(shift + n*100/3 + 21))
				}
				f.add(picture(shift+n*100/3, n%30 == 0))
				for track, p := range runsOf(t, f.flush()) {
					before, ok := last[track]
					if d := int64(p.from - before); ok && (d < -200 || d > 200) {
						t.Fatalf("frame %d, track %d: begins at %d, the one before ended at %d", n, track, p.from, before)
					}
					last[track] = p.to
				}
			}
			if want := uint64(shift+60*100/3) * 90; last[trackVideo] < want-3000 || last[trackVideo] > want+3000 {
				t.Errorf("picture ends at %d, want about %d: time was lost", last[trackVideo], want)
			}
		})
	}
}

func TestUnwrapping(t *testing.T) {
	var u unwrapped
	at := u.millis(0xffffff00)
	if got := u.millis(0x00000100) - at; got != 0x200 {
		t.Errorf("%d ms across the wrap, want %d", got, 0x200)
	}
}
