package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sothebais/sothebais/host/plugin"
	"github.com/sothebais/sothebais/host/plugin/wasm"
	"github.com/sothebais/sothebais/host/plugin/wasm/runner"
)

// IsChild says that the program was started by itself, to run one plugin or to play a show once more: it then does that
// and nothing else.
func IsChild(args []string) bool { return runner.IsChild(args) || isReplayer(args) }

// Child does that for the program that started this one, and gives the exit code.
func Child(args []string) int {
	if isReplayer(args) {
		return replayer()
	}
	return runner.Main()
}

// sandboxes is where the plugins of a show run: each in a process of its own, but those that an admin trusts in this.
// Trust goes by the SHA-256 of the module or body, which is what runs, and not by a name that anybody may take.
type sandboxes struct {
	apart   *runner.Runtime
	trusted []string
	open    func(context.Context) (*wasm.Runtime, error) // opens the one in this process
	reads   wasm.Config

	mu     sync.Mutex
	inside *wasm.Runtime // nil until it is needed
}

// CheckTrust reports whether a name for a trusted plugin is one.
func CheckTrust(sum string) error {
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size || strings.ToLower(sum) != sum {
		return fmt.Errorf("%q is no SHA-256 of a module or body; write its 64 digits, as sha256sum prints them", sum)
	}
	return nil
}

// openSandboxes makes the runtime of a show.
func (h *Host) openSandboxes() (*sandboxes, error) {
	return newSandboxes(h.cfg, h.trusted(), runner.Config{Spare: true, Logger: h.part("runner"), Metrics: h.regs[roleAgent]})
}

// trusted are the plugins that run in this process.
func (h *Host) trusted() []string { return slices.Concat(h.cfg.Trusted, h.cfg.Show.Trusted) }

func newSandboxes(cfg Config, trusted []string, r runner.Config) (*sandboxes, error) {
	players, err := readPlayers(cfg.Assets)
	if err != nil {
		return nil, err
	}
	r.Command, r.Interpreter, r.Engine, r.CacheDir = cfg.runners, players.Interpreter, players.Engine, cfg.cacheDir("plugins")
	apart, err := runner.New(r)
	if err != nil {
		return nil, ofKind(ErrUnavailable, err)
	}
	return &sandboxes{apart: apart, trusted: trusted, reads: players,
		open: func(ctx context.Context) (*wasm.Runtime, error) { return openRuntime(ctx, cfg, r.Logger) }}, nil
}

// Load is plugin.Runtime's.
func (s *sandboxes) Load(ctx context.Context, spec plugin.Spec) (plugin.Guest, error) {
	if len(s.trusted) > 0 {
		p, err := wasm.Read(s.reads, spec)
		if err != nil {
			return nil, err
		}
		if slices.Contains(s.trusted, p.SHA256) {
			return s.loadInside(ctx, spec)
		}
	}
	return s.apart.Load(ctx, spec)
}

func (s *sandboxes) loadInside(ctx context.Context, spec plugin.Spec) (plugin.Guest, error) {
	s.mu.Lock()
	if s.inside == nil {
		var err error
		if s.inside, err = s.open(ctx); err != nil {
			s.mu.Unlock()
			return nil, err
		}
	}
	s.mu.Unlock()
	return s.inside.Load(ctx, spec)
}

// Close frees what guests shared; they are closed.
func (s *sandboxes) Close(ctx context.Context) error {
	err := s.apart.Close(ctx)
	if s.inside != nil {
		err = errors.Join(err, s.inside.Close(ctx))
	}
	return err
}

// checkSandbox tries to start a process for a plugin and tells what stands around it.
func checkSandbox(ctx context.Context) Check {
	c := Check{Name: "sandbox", Warning: true}
	w, err := runner.Probe(ctx, runner.Config{})
	switch {
	case err != nil:
		c.Warning, c.Problem, c.Mend = false, fmt.Sprintf("no process for a plugin can be started: %v", err), "allow this program to start itself, with memory for it, or mark the plugins as trusted"
	case w.Landlock == 0 && !w.Seccomp:
		c.Problem, c.Mend = "this kernel has neither Landlock nor seccomp: a plugin that breaks out of WebAssembly could read files and reach the network", "use a kernel from 5.13 on with CONFIG_SECURITY_LANDLOCK and CONFIG_SECCOMP_FILTER, and landlock in its list lsm="
	case w.Landlock == 0:
		c.Found = "plugins run in processes of their own, behind seccomp"
		c.Problem, c.Mend = "no Landlock: while it compiles, a plugin's process could read files", "use a kernel from 5.13 on with CONFIG_SECURITY_LANDLOCK, and add landlock to the list lsm= on its command line"
	case !w.Seccomp:
		c.Found = fmt.Sprintf("plugins run in processes of their own, behind Landlock (version %d)", w.Landlock)
		c.Problem, c.Mend = "no seccomp: a plugin that breaks out of WebAssembly has all system calls, and compiled code is not kept", "use a kernel with CONFIG_SECCOMP_FILTER"
	default:
		c.Found = fmt.Sprintf("plugins run in processes of their own, behind seccomp and Landlock (version %d)", w.Landlock)
	}
	return c
}
