package ffmpeg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// gone says whether no process of that number is left, be it a zombie.
func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func TestNothingIsLeft(t *testing.T) {
	r := start(t, small(), nil)
	eventually(t, "an encoder at work", func() bool { _, ups, _ := r.snapshot(); return len(ups) == 1 })
	pid := r.e.Stats().PID
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(pid) {
		t.Errorf("process %d is still there", pid)
	}
}

// TestDiesWithTheProgram kills a program that encodes, as a crash would, and wants its FFmpeg gone.
func TestDiesWithTheProgram(t *testing.T) {
	if os.Getenv("ENCODE_UNTIL_KILLED") != "" {
		encodeUntilKilled()
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestDiesWithTheProgram$")
	cmd.Env = append(os.Environ(), "ENCODE_UNTIL_KILLED=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	if gone(pid) {
		t.Fatal("there was no encoder")
	}
	cmd.Process.Kill()
	cmd.Wait()
	eventually(t, "the end of FFmpeg", func() bool { return gone(pid) || zombie(pid) })
}

// zombie: an orphan's remains are its new parent's to clear away, which some containers' first process does not do.
func zombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(b), ") Z ")
}

func encodeUntilKilled() {
	cfg := small()
	var e *Encoder
	cfg.OnUp = func(time.Duration) { fmt.Println(e.Stats().PID) }
	e, err := New(cfg)
	if err != nil {
		panic(err)
	}
	run(e, nil)
	<-context.Background().Done()
}

func TestTail(t *testing.T) {
	var l tail
	fmt.Fprint(&l, "one\ntw")
	fmt.Fprint(&l, "o\n\n"+strings.Repeat("long ", 500)+"\n")
	for i := range 10 {
		fmt.Fprintf(&l, "line %d\n", i)
	}
	fmt.Fprint(&l, "unfinished")
	if got := l.String(); got != "line 4; line 5; line 6; line 7; line 8; line 9" {
		t.Errorf("kept %q", got)
	}
}
