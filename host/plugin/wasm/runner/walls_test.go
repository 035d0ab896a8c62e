package runner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// attempts are what somebody tries who has got out of the sandbox. Each gives an error when it fails, unless the kernel
// ends the process over it.
var attempts = []struct {
	name  string
	fatal bool
	try   func(p *paper) error
}{
	{"read a file", false, func(*paper) error { _, err := os.ReadFile("/etc/passwd"); return err }},
	{"list the cache", false, func(p *paper) error { _, err := os.ReadDir(p.CacheDir); return err }},
	{"spoil the cache", false, func(p *paper) error { return os.WriteFile(p.CacheDir+"/x", nil, 0o600) }},
	{"read the environment of the program", false, func(*paper) error { _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid())); return err }},
	{"make code", false, func(*paper) error {
		_, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	}},
	{"turn data into code", false, func(*paper) error {
		b, err := unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		if err != nil {
			return nil // which is not what was tried
		}
		return unix.Mprotect(b, unix.PROT_READ|unix.PROT_EXEC)
	}},
	{"take more memory", false, func(*paper) error {
		_, err := unix.Mmap(-1, 0, 2<<30, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		return err
	}},
	{"start a process", false, func(*paper) error {
		pid, _, e := unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
		if e != 0 {
			return e
		}
		if pid == 0 {
			unix.RawSyscall(unix.SYS_EXIT_GROUP, 0, 0, 0)
		}
		return nil
	}},
	{"start a process in a new way", false, func(*paper) error {
		_, _, e := unix.RawSyscall(unix.SYS_CLONE3, 0, 0, 0)
		if e == unix.ENOSYS { // it is told that there is no such call; else there would be no such arguments
			return unix.EPERM
		}
		return nil
	}},
	{"open a socket", true, func(*paper) error { _, err := net.Dial("tcp", "127.0.0.1:1"); return err }},
	{"start a program", true, func(*paper) error { return unix.Exec("/bin/sh", []string{"sh"}, nil) }},
	{"end the program", true, func(*paper) error { return unix.Kill(os.Getppid(), 0) }},
	{"trace the program", true, func(*paper) error { return unix.PtraceAttach(os.Getppid()) }},
}

// tryMain is a child that has prepared its plugin, and then tries to get out instead of answering.
func tryMain(name string) int {
	c := newChild()
	code, err := c.unpack()
	if err != nil {
		return 2
	}
	w, err := c.prepare(context.Background(), code)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	res := hello{Walls: w, Failure: newFailure(errors.New("succeeded"))}
	for _, a := range attempts {
		if a.name == name {
			if err := a.try(c.paper); err != nil {
				res.Failure = newFailure(err)
			}
		}
	}
	b, _ := json.Marshal(res)
	_, _ = c.phone.Write(append(b, '\n'))
	return 0
}

// TestWalls: whoever gets out of the sandbox stands in a cell.
func TestWalls(t *testing.T) {
	here := wallsHere()
	if !here.Seccomp || here.Landlock == 0 {
		t.Skipf("this kernel has seccomp: %v, Landlock: %d", here.Seccomp, here.Landlock)
	}
	for _, a := range attempts {
		t.Run(a.name, func(t *testing.T) {
			r := newRuntime(t, Config{CacheDir: t.TempDir(), Command: []string{os.Args[0], "try-" + a.name}})
			g, err := r.newGuest(&wasm.Program{Manifest: manifest(), Code: read(t, "fixture.wasm")}, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = g.Close(t.Context()) }()
			p, err := g.cradle.spawn(nil)
			if err != nil {
				t.Fatal(err)
			}
			defer p.end()
			err = p.greet(t.Context(), time.Minute)
			if a.fatal {
				status, _ := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
				if status.Signal() != unix.SIGSYS {
					t.Errorf("its process: %v; error %v; want it ended by the filter", p.cmd.ProcessState, err)
				}
				return
			}
			if err == nil || err.Error() == "succeeded" {
				t.Errorf("it could (%v)", err)
			} else if !strings.Contains(err.Error(), "not permitted") && !strings.Contains(err.Error(), "cannot allocate") {
				t.Errorf("it failed for another reason: %v", err)
			}
		})
	}
}

// TestBirth: a child has what it needs and nothing that is the program's.
func TestBirth(t *testing.T) {
	t.Setenv("SECRET", "x")
	g := load(t, newRuntime(t, Config{}), read(t, "echo.wasm"))
	at := fmt.Sprintf("/proc/%d/", g.proc.cmd.Process.Pid)
	status, err := os.ReadFile(at + "status")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "Seccomp:\t2"} {
		if !bytes.Contains(status, []byte(want)) {
			t.Errorf("its status lacks %q", want)
		}
	}
	env, err := os.ReadFile(at + "environ")
	if err != nil && os.Geteuid() == 0 {
		t.Error(err)
	}
	if want := "GOGC=off\x00"; err == nil && string(env) != want {
		t.Errorf("environment %q, want %q and nothing of the program's", env, want)
	}
	const highest = 20 // getpriority(2) counts the other way round
	ours, err := unix.Getpriority(unix.PRIO_PROCESS, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	serving := 0
	for _, tid := range threadsOf(t, g.proc.cmd.Process.Pid) {
		attr, err := unix.SchedGetAttr(tid, 0)
		if err != nil {
			continue // it has ended
		}
		serves := int(attr.Nice) == highest-ours
		if serves {
			serving++
		}
		if short := attr.Runtime == shortTurn; attr.Runtime != 0 && short != serves { // 0 is what older kernels tell
			t.Errorf("a thread of niceness %d has turns of %d ns", attr.Nice, attr.Runtime)
		}
	}
	if serving != 1 {
		t.Errorf("%d of its threads are not nice, want the one that serves", serving)
	}
	score, err := os.ReadFile(at + "oom_score_adj")
	if err != nil || strings.TrimSpace(string(score)) != fmt.Sprint(oomScore) {
		t.Errorf("oom_score_adj %s, error %v", score, err)
	}
	for _, w := range []string{"Max core file size        0 ", "Max open files            64 "} {
		if limits, err := os.ReadFile(at + "limits"); err != nil || !bytes.Contains(limits, []byte(w)) {
			t.Errorf("its limits lack %q (%v)", w, err)
		}
	}
	fds, err := os.ReadDir(at + "fd")
	if err != nil {
		t.Skip(err) // only root sees it
	}
	var names []string
	for _, fd := range fds {
		name, _ := os.Readlink(at + "fd/" + fd.Name())
		names = append(names, strings.SplitN(name, ":", 2)[0])
	}
	slices.Sort(names)
	t.Log(slices.Compact(names))
	if len(fds) > 16 {
		t.Errorf("%d open files", len(fds))
	}
}

func threadsOf(t *testing.T, pid int) (tids []int) {
	t.Helper()
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if tid, err := strconv.Atoi(task.Name()); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// TestParentKilled: when the program is killed, its children go with it.
func TestParentKilled(t *testing.T) {
	cmd := exec.Command(os.Args[0], "parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	_, err = fmt.Fscan(out, &pid)
	if killErr := cmd.Process.Kill(); err != nil || killErr != nil {
		t.Fatal(err, killErr)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = cmd.Wait()
	for start := time.Now(); unix.Kill(pid, 0) == nil && !isZombie(pid); time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func isZombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	return err != nil || bytes.Contains(b, []byte("State:\tZ"))
}

// parentMain loads a plugin, tells which process it got, and waits to be killed.
func parentMain() int {
	r, err := New(Config{Command: []string{os.Args[0], Verb}})
	if err != nil {
		return 1
	}
	code, err := os.ReadFile("../testdata/echo.wasm")
	if err != nil {
		return 1
	}
	g, err := r.Load(context.Background(), plugin.Spec{Manifest: manifest(), Files: files(code)})
	if err != nil {
		return 1
	}
	fmt.Println(g.(*guest).proc.cmd.Process.Pid)
	select {}
}
