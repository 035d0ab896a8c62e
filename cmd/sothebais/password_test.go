package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal gives both ends of a terminal.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = person.Close() })
	fd := int(person.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

// TestPasswordsAreNotEchoed: whoever looks over a shoulder, or at what a terminal recorded, sees the questions alone.
func TestPasswordsAreNotEchoed(t *testing.T) {
	person, program := openTerminal(t)
	c := exec.Command(os.Args[0], "keys", "new", "me", "--dir", t.TempDir())
	c.Args[0] = "sothebais"
	c.Env = append(os.Environ(), "SOTHEBAIS_KEY_PASSWORD=")
	c.Stdin, c.Stdout, c.Stderr = program, program, program
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() })
	defer ended.Stop()
	_ = program.Close() // the child has it
	var seen bytes.Buffer
	for i, prompt := range []string{"New password: ", "Once more: "} {
		readTo(t, person, &seen, prompt)
		quiet(t, person)
		if _, err := fmt.Fprintf(person, "open ses%dme\n", i); err != nil { // two that differ: no key is made of them
			t.Fatal(err)
		}
	}
	if _, err := io.Copy(&seen, person); err != nil && !errors.Is(err, syscall.EIO) { // how a terminal says that nobody is there
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitUsage {
		t.Errorf("it ended with %v", err)
	}
	if text := seen.String(); strings.Contains(text, "open") || strings.Contains(text, "ses") || !strings.Contains(text, "the two are not the same") {
		t.Errorf("the terminal shows %q", text)
	}
}

// readTo reads until the program has written something.
func readTo(t *testing.T, person io.Reader, seen *bytes.Buffer, want string) {
	t.Helper()
	b := make([]byte, 1)
	for !strings.HasSuffix(seen.String(), want) {
		if _, err := person.Read(b); err != nil {
			t.Fatalf("the terminal shows %q and then %v; want %q", seen.String(), err, want)
		}
		seen.Write(b)
	}
}

// quiet waits until the terminal does not echo: a question comes a moment before.
func quiet(t *testing.T, person *os.File) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		s, err := unix.IoctlGetTermios(int(person.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if s.Lflag&unix.ECHO == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the terminal echoes what is typed")
		}
	}
}
