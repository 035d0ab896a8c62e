package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	bin    = "../../../build/sothebais"
	simBin = "../../../build/devnet"
	uiDir  = "../../../host/admin/ui"
)

func TestMain(m *testing.M) {
	for _, b := range []string{bin, simBin} {
		if _, err := os.Stat(b); err != nil {
			fmt.Fprintf(os.Stderr, "%s is missing: run make build\n", b)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// freePorts lets every part take a port of its own.
func freePorts() []string {
	var env []string
	for _, kv := range os.Environ() { // settings of whoever runs the tests are none of theirs
		name, _, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "SOTHEBAIS_") && !strings.HasPrefix(name, "STREAM_") && !strings.HasPrefix(name, "TWITTER_") {
			env = append(env, kv)
		}
	}
	for _, name := range []string{"ADMIN_PORT", "ADMIN_WS_PORT", "ADMIN_METRICS_PORT", "ADMIN_HEALTH_PORT", "STREAM_MANAGER_RTMP_PORT",
		"STREAM_MANAGER_METRICS_PORT", "STREAM_MANAGER_HEALTH_PORT", "EVENT_HANDLER_METRICS_PORT", "EVENT_HANDLER_HEALTH_PORT",
		"AUCTION_ENGINE_METRICS_PORT", "AUCTION_ENGINE_HEALTH_PORT", "AGENT_SERVICE_METRICS_PORT", "AGENT_SERVICE_HEALTH_PORT",
		"STREAM_MANAGER_PORT", "STREAM_MANAGER_WS_PORT", "EVENT_HANDLER_PORT", "EVENT_HANDLER_STREAM_PORT", "AUCTION_ENGINE_PORT", "AUCTION_ENGINE_WS_PORT",
		"AGENT_SERVICE_PORT", "AGENT_SERVICE_WS_PORT"} {
		env = append(env, name+"=0")
	}
	return env
}

// program is one of ours, running.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout bytes.Buffer
	mu     sync.Mutex
	talk   []string // what it said on stderr
	lines  chan string
	ended  chan struct{}
	err    error
}

// start runs a program; it is stopped with the test at the latest.
func start(t *testing.T, env []string, name string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: exec.Command(name, args...), lines: make(chan string, 1024), ended: make(chan struct{})}
	p.cmd.Env = env
	p.cmd.Stdout = &p.stdout
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.listen(stderr)
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			p.mu.Lock()
			defer p.mu.Unlock()
			talk := slices.DeleteFunc(slices.Clone(p.talk), func(line string) bool { return strings.Contains(line, `"listening"`) })
			t.Logf("%s said last:\n%s", filepath.Base(name), strings.Join(talk[max(0, len(talk)-12):], "\n"))
		}
	})
	return p
}

func (p *program) listen(r io.Reader) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		p.mu.Lock()
		p.talk = append(p.talk, in.Text())
		p.mu.Unlock()
		select {
		case p.lines <- in.Text():
		default: // nobody waits for a line any more
		}
	}
}

// waitFor gives the first JSON line of stderr which has a key.
func (p *program) waitFor(key string, within time.Duration) map[string]any {
	p.t.Helper()
	deadline := time.After(within)
	for {
		select {
		case line := <-p.lines:
			var m map[string]any
			if json.Unmarshal([]byte(line), &m) == nil && m[key] != nil {
				return m
			}
		case <-p.ended:
			p.t.Fatalf("the program ended (%v) and never said %q", p.err, key)
		case <-deadline:
			p.t.Fatalf("the program did not say %q within %s", key, within)
		}
	}
}

// stop interrupts the program and waits for it.
func (p *program) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.ended:
	case <-time.After(15 * time.Second):
		p.t.Errorf("%s did not stop within 15 s of being asked", p.cmd.Path)
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// kill ends the program as a power cut would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// fact is a line of `sothebais events tail --json`.
type fact struct {
	Seq    uint64          `json:"seq"`
	Type   string          `json:"type"`
	Time   time.Time       `json:"time"`
	Cause  uint64          `json:"cause"`
	Root   uint64          `json:"root"`
	Origin string          `json:"origin"`
	Data   json.RawMessage `json:"data"`
}

func (f fact) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(f.Data, v); err != nil {
		t.Fatalf("fact %d (%s): %v", f.Seq, f.Type, err)
	}
}

// ledger reads the facts behind a number with the command that people use.
func ledger(t *testing.T, dir string, since uint64) []fact {
	t.Helper()
	out, err := exec.Command(bin, "events", "tail", "--data-dir", dir, "--since", fmt.Sprint(since), "--json", "--no-follow").Output()
	if err != nil {
		t.Fatalf("events tail: %v", describe(err))
	}
	var facts []fact
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var f fact
		if err := dec.Decode(&f); err == io.EOF {
			return facts
		} else if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, f)
	}
}

// await waits for a fact behind a number that is wanted.
func await(t *testing.T, dir string, since uint64, within time.Duration, what string, want func(fact) bool) fact {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		for _, f := range ledger(t, dir, since) {
			since = f.Seq
			if want(f) {
				return f
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %s", what, within)
		}
		time.Sleep(150 * time.Millisecond)
	}
}

func kind(k string) func(fact) bool { return func(f fact) bool { return f.Type == k } }

func describe(err error) string {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return fmt.Sprintf("%v: %s", e, e.Stderr)
	}
	return err.Error()
}

// command runs the product's command line and gives its stdout.
func command(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := exec.Command(bin, args...).Output()
	if err != nil {
		t.Fatalf("sothebais %s: %s", strings.Join(args, " "), describe(err))
	}
	return out
}

// post writes as one of the simulator's people and gives the id of the post.
func post(t *testing.T, sim, user, text string) string {
	t.Helper()
	body, _ := json.Marshal(map[string]string{"user": user, "text": text})
	resp, err := http.Post(sim+"/devnet/posts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var p struct {
		ID string `json:"id"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || resp.StatusCode != http.StatusCreated || p.ID == "" {
		t.Fatalf("post %q as %s: status %d, %v", text, user, resp.StatusCode, err)
	}
	return p.ID
}

// run runs a tool and gives its stdout.
func tool(t *testing.T, within time.Duration, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		t.Fatalf("%s %s: %s", name, strings.Join(args, " "), describe(err))
	}
	return out
}
