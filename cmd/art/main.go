// Art renders the drawings of characters, and shows them.
//
//	go run ./cmd/art -out build/characters characters/dusty characters/mina
//	go run ./cmd/art -sheet dusty.png build/characters/dusty
//
// The first renders art/*.svg of each character with rsvg-convert, crops every picture to what is visible of it and
// writes a folder that host/character loads: character.json, parts.json, parts/*.png. Only drawings that changed are
// rendered again, and the same drawings give the same bytes. The second draws a rendered character in all its
// expressions, mouths and gestures on one picture, to be looked at.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/sothebais/sothebais/host/art"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

const usage = `usage:
  art -out DIR CHARACTER...   render characters into DIR/<id>
  art -sheet FILE.png DIR     draw a rendered character's contact sheet

`

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("art", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "", "folder that the rendered characters go to")
	sheet := flags.String("sheet", "", "picture to draw a rendered character's contact sheet into")
	bin := flags.String("rsvg", art.Renderer, "program that renders SVG")
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	if err := flags.Parse(args); err != nil {
		return 2
	}
	var err error
	switch dirs := flags.Args(); {
	case *sheet != "" && *out == "" && len(dirs) == 1:
		err = writeSheet(dirs[0], *sheet)
	case *out != "" && *sheet == "" && len(dirs) > 0:
		err = buildAll(ctx, *bin, *out, dirs, stdout)
	default:
		flags.Usage()
		return 2
	}
	if err != nil {
		fmt.Fprintln(stderr, "art:", err)
		return 1
	}
	return 0
}

func buildAll(ctx context.Context, bin, out string, dirs []string, stdout io.Writer) error {
	var errs []error
	for _, dir := range dirs {
		id := filepath.Base(filepath.Clean(dir))
		dst := filepath.Join(out, id)
		drawn, kept, err := art.Build(ctx, bin, dir, dst)
		if err != nil {
			errs = append(errs, fmt.Errorf("rendering %s: %w", dir, err))
			continue
		}
		fmt.Fprintf(stdout, "%s: %d drawn, %d unchanged\n", dst, drawn, kept)
	}
	return errors.Join(errs...)
}
