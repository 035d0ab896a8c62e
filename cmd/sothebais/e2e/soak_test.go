//go:build soak

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestSoak runs a show under a crowd of 20 posts a second for SOAK (10m): frames in time, sound with the picture, memory flat.
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

	var rss []float64 // MiB, one a tenth of the run
	for range 9 {
		time.Sleep(length / 10)
		rss = append(rss, resident(t, p.cmd.Process.Pid))
	}
	select {
	case <-p.ended:
	case <-time.After(length/10 + 30*time.Second):
		t.Fatal("the show did not end by itself")
	}
	var r struct {
		Frames      float64
		Late        float64 `json:"frames_late"`
		Posts       int
		PostToFrame struct{ P50, P99 float64 } `json:"post_to_frame_ms"`
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &r); err != nil {
		t.Fatalf("the report is no JSON object: %v: %s", err, p.stdout.Bytes())
	}
	t.Logf("%s", p.stdout.Bytes())
	t.Logf("resident memory, MiB: %.0f", rss)
	if share := r.Late / r.Frames; share > 0.001 {
		t.Errorf("%.3f %% of the frames were late (%.0f of %.0f), at most 0.1 %% may be", 100*share, r.Late, r.Frames)
	}
	if want := (length.Seconds() - 5) * fps; r.Frames < want {
		t.Errorf("%.0f frames in %s, want %.0f at least", r.Frames, length, want)
	}
	// What is kept grows to its bounds in the first third: the clips, the turned pictures, the ring of the bus.
	if grown := rss[8] - rss[3]; grown > 0.1*rss[3] {
		t.Errorf("memory grew from %.0f to %.0f MiB after it had settled", rss[3], rss[8])
	}
	probe(t, file)
}

// resident is the memory of a process in MiB.
func resident(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}
