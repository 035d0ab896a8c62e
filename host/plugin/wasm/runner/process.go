package runner

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sys/unix"
)

// process is a child as the program sees it.
type process struct {
	cmd   *exec.Cmd
	phone *os.File
	said  *talk // what it wrote to stderr
	walls Walls

	calls uint32
	own   *ground              // where it may begin besides that of its guest; nil for nowhere
	place byte                 // where it begins
	rings atomic.Pointer[ring] // that it answers
	ended atomic.Bool
	done  chan struct{} // closed when it was waited for
}

// Where a child begins.
const (
	placeGuest = iota + 1
	placeOwn
)

// ground is the memory that a guest has in common with its process: the ring, and the images.
type ground struct {
	ring                *ring
	ringFile, shelfFile *os.File
}

func newGround(memoryMiB int) (*ground, error) {
	g := new(ground)
	var err error
	if g.ringFile, err = newMemory("ring", ringBytes); err == nil {
		g.shelfFile, err = newMemory("images", int64(places*placeBytes(memoryMiB)))
	}
	if err == nil {
		g.ring, err = mapRing(int(g.ringFile.Fd()))
	}
	if err != nil {
		return nil, errors.Join(err, g.free())
	}
	return g, nil
}

// free gives the memory back.
func (g *ground) free() error {
	if g == nil {
		return nil
	}
	var err error
	if g.ring != nil {
		err = g.ring.close()
	}
	for _, f := range []*os.File{g.ringFile, g.shelfFile} {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
	}
	*g = ground{}
	return err
}

// cradle is what a child is born with.
type cradle struct {
	*ground
	paper    *os.File
	command  []string
	spawner  *spawner
	children prometheus.Gauge
}

// spawn starts a child; it compiles its plugin and says hello. With a ground of its own it may become the process of
// another guest of the same plugin.
func (c *cradle) spawn(own *ground) (*process, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("a line to the plugin's process: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "phone"), os.NewFile(uintptr(fds[1]), "phone")
	defer theirs.Close()
	p := &process{phone: ours, said: new(talk), own: own, place: placeGuest, done: make(chan struct{})}
	p.cmd = exec.Command(c.command[0], c.command[1:]...)
	p.cmd.Env = []string{"GOGC=off"} // not that of the program; live turns the collector on, and before that there is little garbage
	p.cmd.Dir = "/"
	last, theirLast, err := os.Pipe()
	if err != nil {
		_ = ours.Close()
		return nil, fmt.Errorf("a pipe from the plugin's process: %w", err)
	}
	defer theirLast.Close()
	p.cmd.Stderr = theirLast
	if own == nil {
		own = c.ground // twice the same
	}
	p.cmd.ExtraFiles = []*os.File{theirs, c.paper, c.ringFile, c.shelfFile, own.ringFile, own.shelfFile}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // not what a terminal sends to the program
	if err := c.spawner.start(p.cmd); err != nil {
		_ = errors.Join(ours.Close(), last.Close())
		return nil, fmt.Errorf("start the plugin's process: %w", err)
	}
	c.children.Inc()
	go func() {
		// Its stderr ends with it. Wait alone would keep a thread of the program asleep all the while, see await of ring.
		_, _ = io.Copy(p.said, last)
		_ = last.Close()
		_ = p.cmd.Wait() // how it ended is in its state
		c.children.Dec()
		p.ended.Store(true)
		if r := p.rings.Load(); r != nil {
			r.hangUp()
		}
		close(p.done)
	}()
	return p, nil
}

// maxHello bounds what a child says before its plugin has run.
const maxHello = 256 << 10

// greet waits until the child has compiled its plugin, for so long. It has ended after an error.
func (p *process) greet(ctx context.Context, limit time.Duration) error {
	late := time.AfterFunc(limit, func() { p.said.note(errLate.Error()); p.kill() })
	defer late.Stop()
	defer context.AfterFunc(ctx, p.kill)()
	line, err := bufio.NewReader(io.LimitReader(p.phone, maxHello)).ReadBytes('\n')
	var h hello
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	switch {
	case err == nil && h.Failure == nil:
		p.walls = h.Walls
		return nil
	case err == nil:
		err = h.Failure.error()
		p.walls = h.Walls
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		err = nil
	}
	p.kill()
	<-p.done
	if err == nil {
		err = errors.New(p.epitaph())
	}
	return err
}

// answer lets the child answer the ring, which no other does any more.
func (p *process) answer(r *ring) error {
	r.reset()
	p.rings.Store(r)
	if p.ended.Load() {
		r.hangUp()
	}
	if _, err := p.phone.Write([]byte{p.place}); err != nil {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return nil
}

// next gives the number of the next call.
func (p *process) next() uint32 {
	if p.calls++; p.calls == gone {
		p.calls = 1
	}
	return p.calls
}

func (p *process) kill() { _ = p.cmd.Process.Kill() } // it may be gone already

// end kills the child and waits until nothing is left of it.
func (p *process) end() {
	p.kill()
	<-p.done
	_ = p.phone.Close()
	_ = p.own.free() // it was mapped, and open
	p.own = nil
}

// epitaph says in a line why the child ended.
func (p *process) epitaph() string {
	said := p.said.String()
	switch {
	case strings.Contains(said, "out of memory"), strings.Contains(said, "cannot allocate memory"):
		return "it needs more memory than a plugin may have"
	case p.cmd.ProcessState.ExitCode() == exitOvertime:
		return firstLine(strings.TrimPrefix(said, Verb+": "))
	case said != "":
		return fmt.Sprintf("%s: %s", p.cmd.ProcessState, firstLine(said))
	}
	return p.cmd.ProcessState.String()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return clip(line, 300)
}

// talk keeps the beginning of what a child writes to stderr, which is where Go says why it gave up.
type talk struct {
	mu sync.Mutex
	b  bytes.Buffer
}

const maxTalk = 4 << 10

// Write takes everything, and keeps little.
func (t *talk) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(b[:min(len(b), maxTalk-t.b.Len())])
	return len(b), nil
}

func (t *talk) note(s string) { _, _ = t.Write([]byte(s + "\n")) }

func (t *talk) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// spawner starts processes from one thread, which lives as long as it does: the signal that a child gets at the death
// of its parent comes when the thread dies that it was started from.
type spawner struct {
	work chan func()
	done chan struct{}
}

func newSpawner() *spawner {
	s := &spawner{work: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		for f := range s.work {
			f()
		}
	}()
	return s
}

func (s *spawner) start(cmd *exec.Cmd) error {
	res := make(chan error)
	s.work <- func() { res <- cmd.Start() }
	return <-res
}

func (s *spawner) close() {
	close(s.work)
	<-s.done
}
