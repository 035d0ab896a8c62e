package runner

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"unsafe"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"github.com/landlock-lsm/go-landlock/landlock"
	landlocksys "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
	"kernel.org/pub/linux/libs/security/libcap/psx"
)

// Walls are what stands around a child besides its own process.
type Walls struct {
	Landlock int  `json:"landlock"` // version of the kernel's Landlock, 0 for none
	Seccomp  bool `json:"seccomp"`
}

// wallsHere tells what this kernel offers.
func wallsHere() Walls {
	v, err := landlocksys.LandlockGetABIVersion()
	if err != nil {
		v = 0 // not built in, or not among the security modules that run
	}
	return Walls{Landlock: v, Seccomp: seccomp.Supported()}
}

// Limits of a child.
const (
	maxFiles      = 64
	maxFileBytes  = 256 << 20 // of compiled code
	oomScore      = 900       // the child goes before the show does
	spareMiB      = 192       // for Go itself and for compiled code
	copiesOfGuest = 4         // its memory, while that grows, and once more while it is put back
)

// enclose puts up the walls within which a module is compiled. Of the file system only the folder for its compiled
// code is left.
func enclose(p *paper) (Walls, error) {
	w := wallsHere()
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(oomScore)), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return w, fmt.Errorf("be the first to go when memory is short: %w", err)
	}
	if err := errors.Join(limit("CORE", unix.RLIMIT_CORE, 0), limit("NOFILE", unix.RLIMIT_NOFILE, maxFiles), limit("FSIZE", unix.RLIMIT_FSIZE, maxFileBytes),
		limit("MEMLOCK", unix.RLIMIT_MEMLOCK, 0), limit("MSGQUEUE", unix.RLIMIT_MSGQUEUE, 0), limit("DATA", unix.RLIMIT_DATA, uint64(p.CompileMiB)<<20),
		soft("CPU", unix.RLIMIT_CPU, p.CPUSeconds)); err != nil {
		return w, err
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return w, fmt.Errorf("forbid to be traced: %w", err)
	}
	if err := dropCapabilities(); err != nil {
		return w, err
	}
	if err := leaveFiles(p.CacheDir); err != nil {
		return w, err
	}
	if !w.Seccomp {
		return w, nil
	}
	return w, filterCalls(compileCalls())
}

// seal puts up the walls within which a guest runs: no file can be opened and no code can be made any more, and memory
// is bounded by what the guest may have.
func seal(p *paper, w Walls) error {
	if err := soft("CPU", unix.RLIMIT_CPU, unix.RLIM_INFINITY); err != nil {
		return err
	}
	var used runtime.MemStats
	runtime.ReadMemStats(&used) // what compiling took stays mapped
	room := used.Sys + uint64(spareMiB+copiesOfGuest*p.Manifest.Limits.MemoryMiB)<<20
	var was unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_DATA, &was); err != nil {
		return fmt.Errorf("limit DATA: %w", err)
	}
	if err := limit("DATA", unix.RLIMIT_DATA, min(room, was.Max)); err != nil {
		return err
	}
	if !w.Seccomp {
		return nil
	}
	return filterCalls(guestCalls())
}

func limit(name string, what int, n uint64) error {
	if err := unix.Setrlimit(what, &unix.Rlimit{Cur: n, Max: n}); err != nil {
		return fmt.Errorf("limit %s to %d: %w", name, n, err)
	}
	return nil
}

// soft sets a limit that can be taken back.
func soft(name string, what int, n uint64) error {
	var l unix.Rlimit
	if err := unix.Getrlimit(what, &l); err != nil {
		return fmt.Errorf("limit %s: %w", name, err)
	}
	l.Cur = min(n, l.Max)
	if err := unix.Setrlimit(what, &l); err != nil {
		return fmt.Errorf("limit %s to %d: %w", name, n, err)
	}
	return nil
}

// dropCapabilities gives away what root may do; anybody else has nothing to give.
func dropCapabilities() error {
	head := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if _, _, e := psx.Syscall3(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&head)), uintptr(unsafe.Pointer(&none)), 0); e != 0 {
		return fmt.Errorf("drop capabilities: %w", e)
	}
	runtime.KeepAlive(&head)
	runtime.KeepAlive(&none)
	return nil
}

// leaveFiles gives up the file system but for one folder, the network, and the processes around.
func leaveFiles(folder string) error {
	var rules []landlock.Rule
	if folder != "" {
		rules = append(rules, landlock.RWDirs(folder))
	}
	if err := landlock.V7.BestEffort().Restrict(rules...); err != nil {
		return fmt.Errorf("landlock: %w", err)
	}
	return nil
}

// goCalls are what a Go program needs to run at all.
var goCalls = []string{
	"brk", "clock_gettime", "clock_nanosleep", "close", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_wait", "eventfd2", "exit", "exit_group", "fcntl", "futex",
	"getpid", "getppid", "getrandom", "getrusage", "gettid", "gettimeofday", "lseek", "madvise", "mincore", "munmap", "nanosleep", "pipe2", "pread64", "prlimit64", "read",
	"restart_syscall", "rseq", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sched_getaffinity", "sched_yield", "set_robust_list", "setitimer",
	"sigaltstack", "tgkill", "timer_create", "timer_delete", "timer_settime", "uname", "write", "writev", "getrlimit", "setrlimit", "fstat",
}

// fileCalls are what the cache of compiled code needs besides.
var fileCalls = []string{
	"openat", "mkdirat", "unlinkat", "renameat", "renameat2", "newfstatat", "fsync", "fdatasync", "pwrite64", "ftruncate", "getdents64", "readlinkat", "getcwd",
	"copy_file_range", "statx", "faccessat", "faccessat2", "ioctl",
}

// evilCalls are what only somebody makes who has broken out.
var evilCalls = []string{
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev", "socket", "connect", "bind", "listen", "accept", "accept4", "bpf", "io_uring_setup",
	"userfaultfd", "perf_event_open", "mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "init_module", "finit_module", "kexec_load", "keyctl", "add_key",
	"request_key", "open_by_handle_at", "kill", "tkill", "pidfd_open", "pidfd_getfd", "memfd_create", "reboot", "swapon", "acct",
}

const protExec = unix.PROT_EXEC

// compileCalls allow to make code and to keep it in the cache.
func compileCalls() []seccomp.SyscallGroup {
	// Later walls are put up from within these.
	own := []string{"mmap", "mprotect", "seccomp", "prctl"}
	return allow(append(append(append([]string{}, goCalls...), fileCalls...), own...), threads())
}

// guestCalls allow neither.
func guestCalls() []seccomp.SyscallGroup {
	noCode := []seccomp.Condition{{Argument: 2, Operation: seccomp.BitsNotSet, Value: protExec}}
	return allow(goCalls, append(threads(),
		seccomp.NameWithConditions{Name: "mmap", Conditions: noCode},
		seccomp.NameWithConditions{Name: "mprotect", Conditions: noCode},
		seccomp.NameWithConditions{Name: "prctl", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.Equal, Value: unix.PR_SET_VMA}}}))
}

// threads allow new threads, and no processes. A limit of their number is not for this: RLIMIT_NPROC counts what the user
// runs everywhere, so it would stop the show of one who runs much, and it does not hold for root.
func threads() []seccomp.NameWithConditions {
	return []seccomp.NameWithConditions{{Name: "clone", Conditions: []seccomp.Condition{{Argument: 0, Operation: seccomp.BitsSet, Value: unix.CLONE_THREAD}}}}
}

func allow(names []string, conditions []seccomp.NameWithConditions) []seccomp.SyscallGroup {
	return []seccomp.SyscallGroup{
		{Action: seccomp.ActionAllow, Names: known(names), NamesWithCondtions: conditions},
		{Action: seccomp.ActionErrno | seccomp.Action(unix.ENOSYS), Names: known([]string{"clone3"})}, // C then takes clone
		{Action: seccomp.ActionKillProcess, Names: known(evilCalls)},
	}
}

// known leaves out the calls that this processor's kernel never had.
func known(names []string) []string {
	info, err := arch.GetInfo("")
	if err != nil {
		return names // the filter will say so
	}
	var out []string
	for _, n := range names {
		if _, ok := info.SyscallNames[n]; ok {
			out = append(out, n)
		}
	}
	return out
}

// filterCalls holds for all threads. What is not named fails with EPERM.
func filterCalls(groups []seccomp.SyscallGroup) error {
	err := seccomp.LoadFilter(seccomp.Filter{NoNewPrivs: true, Flag: seccomp.FilterFlagTSync,
		Policy: seccomp.Policy{DefaultAction: seccomp.ActionErrno, Syscalls: groups}})
	if err != nil {
		return fmt.Errorf("seccomp: %w", err)
	}
	return nil
}
