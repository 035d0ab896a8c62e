package wasm

import (
	"bytes"
	"context"
	"slices"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// WASI preview 1, made harmless. Language runtimes import it and get far enough to start: there is a clock, there are
// random numbers, and what is printed reaches the log. Everything else answers that it does not exist. Each function
// does a bounded amount of work, whatever its arguments, because a guest pays for a call, not for what it asks.

const wasiModule = "wasi_snapshot_preview1"

// Errors of WASI.
const (
	wasiOK    = 0
	wasiBadF  = 8
	wasiFault = 21
	wasiNoSys = 52
)

const (
	maxIovecs      = 16
	maxRandomBytes = 4096
)

// wasiFunc is a host function: it reads its parameters from the stack and gives an error number.
type wasiFunc func(s *sandbox, m api.Memory, stack []uint64) uint64

// wasiParams are the parameters of all functions of preview 1: i for i32, l for i64.
var wasiParams = map[string]string{
	"args_get": "ii", "args_sizes_get": "ii", "environ_get": "ii", "environ_sizes_get": "ii", "clock_res_get": "ii", "clock_time_get": "ili",
	"fd_advise": "illi", "fd_allocate": "ill", "fd_close": "i", "fd_datasync": "i", "fd_fdstat_get": "ii", "fd_fdstat_set_flags": "ii",
	"fd_fdstat_set_rights": "ill", "fd_filestat_get": "ii", "fd_filestat_set_size": "il", "fd_filestat_set_times": "illi", "fd_pread": "iiili",
	"fd_prestat_get": "ii", "fd_prestat_dir_name": "iii", "fd_pwrite": "iiili", "fd_read": "iiii", "fd_readdir": "iiili", "fd_renumber": "ii",
	"fd_seek": "ilii", "fd_sync": "i", "fd_tell": "ii", "fd_write": "iiii", "path_create_directory": "iii", "path_filestat_get": "iiiii",
	"path_filestat_set_times": "iiiilli", "path_link": "iiiiiii", "path_open": "iiiiillii", "path_readlink": "iiiiii", "path_remove_directory": "iii",
	"path_rename": "iiiiii", "path_symlink": "iiiii", "path_unlink_file": "iii", "poll_oneoff": "iiii", "proc_exit": "i", "proc_raise": "i",
	"sched_yield": "", "random_get": "ii", "sock_accept": "iii", "sock_recv": "iiiiii", "sock_send": "iiiii", "sock_shutdown": "ii",
}

// wasiFuncs are those that do something.
var wasiFuncs = map[string]wasiFunc{
	"args_get": wasiNothing, "environ_get": wasiNothing, "sched_yield": wasiNothing, "fd_fdstat_set_flags": wasiNothing,
	"args_sizes_get": wasiSizes, "environ_sizes_get": wasiSizes,
	"clock_res_get": wasiClockRes, "clock_time_get": wasiClockTime, "random_get": wasiRandom,
	"fd_fdstat_get": wasiStat, "fd_write": wasiWrite, "poll_oneoff": wasiPoll, "proc_exit": wasiExit,
	"fd_prestat_get": wasiNoFile, "fd_prestat_dir_name": wasiNoFile, "fd_close": wasiNoFile, "fd_read": wasiNoFile,
}

func instantiateWASI(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(wasiModule)
	for name, params := range wasiParams {
		fn := wasiFuncs[name]
		if fn == nil {
			fn = wasiMissing
		}
		results := []api.ValueType{api.ValueTypeI32}
		if name == "proc_exit" {
			results = nil
		}
		b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(fn.call), valueTypes(params), results).Export(name)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func (fn wasiFunc) call(ctx context.Context, m api.Module, stack []uint64) {
	s, _ := ctx.Value(sandboxKey{}).(*sandbox)
	s.called()
	res := fn(s, m.Memory(), stack)
	if len(stack) > 0 {
		stack[0] = res
	}
}

func valueTypes(params string) []api.ValueType {
	out := make([]api.ValueType, len(params))
	for i, c := range params {
		out[i] = api.ValueTypeI32
		if c == 'l' {
			out[i] = api.ValueTypeI64
		}
	}
	return out
}

func wasiNothing(*sandbox, api.Memory, []uint64) uint64 { return wasiOK }
func wasiNoFile(*sandbox, api.Memory, []uint64) uint64  { return wasiBadF }
func wasiMissing(*sandbox, api.Memory, []uint64) uint64 { return wasiNoSys }

// wasiSizes answers that there are no arguments and no environment.
func wasiSizes(_ *sandbox, m api.Memory, st []uint64) uint64 {
	return fault(m.WriteUint32Le(uint32(st[0]), 0) && m.WriteUint32Le(uint32(st[1]), 0))
}

func wasiClockRes(_ *sandbox, m api.Memory, st []uint64) uint64 {
	return fault(m.WriteUint64Le(uint32(st[1]), 1e6))
}

func wasiClockTime(s *sandbox, m api.Memory, st []uint64) uint64 {
	s.asked = true
	return fault(m.WriteUint64Le(uint32(st[2]), uint64(s.now)*1e6))
}

func wasiRandom(s *sandbox, m api.Memory, st []uint64) uint64 {
	if uint32(st[1]) > maxRandomBytes {
		return wasiFault
	}
	b, ok := m.Read(uint32(st[0]), uint32(st[1]))
	if ok {
		s.fill(b)
	}
	return fault(ok)
}

// wasiStat tells that 0, 1 and 2 are terminals, which makes languages print line by line.
func wasiStat(_ *sandbox, m api.Memory, st []uint64) uint64 {
	if uint32(st[0]) > 2 {
		return wasiBadF
	}
	b, ok := m.Read(uint32(st[1]), 24)
	if ok {
		clear(b)
		b[0] = 2
	}
	return fault(ok)
}

func wasiWrite(s *sandbox, m api.Memory, st []uint64) uint64 {
	fd, iovs, count, written := uint32(st[0]), uint32(st[1]), min(uint32(st[2]), maxIovecs), uint32(st[3])
	if fd != 1 && fd != 2 {
		return wasiBadF
	}
	total, said := uint32(0), 0
	for i := range count {
		ptr, ok1 := m.ReadUint32Le(iovs + 8*i)
		n, ok2 := m.ReadUint32Le(iovs + 8*i + 4)
		if !ok1 || !ok2 {
			return wasiFault
		}
		b, ok := m.Read(ptr, min(n, 2*maxLogLine))
		if !ok {
			return wasiFault
		}
		s.print(b)
		said += s.hearWords(fd, b, said > 0)
		total += n
	}
	return fault(m.WriteUint32Le(written, total))
}

// panics are how the runtimes of Go begin what they say when they give up, on either descriptor and piece by piece.
var panics = [...][]byte{[]byte("panic: "), []byte("fatal error: ")}

// hearWords keeps what a guest says last, in case that it fails next: one write, or a panic to its end. A line end alone
// takes no words back. It gives how much of b it kept.
func (s *sandbox) hearWords(fd uint32, b []byte, more bool) int {
	begins := slices.ContainsFunc(panics[:], func(p []byte) bool { return bytes.HasPrefix(b, p) })
	switch {
	case begins:
		s.words, s.panics = s.words[:0], true
	case fd == 2 && (more || s.panics):
	case fd == 2 && len(bytes.TrimSpace(b)) > 0:
		s.words = s.words[:0]
	default:
		return 0
	}
	b = b[:min(len(b), 2*maxLogLine-len(s.words))]
	s.words = append(s.words, b...)
	return len(b)
}

// wasiPoll answers that the first of what is waited for has come: there is nobody to wait for.
func wasiPoll(_ *sandbox, m api.Memory, st []uint64) uint64 {
	if uint32(st[2]) == 0 {
		return wasiFault
	}
	in, ok1 := m.Read(uint32(st[0]), 48)
	out, ok2 := m.Read(uint32(st[1]), 32)
	if !ok1 || !ok2 {
		return wasiFault
	}
	clear(out)
	copy(out[:8], in[:8]) // the caller's word for it
	out[10] = in[8]       // its kind
	return fault(m.WriteUint32Le(uint32(st[3]), 1))
}

// wasiExit ends the call into the guest; wazero hands the error to whoever made it.
func wasiExit(_ *sandbox, _ api.Memory, st []uint64) uint64 {
	panic(sys.NewExitError(uint32(st[0])))
}

func fault(ok bool) uint64 {
	if ok {
		return wasiOK
	}
	return wasiFault
}
