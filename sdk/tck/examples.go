package tck

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/abi"
)

//go:embed examples/*.golden examples/*.state examples/*.store
var exampleFiles embed.FS

// Examples are the names of the example plugins, which examples/README.md describes.
func Examples() []string {
	var names []string
	for _, x := range examples() {
		names = append(names, x.name)
	}
	return names
}

// RunExample holds one of the example plugins, compiled from whichever language, and a host against its description:
// the commands, the state and what is in the store, in one batch, event by event and handed over again and again.
func RunExample(t *testing.T, r plugin.Runtime, name string, code []byte) {
	x := exampleNamed(t, name)
	whole := len(x.transcript)
	t.Run("in one batch", func(t *testing.T) { x.onStage(t, r, code).play(whole, whole).compare() })
	t.Run("event by event", func(t *testing.T) { x.onStage(t, r, code).play(whole, 1).compare() })
	t.Run("handed over again and again", func(t *testing.T) { x.handOver(t, r, [][]byte{code}, 7) })
	t.Run("state that cannot be", func(t *testing.T) { x.badStates(t, r, code) })
	t.Run("without its powers", func(t *testing.T) { x.powerless(t, r, code) })
	t.Run("memory stays flat", func(t *testing.T) { x.flat(t, r, code) })
}

// HandOverExample hands the state of an example plugin round between modules of several languages, every few events.
func HandOverExample(t *testing.T, r plugin.Runtime, name string, codes ...[]byte) {
	exampleNamed(t, name).handOver(t, r, codes, 4)
}

func exampleNamed(t *testing.T, name string) example {
	t.Helper()
	all := examples()
	i := slices.IndexFunc(all, func(x example) bool { return x.name == name })
	if i < 0 {
		t.Fatalf("no example is called %q; there are %s", name, strings.Join(Examples(), ", "))
	}
	return all[i]
}

// onAir is an example plugin while it plays its transcript.
type onAir struct {
	t       *testing.T
	x       example
	runtime plugin.Runtime
	guest   plugin.Guest
	rest    []event.Event
	lines   []string
	store   map[string][]byte // nil when it is closed
}

func (x example) onStage(t *testing.T, r plugin.Runtime, code []byte) *onAir {
	t.Helper()
	o := &onAir{t: t, x: x, runtime: r, rest: x.events(), store: map[string][]byte{}}
	o.guest = o.load(code)
	return o
}

func (o *onAir) load(code []byte) plugin.Guest {
	o.t.Helper()
	m := Manifest()
	m.ID, m.Kind = o.x.name, o.x.kind
	s := plugin.Spec{Manifest: m, Files: files("", code), Store: plugin.Store{Granted: o.store != nil, Content: o.store}}
	g, err := o.runtime.Load(context.Background(), s)
	if err != nil {
		o.t.Fatal(err)
	}
	o.t.Cleanup(func() {
		if err := g.Close(context.Background()); err != nil {
			o.t.Error(err)
		}
	})
	return g
}

// play gives the guest the next events, so many at a time.
func (o *onAir) play(count, atOnce int) *onAir {
	o.t.Helper()
	events := o.rest[:count]
	o.rest = o.rest[count:]
	for len(events) > 0 {
		n := min(atOnce, len(events))
		reactions, err := o.guest.HandleBatch(context.Background(), events[:n])
		if err != nil {
			o.t.Fatal(err)
		}
		for _, r := range reactions {
			o.take(r)
		}
		events = events[n:]
	}
	return o
}

func (o *onAir) take(r plugin.Reaction) {
	switch c := r.Call.(type) {
	case *abi.StorePut:
		o.store[c.Key] = slices.Clone(c.Value)
	default:
		o.lines = append(o.lines, line(r))
	}
}

// handTo puts another module in the place of the guest.
func (o *onAir) handTo(code []byte) {
	o.t.Helper()
	state := o.save()
	o.guest = o.load(code)
	if err := o.guest.Restore(context.Background(), state); err != nil {
		o.t.Fatal(err)
	}
}

func (o *onAir) save() []byte {
	o.t.Helper()
	state, err := o.guest.Save(context.Background())
	if err != nil {
		o.t.Fatal(err)
	}
	return state
}

// compare holds what came of the whole transcript against the files beside the description.
func (o *onAir) compare() {
	o.t.Helper()
	for _, c := range []struct{ suffix, got string }{
		{"golden", strings.Join(o.lines, "\n") + "\n"}, {"state", string(o.save())}, {"store", storeText(o.store)},
	} {
		file := "examples/" + o.x.name + "." + c.suffix
		want, err := exampleFiles.ReadFile(file)
		if err != nil {
			o.t.Fatal(err)
		}
		got, wanted := strings.Split(c.got, "\n"), strings.Split(string(want), "\n")
		for i := range max(len(got), len(wanted)) {
			if g, w := at(got, i), at(wanted, i); g != w {
				o.t.Errorf("%s:%d:\n got %q\nwant %q", file, i+1, g, w)
				break
			}
		}
	}
}

func storeText(store map[string][]byte) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(store)) {
		fmt.Fprintf(&b, "%s: %s\n", k, store[k])
	}
	return b.String()
}

func (x example) handOver(t *testing.T, r plugin.Runtime, codes [][]byte, every int) {
	o := x.onStage(t, r, codes[0])
	for i := 1; len(o.rest) > every; i++ {
		o.play(every, every)
		o.handTo(codes[i%len(codes)])
	}
	o.play(len(o.rest), every).compare()
}

// badStates checks that what is no state of the plugin is refused with the right line, and leaves it as it was.
func (x example) badStates(t *testing.T, r plugin.Runtime, code []byte) {
	good, err := exampleFiles.ReadFile("examples/" + x.name + ".state")
	if err != nil {
		t.Fatal(err)
	}
	whole := string(good)
	lines := strings.Count(whole, "\n")
	o := x.onStage(t, r, code)
	for _, c := range []struct {
		state string
		line  int
	}{
		{"", 1}, {"\n", 1}, {x.name + " 1", 1}, {x.name + " 2\n", 1}, {"nobody 1\n", 1},
		{x.name + " 1\nsurprise 1\n", 2}, {x.name + " 1\n\n", 2}, {whole + "nonsense\n", lines + 1},
		{strings.TrimSuffix(whole, "\n"), lines}, {whole + " \n", lines + 1}, {strings.Replace(whole, " 1\n", " 1\n ", 1), 2},
	} {
		err := o.guest.Restore(context.Background(), []byte(c.state))
		want := fmt.Sprintf("line %d is not of a state of %s 1", c.line, x.name)
		if !errors.Is(err, plugin.ErrState) || !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("state %q: error %v; want %s", c.state, err, want)
		}
	}
	o.play(len(x.transcript), len(x.transcript)).compare()
	o = x.onStage(t, r, code) // a state is taken over before the first event, and once
	if err := o.guest.Restore(context.Background(), good); err != nil {
		t.Fatal(err)
	}
	if again := o.save(); string(again) != whole {
		t.Errorf("restored and saved once more:\n got %q\nwant %q", again, whole)
	}
}

// powerless checks that a plugin whose powers were not granted says so and goes on.
func (x example) powerless(t *testing.T, r plugin.Runtime, code []byte) {
	o := &onAir{t: t, x: x, runtime: r, rest: x.events()}
	o.guest = o.load(code)
	o.play(len(x.transcript), 5)
	if x.name == "regulars" && !slices.ContainsFunc(o.lines, func(l string) bool { return strings.HasSuffix(l, `log level=4 "cannot remember @ann: denied"`) }) {
		t.Errorf("nothing says that the store is closed:\n%s", strings.Join(o.lines, "\n"))
	}
}

// flat plays so often that a guest whose collector never ran would have grown by far more than is allowed here.
func (x example) flat(t *testing.T, r plugin.Runtime, code []byte) {
	const slack = 4 << 20
	o := x.onStage(t, r, code)
	again := func(times int) uint64 {
		for range times {
			o.rest, o.lines = x.events(), o.lines[:0]
			o.play(len(x.transcript), 16)
		}
		return o.guest.Stats().Memory
	}
	early := again(100)
	if late := again(500); late > early+slack {
		t.Errorf("memory went from %d to %d bytes", early, late)
	}
}
