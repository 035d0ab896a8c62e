package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipeSize is what an unprivileged process may ask for; the default of 64 KiB costs a switch every twentieth of a frame.
const pipeSize = 1 << 20

// process is one FFmpeg.
type process struct {
	in   *os.File // NUT goes in here
	out  *os.File // FLV comes out here
	pid  int
	errs *tail
	done chan struct{} // closed when it has ended
	err  error         // how; after done
}

// startProcess starts FFmpeg in a process group of its own.
func startProcess(bin string, args []string) (*process, error) {
	inR, inW, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe for the encoder: %w", err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a pipe for the encoder: %w", err), inR.Close(), inW.Close())
	}
	widen(inW)
	p := &process{in: inW, out: outR, errs: &tail{}, done: make(chan struct{})}
	cmd := exec.Command(bin, args...)
	cmd.ExtraFiles = []*os.File{inR}
	cmd.Stdout, cmd.Stderr = outW, p.errs
	cmd.WaitDelay = time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go p.hold(cmd, started, inR, outW)
	if err := <-started; err != nil {
		return nil, errors.Join(fmt.Errorf("starting %s: %w", bin, err), inW.Close(), outR.Close())
	}
	return p, nil
}

// hold starts the process and waits for its end on one thread: the kernel sends
// the death signal when the thread that forked goes away, not the program.
func (p *process) hold(cmd *exec.Cmd, started chan<- error, theirs ...*os.File) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := cmd.Start()
	for _, f := range theirs {
		f.Close() // the child has its own
	}
	if err == nil {
		p.pid = cmd.Process.Pid
	}
	started <- err
	if err != nil {
		return
	}
	p.err = cmd.Wait()
	close(p.done)
}

// kill ends the process and all it started.
func (p *process) kill() {
	select {
	case <-p.done: // the group's number may be someone else's by now
	default:
		_ = syscall.Kill(-p.pid, syscall.SIGKILL)
	}
}

// reason says how the process ended, with what it said last.
func (p *process) reason() string {
	how := "ended"
	if p.err != nil {
		how = p.err.Error()
	}
	if said := p.errs.String(); said != "" {
		how += ": " + said
	}
	return how
}

// widen asks for a large pipe. It goes around File.Fd, which would make every write block a thread and ignore Close.
func widen(f *os.File) {
	c, err := f.SyscallConn()
	if err != nil {
		return
	}
	_ = c.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, pipeSize) })
}

// tail keeps the last lines of what a process says, for the error.
type tail struct {
	mu    sync.Mutex
	lines []string
	part  string
}

const (
	tailLines = 6
	tailWidth = 300
)

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(t.part+string(b), "\n")
	t.part = clip(lines[len(lines)-1])
	for _, l := range lines[:len(lines)-1] {
		if l = strings.TrimSpace(l); l != "" {
			t.lines = append(t.lines, clip(l))
		}
	}
	t.lines = t.lines[max(0, len(t.lines)-tailLines):]
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "; ")
}

func clip(s string) string { return s[:min(len(s), tailWidth)] }
