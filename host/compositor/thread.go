package compositor

import (
	"runtime"
	"syscall"
)

// ahead is the niceness of the thread that makes frames.
const ahead = -10

// goAhead puts the calling goroutine on a thread that runs before the rest of the program and before the encoder, where
// the system allows it (root, or CAP_SYS_NICE): they have queues, a frame has a deadline. The result takes it back.
func goAhead() (back func(), err error) {
	runtime.LockOSThread()
	const thisThread = 0
	before, err := syscall.Getpriority(syscall.PRIO_PROCESS, thisThread)
	if err == nil {
		err = syscall.Setpriority(syscall.PRIO_PROCESS, thisThread, ahead)
	}
	if err != nil {
		runtime.UnlockOSThread()
		return func() {}, err
	}
	return func() {
		const highest = 20 // the system call counts the other way round
		if syscall.Setpriority(syscall.PRIO_PROCESS, thisThread, highest-before) == nil {
			runtime.UnlockOSThread() // else the thread ends with its goroutine
		}
	}, nil
}
