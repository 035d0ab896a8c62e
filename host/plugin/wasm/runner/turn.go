package runner

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Where all cores have work, a thread that wakes up has to wait for its turn, and those that had theirs go on for some
// milliseconds. So whoever waits for the other side of a ring takes short turns: since Linux 6.12 a thread that wakes up
// goes before one that is in the middle of a longer turn, and gets no larger share of the processor by it. Compiling is
// nice. Long turns for it besides were tried, and made it worse: the turns of a group of processes are those of its
// members, so where compiling is all that a group does just then, the rest of the show pays for it. Short turns for the
// whole program were tried as well: what compiles kept it waiting as before, and plugins waited longer for their turn.
const (
	shortTurn   = 100_000 // nanoseconds; the least that the kernel takes
	niceCompile = 5       // more than the program
)

// takeShortTurns gives the calling thread short turns; what it returns takes that back. It is for threads that are
// locked to their goroutine. Older kernels take no notice.
func takeShortTurns() (back func()) {
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return func() {} // somebody has other plans with it
	}
	was := *attr
	attr.Runtime = shortTurn
	_ = unix.SchedSetAttr(0, attr, 0) // without, it is only slower
	return func() { _ = unix.SchedSetAttr(0, &was, 0) }
}

// yieldAllBut lets all threads of the process but one go behind everything else, and with them those that they will start.
func yieldAllBut(one int) error {
	const highest = 20 // the system call counts the other way round
	was, err := unix.Getpriority(unix.PRIO_PROCESS, one)
	if err != nil {
		return fmt.Errorf("find out how nice this is: %w", err)
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("find the threads, to make them nice: %w", err)
	}
	for _, t := range tasks {
		if tid, err := strconv.Atoi(t.Name()); err == nil && tid != one {
			_ = unix.Setpriority(unix.PRIO_PROCESS, tid, highest-was+niceCompile) // it may have ended
		}
	}
	return nil
}
