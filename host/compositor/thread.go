package compositor

import (
	"runtime"
	"syscall"
	"time"
)

// nap sleeps in the kernel, which wakes this very thread. A timer of Go's would wake another first, and that must find
// time before it can pass the word on: on a crowded machine frames begin several times later by it.
func nap(d time.Duration) {
	for until := time.Now().Add(d); d > 0; d = time.Until(until) {
		ts := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&ts, nil) // a signal cuts it short, and it goes on
	}
}

// ahead is the niceness of the thread that makes frames.
const ahead = -10

// goAhead gives the calling goroutine a thread of its own. Where the system allows it (root, or CAP_SYS_NICE), that runs
// before the rest of the program and before the encoder: they have queues, a frame has a deadline. The first result takes
// all back; the error says that the thread has no priority.
func goAhead() (back func(), err error) {
	runtime.LockOSThread()
	const thisThread = 0
	before, err := syscall.Getpriority(syscall.PRIO_PROCESS, thisThread)
	if err == nil {
		err = syscall.Setpriority(syscall.PRIO_PROCESS, thisThread, ahead)
	}
	if err != nil {
		return runtime.UnlockOSThread, err
	}
	return func() {
		const highest = 20 // the system call counts the other way round
		if syscall.Setpriority(syscall.PRIO_PROCESS, thisThread, highest-before) == nil {
			runtime.UnlockOSThread() // else the thread ends with its goroutine
		}
	}, nil
}
