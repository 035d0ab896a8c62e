package runner

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
)

// Verb is the argument with which the program becomes the child of itself.
const Verb = "plugin-runner"

// Files that a child is born with.
const (
	fdPhone = iota + 3 // to the program
	fdPaper
	fdGround // ring and images of the guest; behind them those of the child's own
)

// IsChild says that a program with these arguments shall call Main, and do nothing else before.
func IsChild(args []string) bool { return len(args) == 2 && args[1] == Verb }

// Main is the whole life of a child. It returns the exit code of its process.
func Main() int {
	if err := newChild().live(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, Verb+":", err)
		return 1
	}
	return 0
}

// child is one guest and what it is reached by.
type child struct {
	phone  *os.File
	ring   *ring
	shelf  *shelf
	paper  *paper
	config []byte
	core   *wasm.Core
	lines  *lines
}

func newChild() *child { return &child{phone: os.NewFile(fdPhone, "phone"), lines: new(lines)} }

// live compiles the plugin on threads that are nice, while the one that is to serve, which could not become less nice
// than it once was, waits for its turn.
func (c *child) live(ctx context.Context) error {
	code, err := c.unpack()
	if err != nil {
		return fmt.Errorf("%w; the program starts this by itself", err)
	}
	runtime.LockOSThread()
	takeShortTurns()
	if err := yieldAllBut(unix.Gettid()); err != nil {
		return err
	}
	runtime.GOMAXPROCS(min(2, runtime.NumCPU())) // a guest is one thread; the other is for the collector
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(int64(c.paper.CompileMiB) << 19) // half of it, so that garbage goes before the limit is met
	compiled := make(chan error, 1)
	go func() { compiled <- c.compile(ctx, code) }()
	place := c.await()
	if place == 0 {
		return nil
	}
	if err := errors.Join(<-compiled, c.begin(place)); err != nil {
		return err
	}
	go c.listen()
	c.serve(ctx)
	return nil
}

// compile prepares the plugin and tells the program what came of it.
func (c *child) compile(ctx context.Context, code []byte) error {
	w, err := c.prepare(ctx, code)
	h := hello{Walls: w}
	if err != nil {
		h.Failure = newFailure(err)
	}
	b, jsonErr := json.Marshal(h)
	if jsonErr != nil {
		return fmt.Errorf("say hello: %w", jsonErr)
	}
	if _, err := c.phone.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	debug.FreeOSMemory() // what compiling took
	return err
}

// unpack takes what the program has put into the cradle.
func (c *child) unpack() (code []byte, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fdPaper, &st); err != nil || st.Size == 0 {
		return nil, fmt.Errorf("no description of a plugin: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	b, err := unix.Mmap(fdPaper, 0, int(st.Size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("map the description: %w", err)
	}
	if c.paper, code, c.config, err = readPaper(b); err != nil {
		return nil, err
	}
	return code, unix.SetNonblock(fdPhone, false)
}

// begin maps the memory at which the child is to begin, and lets go of the other, which may be that of another guest.
func (c *child) begin(place byte) error {
	at := fdGround + 2*(int(place)-1)
	var err error
	if c.ring, err = mapRing(at); err == nil {
		c.shelf, err = mapShelf(at+1, c.paper.Manifest.Limits.MemoryMiB)
	}
	for fd := fdGround; fd < fdGround+4; fd++ {
		err = errors.Join(err, unix.Close(fd))
	}
	return err
}

// prepare compiles the plugin behind the first walls and puts up the second.
func (c *child) prepare(ctx context.Context, code []byte) (Walls, error) {
	overtime := make(chan os.Signal, 1)
	signal.Notify(overtime, unix.SIGXCPU)
	go func() {
		for range overtime {
			fmt.Fprintf(os.Stderr, "%s: compiling took more than %d s of processor time\n", Verb, c.paper.CPUSeconds)
			os.Exit(exitOvertime)
		}
	}()
	w, err := enclose(c.paper)
	if err != nil {
		return w, err
	}
	cfg := wasm.Config{CacheDir: c.paper.CacheDir, LoadFuel: c.paper.LoadFuel, ModuleBytes: c.paper.ModuleBytes, Known: c.paper.Known, Logger: slog.New(c.lines)}
	if !w.Seccomp {
		cfg.CacheDir = "" // what the guest could write to later, nobody should run
	}
	r, err := wasm.New(ctx, cfg)
	if err != nil {
		return w, err
	}
	if c.core, err = r.Compile(ctx, &wasm.Program{Manifest: &c.paper.Manifest, Code: code, Config: c.config, SHA256: c.paper.SHA256, Store: c.paper.Store}); err != nil {
		return w, err
	}
	signal.Stop(overtime)
	return w, seal(c.paper, w)
}

// Exit codes of a child.
const exitOvertime = 88

// await waits until it is this child that answers calls, and gives where it begins; 0 when the program hangs up, or is no
// more. The thread waits for that itself: to be told by another it would need that one to get its turn first.
func (c *child) await() (place byte) {
	var b [1]byte
	for {
		n, err := unix.Read(fdPhone, b[:])
		switch {
		case errors.Is(err, unix.EINTR):
		case n == 1 && err == nil && (b[0] == placeGuest || b[0] == placeOwn):
			return b[0]
		default:
			return 0
		}
	}
}

// listen ends the child when the program hangs up.
func (c *child) listen() {
	c.await()
	os.Exit(0)
}

// serve answers calls until the program hangs up. An answer to events goes out before it is looked at here: the program,
// which believes nobody, reads it meanwhile. When it is malformed both find out; the program asks then, and is told.
func (c *child) serve(ctx context.Context) {
	var late error // what was wrong with the last answer
	for last := uint32(0); ; {
		last = c.ring.next(last)
		req := *c.ring.call()
		answered := false
		out, err := []byte(nil), late
		switch {
		case late == nil:
			out, err = c.do(ctx, req, func(out, writes []byte) {
				c.reply(out, writes, nil)
				c.ring.done(last)
				answered = true
			})
		case req.Op != opPing:
			err = fmt.Errorf("%w: the program took an answer that was none: %w", plugin.ErrDead, late)
		}
		late = nil
		if answered {
			late = err
			continue
		}
		c.reply(out, nil, err)
		c.ring.done(last)
	}
}

// do does what is asked. What a guest makes of events is given to answer, before the last of errors.
func (c *child) do(ctx context.Context, req call, answer func(out, writes []byte)) (out []byte, err error) {
	if uint64(req.At)+uint64(req.Size) > requestRoom {
		return nil, fmt.Errorf("%w: call outside of the ring", plugin.ErrDead)
	}
	in := c.ring.requests()[req.At : req.At+req.Size]
	switch req.Op {
	case opStart:
		if err := c.core.Start(c.config); err != nil {
			return nil, err
		}
		return nil, c.shelf.keep(c.core, req.Keep)
	case opResume:
		return nil, c.resume(ctx, req.Keep, in)
	case opCheckpoint:
		return nil, c.shelf.keep(c.core, req.Keep)
	case opSave:
		return c.core.Save(ctx)
	case opPing:
		return nil, nil
	}
	e, _, err := readEntry(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", plugin.ErrDead, err)
	}
	if e.op == opHandle {
		return nil, c.core.Handle(e.bytes, answer)
	}
	return nil, c.take(ctx, e)
}

// resume stands in for a child that died.
func (c *child) resume(ctx context.Context, keep int32, entries []byte) error {
	memory, head, err := c.shelf.image(keep)
	if err != nil {
		return fmt.Errorf("%w: %w", plugin.ErrDead, err)
	}
	if err := c.core.Resume(memory, head); err != nil {
		return err
	}
	for len(entries) > 0 {
		var e entry
		if e, entries, err = readEntry(entries); err == nil {
			err = c.take(ctx, e)
		}
		if err != nil {
			return fmt.Errorf("%w: play the journal again: %w", plugin.ErrDead, err)
		}
	}
	return nil
}

// take plays an entry whose answer nobody needs.
func (c *child) take(ctx context.Context, e entry) error {
	switch e.op {
	case opHandle:
		return c.core.Again(e.bytes)
	case opRestore:
		return c.core.Restore(ctx, e.bytes)
	case opMigrate:
		return c.core.Migrate(ctx, e.version, e.bytes)
	case opTrapped:
		c.core.Trapped()
		return nil
	}
	return fmt.Errorf("journal: entry of kind %d", e.op)
}

// reply writes the answer: bytes or an error, what was written to the store, and what was printed.
func (c *child) reply(out, writes []byte, err error) {
	st := c.core.Stats()
	a := answer{Fuel: st.Fuel, Memory: st.Memory, Store: uint64(st.Store), Passed: st.Passed, Shut: st.Shut}
	if err != nil {
		a.Failed, out, writes = 1, newFailure(err).write(), nil
	}
	room := c.ring.answers()
	a.Size = uint32(copy(room, out))
	a.Writes = uint32(copy(room[a.Size:], writes))
	a.Lines = uint32(copy(room[a.Size+a.Writes:], c.lines.buf.Bytes()))
	c.lines.buf.Reset()
	*c.ring.answer() = a
}

// lines collects what a guest prints during a call, for the log of the program: u32 bytes, then the bytes.
type lines struct{ buf bytes.Buffer }

const maxLines = 64 << 10

// Enabled is slog's.
func (l *lines) Enabled(context.Context, slog.Level) bool { return true }

// Handle is slog's.
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if text := a.Value.String(); a.Key == wasm.KeyLine && l.buf.Len()+4+len(text) <= maxLines {
			l.buf.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
			l.buf.WriteString(text)
		}
		return true
	})
	return nil
}

// WithAttrs is slog's.
func (l *lines) WithAttrs([]slog.Attr) slog.Handler { return l }

// WithGroup is slog's.
func (l *lines) WithGroup(string) slog.Handler { return l }

// readLines calls each for every line.
func readLines(b []byte, each func(string)) {
	for len(b) >= 4 {
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return
		}
		each(string(b[4 : 4+n]))
		b = b[4+n:]
	}
}
