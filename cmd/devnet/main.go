// Command devnet stands in for the outside world of a show: X, the place that takes its stream, and an audience.
// It is for people without accounts and for tests; nothing of it is in the product.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program as a function: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var f flags
	helped := false // kong asks to exit once it printed the help
	parser, err := kong.New(&f, kong.Name("devnet"), kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.Description("X, its ingest and an audience, simulated on this machine."))
	if err != nil {
		fmt.Fprintln(stderr, "devnet:", err)
		return 1
	}
	switch _, err := parser.Parse(args); {
	case helped:
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "devnet:", err)
		return 2
	}
	level := slog.LevelInfo
	if f.JSON || f.Quiet {
		level = slog.LevelWarn
	}
	w, err := build(ctx, f, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level})))
	if err != nil {
		fmt.Fprintln(stderr, "devnet:", err)
		return 1
	}
	f.announce(stderr, w)
	if err := w.run(ctx); err != nil {
		fmt.Fprintln(stderr, "devnet:", err)
		return 1
	}
	if f.JSON {
		if err := json.NewEncoder(stdout).Encode(w.report()); err != nil {
			fmt.Fprintln(stderr, "devnet: print the report:", err)
			return 1
		}
	}
	return 0
}
