package rtmp

import "time"

// fragmenter gathers packets into fragments. Time counts from the first packet it is given when rebase is set, else from the programme's beginning.
type fragmenter struct {
	rebase bool
	rate   uint64 // of the sound
	seq    uint32
	buf    []byte

	begun bool
	base  int64
	video unwrapped
	audio unwrapped

	pictures run
	sounds   run
	lastAt   int64  // ms of the newest picture; -1 before the first
	frame    uint32 // ticks between the last two pictures
	nextTick uint64 // where the next frame of sound belongs, if it follows the last
}

// unwrapped counts milliseconds beyond 32 bits.
type unwrapped struct {
	last  uint32
	at    int64
	begun bool
}

func (u *unwrapped) millis(ts uint32) int64 {
	if !u.begun {
		u.begun, u.last, u.at = true, ts, int64(ts)
	}
	u.at += int64(int32(ts - u.last))
	u.last = ts
	return u.at
}

func newFragmenter(i *Init, rebase bool) *fragmenter {
	f := &fragmenter{rebase: rebase, frame: videoScale / 30, lastAt: -1}
	f.pictures.track, f.sounds.track = trackVideo, trackAudio
	if i.Audio != nil {
		f.rate = uint64(i.Audio.Rate)
	}
	return f
}

// add queues a packet; one that is no coded picture or sound is left out.
func (f *fragmenter) add(t Tag) {
	switch t.Kind {
	case Video:
		s, err := videoSample(t.Payload)
		if err != nil {
			return
		}
		f.addPicture(f.millis(&f.video, t.TS), s)
	case Audio:
		s, err := audioSample(t.Payload)
		if err != nil || f.rate == 0 {
			return
		}
		f.addSound(f.millis(&f.audio, t.TS), s)
	}
}

func (f *fragmenter) millis(u *unwrapped, ts uint32) int64 {
	at := u.millis(ts)
	if !f.begun {
		f.begun = true
		if f.rebase {
			f.base = at
		}
	}
	return max(at-f.base, 0)
}

func (f *fragmenter) addPicture(at int64, s sample) {
	f.endPicture(at)
	s.dur = f.frame
	if len(f.pictures.s) == 0 {
		f.pictures.time = uint64(at) * (videoScale / 1000)
	}
	f.pictures.s = append(f.pictures.s, s)
	f.lastAt = at
}

// endPicture says when the next picture comes, which gives the last one its length.
func (f *fragmenter) endPicture(next int64) {
	d := next - f.lastAt
	if f.lastAt < 0 || d <= 0 || d > int64(time.Second/time.Millisecond) {
		return // the first, or a gap that is no frame's length
	}
	f.frame = uint32(d) * (videoScale / 1000)
	if n := len(f.pictures.s); n > 0 {
		f.pictures.s[n-1].dur = f.frame
	}
}

// addSound places a frame right behind the last one as long as the timestamps,
// which are rounded to milliseconds, agree: a hole of a fraction of one is a click.
func (f *fragmenter) addSound(at int64, s sample) {
	tick := uint64(at) * f.rate / 1000
	if d := int64(tick - f.nextTick); d > -int64(f.rate)/40 && d < int64(f.rate)/40 {
		tick = f.nextTick
	} else if len(f.sounds.s) > 0 { // a hole: what is queued ends with the length that bridges it
		last := &f.sounds.s[len(f.sounds.s)-1]
		last.dur += uint32(max(d, 0))
	}
	if len(f.sounds.s) == 0 {
		f.sounds.time = tick
	}
	f.nextTick = tick + aacFrame
	f.sounds.s = append(f.sounds.s, s)
}

// flush returns what is queued as one fragment, nil when that is nothing. The bytes are the caller's.
func (f *fragmenter) flush() []byte {
	var runs []run
	for _, r := range []*run{&f.pictures, &f.sounds} {
		if len(r.s) > 0 {
			runs = append(runs, *r)
			r.s = r.s[len(r.s):] // not reused: the run just taken holds them
		}
	}
	if len(runs) == 0 {
		return nil
	}
	f.seq++
	return appendFragment(nil, f.seq, runs...)
}
