package host

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
	"github.com/sothebais/sothebais/host/plugin/replay"
)

// PluginBench measures a plugin on its own transcripts, in this process: what the sandbox of its own process adds is not
// its doing.
type PluginBench struct {
	Dir   string
	Least int // events to measure at least, over and over; 5000 when 0
}

// PluginCost is what a plugin costs on one transcript.
type PluginCost struct {
	Name            string  `json:"name"`
	Events          int     `json:"events"` // that were measured
	EventsPerSecond float64 `json:"events_per_second"`
	P50Micros       float64 `json:"p50_us"`
	P99Micros       float64 `json:"p99_us"`
	FuelPerEvent    int64   `json:"fuel_per_event"` // mean; the same on every machine
	MostFuel        int64   `json:"most_fuel"`
	FuelLimit       int64   `json:"fuel_limit"`
}

// Run measures each transcript.
func (b PluginBench) Run(ctx context.Context) ([]PluginCost, error) {
	if b.Least == 0 {
		b.Least = 5000
	}
	if err := OfPlugin(b.Dir); err != nil {
		return nil, err
	}
	files, err := transcripts(b.Dir)
	if err != nil || len(files) == 0 {
		return nil, failf(ErrBadInput, "%s holds no transcript to measure it on; put one there, such as tests/bids.jsonl", filepath.Join(b.Dir, "tests"))
	}
	w, err := OpenWorkbench(ctx, "")
	if err != nil {
		return nil, err
	}
	defer w.Close(ctx)
	l := loader{runtime: w.runtime, plugins: w.plugins}
	p, err := l.loadFolder(ctx, b.Dir)
	if err != nil {
		return nil, err
	}
	defer p.guest.Close(context.WithoutCancel(ctx))
	var out []PluginCost
	for _, file := range files {
		c, err := b.transcript(ctx, p, file)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (b PluginBench) transcript(ctx context.Context, p shelved, file string) (PluginCost, error) {
	c := PluginCost{Name: filepath.Base(file), FuelLimit: p.manifest.Limits.Fuel}
	f, err := os.Open(file)
	if err != nil {
		return c, ofKind(ErrBadInput, err)
	}
	defer f.Close()
	events, err := replay.ReadTranscript(f, file, Facts().DecodeStrict)
	if err != nil {
		return c, ofKind(ErrBadInput, err)
	}
	heard := slices.Concat(p.manifest.Subscribes, abi.AnswerKinds())
	events = slices.DeleteFunc(events, func(e event.Event) bool {
		return !slices.Contains(heard, e.Kind()) || !plugin.IsFor(e.Data, p.manifest)
	})
	if len(events) == 0 {
		return c, failf(ErrBadInput, "%s holds no event that the plugin subscribes to", file)
	}
	var m costs
	if err := m.round(ctx, p.guest, events); err != nil { // to warm up
		return c, err
	}
	for m = (costs{}); len(m.took) < b.Least; {
		if err := m.round(ctx, p.guest, events); err != nil {
			return c, err
		}
	}
	m.sum(&c)
	return c, nil
}

// costs are what single events cost.
type costs struct {
	took       []time.Duration
	fuel, most int64
}

// round plays events to a guest that knows of none yet.
func (m *costs) round(ctx context.Context, fresh plugin.Guest, events []event.Event) error {
	g, err := fresh.Clone(ctx)
	if err != nil {
		return err
	}
	defer g.Close(context.WithoutCancel(ctx))
	for i := range events {
		start := time.Now()
		_, err := g.HandleBatch(ctx, events[i:i+1])
		took := time.Since(start)
		if err != nil {
			return failf(ErrBadInput, "event %d (%s): %w", events[i].Seq, events[i].Kind(), err)
		}
		fuel := g.Stats().Fuel
		m.took, m.fuel, m.most = append(m.took, took), m.fuel+fuel, max(m.most, fuel)
	}
	return nil
}

func (m *costs) sum(c *PluginCost) {
	slices.Sort(m.took)
	var all time.Duration
	for _, d := range m.took {
		all += d
	}
	n := len(m.took)
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	c.Events, c.EventsPerSecond = n, float64(n)/all.Seconds()
	c.P50Micros, c.P99Micros = micros(m.took[n/2]), micros(m.took[n*99/100])
	c.FuelPerEvent, c.MostFuel = m.fuel/int64(n), m.most
}
