package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sothebais/sothebais/host/plugin/replay"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
)

// A running show plays another one in a process of its own, which is the program itself behind a hidden verb: it gets
// what the show leaves over of the processor, goes first when memory is short, and ends when it is told to, whatever it
// is at. Plugins run in their own processes there as they do in the show.

const replayVerb = "replay-runner"

func isReplayer(args []string) bool { return len(args) == 2 && args[1] == replayVerb }

// Bounds of a replay beside a show.
const (
	mostReplayed   = 5_000_000 // events
	mostReport     = 32 << 20  // bytes
	replayMemory   = 2 << 30   // bytes from which on the collector does its utmost
	replayNice     = 15
	replayOOM      = 900                    // as plugins
	replayPatience = time.Minute            // for a batch of a plugin, which waits for its turn for long
	replayNews     = 100 * time.Millisecond // between two words on how far it is
)

// replayTask is what the process is told.
type replayTask struct {
	DataDir, Version string
	Session          string
	Take, With       string
	Seated           *ReplayTake
	Resync           bool
	Trusted          []string
	Runners          []string
}

// replayWord is what it says, a line each: how far it is, and last what came of it.
type replayWord struct {
	Stage    string         `json:",omitempty"`
	Done, Of uint64         `json:",omitempty"`
	Report   *replay.Report `json:",omitempty"`
	Failure  string         `json:",omitempty"`
	BadInput bool           `json:",omitempty"`
}

// Stages of a replay.
const (
	stageReading = "reading"
	stagePlaying = "playing"
)

// replayer is the whole life of that process. It returns its exit code.
func replayer() int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	in := json.NewDecoder(os.Stdin)
	var t replayTask
	if err := errors.Join(stepBack(), in.Decode(&t)); err != nil {
		fmt.Fprintln(os.Stderr, replayVerb+":", err, "(the program starts this by itself)")
		return 1
	}
	go func() { // the show hangs up, or is no more
		_, _ = io.Copy(io.Discard, io.MultiReader(in.Buffered(), os.Stdin))
		os.Exit(1)
	}()
	out := json.NewEncoder(os.Stdout)
	var word replayWord
	if r, err := t.run(ctx, progress(out)); err != nil {
		word = replayWord{Failure: err.Error(), BadInput: errors.Is(err, ErrBadInput)}
	} else {
		word.Report = &r
	}
	if err := out.Encode(word); err != nil {
		return 1
	}
	return 0
}

// progress tells now and then how far it is.
func progress(out *json.Encoder) func(stage string, done, of uint64) {
	var last time.Time
	return func(stage string, done, of uint64) {
		if now := time.Now(); now.Sub(last) >= replayNews {
			last = now
			_ = out.Encode(replayWord{Stage: stage, Done: done, Of: of}) // who does not listen ends this
		}
	}
}

func (t replayTask) run(ctx context.Context, at func(stage string, done, of uint64)) (replay.Report, error) {
	rec, err := readSession(ctx, t.DataDir, t.Version, t.Session, func(done, of uint64) { at(stageReading, done, of) })
	if err != nil {
		return replay.Report{}, err
	}
	cfg, err := Config{DataDir: t.DataDir, runners: t.Runners}.withDefaults()
	if err != nil {
		return replay.Report{}, err
	}
	apart, err := newSandboxes(cfg, t.Trusted, runner.Config{LoadTime: 5 * time.Minute, BatchTime: replayPatience, Heartbeat: replayPatience})
	if err != nil {
		return replay.Report{}, err
	}
	defer apart.Close(context.WithoutCancel(ctx))
	return Replay{Recording: rec, DataDir: t.DataDir, Take: t.Take, With: t.With, Resync: t.Resync, Assets: cfg.Assets, seated: t.Seated, apart: apart,
		at: func(done, of uint64) { at(stagePlaying, done, of) }}.Run(ctx)
}

// stepBack lets everything else on this machine go first.
func stepBack() error {
	runtime.GOMAXPROCS(1)
	debug.SetMemoryLimit(replayMemory)
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte(strconv.Itoa(replayOOM)), 0) // there may be no such file
	for range 2 {                                                                    // threads that began meanwhile are as their makers
		tasks, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return fmt.Errorf("find the threads, to make them nice: %w", err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				continue
			}
			a := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_BATCH, Nice: replayNice} // nobody is kept waiting when it wakes up
			_ = unix.SchedSetAttr(tid, &a, 0)                                                           // it may have ended
		}
	}
	return nil
}

// replayApart runs a task in a process of its own, until it is done or ctx ends. It tells how far it is.
func replayApart(ctx context.Context, t replayTask, at func(stage string, done, of uint64)) (replay.Report, error) {
	task, err := json.Marshal(t)
	if err != nil {
		return replay.Report{}, err
	}
	self := ""
	if len(t.Runners) > 0 {
		self = t.Runners[0]
	} else if self, err = os.Executable(); err != nil {
		return replay.Report{}, failf(ErrUnavailable, "find this program: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, replayVerb)
	cmd.Env = replayEnv()
	cmd.WaitDelay = 5 * time.Second // a plugin's process may hold on to its stderr for a moment
	said := &tail{most: 2 << 10}
	cmd.Stderr = said
	in, err := cmd.StdinPipe()
	if err != nil {
		return replay.Report{}, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return replay.Report{}, err
	}
	if err := cmd.Start(); err != nil {
		return replay.Report{}, failf(ErrUnavailable, "start a process for the replay: %w", err)
	}
	var last replayWord
	_, err = in.Write(append(task, '\n'))
	for words := json.NewDecoder(io.LimitReader(out, mostReport)); err == nil && last.Report == nil && last.Failure == ""; {
		last = replayWord{}
		if err = words.Decode(&last); err == nil && last.Stage != "" {
			at(last.Stage, last.Done, last.Of)
		}
	}
	_ = in.Close() // it ends now, if it has not
	werr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return replay.Report{}, ctx.Err()
	case last.Report != nil:
		return *last.Report, nil
	case last.BadInput:
		return replay.Report{}, failf(ErrBadInput, "%s", last.Failure)
	case last.Failure != "":
		return replay.Report{}, errors.New(last.Failure)
	}
	return replay.Report{}, failf(ErrUnavailable, "the process of the replay ended (%w): %s", cmp.Or(werr, err), strings.TrimSpace(said.String()))
}

// replayEnv is what that process knows of its surroundings: where compiled plugins are kept, and no secrets.
func replayEnv() []string {
	var out []string
	for _, name := range []string{"HOME", "XDG_CACHE_HOME", "TMPDIR"} {
		if v, ok := os.LookupEnv(name); ok {
			out = append(out, name+"="+v)
		}
	}
	return out
}

// tail keeps the end of what is written to it.
type tail struct {
	most int
	b    []byte
}

// Write is io.Writer's.
func (t *tail) Write(b []byte) (int, error) {
	t.b = append(t.b, b...)
	t.b = t.b[max(0, len(t.b)-t.most):]
	return len(b), nil
}

func (t *tail) String() string { return string(t.b) }
