package rtmp

import "time"

// fragmenter gathers packets into fragments. Time counts from the first packet it is given when rebase is set, else from the programme's beginning.
type fragmenter struct {
	rebase bool
	rate   uint64 // of the sound
	seq    uint32

	begun bool
	base  int64
	video unwrapped
	audio unwrapped

	pictures   run
	sounds     run
	lastAt     int64  // ms of the newest picture; -1 before the first
	frame      uint32 // ticks between the last two pictures
	pictureEnd uint64 // where the newest picture ends
	nextTick   uint64 // where the next frame of sound belongs, if it follows the last
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
	tick := uint64(at) * (videoScale / 1000)
	s.dur = f.frame
	if len(f.pictures.s) == 0 {
		f.pictures.time = tick
		// What came before is out already. A hole would stop a browser: this picture covers it.
		if hole := tick - f.pictureEnd; f.lastAt >= 0 && tick > f.pictureEnd && hole < videoScale {
			f.pictures.time = f.pictureEnd
			s.dur += uint32(hole)
		}
	}
	f.pictureEnd = tick + uint64(f.frame)
	f.pictures.s = append(f.pictures.s, s)
	f.lastAt = at
}

// endPicture says when the next picture comes, which gives the last one its length.
func (f *fragmenter) endPicture(next int64) {
	d := next - f.lastAt
	if f.lastAt < 0 || d <= 0 || d > int64(time.Second/time.Millisecond) {
		return // the first, or a gap that is no frame's length
	}
	if n := len(f.pictures.s); n > 0 {
		f.pictures.s[n-1].dur = uint32(d) * (videoScale / 1000)
	}
	if d <= longestFrame {
		f.frame = uint32(d) * (videoScale / 1000)
	}
}

// longestFrame tells a frame's length from a hole, in ms.
const longestFrame = 100

// addSound places a frame right behind the last one as long as the timestamps,
// which are rounded to milliseconds, agree: a hole of a fraction of one is a click.
// A real hole is covered by the frame before it or, when that is out, by this one.
func (f *fragmenter) addSound(at int64, s sample) {
	tick := uint64(at) * f.rate / 1000
	hole := int64(tick) - int64(f.nextTick)
	small := hole > -int64(f.rate)/40 && hole < int64(f.rate)/40
	switch n := len(f.sounds.s); {
	case f.nextTick == 0 || hole < 0 && !small:
	case small:
		tick = f.nextTick
	case hole > int64(f.rate):
	case n > 0:
		f.sounds.s[n-1].dur += uint32(hole)
	default:
		tick = f.nextTick
		s.dur += uint32(hole)
	}
	if len(f.sounds.s) == 0 {
		f.sounds.time = tick
	}
	f.nextTick = tick + uint64(s.dur)
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
