package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sothebais/sothebais/host"
)

// remoteFlags say which running show is meant.
type remoteFlags struct {
	DataDir string `env:"SOTHEBAIS_DATA_DIR" default:"data" placeholder:"DIR" help:"Data directory of the running show."`
	JSON    bool   `help:"Print JSON."`
}

// print writes JSON when that is asked for, and otherwise what text writes.
func (f remoteFlags) print(t *talk, v any, text func() error) error {
	if f.JSON {
		return json.NewEncoder(t.out).Encode(v)
	}
	return text()
}

type swapCmd struct {
	remoteFlags
	Plugin string `arg:"" help:"Id of a plugin that is shipped or installed, id@version, a folder with a plugin.yaml, or a package (.sbx)."`
}

// Run swaps a plugin of the show that runs on the data directory.
func (c *swapCmd) Run(ctx context.Context, t *talk) error {
	r, err := host.Connect(c.DataDir)
	if err != nil {
		return err
	}
	res, err := r.Swap(ctx, c.Plugin)
	if err != nil {
		return orFolder(err, c.Plugin)
	}
	return c.print(t, res, func() error { return printSwap(t, res) })
}

func printSwap(t *talk, res host.SwapResult) error {
	from := "nobody"
	if res.From != "" {
		from = res.From + " " + res.FromVersion
	}
	_, err := fmt.Fprintf(t.out, "%s: %s → %s %s, pause %.1f µs, %d bytes of state handed over\n", res.Slot, from, res.To, res.ToVersion, res.PauseMicros, res.StateBytes)
	return err
}

// orFolder adds to an error about a name that a folder of that name is here.
func orFolder(err error, name string) error {
	if !errors.Is(err, host.ErrBadInput) || name == "" || filepath.Base(name) != name {
		return err
	}
	if _, missing := os.Stat(filepath.Join(name, "plugin.yaml")); missing != nil {
		return err
	}
	return fmt.Errorf("%w; a folder of that name is here: to mean it, write .%c%s", err, filepath.Separator, name)
}
