package runner

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/event"
	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/post"
)

// bids are posts whose records have about 300 bytes.
func bids(n int) []event.Event {
	out := make([]event.Event, n)
	for i := range out {
		out[i] = event.Event{Seq: uint64(i + 1), At: time.UnixMilli(1_700_000_000_000), Data: post.Received{Intent: post.IntentBid, Post: post.Post{
			ID: "1735400000000000001", Root: "1735400000000000001", AuthorID: "44196397", Handle: "ann_collects", Name: "Ann",
			Text: "bid 1.5 ETH " + strings.Repeat("for the fox ", 10)}}}
	}
	return out
}

// BenchmarkHandle is one event, and an event of a batch, through a guest in a process of its own and through one in
// this.
func BenchmarkHandle(b *testing.B) {
	code, err := os.ReadFile("../wasmbench/pass.wasm")
	if err != nil {
		b.Fatal(err)
	}
	inside, err := wasm.New(context.Background(), wasm.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer inside.Close(context.Background())
	m := manifest()
	m.Limits.MemoryMiB = 1
	for name, r := range map[string]plugin.Runtime{"inside": inside, "runner": newRuntime(b, Config{})} {
		g, err := r.Load(context.Background(), plugin.Spec{Manifest: m, Files: files(code)})
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 64} {
			b.Run(name+"/"+strconv.Itoa(n), func(b *testing.B) {
				batch := bids(n)
				took := make([]time.Duration, 0, 1<<16)
				for b.Loop() {
					start := time.Now()
					if _, err := g.HandleBatch(context.Background(), batch); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				report(b, took, n)
			})
		}
		if err := g.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}

// report gives what n events of a call took. On a machine with other work the median says how long a thread waits for
// its turn; what the call itself takes is nearer to the first of ten.
func report(b *testing.B, took []time.Duration, n int) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/10].Nanoseconds())/float64(n), "p10-ns/event")
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/float64(n), "p50-ns/event")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "mean-ns/event")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkBeside is one event now and then while every core has other work, which is how plugins live beside a stage.
// Inside of the program and in a process of its own take turns.
func BenchmarkBeside(b *testing.B) {
	for range runtime.NumCPU() {
		defer echo(b, "burn")()
	}
	code, err := os.ReadFile("../wasmbench/pass.wasm")
	if err != nil {
		b.Fatal(err)
	}
	inside, err := wasm.New(b.Context(), wasm.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer inside.Close(context.Background())
	var guests []plugin.Guest
	for _, r := range []plugin.Runtime{inside, newRuntime(b, Config{})} {
		g, err := r.Load(b.Context(), plugin.Spec{Manifest: manifest(), Files: files(code)})
		if err != nil {
			b.Fatal(err)
		}
		defer g.Close(context.Background())
		guests = append(guests, g)
	}
	batch := bids(1)
	took := make([][]time.Duration, len(guests))
	for i := 0; b.Loop(); i++ {
		for n, g := range guests {
			time.Sleep(time.Duration(1+i%7) * time.Millisecond)
			start := time.Now()
			if _, err := g.HandleBatch(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
			took[n] = append(took[n], time.Since(start))
		}
	}
	for n, name := range []string{"inside", "runner"} {
		slices.Sort(took[n])
		for _, q := range []int{50, 95, 99} {
			b.ReportMetric(float64(took[n][len(took[n])*q/100].Nanoseconds())/1000, fmt.Sprintf("%s-p%d-us", name, q))
		}
	}
	b.ReportMetric(0, "ns/op")
}

// BenchmarkRestart is from the moment at which a process is killed to the first answer of its successor.
func BenchmarkRestart(b *testing.B) {
	for name, code := range map[string][]byte{"small": read(b, "echo.wasm"), "go": read(b, "fixture.wasm")} {
		for _, spare := range []bool{true, false} {
			b.Run(name+"/spare="+strconv.FormatBool(spare), func(b *testing.B) {
				r := newRuntime(b, Config{CacheDir: b.TempDir(), Heartbeat: time.Hour})
				g := load(b, r, code)
				batch := []event.Event{tick(1)}
				for b.Loop() {
					b.StopTimer()
					g.deaths = 0
					if spare {
						g.standBy(context.Background())
					}
					b.StartTimer()
					kill(g)
					if _, err := g.HandleBatch(context.Background(), batch); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkTransport is a call of 300 bytes that is answered with 200, between two processes, by each of the ways that
// were considered.
func BenchmarkTransport(b *testing.B) {
	b.Run("ring", func(b *testing.B) {
		f, err := newMemory("ring", ringBytes)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		r, err := mapRing(int(f.Fd()))
		if err != nil {
			b.Fatal(err)
		}
		defer r.close()
		defer echo(b, "ring", f)()
		call300 := bids(1)[0].Data.(post.Received).Post.Text[:100]
		out := make([]byte, 200)
		n := uint32(0)
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			n++
			copy(r.requests(), call300)
			copy(r.requests()[100:], call300)
			copy(r.requests()[200:], call300)
			if err := r.do(n, call{Size: 300}, time.Minute); err != nil {
				b.Fatal(err)
			}
			copy(out, r.answers())
			took = append(took, time.Since(start))
		}
		report(b, took, 1)
	})
	b.Run("pipe", func(b *testing.B) {
		theirs, to, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		from, back, err := os.Pipe()
		if err != nil {
			b.Fatal(err)
		}
		defer echo(b, "stream", theirs, back)()
		stream(b, from, to)
	})
	b.Run("socketpair", func(b *testing.B) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			b.Fatal(err)
		}
		ours, theirs := os.NewFile(uintptr(fds[0]), "ours"), os.NewFile(uintptr(fds[1]), "theirs")
		defer echo(b, "stream", theirs, theirs)()
		stream(b, ours, ours)
	})
}

func stream(b *testing.B, from io.ReadCloser, to io.WriteCloser) {
	defer from.Close()
	defer to.Close()
	in := bufio.NewReader(from)
	buf := make([]byte, 304)
	var took []time.Duration
	for b.Loop() {
		start := time.Now()
		binary.LittleEndian.PutUint32(buf, 300)
		if _, err := to.Write(buf); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(in, buf[:204]); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	report(b, took, 1)
}

// echo starts this test as the other side; the function that it gives ends that.
func echo(b *testing.B, how string, files ...*os.File) func() {
	b.Helper()
	cmd := exec.Command(os.Args[0], "echo-"+how)
	cmd.ExtraFiles, cmd.Stderr = files, os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	if how == "stream" {
		for _, f := range files {
			_ = f.Close()
		}
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// echoMain is the other side of BenchmarkTransport, and other work.
func echoMain(how string) int {
	if how == "burn" {
		for { //nolint:staticcheck // it spins: that is what the others run beside
		}
	}
	if how == "ring" {
		r, err := mapRing(3)
		if err != nil {
			return 1
		}
		in := make([]byte, 300)
		for last := uint32(0); ; {
			last = r.next(last)
			copy(in, r.requests())
			copy(r.answers(), in[:200])
			r.done(last)
		}
	}
	in, out := bufio.NewReader(os.NewFile(3, "in")), os.NewFile(4, "out")
	buf := make([]byte, 304)
	for {
		if _, err := io.ReadFull(in, buf); err != nil {
			return 0
		}
		if _, err := out.Write(buf[:204]); err != nil {
			return 0
		}
	}
}
