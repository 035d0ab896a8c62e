package ffmpeg

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// writeFLV puts tags into a file, so that other programs can judge them.
func writeFLV(t *testing.T, tags []Tag) string {
	t.Helper()
	b := []byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
	for _, g := range tags {
		n := len(g.Payload)
		b = append(b, g.Type, byte(n>>16), byte(n>>8), byte(n), byte(g.TS>>16), byte(g.TS>>8), byte(g.TS), byte(g.TS>>24), 0, 0, 0)
		b = append(b, g.Payload...)
		b = binary.BigEndian.AppendUint32(b, uint32(n+11))
	}
	path := filepath.Join(t.TempDir(), "show.flv")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func output(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(name, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, errs.String())
	}
	return b
}

// stamps asks ffprobe for the presentation times of a stream's packets.
func stamps(t *testing.T, path, stream string) (out []float64) {
	t.Helper()
	b := output(t, "ffprobe", "-v", "error", "-select_streams", stream, "-show_entries", "packet=pts_time", "-of", "csv=p=0", path)
	for _, f := range strings.Fields(string(b)) {
		x, err := strconv.ParseFloat(strings.Trim(f, ","), 64)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, x)
	}
	return out
}

// flashes are the times at which the picture turns white.
func flashes(t *testing.T, path string) (out []float64) {
	t.Helper()
	raw := output(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-vf", "scale=8:8,format=gray", "-fps_mode", "passthrough", "-f", "rawvideo", "pipe:1")
	at := stamps(t, path, "v")
	if len(raw) != 64*len(at) {
		t.Fatalf("%d pictures, %d timestamps", len(raw)/64, len(at))
	}
	white := true
	for i := range at {
		now := raw[i*64+27] > 150
		if now && !white {
			out = append(out, at[i])
		}
		white = now
	}
	return out
}

// beeps are the times at which the tone begins.
func beeps(t *testing.T, path string) (out []float64) {
	t.Helper()
	raw := output(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:a", "-ac", "1", "-f", "s16le", "pipe:1")
	at := stamps(t, path, "a") // of each packet: where sound was dropped they leap
	const packet = 1024
	if len(raw)/2 > packet*len(at) {
		t.Fatalf("%d samples from %d packets", len(raw)/2, len(at))
	}
	quiet := 0
	for i := range len(raw) / 2 {
		v := int16(binary.LittleEndian.Uint16(raw[2*i:]))
		if v < 3000 && v > -3000 {
			quiet++
			continue
		}
		if quiet > 4800 && i > 9600 {
			out = append(out, at[i/packet]+float64(i%packet)/48000)
		}
		quiet = 0
	}
	return out
}

// TestSoundStaysWithPicture drops a third of the pictures and compares each second's flash with its beep.
func TestSoundStaysWithPicture(t *testing.T) {
	var e *Encoder
	var held [][]byte
	hold := func(n uint64) { // makes put find no room for the picture of frame n
		q := e.queue
		q.mu.Lock()
		defer q.mu.Unlock()
		if n%3 == 2 && n > 0 {
			held = append(held, q.pictures...)
			q.pictures = nil
		} else {
			q.pictures, held = append(q.pictures, held...), nil
		}
	}
	cfg := small()
	c := &collector{}
	c.wire(&cfg)
	var err error
	if e, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	runUntil(t, e, hold, func() bool { return e.Stats().Frames > 210 && c.coming(130) })
	tags, _, _ := c.snapshot()
	s := e.Stats()
	if s.Dropped < s.Frames/4 || s.soundLost(s.Frames/3) {
		t.Errorf("stats %+v: want a third of the pictures dropped, and no sound", s)
	}
	path := writeFLV(t, tags)
	white, loud := flashes(t, path), beeps(t, path)
	checkSync(t, white, loud)
}

// checkSync pairs flashes with beeps. A flash whose first picture was dropped comes late, so the middle offset counts.
func checkSync(t *testing.T, white, loud []float64) {
	t.Helper()
	if len(white) < 2 || len(loud) < 2 {
		t.Fatalf("%d flashes, %d beeps", len(white), len(loud))
	}
	var offsets []float64
	for _, flash := range white { // to the nearest beep: on a busy machine a stream may begin between the two
		beep := slices.MinFunc(loud, func(a, b float64) int { return cmp.Compare(math.Abs(a-flash), math.Abs(b-flash)) })
		offsets = append(offsets, (beep-flash)*1000)
	}
	slices.Sort(offsets)
	t.Logf("sound behind picture: %.1f ms", offsets)
	if m := offsets[len(offsets)/2]; m < -40 || m > 40 {
		t.Errorf("sound %.0f ms behind the picture, want 40 at most either way", m)
	}
}

// runUntil runs an encoder and feeds it in real time until enough came out.
func runUntil(t *testing.T, e *Encoder, each func(uint64), enough func() bool) {
	t.Helper()
	stop := run(e, each)
	defer stop()
	eventually(t, "enough of the programme", enough)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

// TestSyncSurvivesARestart kills the encoder and compares flashes and beeps after it.
func TestSyncSurvivesARestart(t *testing.T) {
	cfg := small()
	c := &collector{}
	c.wire(&cfg)
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	killed := make(chan struct{})
	kill := sync.OnceFunc(func() { syscall.Kill(e.Stats().PID, syscall.SIGKILL); close(killed) })
	runUntil(t, e, func(n uint64) {
		if n%30 == 15 && c.coming(75) { // between flashes
			kill()
		}
	}, func() bool {
		select {
		case <-killed:
			_, ups, _ := c.snapshot()
			return len(ups) == 2 && c.coming(110)
		default:
			return false
		}
	})
	tags, ups, _ := c.snapshot()
	t.Logf("away %v", ups[1])
	at := 0 // of the new encoder's first header
	for i, g := range tags {
		if g.Type == TagVideo && g.Payload[1] == 0 {
			at = i
		}
	}
	path := writeFLV(t, tags[at:])
	white, loud := flashes(t, path), beeps(t, path)
	checkSync(t, white, loud)
	// flashes stand at whole seconds of the show, however often the encoder changed
	slices.SortFunc(white, func(a, b float64) int { return cmp.Compare(fraction(a), fraction(b)) })
	if m := white[len(white)/2]; fraction(m) > 0.1 {
		t.Errorf("flash at %.3f s, want it near a whole second", m)
	}
}

func fraction(x float64) float64 { return x - math.Floor(x) }

// TestPictureArrives compares a decoded picture with what was given, and reads what the stream says of itself.
func TestPictureArrives(t *testing.T) {
	cfg := Config{Width: 1280, Height: 720, FPS: 30}
	c := &collector{}
	c.wire(&cfg)
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	runUntil(t, e, nil, func() bool { return c.coming(60) })
	tags, _, _ := c.snapshot()
	path := writeFLV(t, tags)
	said := string(output(t, "ffprobe", "-v", "error", "-show_entries",
		"stream=codec_name,profile,width,height,pix_fmt,color_range,color_space,color_transfer,color_primaries,sample_rate,channels,has_b_frames", "-of", "default=nw=1", path))
	for _, want := range []string{"codec_name=h264", "profile=High", "width=1280", "height=720", "pix_fmt=yuv420p", "color_range=tv", "color_space=bt709",
		"color_transfer=bt709", "color_primaries=bt709", "has_b_frames=0", "codec_name=aac", "profile=LC", "sample_rate=48000", "channels=2"} {
		if !strings.Contains(said, want) {
			t.Errorf("ffprobe does not say %s: %s", want, said)
		}
	}
	raw := output(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-frames:v", "20", "-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "yuv420p", "pipe:1")
	size := 1280 * 720 * 3 / 2
	first := pictures(tags)[0].TS
	for i := range len(raw) / size {
		n := (pictures(tags)[i].TS - 21 + 5) * 30 / 1000 // the frame it shows: some may have been dropped while FFmpeg started
		luma, want := raw[i*size+size/3], byte(40+n%30)
		if n%30 < 3 && n >= 30 {
			want = 235 // a flash
		}
		if d := int(luma) - int(want); d < -3 || d > 3 {
			t.Errorf("picture %d: luma %d, want %d: levels were converted", n, luma, want)
		}
	}
	if len(raw) < 5*size {
		t.Errorf("%d pictures decoded", len(raw)/size)
	}
	fmt.Fprintf(t.Output(), "first picture at %d ms\n", first)
	if first > 50 {
		t.Errorf("first picture at %d ms", first)
	}
}
