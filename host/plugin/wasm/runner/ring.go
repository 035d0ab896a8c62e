package runner

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/plugin"
)

// The ring is the memory that both processes share: words to ring each other up with, the head of a call and of its
// answer, room for what the program says (which is the journal, see journal.go) and for what the child answers. Pages
// that nobody wrote to cost nothing.
const (
	requestAt   = 4096
	requestRoom = 16 << 20 // 256 events of the greatest length
	answerAt    = requestAt + requestRoom
	answerRoom  = 8 << 20
	ringBytes   = answerAt + answerRoom
)

// Words of the ring. What is written together lies together, in cache lines that the other side does not write to.
const (
	wordCalled   = 0 // number of the last call; the child waits for it to change
	callAt       = 8
	wordChild    = 64  // 1 while the child sleeps
	wordProgram  = 128 // 1 while the program sleeps
	wordAnswered = 192 // number of the last answer; the program waits for it to change
	answerHead   = 200
)

// gone is an answer that no child gives: its process ended.
const gone = ^uint32(0)

// call is what the program wants. It lies in the ring, where the child reads it.
type call struct {
	Op       uint32
	At, Size uint32 // of its bytes in the request room
	Keep     int32  // place of the image that must stay whole, -1 for none
}

// answer is what the child made of it.
type answer struct {
	Failed uint32 // 1 when Size bytes describe an error
	Size   uint32 // bytes of the answer
	Writes uint32 // bytes of what the guest wrote to its store, behind them
	Lines  uint32 // bytes of what the guest printed, behind these
	Fuel   int64
	Memory uint64
	Store  uint64
	Passed plugin.Passed // since the child began
	Shut   uint64        // and this
}

// ring is one side's view.
type ring struct {
	mem  []byte
	spin spinner
}

func mapRing(fd int) (*ring, error) {
	mem, err := unix.Mmap(fd, 0, ringBytes, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the ring: %w", err)
	}
	return &ring{mem: mem}, nil
}

func (r *ring) close() error { return unix.Munmap(r.mem) }

func (r *ring) word(at int) *atomic.Uint32 { return (*atomic.Uint32)(unsafe.Pointer(&r.mem[at])) }

func (r *ring) call() *call     { return (*call)(unsafe.Pointer(&r.mem[callAt])) }
func (r *ring) answer() *answer { return (*answer)(unsafe.Pointer(&r.mem[answerHead])) }

func (r *ring) requests() []byte {
	return r.mem[requestAt : requestAt+requestRoom : requestAt+requestRoom]
}
func (r *ring) answers() []byte { return r.mem[answerAt : answerAt+answerRoom : answerAt+answerRoom] }

var (
	errGone = errors.New("the plugin's process ended")
	errLate = errors.New("the plugin's process did not answer in time")
)

// reset makes the ring fresh for another child. Nobody else may be using it.
func (r *ring) reset() {
	for _, at := range []int{wordCalled, wordAnswered, wordChild, wordProgram} {
		r.word(at).Store(0)
	}
}

// do makes a call of number n and waits for its answer, for so long.
func (r *ring) do(n uint32, c call, limit time.Duration) error {
	*r.call() = c
	answered := r.word(wordAnswered)
	before := answered.Load()
	if before == gone {
		return errGone
	}
	r.word(wordCalled).Store(n)
	if r.word(wordChild).Load() != 0 {
		futexWake(r.word(wordCalled))
	}
	if !r.spin.until(answered, before, mostForAnswer) && !r.await(answered, before, limit) {
		return errLate
	}
	if answered.Load() == gone {
		return errGone
	}
	return nil
}

// await is sleep for the program, whose thread has better things to do afterwards. The runtime takes a thread that sleeps
// in the kernel for one that will be back at once, and leaves to it the timers that it looks after; where little else is
// going on it comes to see about that ten milliseconds later. So the thread lets go first, and sleeps a little at a time.
func (r *ring) await(answered *atomic.Uint32, before uint32, limit time.Duration) bool {
	for end := time.Now().Add(limit); ; {
		runtime.Gosched()
		left := time.Until(end)
		if left <= 0 || answered.Load() != before {
			return answered.Load() != before
		}
		if r.nap(answered, before, min(left, longestNap)) {
			return true
		}
	}
}

// longestNap is how late a timer of the program may come because a thread of it waits for an answer.
const longestNap = time.Millisecond

func (r *ring) nap(answered *atomic.Uint32, before uint32, limit time.Duration) bool {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer takeShortTurns()()
	return r.sleep(wordProgram, answered, before, limit)
}

// sleep waits for a word to change, and false when it did not for so long; 0 is for ever.
func (r *ring) sleep(flag int, w *atomic.Uint32, was uint32, limit time.Duration) bool {
	asleep := r.word(flag)
	start := time.Now()
	asleep.Store(1)
	for w.Load() == was {
		left := time.Duration(0)
		if limit > 0 {
			if left = limit - time.Since(start); left <= 0 {
				break
			}
		}
		futexWait(w, was, left)
	}
	asleep.Store(0)
	return w.Load() != was
}

// next waits for a call that is not the one of number last.
func (r *ring) next(last uint32) uint32 {
	called := r.word(wordCalled)
	if !r.spin.until(called, last, mostForCall) {
		r.sleep(wordChild, called, last, 0)
	}
	return called.Load()
}

// done says that the call of number n is answered.
func (r *ring) done(n uint32) {
	r.word(wordAnswered).Store(n)
	if r.word(wordProgram).Load() != 0 {
		futexWake(r.word(wordAnswered))
	}
}

// hangUp wakes whoever waits for an answer of a child that ended.
func (r *ring) hangUp() {
	r.word(wordAnswered).Store(gone)
	futexWake(r.word(wordAnswered))
}

// What a side looks at a word for, at most, before it sleeps. To wake a thread up takes some ten microseconds, and
// hundreds where the cores have other work; so the program, which knows that there will be an answer, waits for as long as
// waking the child and a usual event take. The child does not know whether there will be a call.
const (
	mostForAnswer = 100 * time.Microsecond
	mostForCall   = 50 * time.Microsecond
)

// spinner waits for a little while without giving up the core. Where that was in vain a few times, because nobody calls or
// because both processes get the same core, it does so only now and then, to see whether it would pay again.
type spinner struct {
	vain int // how often in a row
}

const (
	manyVain = 3
	tryAgain = 32
)

// until waits for a word to change, for so long at most, and gives false when it did not.
func (s *spinner) until(w *atomic.Uint32, was uint32, most time.Duration) bool {
	if s.vain >= manyVain && s.vain%tryAgain != 0 {
		s.vain++
		return w.Load() != was
	}
	for start := time.Now(); ; {
		for range 32 { // looking at the clock takes longer than looking at the word
			if w.Load() != was {
				s.vain = 0
				return true
			}
		}
		if time.Since(start) >= most {
			s.vain++
			return false
		}
	}
}

// futexWait sleeps while the word is as it was, for so long at most; 0 is for ever. It may wake up early.
func futexWait(w *atomic.Uint32, was uint32, limit time.Duration) {
	var ts *unix.Timespec
	if limit > 0 {
		t := unix.NsecToTimespec(limit.Nanoseconds())
		ts = &t
	}
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWaitOp, uintptr(was), uintptr(unsafe.Pointer(ts)), 0, 0)
	runtime.KeepAlive(ts)
}

func futexWake(w *atomic.Uint32) {
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(w)), futexWakeOp, 1, 0, 0, 0)
}

// Operations of futex(2) between processes.
const (
	futexWaitOp = 0
	futexWakeOp = 1
)
