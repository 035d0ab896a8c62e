//go:build soak

package e2e

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a soak holds a show to.
const (
	lateShare  = 0.001 // of all frames since the stage began, those before it was on air included
	growth     = 0.05  // of memory, from the middle third of the run to its last
	slowest    = 150   // milliseconds from a post to its first frame, of all but one in a hundred
	driftLimit = 1     // frames by which sound and picture may move against each other: 40 ms is less than two
)

// TestSoak runs a show under a crowd of 20 posts a second for SOAK (10m): frames in time, sound with the picture, memory
// flat. It prints a line for each tenth of the run, so that what was late can be told from when.
func TestSoak(t *testing.T) {
	length := 10 * time.Minute
	if s := os.Getenv("SOAK"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "show.mp4")
	p := start(t, append(freePorts(), "DEVNET_X_PORT=0", "DEVNET_RTMP_PORT=0"), bin, "demo", "--for", length.String(), "--posts-per-second", "20",
		"--data-dir", filepath.Join(dir, "data"), "--record", file, "--json")
	p.waitFor("on_air", time.Minute)
	spans := observe(t, p, length)

	var r struct {
		Frames      float64
		Late        float64 `json:"frames_late"`
		Posts       int
		PostToFrame struct {
			P50, P99 float64
			N        int
		} `json:"post_to_frame_ms"`
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &r); err != nil {
		t.Fatalf("the report is no JSON object: %v: %s", err, p.stdout.Bytes())
	}
	t.Logf("%s", p.stdout.Bytes())
	t.Logf("late frames %.0f of %.0f: %.3f %%; %.0f of them up to the first tenth's end", r.Late, r.Frames, 100*r.Late/r.Frames, spans[0].late)
	t.Logf("post to frame p50 %.0f ms, p99 %.0f ms of %d posts", r.PostToFrame.P50, r.PostToFrame.P99, r.PostToFrame.N)
	if share := r.Late / r.Frames; share > lateShare {
		t.Errorf("%.3f %% of the frames were late, at most %.1f %% may be", 100*share, 100*lateShare)
	}
	if want := (length.Seconds() - 5) * fps; r.Frames < want {
		t.Errorf("%.0f frames in %s, want %.0f at least", r.Frames, length, want)
	}
	if r.PostToFrame.P99 > slowest {
		t.Errorf("a post in a hundred took more than %.0f ms to its first frame, want %d", r.PostToFrame.P99, slowest)
	}
	flat(t, "the show", spans, func(s span) float64 { return s.show })
	flat(t, "FFmpeg", spans, func(s span) float64 { return s.encoder })
	probe(t, file)
	together(t, file, r.Frames/fps)
}

// span is what was seen in a tenth of the run.
type span struct {
	frames, late, repeated float64
	drawn                  [3]float64 // seconds within which half, 99 % and all of the frames were drawn, to the buckets of the metric
	show, encoder          float64    // resident memory in MiB, a mean
	heap                   float64    // of the show's, what Go has in use at the end
}

// observe follows the show to its end and prints what it sees.
func observe(t *testing.T, p *program, length time.Duration) []span {
	t.Helper()
	p.mu.Lock()
	url := listening(t, strings.Join(p.talk, "\n"), "STREAM_MANAGER_METRICS_PORT") + "/metrics"
	p.mu.Unlock()
	t.Logf("%8s %7s %5s %8s %9s %9s %9s %9s %9s %9s", "at", "frames", "late", "repeated", "p50 <ms", "p99 <ms", "worst<ms", "RSS MiB", "heap MiB", "FFmpeg")
	var spans []span
	before := samples{}
	const looks = 20
	begun, look := time.Now(), 0
	for i := range 9 {
		var s span
		for range looks {
			look++
			select {
			case <-time.After(time.Until(begun.Add(length / 10 / looks * time.Duration(look)))):
			case <-p.ended:
				t.Fatalf("the show ended after %s", time.Since(begun).Round(time.Second))
			}
			s.show += resident(t, p.cmd.Process.Pid) / looks
			if pid := findChild(t, p.cmd.Process.Pid, "ffmpeg"); pid != 0 { // it may be on the way up again
				s.encoder += resident(t, pid) / looks
			}
		}
		now := metrics(t, url)
		s.read(now, before)
		before = now
		t.Logf("%8s %7.0f %5.0f %8.0f %9.1f %9.1f %9.1f %9.0f %9.0f %9.0f", length/10*time.Duration(i+1), s.frames, s.late, s.repeated,
			1000*s.drawn[0], 1000*s.drawn[1], 1000*s.drawn[2], s.show, s.heap, s.encoder)
		spans = append(spans, s)
	}
	select {
	case <-p.ended:
	case <-time.After(length/10 + 30*time.Second):
		t.Fatal("the show did not end by itself")
	}
	return spans
}

// samples are the values of a page of metrics by name and labels.
type samples map[string]float64

func metrics(t *testing.T, url string) samples {
	t.Helper()
	out := samples{}
	lines := bufio.NewScanner(strings.NewReader(get(t, url)))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			out[name] = v
		}
	}
	return out
}

// read makes a span of what changed between two pages.
func (s *span) read(now, before samples) {
	since := func(name string) float64 { return now[name] - before[name] }
	s.frames, s.late = since("sothebais_compositor_frames_total"), since("sothebais_compositor_frames_late_total")
	s.repeated = since("sothebais_compositor_frames_repeated_total")
	s.heap = now["go_memstats_heap_inuse_bytes"] / (1 << 20)
	const drawn = "sothebais_compositor_frame_seconds"
	for i, share := range [3]float64{0.5, 0.99, 1} {
		s.drawn[i] = math.Inf(1)
		for name := range now {
			var within float64
			if n, _ := fmt.Sscanf(name, drawn+`_bucket{le="%g"}`, &within); n == 1 && since(name) >= share*since(drawn+"_count") {
				s.drawn[i] = min(s.drawn[i], within)
			}
		}
	}
}

// flat holds memory to what it was in the middle third: what is kept grows to its bounds before.
func flat(t *testing.T, whose string, spans []span, memory func(span) float64) {
	t.Helper()
	mean := func(s []span) (m float64) {
		for _, v := range s {
			m += memory(v) / float64(len(s))
		}
		return m
	}
	middle, last := mean(spans[3:6]), mean(spans[6:])
	t.Logf("memory of %s: %.0f MiB in the middle third, %.0f MiB in the last", whose, middle, last)
	if last > middle*(1+growth) {
		t.Errorf("memory of %s grew from %.0f to %.0f MiB after it had settled", whose, middle, last)
	}
}

// together holds the mouth to the voice at the end of a recording as at its beginning, frame by frame.
func together(t *testing.T, file string, length float64) {
	t.Helper()
	piece := min(length/3, 120) // long enough for some lines
	var trails [2]int
	for i, from := range [2]float64{length / 10, length - piece - 2} {
		in := []string{"-ss", fmt.Sprintf("%.3f", from), "-t", fmt.Sprintf("%.3f", piece), "-i", file}
		trails[i] = trail(t, openMouth(t, in...), loudness(t, in...))
	}
	t.Logf("the mouth is most like the voice %d frames before it at the beginning, %d at the end", trails[0], trails[1])
	if d := trails[1] - trails[0]; abs(d) > driftLimit {
		t.Errorf("sound and picture moved by %d frames of %d ms against each other", d, 1000/fps)
	}
}

// trail is by how many frames the voice is behind the mouth: where the two go best together.
func trail(t *testing.T, open []int, level []float64) int {
	t.Helper()
	const reach = 15
	best, at := -1.0, 0
	for by := -reach; by <= reach; by++ {
		var xs, ys []float64
		for i := reach; i < min(len(open), len(level))-reach; i++ {
			xs, ys = append(xs, float64(open[i])), append(ys, max(level[i+by], bedLevel))
		}
		if c := correlation(xs, ys); c > best {
			best, at = c, by
		}
	}
	if best < 0.2 {
		t.Errorf("the mouth is not like the voice anywhere near it: %.2f", best)
	}
	return at
}

func correlation(xs, ys []float64) float64 {
	var n, sx, sy, sxx, syy, sxy float64
	for i, x := range xs {
		y := ys[i]
		n, sx, sy, sxx, syy, sxy = n+1, sx+x, sy+y, sxx+x*x, syy+y*y, sxy+x*y
	}
	return (n*sxy - sx*sy) / math.Sqrt((n*sxx-sx*sx)*(n*syy-sy*sy)+1e-9)
}

// resident is the memory of a process in MiB.
func resident(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if errors.Is(err, os.ErrNotExist) {
		return 0 // it has just ended
	}
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}
