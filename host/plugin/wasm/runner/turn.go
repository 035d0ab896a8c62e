package runner

import (
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Where all cores have work, a thread that wakes up has to wait for its turn, and those that had theirs go on for some
// milliseconds. Since Linux 6.12 a thread may have turns of another length: one of short turns that wakes up goes before
// one that is in the middle of a longer turn, and gets no larger share of the processor by it. So the program takes
// shorter turns than what compiles or runs wild beside it, and whoever waits for the other side of a ring the shortest.
// Compiling is nice, and has the usual turns; longer ones were tried and made it worse: the turns of a group of processes
// are those of its members, so where compiling is all that a group does just then, the rest of the show pays for it.
const (
	usualTurn   = 0 // nanoseconds: what the kernel gives
	programTurn = 500_000
	shortTurn   = 100_000 // the least that the kernel takes
	niceCompile = 5       // more than the program
)

// takeTurns gives a thread, 0 is the one at hand, turns of another length; what it returns takes that back. Older kernels
// take no notice.
func takeTurns(thread int, nanos uint64) (back func()) {
	attr, err := unix.SchedGetAttr(thread, 0)
	if err != nil || attr.Policy != unix.SCHED_NORMAL {
		return func() {} // somebody has other plans with it
	}
	was := *attr
	attr.Runtime = nanos
	_ = unix.SchedSetAttr(thread, attr, 0) // without, it is only slower
	return func() { _ = unix.SchedSetAttr(thread, &was, 0) }
}

// takeProgramTurns gives all threads of the process the turns of the program, and with them those that they will start.
func takeProgramTurns() error {
	all, err := ownThreads()
	for _, t := range all {
		takeTurns(t, programTurn)
	}
	return err
}

// yieldAllBut lets all threads of the process but one go behind everything else, and with them those that they will start.
func yieldAllBut(one int) error {
	const highest = 20 // the system call counts the other way round
	was, err := unix.Getpriority(unix.PRIO_PROCESS, one)
	if err != nil {
		return fmt.Errorf("find out how nice this is: %w", err)
	}
	all, err := ownThreads()
	for _, t := range all {
		if t != one {
			takeTurns(t, usualTurn)                                             // not those of the program, which they have from birth
			_ = unix.Setpriority(unix.PRIO_PROCESS, t, highest-was+niceCompile) // it may have ended
		}
	}
	return err
}

// ownThreads are those of the process.
func ownThreads() ([]int, error) {
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, fmt.Errorf("find the threads of the process, to set when they have their turns: %w", err)
	}
	var out []int
	for _, t := range tasks {
		if tid, err := strconv.Atoi(t.Name()); err == nil {
			out = append(out, tid)
		}
	}
	return out, nil
}
