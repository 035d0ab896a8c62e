// Command rivals measures the plugin host against other plugin systems, and against floors, in the same run.
//
//	go run . -guests <dir> [-write docs/benchmarks.md]
//
// The guests are built by guests/build.sh. It runs in this folder, and ends with a line a figure: RATIO <name> <value>
// goal <goal> ok|short. It exits 1 when any is short. What else was measured is told on stderr and in the document.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"github.com/sothebais/sothebais/cmd/bench/ratio"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
)

// goals are the figures, in the order in which they are told.
var goals = []ratio.Goal{
	{Name: "event_vs_extism_c", Value: 160},
	{Name: "event_vs_extism_go", Value: 260},
	{Name: "batch_vs_extism_c", Value: 2300},
	{Name: "batch_vs_extism_go", Value: 1400},
	{Name: "runner_event_us", Value: 3, AtMost: true},
	{Name: "runner_batch_ns", Value: 150, AtMost: true},
	{Name: "event_vs_native", Value: 5, AtMost: true},
	{Name: "batch_vs_native", Value: 2, AtMost: true},
	{Name: "fuel_c", Value: 1.15, AtMost: true},
	{Name: "fuel_go", Value: 1.5, AtMost: true},
	{Name: "fuel_js", Value: 1.15, AtMost: true},
	{Name: "swap_p50_us", Value: 10, AtMost: true},
	{Name: "swap_p99_us", Value: 250, AtMost: true},
	{Name: "rollback_us", Value: 5, AtMost: true},
	{Name: "allocs_per_event", Value: 0, AtMost: true},
	{Name: "hostile_stall_ms", Value: 5, AtMost: true},
	{Name: "log_events_m", Value: 1},
	{Name: "session_2h_ms", Value: 1000, AtMost: true},
}

// results is what was measured.
type results struct {
	figures map[string]float64
	notes   []string // what has no goal
}

func (r *results) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
	fmt.Fprintf(os.Stderr, "    "+format+"\n", args...)
}

// probe measures some of the figures.
type probe struct {
	what string
	run  func(ctx context.Context, guests string, r *results) error
}

var probes = []probe{
	{"an event, against rivals", againstRivals},
	{"an event, against native Go", againstNative},
	{"an event, in a process of its own", inRunner},
	{"swaps", swaps},
	{"a recorded session of two hours", session},
	{"what the benchmarks of packages say", ofPackages},
}

func main() {
	if runner.IsChild(os.Args) {
		os.Exit(runner.Main())
	}
	guests := flag.String("guests", "", "folder of the compiled guests")
	write := flag.String("write", "", "file to keep the run in")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, *guests, *write))
}

func run(ctx context.Context, guests, write string) int {
	r, code := measure(ctx, guests)
	lines, short := tell(r)
	fmt.Print(lines)
	if write != "" {
		for _, n := range r.notes {
			lines += n + "\n"
		}
		if err := ratio.Keep(write, "bench-plugins", lines); err != nil {
			fmt.Fprintln(os.Stderr, "rivals:", err)
			return 1
		}
	}
	return max(code, short)
}

// measure runs all probes. One that fails leaves its figures out, and the others go on.
func measure(ctx context.Context, guests string) (*results, int) {
	r, code := &results{figures: map[string]float64{}}, 0
	for _, p := range probes {
		fmt.Fprintln(os.Stderr, p.what)
		if err := p.run(ctx, guests, r); err != nil {
			fmt.Fprintf(os.Stderr, "    %s: %v\n", p.what, err)
			code = 1
		}
	}
	return r, code
}

func tell(r *results) (lines string, code int) {
	var out bytes.Buffer
	for _, g := range goals {
		line, ok := g.Missing(), false
		if v, measured := r.figures[g.Name]; measured {
			line, ok = g.Line(v)
		}
		if !ok {
			code = 1
		}
		fmt.Fprintln(&out, line)
	}
	return out.String(), code
}
