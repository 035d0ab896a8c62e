package compositor

import (
	"errors"
	"syscall"
	"testing"
)

// TestGoAhead: a thread goes ahead or stays as it is, and is as it was afterwards.
func TestGoAhead(t *testing.T) {
	const thisThread, highest = 0, 20
	nice := func() int {
		p, err := syscall.Getpriority(syscall.PRIO_PROCESS, thisThread)
		if err != nil {
			t.Fatal(err)
		}
		return highest - p
	}
	done := make(chan struct{})
	go func() { // a goroutine of its own: its thread may have to end
		defer close(done)
		before := nice()
		back, err := goAhead()
		switch {
		case errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM):
			if nice() != before {
				t.Error("it was not allowed and changed all the same")
			}
		case err != nil:
			t.Error(err)
		case nice() != ahead:
			t.Errorf("niceness %d, want %d", nice(), ahead)
		}
		back()
		if nice() != before {
			t.Errorf("niceness %d afterwards, want %d", nice(), before)
		}
	}()
	<-done
}
