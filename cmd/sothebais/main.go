// Command sothebais runs a live auction show: auction engine, event bus, plugins and stage in one program.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/sothebais/sothebais/host"
	"github.com/sothebais/sothebais/host/nearest"
	"github.com/sothebais/sothebais/host/plugin/bundle"
	"github.com/sothebais/sothebais/host/plugin/registry"
	"github.com/sothebais/sothebais/host/plugin/scaffold"
)

// Exit codes; those above 2 are from sysexits(3).
const (
	exitOK          = 0
	exitFailed      = 1  // the thing asked for did not work
	exitUsage       = 2  // the command line is wrong
	exitData        = 65 // a file that was given is wrong
	exitUnavailable = 69 // something needed is not there: FFmpeg, a running show, a port, a registry
	exitPermission  = 77 // it is not allowed: nobody who is trusted has signed it, a password is wrong
)

// cli is the command line. stdout is data, stderr is talk.
type cli struct {
	Run      runCmd      `cmd:"" help:"Run a show: auction, plugins, stage, RTMP and the control room."`
	Demo     demoCmd     `cmd:"" help:"Run a show against a simulated X with a crowd of bidders. Needs no account."`
	Swap     swapCmd     `cmd:"" help:"Swap a plugin of a running show for another one."`
	Shadow   shadowCmd   `cmd:"" help:"Let a plugin hear a running show without a say, and compare it with the one on air."`
	Promote  promoteCmd  `cmd:"" help:"Put the shadow of a running show on air."`
	Rollback rollbackCmd `cmd:"" help:"Put the last good plugin of a running show back on air."`
	Plugin   pluginCmd   `cmd:"" help:"Look at the plugins of a running show, and say what they may."`
	Scenes   scenesCmd   `cmd:"" help:"Steer the scenes of a running show."`

	New       newCmd       `cmd:"" help:"Begin a plugin or a character."`
	Pack      packCmd      `cmd:"" help:"Make one file of a plugin's folder."`
	Keys      keysCmd      `cmd:"" help:"Keys to sign packages with, and those that are trusted."`
	Sign      signCmd      `cmd:"" help:"Sign a package."`
	Verify    verifyCmd    `cmd:"" help:"Check a package and say who has signed it."`
	Publish   publishCmd   `cmd:"" help:"Bring a package to a registry or a folder."`
	Install   installCmd   `cmd:"" help:"Install a package on a data directory."`
	Uninstall uninstallCmd `cmd:"" help:"Remove an installed package."`
	Installed installedCmd `cmd:"" help:"List the installed packages."`

	Dev     devCmd     `cmd:"" help:"Watch the folder of a plugin, and try it on a show at each save."`
	Events  eventsCmd  `cmd:"" help:"Read the ledger of a show."`
	Record  recordCmd  `cmd:"" help:"Record what plugins heard, and what came of it, from the ledger of a show."`
	Test    testCmd    `cmd:"" help:"Test a plugin: play its transcripts and compare what it asks for."`
	Replay  replayCmd  `cmd:"" help:"Play a show once more to another plugin, and see what would have been different."`
	Doctor  doctorCmd  `cmd:"" help:"Check this machine for what a show needs, and say how to mend what is missing."`
	Version versionCmd `cmd:"" help:"Print the version."`

	Completion completionCmd `cmd:"" help:"Print what makes a shell complete this program's words."`
	Complete   completeCmd   `cmd:"" hidden:"" passthrough:"" help:"Answer a shell's question."`
}

// talk is where a command writes.
type talk struct {
	out, err io.Writer
}

// exitError carries an exit code with a message that was not printed yet.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

func main() {
	if host.IsChild(os.Args) {
		os.Exit(host.Child(os.Args))
	}
	garbage := debug.SetGCPercent(-1) // until it is clear what to do: reading that from the command line leaves little
	ready := func() {
		if os.Getenv("GOGC") == "" {
			garbage = 50 // pictures are kept by the hundred megabytes and hardly change: do not wait for them to double
		}
		debug.SetGCPercent(garbage)
		if os.Getenv("GOMAXPROCS") == "" {
			// A frame that is due must not wait for the slice of whatever keeps Go busy on every core: with two more places
			// than cores there is room for it, and the system goes by the priority of its thread.
			runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 2)
		}
	}
	ctx, stop := interruptible()
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, ready))
}

// sameInterrupt is how long after an interrupt another one is taken for the same: what wraps a program may pass it on twice.
const sameInterrupt = time.Second

// interruptible gives a context that ends when the program is interrupted. Whoever interrupts it again means it.
func interruptible() (context.Context, func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, func() { time.Sleep(sameInterrupt); stop() })
	return ctx, stop
}

// run is the whole program as a function, for tests. It calls ready when the command line was read.
func run(ctx context.Context, args []string, out, errw io.Writer, ready func()) int {
	var c cli
	code := -1
	printed := &outlet{to: out}
	parser, err := kong.New(&c,
		kong.Name("sothebais"),
		kong.Description("A live NFT auction show: bids by post, a host with a character, one stream."),
		kong.Writers(printed, errw),
		kong.Exit(func(n int) { code = n }),
		kong.Vars{"languages": strings.Join(scaffold.Languages(), ",")},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(errw, "sothebais:", err)
		return exitFailed
	}
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help": // as many programs have it
		args = append(slices.Clone(args[1:]), "--help")
	}
	forgetEmpty(parser.Model.Node)
	k, err := parser.Parse(args)
	if lost := printed.join(nil); lost != nil { // of --help
		fmt.Fprintln(errw, "sothebais:", lost)
		return exitFailed
	}
	if code >= 0 { // --help printed and done
		return code
	}
	if err == nil {
		err = noneEmpty(k)
	}
	if err != nil {
		at, words := verbOf(parser.Model.Node, args)
		fmt.Fprintf(errw, "sothebais: %v%s\nRun `sothebais %s--help` to see how it is used.\n", err, meant(at, err), words)
		return exitUsage
	}
	ready()
	k.BindTo(ctx, (*context.Context)(nil))
	err = withDataDir(k, func() error { return k.Run(&talk{out: printed, err: errw}) })
	if err := printed.join(err); err != nil {
		fmt.Fprintln(errw, "sothebais:", host.Explain(err))
		return exitCode(err)
	}
	return exitOK
}

// verbOf is the verb that was typed, as far as there is one, and its words.
func verbOf(at *kong.Node, args []string) (verb *kong.Node, words string) {
	for _, arg := range args {
		i := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == arg && !n.Hidden })
		if i < 0 {
			break
		}
		at, words = at.Children[i], words+arg+" "
	}
	return at, words
}

// meant asks whether the nearest verb or flag was meant, where the parser does not.
func meant(at *kong.Node, err error) string {
	text, known, dashes := err.Error(), []string(nil), ""
	word, verb := strings.CutPrefix(text, "unexpected argument ")
	if verb {
		for _, n := range at.Children {
			if !n.Hidden {
				known = append(known, n.Name)
			}
		}
	} else if word, _ = strings.CutPrefix(text, "unknown flag --"); word != text {
		dashes = "--"
		for _, f := range slices.Concat(at.AllFlags(true)...) {
			known = append(known, f.Name)
		}
	}
	n := nearest.Word(word, known)
	if n == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", dashes+n)
}

// forgetEmpty takes variables of settings that are set to nothing, as compose files do, for not set.
func forgetEmpty(verb *kong.Node) {
	for _, f := range verb.Flags {
		for _, name := range f.Envs {
			if os.Getenv(name) == "" {
				_ = os.Unsetenv(name)
			}
		}
	}
	for _, n := range verb.Children {
		forgetEmpty(n)
	}
}

// noneEmpty fails when an argument is there and empty, as a shell has it from a variable that is not set.
func noneEmpty(k *kong.Context) error {
	for _, f := range k.Flags() {
		if f.Name == "data-dir" && f.Target.Len() == 0 {
			return errors.New("--data-dir is empty; is a variable not set that was meant?")
		}
	}
	for _, p := range k.Path {
		if v := p.Positional; v != nil && v.Target.Kind() == reflect.String && v.Target.Len() == 0 {
			return fmt.Errorf("<%s> is empty; is a variable not set that was meant?", v.Name)
		}
	}
	return nil
}

// exitCode is the process's answer for an error.
func exitCode(err error) int {
	var e *exitError
	switch {
	case errors.As(err, &e):
		return e.code
	case isAny(err, bundle.ErrUnsigned, bundle.ErrUntrusted, bundle.ErrPassword, registry.ErrDenied, fs.ErrPermission, host.ErrDenied):
		return exitPermission
	case isAny(err, bundle.ErrKeyName):
		return exitUsage
	case isAny(err, bundle.ErrKeyTaken):
		return exitFailed
	case isAny(err, host.ErrShowFile, host.ErrBadInput, bundle.ErrFormat, bundle.ErrAltered, bundle.ErrInstalled, bundle.ErrKey, registry.ErrArtifact, fs.ErrNotExist):
		return exitData
	case isAny(err, host.ErrUnavailable, host.ErrPort, registry.ErrUnreachable):
		return exitUnavailable
	case isAny(err, registry.ErrReference, host.ErrAddress, scaffold.ErrRequest):
		return exitUsage
	default:
		return exitFailed
	}
}

func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) })
}
