package rtmp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sample programme: 4 s of 320x180 at 30/s with a tone, as FFmpeg makes it; key frames each second.
var programme = sync.OnceValues(func() ([]Tag, error) {
	cmd := exec.Command("ffmpeg", "-hide_banner", "-loglevel", "error",
		"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=4", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=4",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30", "-pix_fmt", "yuv420p",
		"-c:a", "aac", "-ac", "2", "-b:a", "96k", "-f", "flv", "-flvflags", "no_duration_filesize", "pipe:1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	b, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("these tests need ffmpeg with libx264 (apt-get install ffmpeg): %w: %s", err, errs.String())
	}
	return tagsOf(b), nil
})

func tagsOf(b []byte) (tags []Tag) {
	for b = b[13:]; len(b) >= 15; {
		n := int(uint24(b[1:]))
		ts := uint24(b[4:]) | uint32(b[7])<<24
		tags = append(tags, NewTag(Kind(b[0]), ts, b[11:11+n]))
		b = b[n+15:]
	}
	return tags
}

func sampleTags(t testing.TB) []Tag {
	t.Helper()
	tags, err := programme()
	if err != nil {
		t.Fatal(err)
	}
	return tags
}

// period is the sample's length in whole frames of AAC.
const period = 4032

// air publishes the sample again and again in real time, from TS from on, until the test ends or stop is called.
func air(t testing.TB, h *Hub, from uint32) (stop func()) {
	tags := sampleTags(t)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		began := time.Now()
		for round := 0; ; round++ {
			for _, g := range tags {
				if round > 0 && (g.Header || g.Kind == Data) {
					continue
				}
				ts := g.TS + uint32(round)*period
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(began.Add(time.Duration(ts) * time.Millisecond))):
				}
				g.TS = from + ts
				h.Publish(g)
			}
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// listen serves until the test ends and returns the address.
func listen(t testing.TB, cfg ServerConfig) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	t.Cleanup(running(t, func(ctx context.Context) error { return NewServer(cfg).Serve(ctx, ln) }))
	return addr
}

// life is a listener that leaves its port taken when it is closed: whoever dies and comes back finds it as it was,
// and nobody else gets it meanwhile. One life at a time; the next begins when the server of the last has returned.
type life struct {
	*net.TCPListener
	end sync.Once // a late second Close must not end the next life
}

func newLife(t testing.TB, ln *net.TCPListener) *life {
	t.Helper()
	if err := ln.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	return &life{TCPListener: ln}
}

// Close ends Accept and keeps the port.
func (l *life) Close() (err error) {
	l.end.Do(func() { err = l.SetDeadline(time.Unix(1, 0)) })
	return err
}

// running runs a part; the function that comes back ends it and waits.
func running(t testing.TB, run func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("run ended with %v", err)
			}
		case <-time.After(patience):
			t.Errorf("run did not end within %v", patience)
		}
	})
}

// probed is what ffprobe saw.
type probed struct {
	Streams []struct {
		CodecName string `json:"codec_name"`
		Profile   string
		Width     int
		Height    int
		Rate      string `json:"sample_rate"`
	}
	Packets []struct {
		Kind  string `json:"codec_type"`
		PTS   string `json:"pts_time"`
		DTS   string `json:"dts_time"`
		Flags string
	}
}

// probe lets ffprobe read an input, for at most the given seconds of it.
func probe(t testing.TB, seconds int, input string, stdin []byte) probed {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	args := []string{"-v", "error", "-show_streams", "-show_packets", "-of", "json"}
	if seconds > 0 {
		args = append(args, "-read_intervals", "%+"+strconv.Itoa(seconds))
	}
	cmd := exec.CommandContext(ctx, "ffprobe", append(args, input)...)
	cmd.Stdin = bytes.NewReader(stdin)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffprobe %s: %v: %s", input, err, errs.String())
	}
	if errs.Len() > 0 {
		t.Errorf("ffprobe complains: %s", errs.String())
	}
	var p probed
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// check wants H.264 and AAC, timestamps that rise, key frames 3 s apart at most, no hole, and both tracks of one length.
func (p probed) check(t testing.TB, leastSeconds float64) {
	t.Helper()
	if len(p.Streams) != 2 {
		t.Fatalf("%d streams, want 2", len(p.Streams))
	}
	codecs := p.Streams[0].CodecName + " " + p.Streams[1].CodecName
	if codecs != "h264 aac" && codecs != "aac h264" {
		t.Errorf("codecs %s", codecs)
	}
	first, last, key := map[string]float64{}, map[string]float64{}, -1.0
	for i, k := range p.Packets {
		dts, err := strconv.ParseFloat(k.DTS, 64)
		if err != nil {
			t.Fatalf("packet %d has no timestamp: %+v", i, k)
		}
		if before, ok := last[k.Kind]; !ok {
			first[k.Kind] = dts
		} else if dts < before {
			t.Errorf("%s packet %d goes back from %.3f to %.3f", k.Kind, i, before, dts)
		} else if dts-before > 0.12 {
			t.Errorf("%s has a hole from %.3f to %.3f", k.Kind, before, dts)
		}
		last[k.Kind] = dts
		if k.Kind == "video" && k.Flags[0] == 'K' {
			if key >= 0 && dts-key > 3 {
				t.Errorf("key frames %.3f s apart", dts-key)
			}
			key = dts
		}
	}
	if key < 0 {
		t.Error("no key frame")
	}
	if d := last["video"] - first["video"]; d < leastSeconds {
		t.Errorf("%.2f s of picture, want %.2f", d, leastSeconds)
	}
	if d := last["video"] - last["audio"]; d < -0.15 || d > 0.15 {
		t.Errorf("picture ends at %.3f, sound at %.3f", last["video"], last["audio"])
	}
}

// patience is how long a test waits for what must come. It tells a machine that is busy from a part that is stuck, so
// it is long.
const patience = time.Minute

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// onAir waits until a hub has so much of the programme behind it that air puts on.
func onAir(t testing.TB, h *Hub, from uint32, length time.Duration) {
	t.Helper()
	eventually(t, length.String()+" of programme", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return h.head > 0 && h.ring[(h.head-1)%uint64(len(h.ring))].TS-from >= uint32(length.Milliseconds())
	})
}

// readers is how many follow a hub.
func readers(h *Hub) int {
	var m dto.Metric
	if err := h.readers.Write(&m); err != nil {
		panic(err)
	}
	return int(m.GetGauge().GetValue())
}
