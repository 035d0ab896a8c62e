// Command bench measures the product against rivals and floors in the same run, and says which goals it falls short of.
//
//	go run ./cmd/bench [-write docs/benchmarks.md] [name ...]
//
// It ends with a line a figure: RATIO <name> <value> goal <goal> ok|short. It exits 1 when any is short.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sothebais/sothebais/cmd/bench/ratio"
	"github.com/sothebais/sothebais/host/auctioneer/auctioneerbench"
	"github.com/sothebais/sothebais/host/compositor/compositorbench"
	"github.com/sothebais/sothebais/host/plugin/wasm/wasmbench"
)

// figure is one thing that is measured.
type figure struct {
	ratio.Goal
	what string
	run  func(ctx context.Context, dir string) (value float64, detail string, err error)
}

var figures = []figure{
	{ratio.Goal{Name: "post_to_frame_p99_ms", Value: 150, AtMost: true}, "a post reaches a frame, 20 posts a second, milliseconds", postToFrame},
	{ratio.Goal{Name: "bids_vs_naive", Value: 8}, "durable bids a second against one SQLite transaction a bid, both from 32 callers", bids},
	{ratio.Goal{Name: "event_vs_native", Value: 20, AtMost: true}, "one event through a metered guest against native Go doing the same", event},
	{ratio.Goal{Name: "frame720_vs_ffmpeg", Value: 1.5}, "CPU of FFmpeg's overlay and drawtext for a 720p frame against ours", frame},
}

func main() {
	write := flag.String("write", "", "file to keep the run in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, *write, flag.Args()))
}

func run(ctx context.Context, write string, names []string) int {
	var out bytes.Buffer
	code := 0
	for _, f := range figures {
		if len(names) > 0 && !slices.Contains(names, f.Name) {
			continue
		}
		line, detail, ok := measure(ctx, f)
		if !ok {
			code = 1
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n    %s\n", f.Name, f.what, detail)
		fmt.Fprintln(&out, line)
	}
	fmt.Print(out.String())
	if write != "" {
		if err := ratio.Keep(write, "bench", out.String()); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
	}
	return code
}

// measure runs one figure. A figure that could not be had is short.
func measure(ctx context.Context, f figure) (line, detail string, ok bool) {
	dir, err := os.MkdirTemp("", "sothebais-bench-")
	if err != nil {
		return f.Missing(), err.Error(), false
	}
	defer os.RemoveAll(dir)
	v, detail, err := f.run(ctx, dir)
	if err != nil {
		return f.Missing(), err.Error(), false
	}
	line, ok = f.Line(v)
	return line, detail, ok
}

func bids(_ context.Context, dir string) (float64, string, error) {
	ours, naive, err := auctioneerbench.Run(dir)
	return ours / naive, fmt.Sprintf("ours %.0f bids/s, naive %.0f bids/s", ours, naive), err
}

func event(context.Context, string) (float64, string, error) {
	guest, native, err := wasmbench.Run(1)
	return guest / native, fmt.Sprintf("guest %.0f ns, native %.1f ns", guest, native), err
}

func frame(ctx context.Context, _ string) (float64, string, error) {
	ours, theirs, err := compositorbench.Run(ctx, "ffmpeg")
	return theirs / ours, fmt.Sprintf("ours %.3f ms of CPU a frame, FFmpeg %.3f ms", ours, theirs), err
}

// postToFrame runs a show with a crowd, and takes its own account of how long posts took.
func postToFrame(ctx context.Context, dir string) (float64, string, error) {
	cmd := exec.CommandContext(ctx, "build/sothebais", "demo", "--for", "45s", "--posts-per-second", "20", "--data-dir", filepath.Join(dir, "data"),
		"--x-port", "0", "--sink-port", "0", "--json")
	cmd.Env = append(os.Environ(), freePorts()...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	if err != nil {
		return 0, "", fmt.Errorf("run build/sothebais (make build): %w: %s", err, tail(stderr.String()))
	}
	var r struct {
		PostToFrame struct {
			P50, P99 float64
			N        int
		} `json:"post_to_frame_ms"`
		Frames     int `json:"frames"`
		FramesLate int `json:"frames_late"`
		Posts      int `json:"posts"`
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return 0, "", fmt.Errorf("read the report: %w", err)
	}
	if r.PostToFrame.N == 0 {
		return 0, "", fmt.Errorf("of %d posts none reached a frame", r.Posts)
	}
	return r.PostToFrame.P99, fmt.Sprintf("p50 %.1f ms, p99 %.1f ms over %d posts that were answered on stage (%d in all); %d of %d frames late",
		r.PostToFrame.P50, r.PostToFrame.P99, r.PostToFrame.N, r.Posts, r.FramesLate, r.Frames), nil
}

// freePorts lets every part take a port of its own, beside whatever else runs here.
func freePorts() []string {
	var env []string
	for _, name := range []string{"ADMIN_PORT", "ADMIN_WS_PORT", "ADMIN_METRICS_PORT", "ADMIN_HEALTH_PORT", "STREAM_MANAGER_RTMP_PORT",
		"STREAM_MANAGER_METRICS_PORT", "STREAM_MANAGER_HEALTH_PORT", "EVENT_HANDLER_METRICS_PORT", "EVENT_HANDLER_HEALTH_PORT",
		"AUCTION_ENGINE_METRICS_PORT", "AUCTION_ENGINE_HEALTH_PORT", "AGENT_SERVICE_METRICS_PORT", "AGENT_SERVICE_HEALTH_PORT",
		"STREAM_MANAGER_PORT", "STREAM_MANAGER_WS_PORT", "EVENT_HANDLER_PORT", "EVENT_HANDLER_STREAM_PORT", "AUCTION_ENGINE_PORT", "AUCTION_ENGINE_WS_PORT",
		"AGENT_SERVICE_PORT", "AGENT_SERVICE_WS_PORT"} {
		env = append(env, name+"=0")
	}
	return env
}

func tail(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-3):], " | ")
}
