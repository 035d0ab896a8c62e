package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// root is where the product's module begins, seen from here.
const root = "../../../../.."

// metrics are what a benchmark reports, by unit.
type metrics map[string]float64

// benchmarks runs benchmarks of a package of the product so many times and gives what each reports, by its name without
// the prefix and the number of processors. Of several the median counts: each has its guests loaded anew, and where their
// code and memory come to lie makes some percent.
func benchmarks(ctx context.Context, pkg, pattern, time string, times int) (map[string]metrics, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", pattern, "-benchtime", time, "-count", strconv.Itoa(times), pkg)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("benchmarks %s of %s: %w\n%s", pattern, pkg, err, bytes.TrimSpace(b))
	}
	return parse(string(b)), nil
}

func parse(text string) map[string]metrics {
	all := map[string]map[string][]float64{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 4 || !strings.HasPrefix(words[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(words[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i]
		}
		if all[name] == nil {
			all[name] = map[string][]float64{}
		}
		for i := 2; i+1 < len(words); i += 2 {
			if v, err := strconv.ParseFloat(words[i], 64); err == nil {
				all[name][words[i+1]] = append(all[name][words[i+1]], v)
			}
		}
	}
	out := map[string]metrics{}
	for name, units := range all {
		out[name] = metrics{}
		for unit, v := range units {
			slices.Sort(v)
			out[name][unit] = v[len(v)/2]
		}
	}
	return out
}

// taken is a figure that a benchmark of a package reports.
type taken struct {
	figure          string
	benchmark, unit string
	times           float64 // what makes the figure's unit of the benchmark's
}

// ofPackages takes what needs the inside of a package from that package's benchmarks.
func ofPackages(ctx context.Context, _ string, r *results) error {
	for _, p := range []struct {
		pkg, pattern, time string
		times              int
		taken              []taken
	}{
		{"./host/plugin/wasm", "^(BenchmarkMetering|BenchmarkScriptMetering|BenchmarkRollBack|BenchmarkParts)$", "300ms", 7, []taken{
			{"fuel_c", "Metering/c", "metered/plain", 1},
			{"fuel_go", "Metering/go", "metered/plain", 1},
			{"fuel_js", "ScriptMetering/answer", "metered/plain", 1},
			{"rollback_us", "RollBack/0KiB/after20", "rollback-p50-ns", 1e-3},
		}},
		{"./host/plugin/replay", "^BenchmarkRead$", "2s", 1, []taken{{"log_events_m", "Read", "events/s", 1e-6}}},
		{"./host/plugin/wasm/runner", "^BenchmarkHostileStall$", "1x", 1, []taken{{"hostile_stall_ms", "HostileStall", "hostile_stall_ms", 1}}},
	} {
		got, err := benchmarks(ctx, p.pkg, p.pattern, p.time, p.times)
		if err != nil {
			return err
		}
		for _, t := range p.taken {
			v, ok := got[t.benchmark][t.unit]
			if !ok {
				return fmt.Errorf("benchmark %s of %s reports no %s", t.benchmark, p.pkg, t.unit)
			}
			r.figures[t.figure] = v * t.times
		}
		for name, m := range got {
			fmt.Fprintf(os.Stderr, "    %s: %v\n", name, m)
		}
		for _, n := range []string{"1", "64"} {
			if _, ok := got["Parts/whole/"+n]; !ok {
				continue
			}
			part := func(name string) float64 { return got["Parts/"+name+"/"+n]["p10-ns/event"] }
			r.note("an event in a batch of %s, when nothing disturbs it: %.0f ns to write its record, %.0f in the guest and on the way, %.0f to read the command; %.0f with the copy for a roll-back",
				n, part("record"), part("guest"), part("command"), part("whole"))
		}
		if m, ok := got["HostileStall"]; ok {
			r.note("while hostile modules run a ticker of 1 ms is late by %.1f ms at worst, p99 %.2f ms; for as long while nothing does %.1f ms, p99 %.2f ms",
				m["hostile_stall_ms"], m["hostile_p99_ms"], m["control_stall_ms"], m["control_p99_ms"])
		}
	}
	return nil
}
