// Package compositorbench sets the stage beside FFmpeg's own overlay and drawtext filters: the same 1280x720 scene at
// thirty frames a second (a still background, an artwork, an animated sprite that sways, a translucent lower third, four
// texts of which some change with every frame), measured as CPU time a frame in one run.
//
// What is measured of the stage is the whole of it, from the cues that change the texts to the finished frame, sound
// included; of FFmpeg it is a long run less a short one, so that starting and decoding the pictures do not count.
package compositorbench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sothebais/sothebais/host/compositor"
	"github.com/sothebais/sothebais/host/cue"
)

const (
	fps       = 30
	rounds    = 3
	frames    = 600
	longSecs  = 25
	shortSecs = 5
	fontFile  = "NotoSansCJK-Bold.ttc"
)

// Run measures both, turn about, and gives the medians in milliseconds a frame. An empty ffmpegBin is found in PATH.
func Run(ctx context.Context, ffmpegBin string) (oursMS, ffmpegMS float64, err error) {
	if ffmpegBin == "" {
		ffmpegBin = "ffmpeg"
	}
	dir, err := os.MkdirTemp("", "compositorbench")
	if err != nil {
		return 0, 0, fmt.Errorf("make a folder for the pictures: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := writePictures(dir); err != nil {
		return 0, 0, err
	}
	font, err := findFont()
	if err != nil {
		return 0, 0, err
	}
	var ours, theirs []float64
	for range rounds {
		t, err := filterTime(ctx, ffmpegBin, dir, font)
		if err != nil {
			return 0, 0, err
		}
		o, err := stageTime(ctx, dir)
		if err != nil {
			return 0, 0, err
		}
		ours, theirs = append(ours, o), append(theirs, t)
	}
	return median(ours), median(theirs), nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// stageTime composes the scene and gives this process's CPU milliseconds a frame.
func stageTime(ctx context.Context, dir string) (float64, error) {
	s, err := compositor.New(compositor.Config{Scenes: benchScene(), Art: os.DirFS(dir), FPS: fps, Sink: nowhere{}})
	if err != nil {
		return 0, fmt.Errorf("set the stage up: %w", err)
	}
	for n := range fps {
		drive(s, n)
	}
	from, err := cpuTime()
	if err != nil {
		return 0, err
	}
	for n := range frames {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		drive(s, fps+n)
	}
	to, err := cpuTime()
	return (to - from).Seconds() * 1000 / frames, err
}

type nowhere struct{}

func (nowhere) WriteFrame(*compositor.Frame) error { return nil }

// drive makes the cues of a frame and the frame: the texts that FFmpeg's filters make too, and twelve sprites a second.
func drive(s *compositor.Stage, n int) {
	t := float64(n) / fps
	text := func(slot, format string, args ...any) {
		s.Apply(cue.Cue{Verb: cue.Text, Name: slot, Text: fmt.Sprintf(format, args...)}, 0)
	}
	text("amount", "%d SOTHE", 1000+int(t*37))
	text("bidder", "bidder_%d.eth", int(t))
	text("clock", "00:00:%02d.%03d", int(t), int(math.Mod(t, 1)*1000))
	text("line", "こんにちは みなさん！ Lot %d is live, bids are open now", int(t))
	now, before := int(t*12)%sprites, int((t-1.0/fps)*12)%sprites
	if now != before {
		s.Apply(cue.Cue{Verb: cue.Show, Name: fmt.Sprintf("sprite-%d", before), Value: 0}, 0)
		s.Apply(cue.Cue{Verb: cue.Show, Name: fmt.Sprintf("sprite-%d", now), Value: 1}, 0)
	}
	s.Step()
}

func cpuTime() (time.Duration, error) {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0, fmt.Errorf("read the CPU time: %w", err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano()), nil
}

// filterTime is FFmpeg's CPU milliseconds a frame.
func filterTime(ctx context.Context, bin, dir, font string) (float64, error) {
	long, err := runFilters(ctx, bin, dir, font, longSecs)
	if err != nil {
		return 0, err
	}
	short, err := runFilters(ctx, bin, dir, font, shortSecs)
	return (long - short).Seconds() * 1000 / ((longSecs - shortSecs) * fps), err
}

func runFilters(ctx context.Context, bin, dir, font string, secs int) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, bin, filterArgs(dir, font, secs)...)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return 0, fmt.Errorf("run FFmpeg: %w: install the package ffmpeg", err)
	}
	if err != nil {
		return 0, fmt.Errorf("run FFmpeg: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

func filterArgs(dir, font string, secs int) []string {
	text := func(words, size, colour, x, y, box string) string {
		f := fmt.Sprintf("drawtext=fontfile=%s:text='%s':fontsize=%s:fontcolor=%s:x=%s:y=%s", font, words, size, colour, x, y)
		if box != "" {
			f += ":box=1:boxcolor=black@0.5:boxborderw=" + box
		}
		return f
	}
	still := func(in, format, loops, pts, out string) string {
		return fmt.Sprintf("[%s:v]format=%s,loop=-1:%s:0,setpts=N/%s/TB[%s]", in, format, loops, pts, out)
	}
	graph := strings.Join([]string{
		still("0", "yuv420p", "1", "30", "bg"), still("1", "yuv420p", "1", "30", "art"),
		still("2", "yuva420p", "4", "12", "sp"), still("3", "yuva420p", "1", "30", "lo"),
		"[bg][art]overlay=80:92[v1]", "[v1][sp]overlay=x='852+26*sin(2*PI*t/3)':y='152+8*sin(2*PI*t/3)':eval=frame[v2]", "[v2][lo]overlay=0:592[v3]",
		"[v3]" + strings.Join([]string{
			text(`%{eif\:1000+t*37\:d} SOTHE`, "42", "white", "532", "106", "10"), text(`bidder_%{eif\:t\:d}.eth`, "26", "yellow", "532", "180", "8"),
			text(`%{pts\:hms}`, "48", "white", "532", "246", "10"), text(`こんにちは みなさん！ Lot %{eif\:t\:d} is live, bids are open now`, "32", "white", "40", "626", ""),
		}, ",") + "[out]",
	}, ";")
	in := func(rate, name string) []string { return []string{"-framerate", rate, "-i", filepath.Join(dir, name)} }
	args := []string{"-hide_banner", "-loglevel", "error", "-y"}
	for _, i := range [][]string{in("30", "bg.png"), in("30", "art.png"), in("12", "sprite_%d.png"), in("30", "lower.png")} {
		args = append(args, i...)
	}
	return append(args, "-filter_complex", graph, "-map", "[out]", "-t", fmt.Sprint(secs), "-r", "30", "-f", "null", "-")
}

// findFont finds a font with both scripts of the scene for drawtext; the stage finds its own.
func findFont() (string, error) {
	var found string
	err := filepath.WalkDir("/usr/share/fonts", func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == fontFile {
			found = p
			return filepath.SkipAll
		}
		return nil
	})
	if err != nil || found == "" {
		return "", fmt.Errorf("no %s under /usr/share/fonts: install the package fonts-noto-cjk", fontFile)
	}
	return found, nil
}
