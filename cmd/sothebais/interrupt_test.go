package main

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// roles are what this program plays as another process, by the variable PLAY_A_ROLE.
var roles = map[string]func(){
	"parent": func() { // of a simulator
		d := &devnet{bin: os.Getenv("DEVNET"), log: slog.New(slog.NewTextHandler(os.Stdout, nil)), args: func(devnetPlaces) []string { return nil }}
		if err := d.start(context.Background()); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("started")
		time.Sleep(time.Minute)
	},
	"busy": func() { // cannot end at once
		ctx, stop := interruptible()
		defer stop()
		fmt.Println("started")
		<-ctx.Done()
		fmt.Println("interrupted")
		time.Sleep(time.Minute)
	},
}

// play starts this program in a role, in a process group of its own, and gives what it says.
func play(t *testing.T, role string, env ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), "PLAY_A_ROLE="+role), env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd, bufio.NewScanner(out)
}

func says(t *testing.T, s *bufio.Scanner, want string) {
	t.Helper()
	if !s.Scan() || s.Text() != want {
		t.Fatalf("it says %q, want %q", s.Text(), want)
	}
}

// TestSimulatorEndsWithTheShow: Ctrl-C in a terminal, which reaches all of a process group, is not for the simulator; that
// its parent dies is.
func TestSimulatorEndsWithTheShow(t *testing.T) {
	dir := t.TempDir()
	sim, number := filepath.Join(dir, "devnet"), filepath.Join(dir, "pid")
	script := "#!/bin/sh\necho $$ > " + number + "\necho '{\"xsim\":\"http://127.0.0.1:1\"}' >&2\nexec sleep 60\n"
	if err := os.WriteFile(sim, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	parent, out := play(t, "parent", "DEVNET="+sim)
	says(t, out, "started")
	b, err := os.ReadFile(number)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(string(b[:len(b)-1]))
	if err != nil {
		t.Fatal(err)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group == parent.Process.Pid {
		t.Errorf("the simulator is in group %d, as the program is (%v)", group, err)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if syscall.Kill(pid, 0) != nil || zombie(pid) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Error("the simulator is still there 5 s after its parent was killed")
}

// zombie says whether a process has ended and nobody asked how.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	var state rune
	if _, err := fmt.Sscanf(string(b), "%d (sleep) %c", &pid, &state); err != nil {
		return false
	}
	return state == 'Z'
}

// TestSecondInterrupt: the first one ends the program in its time, and a second one now; but one that comes with the first
// is the first.
func TestSecondInterrupt(t *testing.T) {
	cmd, out := play(t, "busy")
	says(t, out, "started")
	interrupt := func() {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
	}
	interrupt()
	says(t, out, "interrupted")
	interrupt()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("the same interrupt twice ends it at once: %v", err)
	case <-time.After(sameInterrupt + 500*time.Millisecond):
	}
	for range 40 {
		interrupt()
		select {
		case <-ended:
			if s := cmd.ProcessState.Sys().(syscall.WaitStatus); !s.Signaled() || s.Signal() != syscall.SIGINT {
				t.Errorf("it ended with %v, want it to end by the interrupt", cmd.ProcessState)
			}
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
	t.Error("no further interrupt ends it")
}
