package rtmpsink

import (
	"context"
	"encoding/json"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sothebais/sothebais/host/rtmp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a sink until the test ends.
func serve(t *testing.T, cfg Config) (*Sink, string) {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ln) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, ln.Addr().String()
}

// patience is how long a test waits for what must come.
const patience = time.Minute

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// publish has FFmpeg send a test picture with the given options.
func publish(t *testing.T, url string, seconds string, options ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	args := []string{"-hide_banner", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=" + seconds,
		"-f", "lavfi", "-i", "sine=sample_rate=48000:duration=" + seconds, "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "96k"}
	b, err := exec.CommandContext(ctx, "ffmpeg", append(append(args, options...), "-f", "flv", url)...).CombinedOutput()
	if err != nil {
		t.Logf("ffmpeg: %v: %s", err, b)
	}
	return err
}

func TestGoodPublication(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "got.mp4")
	s, addr := serve(t, Config{Record: file, Key: "k"})
	if err := publish(t, "rtmp://"+addr+"/live/k", "4", "-g", "60"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end of the publication", func() bool { return !s.Report().Live })
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	var r Report
	if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if !r.OK || r.Live || r.Publications != 1 || r.Frames != 120 || r.Width != 320 || r.Height != 180 || r.AudioCodec != "mp4a.40.2" || r.SampleRate != 48000 {
		t.Errorf("report %s", w.Body)
	}
	if r.FPS < 29 || r.FPS > 31 || r.KeyMaxMS < 1900 || r.KeyMaxMS > 2100 {
		t.Errorf("%.2f pictures a second, key frames %d ms apart", r.FPS, r.KeyMaxMS)
	}
	if st, err := os.Stat(file); err != nil || st.Size() < 10_000 {
		t.Errorf("recording: %v, %v", st, err)
	}
}

func TestRareKeyFrames(t *testing.T) {
	t.Parallel()
	s, addr := serve(t, Config{})
	if err := publish(t, "rtmp://"+addr+"/live/any", "5", "-g", "1000", "-sc_threshold", "0"); err != nil {
		t.Fatal(err)
	}
	if r := s.Report(); r.OK || !strings.Contains(strings.Join(r.Problems, "; "), "key frames up to") {
		t.Errorf("report %+v", r)
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	s, addr := serve(t, Config{Key: "right"})
	if publish(t, "rtmp://"+addr+"/live/wrong", "1") == nil {
		t.Error("a wrong key was taken")
	}
	if r := s.Report(); r.Publications != 0 || r.OK {
		t.Errorf("report %+v", r)
	}
}

func TestBadRecording(t *testing.T) {
	if _, err := New(Config{Record: "show.avi"}); err == nil {
		t.Error("an unknown kind of file was taken")
	}
}

// TestJudge feeds made-up messages.
func TestJudge(t *testing.T) {
	video := func(ts uint32, key byte) rtmp.Tag {
		return rtmp.NewTag(rtmp.Video, ts, []byte{key<<4 | 7, 1, 0, 0, 0, 1})
	}
	audio := func(ts uint32) rtmp.Tag { return rtmp.NewTag(rtmp.Audio, ts, []byte{0xaf, 1, 0}) }
	for name, c := range map[string]struct {
		feed func(j *judge, at time.Time)
		want string
	}{
		"gap": {func(j *judge, at time.Time) {
			j.tag(at, video(0, 1))
			j.tag(at, video(400, 2))
		}, "1 gaps between pictures, the longest 400 ms"},
		"backwards": {func(j *judge, at time.Time) {
			j.tag(at, video(100, 1))
			j.tag(at, video(60, 2))
		}, "1 timestamps run backwards"},
		"skew": {func(j *judge, at time.Time) {
			j.tag(at, rtmp.NewTag(rtmp.Audio, 0, []byte{0xaf, 0, 0x11, 0x90}))
			for ts := uint32(0); ts < 4000; ts += 25 { // frames of 21 ms at 25 ms
				j.tag(at, video(ts, 1))
				j.tag(at, audio(ts))
			}
		}, "picture and sound up to"},
		"lead": {func(j *judge, at time.Time) {
			for ts := uint32(0); ts < 4000; ts += 40 {
				j.tag(at, video(ts, 1))
				j.tag(at, audio(ts/2))
			}
		}, "sent up to"},
		"too fast": {func(j *judge, at time.Time) {
			for ts := uint32(0); ts < 4000; ts += 10 {
				j.tag(at, video(ts, 1))
				j.tag(at, audio(ts))
			}
		}, "pictures a second, X takes 60"},
	} {
		j := newJudge()
		now := time.Now()
		j.begin(now)
		c.feed(j, now)
		if got := strings.Join(j.report().Problems, "; "); !strings.Contains(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestAway(t *testing.T) {
	j := newJudge()
	now := time.Now()
	j.begin(now)
	j.end(now.Add(time.Second))
	j.begin(now.Add(1700 * time.Millisecond))
	if r := j.report(); r.AwayMaxMS != 700 {
		t.Errorf("away %d ms, want 700", r.AwayMaxMS)
	}
}
