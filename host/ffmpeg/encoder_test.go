package ffmpeg

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// programme makes frames: a white flash with a 1 kHz beep at each second, grey and silence between.
type programme struct {
	w, h, fps int
	picture   []byte
	pcm       []int16
}

func newProgramme(w, h, fps int) *programme {
	return &programme{w: w, h: h, fps: fps, picture: make([]byte, w*h*3/2), pcm: make([]int16, 48000/fps*2)}
}

func (p *programme) frame(n uint64) ([]byte, []int16) {
	luma, loud := byte(40+n%30), 0.0
	if n%uint64(p.fps) < 3 && n >= uint64(p.fps) {
		luma, loud = 235, 20000
	}
	for i := range p.picture {
		p.picture[i] = 128
		if i < p.w*p.h {
			p.picture[i] = luma
		}
	}
	for i := range len(p.pcm) / 2 {
		v := int16(loud * math.Sin(2*math.Pi*1000*float64(i)/48000))
		p.pcm[2*i], p.pcm[2*i+1] = v, v
	}
	return p.picture, p.pcm
}

// collector keeps what an encoder says.
type collector struct {
	mu    sync.Mutex
	tags  []Tag
	ups   []time.Duration
	downs []string
}

func (c *collector) wire(cfg *Config) {
	cfg.OnTag = func(t Tag) { c.mu.Lock(); c.tags = append(c.tags, t); c.mu.Unlock() }
	cfg.OnUp = func(d time.Duration) { c.mu.Lock(); c.ups = append(c.ups, d); c.mu.Unlock() }
	cfg.OnDown = func(s string) { c.mu.Lock(); c.downs = append(c.downs, s); c.mu.Unlock() }
}

func (c *collector) snapshot() ([]Tag, []time.Duration, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Tag(nil), c.tags...), append([]time.Duration(nil), c.ups...), append([]string(nil), c.downs...)
}

// rig is a running encoder with a frame clock.
type rig struct {
	*collector
	e    *Encoder
	stop func() error
}

// start runs an encoder and feeds it at its frame rate; each says what to do before frame n.
func start(t *testing.T, cfg Config, each func(n uint64)) *rig {
	t.Helper()
	r := &rig{collector: &collector{}}
	r.wire(&cfg)
	var err error
	if r.e, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	r.stop = run(r.e, each)
	t.Cleanup(func() { r.stop() })
	return r
}

// run runs an encoder and feeds it; the function that comes back ends both.
func run(e *Encoder, each func(n uint64)) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	var runErr error
	wg.Go(func() { runErr = e.Run(ctx) })
	wg.Go(func() { pace(ctx, e, each) })
	return sync.OnceValue(func() error { cancel(); wg.Wait(); return runErr })
}

func pace(ctx context.Context, e *Encoder, each func(uint64)) {
	p := newProgramme(e.cfg.Width, e.cfg.Height, e.cfg.FPS)
	began := time.Now()
	for n := uint64(0); ctx.Err() == nil; n++ {
		time.Sleep(time.Until(began.Add(time.Duration(n) * time.Second / time.Duration(e.cfg.FPS))))
		if each != nil {
			each(n)
		}
		i420, pcm := p.frame(n)
		if err := e.Write(n, i420, pcm); err != nil {
			panic(err)
		}
	}
}

// patience is how long a test waits for what must come: it tells a busy machine from an encoder that is stuck.
const patience = time.Minute

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// slack is what this machine takes just now to start FFmpeg and encode a picture with it. No replacement can be quicker,
// so it is allowed on top of what is promised.
func slack(t *testing.T) time.Duration {
	t.Helper()
	began := time.Now()
	output(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-frames:v", "1", "-c:v", "libx264", "-f", "flv", "-y", "/dev/null")
	return time.Since(began)
}

// coming says that so many pictures came since the last header.
func (c *collector) coming(n int) bool {
	tags, _, _ := c.snapshot()
	for i := len(tags) - 1; i >= 0; i-- {
		if tags[i].Type == TagVideo && tags[i].Payload[1] == 0 {
			return len(pictures(tags[i:])) >= n
		}
	}
	return false
}

// pictures are the coded pictures among tags.
func pictures(tags []Tag) (out []Tag) {
	for _, t := range tags {
		if t.isPicture() {
			out = append(out, t)
		}
	}
	return out
}

func small() Config { return Config{Width: 320, Height: 180, FPS: 30} }

func TestEncodes(t *testing.T) {
	r := start(t, small(), nil)
	eventually(t, "five seconds of programme", func() bool {
		tags, _, _ := r.snapshot()
		return len(pictures(tags)) >= 150
	})
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	tags, ups, downs := r.snapshot()
	checkTimeline(t, tags, r.e.Stats().Dropped)
	if len(ups) != 1 || ups[0] != 0 || len(downs) != 0 {
		t.Errorf("ups %v, downs %q; want one up without a gap", ups, downs)
	}
	checkKeys(t, tags)
	if s := r.e.Stats(); s.soundLost(0) || s.PID != 0 {
		t.Errorf("stats %+v: want all sound and no process left", s)
	}
}

// checkKeys wants a key frame in every three seconds, as X does, however many pictures were dropped: only while none
// comes at all can none be a key frame.
func checkKeys(t *testing.T, tags []Tag) {
	t.Helper()
	p := pictures(tags)
	lastKey := p[0].TS
	for i := 1; i < len(p); i++ {
		if before := p[i-1].TS - lastKey; before > 3000 {
			t.Errorf("no key frame for %d ms, X wants 3000 at most", before)
		}
		if p[i].Payload[0]>>4 == 1 {
			lastKey = p[i].TS
		}
	}
}

// soundLost says that sound was dropped without need: it outlasts the pictures by soundDepth. So many pictures were
// dropped on purpose.
func (s Stats) soundLost(purpose uint64) bool {
	return s.DroppedSound > 0 && s.Dropped < purpose+soundDepth
}

// checkTimeline wants timestamps that rise in each kind, and sound and picture within two
// frames of each other at the end, but for the pictures that were dropped.
func checkTimeline(t *testing.T, tags []Tag, dropped uint64) {
	t.Helper()
	last := map[byte]uint32{}
	for i, g := range tags {
		if g.TS < last[g.Type] {
			t.Fatalf("tag %d of kind %d goes back from %d to %d ms", i, g.Type, last[g.Type], g.TS)
		}
		last[g.Type] = g.TS
	}
	if d := int(last[TagVideo]) - int(last[TagAudio]); d < -60-34*int(dropped) || d > 60 {
		t.Errorf("picture ends at %d ms and sound at %d ms", last[TagVideo], last[TagAudio])
	}
}

func TestKilledEncoderIsReplaced(t *testing.T) {
	r := start(t, small(), nil)
	allowed := 2 * time.Second
	for round := 1; round <= 2; round++ {
		eventually(t, "an encoder at work", func() bool {
			_, ups, _ := r.snapshot()
			return len(ups) == round
		})
		eventually(t, "a second of pictures", func() bool { return r.coming(36) })
		syscall.Kill(r.e.Stats().PID, syscall.SIGKILL)
	}
	eventually(t, "the third encoder", func() bool {
		_, ups, _ := r.snapshot()
		return len(ups) == 3
	})
	eventually(t, "pictures from it", func() bool { return r.coming(9) })
	allowed += 2 * slack(t)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	tags, ups, downs := r.snapshot()
	checkTimeline(t, tags, r.e.Stats().Dropped)
	for _, gap := range ups[1:] {
		t.Logf("away %v", gap)
		if gap > allowed {
			t.Errorf("away for %v, want %v at most", gap, allowed)
		}
	}
	if len(downs) != 2 || !strings.Contains(downs[0], "killed") {
		t.Errorf("downs %q", downs)
	}
	// on a busy machine more wait for the next encoder than there is room for
	if lost := missing(pictures(tags)) - int(r.e.Stats().Dropped); lost > 3 {
		t.Errorf("%d pictures lost in two deaths", lost)
	}
	t.Logf("%d pictures lost", missing(pictures(tags)))
	headers := 0
	for _, g := range tags {
		if g.Type == TagVideo && g.Payload[1] == 0 {
			headers++
		}
	}
	if headers != 3 {
		t.Errorf("%d sequence headers from three encoders", headers)
	}
}

// missing counts the frames that no picture shows, at 30 a second.
func missing(p []Tag) int {
	span := p[len(p)-1].TS - p[0].TS
	return int((span+16)*30/1000) + 1 - len(p)
}

func TestStuckEncoderIsReplaced(t *testing.T) {
	cfg := small()
	cfg.StallAfter = 500 * time.Millisecond
	r := start(t, cfg, nil)
	eventually(t, "an encoder at work", func() bool { _, ups, _ := r.snapshot(); return len(ups) == 1 })
	syscall.Kill(r.e.Stats().PID, syscall.SIGSTOP)
	eventually(t, "another encoder", func() bool { _, ups, _ := r.snapshot(); return len(ups) == 2 })
	r.stop()
	_, _, downs := r.snapshot()
	if len(downs) != 1 || !strings.Contains(downs[0], "no output while being fed") {
		t.Errorf("downs %q", downs)
	}
	if s := r.e.Stats(); s.Dropped == 0 {
		t.Error("frames were written while the encoder stood still, yet none was dropped")
	}
}

func TestWriteNeverWaits(t *testing.T) {
	synctest.Test(t, writeNeverWaits)
}

// In a bubble a moment's wait shows, and a wait without end is a failure.
func writeNeverWaits(t *testing.T) {
	cfg := small()
	e, err := New(cfg) // not running: nobody takes frames
	if err != nil {
		t.Fatal(err)
	}
	p := newProgramme(320, 180, 30)
	i420, pcm := p.frame(0)
	began := time.Now()
	for n := range uint64(200) {
		if err := e.Write(n, i420, pcm); err != nil {
			t.Fatal(err)
		}
	}
	if d := time.Since(began); d != 0 {
		t.Errorf("200 writes without a reader waited for %v", d)
	}
	want := Stats{Frames: 200, Dropped: 188, DroppedSound: 200 - 12 - soundDepth, QueueDepth: 12 + soundDepth}
	if got := e.Stats(); got != want {
		t.Errorf("stats %+v, want %+v", got, want)
	}
	if n := testing.AllocsPerRun(50, func() { _ = e.Write(300, i420, pcm) }); n != 0 {
		t.Errorf("%v allocations a write", n)
	}
}

func TestMissingBinary(t *testing.T) {
	e, err := New(Config{Bin: "/nonexistent/ffmpeg"})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(context.Background())
	if !errors.Is(err, ErrNoBinary) || !strings.Contains(err.Error(), "apt-get install ffmpeg") {
		t.Errorf("got %v", err)
	}
}

func TestHopelessBinary(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(bin, []byte("#!/bin/sh\necho 'Unknown encoder libx264' >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cfg := small()
	cfg.Bin = bin
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "Unknown encoder libx264") {
		t.Errorf("got %v, want what FFmpeg said", err)
	}
}

func TestBadConfig(t *testing.T) {
	for _, c := range []Config{{Width: 321, Height: 180}, {FPS: 7}, {Depth: 1}, {KeyEvery: time.Millisecond}, {FPS: -1}} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v was taken", c)
		}
	}
}

func TestBadFrame(t *testing.T) {
	e, err := New(small())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Write(1, make([]byte, 7), make([]int16, 3200)); err == nil || !strings.Contains(err.Error(), "86400") {
		t.Errorf("short picture: %v", err)
	}
	if err := e.Write(1, make([]byte, 86400), make([]int16, 7)); err == nil || !strings.Contains(err.Error(), "3200") {
		t.Errorf("short sound: %v", err)
	}
}

func FuzzFLV(f *testing.F) {
	tag := []byte{9, 0, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0x17, 0}
	tag = binary.BigEndian.AppendUint32(tag, 13)
	good := append([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"), tag...)
	f.Add(good)
	f.Add(good[:15])
	f.Add([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00\x09\x7f\xff\xff\x00\x00\x00\x00\x00\x00\x00"))
	f.Add([]byte("FLV\x01\x05\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newFLVReader(strings.NewReader(string(b)))
		total := 0
		for err == nil {
			var g Tag
			if g, err = r.next(); err == nil {
				total += len(g.Payload)
			}
		}
		if total > len(b) {
			t.Fatalf("%d bytes of payload out of %d", total, len(b))
		}
	})
}
